"""Whether an alert could come soon, so that it is worth looking more often. Pure."""

from __future__ import annotations

from typing import Final

from posture_cv.assess import window as win
from posture_cv.assess.answers import cooled, may_speak
from posture_cv.assess.policy_state import PolicyState
from posture_cv.assess.settings import PolicySettings
from posture_cv.assess.window import Counts

AHEAD_S: Final = 10.0
"""What could happen within this time is near; ours."""
UNDER_WAY: Final = 0.1
"""So much of the shorter window, or of the budget for looking down, is more than a lapse; ours."""


def may_alert(state: PolicyState, t_s: float, settings: PolicySettings, within_s: float = AHEAD_S) -> bool:
    """Whether grace, snooze, cool-downs and cap will allow an alert of a posture seen lately, within so long."""
    soon_s = t_s + within_s
    if not may_speak(state, soon_s, settings):
        return False
    seen = [cue for cue, bits in enumerate(state.window.cues) if bits]
    return not seen or any(cooled(state.ledger, cue, soon_s, settings) for cue in seen)


def alert_near(state: PolicyState, t_s: float, settings: PolicySettings, counts: Counts) -> bool:
    """Whether a few seconds more of a poor posture would fill the share of a window that calls for an alert."""
    if not may_alert(state, t_s, settings):
        return False
    ahead, window = round(AHEAD_S / counts.tick_s), state.window
    held = win.held(window, counts.window, counts.age)
    beyond = _counting(win.times(window, held), state, t_s, settings)
    if _fills(beyond, held, counts.window, counts, ahead):
        return True
    held = win.held(window, counts.severe, counts.severe_age)
    severe = (window.severe & win.mask(held)).bit_count()
    return _fills(severe, held, counts.severe, counts, ahead)


def under_way(state: PolicyState, settings: PolicySettings, counts: Counts) -> bool:
    """Whether enough of the windows counts already that what is added from now on may decide when an alert comes.

    A lapse of some seconds is none; nor is a glance at the keyboard.
    """
    window = state.window
    held = win.held(window, counts.window, counts.age)
    beyond = sum(win.times(window, held)) * counts.tick_s
    return (
        beyond >= UNDER_WAY * settings.severe_window_s
        or state.budget.spent >= UNDER_WAY * counts.budget_limit
    )


def _counting(times: list[int], state: PolicyState, t_s: float, settings: PolicySettings) -> int:
    """Ticks that count: all, if the most frequent cue has cooled down; else of the best of those that have."""
    free = [cooled(state.ledger, cue, t_s + AHEAD_S, settings) for cue in range(len(times))]
    if free[times.index(max(times))]:
        return sum(times)
    return max((count for count, ok in zip(times, free, strict=True) if ok), default=0)


def _fills(beyond: int, held: int, length: int, counts: Counts, ahead: int) -> bool:
    """Whether `ahead` further ticks beyond the limit would make the share of the window's `length` ticks."""
    return beyond > 0 and beyond + ahead >= win.need(counts.share, min(length, held + ahead))
