"""A recorded session through the whole pipeline: landmarks, baseline, measurement, assessment, files."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from posture_cv.assess.engine import Assessment, assess_measurements
from posture_cv.assess.settings import AssessSettings
from posture_cv.atomic import private_folder
from posture_cv.capture import open_source
from posture_cv.capture.types import CaptureOptions
from posture_cv.coefficients import load_coefficients
from posture_cv.errors import InputError, NobodyFoundError, PostureError
from posture_cv.landmarks.estimator import EstimatorOptions
from posture_cv.landmarks.recording import SUFFIX, RecordingInfo, RecordingReader, is_recording
from posture_cv.landmarks.types import Landmarks
from posture_cv.measure.baseline import Baseline
from posture_cv.replay.assessing import frames_between, measure_blocks
from posture_cv.replay.files import write_results
from posture_cv.replay.progress import NoProgress, Progress
from posture_cv.replay.record import record


@dataclass(frozen=True, slots=True)
class ReplayOptions:
    """What to replay and how.

    Attributes:
        source: a video, a folder of pictures, a stream address, or a landmark recording.
        out: folder for the results; made if it is not there.
        baseline: of a profile; None when `calibrate_s` says where to find it in the source itself.
        baseline_name: of that profile, for the summary.
        calibrate_s: (start, end) in seconds of the source in which the person sits as they want to.
        estimator, capture, settings: see there.
        keep_landmarks: leave the landmark recording in `out`.
        video: also write an annotated video.
    """

    source: str
    out: Path
    baseline: Baseline | None = None
    baseline_name: str | None = None
    calibrate_s: tuple[float, float] | None = None
    estimator: EstimatorOptions = field(default_factory=EstimatorOptions)
    capture: CaptureOptions = field(default_factory=CaptureOptions)
    settings: AssessSettings = field(default_factory=AssessSettings)
    keep_landmarks: bool = False
    video: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class BaselineUsed:
    """The baseline of a run, and where it comes from, as plain values."""

    baseline: Baseline
    origin: dict[str, Any]
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Replayed:
    """Everything that came of one recording.

    Attributes:
        recording: header of the landmarks; `landmarks_path` where they lie (deleted unless kept).
        assessment: every frame measured and named, and what the monitor would have said.
        frames_with_person: how many frames show somebody.
        warnings: what went wrong without ending the run.
    """

    options: ReplayOptions
    recording: RecordingInfo
    landmarks_path: Path
    baseline: BaselineUsed
    assessment: Assessment
    frames_with_person: int
    warnings: tuple[str, ...]


def replay(options: ReplayOptions, progress: Progress | None = None) -> Replayed:
    """Replay one source and write its results into `options.out`.

    Writes `measurements.csv`, `alerts.jsonl` and `summary.json` (each whole or not at all), on request the
    landmark recording and the annotated video. A run that is killed leaves `landmarks.landmarks.part`, which
    can be replayed as far as it goes.

    Raises:
        InputError: neither or both of a profile and a calibration interval.
        NobodyFoundError: no frame shows anybody (the results are written all the same).
        PostureError: the source, a model, the baseline or the output folder fails.
    """
    progress = progress or NoProgress()
    _check(options)
    private_folder(options.out)
    path, warnings, temporary = _landmarks(options, progress)
    try:
        result = _assessed(options, path, warnings, progress)
        write_results(result, progress)
    finally:
        if temporary and not options.keep_landmarks:
            path.unlink(missing_ok=True)
    if result.frames_with_person == 0:
        raise NobodyFoundError(
            f"Nobody was found in {options.source}",
            f"{len(result.assessment.measured)} frames were looked at.",
            "Check that head and shoulders are in the picture and that there is light.",
        )
    return result


def _check(options: ReplayOptions) -> None:
    if (options.baseline is None) == (options.calibrate_s is None):
        raise InputError(
            "A baseline is needed to judge by." if options.baseline is None else "Two baselines were given.",
            "",
            "Give either --profile NAME or --calibrate START:END, the seconds of this recording in which the "
            "person sits as they want to sit.",
        )


def _landmarks(options: ReplayOptions, progress: Progress) -> tuple[Path, tuple[str, ...], bool]:
    """The landmark recording to read, what went wrong, and whether it was made here."""
    given = Path(options.source)
    if is_recording(given):
        return given, (), False
    path = options.out / f"landmarks{SUFFIX}"
    with open_source(options.source, options=options.capture) as source:
        done = record(source, path, options.estimator, progress=progress)
    return path, done.warnings, True


def _assessed(options: ReplayOptions, path: Path, warnings: tuple[str, ...], progress: Progress) -> Replayed:
    coefficients = load_coefficients()
    with RecordingReader(path) as reader:
        used = _baseline(options, reader, coefficients)
        found = 0
        progress.stage("Measuring", None)

        def counted() -> Iterator[Landmarks]:
            nonlocal found
            for block in reader.blocks():
                found += int(block.person_found.sum())
                yield block

        measured = measure_blocks(counted(), used.baseline, coefficients, progress)
        warnings = (*warnings, *reader.warnings, *used.warnings)
        info = reader.info
    assessment = assess_measurements(measured, used.baseline, options.settings)
    return Replayed(options, info, path, used, assessment, found, warnings)


def _baseline(
    options: ReplayOptions, reader: RecordingReader, coefficients: Mapping[str, Any]
) -> BaselineUsed:
    if options.baseline is not None:
        return BaselineUsed(options.baseline, {"profile": options.baseline_name})
    assert options.calibrate_s is not None  # `_check` has seen to it
    from calibration.fit import fit_baseline  # only where a baseline is made

    start_s, end_s = options.calibrate_s
    frames = frames_between(reader.blocks(), start_s, end_s)
    if len(frames) == 0:
        raise InputError(
            f"There is no frame between {start_s:g} and {end_s:g} s to calibrate on.",
            f"Source: {options.source}.",
            "Choose an interval inside the recording.",
        )
    if not frames.person_found.any():
        raise _nobody_to_calibrate_on(options, any(b.person_found.any() for b in reader.blocks()))
    result = fit_baseline(frames, coefficients)
    origin = {
        "calibrated_s": [start_s, end_s if math.isfinite(end_s) else None],
        "frames": len(frames),
        "frames_used": int(result.used.sum()),
        "quality": str(result.verdict.grade),
    }
    return BaselineUsed(result.baseline, origin, tuple(result.verdict.reasons))


def _nobody_to_calibrate_on(options: ReplayOptions, somebody_elsewhere: bool) -> PostureError:  # noqa: FBT001
    if somebody_elsewhere:
        return InputError(
            "Nobody is in the picture in the seconds to calibrate on.",
            f"Source: {options.source}.",
            "Choose an interval in which the person sits as they want to sit.",
        )
    return NobodyFoundError(
        f"Nobody was found in {options.source}",
        "There is nobody to calibrate on or to judge.",
        "Check that head and shoulders are in the picture and that there is light.",
    )
