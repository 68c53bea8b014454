"""By how much one camera's recording of a session began later than another's: from movements that both see.

Heads and shoulders go up and down by the same amounts at the same moments for every camera that stands level, and
what moves moves for all of them. The speeds of these signals, in parts of the person's own size, are compared at
every lag. The offset is where they agree best; it is refused unless that agreement is strong, far better than at any
other lag, and found again in parts of the session.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np

from posture_cv.arguments import of_kind
from posture_cv.errors import InputError
from posture_cv.landmarks import names
from posture_cv.landmarks.types import Landmarks
from posture_cv.measure.types import Float

RATE_HZ: Final = 20.0
SMOOTH_S: Final = 0.4  # landmarks tremble faster than people move (ours)
LEAST_OVERLAP_S: Final = 15.0
LEAST_AGREEMENT: Final = 0.5  # correlation at the best lag
LEAST_LEAD: Final = 0.15  # over the best lag farther than `APART_S` from it
APART_S: Final = 2.0
PARTS: Final = 4  # of the session, each of which must find the offset again
LEAST_PARTS: Final = 2
MOST_SPAN_HOURS: Final = 48.0  # all of it is searched at once; a false time would fill the memory (ours)
MOST_DRIFT_S: Final = 1.0  # of the clocks against each other, over the session
_HEAD: Final = [names.NOSE, names.LEFT_EAR, names.RIGHT_EAR]
_HELP: Final = (
    "Give the offset yourself with --offset. Deliberate movements that both cameras see make it findable: bow a few "
    "times at the beginning and again at the end of the session, with pauses that all differ."
)


class OffsetNotFoundError(InputError):
    """Two recordings do not tell by how much one began later."""


@dataclass(frozen=True, slots=True)
class Offset:
    """When the second recording began, on the first one's clock.

    Attributes:
        offset_s: first recording's time = second recording's time + `offset_s`.
        sd_s: standard deviation of its error, over the session where the clocks drift; 0 where the user gave it.
        agreement: correlation of the movements at that offset, NaN where the user gave it.
        lead: how much lower it is at the best other offset.
        overlap_s: time that both recordings show.
        drift_s: how much larger it is at the end of that time than at its beginning, NaN where the user gave it.
    """

    offset_s: float
    sd_s: float = 0.0
    agreement: float = float("nan")
    lead: float = float("nan")
    overlap_s: float = float("nan")
    drift_s: float = float("nan")

    @property
    def found(self) -> bool:
        """Whether it was found in the recordings."""
        return bool(np.isfinite(self.agreement))


@dataclass(frozen=True, slots=True, eq=False)
class Movements:
    """How fast a person moved in one recording, on a grid of `RATE_HZ`.

    Attributes:
        start_s: time of the first grid point.
        speeds: (3, N) of head and shoulders upward and of all points together, in body sizes a second; NaN unknown.
    """

    start_s: float
    speeds: Float

    @property
    def duration_s(self) -> float:
        """Length of the grid."""
        return float(self.speeds.shape[1] / RATE_HZ)


def movements(blocks: Iterable[Landmarks]) -> Movements:
    """The movements that a recording shows, block by block.

    Raises:
        OffsetNotFoundError: fewer than two frames, times that span days, or nobody in them.
    """
    parts = [(block.t_s, block.pose_px()[:, [*_HEAD, *names.SHOULDERS]]) for block in blocks if len(block)]
    t_s = np.concatenate([t for t, _ in parts]) if parts else np.empty(0)
    if len(t_s) < 2:
        raise _not_found("One of the recordings holds fewer than two frames.")
    if t_s[-1] - t_s[0] > 3600.0 * MOST_SPAN_HOURS:
        raise _not_found(f"The times of one of the recordings span more than {MOST_SPAN_HOURS:g} hours.")
    points = np.concatenate([p for _, p in parts])
    head, shoulders = points[:, :3].mean(axis=1), points[:, 3:].mean(axis=1)
    sizes = np.linalg.norm(head - shoulders, axis=1)
    if not np.isfinite(sizes).any():
        raise _not_found("One of the recordings shows nobody.")
    size = max(float(np.nanmedian(sizes)), 1.0)
    seen = np.stack([head[:, 1], shoulders[:, 1], *points.reshape(len(t_s), -1).T]) / size
    step = 1.0 / RATE_HZ
    grid = np.arange(np.ceil(t_s[0] / step), np.floor(t_s[-1] / step) + 1) * step
    if len(grid) < LEAST_OVERLAP_S * RATE_HZ:
        raise _not_found(f"One of the recordings is shorter than {LEAST_OVERLAP_S:g} s.")
    smooth = np.stack([_resampled(t_s, row, grid) for row in seen])
    velocity = np.gradient(smooth, step, axis=1)
    overall = np.sqrt((velocity[2:] ** 2).mean(axis=0))
    return Movements(float(grid[0]), np.stack([velocity[0], velocity[1], overall]))


def _resampled(t_s: Float, values: Float, grid: Float) -> Float:
    """A signal on the grid, smoothed by a triangle of `SMOOTH_S`; NaN where it is not known within that time."""
    known = np.isfinite(values)
    if known.sum() < 2:
        return np.full(len(grid), np.nan)
    line = np.interp(grid, t_s[known], values[known])
    half = round(SMOOTH_S * RATE_HZ / 2.0)
    weight = np.convolve(np.ones(half + 1), np.ones(half + 1))
    padded = np.pad(line, half, mode="edge")
    smooth = np.convolve(padded, weight / weight.sum(), mode="valid")
    place = np.searchsorted(t_s[known], grid)
    before = t_s[known][np.clip(place - 1, 0, known.sum() - 1)]
    after = t_s[known][np.clip(place, 0, known.sum() - 1)]
    near = np.minimum(np.abs(grid - before), np.abs(after - grid)) <= SMOOTH_S
    return np.where(near, smooth, np.nan)


def find_offset(
    first: Landmarks | Iterable[Landmarks],
    second: Landmarks | Iterable[Landmarks],
    *,
    most_s: float = 600.0,
) -> Offset:
    """By how much the second recording began later than the first.

    Args:
        first, second: landmarks of both recordings, whole or in blocks (`RecordingReader.blocks`).
        most_s: the offset is looked for between minus and plus so many seconds.

    Raises:
        OffsetNotFoundError: too short, nothing moves, no clear agreement, or parts of the session contradict.
        InputError: `first` or `second` is neither landmarks nor blocks of them.
    """
    one, other = (movements(_blocks(lm)) for lm in (first, second))
    lags, agreement = _agreements(one, other, most_s)
    if not np.isfinite(agreement).any():
        raise _not_found(f"They do not have {LEAST_OVERLAP_S:g} s of movement in common.")
    best = int(np.nanargmax(agreement))
    lag, peak = _vertex(lags, agreement, best)
    rest = np.where(np.abs(lags - lags[best]) > APART_S, agreement, np.nan)
    lead = peak - (float(np.nanmax(rest)) if np.isfinite(rest).any() else 0.0)
    if peak < LEAST_AGREEMENT or lead < LEAST_LEAD:
        raise _not_found(
            f"At the best offset ({lag:+.1f} s) the movements agree with r = {peak:.2f}, {lead:.2f} more than at the "
            f"best other one; {LEAST_AGREEMENT} and {LEAST_LEAD} are needed. Offsets up to {most_s:g} s were tried."
        )
    sd_s, drift_s = _sd_and_drift(one, other, lag)
    return Offset(
        offset_s=lag,
        sd_s=sd_s,
        agreement=peak,
        lead=lead,
        overlap_s=_overlap_s(one, other, lag),
        drift_s=drift_s,
    )


def _blocks(given: Landmarks | Iterable[Landmarks]) -> Iterator[Landmarks]:
    """Of one recording."""
    if isinstance(given, Landmarks) or not isinstance(given, Iterable):
        given = [given]
    for block in given:
        yield of_kind(block, Landmarks, "landmarks", "Make them with read_recording(...).landmarks.")


def _agreements(one: Movements, other: Movements, most_s: float) -> tuple[Float, Float]:
    """Lags in seconds and the correlation at each, over what both know; NaN where that is too little."""
    first = _lag_steps(one, other, -most_s)
    last = _lag_steps(one, other, most_s)
    a, b = one.speeds, other.speeds
    least = LEAST_OVERLAP_S * RATE_HZ
    low = max(first, -(b.shape[1] - int(least)))
    high = min(last, a.shape[1] - int(least))
    steps = np.arange(low, high + 1)
    if len(steps) == 0:
        return np.zeros(1), np.full(1, np.nan)
    values = np.mean([_correlations(x, y, steps, least) for x, y in zip(a, b, strict=True)], axis=0)
    return steps / RATE_HZ + one.start_s - other.start_s, values


def _lag_steps(one: Movements, other: Movements, lag_s: float) -> int:
    return round((lag_s - one.start_s + other.start_s) * RATE_HZ)


def _correlations(
    x: Float, y: Float, steps: np.ndarray[tuple[int], np.dtype[np.int64]], least: float
) -> Float:
    """Pearson's r of x[k + step] and y[k] over the k at which both are known, by Fourier transforms."""
    known_x, known_y = np.isfinite(x), np.isfinite(y)
    x0, y0 = np.where(known_x, x, 0.0), np.where(known_y, y, 0.0)
    size = 1 << int(np.ceil(np.log2(len(x) + len(y))))

    def summed(u: Float, v: Float) -> Float:
        spectrum = np.fft.rfft(u, size) * np.conj(np.fft.rfft(v, size))
        return np.asarray(np.fft.irfft(spectrum, size)[steps % size], np.float64)

    kx, ky = known_x.astype(np.float64), known_y.astype(np.float64)
    n = np.maximum(np.round(summed(kx, ky)), 1.0)
    sx, sy = summed(x0, ky), summed(kx, y0)
    vx = np.maximum(summed(x0**2, ky) - sx**2 / n, 0.0)
    vy = np.maximum(summed(kx, y0**2) - sy**2 / n, 0.0)
    moving = (vx > 1e-9) & (vy > 1e-9) & (n >= least)
    r = (summed(x0, y0) - sx * sy / n) / np.sqrt(np.where(moving, vx * vy, 1.0))
    return np.where(moving, r, np.nan)


