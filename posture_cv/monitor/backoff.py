"""The longer pauses that unheeded alerts have led to, shortened again at the user's request. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from posture_cv.assess.answers import halve_backoff
from posture_cv.assess.policy_state import Ledger, PolicyState
from posture_cv.assess.settings import CUES


def halved(state: PolicyState, cues: Iterable[str]) -> PolicyState:
    """The pauses of these postures at half their multiple, but never below their own length.

    Raises:
        ValueError: not one of `CUES`.
    """
    for cue in cues:
        state = halve_backoff(state, cue)
    return state


def undone(state: PolicyState) -> PolicyState:
    """Every pause at its own length, and no row of unheeded alerts begun."""
    fresh = Ledger()
    ledger = state.ledger._replace(unheeded=fresh.unheeded, backoff=fresh.backoff, doubled=fresh.doubled)
    return state._replace(ledger=ledger)


def multiples(state: PolicyState) -> dict[str, int]:
    """By how much each posture's pause is multiplied now."""
    return dict(zip(CUES, state.ledger.backoff, strict=True))
