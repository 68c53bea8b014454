"""Whether a video shows a person from where the profile's camera saw them, told by a few pictures before the long work.

A recording of another view is not judged at all, which the models would find out after hours. The pictures are spread
over the whole recording: who walks in or turns for a while is no other camera.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from posture_cv.capture import open_source
from posture_cv.capture.types import CaptureOptions, Frame, SourceError
from posture_cv.errors import InputError
from posture_cv.landmarks.estimator import EstimatorOptions, LandmarkEstimator, Mode
from posture_cv.measure.gates import contradicts
from posture_cv.measure.types import View
from posture_cv.measure.view import classify_view

if TYPE_CHECKING:
    from posture_cv.replay.scan import Scan

_LOOKS: Final = 12
_LEAST_SEEN: Final = 6  # pictures with somebody in them, from which on they speak for the recording (ours)


@dataclass(frozen=True, slots=True)
class ViewCheck:
    """What to look for: the view of a profile, and the times of the pictures to look at, in seconds of the source."""

    view: View
    at_s: tuple[float, ...]


def view_check(view: View, start_s: float, end_s: float | None, scan: Scan) -> ViewCheck | None:
    """The check of a stretch of a source; None where single pictures cannot be reached, or none would speak against it.

    Args:
        view: of the profile.
        start_s, end_s: of the stretch.
        scan: of the source.
    """
    stop_s = scan.last_s if end_s is None else min(end_s, scan.last_s)
    if view not in {View.FRONT, View.SIDE} or not scan.cuttable or stop_s <= start_s:
        return None
    step_s = (stop_s - start_s) / _LOOKS
    return ViewCheck(view, tuple(start_s + (k + 0.5) * step_s for k in range(_LOOKS)))


def check_view(
    source: str,
    check: ViewCheck,
    estimator: EstimatorOptions,
    make_estimator: Callable[[EstimatorOptions], LandmarkEstimator],
) -> None:
    """See that a video is of the profile's view.

    Raises:
        InputError: all that show somebody show them from another side than the profile, and they are enough.
        ModelFileError: a model file is missing or damaged.
    """
    if seen := against_view(source, check, estimator, make_estimator):
        raise _of_another_view(source, check, seen)


def against_view(
    source: str,
    check: ViewCheck,
    estimator: EstimatorOptions,
    make_estimator: Callable[[EstimatorOptions], LandmarkEstimator],
) -> int:
    """Look at the pictures; the first one that does not contradict the view ends it.

    Returns:
        How many show somebody, if they are enough and all from another side; else 0.

    Raises:
        ModelFileError: a model file is missing or damaged.
    """
    models = EstimatorOptions(estimator.pose_model, mode=Mode.IMAGE, face=False, contour=False)
    seen: set[float] = set()
    with make_estimator(models) as find:
        for t_s in check.at_s:
            frame = _frame_at(source, t_s)
            lm = None if frame is None else find.estimate(frame)
            if lm is None or not lm.person_found[0]:
                continue
            if not contradicts(classify_view(lm), check.view)[0]:
                return 0
            seen.add(float(lm.t_s[0]))
    return len(seen) if len(seen) >= _LEAST_SEEN else 0


def _frame_at(source: str, t_s: float) -> Frame | None:
    """None where nothing can be read there: whoever reads all of it says what is wrong."""
    try:
        with open_source(source, options=CaptureOptions(start_s=t_s, numbered=False)) as frames:
            return next(iter(frames.frames()), None)
    except SourceError:
        return None


def _of_another_view(source: str, check: ViewCheck, seen: int) -> InputError:
    found = View.SIDE if check.view is View.FRONT else View.FRONT
    return InputError(
        f"Hardly anything could be judged: the profile is a {check.view.label} view, the recording is not.",
        f"{source} shows somebody from the {found.label} in all of {seen} pictures from its whole length.",
        "Give a profile of this camera, or --calibrate START:END, the seconds of this recording in which the person "
        "sits as they want to sit.",
    )
