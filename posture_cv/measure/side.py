"""The side view: the forward-head angle, trunk inclination and shoulders from the profile's outline."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from posture_cv.landmarks.types import Landmarks
from posture_cv.measure.baseline import Baseline
from posture_cv.measure.kernel_model import estimators
from posture_cv.measure.profile_outline import Outline, faces_right, find_anchors, outline_of
from posture_cv.measure.side_features import (
    contour_features,
    find_pieces,
    landmark_features,
    shape_features,
)
from posture_cv.measure.types import QUANTITIES, Codes, Estimate, Float, Reason

FITTED: Final = (
    "cva_change_deg",
    "head_forward_cm",
    "head_pitch_deg",
    "shoulder_elevation_cm",
    "protraction_cm",
    "trunk_incl_deg",
    "sink_cm",
)
# Limits of a believable outline (ours).
HEAD_SHARE_LOW: Final = 0.45
HEAD_RMS_HIGH_CM: Final = 0.6
BACK_SHARE_LOW: Final = 0.5
# An adult's shoulder width, which turns the shoulders' separation in profile into an angle (mean of men and women).
BIACROMIAL_CM: Final = 38.0
TRUNK_YAW_SD_DEG: Final = 5.0

Features = dict[str, Float]


def side_features(lm: Landmarks, baseline: Baseline) -> tuple[Features | None, Features, bool]:
    """Features with the contour (None where the baseline has none), landmarks alone, and the facing.

    Each feature is (N,), in rough centimetres or degrees, the face to the right.
    """
    reference = baseline.as_landmarks()
    looks_right = bool(faces_right(reference)[0])
    base, now = outline_of(reference, looks_right=looks_right), outline_of(lm, looks_right=looks_right)
    now = _same_size(now, lm, baseline)
    marks = landmark_features(now, base)
    anchors = find_anchors(base)
    if anchors is None:
        return None, marks, looks_right
    pieces = find_pieces(now, base, anchors)
    shape = {k: np.full(len(lm), v) for k, v in shape_features(base, anchors).items()}
    return {**contour_features(now, base, anchors, pieces), **shape, **marks}, marks, looks_right


def _same_size(now: Outline, lm: Landmarks, baseline: Baseline) -> Outline:
    """The outline in the baseline's pixels, should the picture have another size."""
    scale = baseline.size_px[0] / lm.size_px[:, 0].astype(np.float64)
    if (scale == 1.0).all():
        return now
    wide = scale[:, None]
    return Outline(
        now.points * scale[:, None, None],
        now.rear * wide,
        now.front * wide,
        now.top * wide,
        now.v0 * scale,
        now.dv * scale,
        now.u0 * scale,
        now.du * scale,
    )


def measure_side(lm: Landmarks, baseline: Baseline, coefficients: Mapping[str, Any]) -> dict[str, Estimate]:
    """Measure N frames in profile against a baseline in profile.

    Args:
        lm: landmarks of N frames.
        baseline: of the same person and camera, view SIDE.
        coefficients: `coefficients["side"]` holds the estimators of the view or the arrays of `side.npz`.

    Returns:
        Every quantity of `QUANTITIES`; those that a profile does not show are withheld as NOT_FROM_THIS_VIEW.
        Frames without a usable contour are measured from landmarks alone, with their larger error.
    """
    n = len(lm)
    out = {name: Estimate.withheld(n, Reason.NOT_FROM_THIS_VIEW) for name in QUANTITIES}
    if n == 0:
        return out
    models = estimators(coefficients["side"])
    contour, marks, looks_right = side_features(lm, baseline)
    usable = np.zeros(n, bool) if contour is None else contour_usable(contour)
    reason = frame_reason(lm, baseline)
    for name in FITTED:
        value, sd = np.full(n, np.nan), np.full(n, np.nan)
        if contour is not None:
            value, sd = models[name].predict(contour)
        if not usable.all():
            bare, bare_sd = models[f"landmarks.{name}"].predict(marks)
            value, sd = np.where(usable, value, bare), np.where(usable, sd, bare_sd)
        out[name] = Estimate.of(value, sd, reason)
    out["trunk_yaw_deg"] = _trunk_yaw(lm, baseline, looks_right, reason)
    return out


def contour_usable(features: Features) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """(N,) whether head and back were found again in the outline."""
    return (
        (features["head_share"] >= HEAD_SHARE_LOW)
        & (features["head_rms"] <= HEAD_RMS_HIGH_CM)
        & (features["back_share"] >= BACK_SHARE_LOW)
    )


def frame_reason(lm: Landmarks, baseline: Baseline) -> Codes:
    """(N,) why nothing can be told of a frame from the side."""
    codes = np.zeros(len(lm), np.int8)
    away = faces_right(lm) != faces_right(baseline.as_landmarks())[0]
    codes[away] = Reason.TRUNK_TURNED
    codes[~lm.person_found] = Reason.NOBODY
    if not np.isfinite(baseline.pose[11, 0]):
        codes[:] = Reason.NO_BASELINE
    return codes


def _trunk_yaw(lm: Landmarks, baseline: Baseline, looks_right: bool, reason: Codes) -> Estimate:  # noqa: FBT001
    """Trunk yaw from the separation of the shoulders, which a true profile hides."""
    reference = baseline.as_landmarks()
    base, now = outline_of(reference, looks_right=looks_right), outline_of(lm, looks_right=looks_right)
    anchors = find_anchors(base)
    trunk = np.linalg.norm(base.points[0, 12] - base.points[0, 24])
    unit = anchors.unit if anchors is not None else float(trunk) / 45.0
    apart = now.points[:, 12, 0] - now.points[:, 11, 0]
    then = base.points[0, 12, 0] - base.points[0, 11, 0]
    width = BIACROMIAL_CM * unit
    yaw = np.arcsin(np.clip(apart / width, -1, 1)) - np.arcsin(np.clip(then / width, -1, 1))
    return Estimate.of(np.degrees(yaw) * (1.0 if looks_right else -1.0), TRUNK_YAW_SD_DEG, reason)
