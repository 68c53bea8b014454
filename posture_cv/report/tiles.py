"""A recording of any length as a few hundred kilobytes: extremes and uncertainty in equal bins of time.

The page draws from these and from their halvings (a pyramid of minima and maxima), so that neither its size nor
the work of one drawing grows with the length of the recording. A bin is never wider than half a second up to
four and a half hours: the program acts on means over two seconds, so nothing it acted on is lost.
"""

from __future__ import annotations

import base64
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from posture_cv.measure.types import QUANTITIES, Codes, Estimate, Float
from posture_cv.opendata.folder import Result

MOST_BINS: Final = 32_768
MISSING: Final = -32_768
_LEAST_STEP_S: Final = 1e-3


@dataclass(frozen=True, slots=True, eq=False)
class Tiles:
    """What a timeline is drawn from.

    Attributes:
        start_s, bin_s, bins: the bins of time.
        names: quantities, in the order of `low`, `high`, `sd`.
        low, high: (Q, bins) int16 smallest and largest value in each bin, in steps of the quantity's
            precision; MISSING where none was told.
        sd: (Q, bins) int16 mean standard deviation, in tenths of those steps.
    """

    start_s: float
    bin_s: float
    bins: int
    names: tuple[str, ...]
    low: NDArray[np.int16]
    high: NDArray[np.int16]
    sd: NDArray[np.int16]

    def packed(self) -> str:
        """All bins, `low` then `high` then `sd`, little-endian, deflated, in base64."""
        raw = b"".join(part.astype("<i2").tobytes() for part in (self.low, self.high, self.sd))
        return base64.b64encode(zlib.compress(raw, 9)).decode("ascii")


def tiles(result: Result, names: Sequence[str]) -> Tiles:
    """Bin a recording; no more bins than frames fit into at their own rate."""
    t_s = result.measured.t_s
    start_s, bin_s, bins = _bins(t_s)
    place = np.minimum(((t_s - start_s) / bin_s + 1e-6).astype(np.intp), bins - 1)
    columns = [_binned(name, result.measured.values[name], place, bins) for name in names]
    low, high, sd = (np.stack([c[k] for c in columns]) for k in range(3))
    return Tiles(start_s=start_s, bin_s=bin_s, bins=bins, names=tuple(names), low=low, high=high, sd=sd)


def _bins(t_s: Float) -> tuple[float, float, int]:
    if len(t_s) < 2:
        return (float(t_s[0]) if len(t_s) else 0.0), 1.0, 1
    step = max(float(np.median(np.diff(t_s))), _LEAST_STEP_S)
    span = float(t_s[-1] - t_s[0]) + step
    bin_s = max(step, span / MOST_BINS)
    return float(t_s[0]), bin_s, min(MOST_BINS, max(1, ceil(span / bin_s - 1e-6)))


def _binned(
    name: str, estimate: Estimate, place: NDArray[np.intp], bins: int
) -> tuple[NDArray[np.int16], NDArray[np.int16], NDArray[np.int16]]:
    scale = 10.0 ** QUANTITIES[name].decimals
    valid = estimate.valid
    where = place[valid]
    steps = np.clip(np.rint(estimate.value[valid] * scale), -32_000, 32_000)
    low, high = np.full(bins, np.inf), np.full(bins, -np.inf)
    np.minimum.at(low, where, steps)
    np.maximum.at(high, where, steps)
    count = np.bincount(where, minlength=bins)
    total = np.bincount(where, estimate.sd[valid], bins)
    told = count > 0
    sd = np.clip(np.rint(total / np.maximum(count, 1) * scale * 10.0), 0, 32_000)
    return (
        np.where(told, low, MISSING).astype(np.int16),
        np.where(told, high, MISSING).astype(np.int16),
        np.where(told, sd, MISSING).astype(np.int16),
    )


def runs(t_s: Float, seconds: Float, state: Codes, reason: Codes) -> list[list[Any]]:
    """[[start_s, end_s, state, reason], …]: stretches of one state and reason; gaps between frames are left out."""
    if len(t_s) == 0:
        return []
    ends = t_s + seconds
    new = (np.diff(state) != 0) | (np.diff(reason) != 0) | (t_s[1:] > ends[:-1] + 1e-6)
    first = np.append(0, np.flatnonzero(new) + 1)
    last = np.append(first[1:] - 1, len(t_s) - 1)
    return [
        [round(float(t_s[a]), 3), round(float(ends[b]), 3), int(state[a]), int(reason[a])]
        for a, b in zip(first.tolist(), last.tolist(), strict=True)
    ]
