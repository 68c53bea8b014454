"""The streaming half of the engine: one measured frame in; states, effects and episodes out."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from posture_cv.assess.answers import Response
from posture_cv.assess.calculus import NUMBERS
from posture_cv.assess.effects import Ambient, Effect, Notice, Told, alerts
from posture_cv.assess.episodes import EpisodeTracker
from posture_cv.assess.naming import Name, name
from posture_cv.assess.policy import Policy
from posture_cv.assess.policy_state import PolicyState
from posture_cv.assess.records import Record, record
from posture_cv.assess.settings import AssessSettings
from posture_cv.assess.smoothing import NAMES, SmoothedFrame, Smoother, microseconds
from posture_cv.assess.staleness import Evidence, Stale, glances, weigh
from posture_cv.assess.ticks import Tick, Ticker, tick_of
from posture_cv.assess.types import Episode, State, States
from posture_cv.measure.baseline import Baseline
from posture_cv.measure.types import Float, Measurements


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """What one frame, or the passing of time, brought.

    Attributes:
        ambient: the ambient cue now.
        effects: everything the ticks since the last step brought, in order.
        records: of those effects that are told to a person, in order.
        episodes: those that ended.
        accepted: False where the frame was dropped, not being later than the last.
        state: of the frame, looking down with the budget spent being text neck; None without a frame, and so
            are the others of a frame.
        stale: what has just become clear about the age of the baseline; to be hinted at, never an alert.
        measured: the frame's own measurements.
        frame: the trailing means at the frame.
        named: what these are named.
    """

    ambient: Ambient
    effects: tuple[Effect, ...]
    records: tuple[Record, ...]
    episodes: tuple[Episode, ...]
    accepted: bool = True
    stale: tuple[Stale, ...] = ()
    state: State | None = None
    measured: Measurements | None = None
    frame: SmoothedFrame | None = None
    named: Name | None = None

    @property
    def smoothed(self) -> Measurements | None:
        """The trailing means at the frame, as arrays."""
        if self.measured is None or self.frame is None:
            return None
        return self.frame.at(self.measured.t_s).measurements

    @property
    def states(self) -> States | None:
        """The named state of the smoothed frame, as arrays."""
        if self.measured is None or self.frame is None or self.named is None:
            return None
        return _as_states(self.named, self.measured.t_s, self.frame.activity)

    def after(self, earlier: Step) -> Step:
        """The same step, together with what an earlier one has brought and nobody was told of."""
        return replace(
            self,
            effects=earlier.effects + self.effects,
            records=earlier.records + self.records,
            episodes=earlier.episodes + self.episodes,
            stale=earlier.stale + self.stale,
        )


class _Row(NamedTuple):
    """The smoothed values of one frame, as evidence needs them; in the order of `NAMES`."""

    values: tuple[float, ...]
    sds: tuple[float, ...]


def _as_states(named: Name, t_s: Float, activity: float) -> States:
    """One frame's name as arrays of length 1."""
    return States(
        t_s,
        np.array([named.state], np.int8),
        np.array([named.reason], np.int8),
        np.array([named.excess]),
        np.array([named.severe]),
        np.array([named.pitch_deg]),
        np.array([activity]),
    )


def shown(named: int, posture: State) -> State:
    """The state of a frame: looking down is text neck while the policy says that the budget is spent."""
    if named == State.LOOKING_DOWN and posture is State.TEXT_NECK:
        return State.TEXT_NECK
    return State(named)


