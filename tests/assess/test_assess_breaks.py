"""Breaks, absences and stillness."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import pytest

from assess_material import NAN, baseline, tick, ticks
from posture_cv.assess.effects import Ambient, BreakDue, Effect, Level, Notice, Recalibrate, StillnessNudge
from posture_cv.assess.explain import explain
from posture_cv.assess.policy import Policy
from posture_cv.assess.policy_state import PolicyState
from posture_cv.assess.records import record
from posture_cv.assess.settings import AssessSettings, BreakSettings, PolicySettings
from posture_cv.assess.stream import Step
from posture_cv.assess.ticks import Tick
from posture_cv.guidance.adviser import Adviser
from posture_cv.guidance.catalogue import load_catalogue
from posture_cv.measure.types import Reason
from posture_cv.monitor.ports import NoBook
from posture_cv.monitor.telling import Teller
from posture_cv.replay.files import alert_rows

SETTINGS = BreakSettings()
NOTHING = np.empty((0, 0))
MINUTE = 60


def run(given: Iterable[Tick], settings: BreakSettings = SETTINGS) -> list[Effect]:
    return go(given, settings)[1]


def go(
    given: Iterable[Tick], settings: BreakSettings = SETTINGS, state: PolicyState | None = None
) -> tuple[PolicyState, list[Effect]]:
    policy = Policy.of(PolicySettings(), settings)
    state = state or policy.begin()
    out: list[Effect] = []
    for one in given:
        state, effects = policy.step(state, one)
        out += effects
    return state, out


def breaks(effects: Iterable[Effect]) -> list[BreakDue]:
    return [e for e in effects if isinstance(e, BreakDue)]


def nudges(effects: Iterable[Effect]) -> list[StillnessNudge]:
    return [e for e in effects if isinstance(e, StillnessNudge)]


def restless(minutes: float, shifts_per_half_hour: int, start_s: float = 0.0) -> list[Tick]:
    """Good sitting that moves 5 cm fore and back so many times in 30 minutes."""
    out = ticks(("good", minutes * MINUTE), start_s=start_s)
    each = 3600 // shifts_per_half_hour
    return [one._replace(place=(5.0 * ((i // each) % 2), 0.0, 0.0, 0.0)) for i, one in enumerate(out)]


@pytest.mark.parametrize("minutes", [20, 30, 50])
def test_presence_prompts_a_break(minutes: int) -> None:
    settings = BreakSettings(interval_s=minutes * MINUTE)
    [prompt] = breaks(run(restless(minutes + 1, 20), settings))
    assert prompt.alert.t_s == pytest.approx(minutes * MINUTE, abs=1)
    assert (prompt.alert.cue, prompt.alert.level) == ("break", "nudge")


def test_presence_counts_whatever_the_posture() -> None:
    mixed = ticks(("good", 600), ("turned", 400), ("looking_down", 400, 20.0), ("leaning_in", 500))
    assert len(breaks(run(mixed))) == 1


@pytest.mark.parametrize(("away_s", "expected_s"), [(30, 1830), (61, 1200 + 61 + 1800)])
def test_an_absence_of_a_minute_credits_a_micro_break(away_s: int, expected_s: int) -> None:
    effects = run(ticks(("good", 1200), ("away", away_s), ("good", 1900)))
    assert breaks(effects)[0].alert.t_s == pytest.approx(expected_s, abs=1.5)


def test_five_minutes_away_reset_everything() -> None:
    micro = breaks(run(ticks(("good", 1700), ("away", 61), ("good", 1801), ("away", 61), ("good", 1850))))
    assert [prompt.long for prompt in micro] == [
        True,
        True,
    ]  # an hour without a full break asks for a long one
    full = breaks(run(ticks(("good", 1700), ("away", 301), ("good", 1850))))
    assert [prompt.long for prompt in full] == [False]
    assert full[0].sitting_s == pytest.approx(1800, abs=1)


@pytest.mark.parametrize("since_s", [300.0, 300.5])  # an even and an odd number of ticks
def test_a_micro_break_ends_the_unbroken_time_and_not_the_sitting(since_s: float) -> None:
    counted = go(ticks(("good", 1200), ("away", 61), ("good", since_s)))[0].breaks
    assert (counted.unbroken_s, counted.interval_s, counted.sitting_s) == (since_s, since_s, 1200 + since_s)


def test_only_the_time_in_which_it_is_seen_moved_counts_for_a_moved_camera() -> None:
    effects = run(ticks(("good", 30), ("cannot_tell", 60), ("camera_moved", 30)))
    [told] = [effect.alert for effect in effects if isinstance(effect, Recalibrate)]
    assert (told.t_s, told.lasted_s) == pytest.approx((110, 20), abs=1)


def test_a_long_break_is_asked_for_in_words_and_a_short_one_is_not() -> None:
    prompts = breaks(run(restless(61, 20)))
    assert [prompt.long for prompt in prompts] == [False, True]
    told = [record(prompt, NOTHING, NOTHING, baseline(), AssessSettings()) for prompt in prompts]
    step = Step(Ambient(Level.GOOD, "", 0.0), (), tuple(told), ())
    watched, _ = Teller(Adviser(load_catalogue()), NoBook()).tell(step, 0.0)
    for short, long in ([said.words["text"] for said in watched], [row["text"] for row in alert_rows(told)]):
        assert "5 to 10 minutes" not in short
        assert long.startswith("No long break for 1 h at the screen: take 5 to 10 minutes this time. ")
    assert ["a long one was asked for" in explain(one) for one in told] == [False, True]


def test_a_suspended_computer_counts_as_a_break() -> None:
    before = ticks(("good", 1700))
    after = ticks(("good", 600), start_s=9000)
    assert breaks(run([*before, *after])) == []


def test_a_dark_room_is_neither_presence_nor_absence() -> None:
    effects = run(ticks(("good", 1200), ("cannot_tell", 600), ("good", 610)))
    assert [prompt.alert.t_s for prompt in breaks(effects)] == [pytest.approx(2400, abs=1)]


def test_a_prompt_is_postponed_once() -> None:
    policy = Policy.of(PolicySettings(), SETTINGS)
    state, first = go(restless(30.1, 20))
    assert breaks(first)[0].can_postpone
    state = policy.postpone(state)
    state, second = go(restless(6, 20, start_s=1806), state=state)
    [again] = breaks(second)
    assert again.alert.t_s == pytest.approx(1806 + 300, abs=2)
    assert not again.can_postpone
    assert policy.postpone(state) == state
    _, third = go(restless(35, 20, start_s=2166), state=state)
    assert breaks(third)[0].can_postpone


def test_a_prompt_that_was_sat_through_is_no_break() -> None:
    half_past, later = breaks(run(restless(61, 20)))
    assert half_past.alert.lasted_s == pytest.approx(1800, abs=1)
    assert later.alert.lasted_s == pytest.approx(3600, abs=1), (
        "presence since the last break, not since the prompt"
    )
    assert (half_past.alert.repeat, later.alert.repeat) == (0, 1)
    adviser = Adviser(load_catalogue())
    seen = [adviser.words(prompt.alert, 0)["seen"] for prompt in (half_past, later)]
    assert not [text for text in seen if "today" in text], "one stretch without a break, not two"


@pytest.mark.parametrize("minutes", [20, 50])
def test_another_interval_holds_from_the_next_start_on(minutes: int) -> None:
    state, _ = go(restless(10, 20))
    settings = BreakSettings(interval_s=minutes * MINUTE)
    [prompt] = breaks(go(restless(minutes - 9, 20, start_s=600), settings, state)[1])
    assert prompt.alert.t_s == pytest.approx(minutes * MINUTE, abs=1)
    assert prompt.can_postpone


def test_snoozing_a_break_prompt_postpones_it() -> None:
    policy = Policy.of(PolicySettings(), SETTINGS)
    state, first = go(restless(30.1, 20))
    state = policy.respond(state, breaks(first)[0].id, "snooze", 1806.0)
    assert state.ledger.silent_until_s == 0.0
    assert policy.respond(state, breaks(first)[0].id, "snooze", 1807.0) == state, "clicked twice"
    assert len(breaks(go(restless(6, 20, start_s=1806), state=state)[1])) == 1


def test_breaks_can_be_switched_off() -> None:
    effects = run(ticks(("good", 4000)), BreakSettings(enabled=False))
    assert not breaks(effects)
    assert not nudges(effects)


def test_sitting_still_prompts_a_nudge_even_in_good_posture() -> None:
    [nudge] = nudges(run(ticks(("good", 1900)), BreakSettings(interval_s=3000.0)))
    assert nudge.alert.t_s == pytest.approx(1800, abs=1)
    assert (nudge.alert.cue, nudge.shifts, nudge.with_break) == ("stillness", 0, False)


@pytest.mark.parametrize(("shifts", "expected"), [(6, 1), (9, 1), (12, 0), (30, 0)])
def test_ten_shifts_in_half_an_hour_are_enough(shifts: int, expected: int) -> None:
    assert len(nudges(run(restless(31, shifts), BreakSettings(interval_s=7200.0)))) == expected


@pytest.mark.parametrize(
    "given",
    [
        ticks(("turned", 3600)),
        ticks(*[("turned", 30), ("good", 30)] * 60),
        [one._replace(activity=20.0) for one in ticks(("good", 3600))],
        [one._replace(place=(float("nan"),) * 4) for one in ticks(("good", 3600))],
    ],
    ids=["turned", "half the time", "moving", "untold"],
)
def test_nobody_is_called_still_whose_shifts_could_not_be_seen(given: list[Tick]) -> None:
    effects = run(given)
    assert not nudges(effects)
    assert [prompt.shifts for prompt in breaks(effects)] == [None, None]


def test_glances_aside_hide_no_stillness() -> None:
    [nudge] = nudges(run(ticks(*[("good", 48), ("turned", 12)] * 31), BreakSettings(interval_s=7200.0)))
    assert nudge.shifts == 0


def test_with_the_break_it_is_one_moment_and_marked_so() -> None:
    effects = run(ticks(("good", 1900)))
    [nudge], [prompt] = nudges(effects), breaks(effects)
    assert nudge.with_break
    assert nudge.alert.t_s == prompt.alert.t_s
    assert prompt.shifts == 0


@pytest.mark.parametrize("direction", range(4))
def test_a_move_in_a_direction_that_was_not_told_at_first_is_a_shift(direction: int) -> None:
    def place(i: int) -> tuple[float, float, float, float]:
        cm = NAN if i < 4 else 5.0 * (i >= 80)
        fore, head, down, aside = (cm if k == direction else 0.0 for k in range(4))
        return fore, head, down, aside

    moved = [one._replace(place=place(i)) for i, one in enumerate(ticks(("good", 80)))]
    assert len(go(moved)[0].breaks.shifts) == 1


def test_a_reach_that_is_over_at_once_is_no_shift() -> None:
    still = ticks(("good", 1801))
    reaching = [one._replace(place=(9.0 * (i % 60 >= 54), 0.0, 0.0, 0.0)) for i, one in enumerate(still)]
    assert nudges(run(reaching))[0].shifts == 0


def test_a_full_break_ends_the_stillness_before_it() -> None:
    before, gone = ticks(("good", 25 * MINUTE)), ticks(("away", 6 * MINUTE), start_s=25 * MINUTE)
    assert nudges(run([*before, *gone, *ticks(("good", 10 * MINUTE), start_s=31 * MINUTE)])) == []


def test_somebody_else_in_the_seat_is_neither_presence_nor_absence() -> None:
    """Who sits there cannot be asked to take a break, and the other one is not known to have had one."""
    sat = ticks(("good", 20 * MINUTE))
    other = [
        one._replace(reason=int(Reason.OTHER_PERSON))
        for one in ticks(("away", 10 * MINUTE), start_s=20 * MINUTE)
    ]
    [due] = breaks(run([*sat, *other, *ticks(("good", 15 * MINUTE), start_s=30 * MINUTE)]))
    assert due.alert.t_s == pytest.approx(40 * MINUTE, abs=2.0)


def test_standing_up_is_a_shift() -> None:
    settings = BreakSettings(interval_s=14400.0)
    often = run(ticks(*[("good", 120), ("away", 61)] * 16), settings)
    assert not nudges(often)


def test_prompts_wait_for_a_snooze_and_for_a_posture_notification() -> None:
    policy = Policy.of(PolicySettings(), SETTINGS)
    state = policy.snooze(policy.begin(), 2000.0)
    assert breaks(go(ticks(("good", 2100)), state=state)[1])[0].alert.t_s == pytest.approx(2000, abs=1)
    effects = run(ticks(("good", 1650), ("slump", 600)))
    notified = next(e for e in effects if isinstance(e, Notice))
    assert breaks(effects)[0].alert.t_s == pytest.approx(notified.alert.t_s + 300, abs=1)


def test_a_posture_never_waits_for_a_prompt() -> None:
    effects = run(ticks(("good", 1790), ("slump", 200)))
    notified = next(e for e in effects if isinstance(e, Notice))
    assert breaks(effects)[0].alert.t_s < notified.alert.t_s < 1790 + 130


def test_a_moved_camera_is_said_once_until_it_was_measurable_again() -> None:
    off = replace(SETTINGS, enabled=False)
    moved = [e for e in run(ticks(("good", 60), ("camera_moved", 900)), off) if isinstance(e, Recalibrate)]
    assert [m.alert.t_s for m in moved] == [pytest.approx(80, abs=1)]
    twice = ticks(("good", 60), ("camera_moved", 100), ("away", 20), ("camera_moved", 400), ("good", 60))
    again = [*twice, *ticks(("camera_moved", 60), start_s=640)]
    said = [e.alert.t_s for e in run(again, off) if isinstance(e, Recalibrate)]
    assert said == [pytest.approx(80, abs=1), pytest.approx(660, abs=1)]


def test_one_tick_of_somebody_is_no_presence_prompt() -> None:
    assert not breaks(run([tick(0, "away")]))
    assert not breaks(run([*ticks(("away", 4000)), tick(8000, "good")]))
