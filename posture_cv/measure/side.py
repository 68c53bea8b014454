"""The side view: the forward-head angle, trunk inclination and shoulders from the profile's outline."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from posture_cv.landmarks.types import Landmarks
from posture_cv.measure.baseline import Baseline
from posture_cv.measure.block_model import CONTOUR, LANDMARKS, BlockModel
from posture_cv.measure.outline_edges import Edges
from posture_cv.measure.profile_outline import points_look_right
from posture_cv.measure.rigid_fit import Motion
from posture_cv.measure.side_outline import Blocks, contour_blocks, landmark_blocks
from posture_cv.measure.side_reference import SideReference, side_reference
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
# Limits of a believable outline (ours). Weighing as it does, a share so large leaves an rms of 0.33 cm at most.
HEAD_SHARE_LOW: Final = 0.45
BACK_SHARE_LOW: Final = 0.5
# An adult's shoulder width, which turns the shoulders' separation in profile into an angle (mean of men and women).
BIACROMIAL_CM: Final = 38.0
TRUNK_YAW_SD_DEG: Final = 5.0
# How far a baseline's own head pitch is off, an error that all frames share and the fits do not state: ours, from 40
# rendered people whom no fit had seen (means of their errors scatter by 0.6 deg) and the four key people.
BASELINE_PITCH_SD_DEG: Final = 0.7
_AT_ONCE: Final = 512  # frames measured together: larger blocks only need more memory


def measure_side(lm: Landmarks, baseline: Baseline, coefficients: Mapping[str, Any]) -> dict[str, Estimate]:
    """Measure N frames in profile against a baseline in profile.

    Args:
        lm: landmarks of N frames.
        baseline: of the same person and camera, view SIDE.
        coefficients: `coefficients["side"]` is a `BlockModel`.

    Returns:
        Every quantity of `QUANTITIES`; those that a profile does not show are withheld as NOT_FROM_THIS_VIEW.
        Frames without a usable contour are measured from landmarks alone, with their larger error.
    """
    n = len(lm)
    out = dict.fromkeys(QUANTITIES, Estimate.withheld(n, Reason.NOT_FROM_THIS_VIEW))
    if n == 0:
        return out
    model: BlockModel = coefficients["side"]
    ref = side_reference(baseline)
    values, sds, reason = (
        np.concatenate(parts, axis=-1)
        for parts in zip(
            *(_answers(lm[k : k + _AT_ONCE], ref, model) for k in range(0, n, _AT_ONCE)), strict=True
        )
    )
    ok = reason == int(Reason.OK)
    values, sds = np.where(ok, values, np.nan), np.where(ok, sds, np.nan)
    for k, name in enumerate((*FITTED, "trunk_yaw_deg")):
        out[name] = Estimate(values[k], sds[k], reason)
    return out


def _answers(lm: Landmarks, ref: SideReference, model: BlockModel) -> tuple[Float, Float, Codes]:
    """(Q, N) values and standard deviations of `FITTED` and trunk yaw, and (N,) reasons."""
    n = len(lm)
    edges = Edges.of(lm, looks_right=ref.looks_right, cm_wide=ref.cm_wide)
    value, sd = np.full((len(FITTED) + 1, n), np.nan), np.full((len(FITTED) + 1, n), np.nan)
    usable = np.zeros(n, bool)
    if ref.contour is not None:
        blocks, motion = contour_blocks(edges, ref, ref.contour)
        usable = contour_usable(motion)
        if usable.any():
            _put(value, sd, model.predict(CONTOUR, blocks, motion.rms[:2].T), usable)
    if not usable.all():
        _put(value, sd, model.predict(LANDMARKS, landmark_blocks(edges, ref), np.zeros((n, 2))), ~usable)
    pitch_sd = sd[FITTED.index("head_pitch_deg")]
    np.hypot(pitch_sd, BASELINE_PITCH_SD_DEG, out=pitch_sd)
    value[-1], sd[-1] = _trunk_yaw_deg(edges, ref), TRUNK_YAW_SD_DEG
    return value, sd, _reasons(lm, edges, ref)


def _put(
    value: Float, sd: Float, answers: Mapping[str, tuple[Float, Float]], where: NDArray[np.bool_]
) -> None:
    for k, name in enumerate(FITTED):
        np.copyto(value[k], answers[name][0], where=where)
        np.copyto(sd[k], answers[name][1], where=where)


def contour_usable(motion: Motion) -> NDArray[np.bool_]:
    """(N,) whether head and back were found again in the outline."""
    return np.asarray((motion.share[0] >= HEAD_SHARE_LOW) & (motion.share[1] >= BACK_SHARE_LOW))


def side_blocks(lm: Landmarks, baseline: Baseline) -> tuple[Blocks, Motion | None, Blocks]:
    """What the fits read: blocks of the contour with the pieces' motion (None without one), and of the landmarks."""
    ref = side_reference(baseline)
    edges = Edges.of(lm, looks_right=ref.looks_right, cm_wide=ref.cm_wide)
    marks = landmark_blocks(edges, ref)
    if ref.contour is None:
        return {}, None, marks
    return *contour_blocks(edges, ref, ref.contour), marks


def _reasons(lm: Landmarks, edges: Edges, ref: SideReference) -> Codes:
    """(N,) why nothing can be told of a frame from the side."""
    codes = np.zeros(len(lm), np.int8)
    codes[~points_look_right(edges.points)] = int(Reason.TRUNK_TURNED)
    codes[~lm.person_found] = int(Reason.NOBODY)
    if not ref.seen:
        codes[:] = int(Reason.NO_BASELINE)
    return codes


def _trunk_yaw_deg(edges: Edges, ref: SideReference) -> Float:
    """(N,) trunk yaw from the separation of the shoulders, which a true profile hides."""
    now = edges.points[:, 12, 0] - edges.points[:, 11, 0]
    then = ref.points[12, 0] - ref.points[11, 0]
    share = np.minimum(np.maximum(np.stack([now, np.full_like(now, then)]) / BIACROMIAL_CM, -1.0), 1.0)
    yaw = np.degrees(np.arcsin(share))
    return np.asarray((yaw[0] - yaw[1]) * (1.0 if ref.looks_right else -1.0))
