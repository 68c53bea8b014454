"""Landmarks with parts missing: what the seventeen points tell that every pose model gives (COCO's).

Recordings made elsewhere may hold no face mesh, no contour, no depth, and of MediaPipe's 33 points only those that
other models share. What they carry is measured here with its own, larger uncertainty, which was found on rendered
persons left out of the fit (`tools/fit_estimators.py partial`); the rest is withheld with the part it would need.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from posture_cv.landmarks import names
from posture_cv.landmarks.types import Landmarks
from posture_cv.measure.baseline import Baseline, nanmean_quiet
from posture_cv.measure.rotation import within_half_turn
from posture_cv.measure.types import QUANTITIES, Codes, Estimate, Float, Reason, View

_OK: Final = int(Reason.OK)
_HEAD: Final = (names.NOSE, names.LEFT_EYE, names.RIGHT_EYE, names.LEFT_EAR, names.RIGHT_EAR)
_SHOULDERS: Final = (names.LEFT_SHOULDER, names.RIGHT_SHOULDER)
_HIPS: Final = (names.LEFT_HIP, names.RIGHT_HIP)
_MIRROR: Final = np.array([0, 2, 1, 4, 3, 6, 5, 8, 7])  # of `_POINTS`
_POINTS: Final = (*_HEAD, *_SHOULDERS, *_HIPS)
_LEFT_OF: Final = {"eye": 1, "ear": 3, "shoulder": 5, "hip": 7}
# Changes are held within so many hundredths of the person's size, or degrees: a point that jumps farther is lost
# (ours; chosen on persons left out).
_FAR: Final = 35.0
_SAME_PX: Final = 1e-6  # points nearer to each other are one
# The clinically detectable change of the craniovertebral angle is about 5 degrees (Gallego-Izquierdo 2020): an
# estimate that is less sure than that, and not clearly beyond zero, is not told: it would pass for good posture.
_MOST_SD: Final[Mapping[str, float]] = MappingProxyType({"cva_change_deg": 5.0})
_CLEAR: Final = 1.645  # standard deviations: the 90 % interval leaves zero out
_WHOLE: Final = names.RIGHT_HIP + 1
# Variants of each view, the richest first, and the points of `_POINTS` they need.
VARIANTS: Final[Mapping[View, dict[str, tuple[int, ...]]]] = MappingProxyType(
    {
        View.FRONT: {"front": (0, 1, 2, 3, 4, 5, 6)},
        View.SIDE: {"side_hip": (0, 2, 4, 6, 8), "side": (0, 2, 4, 6)},
    }
)
QUANTITIES_OF: Final[Mapping[View, tuple[str, ...]]] = MappingProxyType(
    {
        View.FRONT: (
            *("cva_change_deg", "head_forward_cm", "head_pitch_deg", "head_yaw_deg", "head_roll_deg"),
            *("shoulder_elevation_cm", "protraction_cm", "trunk_incl_deg", "trunk_yaw_deg"),
            *("lateral_lean_deg", "sink_cm", "approach_cm"),
        ),
        View.SIDE: (
            *("cva_change_deg", "head_forward_cm", "head_pitch_deg", "shoulder_elevation_cm"),
            *("protraction_cm", "trunk_incl_deg", "sink_cm"),
        ),
    }
)
# What a quantity would need that these points do not hold.
_NEEDS: Final[Mapping[str, Reason]] = MappingProxyType(
    {
        **dict.fromkeys(
            ("protraction_cm", "shoulder_elevation_cm", "trunk_incl_deg"), Reason.CONTOUR_NOT_SEEN
        ),
        **dict.fromkeys(
            ("shoulder_elevation_left_cm", "shoulder_elevation_right_cm"), Reason.CONTOUR_NOT_SEEN
        ),
        **dict.fromkeys(("trunk_yaw_deg", "sink_cm", "approach_cm"), Reason.CONTOUR_NOT_SEEN),
    }
)


def is_partial(lm: Landmarks) -> NDArray[np.bool_]:
    """(N,) somebody is seen, and not with all the points that MediaPipe gives from the head to the hips (0-24)."""
    lacking = ~np.isfinite(lm.pose[:, :_WHOLE, :2]).all(axis=(1, 2))
    return np.asarray(lacking & lm.person_found if lacking.any() else lacking)


def is_partial_baseline(baseline: Baseline) -> bool:
    """Whether a baseline in front or from the side lacks what the full estimator of its view builds upon."""
    if baseline.view not in VARIANTS:
        return False
    whole = bool(np.isfinite(baseline.pose[:_WHOLE, :2]).all())
    return not whole or (baseline.view is View.FRONT and not bool(np.isfinite(baseline.face).all()))


def partial_features(lm: Landmarks, baseline: Baseline, variant: str) -> Float:
    """(N, d) changes of the points against the baseline; NaN where a point that the variant needs is missing.

    So they are where two points between which a distance is taken are one. In units of the person's own size:
    shoulder width in front, ear-to-shoulder distance from the side.
    """
    looks_right = bool(_looks_right(baseline.as_landmarks())[0])
    mirrored = variant != "front" and not looks_right
    now, then = _points(lm, mirrored=mirrored), _points(baseline.as_landmarks(), mirrored=mirrored)
    now = now * (baseline.size_px[0] / lm.size_px[:, 0].astype(np.float64))[:, None, None]
    changes = _front(now, then[0]) if variant == "front" else _side(now, then[0], variant)
    return np.clip(changes, -_FAR, _FAR)


def measure_partial(
    lm: Landmarks, baseline: Baseline, coefficients: Mapping[str, Any]
) -> dict[str, Estimate]:
    """Measure N frames of which only some points are known.

    Args:
        lm: landmarks of N frames.
        baseline: of the same person, camera and pose model.
        coefficients: `coefficients["partial"]` holds the arrays of `partial.npz`.

    Returns:
        Every quantity of `QUANTITIES`. What these points do not tell is withheld: FACE_NOT_SEEN,
        CONTOUR_NOT_SEEN or SHOULDERS_NOT_SEEN name the part that is missing.
    """
    n = len(lm)
    arrays = coefficients["partial"]
    reason = _frame_reasons(lm, baseline)
    out = {name: _untold(name, n, reason, baseline.view) for name in QUANTITIES}
    for variant in reversed(
        VARIANTS.get(baseline.view, {})
    ):  # the richest last: it counts where it can answer
        features = partial_features(lm, baseline, variant)
        seen = np.isfinite(features).all(axis=1) & (reason == Reason.OK)
        for name in QUANTITIES_OF[baseline.view]:
            key = f"{baseline.view.label}.{variant}.{name}"
            if f"{key}.weights" in arrays:
                value = features @ arrays[f"{key}.weights"]
                sd = np.hypot(arrays[f"{key}.sd"][0], arrays[f"{key}.sd"][1] * value)
                sure = sd <= np.maximum(_MOST_SD.get(name, np.inf), np.abs(value) / _CLEAR)
                code = np.where(sure, np.int8(_OK), np.int8(Reason.UNCERTAIN))
                out[name] = Estimate.chosen(seen, Estimate.of(value, sd, code), out[name])
    return out


def _untold(name: str, n: int, reason: Codes, view: View) -> Estimate:
    """Why a quantity cannot be told, unless a variant tells it."""
    if name not in QUANTITIES_OF.get(view, ()) and name not in _NEEDS:
        missing = Reason.FACE_NOT_SEEN if view is View.FRONT else Reason.NOT_FROM_THIS_VIEW
    else:
        missing = _NEEDS.get(name, Reason.FACE_NOT_SEEN)
    withheld = Estimate.withheld(n, missing)
    return Estimate(
        withheld.value, withheld.sd, np.where(reason == Reason.OK, withheld.reason, reason).astype(np.int8)
    )


def _frame_reasons(lm: Landmarks, baseline: Baseline) -> Codes:
    """(N,) why nothing can be told of a frame."""
    variants = list(VARIANTS.get(baseline.view, {}).values())
    needs = list(variants[-1]) if variants else []  # the one that asks for least
    side = baseline.view is View.SIDE
    mirrored = side and not bool(_looks_right(baseline.as_landmarks())[0])
    seen = _known(_points(lm, mirrored=mirrored))
    then = _known(_points(baseline.as_landmarks(), mirrored=mirrored))[0]
    codes = np.zeros(len(lm), np.int8)
    head = [k for k in needs if k < len(_HEAD)]
    codes[~seen[:, head].all(axis=1)] = Reason.FACE_NOT_SEEN
    shoulders = [k for k in needs if len(_HEAD) <= k < len(_HEAD) + 2]
    codes[~seen[:, shoulders].all(axis=1)] = Reason.SHOULDERS_NOT_SEEN
    if side:
        codes[(codes == Reason.OK) & (_looks_right(lm) != _looks_right(baseline.as_landmarks())[0])] = (
            Reason.TRUNK_TURNED
        )
    codes[~lm.person_found] = Reason.NOBODY
    if not needs or not then[needs].all():
        codes[:] = Reason.NO_BASELINE
    return codes


def _points(lm: Landmarks, *, mirrored: bool) -> Float:
    """(N, 9, 2) `_POINTS` in pixels, in a mirror where asked for."""
    points = lm.pose_px()[:, list(_POINTS)]
    if mirrored:
        points = points[:, _MIRROR]
        points[:, :, 0] = lm.size_px[:, :1] - points[:, :, 0]
    return points


def _known(points: Float) -> NDArray[np.bool_]:
    return np.asarray(np.isfinite(points).all(axis=-1))


def _looks_right(lm: Landmarks) -> NDArray[np.bool_]:
    """(N,) whether the nose lies to the right of the ears that are known."""
    x = lm.pose[:, :, 0].astype(np.float64)
    ears = np.nan_to_num(nanmean_quiet(x[:, names.EARS], axis=1))  # without any as if at the picture's edge
    return np.asarray(x[:, names.NOSE] >= ears)


def _middle(points: Float, what: str) -> Float:
    left = _LEFT_OF[what]
    return np.asarray((points[..., left, :] + points[..., left + 1, :]) / 2.0)


def _length(points: Float, what: str) -> Float:
    left = _LEFT_OF[what]
    return _distance(points[..., left, :], points[..., left + 1, :])


def _distance(one: Float, other: Float) -> Float:
    """Pixels; NaN where the two are one point, which no two parts of a body are."""
    length = np.linalg.norm(one - other, axis=-1)
    return np.where(length > _SAME_PX, length, np.nan)


def _tilt(points: Float, what: str) -> Float:
    """Degrees, the person's left shoulder, eye or ear lower: positive."""
    across = points[..., _LEFT_OF[what], :] - points[..., _LEFT_OF[what] + 1, :]
    return np.asarray(np.degrees(np.arctan2(across[..., 1], across[..., 0])))