class Stream:
    """The engine behind the measurement: push frames in time order, read what follows.

    Args:
        baseline: what the measurements are against; quoted in the records.
        settings: of the assessment.
        state: what an earlier run remembered (`Stream.state`), to resume.
    """

    def __init__(
        self, baseline: Baseline, settings: AssessSettings, state: PolicyState | None = None
    ) -> None:
        self.settings = settings
        self.policy = Policy.of(settings.policy, settings.breaks, settings.ticks.tick_s)
        self.state = state or self.policy.begin()
        self.dropped = 0
        self._baseline = baseline
        self._smoother = Smoother(settings.smoothing)
        self._ticker = Ticker(settings.ticks)
        self._tracker = EpisodeTracker(settings.ticks.tick_s)
        self._last_us: int | None = None
        self._second: int | None = None
        self._evidence = Evidence()
        self._frames: deque[_Row] = deque(maxlen=2)
        self._measured: deque[_Row] = deque(maxlen=max(self.policy.counts.window, self.policy.counts.severe))

    def push(self, m: Measurements) -> Step:
        """One frame (`len(m) == 1`) later."""
        t_us = int(microseconds(m.t_s)[0])
        if self._last_us is not None and t_us <= self._last_us:
            self.dropped += 1
            return replace(self._passed([]), accepted=False)
        self._last_us = t_us
        frame = self._smoother.step(m)
        why = frame.reasons["cva_change_deg"]
        named = name(frame, frame.reason, why, self.settings.thresholds, NUMBERS)
        self._frames.append(_Row(tuple(frame.values.values()), tuple(frame.sds.values())))
        step = self._passed(self._ticker.hold(t_us, tick_of(frame, named)))
        state = shown(named.state, self.state.posture)
        return replace(step, stale=self._aged(m, t_us), state=state, measured=m, frame=frame, named=named)

    def _aged(self, m: Measurements, t_us: int) -> tuple[Stale, ...]:
        """What the frame adds to the evidence that the baseline is stale; one frame a second is looked at."""
        second = t_us // 1_000_000
        if second == self._second:
            return ()
        self._second = second
        [glance] = glances(m, self._baseline.view)
        self._evidence, found = weigh(self._evidence, glance)
        return found

    def advance(self, t_s: float) -> Step:
        """Time passed without a frame: the ticks up to `t_s`, so that a dead camera does not stay "good".

        A frame that comes later with an earlier time is still taken, but the ticks are not made again.
        """
        return self._passed(self._ticker.until(int(microseconds(t_s))))

    def finish(self) -> tuple[Episode, ...]:
        """The episode that is still open, ended at the last tick."""
        last = self._tracker.finish((self.state.tick or 0) * self.settings.ticks.tick_s)
        return () if last is None else (last,)

    def respond(self, alert_id: int, response: Response, t_s: float) -> None:
        """An answer to a notification, see `answers.respond`."""
        self.state = self.policy.respond(self.state, alert_id, response, t_s)

    def snooze(self, until_s: float) -> None:
        """Silent until then."""
        self.state = self.policy.snooze(self.state, until_s)

    def postpone(self) -> None:
        """Put the last break prompt off, once."""
        self.state = self.policy.postpone(self.state)

    def _passed(self, ticks: Iterable[Tick]) -> Step:
        effects: list[Effect] = []
        records: list[Record] = []
        episodes: list[Episode] = []
        for tick in ticks:
            if self.policy.measured(tick):
                self._measured.append(self._row(tick))
            self.state, brought = self.policy.step(self.state, tick)
            effects += brought
            records += [self._record(told) for told in alerts(brought)]
            closed = self._tracker.push(self.state)
            episodes += [] if closed is None else [closed]
        return Step(self.state.ambient, tuple(effects), tuple(records), tuple(episodes))

    def _row(self, tick: Tick) -> _Row:
        """The frame that a tick holds: the latest, or the one before it."""
        return self._frames[-1 - (self._ticker.frames - 1 - tick.frame)]

    def _record(self, told: Told) -> Record:
        count = round(told.measured_s / self.settings.ticks.tick_s) if isinstance(told, Notice) else 0
        rows = list(self._measured)[-count:] if count else []
        values = np.array([row.values for row in rows]).reshape(len(rows), len(NAMES))
        sds = np.array([row.sds for row in rows]).reshape(len(rows), len(NAMES))
        return record(told, values, sds, self._baseline, self.settings)
