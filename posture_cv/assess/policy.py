"""The alert policy: a pure state machine over ticks, (state, tick) -> (state, effects).

First a quiet cue: the ambient level follows the last seconds. A notification comes only when most of the
*measured* time of a long trailing window was beyond the enter threshold and still is, when the grace is over,
nothing is snoozed, and neither a cool-down nor the hourly cap holds it back. Unmeasured time (nobody, turned,
moving, cannot tell) neither counts nor forgives: it leaves the window as it is, until what lies in it is too
old.

More sensitive never alerts later. Stated exactly: over the same ticks, the first posture notification of a
session comes no later with a higher sensitivity (or lower threshold factors). Why: sensitivity acts only
through three limits that fall with it, the enter multiple of the threshold, the share of the window and the
look-down budget. Which ticks are measured, how the budget is spent, the grace and the snooze do not depend on
it; so the set of ticks that are beyond grows with it, each count in the condition grows, each limit falls,
and a condition that was met is met still. It is a statement on the first one only: a notification that comes
earlier starts its cool-downs earlier and may hold back a later one, and the name, being that of the most
frequent posture, may differ.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import isnan
from operator import ge
from typing import Final

from posture_cv.assess import answers, breaks, nudges
from posture_cv.assess import window as win
from posture_cv.assess.answers import Response
from posture_cv.assess.effects import Ambient, Effect, Level, Notice, Recovered, Rule
from posture_cv.assess.look import TEXT_NECK, Seen, is_measured, look, place_of
from posture_cv.assess.lookdown import Budget
from posture_cv.assess.policy_state import Bout, PolicyState, Window, with_item
from posture_cv.assess.settings import CUES, BreakSettings, PolicySettings
from posture_cv.assess.ticks import Tick
from posture_cv.assess.types import Alert, State
from posture_cv.assess.window import Counts
from posture_cv.measure.types import Reason

_REASONS: Final = tuple(Reason)
# Asked for at every tick, and reaching a member of an enumeration takes longer than comparing it.
_GOOD: Final = State.GOOD
_OWN_SHARE: Final = 0.9  # a bout named one posture for so much of its bad time is all of that posture; ours


@dataclass(frozen=True, slots=True)
class _Verdict:
    """A notification is called for: its cue, the rule, the window in ticks and the measured ticks in it."""

    cue: int
    rule: Rule
    length: int
    held: int


@dataclass(frozen=True, slots=True)
class Policy:
    """The policy with its settings; holds no state of its own."""

    settings: PolicySettings
    breaks: BreakSettings
    counts: Counts

    @classmethod
    def of(cls, settings: PolicySettings, break_settings: BreakSettings, tick_s: float = 0.5) -> Policy:
        """The policy for ticks `tick_s` apart."""
        return cls(settings, break_settings, Counts.of(settings, tick_s))

    def begin(self) -> PolicyState:
        """The state before the first tick."""
        return PolicyState()

    def new_session(self, state: PolicyState) -> PolicyState:
        """After a start or a calibration: windows, budget and bout are void and the grace runs anew.

        What was told and answered, and the breaks, stay. How the bout went on nobody knows.
        """
        state = self._lost_sight(state)
        return self.begin()._replace(tick=state.tick, ledger=state.ledger, breaks=state.breaks)

    def measured(self, tick: Tick) -> bool:
        """Whether the tick shows a posture that can be judged: told, not turned away, not moving."""
        return is_measured(tick, self.settings.moving_cm_s)

    def step(self, state: PolicyState, tick: Tick) -> tuple[PolicyState, tuple[Effect, ...]]:
        """One tick later; a tick that is not later than the last changes nothing."""
        if state.tick is not None:
            if tick.number <= state.tick:
                return state, ()
            if tick.number > state.tick + 1:
                state = self._skip(state, tick.number - state.tick - 1)
        measured, budget, tick_s = self.measured(tick), state.budget, self.counts.tick_s
        if measured and not isnan(tick.pitch_deg):
            budget = budget.after(tick.pitch_deg, tick_s)
        seen = look(tick, budget, self.counts, measured=measured)
        effects: list[Effect] = []
        state = self._follow(state, seen, tick, budget)
        state = self._bout(state, seen, effects)
        state = self._ambient(state, seen, tick, effects)
        if seen.cue is not None and answers.may_speak(state, seen.t_s, self.settings):
            state = self._tell(state, seen, effects)
        state, moved = nudges.tell_moved(state, seen.t_s, tick_s, self.settings, measured=measured)
        state, prompts = nudges.tell_break(state, seen.t_s, self.settings, self.breaks)
        if moved:
            effects.append(moved)
        effects += prompts
        return state, tuple(effects)

    def _skip(self, state: PolicyState, by: int) -> PolicyState:
        """The state after so many ticks that were not given: a long gap, or a restart."""
        seconds = by * self.counts.tick_s
        unmeasured = state.unmeasured_s + seconds
        if unmeasured >= self.counts.age_s:
            state = self._lost_sight(state)
        return state._replace(
            unmeasured_s=unmeasured,
            window=win.skipped(state.window, by, self.counts),
            budget=self._aged(state.budget, unmeasured),
            breaks=breaks.absent(state.breaks, seconds, self.breaks),
        )

    def _lost_sight(self, state: PolicyState) -> PolicyState:
        """The bout ends unseen: nobody knows how it went on, so only time that was seen is held against anyone."""
        if state.bout is None:
            return state
        return answers.left(state, state.bout.told, state.bout.poor_s, self.settings)._replace(bout=None)

    def _aged(self, budget: Budget, unmeasured_s: float) -> Budget:
        """Unmeasured time neither spends nor recovers, until it is as long as a full break."""
        return Budget() if unmeasured_s >= self.breaks.long_absence_s else budget

    def _follow(self, state: PolicyState, seen: Seen, tick: Tick, budget: Budget) -> PolicyState:
        """Windows, budget and breaks after the tick; nothing is said yet."""
        tick_s = self.counts.tick_s
        unmeasured = 0.0 if seen.measured else state.unmeasured_s + tick_s
        posture = self._posture(state.posture, seen)
        place = place_of(posture)
        window = win.pushed(
            state.window,
            self.counts,
            cue=seen.cue,
            severe=seen.severe,
            down=seen.down,
            excess=seen.excess if seen.measured else None,
        )
        return PolicyState(
            tick=tick.number,
            started_s=seen.t_s if state.started_s is None else state.started_s,
            posture=posture,
            reason=_REASONS[tick.reason],
            size=0.0 if place is None else seen.excess[place],
            unmeasured_s=unmeasured,
            moved_s=state.moved_s,
            told_moved=state.told_moved,
            window=window,
            budget=self._aged(budget, unmeasured),
            bout=self._going_on(state.bout, seen, window),
            ledger=state.ledger,
            breaks=breaks.advance(state.breaks, tick, tick_s, self.breaks, settled=seen.measured),
            ambient=state.ambient,
        )

    def _posture(self, before: State, seen: Seen) -> State:
        """The state shown: an alerting one is kept until it falls below the exit threshold."""
        place = place_of(before)
        if place is None or seen.posture is not _GOOD or not seen.measured:
            return seen.posture
        return before if seen.excess[place] >= self.settings.exit_ratio else _GOOD

    def _going_on(self, bout: Bout | None, seen: Seen, window: Window) -> Bout | None:
        """A bout one tick later; whether it is over, `_bout` tells."""
        if bout is None or not seen.measured:
            return bout
        tick_s, named = self.counts.tick_s, bout.named_s
        above = any(map(ge, seen.excess, self.counts.leave))
        if seen.cue is not None:
            named = with_item(named, seen.cue, named[seen.cue] + tick_s)
        return Bout(
            start=bout.start,
            cue=self._shown(bout.cue, window),
            measured_s=bout.measured_s + tick_s,
            good_s=0.0 if above else bout.good_s + tick_s,
            notices=bout.notices,
            told=bout.told,
            named_s=named,
            poor_s=seen.t_s if above else bout.poor_s,
        )

    def _bout(self, state: PolicyState, seen: Seen, effects: list[Effect]) -> PolicyState:
        """Begin a bout, or end it."""
        bout = state.bout
        if bout is None:
            return state._replace(bout=self._new_bout(state)) if self.counts.lasting(state.window) else state
        if state.unmeasured_s >= self.counts.age_s:
            return self._lost_sight(state)  # too long ago to say how it went on
        if not (seen.measured and bout.good_s) or bout.good_s < self.settings.exit_hold_s:
            return state
        left_s = bout.poor_s  # nobody knows more where it was not seen since
        effects += [Recovered(number, CUES[cue], left_s, left_s - t_s) for number, cue, t_s in bout.told]
        return answers.left(state, bout.told, left_s, self.settings)._replace(bout=None)

    def _new_bout(self, state: PolicyState) -> Bout:
        """A bout that began with the first of the lasting ticks."""
        window, tick, tick_s = state.window, state.tick or 0, self.counts.tick_s
        held = max(1, win.first_beyond(window, self.counts.lately(window)))
        return Bout(
            start=tick - win.since(window, held),
            cue=self._shown(None, window),
            measured_s=held * tick_s,
            named_s=tuple([count * tick_s for count in win.times(window, held)]),
            poor_s=tick * tick_s,
        )

    def _shown(self, before: int | None, window: Window) -> int:
        """The cue of the ambient level: the most frequent of the ambient window, the shown one if equal."""
        count = win.times(window, self.counts.ambient)
        if before is not None and count[before] == max(count):
            return before
        return count.index(max(count))

    def _ambient(self, state: PolicyState, seen: Seen, tick: Tick, effects: list[Effect]) -> PolicyState:
        level, cue = self._level(state, seen, tick)
        if level is state.ambient.level and cue == state.ambient.cue:
            return state
        ambient = Ambient(level, cue, seen.t_s)
        effects.append(ambient)
        return state._replace(ambient=ambient)

    def _level(self, state: PolicyState, seen: Seen, tick: Tick) -> tuple[Level, str]:
        """Unmeasured once it lasts as long as anything else must; until then what was shown before."""
        if not seen.measured:
            if state.unmeasured_s < self.settings.ambient_after_s:
                return state.ambient.level, state.ambient.cue
            if tick.state == State.AWAY:
                return Level.AWAY, ""
            return Level.UNMEASURED, "no_picture" if tick.gap else Reason(tick.reason).label or "moving"
        if state.bout is None:
            return Level.GOOD, ""
        severe = self.counts.severely(state.window, self.counts.ambient)
        return Level.SEVERE if severe else Level.POOR, CUES[state.bout.cue]

    def _tell(self, state: PolicyState, seen: Seen, effects: list[Effect]) -> PolicyState:
        """A notification, if one is due."""
        verdict = self._verdict(state, seen)
        if verdict is None:
            return state
        bout = state.bout or self._new_bout(state)
        notice = self._notice(state, seen, bout, verdict)
        effects.append(notice)
        notices = with_item(bout.notices, verdict.cue, bout.notices[verdict.cue] + 1)
        return state._replace(
            bout=bout._replace(notices=notices, told=(*bout.told, (notice.id, verdict.cue, seen.t_s))),
            ledger=answers.given(state.ledger, notice.id, verdict.cue, seen.t_s),
        )

    def _verdict(self, state: PolicyState, seen: Seen) -> _Verdict | None:
        """The rule that calls for a notification now, if any."""
        c, window = self.counts, state.window
        if seen.spent and c.bent(window) and answers.cooled(state.ledger, TEXT_NECK, seen.t_s, self.settings):
            return _Verdict(TEXT_NECK, Rule.BUDGET, c.window, win.held(window, c.window, c.age))
        if not c.lasting(window):
            return None
        held = win.held(window, c.severe, c.severe_age)
        if held >= self.settings.measured_share * c.severe and c.severely(window, held):
            cue = self._most(state, held, seen.t_s)
            if cue is not None:
                return _Verdict(cue, Rule.SEVERE, c.severe, held)
        return self._by_window(state, seen.t_s)

    def _by_window(self, state: PolicyState, t_s: float) -> _Verdict | None:
        """The long window: all alerting cues together decide, the most frequent gives the name."""
        c = self.counts
        held = win.held(state.window, c.window, c.age)
        if held < self.settings.measured_share * c.window or not c.recently(state.window):
            return None
        count, needed = win.times(state.window, held), win.need(c.share, held)
        cue = self._most(state, held, t_s) if sum(count) >= needed else None
        if cue is None:
            return None
        return _Verdict(cue, Rule.WINDOW if count[cue] >= needed else Rule.MIXED, c.window, held)

    def _most(self, state: PolicyState, held: int, t_s: float) -> int | None:
        """The most frequent cue of the last `held` measured ticks.

        While it cools down, another one only if that one alone makes most of the window.
        """
        count = win.times(state.window, held)
        order = sorted(range(len(CUES)), key=lambda i: -count[i])
        needed = win.need(self.counts.share, held)
        allowed = [order[0], *(i for i in order[1:] if count[i] >= needed)]
        return next((i for i in allowed if answers.cooled(state.ledger, i, t_s, self.settings)), None)

    def _notice(self, state: PolicyState, seen: Seen, bout: Bout, verdict: _Verdict) -> Notice:
        tick_s, held, repeat = self.counts.tick_s, max(1, verdict.held), bout.notices[verdict.cue]
        count = win.times(state.window, held)
        level = "severe" if verdict.rule is Rule.SEVERE else "notice"
        lasted_s = max(count[verdict.cue] * tick_s, self._own_s(bout, verdict))
        alert = Alert(
            t_s=seen.t_s,
            cue=CUES[verdict.cue],
            level="reminder" if repeat else level,
            lasted_s=lasted_s,
            share=sum(count) / held,
            window_s=verdict.length * tick_s,
            excess=win.mean_excess(state.window, held, verdict.cue),
            measured_share=verdict.held / verdict.length,
            repeat=repeat,
        )
        if verdict.rule is Rule.BUDGET:
            alert = _of_budget(alert, state.budget, self.counts.budget_limit)
        shares = {CUES[i]: n / held for i, n in enumerate(count) if n}
        spent, measured = state.budget.spent, verdict.held * tick_s
        return Notice(state.ledger.next_id, alert, verdict.rule, shares, spent, measured)

    def _own_s(self, bout: Bout, verdict: _Verdict) -> float:
        """How long the posture has lasted within its bout, lapses included.

        Of several in turn, only the time of the one that is named is said to be its own.
        """
        own_s = bout.named_s[verdict.cue]
        alone = verdict.rule is not Rule.MIXED and own_s >= _OWN_SHARE * sum(bout.named_s)
        return bout.measured_s if alone else own_s

    def respond(self, state: PolicyState, alert_id: int, response: Response, t_s: float) -> PolicyState:
        """The state after an answer to a notification; see `answers.respond`."""
        return answers.respond(state, alert_id, response, t_s, self.settings, self.breaks)

    def snooze(self, state: PolicyState, until_s: float) -> PolicyState:
        """Silent until then; an earlier time ends a snooze."""
        return answers.snooze(state, until_s)

    def postpone(self, state: PolicyState) -> PolicyState:
        """The last break prompt comes again after `postpone_s`; granted once a prompt."""
        return state._replace(breaks=breaks.postpone(state.breaks, self.breaks))


def _of_budget(alert: Alert, budget: Budget, limit: float) -> Alert:
    """The record of a spent budget: how long the head was bent, and the holding time that the standard accepts."""
    return replace(
        alert,
        lasted_s=budget.held_s,
        share=1.0,
        window_s=budget.accepted_s,
        excess=budget.spent / limit,
    )
