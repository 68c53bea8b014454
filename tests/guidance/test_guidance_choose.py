"""What is said follows from what was seen, varies, and is the same for the same situation."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posture_cv.assess.types import ALERTING, Alert
from posture_cv.errors import InputError
from posture_cv.guidance.adviser import EVENING_AFTER_S, Adviser, evening_advice
from posture_cv.guidance.catalogue import load_catalogue
from posture_cv.guidance.choose import (
    LASTING_S,
    REPEATED_TIMES,
    Advice,
    choose,
    desk_advice,
    duration_text,
    ordinal,
)
from posture_cv.guidance.entries import DESK_CHECKS, DeskCheck

CATALOGUE = load_catalogue()
CUES = [cue.id for cue in CATALOGUE.cues]
POSTURES = [state.label for state in ALERTING]
ENTRY_IDS = [entry.id for entry in CATALOGUE.entries]

cues = st.sampled_from(CUES)
durations_s = st.floats(0, 36_000)
times = st.integers(0, 60)
days = st.integers(0, 100_000)
some_shown = st.lists(st.sampled_from(ENTRY_IDS), max_size=120)
all_shown = st.tuples(st.integers(0, len(ENTRY_IDS) - 1), some_shown).map(
    lambda two: [*ENTRY_IDS[two[0] :], *ENTRY_IDS[: two[0]], *two[1]]
)
shown_lists = st.one_of(some_shown, all_shown)


@given(cues, durations_s, times, days, shown_lists)
def test_what_is_said_fits_and_is_complete(
    cue: str, lasted_s: float, times_today: int, day_key: int, shown: list[str]
) -> None:
    advice = choose(
        CATALOGUE, cue, lasted_s=lasted_s, times_today=times_today, shown_recently=shown, day_key=day_key
    )
    entry = CATALOGUE.entry(advice.entry_id)
    assert cue in entry.triggers
    assert (advice.text, advice.action, advice.quotation) == (entry.text, entry.action, entry.quotation)
    assert advice.citation
    assert "{" not in advice.seen
    assert (advice.safety_line is not None) == (entry.kind == "exercise")
    assert (advice.evidence_note is not None) == bool(entry.evidence)


@given(cues, durations_s, times, days, shown_lists)
def test_nothing_comes_again_while_another_fits(
    cue: str, lasted_s: float, times_today: int, day_key: int, shown: list[str]
) -> None:
    advice = choose(
        CATALOGUE, cue, lasted_s=lasted_s, times_today=times_today, shown_recently=shown, day_key=day_key
    )
    fitting = {entry.id for entry in CATALOGUE.for_trigger(cue)}
    if fitting - set(shown):
        assert advice.entry_id not in shown
    else:
        longest_ago = min(fitting, key=lambda entry_id: max(i for i, s in enumerate(shown) if s == entry_id))
        assert advice.entry_id == longest_ago


@given(cues, durations_s, times, days, shown_lists)
def test_the_same_situation_gives_the_same_advice(
    cue: str, lasted_s: float, times_today: int, day_key: int, shown: list[str]
) -> None:
    first, second = (
        choose(
            CATALOGUE, cue, lasted_s=lasted_s, times_today=times_today, shown_recently=shown, day_key=day_key
        )
        for _ in range(2)
    )
    assert first == second


def a_day_of(cue: str, alerts: int, *, day_key: int = 0, lasted_s: float = 120.0) -> list[Advice]:
    shown: list[str] = []
    said = []
    for number in range(1, alerts + 1):
        advice = choose(
            CATALOGUE,
            cue,
            lasted_s=lasted_s,
            times_today=number,
            shown_recently=shown,
            day_key=day_key,
        )
        shown.append(advice.entry_id)
        said.append(advice)
    return said


@pytest.mark.parametrize("cue", CUES)
def test_a_long_day_repeats_nothing_before_everything_was_said(cue: str) -> None:
    fitting = len(CATALOGUE.for_trigger(cue))
    said = a_day_of(cue, 2 * fitting)
    assert len({advice.body for advice in said[:fitting]}) == fitting
    assert len({advice.body for advice in said[fitting:]}) == fitting
    assert said[fitting - 1].body != said[fitting].body


@pytest.mark.parametrize("cue", POSTURES)
def test_there_is_enough_to_say_for_the_alerts_of_a_day(cue: str) -> None:
    """Four hours of one cue, reminded every ten minutes at most half of the time."""
    assert len({advice.body for advice in a_day_of(cue, 12)}) == 12


@pytest.mark.parametrize("cue", POSTURES)
def test_a_first_short_episode_gets_a_posture_cue(cue: str) -> None:
    assert CATALOGUE.entry(a_day_of(cue, 1)[0].entry_id).kind == "cue"


@pytest.mark.parametrize("cue", POSTURES)
def test_a_long_episode_gets_a_reason_to_change(cue: str) -> None:
    advice = a_day_of(cue, 1, lasted_s=LASTING_S)[0]
    assert CATALOGUE.entry(advice.entry_id).kind in ("mechanism", "break", "exercise")


@pytest.mark.parametrize("cue", POSTURES)
def test_repeated_episodes_get_an_exercise_and_a_change_to_the_desk(cue: str) -> None:
    said = a_day_of(cue, REPEATED_TIMES + 1)[REPEATED_TIMES - 1 :]
    assert {CATALOGUE.entry(advice.entry_id).kind for advice in said} == {"exercise", "ergonomics"}


@pytest.mark.parametrize("cue", ["forward_head", "leaning_in"])
def test_a_head_that_keeps_coming_forward_gets_distance_and_text_size(cue: str) -> None:
    said = {advice.entry_id for advice in a_day_of(cue, 10)}
    assert {"enlarge_text", "screen_height_and_distance"} <= said


def test_days_start_differently() -> None:
    first_words = {a_day_of("forward_head", 1, day_key=day)[0].entry_id for day in range(7)}
    assert len(first_words) >= 4


def test_other_cues_do_not_use_up_the_same_sentence() -> None:
    shown = [advice.entry_id for advice in a_day_of("slump", 6)]
    advice = choose(CATALOGUE, "forward_head", lasted_s=60, times_today=1, shown_recently=shown, day_key=0)
    assert advice.entry_id not in shown


@given(st.sampled_from([*POSTURES, "break"]), st.integers(2, 16), days, st.booleans())
def test_reminders_open_with_other_words_each_time(
    cue: str, reminders: int, day_key: int, restarted: bool
) -> None:
    """The first line is what a notification shows first; that of an hour's reminders must not stay the same."""
    adviser = Adviser(CATALOGUE)
    told: list[tuple[str, int, str]] = []
    heads: list[str] = []
    for repeat in range(reminders):
        if restarted:
            adviser = Adviser(CATALOGUE)
            adviser.remember(day_key, told)
        words = adviser.words(reminder(cue, repeat), day_key)
        told.append((cue, repeat, words["entry_id"]))
        heads.append(words["seen"].split(" for ")[0])
    assert all(one != two for one, two in pairwise(heads))


