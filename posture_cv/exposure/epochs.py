"""Frames at any rate -> epochs of equal length: every exposure measure is computed on these.

A frame says something from its own time until the next one, at most `HOLD_MAX_S`. An epoch holds, for every
quantity, the time in which it was told and its mean over that time. So a variable frame rate, `--every` and
missing frames change neither a share nor a dose beyond what was really not seen.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from posture_cv.assess.settings import TickSettings
from posture_cv.assess.ticks import PICTURE_S
from posture_cv.assess.types import State
from posture_cv.exposure.types import Series, total_seconds
from posture_cv.measure.types import QUANTITIES, Codes, Estimate, Float, Reason, View

HOLD_MAX_S: Final = TickSettings().hold_max_s  # a frame says nothing about what comes later than this
EPOCH_S: Final = (1.0, 2.0, 5.0, 10.0, 30.0, 60.0)  # ours: a second is shorter than any posture counted here
MOST_EPOCHS: Final = 20_000  # five hours at a second; longer recordings get longer epochs
NECK: Final = "neck_flexion_deg"


def frame_seconds(t_s: Float, *, pictures: bool = False) -> Float:
    """(N,) how long each frame stands: until the next one, at most `HOLD_MAX_S`; the last one as the median.

    Pictures without times count as `PICTURE_S` each.
    """
    if len(t_s) == 0 or pictures:
        return np.full(len(t_s), PICTURE_S)
    steps = np.diff(t_s)
    last = float(np.median(steps)) if len(steps) else 0.0
    return np.asarray(np.minimum(np.append(steps, last), HOLD_MAX_S), np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class Quantity:
    """One quantity over E epochs.

    Attributes:
        seconds: (E,) time in which it was told.
        mean: (E,) its mean over that time, NaN where it was never told.
        sd: (E,) mean of the frames' standard deviations. Not divided by their number: the errors of frames
            a second apart are nearly the same error.
        view: from where it was seen.
    """

    seconds: Float
    mean: Float
    sd: Float
    view: View


@dataclass(frozen=True, slots=True, eq=False)
class Epochs:
    """A recording in epochs.

    Attributes:
        epoch_s: length of an epoch.
        start_s: (E,) when each begins.
        span_s: (E,) how much of it lies within the recording.
        quantities: by name; `NECK` among them.
        state_s: (E, 13) seconds of each `State`.
        reason_s: seconds by `Reason` code in which no state could be named; gaps without a frame are
            NO_PICTURE.
        total_s: length of the recording.
    """

    epoch_s: float
    start_s: Float
    span_s: Float
    quantities: Mapping[str, Quantity]
    state_s: Float
    reason_s: Mapping[int, float]
    total_s: float

    def __len__(self) -> int:
        return len(self.start_s)


def neck_flexion(series: Series) -> Estimate:
    """Flexion of the neck against the trunk, against the baseline: the definition of RULA, REBA and ISO 11226.

    The line C7-tragus turns forward by `forward_head_deg`; what the trunk's inclination explains of that is
    taken off. Their errors are taken as independent.
    """
    head, trunk = series.measured.values["forward_head_deg"], series.measured.values["trunk_incl_deg"]
    reason = np.where(head.reason != Reason.OK, head.reason, trunk.reason).astype(np.int8)
    return Estimate.of(head.value - trunk.value, np.hypot(head.sd, trunk.sd), reason)


def epochs_of(series: Series) -> Epochs:
    """Cut a recording into epochs of a second (longer ones beyond five hours)."""
    t_s = series.measured.t_s
    seconds = frame_seconds(t_s, pictures=series.pictures)
    total_s = total_seconds(t_s, seconds)
    epoch_s = next((e for e in EPOCH_S if total_s / e <= MOST_EPOCHS), EPOCH_S[-1])
    first = np.floor(t_s[0] / epoch_s) if len(t_s) else 0.0
    last = np.ceil((t_s[0] + total_s) / epoch_s - 1e-9) if len(t_s) else 0.0
    edges = np.arange(first, last + 1) * epoch_s
    cut = _Cut(t_s, seconds, edges)
    estimates = {**series.measured.values, NECK: neck_flexion(series)}
    views = {name: series.view_for(name) for name in QUANTITIES}
    views[NECK] = _common(views["forward_head_deg"], views["trunk_incl_deg"])
    return Epochs(
        epoch_s=epoch_s,
        start_s=edges[:-1],
        span_s=_span(edges, t_s, total_s),
        quantities={name: cut.quantity(e, views[name]) for name, e in estimates.items()},
        state_s=cut.states(series.state),
        reason_s=_reasons(series.reason, seconds, total_s),
        total_s=total_s,
    )


def _common(one: View, other: View) -> View:
    return one if one == other else View.UNKNOWN


def _span(edges: Float, t_s: Float, total_s: float) -> Float:
    if len(t_s) == 0:
        return np.zeros(0)
    inside = np.clip(edges, t_s[0], t_s[0] + total_s)
    return np.diff(inside)


def _reasons(reason: Codes, seconds: Float, total_s: float) -> dict[int, float]:
    found = {
        int(code): float(seconds[reason == code].sum()) for code in np.unique(reason) if code != Reason.OK
    }
    gap_s = total_s - float(seconds.sum())
    if gap_s > 1e-6:
        code = int(Reason.NO_PICTURE)
        found[code] = found.get(code, 0.0) + gap_s
    return found


class _Cut:
    """Integrals over the epochs of what holds from each frame on for so many seconds."""

    def __init__(self, t_s: Float, seconds: Float, edges: Float) -> None:
        self._seconds = seconds
        self._edges = edges
        self._knots = np.stack([t_s, t_s + seconds], axis=1).ravel()

    def integral(self, rate: Float) -> Float:
        """(E,) integral of (N,) `rate` over each epoch."""
        if len(rate) == 0:
            return np.zeros(max(len(self._edges) - 1, 0))
        ends = np.cumsum(rate * self._seconds)
        at_knots = np.stack([np.append(0.0, ends[:-1]), ends], axis=1).ravel()
        # rounding in t + seconds may put an end a hair behind the next start
        sums = np.interp(self._edges, np.maximum.accumulate(self._knots), at_knots)
        return np.asarray(np.diff(sums))

    def quantity(self, estimate: Estimate, view: View) -> Quantity:
        """Time, mean and uncertainty of one quantity."""
        valid = estimate.valid
        told = self.integral(valid.astype(np.float64))
        told = np.where(told > 1e-9, told, 0.0)
        divisor = np.where(told > 0.0, told, np.nan)
        # rounded: a mean of equal values is to stay on its side of a class boundary
        mean = np.round(self.integral(np.where(valid, estimate.value, 0.0)) / divisor, 6)
        sd = self.integral(np.where(valid, estimate.sd, 0.0)) / divisor
        return Quantity(told, mean, sd, view)

    def states(self, state: Codes) -> NDArray[np.float64]:
        """(E, 13) seconds of each state."""
        columns = [self.integral((state == code).astype(np.float64)) for code in State]
        return np.stack(columns, axis=1)