def _vertex(lags: Float, values: Float, best: int) -> tuple[float, float]:
    """Place and height of the parabola through the best lag and its neighbours."""
    if 0 < best < len(lags) - 1 and np.isfinite(values[best - 1 : best + 2]).all():
        before, at, after = values[best - 1 : best + 2]
        bend = before - 2.0 * at + after
        if bend < 0.0:
            shift = 0.5 * (before - after) / bend
            return float(lags[best] + shift / RATE_HZ), float(at - 0.25 * (before - after) * shift)
    return float(lags[best]), float(values[best])


def _sd_and_drift(one: Movements, other: Movements, lag_s: float) -> tuple[float, float]:
    """Standard deviation of the offset's error, and how much the offset grows over the session, in seconds.

    The error is that of the mean over parts of the session, of what the offset strays from that mean while it drifts
    (uniformly, by 1 / sqrt(12) of the drift), and of two clocks of `RATE_HZ` each (likewise, of one step).
    """
    places, found = _offsets_of_parts(one, other, lag_s)
    drift_s = float(np.polyfit(places, found, 1)[0])
    if max(np.abs(found)) > APART_S / 2.0 or abs(drift_s) > MOST_DRIFT_S:
        raise _not_found("Parts of the session give different offsets: the clocks drift, or one has gaps.")
    scatter = float(np.std(found, ddof=1) / np.sqrt(len(found)))
    return float(np.hypot(scatter, np.hypot(drift_s, 1.0 / RATE_HZ) / np.sqrt(12.0))), drift_s


