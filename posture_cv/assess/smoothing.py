"""Trailing means of the measurements: the same numbers for a whole recording and frame by frame.

Values are summed as integers of 1e-4 units and times are integer microseconds, so that a running sum over an
hour and the sum over one window of a stream agree to the last bit.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from posture_cv.assess.calculus import NUMBERS
from posture_cv.assess.jumps import BEFORE, ends_jump, jumps
from posture_cv.assess.settings import SmoothingSettings
from posture_cv.assess.trail import SCALE, Integers, Trail, commonest
from posture_cv.measure.types import QUANTITIES, Codes, Estimate, Float, Measurements, Reason, View

Int = NDArray[np.int64]
NAMES: Final = tuple(QUANTITIES)
_OK: Final = int(Reason.OK)
_UNSTABLE: Final = int(Reason.UNSTABLE)
_LIMIT: Final = 10**10  # 1e6 units; nothing measured here is larger, and an int64 holds 1e8 such summands
TRUNK_CM_PER_DEG: Final = 50.0 * np.pi / 180.0  # hip to C7 taken as 50 cm (ours)
_HEAD_CM_PER_DEG: Final = 10.0 * np.pi / 180.0  # neck's upper joint to the face taken as 10 cm (ours)
# What moves the head or the shoulders by how many cm a unit (the cm themselves: 1).
_MOTION: Final = {
    "approach_cm": 1.0,
    "head_forward_cm": 1.0,
    "sink_cm": 1.0,
    "trunk_incl_deg": TRUNK_CM_PER_DEG,
    "lateral_lean_deg": TRUNK_CM_PER_DEG,
    "head_pitch_deg": _HEAD_CM_PER_DEG,
    "head_yaw_deg": _HEAD_CM_PER_DEG,
}
_MOTION_ROWS: Final = np.array([NAMES.index(name) for name in _MOTION])
_MOTION_WEIGHTS: Final = np.array(list(_MOTION.values()))[:, None]
_MOTION_OF: Final = tuple((NAMES.index(name), float(weight)) for name, weight in _MOTION.items())


@dataclass(frozen=True, slots=True, eq=False)
class Smoothed:
    """Smoothed measurements of N frames, at the frames' own times.

    Attributes:
        measurements: trailing means; the uncertainty is the mean of the frames' own, because the errors
            within two seconds of one posture are mostly common to all its frames.
        activity: (N,) cm/s, see `States.activity`; NaN where it cannot be told.
    """

    measurements: Measurements
    activity: Float


@dataclass(frozen=True, slots=True, eq=False)
class _Rows:
    """N frames as integers, a row a quantity; the last row of `reason` is the frame as a whole."""

    t_us: Int  # (N,)
    value: Int  # (Q, N), 0 where not valid
    sd: Int  # (Q, N), 0 where not valid
    reason: Codes  # (Q + 1, N)
    view: Codes  # (N,)
    jump: NDArray[np.int32]  # (N,) 1 where a frame ends a jump

    def tail_then(self, start: int, other: _Rows) -> _Rows:
        """The frames from `start`, and after them those of another."""
        return _Rows(
            np.concatenate([self.t_us[start:], other.t_us]),
            np.concatenate([self.value[:, start:], other.value], axis=1),
            np.concatenate([self.sd[:, start:], other.sd], axis=1),
            np.concatenate([self.reason[:, start:], other.reason], axis=1),
            np.concatenate([self.view[start:], other.view]),
            np.concatenate([self.jump[start:], other.jump]),
        )


def microseconds(t_s: Float | float) -> Int:
    """(…) seconds as whole microseconds."""
    return np.rint(np.asarray(t_s, np.float64) * 1e6).astype(np.int64)


def _fixed(rows: list[Float], valid: NDArray[np.bool_]) -> Int:
    values = np.array(rows)
    values[~(valid & np.isfinite(values))] = 0.0
    values *= SCALE
    return np.rint(np.clip(values, -_LIMIT, _LIMIT, out=values), out=values).astype(np.int64)


def _rows(m: Measurements) -> _Rows:
    estimates = [m.values[name] for name in NAMES]
    reason = np.array([*(e.reason for e in estimates), m.reason], np.int8)
    valid = reason[:-1] == _OK
    value, sd = (_fixed([getattr(e, part) for e in estimates], valid) for part in ("value", "sd"))
    jump = np.zeros(len(m), np.int32)  # known only together with the frames before
    return _Rows(microseconds(m.t_s), value, sd, reason, m.view.astype(np.int8), jump)


def _running(rows: NDArray[np.generic], dtype: type[np.integer[Any]] = np.int64) -> Int:
    """(…, N + 1) sums of all that lies before each place."""
    total = np.zeros((*rows.shape[:-1], rows.shape[-1] + 1), dtype)
    np.cumsum(rows, axis=-1, dtype=dtype, out=total[..., 1:])
    return total


def _at(total: Int, places: Int) -> Int:
    """(…, W) the sums before each place; places that follow each other, as at an even frame rate, are not copied."""
    first, count = (int(places[0]), len(places)) if len(places) else (0, 0)
    if count and places[-1] - first == count - 1 and (np.diff(places) == 1).all():
        return total[..., first : first + count]
    return total.take(places, axis=-1, mode="clip")


def _between(total: Int, start: Int, end: Int) -> Int:
    """(…, W) sums of the places start:end of each window."""
    return np.asarray(_at(total, end) - _at(total, start))


def _majority(codes: Codes, start: Int, end: Int, skip: int) -> Codes:
    """(W,) most frequent code of each window (the smallest of equals), without the code `skip`."""
    best, winner = np.zeros(len(start), np.int64), np.zeros(len(start), np.int8)
    for code in np.flatnonzero(np.bincount(codes)):
        if code != skip:
            count = _between(_running(codes == code, np.int32), start, end)
            winner[count > best] = code
            best = np.maximum(best, count)
    return winner


def _reasons(rows: _Rows, count: Int, start: Int, end: Int, valid_share: float) -> Codes:
    """(Q + 1, W) OK where enough frames of the window are valid, else the reason most of the others give.

    Most quantities are withheld together: equal rows are looked at once.
    """
    need = np.maximum(np.ceil(valid_share * (end - start) - 1e-9), 1)
    withheld = count < need
    reason = np.zeros(withheld.shape, np.int8)
    known: dict[bytes, int] = {}
    for row in np.flatnonzero(withheld.any(axis=1)).tolist():
        same = known.setdefault(rows.reason[row].tobytes(), row)
        if same != row:
            reason[row] = reason[same]
            continue
        where = np.flatnonzero(withheld[row])
        given = np.flatnonzero(np.bincount(rows.reason[row]))
        others = given[given != _OK]
        if len(others) == 1:  # a window that is withheld holds one of these at least
            reason[row, where] = others[0]
        else:
            reason[row, where] = _majority(rows.reason[row], start[where], end[where], _OK)
    return reason


def _activity(total: Int, valid: Int, rows: _Rows, start: Int, end: Int, window_us: int) -> Float:
    """(W,) cm/s: difference of the means of the window's two halves, of whatever moved fastest."""
    middle = np.searchsorted(rows.t_us, rows.t_us[end - 1] - window_us // 2, side="right")
    halves = []
    for part in (total[_MOTION_ROWS], valid[_MOTION_ROWS]):
        half = _at(part, middle) - _at(part, start)
        halves.append((half, _between(part, start, end) - half))
    means = []
    for summed, count in zip(*halves, strict=True):
        mean = summed / np.maximum(count, 1)
        mean[count == 0] = np.nan
        means.append(mean)
    speed = np.abs(means[1] - means[0]) * _MOTION_WEIGHTS / (SCALE * window_us / 2e6)
    return np.asarray(np.fmax.reduce(speed, axis=0))


def _smooth(rows: _Rows, t_s: Float, start: Int, end: Int, settings: SmoothingSettings) -> Smoothed:
    total, valid = _running(rows.value), _running(rows.reason == _OK, np.int32)
    count = _between(valid, start, end)
    reason = _reasons(rows, count, start, end, settings.valid_share)
    unsteady = _between(_running(rows.jump, np.int32), start, end) >= settings.jumps
    reason[:, unsteady] = np.where(reason[:, unsteady] == _OK, _UNSTABLE, reason[:, unsteady])
    untold = reason[:-1] != _OK
    divisor = np.maximum(count[:-1], 1)
    value = _between(total, start, end) / divisor / SCALE
    sd = _between(_running(rows.sd), start, end) / divisor / SCALE
    value[untold] = np.nan
    sd[untold] = np.nan
    values = {name: Estimate(value[i], sd[i], reason[i]) for i, name in enumerate(NAMES)}
    view = _majority(rows.view, start, end, int(View.UNKNOWN))
    window_us = int(microseconds(settings.window_s))
    activity = _activity(total, valid, rows, start, end, window_us)
    return Smoothed(Measurements(t_s, view, reason[-1], values), activity)


def smooth(m: Measurements, settings: SmoothingSettings) -> Smoothed:
    """Trailing means of N frames over (t - window, t].

    Args:
        m: measurements at strictly increasing times.
        settings: window and the share of it that must be valid.
    """
    return BlockSmoother(settings).push(m)


class BlockSmoother:
    """The same, a block at a time."""

    def __init__(self, settings: SmoothingSettings) -> None:
        self._settings = settings
        self._window: _Rows | None = None

    def push(self, m: Measurements) -> Smoothed:
        """The smoothed values of the frames in `m`, which are later than all before."""
        window_us = int(microseconds(self._settings.window_s))
        rows = self._joined(_rows(m), window_us)
        if len(m):
            self._window = rows
        end = np.arange(len(rows.t_us) - len(m) + 1, len(rows.t_us) + 1)
        start = np.searchsorted(rows.t_us, rows.t_us[end - 1] - max(window_us, 1), side="right")
        return _smooth(rows, m.t_s, start, end, self._settings)

    def _joined(self, rows: _Rows, window_us: int) -> _Rows:
        """The frames before that lie in the window, or begin a jump, and these; jumps are told of all of them."""
        before, known = self._window, 0
        if before is not None and len(rows.t_us):
            first = np.searchsorted(before.t_us, rows.t_us[0] - max(window_us, 1), side="right")
            known = min(len(before.t_us), max(len(before.t_us) - int(first), BEFORE))
            rows = before.tail_then(len(before.t_us) - known, rows)
        jump = jumps(rows.t_us, rows.value, rows.reason)
        jump[:known] = rows.jump[:known]
        return replace(rows, jump=jump)


@dataclass(frozen=True, slots=True, eq=False)
class SmoothedFrame:
    """Trailing means at one frame, as plain numbers; see `Smoothed`.

    Attributes:
        view, reason: codes of the frame as a whole.
        values, sds, reasons: by quantity; NaN and the reason's code where not told.
        activity: cm/s.
    """

    view: int
    reason: int
    values: Mapping[str, float]
    sds: Mapping[str, float]
    reasons: Mapping[str, int]
    activity: float

    @classmethod
    def of(cls, m: Measurements, activity: float = math.nan) -> SmoothedFrame:
        """The one frame of `m`, which holds trailing means."""
        value, sd, reason = (
            {name: getattr(m.values[name], part).item() for name in NAMES}
            for part in ("value", "sd", "reason")
        )
        return cls(m.view.item(), m.reason.item(), value, sd, reason, activity)

    def value(self, name: str) -> float:
        """One quantity."""
        return self.values[name]

    def sd(self, name: str) -> float:
        """Its uncertainty."""
        return self.sds[name]

    def at(self, t_s: Float) -> Smoothed:
        """The same as arrays, at a time (1,)."""
        value, sd = (np.array(list(part.values()))[:, None] for part in (self.values, self.sds))
        codes = np.array([*self.reasons.values(), self.reason, self.view], np.int8)[:, None]
        values = {name: Estimate(value[i], sd[i], codes[i]) for i, name in enumerate(NAMES)}
        return Smoothed(Measurements(t_s, codes[-1], codes[-2], values), np.array([self.activity]))


class Smoother:
    """The same, a frame at a time and in plain numbers: arrays of length 1 cost far more."""

    def __init__(self, settings: SmoothingSettings) -> None:
        self._share, self._jumps = settings.valid_share, settings.jumps
        self._before: deque[Integers] = deque(maxlen=BEFORE)
        self._window_us = int(microseconds(settings.window_s))
        self._trail = Trail(self._window_us, len(NAMES))

    def step(self, m: Measurements) -> SmoothedFrame:
        """The smoothed values at the time of the one frame in `m`, which is later than all before."""
        trail = self._trail
        trail.push(self._with_jump(_integers(m)))
        need = max(math.ceil(self._share * len(trail) - 1e-9), 1)
        reasons = [_OK if counts[_OK] >= need else commonest(counts, _OK) for counts in trail.reasons]
        if trail.jumps >= self._jumps:
            reasons = [code or _UNSTABLE for code in reasons]
        value, sd = [], []
        for k, (code, summed) in enumerate(zip(reasons, trail.sd, strict=False)):
            total, count = trail.older.value[k] + trail.newer.value[k], max(trail.reasons[k][_OK], 1)
            value.append(math.nan if code else total / count / SCALE)
            sd.append(math.nan if code else summed / count / SCALE)
        *told, reason = reasons
        return SmoothedFrame(
            commonest(trail.views, int(View.UNKNOWN)),
            reason,
            dict(zip(NAMES, value, strict=True)),
            dict(zip(NAMES, sd, strict=True)),
            dict(zip(NAMES, told, strict=True)),
            self._activity(),
        )

    def _with_jump(self, frame: Integers) -> Integers:
        before = self._before
        if len(before) == BEFORE:
            three = (*before, frame)
            times, values, reasons = zip(*((f.t_us, f.value, f.reason) for f in three), strict=True)
            if ends_jump(times, values, reasons):
                frame = frame._replace(jump=1)
        before.append(frame)
        return frame

    def _activity(self) -> float:
        """cm/s, see `_activity`."""
        older, newer = self._trail.older, self._trail.newer
        fastest = math.nan
        for row, weight in _MOTION_OF:
            if older.valid[row] and newer.valid[row]:
                moved = newer.value[row] / newer.valid[row] - older.value[row] / older.valid[row]
                speed = abs(moved) * weight / (SCALE * self._window_us / 2e6)
                fastest = NUMBERS.fmax(fastest, speed)
        return fastest


def _integers(m: Measurements) -> Integers:
    """The one frame of `m`."""
    estimates = [m.values[name] for name in NAMES]
    reason = [e.reason.item() for e in estimates]
    value, sd = (
        [_whole(x.item()) if code == _OK else 0 for x, code in zip(part, reason, strict=True)]
        for part in ([e.value for e in estimates], [e.sd for e in estimates])
    )
    return Integers(int(microseconds(m.t_s)[0]), value, sd, [*reason, m.reason.item()], m.view.item())


def _whole(value: float) -> int:
    """A value as an integer, held within the limit; 0 where it is not finite."""
    return round(min(max(value * SCALE, -_LIMIT), _LIMIT)) if math.isfinite(value) else 0
