"""Source -> landmark recording: the one slow stage; everything after it reads the recording."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from itertools import takewhile
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from posture_cv.capture.prefetch import Prefetched
from posture_cv.capture.types import Frame, FrameSource, SourceInfo
from posture_cv.errors import InputError
from posture_cv.landmarks.estimator import EstimatorOptions, LandmarkEstimator, Mode
from posture_cv.landmarks.recording import RecordingInfo, is_recording
from posture_cv.landmarks.recording_writer import RecordingWriter, estimator_as_dict, part_of
from posture_cv.landmarks.types import Landmarks
from posture_cv.paths import user_path
from posture_cv.replay.calibration_watch import CalibrationWatch
from posture_cv.replay.progress import NoProgress, Progress

EstimatorFactory = Callable[[EstimatorOptions], LandmarkEstimator]


@dataclass(frozen=True, slots=True)
class Recorded:
    """What came of recording: frames in all, frames with a person, and what went wrong without ending the run."""

    path: Path
    frames: int
    frames_with_person: int
    warnings: tuple[str, ...]


def record(
    source: FrameSource,
    path: Path,
    options: EstimatorOptions,
    *,
    progress: Progress | None = None,
    duration_s: float = math.inf,
    calibrate_s: tuple[float, float] | None = None,
    make_estimator: EstimatorFactory | None = None,
) -> Recorded:
    """Run the models over a source and write a landmark recording.

    Args:
        source: an open source; closed when this returns.
        path: of the recording; while it grows its name ends in `.part`.
        options: of the estimator; unrelated pictures are always taken one by one (IMAGE mode).
        duration_s: stop after so much of the source.
        calibrate_s: (start, end) of the seconds to calibrate on, in which somebody else's face is looked for.
        make_estimator: another estimator (default: MediaPipe).

    Raises:
        InputError: another run is writing there, or a camera's recording that was cut off lies there.
        SourceError, ModelFileError, PostureError: see there; what was recorded stays in `path` + ".part".
        KeyboardInterrupt: a camera's recording is whole then; of anything else the `.part` stays.
    """
    progress = progress or NoProgress()
    info = source.info
    if info.unrelated:
        options = replace(options, mode=Mode.IMAGE)
    if info.live:
        _check_nothing_is_left(part_of(path))
    progress.stage("Finding landmarks", _expected_frames(info))
    frames = found = 0
    make = make_estimator or default_estimator
    with make(options) as estimator:
        header = RecordingInfo(source_as_dict(info), estimator_as_dict(estimator.info))
        reader = source if info.live else Prefetched(source)
        with (
            RecordingWriter(path, header) as writer,
            reader,
            CalibrationWatch(calibrate_s, options) as watch,
        ):
            wanted = takewhile(lambda frame: frame.t_s < duration_s, reader.frames())
            try:
                for _, lm in watch.looking_at(estimated(estimator, wanted)):
                    writer.write(lm)
                    frames += 1
                    found += int(lm.person_found[0])
                    progress.advance()
            except KeyboardInterrupt:
                if (
                    not info.live
                ):  # a camera's recording ends so; of a file a part must not pass for the whole
                    writer.abandon()
                raise
    return Recorded(path, frames, found, (*source.warnings, *watch.warnings))


def _check_nothing_is_left(part: Path) -> None:
    """A file can be recorded again, what a camera saw cannot."""
    if is_recording(part):
        raise InputError(
            f"A recording that was cut off lies in {part}",
            "Recording would begin that file anew, and what a camera saw cannot be seen again.",
            "Give it another name, NAME.landmarks: it can be replayed as far as it goes. Or delete it.",
        )


def refuse_recording(source: str) -> None:
    """Say of a landmark recording that there is nothing to record in it.

    Raises:
        InputError: `source` is a landmark recording.
    """
    if is_recording(user_path(source)):
        raise InputError(
            f"{source} is a landmark recording already",
            "The models have nothing to look at in it: it holds what they saw, and no picture.",
            f"Replay it: posture-cv replay {source}",
        )


@runtime_checkable
class Overlapping(Protocol):
    """An estimator that works on more than one frame at a time."""

    def estimate_all(self, frames: Iterable[Frame]) -> Iterator[tuple[Frame, Landmarks]]:
        """Each frame with its landmarks, as `LandmarkEstimator.estimate` finds them one by one."""


def estimated(
    estimator: LandmarkEstimator, frames: Iterable[Frame], *, overlap: bool = True
) -> Iterator[tuple[Frame, Landmarks]]:
    """Each frame with its landmarks, as fast as the estimator can.

    Args:
        estimator: of the landmarks.
        frames: in the order of their time.
        overlap: work on two frames at a time, for which there is a processor to spare; where all are busy it would
            only cost more (some 5 % of their time, measured). The answers are the same.
    """
    if overlap and isinstance(estimator, Overlapping):
        return estimator.estimate_all(frames)
    return ((frame, estimator.estimate(frame)) for frame in frames)


def source_as_dict(info: SourceInfo) -> dict[str, Any]:
    """Plain values of a source's info; of its path only the file name, which says enough and betrays nothing."""
    plain = asdict(info)
    plain["path"] = None if info.path is None else info.path.name
    if info.path is not None:
        plain["name"] = info.path.name
    return plain


def _expected_frames(info: SourceInfo) -> int | None:
    return None if info.live else info.frame_count


def default_estimator(options: EstimatorOptions) -> LandmarkEstimator:
    """MediaPipe's models."""
    from posture_cv.landmarks.mediapipe_estimator import (
        MediaPipeEstimator,  # heavy: only when pictures are read
    )

    return MediaPipeEstimator(options)