@given(st.integers(1, 40), days)
def test_where_a_long_break_is_due_no_short_one_is_praised(prompts: int, day_key: int) -> None:
    adviser = Adviser(CATALOGUE)
    told = [adviser.words(reminder("break", n), day_key, 3600.0 + n) for n in range(prompts)]
    assert all("take 5 to 10 minutes this time" in words["text"] for words in told)
    assert "micro_breaks" not in {words["entry_id"] for words in told}


@pytest.mark.parametrize(("recorded", "way"), [(False, "recalibrate --moved"), (True, "replay --calibrate")])
def test_of_a_moved_camera_the_way_on_is_that_of_live_or_recorded_pictures(recorded: bool, way: str) -> None:
    text = Adviser(CATALOGUE, recorded=recorded).words(reminder("recalibrate", 0), 0)["text"]
    assert f"posture-cv {way}" in text
    assert ("Press m" in text) is not recorded


@given(st.lists(st.tuples(st.sampled_from(POSTURES), st.integers(0, 2)), max_size=12), days)
def test_a_new_day_begins_as_if_nothing_had_been_said(told: list[tuple[str, int]], day: int) -> None:
    worked, rested = Adviser(CATALOGUE), Adviser(CATALOGUE)
    for cue, repeat in told:
        worked.advise(Alert(100.0, cue, "notice", 84.0, 0.8, 120.0, 1.5, 1.0, repeat), day)
    for cue in POSTURES:
        alert = Alert(100.0, cue, "notice", 84.0, 0.8, 120.0, 1.5, 1.0)
        assert worked.advise(alert, day + 1) == rested.advise(alert, day + 1)


def test_breaks_sat_through_are_answered_with_breaks_and_exercises_in_turn() -> None:
    adviser = Adviser(CATALOGUE)
    said = [adviser.advise(reminder("break", repeat), day_key=0) for repeat in range(6)]
    kinds = [CATALOGUE.entry(advice.entry_id).kind for advice in said]
    assert sorted(kinds[:2]) == ["break", "exercise"]
    assert kinds == kinds[:2] * 3