def _front(now: Float, then: Float) -> Float:
    """(N, 15) of points (N, 9, 2) and (9, 2) in pixels, against a baseline in front.

    Of eyes, ears and shoulders each the growth of their distance (100 times its natural logarithm) and the turn of
    their line (deg); then right and down, in hundredths of the shoulder width, of the shoulders' middle, and against
    it of nose, eyes and ears; last, how far the nose has gone sideways between the ears, in hundredths of their
    distance.
    """
    unit = _length(then, "shoulder")
    columns: list[Float] = []
    for what in ("eye", "ear", "shoulder"):
        columns += [
            100.0 * np.log(_length(now, what) / _length(then, what)),
            within_half_turn(_tilt(now, what) - _tilt(then, what)),
        ]
    moved = 100.0 * (_middle(now, "shoulder") - _middle(then, "shoulder")) / unit
    columns += [moved[:, 0], moved[:, 1]]
    for place_now, place_then in (
        (now[:, 0], then[0]),
        (_middle(now, "eye"), _middle(then, "eye")),
        (_middle(now, "ear"), _middle(then, "ear")),
    ):
        rest = 100.0 * (place_now - place_then) / unit - moved
        columns += [rest[:, 0], rest[:, 1]]
    turned_now = (now[:, 0] - _middle(now, "ear"))[:, 0] / _length(now, "ear")
    turned_then = (then[0] - _middle(then, "ear"))[0] / _length(then, "ear")
    columns.append(100.0 * (turned_now - turned_then))
    return np.stack(columns, axis=1)


