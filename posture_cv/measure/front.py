"""The front view: head, shoulders and trunk from the face mesh, the pose points and the contour together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from posture_cv.landmarks.types import Landmarks
from posture_cv.measure.baseline import Baseline
from posture_cv.measure.front_features import CONTOUR_BLOCKS, FACE_BLOCKS, FrontFeatures, Mask, front_features
from posture_cv.measure.mirror_kernel import MirrorKernel, as_float, project, sd_inputs
from posture_cv.measure.types import QUANTITIES, Codes, Estimate, Float, Reason

# Quantities that share a kernel; `asymmetry` is half the difference between left and right elevation.
GROUPS: Final[dict[str, tuple[str, ...]]] = {
    "head": ("cva_change_deg", "head_forward_cm"),
    "face": ("head_pitch_deg", "log_distance"),
    "turn": ("head_yaw_deg", "head_roll_deg"),
    "shoulders": ("shoulder_elevation_cm", "sink_cm"),
    "protraction": ("protraction_cm",),
    "trunk": ("trunk_incl_deg", "approach_cm"),
    "sideways": ("trunk_yaw_deg", "lateral_lean_deg", "asymmetry"),
}
ODD_GROUPS: Final = frozenset({"turn", "sideways"})
NEEDS_FACE: Final = frozenset(
    {
        *("cva_change_deg", "head_forward_cm", "head_pitch_deg"),
        *("head_yaw_deg", "head_roll_deg", "distance_ratio"),
    }
)
# What was seen -> name of the coefficients: (face, contour).
VARIANTS: Final = {
    (True, True): "full",
    (True, False): "landmarks",
    (False, True): "faceless",
    (False, False): "pose",
}
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


@dataclass(frozen=True, slots=True, eq=False)
class FrontModel:
    """The front view's coefficients made ready: projections of the blocks, kernels by variant and group."""

    projections: Mapping[str, Float]
    kernels: Mapping[str, Mapping[str, MirrorKernel]]


def blocks_of(variant: str, blocks: tuple[str, ...]) -> tuple[str, ...]:
    """The blocks that a variant can use."""
    without: set[str] = set()
    if variant in ("faceless", "pose"):
        without |= set(FACE_BLOCKS)
    if variant in ("landmarks", "pose"):
        without |= set(CONTOUR_BLOCKS)
    return tuple(b for b in blocks if b not in without)


def groups_of(variant: str) -> tuple[str, ...]:
    """The groups that a variant can answer."""
    seen = variant in ("full", "landmarks")
    return tuple(g for g, q in GROUPS.items() if seen or not NEEDS_FACE.intersection(q))


def front_model(arrays: Mapping[str, Any]) -> FrontModel:
    """Make the shipped arrays ready for use; the work of some milliseconds, so keep the result."""
    even, odd = (tuple(str(b) for b in arrays[key]) for key in ("even", "odd"))
    points = {b: as_float(arrays[f"points.{b}"]) for b in (*even, *odd)}
    kernels: dict[str, dict[str, MirrorKernel]] = {}
    for variant in VARIANTS.values():
        use_even, use_odd = blocks_of(variant, even), blocks_of(variant, odd)
        kernels[variant] = {}
        for group in groups_of(variant):
            key = f"{variant}.{group}"
            weights = as_float(arrays[f"{key}.weights"])
            names = (*use_even, *use_odd)
            kernels[variant][group] = MirrorKernel.build(
                points,
                use_even,
                use_odd,
                is_odd=group in ODD_GROUPS,
                a=dict(zip(names, weights[0], strict=True)),
                r=dict(zip(names, weights[1], strict=True)),
                s=float(arrays[f"{key}.s"]),
                alpha=as_float(arrays[f"{key}.alpha"]),
                sd=as_float(arrays[f"{key}.sd"]),
            )
    return FrontModel({b: as_float(arrays[f"project.{b}"]) for b in (*even, *odd)}, kernels)


