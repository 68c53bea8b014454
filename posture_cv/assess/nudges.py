"""What is told besides postures: breaks, stillness, a camera that was moved."""

from __future__ import annotations

from dataclasses import replace

from posture_cv.assess import breaks
from posture_cv.assess.answers import may_nudge, nudged
from posture_cv.assess.effects import BreakDue, Recalibrate, StillnessNudge
from posture_cv.assess.policy_state import PolicyState
from posture_cv.assess.settings import BreakSettings, PolicySettings
from posture_cv.assess.types import Alert
from posture_cv.measure.types import Reason


def _alert(t_s: float, cue: str, lasted_s: float, window_s: float) -> Alert:
    return Alert(t_s, cue, "nudge", lasted_s, share=1.0, window_s=window_s, excess=0.0, measured_share=1.0)


def tell_moved(
    state: PolicyState, t_s: float, seconds: float, settings: PolicySettings, *, measured: bool
) -> tuple[PolicyState, Recalibrate | None]:
    """Say once that the camera was moved; again only after it has been measurable in between."""
    if state.reason is not Reason.CAMERA_MOVED:
        told = state.told_moved and not measured
        if not state.moved_s and told == state.told_moved:
            return state, None
        return state._replace(moved_s=0.0, told_moved=told), None
    moved = state.moved_s + seconds
    state = state._replace(moved_s=moved)
    if state.told_moved or moved < settings.recalibrate_after_s or not may_nudge(state, t_s, settings):
        return state, None
    number = state.ledger.next_id
    said = Recalibrate(number, _alert(t_s, "recalibrate", moved, settings.recalibrate_after_s))
    ledger = nudged(state.ledger, number, "recalibrate", t_s)
    return state._replace(told_moved=True, ledger=ledger), said


def tell_break(
    state: PolicyState, t_s: float, settings: PolicySettings, break_settings: BreakSettings
) -> tuple[PolicyState, tuple[BreakDue | StillnessNudge, ...]]:
    """Break and stillness prompts; they give way to posture notifications, which never wait for them."""
    what = breaks.prompt(state.breaks, break_settings)
    if what is None or not may_nudge(state, t_s, settings):
        return state, ()
    ledger, after = state.ledger, breaks.prompted(state.breaks, what)
    said: list[BreakDue | StillnessNudge] = []
    if what.due:
        alert = _alert(t_s, "break", what.unbroken_s, break_settings.interval_s)
        alert = replace(alert, repeat=what.repeat)  # the same stretch without a break, not another one
        due = BreakDue(ledger.next_id, alert, what.long, what.sitting_s, what.shifts, after.can_postpone)
        ledger = nudged(ledger, due.id, "break", t_s)
        said.append(due)
    if what.still:
        alert = _alert(t_s, "stillness", break_settings.still_window_s, break_settings.still_window_s)
        still = StillnessNudge(ledger.next_id, alert, what.shifts or 0, what.due)
        ledger = nudged(ledger, still.id, "stillness", t_s)
        said.append(still)
    return state._replace(breaks=after, ledger=ledger), tuple(said)
