"""The front view: head, shoulders and trunk from the face mesh, the pose points and the contour together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from posture_cv.landmarks.types import Landmarks
from posture_cv.measure.baseline import Baseline
from posture_cv.measure.front_features import FrontFeatures, Mask, front_features
from posture_cv.measure.front_model import GROUPS, VARIANTS, FrontModel, front_model
from posture_cv.measure.types import QUANTITIES, Codes, Estimate, Float, Reason

NEEDS_FACE: Final = frozenset(
    {
        *("cva_change_deg", "head_forward_cm", "head_pitch_deg"),
        *("head_yaw_deg", "head_roll_deg", "distance_ratio"),
    }
)
HEAD_YAW_LIMIT_DEG: Final = 25.0
TRUNK_YAW_LIMIT_DEG: Final = 20.0
# Beyond these no sitting adult goes (ours): such an answer is an error of the landmarks.
PLAUSIBLE: Final[dict[str, float]] = {
    "cva_change_deg": 60.0,
    "head_forward_cm": 18.0,
    "head_pitch_deg": 75.0,
    "shoulder_elevation_cm": 9.0,
    "protraction_cm": 11.0,
    "trunk_incl_deg": 45.0,
    "lateral_lean_deg": 35.0,
    "sink_cm": 20.0,
    "approach_cm": 60.0,
}
Answers = dict[str, tuple[Float, Float]]


def measure_front(lm: Landmarks, baseline: Baseline, coefficients: Mapping[str, Any]) -> dict[str, Estimate]:
    """Measure N frames seen from the front against a baseline seen from the front.

    Args:
        lm: landmarks of N frames; without a contour they are measured from landmarks alone, with a larger
            error; without a face only shoulders and trunk are.
        baseline: of the same person and camera, with a face.
        coefficients: `coefficients["front"]` is a `FrontModel`, or the arrays it is made of.

    Returns:
        Every quantity of `QUANTITIES`; those withheld carry the reason.
    """
    n = len(lm)
    out = {name: Estimate.withheld(n, Reason.NOT_FROM_THIS_VIEW) for name in QUANTITIES}
    if n == 0:
        return out
    if not (np.isfinite(baseline.face).all() and np.isfinite(baseline.pose[:13, :2]).all()):
        return {name: Estimate.withheld(n, Reason.NO_BASELINE) for name in QUANTITIES}
    features = front_features(lm, baseline)
    front = coefficients["front"]
    answers = _answers(front if isinstance(front, FrontModel) else front_model(front), features)
    reasons = _reasons(features, answers)
    for name, (value, sd) in {**answers, **_restated(answers)}.items():
        if name in QUANTITIES:
            out[name] = _estimate(name, value, sd, reasons, features.face)
    return out


def _answers(model: FrontModel, features: FrontFeatures) -> Answers:
    """Value and sd of every fitted quantity; NaN where no variant can answer."""
    n = len(features.body)
    out: Answers = {q: (np.full(n, np.nan), np.full(n, np.nan)) for qs in GROUPS.values() for q in qs}
    for (with_face, with_contour), variant in VARIANTS.items():
        chosen = features.body & (features.face == with_face) & (features.contour == with_contour)
        if not chosen.any():
            continue
        for group, (value, sd) in model.answers(variant, features, chosen).items():
            for k, name in enumerate(GROUPS[group]):
                out[name][0][chosen], out[name][1][chosen] = value[:, k], sd[:, k]
    return out


def _restated(answers: Answers) -> Answers:
    """Each shoulder's elevation (the mean of both, plus or minus half their difference) and the distance ratio."""
    (mean, mean_sd), (half, half_sd) = answers["shoulder_elevation_cm"], answers["asymmetry"]
    distance, spread = answers["log_distance"]
    sd, ratio = np.hypot(mean_sd, half_sd), np.exp(distance / 100.0)
    return {
        "shoulder_elevation_left_cm": (mean + half, sd),
        "shoulder_elevation_right_cm": (mean - half, sd),
        "distance_ratio": (ratio, ratio * spread / 100.0),
    }


def _reasons(features: FrontFeatures, answers: Answers) -> Codes:
    """(N,) why a frame cannot be measured at all."""
    yaw, trunk = np.nan_to_num(answers["head_yaw_deg"][0]), np.nan_to_num(answers["trunk_yaw_deg"][0])
    codes = np.zeros(len(features.body), np.int8)
    codes[features.contradicts] = Reason.IMPLAUSIBLE
    codes[np.abs(trunk) > TRUNK_YAW_LIMIT_DEG] = Reason.TRUNK_TURNED
    codes[np.abs(yaw) > HEAD_YAW_LIMIT_DEG] = Reason.HEAD_TURNED
    codes[~features.body] = Reason.NOBODY
    return codes


def _estimate(name: str, value: Float, sd: Float, reasons: Codes, face: Mask) -> Estimate:
    codes = reasons.copy()
    if name in ("head_yaw_deg", "trunk_yaw_deg"):
        codes[np.isin(codes, (Reason.HEAD_TURNED, Reason.TRUNK_TURNED))] = Reason.OK
    if name in NEEDS_FACE:
        codes[(codes == Reason.OK) & ~face] = Reason.FACE_NOT_SEEN
    limit = PLAUSIBLE.get(name, np.inf)
    codes[(codes == Reason.OK) & (np.abs(np.nan_to_num(value)) > limit)] = Reason.IMPLAUSIBLE
    return Estimate.of(value, sd, codes)