def _ready(coefficients: Mapping[str, Any]) -> FrontModel:
    front = coefficients["front"]
    return front if isinstance(front, FrontModel) else front_model(front)


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
    answers = _answers(_ready(coefficients), features)
    reasons = _reasons(features, answers)
    answers |= _left_and_right(answers)
    for name, (value, sd) in answers.items():
        if name in QUANTITIES:
            out[name] = _estimate(name, value, sd, reasons, features.face)
    distance, spread = answers["log_distance"]
    ratio = np.exp(distance / 100.0)
    out["distance_ratio"] = _estimate("distance_ratio", ratio, ratio * spread / 100.0, reasons, features.face)
    return out


Answers = dict[str, tuple[Float, Float]]


def _answers(model: FrontModel, features: FrontFeatures) -> Answers:
    """Value and sd of every fitted quantity; NaN where no variant can answer."""
    n = len(features.body)
    out: Answers = {q: (np.full(n, np.nan), np.full(n, np.nan)) for qs in GROUPS.values() for q in qs}
    projected = project({**features.even, **features.odd}, model.projections)
    for (with_face, with_contour), variant in VARIANTS.items():
        chosen = features.body & (features.face == with_face) & (features.contour == with_contour)
        if not chosen.any():
            continue
        part = {k: v[chosen] for k, v in projected.items()}
        for group in groups_of(variant):
            value, sd = group_answers(model.kernels[variant][group], part, features.odd["turn"][chosen])
            for k, name in enumerate(GROUPS[group]):
                out[name][0][chosen], out[name][1][chosen] = value[:, k], sd[:, k]
    return out


def group_answers(kernel: MirrorKernel, projected: Mapping[str, Float], turn: Float) -> tuple[Float, Float]:
    """(N, T) values and standard deviations of one group."""
    value, nearness = kernel.predict(projected)
    sd = np.empty_like(value)
    for k in range(value.shape[1]):
        sd[:, k] = np.exp(
            np.clip(uncertainty_inputs(kernel, projected, nearness, turn, value[:, k]) @ kernel.sd[k], -5, 4)
        )
    return value, sd


def uncertainty_inputs(
    kernel: MirrorKernel, projected: Mapping[str, Float], nearness: Float, turn: Float, value: Float
) -> Float:
    """(N, 5) `sd_inputs` of one quantity."""
    moving = [b for b in (*kernel.even, *kernel.odd) if not b.startswith("camera")]
    size = np.sqrt(np.mean([(projected[b] ** 2).sum(axis=1) for b in moving], axis=0))
    return sd_inputs(nearness, size, np.abs(turn).mean(axis=1), np.log1p(np.abs(value)))


def _left_and_right(answers: Answers) -> Answers:
    """Elevation of each shoulder: the mean of both, plus or minus half their difference."""
    (mean, mean_sd), (half, half_sd) = answers["shoulder_elevation_cm"], answers["asymmetry"]
    sd = np.hypot(mean_sd, half_sd)
    return {"shoulder_elevation_left_cm": (mean + half, sd), "shoulder_elevation_right_cm": (mean - half, sd)}


def _reasons(features: FrontFeatures, answers: Answers) -> Codes:
    """(N,) why a frame cannot be measured at all."""
    yaw, trunk = np.nan_to_num(answers["head_yaw_deg"][0]), np.nan_to_num(answers["trunk_yaw_deg"][0])
    codes = np.zeros(len(features.body), np.int8)
    codes[np.abs(trunk) > TRUNK_YAW_LIMIT_DEG] = Reason.TRUNK_TURNED
    codes[np.abs(yaw) > HEAD_YAW_LIMIT_DEG] = Reason.HEAD_TURNED
    codes[~features.body] = Reason.NOBODY
    return codes


def _estimate(name: str, value: Float, sd: Float, reasons: Codes, face: Mask) -> Estimate:
    codes = reasons.copy()
    turned = np.isin(codes, (Reason.HEAD_TURNED, Reason.TRUNK_TURNED))
    if name in ("head_yaw_deg", "trunk_yaw_deg"):
        codes[turned] = Reason.OK
    if name in NEEDS_FACE:
        codes[(codes == Reason.OK) & ~face] = Reason.FACE_NOT_SEEN
    limit = PLAUSIBLE.get(name, np.inf)
    codes[(codes == Reason.OK) & (np.abs(np.nan_to_num(value)) > limit)] = Reason.IMPLAUSIBLE
    return Estimate.of(value, sd, codes)
