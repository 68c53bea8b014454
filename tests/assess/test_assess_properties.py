"""What holds for every session: sensitivity, spacing, and a state that survives being written down."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from amounts import amount
from assess_material import tick_runs, ticks
from posture_cv.assess.effects import BreakDue, Effect, Notice, StillnessNudge
from posture_cv.assess.policy import Policy
from posture_cv.assess.policy_state import Bout, Ledger, PolicyState, from_json, to_json
from posture_cv.assess.settings import CUES, BreakSettings, PolicySettings
from posture_cv.assess.ticks import Tick

SHORT = PolicySettings(
    window_s=10.0,
    severe_window_s=4.0,
    ambient_after_s=3.0,
    grace_s=5.0,
    cue_cooldown_s=20.0,
    global_cooldown_s=8.0,
    cap_per_hour=6,
)
BREAKS = BreakSettings(
    interval_s=40.0, micro_absence_s=6.0, long_absence_s=20.0, still_window_s=50.0, shift_hold_s=1.0
)


def notices(policy: PolicySettings, given_ticks: list[Tick]) -> list[Notice]:
    machine, out = Policy.of(policy, BREAKS), []
    for _, _, effects in followed(machine, given_ticks):
        out += [effect for effect in effects if isinstance(effect, Notice)]
    return out


def followed(machine: Policy, run: list[Tick]) -> Iterator[tuple[Tick, PolicyState, tuple[Effect, ...]]]:
    """Each tick with the state and the effects after it."""
    state = machine.begin()
    for tick in run:
        state, effects = machine.step(state, tick)
        yield tick, state, effects


sensitivities = st.floats(0.5, 2.0)
factors = st.tuples(*[st.floats(1.0, 2.0)] * len(CUES))


@settings(max_examples=amount(60, 150))
@given(tick_runs(), sensitivities, sensitivities)
@example(ticks(("good", 10), ("forward_head", 60, 1.2)), 0.5, 2.0)
@example(ticks(("good", 10), ("looking_down", 400, 60.0)), 0.6, 1.9)
def test_more_sensitive_never_alerts_later(run: list[Tick], a: float, b: float) -> None:
    lower, higher = sorted((a, b))
    first = [notices(replace(SHORT, sensitivity=s), run)[:1] for s in (lower, higher)]
    if first[0]:
        assert first[1]
        assert first[1][0].alert.t_s <= first[0][0].alert.t_s


@given(tick_runs(), factors)
@example(ticks(("good", 10), ("slump", 60, 1.2), ("good", 30), ("forward_head", 60, 2.5)), (1.5,) * len(CUES))
def test_a_threshold_raised_by_feedback_never_alerts_earlier(
    run: list[Tick], raised: tuple[float, ...]
) -> None:
    with_feedback = notices(replace(SHORT, threshold_factor=raised), run)
    if with_feedback:
        assert notices(SHORT, run)[0].alert.t_s <= with_feedback[0].alert.t_s


def test_the_direction_is_not_an_empty_claim() -> None:
    weak = ticks(("good", 20), ("slump", 60, 1.2))
    assert [len(notices(replace(SHORT, sensitivity=s), weak)) > 0 for s in (0.5, 1.0, 2.0)] == [
        False,
        True,
        True,
    ]
    weaker = [one._replace(state=1, excess=(0.8, 0.0, 0.0, 0.0, 0.0)) for one in ticks(("good", 90))]
    assert [len(notices(replace(SHORT, sensitivity=s), weaker)) > 0 for s in (1.0, 2.0)] == [False, True]


@settings(max_examples=amount(40, 80))
@given(tick_runs(longest=60))
def test_cool_downs_and_cap_hold_in_every_session(run: list[Tick]) -> None:
    given_notices = notices(SHORT, run)
    at = [n.alert.t_s for n in given_notices]
    assert all(later - earlier >= SHORT.global_cooldown_s for earlier, later in pairwise(at))
    for cue in CUES:
        own = [n.alert.t_s for n in given_notices if n.alert.cue == cue]
        assert all(later - earlier >= SHORT.cue_cooldown_s for earlier, later in pairwise(own))
    for t_s in at:
        assert sum(t_s - 3600 < other <= t_s for other in at) <= SHORT.cap_per_hour
    assert [n.id for n in given_notices] == sorted({n.id for n in given_notices})


@settings(max_examples=amount(40, 80))
@given(tick_runs())
def test_it_speaks_only_of_what_it_measures_now(run: list[Tick]) -> None:
    machine = Policy.of(SHORT, BREAKS)
    for tick, state, effects in followed(machine, run):
        for notice in effects:
            if isinstance(notice, Notice):
                assert machine.measured(tick)
                assert tick.number * 0.5 - (state.started_s or 0.0) >= SHORT.grace_s
                assert notice.alert.share >= SHORT.enter_share
                assert 0.0 < notice.alert.measured_share <= 1.0


@given(tick_runs(longest=60), st.integers(0, 200), st.sampled_from(["ignored", "right", "snooze", "wrong"]))
def test_a_session_goes_on_after_being_written_down(run: list[Tick], cut: int, answer: str) -> None:
    machine = Policy.of(replace(SHORT, snooze_s=10.0), BREAKS)

    def go(state: PolicyState, part: list[Tick]) -> tuple[PolicyState, list[object]]:
        out: list[object] = []
        for one in part:
            state, effects = machine.step(state, one)
            out += effects
            for effect in effects:
                if isinstance(effect, Notice | BreakDue | StillnessNudge):
                    state = machine.respond(state, effect.id, answer, effect.alert.t_s)  # type: ignore[arg-type]
        return state, out

    half, _ = go(machine.begin(), run[:cut])
    again = from_json(json.loads(json.dumps(to_json(half), allow_nan=False)))
    assert repr(again) == repr(half)
    straight, interrupted = go(half, run[cut:]), go(again, run[cut:])
    assert repr(straight) == repr(interrupted)


@settings(max_examples=amount(10, 200), deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(1, 50), st.sampled_from(["ignored", "dismissed", "right", None])), max_size=8
    )
)
def test_who_leaves_the_posture_soon_after_each_alert_is_never_backed_off(
    days: list[tuple[int, str | None]],
) -> None:
    """Whatever is clicked at once, or not, short of calling it wrong."""
    machine = Policy.of(SHORT, BREAKS)
    state, number = machine.begin(), 0

    def sit(label: str, seconds: float) -> Iterator[Notice]:
        nonlocal state, number
        for one in ticks((label, seconds), start_s=number / 2):
            number += 1
            state, effects = machine.step(state, one)
            yield from (effect for effect in effects if isinstance(effect, Notice))

    for after_s, answer in days:
        list(sit("good", 60.0))
        notice = next(sit("slump", 4000.0))
        if answer is not None:
            state = machine.respond(state, notice.id, answer, notice.alert.t_s)  # type: ignore[arg-type]
        list(sit("slump", after_s))
        list(sit("good", 30.0))
        assert state.ledger.backoff == (1,) * len(CUES)
        assert state.ledger.unheeded == (0,) * len(CUES)


@pytest.mark.parametrize(
    "broken",
    [
        {},
        {"version": 0},
        {**to_json(PolicyState()), "window": {}},
        {**to_json(PolicyState()), "posture": 99},
        {**to_json(PolicyState()), "budget": None},
        {**to_json(PolicyState()), "ledger": {**Ledger()._asdict(), "settled": [[1, "maybe"]]}},
        {**to_json(PolicyState()), "tick": math.inf},
        {**to_json(PolicyState()), "bout": Bout(0, cue=99)._asdict()},
        {**to_json(PolicyState()), "bout": {**Bout(0, 0)._asdict(), "told": [[1, 5, 0.0]]}},
        {key: value for key, value in to_json(PolicyState()).items() if key != "ledger"},
        {**to_json(PolicyState()), "breaks": {**to_json(PolicyState())["breaks"], "interval_s": None}},
    ],
)
def test_a_damaged_state_is_refused(broken: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"policy state|State"):
        from_json(broken)
