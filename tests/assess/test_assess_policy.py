"""The alert policy, sentence by sentence."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest

from assess_material import Stretch, tick, ticks
from policy_material import NO_BREAKS, make, notices, run, times
from posture_cv.assess.effects import Ambient, Level, Notice, Recovered, Rule
from posture_cv.assess.policy import Policy
from posture_cv.assess.policy_state import from_json, to_json
from posture_cv.assess.settings import CUES, PolicySettings
from posture_cv.assess.types import State

MINUTE = 60.0


# The ambient cue


def test_the_ambient_cue_comes_within_five_to_ten_seconds() -> None:
    effects = run(make(), ticks(("good", 60), ("forward_head", 30)))[1]
    poor = next(e for e in effects if isinstance(e, Ambient) and e.level is Level.POOR)
    assert 5.0 <= poor.t_s - 60.0 <= 10.0
    assert poor.cue == "forward_head"


def test_a_glance_or_a_cough_changes_no_colour() -> None:
    glances: list[Stretch] = [("good", 20), ("slump", 4), ("good", 20), ("looking_down", 15, 40)]
    given = ticks(*glances * 10)
    assert [e for e in run(make(), given)[1] if isinstance(e, Ambient)] == [Ambient(Level.GOOD, "", 0.0)]


def test_the_colour_goes_back_only_after_ten_seconds_below_the_exit() -> None:
    below, between = ("good", 30, 0.0), [tick(0, "good")._replace(excess=(0.8, 0.0, 0.0, 0.0, 0.0))] * 60
    held = ticks(("forward_head", 20), below)
    went_back = [e.t_s for e in run(make(), held)[1] if isinstance(e, Ambient) and e.level is Level.GOOD]
    assert went_back[-1] == pytest.approx(20.0 + 10.0, abs=0.6)
    start = ticks(("forward_head", 20))
    kept = [*start, *(one._replace(number=len(start) + i) for i, one in enumerate(between))]
    state, _ = run(make(), kept)
    assert state.ambient.level is Level.POOR  # 0.8 of the threshold is no exit
    assert state.posture is State.FORWARD_HEAD


def test_severe_unmeasured_and_away_have_their_own_level() -> None:
    given = ticks(
        ("good", 5), ("forward_head", 20, 4.0), ("good", 20), ("turned", 20), ("good", 5), ("away", 20)
    )
    levels = [(e.level, e.cue) for e in run(make(), given)[1] if isinstance(e, Ambient)]
    assert levels == [
        (Level.GOOD, ""),
        (Level.SEVERE, "forward_head"),
        (Level.POOR, "forward_head"),
        (Level.GOOD, ""),
        (Level.UNMEASURED, "head_turned"),
        (Level.GOOD, ""),
        (Level.AWAY, ""),
    ]


# The window


def test_a_lasting_posture_is_notified_when_most_of_the_window_was_bad() -> None:
    [notice] = notices(make(), ticks(("good", 300), ("rounded_shoulders", 140)))
    assert notice.alert.t_s == pytest.approx(300 + 0.7 * 120, abs=1.0)
    assert (notice.alert.cue, notice.alert.level, notice.rule) == ("rounded_shoulders", "notice", Rule.WINDOW)
    assert notice.alert.share == pytest.approx(0.7, abs=0.01)
    assert notice.alert.lasted_s == pytest.approx(84.0, abs=1.0)


def test_single_good_frames_neither_reset_nor_hide_it() -> None:
    flicker = [("forward_head", 4.0), ("good", 0.5)] * 30
    assert len(times(make(), ticks(("good", 300), *flicker))) == 1


def test_less_than_the_share_is_not_notified_however_long() -> None:
    assert times(make(), ticks(("good", 300), *[("forward_head", 6.0), ("good", 4.0)] * 400)) == []


def test_severe_is_notified_after_its_own_shorter_window() -> None:
    [notice] = notices(make(), ticks(("good", 300), ("forward_head", 60, 4.0)))
    assert notice.alert.t_s == pytest.approx(300 + 0.7 * 30, abs=1.0)
    assert (notice.alert.level, notice.rule) == ("severe", Rule.SEVERE)


def test_most_of_that_window_must_have_been_measured() -> None:
    given = ticks(("good", 130), ("turned", 80), ("forward_head", 40, 4.0))
    [severe, *_] = times(make(), given)
    assert severe == pytest.approx(210 + 0.7 * 30, abs=1.0)


def test_a_bent_head_is_never_severe_for_time_has_its_own_budget() -> None:
    bent = [one._replace(severe=True) for one in ticks(("good", 300), ("text_neck", 60, 30.0))]
    assert times(make(), bent) == []
    [notice] = notices(make(), [one._replace(severe=True) for one in ticks(("good", 300), ("slump", 60))])
    assert notice.rule is Rule.SEVERE


def test_postures_that_take_turns_are_notified_after_the_most_frequent() -> None:
    turns = [("forward_head", 5.0), ("slump", 12.0), ("text_neck", 6.0)] * 10
    [notice] = notices(make(), ticks(("good", 300), *turns))
    assert notice.rule is Rule.MIXED
    assert notice.alert.cue == "slump"
    assert notice.alert.t_s <= 300 + 130
    assert set(notice.shares) == {"forward_head", "slump", "text_neck"}


@pytest.mark.parametrize(("label", "counts"), [("good", True), ("leaning_in", False)])
def test_a_harmless_posture_excuses_what_a_sensitive_limit_would_count(label: str, *, counts: bool) -> None:
    weak = [tick(number, label)._replace(excess=(0.9, 0.0, 0.0, 0.0, 0.0)) for number in range(800)]
    assert bool(times(make(sensitivity=2.0), weak)) is counts


def test_of_several_in_turn_only_the_time_of_the_one_that_is_named_is_its_own() -> None:
    turns: list[Stretch] = [("slump", 6.0), ("forward_head", 4.0), ("good", 2.0)] * 12
    first, second = notices(make(), ticks(("good", 300), ("slump", 564), *turns))
    assert (first.rule, second.rule, second.alert.cue) == (Rule.WINDOW, Rule.MIXED, "slump")
    named_s = 564 + (second.alert.t_s - 864) / 2
    assert second.alert.lasted_s == pytest.approx(named_s, abs=5.0)


def test_without_a_held_exit_a_bout_still_lasts_while_the_posture_does() -> None:
    effects = run(make(exit_hold_s=0.0), ticks(("good", 20), ("slump", 60)))[1]
    assert [e.level for e in effects if isinstance(e, Ambient)] == [Level.GOOD, Level.POOR]


# Unmeasured time


@pytest.mark.parametrize("label", ["away", "turned", "cannot_tell", "gap"])
def test_unmeasured_time_neither_counts_nor_forgives(label: str) -> None:
    # 60 s bad, 100 s unmeasured, then bad again: the 84th bad second is the 24th after the pause.
    given = ticks(("good", 300), ("forward_head", 60), (label, 100), ("forward_head", 60))
    assert times(make(), given) == [pytest.approx(300 + 60 + 100 + 24, abs=1.0)]
    assert times(make(), ticks(("good", 300), ("forward_head", 60), (label, 100))) == []


@pytest.mark.parametrize(("poor_s", "aside_s"), [(4, 3), (5, 3), (5, 5)])
def test_glances_aside_every_few_seconds_forgive_nothing(poor_s: float, aside_s: float) -> None:
    turns: list[Stretch] = [("slump", poor_s), ("turned", aside_s)] * 60
    told = run(make(), ticks(("good", 200), *turns))[1]
    poor = next(e.t_s for e in told if isinstance(e, Ambient) and e.level is Level.POOR)
    assert poor - 200 <= 20.0
    [notice] = [e for e in told if isinstance(e, Notice)][:1]
    measured_s = (notice.alert.t_s - 200) * poor_s / (poor_s + aside_s)
    assert measured_s == pytest.approx(0.7 * 120, abs=poor_s + aside_s), (
        "70 % of the window, of measured time"
    )


def test_looking_at_another_screen_every_few_seconds_hides_no_bent_head() -> None:
    turns: list[Stretch] = [("looking_down", 5, 40.0), ("turned", 3)] * 100
    assert [n.alert.cue for n in notices(make(), ticks(*turns))][:1] == ["text_neck"]


def test_moving_counts_as_unmeasured() -> None:
    moving = [one._replace(activity=20.0) for one in ticks(("forward_head", 600))]
    assert times(make(), moving) == []


def test_after_an_unmeasured_stretch_as_long_as_a_full_break_the_window_begins_anew() -> None:
    given = ticks(("good", 300), ("forward_head", 80), ("away", 301), ("forward_head", 120))
    assert times(make(), given) == [pytest.approx(300 + 80 + 301 + 84, abs=1.0)]


def test_nothing_is_said_at_the_first_glance_after_coming_back() -> None:
    # 83 of the 84 seconds were there before; the posture must also last now.
    given = ticks(("good", 300), ("forward_head", 83), ("away", 60), ("forward_head", 30))
    [at] = times(make(), given)
    assert at - (300 + 83 + 60) >= 5.0


def test_a_window_measured_too_little_says_nothing() -> None:
    rarely = [("forward_head", 1.0), ("cannot_tell", 4.0)] * 400
    assert times(make(), ticks(("good", 200), *rarely)) == []
    often = [("forward_head", 2.0), ("cannot_tell", 1.0)] * 100
    assert len(times(make(), ticks(("good", 200), *often))) == 1


def test_nothing_is_said_while_it_is_not_seen_even_when_the_share_is_there() -> None:
    # The grace ends while the person is turned, then while sitting well again.
    late = ticks(("forward_head", 110), ("turned", 30), ("good", 60))
    assert times(make(), late) == []


def test_what_is_over_is_not_told_because_of_a_later_lapse() -> None:
    # Held back by the grace, then corrected; a lapse of seconds must not bring it up again.
    late = ticks(("forward_head", 110), ("good", 20), ("slump", 9), ("good", 60))
    assert times(make(), late) == []


# Grace, cool-downs, cap, reminders


def test_nothing_in_the_first_two_minutes_and_then_at_once() -> None:
    assert times(make(), ticks(("forward_head", 119))) == []
    assert times(make(), ticks(("forward_head", 130))) == [120.0]


def test_alert_after_sets_the_window_and_the_grace() -> None:
    policy = Policy.of(PolicySettings().alert_after(5.0), NO_BREAKS)
    clip = ticks(("good", 10), ("forward_head", 8), ("good", 9), ("slump", 6))
    first, second = notices(policy, clip)
    assert 13.0 <= first.alert.t_s <= 15.0
    assert 30.0 <= second.alert.t_s <= 32.0
    assert (first.alert.cue, second.alert.cue) == ("forward_head", "slump")
    many: list[Stretch] = [("forward_head", 8), ("good", 9)]
    assert len(times(policy, ticks(*many * 20))) == 20  # no cap hides a short recording's postures


def test_a_new_calibration_begins_a_new_grace() -> None:
    policy = make()
    state, _ = run(policy, ticks(("forward_head", 110)))
    _, effects = run(policy, ticks(("forward_head", 119), start_s=110), policy.new_session(state))
    assert not [e for e in effects if isinstance(e, Notice)]


def test_a_posture_held_for_an_hour_is_reminded_within_the_cap() -> None:
    given = notices(make(), ticks(("good", 300), ("slump", 5400)))
    at = [n.alert.t_s for n in given]
    assert given[0].alert.level == "notice"
    assert [n.alert.level for n in given[1:]] == ["reminder"] * (len(given) - 1)
    assert [n.alert.repeat for n in given] == list(range(len(given)))
    assert all(later - earlier >= 600 for earlier, later in pairwise(at))
    for t_s in at:
        assert sum(t_s - 3600 < other <= t_s for other in at) <= 4
    assert sum(300 < t_s <= 3900 for t_s in at) == 4


def test_another_posture_waits_for_the_global_cool_down_only() -> None:
    given = notices(make(), ticks(("good", 300), ("forward_head", 100), ("slump", 1000)))
    assert [n.alert.cue for n in given] == ["forward_head", "slump", "slump"]
    assert given[1].alert.t_s - given[0].alert.t_s == pytest.approx(300, abs=1)


def test_the_time_of_an_earlier_posture_is_not_told_as_that_of_a_later_one() -> None:
    given = notices(make(), ticks(("good", 300), ("forward_head", 100), ("slump", 1000)))
    first, second, third = (n.alert for n in given)
    assert first.lasted_s == pytest.approx(84, abs=1)
    assert second.lasted_s == pytest.approx(second.t_s - 400, abs=1)
    assert third.lasted_s == pytest.approx(third.t_s - 400, abs=1)


def test_a_bout_that_begins_counts_measured_time_only() -> None:
    state, _ = run(make(), ticks(("slump", 3), ("turned", 1), ("slump", 3)))
    assert state.bout is not None
    assert state.bout.start == 0
    assert state.bout.measured_s == sum(state.bout.named_s) == 6.0


def test_a_bout_survives_json_with_the_time_of_each_posture() -> None:
    policy = make()
    state, _ = run(policy, ticks(("good", 130), ("slump", 40), ("forward_head", 50)))
    assert state.bout is not None
    assert state.bout.named_s[CUES.index("slump")] == pytest.approx(40, abs=1)
    again = from_json(json.loads(json.dumps(to_json(state))))
    assert again == state
    old = to_json(state)
    del old["bout"]["named_s"]
    earlier = from_json(old).bout
    assert earlier is not None
    assert sum(earlier.named_s) == 0.0


def test_the_same_posture_again_waits_for_its_own_cool_down() -> None:
    again = ticks(("good", 300), ("forward_head", 100), ("good", 300), ("forward_head", 600))
    at = times(make(), again)
    assert at[1] - at[0] == pytest.approx(600, abs=1)


def test_the_cap_holds_whatever_the_cool_downs() -> None:
    busy = make(cue_cooldown_s=0.0, global_cooldown_s=0.0)
    assert len(times(busy, ticks(("forward_head", 3600)))) == 4


def test_of_a_long_day_only_the_notifications_of_the_last_hour_are_kept() -> None:
    """The state goes to the disk at every change: it must not grow with the day."""
    state = run(make(), ticks(("forward_head", 4 * 3600)))[0]
    told, last_s = state.ledger.given_s, state.ledger.given_s[-1]
    assert 1 < len(told) <= PolicySettings().cap_per_hour
    assert all(last_s - t_s < 3600.0 for t_s in told)


# Looking down


@pytest.mark.parametrize(("pitch_deg", "minutes"), [(25.0, 8.0), (45.0, 5 + 40 / 60), (85.0, 1.0)])
def test_looking_down_becomes_text_neck_when_the_budget_is_spent(pitch_deg: float, minutes: float) -> None:
    given = ticks(("good", 130), ("looking_down", 600, pitch_deg))
    [notice] = notices(make(), given)
    assert (notice.alert.cue, notice.rule) == ("text_neck", Rule.BUDGET)
    assert notice.alert.t_s == pytest.approx(130 + 60 * minutes, abs=1.0)
    assert notice.alert.lasted_s == pytest.approx(60 * minutes, abs=1.0)
    state, _ = run(make(), given)
    assert state.posture is State.TEXT_NECK
    before, _ = run(make(), given[: round(2 * (130 + 60 * minutes)) - 4])
    assert before.posture is State.LOOKING_DOWN


def test_a_glance_down_while_the_budget_recovers_says_nothing() -> None:
    read: list[Stretch] = [("looking_down", 720, 45.0), ("good", 300)]
    glances: list[Stretch] = [("looking_down", 20, 45.0), ("good", 40)]
    assert len(times(make(), ticks(("good", 130), *read, *glances * 4))) == 1
    again: list[Stretch] = [("looking_down", 40, 45.0)]
    assert len(times(make(), ticks(("good", 130), *read, *again))) == 2


def test_reading_at_a_slight_angle_never_spends_it() -> None:
    assert times(make(), ticks(("looking_down", 3600, 20.0))) == []


def test_strong_flexion_named_text_neck_counts_through_the_window() -> None:
    [notice] = notices(make(), ticks(("good", 300), ("text_neck", 100, 26.0)))
    assert (notice.alert.cue, notice.rule) == ("text_neck", Rule.WINDOW)


def test_unmeasured_time_neither_spends_nor_recovers_until_a_full_break() -> None:
    half = ("looking_down", 150.0, 45.0)
    through = ticks(("good", 130), half, ("turned", 200), half, ("turned", 200), half)
    assert len(times(make(), through)) == 1
    broken = ticks(("good", 130), half, half, ("away", 301), half, half)
    assert times(make(), broken) == []


@pytest.mark.parametrize(("away_s", "kept"), [(290, True), (310, False)])
def test_so_does_a_restart_after_as_long_a_break(away_s: float, *, kept: bool) -> None:
    state, _ = run(make(), ticks(("looking_down", 150, 45.0)))
    assert state.budget.spent > 0.4
    state, _ = run(make(), ticks(("good", 0.5), start_s=150.0 + away_s), state)
    assert (state.budget.spent > 0.4) is kept


# Ends and oddities


def test_recovery_after_a_notification_is_reported_once() -> None:
    effects = run(make(), ticks(("good", 200), ("slump", 100), ("good", 100)))[1]
    [recovered] = [e for e in effects if isinstance(e, Recovered)]
    assert recovered.cue == "slump"
    assert recovered.t_s == pytest.approx(300.0, abs=1.0)
    assert recovered.after_s == pytest.approx(300.0 - 284.0, abs=1.5)


def test_recovery_is_reported_for_every_notification_of_the_bout() -> None:
    effects = run(make(), ticks(("good", 200), ("slump", 1500), ("good", 100)))[1]
    told = [e for e in effects if isinstance(e, Notice)]
    recovered = [e for e in effects if isinstance(e, Recovered)]
    assert len(told) == 3
    assert [e.id for e in recovered] == [e.id for e in told]
    assert [e.after_s + one.alert.t_s for e, one in zip(recovered, told, strict=True)] == [
        recovered[0].t_s
    ] * 3


def test_a_tick_that_is_not_later_changes_nothing() -> None:
    policy = make()
    state, _ = run(policy, ticks(("slump", 10)))
    assert policy.step(state, tick(5, "good")) == (state, ())


def test_a_night_without_ticks_counts_as_nothing() -> None:
    policy = make()
    state, _ = run(policy, ticks(("slump", 100)))
    _, effects = run(policy, ticks(("slump", 80), start_s=40_000), state)
    assert not [e for e in effects if isinstance(e, Notice)]


def test_good_sitting_is_never_notified() -> None:
    harmless: list[Stretch] = [
        ("good", 500),
        ("leaning_in", 500),
        ("looking_down", 40, 50.0),
        ("good", 400),
        ("turned", 100),
    ]
    assert times(make(), ticks(*harmless * 5)) == []
