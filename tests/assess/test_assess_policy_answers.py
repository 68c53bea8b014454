"""The alert policy, sentence by sentence: what answers change, and sitting up without one."""

from __future__ import annotations

import pytest

from assess_material import tick, ticks
from policy_material import make, run
from posture_cv.assess.answers import Response, halve_backoff
from posture_cv.assess.effects import Notice, Recovered
from posture_cv.assess.policy import Policy
from posture_cv.assess.policy_state import PolicyState
from posture_cv.assess.settings import CUES


def answered(policy: Policy, *words: Response) -> tuple[PolicyState, float]:
    """A slump held until so many notifications were given and answered at once; the time of the last."""
    state = policy.begin()
    at: list[float] = []
    for one in ticks(("slump", 9_000)):
        state, effects = policy.step(state, one)
        for notice in effects:
            if isinstance(notice, Notice):
                state = policy.respond(state, notice.id, words[len(at)], notice.alert.t_s)
                at.append(notice.alert.t_s)
        if len(at) == len(words):
            return state, at[-1]
    raise AssertionError(at)


def pause(policy: Policy, state: PolicyState, since_s: float) -> float:
    later = run(policy, ticks(("slump", 3_000), start_s=since_s + 0.5), state)[1]
    return next(e.alert.t_s for e in later if isinstance(e, Notice)) - since_s


@pytest.mark.parametrize(
    ("words", "expected_s"),
    [
        (("ignored",), 600),
        (("ignored", "dismissed"), 1200),
        (("wrong", "right", "ignored"), 600),
        (("ignored", "ignored", "wrong", "dismissed"), 2400),
    ],
)
def test_each_two_unheeded_notifications_double_the_cool_down(
    words: tuple[Response, ...], expected_s: float
) -> None:
    policy = make(cap_per_hour=100)
    state, at = answered(policy, *words)
    assert pause(policy, state, at) == pytest.approx(expected_s, abs=1)


def test_only_an_explicit_request_halves_the_cool_down_again() -> None:
    policy = make(cap_per_hour=100)
    state, at = answered(policy, "ignored", "ignored", "right", "right")
    assert pause(policy, state, at) == pytest.approx(1200, abs=1)
    assert pause(policy, halve_backoff(state, "slump"), at) == pytest.approx(600, abs=1)


def test_a_cool_down_at_its_longest_is_not_halved_for_what_did_not_double_it() -> None:
    policy = make(cap_per_hour=100, backoff_max=2)
    state, at = answered(policy, "ignored", "ignored", "ignored", "ignored")
    later = policy.respond(state, 4, "right", at)
    assert later.ledger.backoff[CUES.index("slump")] == 2


def test_what_was_halved_on_request_is_not_taken_back_once_more() -> None:
    policy = make(cap_per_hour=100)
    state, at = answered(policy, "ignored", "ignored", "ignored", "ignored")
    halved = halve_backoff(state, "slump")
    assert state.ledger.backoff[CUES.index("slump")] == 4
    later = policy.respond(halved, 4, "right", at)
    assert later.ledger.backoff[CUES.index("slump")] == 2


@pytest.mark.parametrize(
    ("first", "second"), [("ignored", "dismissed"), ("wrong", "right"), ("right", "ignored")]
)
def test_a_second_answer_that_says_no_more_does_not_count(first: Response, second: Response) -> None:
    policy = make()
    state, _ = answered(policy, first)
    assert policy.respond(state, 1, second, 130.0) == state


def test_the_users_word_overrides_what_was_taken_for_being_ignored() -> None:
    policy = make(cap_per_hour=100)
    state, at = answered(policy, "ignored", "ignored")
    last = state.ledger.next_id - 1
    assert pause(policy, state, at) == pytest.approx(1200, abs=1)
    assert pause(policy, policy.respond(state, last, "right", at + 60), at) == pytest.approx(600, abs=1)
    wrong = policy.respond(state, last, "wrong", at + 60)
    assert wrong.ledger.backoff == state.ledger.backoff, "unheeded either way, and counted once"
    assert wrong.ledger.unheeded == state.ledger.unheeded
    assert policy.respond(wrong, last, "right", at + 70) == wrong, "the first word is final"


def obeying(policy: Policy, hours: float, after_s: float) -> tuple[PolicyState, list[float]]:
    """Slumps, sits up so long after each notification, slumps again after five minutes; never clicks.

    Each notification expires after ten seconds.
    """
    at: list[float] = []
    state, up_s = policy.begin(), 300.0
    expiries: dict[float, int] = {}
    for number in range(round(hours * 7200)):
        t_s = number / 2
        told_s = at[-1] if at else -1000.0
        poor = t_s >= up_s or t_s < told_s + after_s
        state, effects = policy.step(state, tick(number, "slump" if poor else "good"))
        for notice in effects:
            if isinstance(notice, Notice):
                at.append(t_s)
                expiries[t_s + 10.0] = notice.id
                up_s = t_s + after_s + 300.0
        if t_s in expiries:
            state = policy.respond(state, expiries[t_s], "ignored", t_s)
    return state, at


