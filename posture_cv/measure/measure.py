"""Landmarks and a baseline -> every quantity: the one place where the views' estimators meet."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from posture_cv.landmarks.types import Landmarks
from posture_cv.measure.baseline import Baseline
from posture_cv.measure.collapsed import collapsed
from posture_cv.measure.dress import dressed_otherwise, less_sure
from posture_cv.measure.front import TRUNK_TURNED_DEG, measure_front
from posture_cv.measure.gates import GateLimits, frame_reasons
from posture_cv.measure.oblique import SAY_TURNED, measure_oblique
from posture_cv.measure.partial import is_partial, is_partial_baseline, measure_partial
from posture_cv.measure.side import measure_side
from posture_cv.measure.steady import steadied
from posture_cv.measure.types import QUANTITIES, Codes, Estimate, Measurements, Reason, View
from posture_cv.measure.view import classify_view

# Turned farther than this, a frame is not judged (ours): by perspective alone, a trunk turned by 20 degrees looks like
# a head 3 cm farther forward.
HEAD_YAW_LIMIT_DEG: Final = 25.0
TRUNK_YAW_LIMIT_DEG: Final = 20.0
# Length of the clavicle about which the acromion turns when the shoulder is protracted (ours: 15 cm for
# everybody; the angle only restates the displacement, which is what is measured).
CLAVICLE_CM: Final = 15.0
_OK: Final = int(Reason.OK)
_DEGREES: Final = 180.0 / np.pi


_ESTIMATORS = {View.FRONT: measure_front, View.SIDE: measure_side, View.OBLIQUE: measure_oblique}


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
    if baseline.view not in _ESTIMATORS or collapsed(baseline):
        values = {name: Estimate.withheld(n, Reason.NO_BASELINE) for name in QUANTITIES}
        return Measurements(lm.t_s, view, np.full(n, Reason.NO_BASELINE, np.int8), values)
    values = _measured(steadied(lm, baseline, limits), baseline, coefficients)
    dressed = dressed_otherwise(lm, baseline)
    if baseline.view is View.FRONT:
        values = less_sure(values, dressed)
    values = {**values, **_derived(values)}
    reason = frame_reasons(lm, baseline, view, limits)
    reason = _turned(reason, values, "head_yaw_deg", HEAD_YAW_LIMIT_DEG, Reason.HEAD_TURNED)
    reason = _turned(reason, values, "trunk_yaw_deg", _trunk_limit_deg(baseline), Reason.TRUNK_TURNED)
    return Measurements(lm.t_s, view, reason, _withheld(values, reason), dressed)


def _trunk_limit_deg(baseline: Baseline) -> float:
    """From which trunk yaw nothing is judged: in front the estimate is too vague to wait for the limit itself."""
    vague = baseline.view is View.FRONT and not _lacks_parts(baseline)
    return TRUNK_TURNED_DEG if vague else TRUNK_YAW_LIMIT_DEG


def _measured(lm: Landmarks, baseline: Baseline, coefficients: Mapping[str, Any]) -> dict[str, Estimate]:
    """Each frame by the estimator of the view, or, where landmarks are missing, by what the others tell."""
    if _lacks_parts(baseline):
        return measure_partial(lm, baseline, coefficients)
    values = _ESTIMATORS[baseline.view](lm, baseline, coefficients)
    lacking = is_partial(lm)
    if not lacking.any():
        return values
    rest = measure_partial(lm, baseline, coefficients)
    return {name: Estimate.chosen(lacking, rest[name], values[name]) for name in values}


@lru_cache(maxsize=8)
def _lacks_parts(baseline: Baseline) -> bool:
    return is_partial_baseline(baseline)


def _derived(values: Mapping[str, Estimate]) -> dict[str, Estimate]:
    """The two headline angles, which restate measured quantities in the words of the field.

    Forward head: loss of craniovertebral angle. Shoulder rounding: arcsin(protraction / `CLAVICLE_CM`), its standard
    deviation by the slope of that.
    """
    cva, protraction = values["cva_change_deg"], values["protraction_cm"]
    share = np.minimum(np.maximum(protraction.value / CLAVICLE_CM, -0.99), 0.99)
    slope = _DEGREES / (CLAVICLE_CM * np.sqrt(1.0 - share * share))
    return {
        "forward_head_deg": Estimate(-cva.value, cva.sd, cva.reason),
        "shoulder_rounding_deg": Estimate(
            np.arcsin(share) * _DEGREES, protraction.sd * slope, protraction.reason
        ),
    }


def _turned(
    reason: Codes, values: Mapping[str, Estimate], name: str, limit_deg: float, code: Reason
) -> Codes:
    """Mark frames turned beyond the limit, where nothing graver is known of them."""
    estimate, number = values[name], int(code)
    turned = (np.abs(estimate.value) > limit_deg) | (estimate.reason == number)  # NaN is not turned
    marked = turned & (reason == _OK)
    return np.where(marked, np.int8(number), reason) if marked.any() else reason


def _withheld(values: Mapping[str, Estimate], reason: Codes) -> dict[str, Estimate]:
    """Put the frame's reason over the values' own; an angle that says "turned" itself stays readable."""
    bad = reason != _OK
    if not bad.any():
        return {name: values[name] for name in QUANTITIES}
    turned = (reason == int(Reason.HEAD_TURNED)) | (reason == int(Reason.TRUNK_TURNED))
    return {
        name: _under(values[name], reason, bad & ~turned if name in SAY_TURNED else bad)
        for name in QUANTITIES
    }


def _under(estimate: Estimate, reason: Codes, apply: NDArray[np.bool_]) -> Estimate:
    """The estimate with the frame's reason where it applies."""
    return Estimate(
        np.where(apply, np.nan, estimate.value),
        np.where(apply, np.nan, estimate.sd),
        np.where(apply, reason, estimate.reason),
    )
