"""Trailing means of the measurements: the same numbers for a whole recording and frame by frame.

Values are summed as integers of 1e-4 units and times are integer microseconds, so that a running sum over an
hour and the sum over one window of a stream agree to the last bit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from posture_cv.assess.settings import SmoothingSettings
from posture_cv.measure.types import QUANTITIES, Estimate, Float, Measurements, Reason, View

Int = NDArray[np.int64]
NAMES: Final = tuple(QUANTITIES)
_SCALE: Final = 10_000
_LIMIT: Final = 10**10  # 1e6 units; nothing measured here is larger, and an int64 holds 1e8 such summands
_TRUNK_CM_PER_DEG: Final = 50.0 * np.pi / 180.0  # hip to C7 taken as 50 cm
_HEAD_CM_PER_DEG: Final = 10.0 * np.pi / 180.0  # neck's upper joint to the face taken as 10 cm
# What moves the head or the shoulders by how many cm a unit (the cm themselves: 1).
_MOTION: Final = {
    "approach_cm": 1.0,
    "head_forward_cm": 1.0,
    "sink_cm": 1.0,
    "trunk_incl_deg": _TRUNK_CM_PER_DEG,
    "lateral_lean_deg": _TRUNK_CM_PER_DEG,
    "head_pitch_deg": _HEAD_CM_PER_DEG,
    "head_yaw_deg": _HEAD_CM_PER_DEG,
}
_MOTION_COLUMNS: Final = np.array([NAMES.index(name) for name in _MOTION])
_MOTION_WEIGHTS: Final = np.array(list(_MOTION.values()))


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
    """Measurements as integers: Q quantities, and last a column for the frame as a whole."""

    t_us: Int  # (N,)
    value: Int  # (N, Q), 0 where not valid
    sd: Int  # (N, Q), 0 where not valid
    reason: NDArray[np.int8]  # (N, Q + 1)
    view: NDArray[np.int8]  # (N,)

    def tail(self, start: int) -> _Rows:
        return _Rows(
            self.t_us[start:], self.value[start:], self.sd[start:], self.reason[start:], self.view[start:]
        )

    def then(self, other: _Rows) -> _Rows:
        return _Rows(
            np.concatenate([self.t_us, other.t_us]),
            np.concatenate([self.value, other.value]),
            np.concatenate([self.sd, other.sd]),
            np.concatenate([self.reason, other.reason]),
            np.concatenate([self.view, other.view]),
        )


def microseconds(t_s: Float | float) -> Int:
    """Seconds as whole microseconds."""
    return np.rint(np.asarray(t_s, np.float64) * 1e6).astype(np.int64)


def _fixed(values: Float) -> Int:
    clipped = np.clip(np.nan_to_num(values, nan=0.0) * _SCALE, -_LIMIT, _LIMIT)
    return np.rint(clipped).astype(np.int64)


def _rows(m: Measurements) -> _Rows:
    estimates = [m.values[name] for name in NAMES]
    reason = np.stack([*(e.reason for e in estimates), m.reason], axis=1).astype(np.int8)
    valid = reason[:, :-1] == Reason.OK
    value = np.where(valid, _fixed(np.stack([e.value for e in estimates], axis=1)), 0)
    sd = np.where(valid, _fixed(np.stack([e.sd for e in estimates], axis=1)), 0)
    return _Rows(microseconds(m.t_s), value, sd, reason, m.view.astype(np.int8))


def _sums(columns: NDArray[np.generic], start: Int, end: Int) -> Int:
    """(W, …) sums of the rows start:end of each window."""
    total = np.zeros((len(columns) + 1, *columns.shape[1:]), np.int64)
    np.cumsum(columns, axis=0, out=total[1:])
    return np.asarray(total[end] - total[start])


def _majority(codes: NDArray[np.int8], start: Int, end: Int, *, skip: int | None = None) -> NDArray[np.int8]:
    """(W, …) most frequent code of each window (the smallest of equals), without the code `skip`."""
    shape = (len(start), *codes.shape[1:])
    best, winner = np.zeros(shape, np.int64), np.zeros(shape, np.int8)
    for code in np.flatnonzero(np.bincount(codes.ravel().astype(np.intp))):
        if code == skip:
            continue
        count = _sums(codes == code, start, end)
        winner[count > best] = code
        best = np.maximum(best, count)
    return winner


def _reasons(rows: _Rows, start: Int, end: Int, valid_share: float) -> NDArray[np.int8]:
    """(W, Q + 1) OK where enough frames of the window are valid, else the reason most of the others give."""
    need = np.maximum(np.ceil(valid_share * (end - start) - 1e-9), 1)
    withheld = _sums(rows.reason == Reason.OK, start, end) < need[:, None]
    reason = np.zeros(withheld.shape, np.int8)
    columns = np.flatnonzero(withheld.any(axis=0))
    if len(columns):
        majority = _majority(rows.reason[:, columns], start, end, skip=int(Reason.OK))
        reason[:, columns] = np.where(withheld[:, columns], majority, Reason.OK)
    return reason


def _activity(rows: _Rows, start: Int, end: Int, window_us: int) -> Float:
    """(W,) cm/s: difference of the means of the window's two halves, of whatever moved fastest."""
    middle = np.searchsorted(rows.t_us, rows.t_us[end - 1] - window_us // 2, side="right").astype(np.int64)
    valid = rows.reason[:, _MOTION_COLUMNS] == Reason.OK
    value = rows.value[:, _MOTION_COLUMNS]
    means = []
    for low, high in ((start, middle), (middle, end)):
        count = _sums(valid, low, high)
        means.append(np.where(count > 0, _sums(value, low, high) / np.maximum(count, 1), np.nan))
    speed = np.abs(means[1] - means[0]) * _MOTION_WEIGHTS / (_SCALE * window_us / 2e6)
    told = ~np.isnan(speed)
    fastest = np.where(told, speed, 0.0).max(axis=1)
    return np.where(told.any(axis=1), fastest, np.nan)


def _smooth(rows: _Rows, t_s: Float, start: Int, end: Int, settings: SmoothingSettings) -> Smoothed:
    reason = _reasons(rows, start, end, settings.valid_share)
    count = np.maximum(_sums(rows.reason[:, :-1] == Reason.OK, start, end), 1)
    told = reason[:, :-1] == Reason.OK
    value = np.where(told, _sums(rows.value, start, end) / count / _SCALE, np.nan)
    sd = np.where(told, _sums(rows.sd, start, end) / count / _SCALE, np.nan)
    values = {name: Estimate(value[:, i], sd[:, i], reason[:, i]) for i, name in enumerate(NAMES)}
    view = _majority(rows.view, start, end, skip=int(View.UNKNOWN))
    window_us = int(microseconds(settings.window_s))
    return Smoothed(Measurements(t_s, view, reason[:, -1], values), _activity(rows, start, end, window_us))


def smooth(m: Measurements, settings: SmoothingSettings) -> Smoothed:
    """Trailing means of N frames over (t - window, t].

    Args:
        m: measurements at strictly increasing times.
        settings: window and the share of it that must be valid.
    """
    rows = _rows(m)
    window_us = int(microseconds(settings.window_s))
    end = np.arange(1, len(m) + 1)
    start = np.searchsorted(rows.t_us, rows.t_us - max(window_us, 1), side="right")
    return _smooth(rows, m.t_s, start, end, settings)


class Smoother:
    """The same, a frame at a time."""

    def __init__(self, settings: SmoothingSettings) -> None:
        self._settings = settings
        self._window: _Rows | None = None

    def push(self, m: Measurements) -> Smoothed:
        """The smoothed values at the time of the one frame in `m`, which is later than all before."""
        rows = _rows(m)
        window_us = int(microseconds(self._settings.window_s))
        if self._window is not None:
            kept = np.searchsorted(self._window.t_us, rows.t_us[0] - max(window_us, 1), side="right")
            rows = self._window.tail(int(kept)).then(rows)
        self._window = rows
        return _smooth(rows, m.t_s, np.array([0]), np.array([len(rows.t_us)]), self._settings)
