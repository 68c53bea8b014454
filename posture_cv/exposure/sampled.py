"""Statistics of one recording with their replicates, which add up over recordings."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import nan
from typing import Final, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from posture_cv.exposure.bootstrap import ERROR_STEPS, NO_ERROR, REPLICATES, Resampling
from posture_cv.measure.types import Float

PERCENTS: Final = (10, 50, 90)
_MOST_CELLS: Final = 10_000
"""To each side of 0, so 1,000 degrees. What lies beyond counts as there: one false value would fill the memory."""


class Sampled(Protocol):
    """What every kind of statistic can do."""

    def plus(self, other: Self) -> Self:
        """Both recordings together."""

    def value(self) -> float:
        """The value itself."""

    def replicates(self) -> Float:
        """(B,) bootstrap replicates; all NaN for what cannot be resampled."""


@dataclass(frozen=True, slots=True, eq=False)
class Ratio:
    """A sum over time divided by another: a share, a rate, a dose an hour.

    Attributes:
        part, whole: the sums; the value is `scale * part / whole`.
        parts, wholes: (B,) their replicates.
        scale: for example 3600 for "an hour".
    """

    part: float
    whole: float
    parts: Float
    wholes: Float
    scale: float = 1.0

    @classmethod
    def of(cls, part: Float, whole: Float, drawn: Resampling, scale: float = 1.0) -> Ratio:
        """From (E,) or, per error step, (21, E) contributions and the (E,) time they are set against."""
        table = part if part.ndim == 2 else np.broadcast_to(part, (len(ERROR_STEPS), len(part)))
        parts = np.empty(len(drawn.counts))
        for step in range(len(ERROR_STEPS)):
            rows = drawn.error == step
            parts[rows] = drawn.counts[rows] @ table[step].astype(np.float32)
        wholes = (drawn.counts @ whole.astype(np.float32)).astype(np.float64)
        return cls(float(table[NO_ERROR].sum()), float(whole.sum()), parts, wholes, scale)

    def plus(self, other: Ratio) -> Ratio:
        """The sums over both."""
        return Ratio(
            self.part + other.part,
            self.whole + other.whole,
            self.parts + other.parts,
            self.wholes + other.wholes,
            self.scale,
        )

    def value(self) -> float:
        """See `Sampled`."""
        return self.scale * self.part / self.whole if self.whole > 0.0 else nan

    def replicates(self) -> Float:
        """See `Sampled`."""
        ok = self.wholes > 0.0
        divided = self.scale * self.parts / np.where(ok, self.wholes, 1.0)
        return np.where(ok, divided, nan)


@dataclass(frozen=True, slots=True, eq=False)
class Distribution:
    """Time by value, in steps of the precision of the quantity: percentiles follow from it.

    Attributes:
        step: width of a cell; cell k is centred on `(first + k) * step`, H cells in all.
        first: see above.
        time_s: (H,) seconds in each cell.
        times_s: (B, H) replicates, float32.
        percent: which percentile `value` gives.
    """

    step: float
    first: int
    time_s: Float
    times_s: NDArray[np.float32]
    percent: float = 50.0

    @classmethod
    def of(cls, mean: Float, sd: Float, seconds: Float, drawn: Resampling, step: float) -> Distribution:
        """From (E,) values, their uncertainty and the time in which they were told; at least one was."""
        columns = np.flatnonzero(seconds > 0.0)
        weight = seconds[columns]
        exact = np.rint((mean[columns] + ERROR_STEPS[:, None] * sd[columns]) / step)
        cells = np.clip(exact, -_MOST_CELLS, _MOST_CELLS).astype(np.intp)  # (21, T)
        first = int(cells.min())
        cells -= first
        width = int(cells.max()) + 1
        times = np.empty((len(drawn.counts), width), np.float32)
        for b, error in enumerate(drawn.error.tolist()):
            times[b] = np.bincount(cells[error], drawn.counts[b, columns] * weight, width)
        whole = np.asarray(np.bincount(cells[NO_ERROR], weight, width), np.float64)
        return cls(step, first, whole, times)

    def at(self, percent: float) -> Distribution:
        """The same for another percentile."""
        return Distribution(self.step, self.first, self.time_s, self.times_s, percent)

    def plus(self, other: Distribution) -> Distribution:
        """The time of both."""
        first = min(self.first, other.first)
        last = max(d.first + len(d.time_s) for d in (self, other))
        time_s = np.zeros(last - first)
        times = np.zeros((len(self.times_s), last - first), np.float32)
        for d in (self, other):
            place = slice(d.first - first, d.first - first + len(d.time_s))
            time_s[place] += d.time_s
            times[:, place] += d.times_s
        return Distribution(self.step, first, time_s, times, self.percent)

    def value(self) -> float:
        """See `Sampled`."""
        return float(self._percentile(self.time_s[None, :])[0])

    def replicates(self) -> Float:
        """See `Sampled`."""
        return self._percentile(self.times_s)

    def _percentile(self, times: NDArray[np.floating]) -> Float:
        """(B,) the smallest value with at least that share of the time at or below it."""
        rising = np.cumsum(times, axis=1, dtype=np.float64)
        whole = rising[:, -1]
        reached = rising >= (self.percent / 100.0) * whole[:, None] - 1e-9
        cell = reached.argmax(axis=1) + self.first
        return np.where(whole > 0.0, np.round(cell * self.step, 6), nan)


@dataclass(frozen=True, slots=True)
class Plain:
    """Values that cannot be resampled in blocks: a longest spell, a number of times, recovery times.

    Attributes:
        values: of all recordings together.
        how: "max", "sum", "mean" or "median".
    """

    values: tuple[float, ...]
    how: str

    def plus(self, other: Plain) -> Plain:
        """The values of both."""
        return Plain((*self.values, *other.values), self.how)

    def value(self) -> float:
        """See `Sampled`."""
        if not self.values:
            return nan
        return _REDUCE[self.how](self.values)

    def replicates(self) -> Float:
        """Of a mean or median of five or more values, drawn with replacement; otherwise none."""
        if self.how not in ("mean", "median") or len(self.values) < LEAST_EVENTS:
            return np.full(REPLICATES, nan)
        values = np.array(self.values)
        random = np.random.default_rng(len(values))
        drawn = values[random.integers(0, len(values), (REPLICATES, len(values)))]
        reduce = np.median if self.how == "median" else np.mean
        return np.asarray(reduce(drawn, axis=1), np.float64)


LEAST_EVENTS: Final = 5  # ours: a median of fewer has no interval worth the name


def _median(values: Sequence[float]) -> float:
    return float(np.median(np.array(values)))


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(np.array(values)))


_REDUCE: Final[Mapping[str, Callable[[Sequence[float]], float]]] = {
    "max": max,
    "sum": sum,
    "mean": _mean,
    "median": _median,
}
