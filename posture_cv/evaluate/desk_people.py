"""People for the simulated desk day: their recorded frames by kind, and what is drawn onto them.

Everything a day shows comes from recorded landmarks of the person; only what no recording holds is drawn onto
them: arms over the head, a cup at the mouth, a telephone at the ear, a stranger alone in the picture. They
are drawn where an estimator meets them: hands and elbows of the pose, the face that is hidden, the outline
that the arms join.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from calibration.fit import fit_baseline
from posture_cv.evaluate.dataset import Clip, Dataset
from posture_cv.evaluate.desk_free import free_segments, is_free
from posture_cv.evaluate.judging import Coefficients, CoefficientsFor
from posture_cv.landmarks import names
from posture_cv.landmarks.types import Landmarks
from posture_cv.measure.baseline import Baseline
from posture_cv.measure.measure import measure
from posture_cv.measure.types import Measurements

_LEFT_ARM: Final = (names.LEFT_ELBOW, names.LEFT_WRIST, 17, 19, 21)
_RIGHT_ARM: Final = (names.RIGHT_ELBOW, names.RIGHT_WRIST, 18, 20, 22)
_SEATED: Final = ("calibration", "upright")
# Recorded segments -> the kinds of frame that the day is made of.
_RECORDED: Final[Mapping[str, tuple[str, ...]]] = {
    "work": _SEATED,
    "glance_down": ("look_down_keyboard",),
    "reading": ("look_down_keyboard",),
    "head_turn": ("head_turn",),
    "trunk_turn": ("trunk_turn",),
    "chair_closer": ("chair_closer",),
    "chair_back": ("chair_back",),
    "lean_in": ("lean_in",),
    "recline": ("recline",),
    "lateral_lean": ("lateral_lean",),
    "passer_by": ("second_person",),
    "absent": ("absent",),
    "mild_forward_head": ("fhp_mild",),
    "forward_head": ("fhp_moderate",),
    "strong_forward_head": ("fhp_severe",),
    "text_neck": ("text_neck",),
    "mild_rounding": ("rounded_mild",),
    "rounded_shoulders": ("rounded_severe",),
    "shrug": ("shrug",),
    "one_shoulder": ("shrug_one_side",),
    "slump": ("slump",),
    "slump_rounded": ("slump_rounded",),
    "everything_at_once": ("slump_fhp_rounded",),
}
# Kinds that have a left and a right, and the quantity whose sign tells them apart.
_TWO_SIDED: Final[Mapping[str, str]] = {
    "lateral_lean": "lateral_lean_deg",
    "head_turn": "head_yaw_deg",
    "trunk_turn": "trunk_yaw_deg",
}


@dataclass(frozen=True, slots=True, eq=False)
class Person:
    """Somebody before one camera.

    Attributes:
        name: for tables.
        baseline: from their calibration frames.
        frames: kind of frame -> landmarks of one or more frames of it.
        sides: kind of frame -> (K,) a number a frame; one stretch of the day shows frames of one number only,
            because nobody leans to the left and to the right at once. A kind that is missing has one side.
    """

    name: str
    baseline: Baseline
    frames: Mapping[str, Landmarks]
    sides: Mapping[str, NDArray[np.int8]] = field(default_factory=dict)


def make_person(
    name: str,
    baseline: Baseline,
    segments: Mapping[str, Landmarks],
    coefficients: Mapping[str, Any] | None = None,
) -> Person:
    """A person from recorded segments (named as in the ground truth), with the drawn kinds added.

    Args:
        name: for tables.
        baseline: from the calibration frames.
        segments: name -> landmarks.
        coefficients: of the estimators, to tell left from right; without them every kind has one side.

    Raises:
        ValueError: no frame of upright sitting.
    """
    frames = {
        kind: Landmarks.concat([segments[s] for s in sources if s in segments])
        for kind, sources in _RECORDED.items()
        if any(s in segments for s in sources)
    }
    if "work" not in frames or len(frames["work"]) == 0:
        raise ValueError(f"{name} has no frame of upright sitting")
    seated = frames["work"]
    frames["stretch"] = arms_overhead(Landmarks.concat([seated, frames.get("recline", Landmarks.empty(0))]))
    frames["drink"] = cup_at_mouth(seated)
    frames["phone_call"] = hand_at_ear(
        Landmarks.concat([seated, frames.get("lateral_lean", Landmarks.empty(0))])
    )
    frames["stranger"] = stranger(seated)
    frames.setdefault("absent", Landmarks.empty(1))
    sides = {} if coefficients is None else _sides(frames, baseline, coefficients)
    return Person(name, baseline, frames, sides)


def _sides(
    frames: Mapping[str, Landmarks], baseline: Baseline, coefficients: Mapping[str, Any]
) -> dict[str, NDArray[np.int8]]:
    known = {kind: frames[kind] for kind in (*_TWO_SIDED, "one_shoulder") if kind in frames}
    found = {kind: measure(lm, baseline, coefficients) for kind, lm in known.items()}
    return {kind: _side(kind, m) for kind, m in found.items()}


def _side(kind: str, m: Measurements) -> NDArray[np.int8]:
    """(K,) -1, 0 or 1: right, cannot tell, left."""
    if kind in _TWO_SIDED:
        told = m.value(_TWO_SIDED[kind])
    else:
        told = m.value("shoulder_elevation_left_cm") - m.value("shoulder_elevation_right_cm")
    return np.sign(np.nan_to_num(told)).astype(np.int8)


def _copy(lm: Landmarks) -> Landmarks:
    return Landmarks(**{f.name: getattr(lm, f.name).copy() for f in fields(lm)})


def _bend(lm: Landmarks, arm: tuple[int, ...], shoulder: int, elbow: tuple[float, float], hand: int) -> None:
    """Put an arm: the elbow beside the shoulder (in shoulder widths, u and v), the hand at a pose point."""
    point = lm.pose[:, :, :2]
    width = np.abs(point[:, names.LEFT_SHOULDER, 0] - point[:, names.RIGHT_SHOULDER, 0])[:, None]
    side = np.sign(point[:, shoulder, 0] - point[:, names.NOSE, 0])[:, None]
    aspect = (lm.size_px[:, 0] / lm.size_px[:, 1])[:, None]
    offset = np.concatenate([side * width * elbow[0], width * elbow[1] * aspect], axis=1)
    lm.pose[:, arm[0], :2] = point[:, shoulder] + offset
    for finger in arm[1:]:
        lm.pose[:, finger, :2] = point[:, hand]
    lm.pose[:, list(arm), 3:5] = 0.95


def _join_outline(lm: Landmarks, top: int, bottom: int, reach: float, *, both: bool) -> None:
    """The outline between two pose points grows by so many shoulder widths, as where an arm joins it."""
    rows = np.arange(lm.rows.shape[1]) / lm.rows.shape[1]
    width = np.abs(lm.pose[:, names.LEFT_SHOULDER, 0] - lm.pose[:, names.RIGHT_SHOULDER, 0])
    joined = (rows >= lm.pose[:, top, 1][:, None]) & (rows <= lm.pose[:, bottom, 1][:, None])
    grow = np.where(joined, (reach * width)[:, None], 0.0).astype(np.float32)
    lm.rows[:, :, 1] += grow
    if both:
        lm.rows[:, :, 0] -= grow


def arms_overhead(lm: Landmarks) -> Landmarks:
    """The person stretches: elbows beside the head, hands above it, the outline as wide as the arms."""
    out = _copy(lm)
    for arm, shoulder in ((_LEFT_ARM, names.LEFT_SHOULDER), (_RIGHT_ARM, names.RIGHT_SHOULDER)):
        _bend(out, arm, shoulder, (0.25, -0.6), names.NOSE)
        out.pose[:, list(arm[1:]), 1] -= 0.25
    out.pose[:, :, 1] = np.maximum(out.pose[:, :, 1], -0.2)
    _join_outline(out, names.NOSE, names.LEFT_SHOULDER, 0.25, both=True)
    top = np.nanmin(out.cols, axis=1, keepdims=True, initial=1.0)
    out.cols[:] = np.where(out.cols < top + 0.15, np.maximum(out.cols - 0.2, 0.0), out.cols)
    return out


def cup_at_mouth(lm: Landmarks) -> Landmarks:
    """The person drinks: no face mesh behind cup and hand, one elbow out, the outline wider at one side."""
    out = _copy(lm)
    _bend(out, _RIGHT_ARM, names.RIGHT_SHOULDER, (0.3, 0.1), names.MOUTH_RIGHT)
    _join_outline(out, names.MOUTH_RIGHT, names.RIGHT_SHOULDER, 0.2, both=False)
    return replace(out, face=np.full_like(out.face, np.nan))


def hand_at_ear(lm: Landmarks) -> Landmarks:
    """The person telephones: a hand at the ear, that elbow out, the outline wider at that side."""
    out = _copy(lm)
    _bend(out, _LEFT_ARM, names.LEFT_SHOULDER, (0.35, 0.3), names.LEFT_EAR)
    _join_outline(out, names.LEFT_EAR, names.LEFT_SHOULDER, 0.15, both=False)
    return out


def stranger(lm: Landmarks) -> Landmarks:
    """Somebody else alone in the picture: smaller by half, as from twice the distance, and to one side."""
    out = _copy(lm)
    centre = np.array([0.8, 0.45], np.float32)
    for points in (out.pose, out.face):
        points[:, :, :2] = centre + 0.45 * (points[:, :, :2] - 0.5)
        points[:, :, 2] *= 0.45
    out.rows[:] = np.nan
    out.cols[:] = np.nan
    return out


def people(
    dataset: Dataset,
    coefficients_for: CoefficientsFor,
    view: str | None = None,
) -> Iterator[tuple[Person, Coefficients]]:
    """The people of a labelled data set, one for each clip of the view (all views without).

    In a video the frames of a change from one posture to the next belong to neither. People whose quantities
    were varied freely (`desk_free`) have the kinds that some frame of theirs is like.

    Args:
        dataset: the labelled frames.
        coefficients_for: subject -> the coefficients that the subject is judged by.
        view: only these cameras.
    """
    for clip in dataset.clips:
        if view not in (None, clip.view):
            continue
        coefficients = coefficients_for(clip.subject)
        free = is_free(dataset, clip)
        segments = free_segments(dataset, clip) if free else _held_segments(dataset, clip)
        baseline = fit_baseline(dataset.landmarks[clip.calibration], coefficients, refuse=False).baseline
        yield make_person(clip.name, baseline, segments, coefficients), coefficients


def _held_segments(dataset: Dataset, clip: Clip) -> dict[str, Landmarks]:
    truth = dataset.truth
    held = clip.rows[truth.phase[clip.rows] != "move"]
    names = np.unique(truth.segment[held])
    return {str(name): dataset.landmarks[held[truth.segment[held] == name]] for name in names}
