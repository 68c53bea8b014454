"""The vectorised engine block by block: a recording of any length in the memory of one block, with the same answers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from posture_cv.assess.effects import Effect, Notice, Told, alerts
from posture_cv.assess.episodes import EpisodeTracker
from posture_cv.assess.naming import name_states
from posture_cv.assess.policy import Policy
from posture_cv.assess.policy_state import PolicyState
from posture_cv.assess.records import Record, record
from posture_cv.assess.settings import AssessSettings
from posture_cv.assess.smoothing import NAMES, BlockSmoother, microseconds
from posture_cv.assess.ticks import Columns, Grid, Tick, columns, grid, ticks
from posture_cv.assess.types import Episode, State, States
from posture_cv.measure.baseline import Baseline
from posture_cv.measure.types import Codes, Float, Measurements

Int = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Assessed:
    """What a block of frames shows.

    Attributes:
        kept: (N,) places of the accepted frames in all that was given so far; frames not later than one before
            are not.
        measured: their own measurements.
        smoothed: the trailing means.
        states: the named states of the smoothed frames.
        state: (N,) int8 `State` codes shown, looking down with the budget spent being text neck.
        tick_t_s, tick_state, tick_reason: (M,) the policy's ticks up to the last frame: time, state shown, reason.
    """

    kept: NDArray[np.intp]
    measured: Measurements
    smoothed: Measurements
    states: States
    state: Codes
    tick_t_s: Float
    tick_state: Codes
    tick_reason: Codes


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a whole recording has brought.

    Attributes:
        effects: everything the policy wanted done, in order.
        records: of those that are told to a person, in order.
        episodes: stretches of one state over the ticks.
        dropped: number of frames that were not accepted.
        final: what the policy remembers at the end.
    """

    effects: tuple[Effect, ...]
    records: tuple[Record, ...]
    episodes: tuple[Episode, ...]
    dropped: int
    final: PolicyState


@dataclass(frozen=True, slots=True, eq=False)
class _Rows:
    """Smoothed values and uncertainties as evidence needs them: (T, Q), columns as `NAMES`."""

    values: Float
    sds: Float

    @classmethod
    def none(cls) -> _Rows:
        return cls(np.zeros((0, len(NAMES))), np.zeros((0, len(NAMES))))

    @classmethod
    def of(cls, m: Measurements, frames: NDArray[np.intp]) -> _Rows:
        estimates = [m.values[name] for name in NAMES]
        return cls(
            np.stack([e.value[frames] for e in estimates], axis=1),
            np.stack([e.sd[frames] for e in estimates], axis=1),
        )

    def then(self, other: _Rows) -> _Rows:
        return _Rows(np.concatenate([self.values, other.values]), np.concatenate([self.sds, other.sds]))

    def last(self, count: int, end: int | None = None) -> _Rows:
        """The last so many rows before `end`."""
        stop = len(self.values) if end is None else end
        return _Rows(self.values[max(0, stop - count) : stop], self.sds[max(0, stop - count) : stop])


@dataclass(frozen=True, slots=True, eq=False)
class _Held:
    """The last frame of the block before: ticks may still hold it."""

    cols: Columns
    row: _Rows


