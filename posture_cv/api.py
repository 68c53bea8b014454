"""The Python interface: from landmarks to measurements, states and alerts in a few lines (docs/python-api.md).

Everything here is offered by `import posture_cv` itself, which loads it when it is first asked for.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from calibration.fit import CalibrationResult, fit_baseline
from posture_cv.arguments import (
    names_of,
    number_of,
    numbers_of,
    of_kind,
    pair_of,
    path_of,
    require_times,
    size_of,
    text_of,
)
from posture_cv.assess.recording import Assessment
from posture_cv.assess.recording import assess_measurements as _assess
from posture_cv.assess.settings import ALERT_AFTER_S, AssessSettings
from posture_cv.assess.types import State
from posture_cv.coefficients import load_coefficients
from posture_cv.errors import InputError
from posture_cv.importing.arrays import raw_of_pose
from posture_cv.importing.read import doubts, landmarks_of_raw, read_foreign
from posture_cv.importing.types import Imported, ImportOptions
from posture_cv.landmarks.names import FACE_COUNT, POSE_COUNT
from posture_cv.landmarks.recording import Recording, RecordingInfo, check_times
from posture_cv.landmarks.recording import read_recording as _read
from posture_cv.landmarks.recording_writer import RecordingWriter, check_recording_target
from posture_cv.landmarks.types import Landmarks
from posture_cv.measure.baseline import Baseline
from posture_cv.measure.measure import measure
from posture_cv.measure.types import QUANTITIES, Measurements, Reason, View
from posture_cv.output.tables import column_stem

if TYPE_CHECKING:
    from posture_cv.replay.types import Replayed  # heavy: brings the picture libraries

PathLike: TypeAlias = str | Path


def read_recording(path: PathLike) -> Recording:
    """A landmark recording: `landmarks`, `info`, and what was wrong with the file (`complete`, `warnings`).

    Raises:
        RecordingError: no such file, not a recording, or one that another version wrote.
        InputError: `path` is none.
    """
    return _read(path_of(path, "path"))


def landmarks_from_arrays(
    pose: ArrayLike, *, size_px: tuple[int, int], t_s: ArrayLike, face: ArrayLike | None = None
) -> Landmarks:
    """Landmarks of N frames from arrays, for example from your own MediaPipe loop.

    Args:
        pose: (N, 33, 3) x, y, z of MediaPipe's pose; (N, 33, 4) with visibility, (N, 33, 5) with presence,
            (N, 33, 8) with world x, y, z in metres; or COCO's 17 points, (N, 17, 3) x, y, confidence. x and y are
            shares of width and height, or pixels (where they are mostly larger than 4); NaN, None and what is masked
            are missing.
        size_px: width and height of the pictures.
        t_s: (N,) seconds, growing; a clock's, such as `time.time()`'s, are counted from the first frame on.
        face: (N, 468, 3) or (N, 478, 3) MediaPipe's face mesh, in shares or pixels, whatever the pose is in; NaN
            where there is none. Without it a front view
            tells little: what needs it is withheld as FACE_NOT_SEEN.

    Raises:
        InputError: another shape, times that do not grow or are dates, no numbers, nobody in any frame.

    Warns:
        UserWarning: the head is outside of the picture, or the person tiny, in most frames: `size_px` or the unit is
            wrong, mostly. Or most frames are further apart than one speaks for: the times are milliseconds, mostly.
    """
    size = size_of(size_px)
    points = numbers_of(pose, "pose")
    fits = points.ndim == 3 and (
        (points.shape[1] == POSE_COUNT and points.shape[2] in (2, 3, 4, 5, 8))
        or (points.shape[1] == 17 and points.shape[2] in (2, 3))
    )
    if not fits:
        raise InputError(f"pose has shape {points.shape}, expected (N, 33, 3) or as documented.")
    times = numbers_of(t_s, "t_s")
    if times.shape != (len(points),):
        raise InputError(f"t_s has shape {times.shape}, expected ({len(points)},).")
    require_times(times, "t_s")
    mesh = None if face is None else numbers_of(face, "face")
    if mesh is not None and mesh.shape not in [(len(points), *shape) for shape in _MESHES]:
        raise InputError(f"face has shape {mesh.shape}, expected ({len(points)}, {FACE_COUNT}, 3).")
    raw = replace(raw_of_pose(points), t_s=times, face=None if mesh is None else mesh[:, :FACE_COUNT])
    lm = landmarks_of_raw(raw, ImportOptions(size_px=size), "pose").landmarks
    for doubt in doubts(lm):
        warnings.warn(doubt, stacklevel=2)
    return lm


_MESHES = ((FACE_COUNT, 3), (FACE_COUNT + 10, 3))


def import_landmarks(
    path: PathLike,
    *,
    size_px: tuple[int, int] | None = None,
    rate_hz: float | None = None,
    format_name: str | None = None,
) -> Imported:
    """Landmarks that another program made, with what is missing in them (docs/import.md).

    Args:
        path: a CSV, NPZ or JSON file, or a folder of OpenPose's JSON files.
        size_px: width and height of the pictures, where the file does not say it.
        rate_hz: frames a second, where it only numbers them.
        format_name: csv, npz, openpose or coco; None: told from the file.

    Raises:
        ImportingError: unreadable, of another layout, or impossible values.
        InputError: an argument is of another kind.
    """
    options = ImportOptions(
        None if size_px is None else size_of(size_px),
        None if rate_hz is None else number_of(rate_hz, "rate_hz"),
    )
    return read_foreign([path_of(path, "path")], options, format_name)


def write_recording(path: PathLike, landmarks: Landmarks, *, name: str = "", **notes: Any) -> None:  # noqa: ANN401
    """Write landmarks as a recording that `replay`, `sweep` and `calibrate` read.

    Args:
        path: of the recording, NAME.landmarks.
        landmarks: in the order of their time.
        name: of their source, noted in the header.
        notes: anything that JSON holds, noted in the header.

    Raises:
        InputError: another kind of file has that name, the frames are not in order, or a note is nothing that JSON
            holds; nothing is written then.
        PostureError: the file cannot be written.
    """
    target = path_of(path, "path")
    lm = _landmarks(landmarks)
    require_times(lm.t_s, "landmarks")
    _require_growing(lm)
    _require_plain(notes)
    check_recording_target(target, ())
    header = RecordingInfo({"kind": "array", "name": name}, {"engine": "unknown"}, notes=notes)
    with RecordingWriter(target, header) as writer:
        writer.write(lm)


def _require_growing(lm: Landmarks) -> None:
    try:
        check_times(lm.t_s)
    except ValueError:
        raise InputError(
            "Two of the landmarks' frames are of one time.",
            "A recording keeps a microsecond.",
            "Give each frame its own time.",
        ) from None


def _require_plain(notes: Mapping[str, Any]) -> None:
    for key, value in notes.items():
        try:
            json.dumps(value)
        except (TypeError, ValueError) as error:
            raise InputError(
                f"The note {key!r} cannot be written.", f"{error}.", "Give text, numbers, lists or dicts."
            ) from error


def _landmarks(value: Landmarks) -> Landmarks:
    return of_kind(value, Landmarks, "landmarks", "Make them with read_recording(...).landmarks.")


def calibrate(landmarks: Landmarks, *, face_expected: bool = True) -> CalibrationResult:
    """The baseline of frames in which one person sits as they want to sit, with a verdict on its quality.

    Args:
        landmarks: some seconds of sitting still.
        face_expected: False for a front view of landmarks that hold no face mesh, which is refused otherwise.

    Raises:
        CalibrationError: too few frames, a view that cannot be told, or a baseline too poor to judge by.
        InputError: `landmarks` are none.
    """
    return fit_baseline(_landmarks(landmarks), load_coefficients(), face_expected=face_expected)


def measure_landmarks(landmarks: Landmarks, baseline: Baseline) -> Measurements:
    """Every quantity of `QUANTITIES` in every frame, against the baseline: value, standard deviation, reason.

    Raises:
        InputError: `landmarks` or `baseline` is none.
    """
    return measure(_landmarks(landmarks), _baseline(baseline), load_coefficients())


def assess_measurements(
    measurements: Measurements, baseline: Baseline, settings: AssessSettings | None = None
) -> Assessment:
    """States, episodes and alerts of measured frames; other settings need no new measurement.

    Raises:
        InputError: an argument is of another kind, or the frames are not in the order of their time.
    """
    measured = of_kind(
        measurements, Measurements, "measurements", "Make them with measure_landmarks(...).", "measured"
    )
    require_times(measured.t_s, "measurements")
    return _assess(measured, _baseline(baseline), _settings(settings))


def assess_landmarks(
    landmarks: Landmarks, baseline: Baseline, settings: AssessSettings | None = None
) -> Assessment:
    """Measure and assess at once.

    Raises:
        InputError: an argument is of another kind, or the frames are not in the order of their time.
    """
    return assess_measurements(measure_landmarks(landmarks, baseline), baseline, settings)


def _baseline(value: Baseline) -> Baseline:
    return of_kind(value, Baseline, "baseline", "Make one with calibrate(...).baseline.")


def _settings(value: AssessSettings | None) -> AssessSettings:
    if value is None:
        return AssessSettings()
    return of_kind(value, AssessSettings, "settings", "Make them with AssessSettings() or alert_after(...).")


def alert_after(seconds: float, settings: AssessSettings | None = None) -> AssessSettings:
    """Settings for postures that last so long, without the monitor's grace, as `replay --alert-after`.

    Raises:
        InputError: less than 0.5 or more than 3600 seconds, or no number.
    """
    seconds = number_of(seconds, "seconds")
    least_s, most_s = ALERT_AFTER_S
    if not least_s <= seconds <= most_s:  # nan, too
        raise InputError(
            f"No alert can come after {seconds:g} s.",
            "",
            f"Give {least_s:g} to {most_s:g} seconds for which a posture must last.",
        )
    return _settings(settings).alert_after(seconds)


def replay_recording(
    source: PathLike,
    out: PathLike,
    *,
    baseline: Baseline | None = None,
    calibrate_s: tuple[float, float] | None = None,
    settings: AssessSettings | None = None,
    video: bool = False,
    blur_faces: bool = False,
) -> Replayed:
    """Replay a video, a folder of pictures or a landmark recording, and write its tables into the folder `out`.

    Args:
        source: what to replay.
        out: folder for measurements.csv, alerts.jsonl and summary.json.
        baseline: to judge by; or
        calibrate_s: (start, end) in seconds of the source in which the person sits as they want to.
        settings: of the assessment.
        video: also write an annotated video; `blur_faces` hides every face in it.

    Returns:
        Everything that came of it; its `assessment` is as of `assess_landmarks`.

    Raises:
        InputError: an argument is of another kind.
        PostureError: see `posture_cv.replay.run.replay`.
    """
    from posture_cv.replay.run import replay
    from posture_cv.replay.types import ReplayOptions

    options = ReplayOptions(
        text_of(source, "source"),
        path_of(out, "out"),
        baseline=None if baseline is None else _baseline(baseline),
        calibrate_s=None
        if calibrate_s is None
        else pair_of(calibrate_s, "calibrate_s", "(start, end) in seconds"),
        settings=_settings(settings),
        video=video,
        blur_faces=blur_faces,
    )
    return replay(options, hold=True)


def table(assessment: Assessment, quantities: Sequence[str] = tuple(QUANTITIES)) -> dict[str, NDArray[Any]]:
    """The frames as columns, for `pandas.DataFrame(...)` or `polars.DataFrame(...)`.

    Args:
        assessment: of N frames.
        quantities: names of `QUANTITIES`.

    Returns:
        t_s, state, reason, view, and for each quantity its value, standard deviation and reason, each (N,), under
        the names of `measurements.csv` (forward_head_est_deg, forward_head_est_sd_deg, forward_head_est_reason);
        NaN and a reason where a value cannot be told.

    Raises:
        InputError: a name that is no quantity, or `assessment` is none.
    """
    done = of_kind(assessment, Assessment, "assessment", "Make one with assess_landmarks(...).")
    chosen = names_of(quantities, "quantities")
    unknown = [name for name in chosen if name not in QUANTITIES]
    if unknown:
        raise InputError(f"No quantity is called {', '.join(unknown)}.", f"Known: {', '.join(QUANTITIES)}.")
    m = done.measured
    columns: dict[str, NDArray[Any]] = {
        "t_s": m.t_s,
        "state": np.array([state.label for state in State])[done.state],
        "reason": _REASONS[done.states.reason],
        "view": np.array([view.label for view in View])[m.view],
    }
    for name in chosen:
        estimate = m.values[name]
        stem, unit = column_stem(QUANTITIES[name])
        columns |= {
            f"{stem}{unit}": estimate.value,
            f"{stem}_sd{unit}": estimate.sd,
            f"{stem}_reason": _REASONS[estimate.reason],
        }
    return columns


_REASONS = np.array([reason.label for reason in Reason])