def reminder(cue: str, repeat: int) -> Alert:
    lasted_s = 1800.0 * (repeat + 1)
    return Alert(lasted_s, cue, "reminder", lasted_s, 1.0, 120.0, 1.0, 1.0, repeat)


@pytest.mark.parametrize(
    ("lasted_s", "times_today", "seen"),
    [
        (0, 0, "Shoulders drawn up."),
        (90, 0, "Shoulders drawn up for 90 s."),
        (150, 3, "Shoulders drawn up for 3 min, 3rd time today."),
        (3900, 21, "Shoulders drawn up for 1 h 5 min, 21st time today."),
    ],
)
def test_what_was_seen_is_said_first(lasted_s: float, times_today: int, seen: str) -> None:
    advice = choose(
        CATALOGUE,
        "shrug",
        lasted_s=lasted_s,
        times_today=times_today,
        shown_recently=(),
        day_key=-times_today,  # the first template
    )
    assert advice.seen == seen


def test_the_body_ends_with_the_safety_line_of_an_exercise() -> None:
    bodies = {advice.entry_id: advice.body for advice in a_day_of("break", 18)}
    for exercise in CATALOGUE.of_kind("exercise"):
        if "break" in exercise.triggers:
            assert bodies[exercise.id].endswith(CATALOGUE.safety_line)
    assert "pain limit" in CATALOGUE.safety_line


def test_the_sixty_pounds_never_come_without_their_note() -> None:
    said = [advice for advice in a_day_of("text_neck", 16) if "60" in (advice.quotation or "")]
    assert said
    assert all("not an extra" in (advice.evidence_note or "") for advice in said)


@pytest.mark.parametrize("check", DESK_CHECKS)
def test_each_desk_finding_has_advice_with_a_source(check: DeskCheck) -> None:
    for advice in desk_advice(CATALOGUE, check):
        assert advice.action
        assert advice.citation


def test_screen_height_comes_with_the_honest_note() -> None:
    notes = [advice.evidence_note or "" for advice in desk_advice(CATALOGUE, "screen_too_low")]
    assert any("top edge of the screen at or slightly below eye level" in note for note in notes)


def test_an_unknown_cue_is_refused_with_the_known_ones() -> None:
    with pytest.raises(InputError, match="forward_head"):
        choose(CATALOGUE, "yawn", lasted_s=1, times_today=1, shown_recently=(), day_key=0)


@pytest.mark.parametrize(
    ("lasted_s", "times_today"), [(-1.0, 1), (float("nan"), 1), (float("inf"), 1), (1.0, -1)]
)
def test_impossible_numbers_are_refused(lasted_s: float, times_today: int) -> None:
    with pytest.raises(InputError, match="must be 0 or more"):
        choose(CATALOGUE, "slump", lasted_s=lasted_s, times_today=times_today, shown_recently=(), day_key=0)
    with pytest.raises(InputError, match="said_today must be 0 or more"):
        choose(CATALOGUE, "slump", lasted_s=1, times_today=1, shown_recently=(), day_key=0, said_today=-1)


def test_an_unknown_desk_finding_is_refused() -> None:
    with pytest.raises(InputError, match="No desk check named roof"):
        desk_advice(CATALOGUE, "roof")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("duration_s", "text"),
    [(4.6, "5 s"), (119.4, "119 s"), (119.6, "2 min"), (1790, "30 min"), (3600, "1 h"), (7300, "2 h 2 min")],
)
def test_durations_read_at_a_glance(duration_s: float, text: str) -> None:
    assert duration_text(duration_s) == text


@pytest.mark.parametrize(
    ("number", "text"), [(1, "1st"), (2, "2nd"), (12, "12th"), (103, "103rd"), (111, "111th")]
)
def test_ordinals(number: int, text: str) -> None:
    assert ordinal(number) == text


@given(st.floats(EVENING_AFTER_S, 80_000), days)
def test_the_evening_has_advice_in_a_documents_words_and_the_next_one_other(
    watched_s: float, day_key: int
) -> None:
    today, tomorrow = (evening_advice(CATALOGUE, watched_s, day_key + later) for later in (0, 1))
    assert today is not None
    assert tomorrow is not None
    assert today.entry_id != tomorrow.entry_id
    assert "end_of_day" in CATALOGUE.entry(today.entry_id).triggers
    assert today.quotation


def test_a_short_while_has_no_evening() -> None:
    assert evening_advice(CATALOGUE, EVENING_AFTER_S - 1.0, 738_000) is None
