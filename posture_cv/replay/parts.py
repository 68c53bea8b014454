"""The slow stage in parts: a long recording is cut into equal ones, each read with a warm-up of its own.

Where a recording is cut depends on the recording alone, never on how many workers there are: the same file gives
the same landmarks on one core and on a cluster. The pose tracker carries its past from frame to frame, and two
tracks that began at different times never quite meet: on the sample clips they stay 0.8 px apart (median of the
upper body's points in 640 px), as far as the model jitters anyway, and 2 s after its start a track is no farther
from another than it stays (measured). So each part begins `WARM_UP_S` early and drops those frames. Behind a cut
every quantity differs from that of an uncut run by less than its stated standard deviation in the median, the
craniovertebral angle by 0.4 of it (nineteen in twenty frames by 1.3). The named state differs in one of 200 frames at
ten a second, of 70 at five, of 25 at two, of 11 at one a second: a mean over fewer frames trembles more (measured on
the two sample clips and one of a varying rate, cut at three places; their posture changes every five seconds).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from posture_cv.atomic import refuse_laid
from posture_cv.capture import open_source
from posture_cv.capture.prefetch import Prefetched
from posture_cv.capture.types import CaptureOptions, Frame, SourceError
from posture_cv.landmarks.estimator import EstimatorOptions, Mode
from posture_cv.landmarks.recording import RecordingInfo
from posture_cv.landmarks.recording_writer import RecordingWriter, estimator_as_dict, part_of
from posture_cv.landmarks.types import Landmarks
from posture_cv.replay.calibration_watch import CalibrationWatch
from posture_cv.replay.earlier import delete
from posture_cv.replay.record import EstimatorFactory, default_estimator, estimated, source_as_dict

if TYPE_CHECKING:
    from posture_cv.replay.first_look import ViewCheck

SEGMENT_S: Final = 300.0
WARM_UP_S: Final = 3.0
_LONGER: Final = (
    0.2  # a recording that is longer than a segment by no more than this share of one is not cut (ours)
)


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of a source to find the landmarks in.

    Attributes:
        source: as for `open_source`.
        start_s, end_s: frames with `start_s <= t_s < end_s` are kept; `end_s` None: to the end.
        origin_s: the whole recording begins here. Its first frame is the one against which the background's
            movement is told, in every part.
        rate_hz: look so often at most; None: at every frame.
        estimator: which models.
        view: what to look for in the whole recording before this part is read; None: nothing.
        calibrate_s: (start, end) of the seconds of the source to calibrate on, in which somebody else's face is
            looked for; None: in none.
    """

    source: str
    start_s: float = 0.0
    end_s: float | None = None
    origin_s: float = 0.0
    rate_hz: float | None = None
    estimator: EstimatorOptions = field(default_factory=EstimatorOptions)
    view: ViewCheck | None = None
    calibrate_s: tuple[float, float] | None = None

    @property
    def reads_from_s(self) -> float:
        """Where reading begins: the warm-up before `start_s`, at least one look long."""
        return max(self.origin_s, self.start_s - max(WARM_UP_S, 1.0 / (self.rate_hz or 1e9)))


@dataclass(frozen=True, slots=True)
class PartDone:
    """What came of a part: frames kept, those with a person, and what went wrong without ending it."""

    frames: int
    frames_with_person: int
    warnings: tuple[str, ...]


def cut(
    start_s: float, end_s: float | None, last_s: float, segment_s: float
) -> list[tuple[float, float | None]]:
    """The stretches into which start_s ... end_s is cut: equally long, and an even number of them.

    So two workers, and mostly four, end together.

    Args:
        start_s, end_s: of the recording; `end_s` None: to its end, and so the last stretch.
        last_s: time of the last picture.
        segment_s: length that a stretch should have, about; 0: never cut.
    """
    stop = last_s if end_s is None else min(end_s, last_s)
    segments = (stop - start_s) / segment_s if segment_s > 0 else 0.0
    pairs = math.ceil((segments - _LONGER) / 2) if segments > 1.0 + _LONGER else 0
    count = max(1, 2 * pairs)
    marks = [round(start_s + k * (stop - start_s) / count, 3) for k in range(1, count)]
    return list(zip([start_s, *marks], [*marks, end_s], strict=True))