def _side(now: Float, then: Float, variant: str) -> Float:
    """(N, 11) of points (N, 9, 2) and (9, 2) in pixels, the face to the right; with the hip (N, 14).

    Forward and down, in hundredths of the ear-to-shoulder distance, of the near shoulder, and against it of nose, eye,
    ear (and hip); then the turn in degrees of the lines shoulder-ear, ear-nose, ear-eye (and hip-shoulder).
    """
    ear, shoulder, hip = 4, 6, 8  # the right-hand ones: the near ones of a face that looks right
    unit = float(_distance(then[ear], then[shoulder]))
    moved = 100.0 * (now[:, shoulder] - then[shoulder]) / unit
    columns: list[Float] = [moved[:, 0], moved[:, 1]]
    places = (0, 2, ear, hip) if variant == "side_hip" else (0, 2, ear)
    for place in places:
        rest = 100.0 * (now[:, place] - then[place]) / unit - moved
        columns += [rest[:, 0], rest[:, 1]]
    lines = [(shoulder, ear), (ear, 0), (ear, 2)] + ([(hip, shoulder)] if variant == "side_hip" else [])
    for low, high in lines:
        turn_deg = _line_deg(now[:, low], now[:, high]) - _line_deg(then[low], then[high])
        columns.append(within_half_turn(turn_deg))
    return np.stack(columns, axis=1)


def _line_deg(low: Float, high: Float) -> Float:
    across = high - low
    return np.asarray(np.degrees(np.arctan2(across[..., 1], across[..., 0])))