@pytest.mark.parametrize("after_s", [5.0, 15.0, 45.0])
def test_who_obeys_without_a_click_is_not_backed_off(after_s: float) -> None:
    state, at = obeying(make(), 4.0, after_s)
    assert len(at) == 16, "as often as the cap allows"
    assert state.ledger.backoff == (1,) * len(CUES)
    assert state.ledger.unheeded == (0,) * len(CUES)


def test_who_sits_up_long_after_has_ignored_it() -> None:
    state, at = obeying(make(), 4.0, 200.0)
    assert len(at) < 16
    assert max(state.ledger.backoff) > 1


def test_an_alert_called_wrong_is_not_heeded_by_sitting_up() -> None:
    policy = make(backoff_after=1)
    state, at = answered(policy, "wrong")
    state, _ = run(policy, ticks(("good", 60), start_s=at + 0.5), state)
    assert max(state.ledger.backoff) == 2


def test_who_leaves_the_desk_after_an_alert_has_not_ignored_it() -> None:
    policy = make(backoff_after=1)
    state, at = answered(policy, "ignored")
    assert max(state.ledger.backoff) == 2
    gone, _ = run(policy, ticks(("away", 900), start_s=at + 0.5), state)
    assert max(gone.ledger.backoff) == 1
    asleep, _ = run(policy, ticks(("good", 1), start_s=at + 900), state)
    assert max(asleep.ledger.backoff) == 1
    stayed, _ = run(policy, ticks(("slump", 90), ("away", 900), start_s=at + 0.5), state)
    assert max(stayed.ledger.backoff) == 2


@pytest.mark.parametrize("aside", ["turned", "away", "gap"])
def test_who_leaves_the_posture_and_is_not_seen_for_a_while_has_heeded_it(aside: str) -> None:
    policy = make(backoff_after=1)
    for seen in (("good", 5.0), (aside, 1.0)):
        state, at = answered(policy, "ignored")
        given = ticks(("slump", 9.5), seen, (aside, 120.0), ("good", 30.0), start_s=at + 0.5)
        state, effects = run(policy, given, state)
        [over] = [e for e in effects if isinstance(e, Recovered)]
        assert over.after_s == pytest.approx(9.5), (
            "seen in it last; what nobody saw is not held against anyone"
        )
        assert max(state.ledger.backoff) == 1


def test_who_calibrates_anew_after_an_alert_has_not_ignored_it() -> None:
    policy = make(backoff_after=1)
    state, at = answered(policy, "ignored")
    state, _ = run(policy, ticks(("slump", 20), start_s=at + 0.5), state)
    assert max(state.ledger.backoff) == 2
    assert max(policy.new_session(state).ledger.backoff) == 1


def test_back_off_has_an_end_and_concerns_its_cue_only() -> None:
    policy = make(cap_per_hour=100, cue_cooldown_s=60.0, global_cooldown_s=60.0)
    ignored: list[Response] = ["ignored"] * 12
    state, _ = answered(policy, *ignored)
    assert state.ledger.backoff == (1, 1, 1, 1, 8)


def test_snooze_keeps_silent_and_ends() -> None:
    policy = make()
    state = policy.snooze(policy.begin(), 400.0)
    assert [e.alert.t_s for e in run(policy, ticks(("slump", 500)), state)[1] if isinstance(e, Notice)] == [
        400.0
    ]
    state, _ = run(policy, ticks(("slump", 121)))
    state = policy.respond(state, 1, "snooze", 130.0)
    later = [e for e in run(policy, ticks(("slump", 4000), start_s=121), state)[1] if isinstance(e, Notice)]
    assert later[0].alert.t_s == pytest.approx(130 + 1800, abs=1)


def test_a_snooze_does_not_end_a_longer_silence() -> None:
    policy = make()
    state, at = answered(policy, "right")
    longer = policy.snooze(state, at + 7200.0)
    assert policy.respond(longer, 1, "snooze", at + 20.0).ledger.silent_until_s == at + 7200.0


@pytest.mark.parametrize("before", ["right", "wrong", "dismissed", "ignored", "snooze"])
def test_a_snooze_always_silences_whatever_was_answered_before(before: Response) -> None:
    policy = make()
    state, at = answered(policy, before)
    assert policy.respond(state, 1, "snooze", at + 20.0).ledger.silent_until_s == at + 20.0 + 1800.0
    assert policy.respond(state, 99, "snooze", at + 20.0).ledger.silent_until_s == at + 20.0 + 1800.0


def test_an_answer_to_something_unknown_changes_nothing_and_a_wrong_word_is_refused() -> None:
    policy = make()
    state = policy.begin()
    assert policy.respond(state, 99, "wrong", 1.0) == state
    with pytest.raises(ValueError, match="answers: right, wrong"):
        policy.respond(state, 99, "maybe", 1.0)  # type: ignore[arg-type]