def _offsets_of_parts(one: Movements, other: Movements, lag_s: float) -> tuple[list[float], list[float]]:
    """Where in the session (0-1) the parts that tell an offset lie, and by how much theirs is larger than `lag_s`."""
    shift = _lag_steps(one, other, lag_s)
    length = min(one.speeds.shape[1] - shift, other.speeds.shape[1])
    start = max(0, -shift)
    edges = np.linspace(start, length, PARTS + 1).astype(int)
    around = np.arange(-round(APART_S * RATE_HZ), round(APART_S * RATE_HZ) + 1)
    places, found = [], []
    for number, (low, high) in enumerate(pairwise(edges.tolist())):
        wanted = np.arange(low, high)
        part = [
            _correlations(a[low + shift : high + shift], b[wanted], around, 0.5 * (high - low))
            for a, b in zip(one.speeds, other.speeds, strict=True)
        ]
        values = np.mean(part, axis=0)
        if np.isfinite(values).any() and np.nanmax(values) >= LEAST_AGREEMENT:
            places.append((number + 0.5) / PARTS)
            found.append(_vertex(around / RATE_HZ, values, int(np.nanargmax(values)))[0])
    if len(found) < LEAST_PARTS:
        raise _not_found(f"Only {len(found)} of {PARTS} parts of the session show movements that agree.")
    return places, found


def _overlap_s(one: Movements, other: Movements, lag_s: float) -> float:
    start = max(one.start_s, other.start_s + lag_s)
    end = min(one.start_s + one.duration_s, other.start_s + other.duration_s + lag_s)
    return max(0.0, end - start)


def _not_found(why: str) -> OffsetNotFoundError:
    return OffsetNotFoundError(
        "The two recordings cannot be brought together by their movements.", why, _HELP
    )
