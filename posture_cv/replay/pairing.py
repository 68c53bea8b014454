"""Two views of one session as one: each quantity from the view that sees it best, with its origin. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from posture_cv.measure.baseline import Baseline
from posture_cv.measure.types import QUANTITIES, Codes, Estimate, Float, Measurements, Reason, View
from posture_cv.replay.sync import Offset

# Restated quantities come from the view that their source comes from.
_FOLLOWS: Final[Mapping[str, str]] = {
    "forward_head_deg": "cva_change_deg",
    "shoulder_rounding_deg": "protraction_cm",
}
_TURNED: Final = (Reason.HEAD_TURNED, Reason.TRUNK_TURNED)
_OK: Final = int(Reason.OK)
_NOBODY: Final = int(Reason.NOBODY)
_SAYS_NOTHING: Final = (Reason.NOT_FROM_THIS_VIEW, Reason.NO_PICTURE)
SLOPE_S: Final = (
    0.5  # over which the rate of change is taken that turns an error of time into one of the value
)


@dataclass(frozen=True, slots=True, eq=False)
class Paired:
    """Two views as one.

    Attributes:
        measurements: at the front camera's times.
        origin: quantity -> (N,) int8 `View` codes of the view that each value comes from; UNKNOWN where withheld.
        preferred: quantity -> the view that sees it best, UNKNOWN where neither does.
        expected_sd: quantity -> (front, side) median standard deviation, NaN where a view never tells it.
        both_share: share of the frames for which the side camera had a frame near enough.
    """

    measurements: Measurements
    origin: Mapping[str, Codes]
    preferred: Mapping[str, View]
    expected_sd: Mapping[str, tuple[float, float]]
    both_share: float


def pair(front: Measurements, side: Measurements, offset: Offset) -> Paired:
    """Bring two measured views together on the front camera's frames.

    Args:
        front: of the front camera, N frames.
        side: of the side camera, on its own clock.
        offset: between the clocks; its error widens the side's uncertainty where a value changes fast.
    """
    there, near = _brought(side, front.t_s, offset)
    preferred, expected = {}, {}
    for name in QUANTITIES:
        ours, theirs = _expected_sd(front.values[name]), _expected_sd(there.values[name])
        expected[name] = (ours, theirs)
        preferred[name] = _better(ours, theirs)
    for name, source in _FOLLOWS.items():
        preferred[name] = preferred[source]
    reason = _frame_reasons(front, there, near)
    values: dict[str, Estimate] = {}
    origin: dict[str, Codes] = {}
    for name in QUANTITIES:
        values[name], origin[name] = _chosen(front.values[name], there.values[name], preferred[name], reason)
    view = np.where(front.reason == _OK, front.view, there.view).astype(np.int8)
    share = float(near.mean()) if len(near) else 0.0
    return Paired(Measurements(front.t_s, view, reason, values), origin, preferred, expected, share)


def paired_baseline(front: Baseline, side: Baseline, preferred: Mapping[str, View]) -> Baseline:
    """The front's baseline with each quantity's spread from the view that tells it, for the records."""
    spread = {}
    for name, view in preferred.items():
        source = side.spread if view is View.SIDE else front.spread
        if name in source:
            spread[name] = source[name]
    return replace(front, spread=spread)


def _brought(side: Measurements, t_s: Float, offset: Offset) -> tuple[Measurements, NDArray[np.bool_]]:
    """The side's nearest frame at each of the front's times, and whether it is near enough; else NO_PICTURE."""
    n = len(t_s)
    if len(side) == 0:
        empty = {name: Estimate.withheld(n, Reason.NO_PICTURE) for name in QUANTITIES}
        nothing = np.zeros(n, bool)
        reason = np.full(n, Reason.NO_PICTURE, np.int8)
        return Measurements(t_s, np.zeros(n, np.int8), reason, empty), nothing
    there = side.t_s + offset.offset_s
    right = np.clip(np.searchsorted(there, t_s), 0, len(there) - 1)
    left = np.maximum(right - 1, 0)
    nearest = np.where(np.abs(there[left] - t_s) <= np.abs(there[right] - t_s), left, right)
    step = float(np.median(np.diff(there))) if len(there) > 1 else 0.0
    away = np.abs(there[nearest] - t_s)
    near = away <= 0.75 * max(step, 0.04)
    late_s = np.hypot(away, offset.sd_s)
    values = {
        name: _only(_widened(side.values[name], side.t_s, nearest, late_s), near) for name in QUANTITIES
    }
    reason = np.where(near, side.reason[nearest], np.int8(Reason.NO_PICTURE)).astype(np.int8)
    return Measurements(t_s, side.view[nearest], reason, values), near


def _widened(estimate: Estimate, t_s: Float, nearest: NDArray[np.intp], late_s: Float) -> Estimate:
    """The nearest frames' values; an error of time counts as much as the value changes in that time."""
    slope = _slope(estimate.value, t_s)[nearest]
    chosen = estimate[nearest]
    return Estimate(chosen.value, np.hypot(chosen.sd, np.nan_to_num(slope) * late_s), chosen.reason)


