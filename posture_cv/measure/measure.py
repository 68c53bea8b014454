"""Landmarks and a baseline -> every quantity: the one place where the views' estimators meet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from posture_cv.landmarks.types import Landmarks
from posture_cv.measure.baseline import Baseline
from posture_cv.measure.front import measure_front
from posture_cv.measure.front_physics import blended
from posture_cv.measure.gates import GateLimits, frame_reasons
from posture_cv.measure.oblique import measure_oblique
from posture_cv.measure.side import measure_side
from posture_cv.measure.types import QUANTITIES, Codes, Estimate, Measurements, Reason, View
from posture_cv.measure.view import classify_view

HEAD_YAW_LIMIT_DEG = 25.0
TRUNK_YAW_LIMIT_DEG = 20.0
# Length of the clavicle about which the acromion turns when the shoulder is protracted (ours: 15 cm for
# everybody; the angle only restates the displacement, which is what is measured).
CLAVICLE_CM = 15.0


def _measure_front(lm: Landmarks, baseline: Baseline, coefficients: Mapping[str, Any]) -> dict[str, Estimate]:
    return blended(measure_front(lm, baseline, coefficients), lm, baseline, coefficients)


_ESTIMATORS = {View.FRONT: _measure_front, View.SIDE: measure_side, View.OBLIQUE: measure_oblique}


def measure(
    lm: Landmarks,
    baseline: Baseline,
    coefficients: Mapping[str, Any],
    limits: GateLimits | None = None,
) -> Measurements:
    """Measure N frames against a baseline (vectorised; a single frame is N = 1).

    Args:
        lm: landmarks of N frames.
        baseline: of the same person and camera.
        coefficients: from `posture_cv.coefficients.load_coefficients`.
        limits: of the gates for whole frames.

    Returns:
        All of `QUANTITIES`; a frame whose `reason` is not OK has every value withheld for that reason.
    """
    n = len(lm)
    view = classify_view(lm)
    estimator = _ESTIMATORS.get(baseline.view)
    if estimator is None:
        values = {name: Estimate.withheld(n, Reason.NO_BASELINE) for name in QUANTITIES}
        return Measurements(lm.t_s, view, np.full(n, Reason.NO_BASELINE, np.int8), values)
    values = estimator(lm, baseline, coefficients)
    values = {**values, **_derived(values)}
    reason = frame_reasons(lm, baseline, view, limits)
    reason = _turned(reason, values, "head_yaw_deg", HEAD_YAW_LIMIT_DEG, Reason.HEAD_TURNED)
    reason = _turned(reason, values, "trunk_yaw_deg", TRUNK_YAW_LIMIT_DEG, Reason.TRUNK_TURNED)
    keep_angles = ("head_yaw_deg", "trunk_yaw_deg")
    return Measurements(
        lm.t_s,
        view,
        reason,
        {name: _withhold(values[name], reason, keep_turned=name in keep_angles) for name in QUANTITIES},
    )


def _derived(values: Mapping[str, Estimate]) -> dict[str, Estimate]:
    """The two headline angles, which restate measured quantities in the words of the field."""
    cva, protraction = values["cva_change_deg"], values["protraction_cm"]
    share = np.clip(protraction.value / CLAVICLE_CM, -0.99, 0.99)
    slope = np.rad2deg(1.0 / (CLAVICLE_CM * np.sqrt(1.0 - share**2)))
    return {
        "forward_head_deg": Estimate.of(-cva.value, cva.sd, cva.reason),
        "shoulder_rounding_deg": Estimate.of(
            np.rad2deg(np.arcsin(share)), protraction.sd * slope, protraction.reason
        ),
    }


def _turned(
    reason: Codes, values: Mapping[str, Estimate], name: str, limit_deg: float, code: Reason
) -> Codes:
    """Mark frames turned beyond the limit, where nothing graver is known of them."""
    turned = np.abs(np.nan_to_num(values[name].value)) > limit_deg
    by_estimator = values[name].reason == code
    return np.where((reason == Reason.OK) & (turned | by_estimator), code, reason).astype(np.int8)


def _withhold(estimate: Estimate, reason: Codes, *, keep_turned: bool) -> Estimate:
    """Put the frame's reason over the value's own; the angle that says "turned" itself stays readable."""
    turned = np.isin(reason, (Reason.HEAD_TURNED, Reason.TRUNK_TURNED))
    apply = (reason != Reason.OK) & ~(turned & keep_turned)
    codes = np.where(apply, reason, estimate.reason).astype(np.int8)
    return Estimate.of(estimate.value, estimate.sd, codes)
