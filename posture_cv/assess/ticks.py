"""The regular grid on which the policy runs: each tick holds the latest frame, if that is recent enough."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from posture_cv.assess.calculus import ARRAYS, NUMBERS, Calculus, Readings, Value
from posture_cv.assess.naming import Name
from posture_cv.assess.settings import TickSettings
from posture_cv.assess.smoothing import TRUNK_CM_PER_DEG, Smoothed, SmoothedFrame, microseconds
from posture_cv.assess.types import State, States
from posture_cv.measure.types import Float, Reason

Place = tuple[float, float, float, float]
_NOWHERE: Final = (float("nan"),) * 4
_NO_EXCESS: Final = (float("nan"),) * 5
GAP_REASON: Final = Reason.NO_PICTURE
PICTURE_S: Final = 1.0
"""What a picture without a time counts as."""


class Tick(NamedTuple):
    """What is known at one tick, as plain numbers.

    `number` times the grid's distance is its time; `frame` is the place of the frame it holds, -1 for a gap:
    no frame is recent enough. `place` is where the trunk and head are, in cm against the baseline: fore and
    aft, head against trunk, down, sideways; NaN where unknown. The rest as in `States`.
    """

    number: int
    frame: int
    state: int
    reason: int
    excess: tuple[float, ...]
    severe: bool
    pitch_deg: float
    activity: float
    place: Place

    @property
    def gap(self) -> bool:
        """Whether no frame is recent enough."""
        return self.frame < 0


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """What ticks are made of, for N frames."""

    t_us: NDArray[np.int64]
    states: States
    place: Float  # (N, 4)

    def last(self) -> Columns:
        """The last frame alone."""
        return Columns(self.t_us[-1:], self.states[-1:], self.place[-1:])

    def then(self, other: Columns) -> Columns:
        """These frames, and after them those of another."""
        return Columns(
            np.concatenate([self.t_us, other.t_us]),
            States.concat([self.states, other.states]),
            np.concatenate([self.place, other.place]),
        )


def place_cm(r: Readings[Value], c: Calculus[Value]) -> tuple[Value, Value, Value, Value]:
    """Where the trunk and the head are, see `Tick`.

    Fore and aft is the approach to the camera; from the side, where that cannot be told, the trunk's
    inclination on a lever of 50 cm.
    """
    approach, trunk = r.value("approach_cm"), r.value("trunk_incl_deg") * TRUNK_CM_PER_DEG
    fore = c.where(c.isnan(approach), trunk, approach)
    side = r.value("lateral_lean_deg") * TRUNK_CM_PER_DEG
    return fore, r.value("head_forward_cm"), r.value("sink_cm"), side


def columns(smoothed: Smoothed, states: States) -> Columns:
    """What ticks need of the frames."""
    place = np.stack(place_cm(smoothed.measurements, ARRAYS), axis=1)
    return Columns(microseconds(states.t_s), states, place)


def tick_of(frame: SmoothedFrame, named: Name) -> Tick:
    """The tick that holds one frame; its number and the frame's are still to be given."""
    return Tick(
        0,
        0,
        named.state,
        named.reason,
        tuple(named.excess),
        named.severe,
        named.pitch_deg,
        frame.activity,
        place_cm(frame, NUMBERS),
    )


def gap_tick(number: int) -> Tick:
    """A tick at which no frame is recent enough."""
    nan = float("nan")
    return Tick(
        number,
        frame=-1,
        state=int(State.CANNOT_TELL),
        reason=int(GAP_REASON),
        excess=_NO_EXCESS,
        severe=False,
        pitch_deg=nan,
        activity=nan,
        place=_NOWHERE,
    )


def held_ticks(cols: Columns, frames: NDArray[np.intp], index: NDArray[np.int64]) -> Iterator[Tick]:
    """T ticks, numbered by `index` (T,), each holding the frame whose number stands at its place in `frames` (T,)."""
    s = cols.states
    rows: Iterator[tuple[Any, ...]] = zip(
        index.tolist(),
        frames.tolist(),
        s.state[frames].tolist(),
        s.reason[frames].tolist(),
        map(tuple, s.excess[frames].tolist()),
        s.severe[frames].tolist(),
        s.pitch_deg[frames].tolist(),
        s.activity[frames].tolist(),
        map(tuple, cols.place[frames].tolist()),
        strict=True,
    )
    return map(Tick._make, rows)


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """Which ticks there are and which frame each of them holds (-1: a gap)."""

    index: NDArray[np.int64]
    frame: NDArray[np.intp]


def grid(t_us: NDArray[np.int64], settings: TickSettings) -> Grid:
    """The ticks from the first to the last of N frames."""
    durations = (settings.tick_s, settings.hold_max_s, settings.gap_skip_s)
    step, hold, skip = (int(microseconds(duration)) for duration in durations)
    if len(t_us) == 0:
        return Grid(np.zeros(0, np.int64), np.zeros(0, np.intp))
    # Per frame: the ticks from its own time to before the next frame's, as far as they are not skipped.
    last_of_frame = np.append(-(-t_us[1:] // step) - 1, t_us[-1] // step)
    first = -(-t_us // step)
    last = np.minimum(last_of_frame, (t_us + skip) // step)
    count = np.maximum(last - first + 1, 0)
    frame = np.repeat(np.arange(len(t_us)), count)
    offset = np.arange(len(frame)) - np.repeat(np.cumsum(count) - count, count)
    index = first[frame] + offset
    return Grid(index, np.where(index * step - t_us[frame] > hold, -1, frame))


def ticks(cols: Columns, chosen: Grid) -> Iterator[Tick]:
    """The ticks of a grid, in order."""
    fresh = chosen.frame >= 0
    held = held_ticks(cols, chosen.frame[fresh], chosen.index[fresh])
    for index, frame in zip(chosen.index.tolist(), chosen.frame.tolist(), strict=True):
        yield gap_tick(index) if frame < 0 else next(held)


class Ticker:
    """The ticks a frame at a time: a frame's own are known once the next frame, or the clock, passes them."""

    def __init__(self, settings: TickSettings) -> None:
        self._step = int(microseconds(settings.tick_s))
        self._hold = int(microseconds(settings.hold_max_s))
        self._skip = int(microseconds(settings.gap_skip_s))
        self._frame: tuple[int, Tick] | None = None
        self.frames = 0
        self._next = 0

    def hold(self, t_us: int, tick: Tick) -> list[Tick]:
        """The ticks up to the time of a frame, given as a tick would hold it: older ones hold the frame before."""
        out = self.until(t_us - 1)
        tick = tick._replace(frame=self.frames)
        self.frames += 1
        first = -(-t_us // self._step)
        self._next = max(first, self._next) if self._frame is not None else first
        self._frame = (t_us, tick)
        return out + self.until(t_us)

    def until(self, t_us: int) -> list[Tick]:
        """The ticks up to and with `t_us` that were not given yet, from the latest frame."""
        if self._frame is None:
            return []
        frame_us, tick = self._frame
        last = min(t_us, frame_us + self._skip) // self._step
        out = []
        for index in range(self._next, last + 1):
            fresh = index * self._step - frame_us <= self._hold
            out.append(tick._replace(number=index) if fresh else gap_tick(index))
        self._next = max(self._next, last + 1)
        return out