def _slope(value: Float, t_s: Float) -> Float:
    """(N,) units a second over about `SLOPE_S`; NaN where an end is not known."""
    before = np.searchsorted(t_s, t_s - SLOPE_S / 2.0)
    after = np.clip(np.searchsorted(t_s, t_s + SLOPE_S / 2.0), 0, len(t_s) - 1)
    span = t_s[after] - t_s[before]
    return np.where(span > 0, (value[after] - value[before]) / np.where(span > 0, span, 1.0), np.nan)


def _only(estimate: Estimate, near: NDArray[np.bool_]) -> Estimate:
    return Estimate(
        np.where(near, estimate.value, np.nan),
        np.where(near, estimate.sd, np.nan),
        np.where(near, estimate.reason, np.int8(Reason.NO_PICTURE)).astype(np.int8),
    )


def _expected_sd(estimate: Estimate) -> float:
    sds = estimate.sd[estimate.valid]
    return float(np.median(sds)) if len(sds) else float("nan")


def _better(front_sd: float, side_sd: float) -> View:
    if np.isnan(front_sd) and np.isnan(side_sd):
        return View.UNKNOWN
    return View.SIDE if np.isnan(front_sd) or side_sd < front_sd else View.FRONT


def _frame_reasons(front: Measurements, side: Measurements, near: NDArray[np.bool_]) -> Codes:
    """(N,) OK where either view can judge; a turn that the front camera sees counts, it sees turns best.

    Whom the side camera sees is there, though the front camera sees nobody.
    """
    turned = np.isin(front.reason, _TURNED)
    either = (front.reason == _OK) | ((side.reason == _OK) & near & ~turned)
    only_side = (front.reason == _NOBODY) & near & side.somebody
    why = np.where(only_side, side.reason, front.reason)
    return np.where(either, np.int8(_OK), why).astype(np.int8)


def _chosen(front: Estimate, side: Estimate, preferred: View, reason: Codes) -> tuple[Estimate, Codes]:
    """The preferred view's value, else the other's, else the preferred view's reason, where it looked at all."""
    first, second = (side, front) if preferred is View.SIDE else (front, side)
    codes = (View.SIDE, View.FRONT) if preferred is View.SIDE else (View.FRONT, View.SIDE)
    turned = np.isin(reason, _TURNED)  # the front's own angle says how far
    here = first.valid & (~turned | (codes[0] is View.FRONT))
    there = second.valid & ~here & (~turned | (codes[1] is View.FRONT))
    asks_other = np.isin(first.reason, _SAYS_NOTHING) & (second.reason != Reason.NOT_FROM_THIS_VIEW)
    why = np.where(asks_other, second.reason, first.reason)
    why = np.where(turned & (why == _OK), reason, why)
    estimate = Estimate(
        np.where(here, first.value, np.where(there, second.value, np.nan)),
        np.where(here, first.sd, np.where(there, second.sd, np.nan)),
        np.where(here | there, np.int8(_OK), why).astype(np.int8),
    )
    origin = np.where(here, int(codes[0]), np.where(there, int(codes[1]), int(View.UNKNOWN)))
    return estimate, origin.astype(np.int8)
