"""Answers to notifications, and silence on request."""

from __future__ import annotations

from typing import Final, Literal

from posture_cv.assess import breaks
from posture_cv.assess.policy_state import Ledger, PolicyState, SettledBy, with_item
from posture_cv.assess.settings import CUES, BreakSettings, PolicySettings

Response = Literal["right", "wrong", "snooze", "dismissed", "ignored"]
RESPONSES: Final[tuple[Response, ...]] = ("right", "wrong", "snooze", "dismissed", "ignored")
HEEDED_WITHIN_S: Final = 60.0
"""Who leaves the posture this soon after a notification has heeded it, without any click; ours."""
# What says more about a notification overrides what says less.
_SAYS: Final[dict[SettledBy, int]] = {"ignored": 1, "dismissed": 1, "left": 2, "right": 3, "wrong": 3}
_UNHEEDED: Final = ("ignored", "dismissed", "wrong")
_KEPT: Final = 64  # so many of the latest notifications can be answered; ours
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
    doubles the cue's cool-down. "snooze" keeps everything silent for `snooze_s` at least, whatever was answered
    before, or postpones a break prompt that can be; asked for once more, a prompt stays postponed. Any other
    answer to a notification that is no longer known changes nothing.

    The first "right" or "wrong" is the user's word and final. "dismissed" and "ignored" are only guesses at it:
    a later word corrects them, and so does a posture left soon after the notification (`left`).

    Raises:
        ValueError: not one of `RESPONSES`.
    """
    if response not in RESPONSES:
        raise ValueError(f"{response!r} is not an answer; answers: {', '.join(RESPONSES)}")
    name = dict(state.ledger.recent).get(alert_id)
    if response == "snooze":
        if name == "break" and (state.breaks.can_postpone or state.breaks.postponed_to_s is not None):
            return state._replace(breaks=breaks.postpone(state.breaks, break_settings))
        return snooze(state, max(state.ledger.silent_until_s, t_s + settings.snooze_s))
    if name not in CUES:
        return state
    return state._replace(ledger=_settled(state.ledger, alert_id, CUES.index(name), response, settings))


def left(
    state: PolicyState, told: tuple[tuple[int, int, float], ...], left_s: float, settings: PolicySettings
) -> PolicyState:
    """The state after the posture of a bout was left: who does so soon after a notification has heeded it.

    Args:
        state: before.
        told: id, index into `CUES` and time of the bout's notifications.
        left_s: when the posture was left.
        settings: of the policy.
    """
    ledger = state.ledger
    for alert_id, cue, t_s in told:
        if left_s - t_s <= HEEDED_WITHIN_S:
            ledger = _settled(ledger, alert_id, cue, "left", settings)
    return state._replace(ledger=ledger)


def _settled(ledger: Ledger, alert_id: int, cue: int, how: SettledBy, settings: PolicySettings) -> Ledger:
    """The ledger after what says more about a notification than was known of it; else the same."""
    before = dict(ledger.settled).get(alert_id)
    if before is not None and _SAYS[how] <= _SAYS[before]:
        return ledger
    others = tuple(one for one in ledger.settled if one[0] != alert_id)
    ledger = ledger._replace(settled=(*others, (alert_id, how))[-_KEPT:])
    unheeded_before = before in _UNHEEDED
    if how in _UNHEEDED:
        return ledger if unheeded_before else _unheeded(ledger, alert_id, cue, settings)
    return _heeded(ledger, alert_id, cue, withdrawn=unheeded_before)


def _unheeded(ledger: Ledger, alert_id: int, cue: int, settings: PolicySettings) -> Ledger:
    """One more in the row; a full row doubles the cool-down."""
    row = ledger.unheeded[cue] + 1
    if row < settings.backoff_after:
        return ledger._replace(unheeded=with_item(ledger.unheeded, cue, row))
    before = ledger.backoff[cue]
    backoff = min(2 * before, settings.backoff_max)
    return ledger._replace(
        unheeded=with_item(ledger.unheeded, cue, 0),
        backoff=with_item(ledger.backoff, cue, backoff),
        doubled=with_item(ledger.doubled, cue, alert_id if backoff > before else 0),
    )


def _heeded(ledger: Ledger, alert_id: int, cue: int, *, withdrawn: bool) -> Ledger:
    """The row ends; a doubling that rested on having called this one unheeded is taken back."""
    ledger = ledger._replace(unheeded=with_item(ledger.unheeded, cue, 0))
    if not (withdrawn and ledger.doubled[cue] == alert_id):
        return ledger
    return ledger._replace(
        backoff=with_item(ledger.backoff, cue, max(1, ledger.backoff[cue] // 2)),
        doubled=with_item(ledger.doubled, cue, 0),
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
    doubled = with_item(state.ledger.doubled, index, 0)  # what is halved now cannot be taken back once more
    return state._replace(ledger=state.ledger._replace(backoff=backoff, doubled=doubled))


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
