"""The oblique view (40 to 50 degrees off axis): face mesh, shoulders and the shoulders' outline."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from posture_cv.landmarks.types import Landmarks
from posture_cv.measure.baseline import Baseline
from posture_cv.measure.kernel_model import estimators
from posture_cv.measure.oblique_features import face_looks_right, oblique_features
from posture_cv.measure.types import QUANTITIES, Estimate, Float, Reason

FITTED: Final = (
    "cva_change_deg",
    "head_forward_cm",
    "head_pitch_deg",
    "head_yaw_deg",
    "head_roll_deg",
    "shoulder_elevation_cm",
    "protraction_cm",
    "trunk_incl_deg",
    "trunk_yaw_deg",
    "sink_cm",
)
# Turning to the left in a mirrored picture is turning to the right.
MIRRORED: Final = ("head_yaw_deg", "head_roll_deg", "trunk_yaw_deg")
# Share of the outline that must be found again (ours).
SHARE_LOW: Final = 0.5
# Face-mesh scale of a single frame scatters by this much on rendered calibration frames (ours).
DISTANCE_SD: Final = 0.03


def measure_oblique(
    lm: Landmarks, baseline: Baseline, coefficients: Mapping[str, Any]
) -> dict[str, Estimate]:
    """Measure N frames of an oblique camera against a baseline of the same camera and person.

    Args:
        lm: landmarks of N frames.
        baseline: view OBLIQUE, with a face mesh.
        coefficients: `coefficients["oblique"]` holds the estimators of the view or the arrays of `oblique.npz`.

    Returns:
        Every quantity of `QUANTITIES`; what this view does not show is withheld as NOT_FROM_THIS_VIEW. Frames
        without a usable contour are measured from face mesh and landmarks, with their larger error.
    """
    n = len(lm)
    out = {name: Estimate.withheld(n, Reason.NOT_FROM_THIS_VIEW) for name in QUANTITIES}
    if n == 0:
        return out
    if not np.isfinite(baseline.face).all() or not np.isfinite(baseline.pose[[11, 12], 0]).all():
        return {name: Estimate.withheld(n, Reason.NO_BASELINE) for name in QUANTITIES}
    models = estimators(coefficients["oblique"])
    looks_right = face_looks_right(baseline.as_landmarks())
    features, share = oblique_features(lm, baseline, looks_right=looks_right)
    usable = share >= SHARE_LOW
    reason = np.where(np.isfinite(features["head_x"]), Reason.OK, Reason.FACE_NOT_SEEN).astype(np.int8)
    shoulders = np.isfinite(features["near_x"] + features["near_y"] + features["far_x"] + features["far_y"])
    reason[~shoulders] = Reason.SHOULDERS_NOT_SEEN
    reason[~lm.person_found] = Reason.NOBODY
    for name in FITTED:
        value, sd = models[name].predict(features)
        if not usable.all():
            bare, bare_sd = models[f"landmarks.{name}"].predict(features)
            value, sd = np.where(usable, value, bare), np.where(usable, sd, bare_sd)
        sign = -1.0 if name in MIRRORED and not looks_right else 1.0
        out[name] = Estimate.of(sign * value, sd, reason)
    ratio: Float = np.exp(-features["head_scale"] / 100.0)
    out["distance_ratio"] = Estimate.of(ratio, DISTANCE_SD * ratio, reason)
    return out