def record_part(
    part: Part,
    path: Path,
    *,
    told: Callable[[int], None] = lambda _count: None,
    make_estimator: EstimatorFactory | None = None,
    overlap: bool = True,
) -> PartDone:
    """Find the landmarks of a part and write them as a recording of its own.

    Args:
        part: what to read.
        path: of the recording; until it is whole its name ends in `.part`. A later stretch without a readable
            picture gets none, and a warning: one that an earlier run has left there is of something else.
        told: called with the number of frames that are done since the last call.
        make_estimator: another estimator (default: MediaPipe).
        overlap: see `estimated`.

    Raises:
        InputError: the recording is of another view than the profile.
        SourceError, ModelFileError, PostureError: see there.
    """
    if part.view is not None:
        from posture_cv.replay.first_look import check_view

        check_view(part.source, part.view, part.estimator, make_estimator or default_estimator)
    write = partial(_record, part, path, told, make_estimator, overlap=overlap)
    if part.start_s > part.origin_s:
        try:
            return write()
        except (
            SourceError
        ) as error:  # a later stretch that cannot be read is a gap, not the end of everything
            delete(path)
            until = "the end" if part.end_s is None else f"{part.end_s:g} s"
            return PartDone(0, 0, (f"{part.start_s:g} s to {until}: {error.title}",))
    return write()


def _record(
    part: Part,
    path: Path,
    told: Callable[[int], None],
    make_estimator: EstimatorFactory | None,
    *,
    overlap: bool,
) -> PartDone:
    first = _first_frame(part)
    options = CaptureOptions(
        start_s=part.reads_from_s,
        end_s=part.end_s,
        max_rate_hz=part.rate_hz,
        numbered=part.end_s is None,
    )
    with open_source(part.source, options=options) as source:
        info = source.info
        models = replace(part.estimator, mode=Mode.IMAGE) if info.unrelated else part.estimator
        with (make_estimator or default_estimator)(models) as estimator:
            if first is not None:
                estimator.estimate(first)
            header = RecordingInfo(source_as_dict(info), estimator_as_dict(estimator.info))
            reader = source if info.live else Prefetched(source)
            refuse_laid(path.parent)
            _leave_behind(path)
            writer = RecordingWriter(path, header)
            try:
                with reader, CalibrationWatch(part.calibrate_s, models) as watch:
                    seen = estimated(estimator, reader.frames(), overlap=overlap)
                    frames, found = _write(watch.looking_at(seen), writer, part.start_s, told)
            except BaseException:  # Ctrl-C too: what is not whole must not take the name of what is
                writer.abandon()
                raise
            writer.close()
        return PartDone(frames, found, (*source.warnings, *watch.warnings))


def _leave_behind(path: Path) -> None:
    """Let a worker that has outlived its killed caller for a moment write on in a file without a name."""
    with suppress(OSError):
        part_of(path).unlink()


def _first_frame(part: Part) -> Frame | None:
    """The first frame of the whole recording, where the part does not begin with it."""
    if part.reads_from_s <= part.origin_s:
        return None
    options = CaptureOptions(start_s=part.origin_s, max_rate_hz=part.rate_hz, numbered=False)
    with open_source(part.source, options=options) as source:
        return next(iter(source.frames()), None)


def _write(
    seen: Iterable[tuple[Frame, Landmarks]],
    writer: RecordingWriter,
    start_s: float,
    told: Callable[[int], None],
) -> tuple[int, int]:
    frames = found = 0
    for frame, lm in seen:
        if frame.t_s >= start_s:
            writer.write(lm)
            frames += 1
            found += int(lm.person_found[0])
            told(1)
    return frames, found
