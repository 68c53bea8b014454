"""Answers to notifications, and silence on request."""

from __future__ import annotations

from typing import Final, Literal

from posture_cv.assess import breaks
from posture_cv.assess.policy_state import Ledger, PolicyState, with_item
from posture_cv.assess.settings import CUES, BreakSettings, PolicySettings

Response = Literal["right", "wrong", "snooze", "dismissed", "ignored"]
RESPONSES: Final[tuple[Response, ...]] = ("right", "wrong", "snooze", "dismissed", "ignored")
_KEPT: Final = 64
_HOUR_S: Final = 3600.0


def respond(
    state: PolicyState,
    alert_id: int,
    response: Response,
    t_s: float,
    settings: PolicySettings,
    break_settings: BreakSettings,
) -> PolicyState:
    """The state after an answer.

    "right" ends a row of unheeded ones; "wrong", "dismissed" and "ignored" lengthen it, and each full row
    doubles the cue's cool-down; "snooze" keeps everything silent for `snooze_s`, or postpones a break prompt.
    An answer to a notification that is no longer known changes nothing.

    But for "snooze", only the first answer to a notification counts.

    Raises:
        ValueError: not one of `RESPONSES`.
    """
    if response not in RESPONSES:
        raise ValueError(f"{response!r} is not an answer; answers: {', '.join(RESPONSES)}")
    name = dict(state.ledger.recent).get(alert_id)
    if name is None:
        return state
    if response == "snooze":
        if name == "break":
            return state._replace(breaks=breaks.postpone(state.breaks, break_settings))
        return snooze(state, t_s + settings.snooze_s)
    if name not in CUES:
        return state
    ledger = _heeded(state.ledger, CUES.index(name), settings, heeded=response == "right")
    open_ones = tuple(one for one in ledger.recent if one[0] != alert_id)
    return state._replace(ledger=ledger._replace(recent=open_ones))


def _heeded(ledger: Ledger, cue: int, settings: PolicySettings, *, heeded: bool) -> Ledger:
    row = 0 if heeded else ledger.unheeded[cue] + 1
    backoff = ledger.backoff[cue]
    if row >= settings.backoff_after:
        row, backoff = 0, min(2 * backoff, settings.backoff_max)
    return ledger._replace(
        unheeded=with_item(ledger.unheeded, cue, row),
        backoff=with_item(ledger.backoff, cue, backoff),
    )


def snooze(state: PolicyState, until_s: float) -> PolicyState:
    """Silent until then; an earlier time ends a snooze."""
    return state._replace(ledger=state.ledger._replace(silent_until_s=until_s))


def halve_backoff(state: PolicyState, cue: str) -> PolicyState:
    """Halve a cue's back-off, which only an explicit request does.

    Raises:
        ValueError: not one of `CUES`.
    """
    index = CUES.index(cue)
    halved = max(1, state.ledger.backoff[index] // 2)
    backoff = with_item(state.ledger.backoff, index, halved)
    return state._replace(ledger=state.ledger._replace(backoff=backoff))


def given(ledger: Ledger, number: int, cue: int, t_s: float) -> Ledger:
    """The ledger with one more posture notification."""
    return ledger._replace(
        next_id=number + 1,
        given_s=(*(before for before in ledger.given_s if t_s - before < _HOUR_S), t_s),
        cue_s=with_item(ledger.cue_s, cue, t_s),
        recent=(*ledger.recent, (number, CUES[cue]))[-_KEPT:],
    )


def nudged(ledger: Ledger, number: int, cue: str, t_s: float) -> Ledger:
    """The ledger with one more nudge."""
    recent = (*ledger.recent, (number, cue))[-_KEPT:]
    return ledger._replace(next_id=number + 1, nudge_s=t_s, recent=recent)


def may_speak(state: PolicyState, t_s: float, settings: PolicySettings) -> bool:
    """Whether grace, snooze, global cool-down and cap allow a posture notification."""
    ledger = state.ledger
    if state.started_s is None or t_s - state.started_s < settings.grace_s or t_s < ledger.silent_until_s:
        return False
    if ledger.given_s and t_s - ledger.given_s[-1] < settings.global_cooldown_s:
        return False
    return sum(t_s - before < _HOUR_S for before in ledger.given_s) < settings.cap_per_hour


def may_nudge(state: PolicyState, t_s: float, settings: PolicySettings) -> bool:
    """Whether a nudge may be given: no snooze, and the global cool-down of anything told before is over."""
    ledger, pause = state.ledger, settings.global_cooldown_s
    if t_s < ledger.silent_until_s or (ledger.nudge_s is not None and t_s - ledger.nudge_s < pause):
        return False
    return not ledger.given_s or t_s - ledger.given_s[-1] >= pause


def cooled(ledger: Ledger, cue: int, t_s: float, settings: PolicySettings) -> bool:
    """Whether the cue's own cool-down, with its back-off, is over."""
    last = ledger.cue_s[cue]
    return last is None or t_s - last >= settings.cue_cooldown_s * ledger.backoff[cue]