class BlockEngine:
    """Measured frames in, a block at a time; the answers are those of `Stream`, frame by frame.

    However the frames are divided into blocks, the answers are the same to the last bit.

    Args:
        baseline: what the measurements are against; quoted in the records.
        settings: of the assessment.
    """

    def __init__(self, baseline: Baseline, settings: AssessSettings) -> None:
        self._baseline, self._settings = baseline, settings
        self._policy = Policy.of(settings.policy, settings.breaks, settings.ticks.tick_s)
        self._state = self._policy.begin()
        self._smoother = BlockSmoother(settings.smoothing)
        self._tracker = EpisodeTracker(settings.ticks.tick_s)
        self._last_us: int | None = None
        self._given = 0
        self._held: _Held | None = None
        self._evidence = _Rows.none()
        self._effects: list[Effect] = []
        self._records: list[Record] = []
        self._episodes: list[Episode] = []
        self._dropped = 0

    def push(self, m: Measurements) -> Assessed:
        """The next frames, in the order in which they came."""
        kept = self._accepted(microseconds(m.t_s))
        measured = m if len(kept) == len(m) else m[kept]
        first = self._given
        self._given += len(m)
        self._dropped += len(m) - len(kept)
        smoothed = self._smoother.push(measured)
        states = replace(
            name_states(smoothed.measurements, self._settings.thresholds), activity=smoothed.activity
        )
        cols = columns(smoothed, states)
        before = self._state
        number, tick_state, tick_reason = self._run(cols, smoothed.measurements)
        return Assessed(
            kept=first + kept,
            measured=measured,
            smoothed=smoothed.measurements,
            states=states,
            state=self._shown(cols, before, number, tick_state),
            tick_t_s=np.asarray(number * self._settings.ticks.tick_s, np.float64),
            tick_state=tick_state.astype(np.int8),
            tick_reason=tick_reason.astype(np.int8),
        )

    def finish(self) -> Outcome:
        """What came of all blocks; the episode that is still open ends at the last tick."""
        last = self._tracker.finish((self._state.tick or 0) * self._settings.ticks.tick_s)
        episodes = self._episodes if last is None else [*self._episodes, last]
        return Outcome(
            tuple(self._effects), tuple(self._records), tuple(episodes), self._dropped, self._state
        )

    def _accepted(self, t_us: Int) -> NDArray[np.intp]:
        """Places of the frames that are later than every frame before them."""
        if len(t_us) == 0:
            return np.zeros(0, np.intp)
        first = t_us[0] - 1 if self._last_us is None else self._last_us
        before = np.maximum.accumulate(np.append(first, t_us))
        self._last_us = int(before[-1])
        return np.flatnonzero(t_us > before[:-1])

    def _run(self, cols: Columns, mean: Measurements) -> tuple[Int, Int, Int]:
        """The policy over the ticks up to the last frame: (M,) number, state shown and reason of each."""
        if len(cols.t_us) == 0:
            return np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, np.int64)
        held = self._held
        joined = cols if held is None else held.cols.then(cols)
        chosen = grid(joined.t_us, self._settings.ticks)
        if self._state.tick is not None:
            fresh = chosen.index > self._state.tick
            chosen = Grid(chosen.index[fresh], chosen.frame[fresh])
        shown, frames, told = self._stepped(ticks(joined, chosen))
        rows = self._rows(np.array(frames, np.intp), mean)
        count = len(self._evidence.values)
        evidence = self._evidence.then(rows)
        self._records += [self._record(one, evidence, count + upto) for one, upto in told]
        self._evidence = evidence.last(max(self._policy.counts.window, self._policy.counts.severe))
        self._held = _Held(cols.last(), _Rows.of(mean, np.array([-1])))
        number, state, reason = np.array(shown, np.int64).reshape(-1, 3).T
        return number, state, reason

    def _stepped(
        self, given: Iterable[Tick]
    ) -> tuple[list[tuple[int, int, int]], list[int], list[tuple[Told, int]]]:
        """Each tick as shown; the frames of the measured ones; what was told, after how many measured ticks."""
        policy, tracker, state = self._policy, self._tracker, self._state
        shown: list[tuple[int, int, int]] = []
        measured: list[int] = []
        told: list[tuple[Told, int]] = []
        for tick in given:
            if policy.measured(tick):
                measured.append(tick.frame)
            state, brought = policy.step(state, tick)
            shown.append((tick.number, int(state.posture), int(state.reason)))
            closed = tracker.push(state)
            if closed is not None:
                self._episodes.append(closed)
            if brought:
                self._effects += brought
                told += [(one, len(measured)) for one in alerts(brought)]
        self._state = state
        return shown, measured, told

    def _rows(self, frames: NDArray[np.intp], mean: Measurements) -> _Rows:
        """The smoothed rows of frames, numbered with the one that is held before the block's own."""
        held = self._held
        if held is None:
            return _Rows.of(mean, frames)
        own = _Rows.of(mean, np.maximum(frames - 1, 0))
        before = (frames == 0)[:, None]
        return _Rows(np.where(before, held.row.values, own.values), np.where(before, held.row.sds, own.sds))

    def _record(self, told: Told, evidence: _Rows, end: int) -> Record:
        count = round(told.measured_s / self._settings.ticks.tick_s) if isinstance(told, Notice) else 0
        rows = evidence.last(count, end)
        return record(told, rows.values, rows.sds, self._baseline, self._settings)

    def _shown(self, cols: Columns, before: PolicyState, number: Int, tick_state: Int) -> Codes:
        """(N,) the frames' states with the policy's word on looking down at the latest tick."""
        step = int(microseconds(self._settings.ticks.tick_s))
        latest = np.searchsorted(number * step, cols.t_us, side="right")
        spent = np.append(before.posture is State.TEXT_NECK, tick_state == State.TEXT_NECK)[latest]
        named = cols.states.state
        return np.where(spent & (named == State.LOOKING_DOWN), State.TEXT_NECK, named).astype(np.int8)
