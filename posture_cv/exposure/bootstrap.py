"""Confidence intervals of a time series that resembles itself from second to second.

Blocks of consecutive epochs are drawn with replacement (circular block bootstrap: Künsch 1989; Politis & Romano
1992), so that what belongs together stays together; their length follows Politis & White 2004 with the
correction of Patton et al. 2009. The error of the measurement goes in too: every replicate of a recording shifts
all its values by the same share of their stated standard deviation, because a baseline that is off is off for
the whole recording. That is the unfavourable case.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil, isnan, log, log10, nan, sqrt
from statistics import NormalDist
from typing import Final

import numpy as np
from numpy.typing import NDArray

from posture_cv.exposure.types import Figure
from posture_cv.measure.types import Float

REPLICATES: Final = 1000
LEVEL: Final = 0.95
SEED: Final = 11226
LEAST_BLOCKS: Final = 3  # fewer blocks than this in a recording and its interval would be a guess
# The error's distribution in equally probable steps; the middle one is 0.
ERROR_STEPS: Final = np.array([NormalDist().inv_cdf((k + 0.5) / 21) for k in range(21)])
NO_ERROR: Final = 10


def autocovariance(x: Float, lags: int) -> Float:
    """(lags + 1,) autocovariance of (N,) `x` about its mean, divided by N."""
    centred = x - x.mean()
    size = 1 << (2 * len(x) - 1).bit_length()
    power = np.abs(np.fft.rfft(centred, size)) ** 2
    return np.asarray(np.fft.irfft(power, size)[: lags + 1] / len(x), np.float64)


def block_length(x: Float) -> float:
    """Block length of the circular bootstrap for (N,) values, in epochs, between 1 and N / 3.

    Politis & White 2004: the flat-top lag window is as wide as twice the lag after which the autocorrelation
    stays below 2 sqrt(log10 N / N) for a while; the length is (2 G^2 / D)^(1/3) N^(1/3).
    """
    n = len(x)
    if n < 8:
        return max(1.0, n / 3.0)
    most_lags = ceil(sqrt(n)) + max(5, ceil(log10(n)))
    covariance = autocovariance(x, min(2 * most_lags, n - 1))
    if covariance[0] <= 1e-12:
        return 1.0
    wide = 2 * _lag(covariance / covariance[0], n, most_lags)
    k = np.arange(-wide, wide + 1)
    window = np.clip(2.0 * (1.0 - np.abs(k) / max(wide, 1)), 0.0, 1.0)
    r = covariance[np.minimum(np.abs(k), len(covariance) - 1)]
    g, spectrum = float((window * np.abs(k) * r).sum()), float((window * r).sum())
    if spectrum <= 0.0:
        return n / 3.0
    length = (2.0 * g**2 / (4.0 / 3.0 * spectrum**2)) ** (1.0 / 3.0) * n ** (1.0 / 3.0)
    return float(min(max(length, 1.0), ceil(min(3.0 * sqrt(n), n / 3.0))))


def _lag(correlation: Float, n: int, most_lags: int) -> int:
    """The lag after which the autocorrelation is small for a while; at most `most_lags`."""
    calm = max(5, ceil(sqrt(log10(n))))
    limit = 2.0 * sqrt(log10(n) / n)
    small = np.abs(correlation[1:]) < limit
    for lag in range(min(most_lags, len(small))):
        if small[lag : lag + calm].all():
            return max(lag, 1)
    return min(most_lags, len(correlation) - 1)


@dataclass(frozen=True, slots=True, eq=False)
class Resampling:
    """How often each epoch of one recording comes in each replicate.

    Attributes:
        counts: (B, E) float32.
        error: (B,) index into `ERROR_STEPS` of the shift common to the recording.
        block: block length in epochs.
        enough: whether the recording holds `LEAST_BLOCKS` blocks.
    """

    counts: NDArray[np.float32]
    error: NDArray[np.intp]
    block: int
    enough: bool


def resampling(name: str, epochs: int, block: float, replicates: int = REPLICATES) -> Resampling:
    """Draw the replicates of one recording; the same for the same name, whatever else is in the study."""
    random = np.random.default_rng([SEED, zlib.crc32(name.encode())])
    error = np.resize(random.permutation(len(ERROR_STEPS)), replicates)
    length = max(1, min(epochs, round(block)))
    counts = np.zeros((replicates, epochs), np.float32)
    if epochs:
        blocks = ceil(epochs / length)
        starts = random.integers(0, epochs, (replicates, blocks))
        last = epochs - (blocks - 1) * length
        for b in range(blocks):
            _add_block(counts, starts[:, b], last if b == blocks - 1 else length)
    return Resampling(counts, random.permutation(error), length, epochs >= LEAST_BLOCKS * length)


def _add_block(counts: NDArray[np.float32], start: NDArray[np.int64], length: int) -> None:
    """Add one block to every replicate, around the end."""
    rows = np.arange(len(counts))[:, None]
    columns = (start[:, None] + np.arange(length)[None, :]) % counts.shape[1]
    counts[rows, columns] += 1.0  # within one block no epoch comes twice


def interval(value: float, replicates: Float, *, enough: bool) -> Figure:
    """The value with its percentile interval of (B,) replicates; without one where the data do not carry it."""
    known = replicates[np.isfinite(replicates)]
    if isnan(value) or not enough or len(known) < len(replicates) / 2:
        return Figure(value)
    low, high = np.quantile(known, [(1.0 - LEVEL) / 2.0, (1.0 + LEVEL) / 2.0])
    return Figure(value, float(min(low, value)), float(max(high, value)))


def never_certain(figure: Figure, unit: str, independent: float, hours: float) -> Figure:
    """What was never seen is not known to be absent: its interval is at least as wide as the exact limit.

    A share of 0 or 1 gets the exact limit of Clopper & Pearson 1934, with the blocks (of one recording) or the
    participants (of several) as the independent observations; a rate of 0 an hour the exact Poisson limit. A
    bootstrap knows only what was seen: a few uncertain frames give it some length, but not the doubt about what
    was not watched, so the wider of the two holds.

    Args:
        figure: with its bootstrap interval.
        unit: "1" for a share, "1/h" for a rate; others are left alone.
        independent: number of independent observations.
        hours: in which a rate was watched.
    """
    reach = unseen_limit(unit, independent, hours)
    if not figure.has_interval or isnan(reach):
        return figure
    if figure.value == 0.0:
        return Figure(0.0, figure.low, max(figure.high, reach))
    if figure.value == 1.0 and unit == "1":
        return Figure(1.0, min(figure.low, 1.0 - reach), figure.high)
    return figure


def unseen_limit(unit: str, independent: float, hours: float) -> float:
    """The largest share or rate that would leave a thing unseen with a probability of 2.5 %; NaN for other units.

    Args:
        unit: "1" for a share, "1/h" for a rate.
        independent: number of independent observations of a share.
        hours: in which a rate was watched.
    """
    tail = (1.0 - LEVEL) / 2.0
    if unit == "1":
        return float(1.0 - tail ** (1.0 / max(independent, 1.0)))
    return -log(tail) / hours if unit == "1/h" and hours > 0.0 else nan


def never_differed(figure: Figure, unit: str, independent: float, hours: tuple[float, float]) -> Figure:
    """A difference of two things of which neither was ever seen (or both always) is not known to be nought.

    Shares: if a participant's two shares differ at all with probability p, the mean difference is at most p in
    size, as no share exceeds 1; p has the exact limit of Clopper & Pearson 1934 for none of n participants. Rates:
    the difference is at most the second rate and at least minus the first; each has its exact Poisson limit. The
    wider of this and the bootstrap holds; no limit can be derived for other units, which get no interval.

    Args:
        figure: the difference 0 with its bootstrap interval.
        unit: "1" for a share, "1/h" for a rate.
        independent: number of participants.
        hours: in which a rate was watched in the first and the second condition.
    """
    first, second = (unseen_limit(unit, independent, h) for h in hours)
    if not figure.has_interval:
        return figure
    if isnan(first) or isnan(second):
        return figure if figure.low < figure.high else Figure(figure.value)
    return Figure(figure.value, min(figure.low, -first), max(figure.high, second))


def over_participants(values: Iterable[tuple[float, Float]], name: str) -> tuple[float, Float]:
    """Mean over participants, each of equal weight, and its replicates.

    Every replicate draws participants with replacement and, of each, one of the replicates of their own
    recordings (two-stage bootstrap), so that both the choice of people and the time watched are in it.

    Args:
        values: (value, (B,) replicates) of each participant.
        name: seeds the draw.
    """
    cells = [(value, reps) for value, reps in values if not isnan(value)]
    if not cells:
        return nan, np.full(REPLICATES, nan)
    random = np.random.default_rng([SEED, zlib.crc32(name.encode()), len(cells)])
    table = np.stack([reps for _, reps in cells])  # (P, B)
    who = random.integers(0, len(cells), (table.shape[1], len(cells)))
    which = random.integers(0, table.shape[1], who.shape)
    drawn = table[who, which]
    told = np.isfinite(drawn)
    count = told.sum(axis=1)
    sums = np.where(told, drawn, 0.0).sum(axis=1)
    means = np.where(count > 0, sums / np.maximum(count, 1), nan)
    return float(np.mean([value for value, _ in cells])), means
