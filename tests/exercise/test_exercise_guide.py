"""The guide leads through every exercise, waits for what the camera can see, and skips nothing."""

from __future__ import annotations

import math
import re
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exercise_material import holds, person, times, turns
from posture_cv.exercise import wording
from posture_cv.exercise.counters import Counter, count
from posture_cv.exercise.guide import (
    PATIENCE_S,
    READY_S,
    SET_PAUSE_S,
    SIDE_PAUSE_S,
    TURN_PATIENCE_S,
    Cue,
    Guide,
    Stage,
)
from posture_cv.exercise.plan import Plan, plan_for
from posture_cv.exercise.types import Direction, Phase, Progress, Repetition
from posture_cv.guidance.catalogue import load_catalogue
from posture_cv.guidance.entries import CAMERA_CHECKS
from posture_cv.landmarks.types import Landmarks
from posture_cv.measure.types import Reason

CATALOGUE = load_catalogue()
EXERCISES = [entry.id for entry in CATALOGUE.of_kind("exercise")]


def plan(name: str) -> Plan:
    return plan_for(CATALOGUE.entry(name))


def by_clock(name: str, tick_s: float = 0.1) -> tuple[list[Cue], float]:
    """All cues of an exercise without a camera, and how long it took."""
    guide = Guide(plan(name), camera=False)
    cues: list[Cue] = []
    while not cues or cues[-1].stage is not Stage.DONE:
        cues.append(guide.step(len(cues) * tick_s))
    assert guide.done == len(plan(name).items)
    return cues, (len(cues) - 1) * tick_s


@pytest.mark.parametrize("name", EXERCISES)
def test_every_exercise_is_led_through_by_the_clock(name: str) -> None:
    cues, took_s = by_clock(name)
    items = plan(name).items
    pauses_s = SET_PAUSE_S * (items[-1].sets - 1) + SIDE_PAUSE_S * sum(
        a.side != b.side and a.set_number == b.set_number for a, b in pairwise(items)
    )
    stages = 2 + 3 * len(items)
    assert took_s == pytest.approx(READY_S + plan(name).duration_s + pauses_s, abs=0.1 * stages)
    assert not any(cue.by_clock for cue in cues)
    seen = [cue.item.number for cue in cues if cue.item]
    assert seen == sorted(seen)
    assert set(seen) == set(range(len(items)))


def test_doses_are_the_catalogues() -> None:
    raises = plan("shoulder_raises").items
    assert len(raises) == 30
    assert {item.hold_s for item in raises} == {2.0}
    assert [(raises[10].set_number, raises[10].repetition)] == [(2, 1)]
    kneeling = plan("half_kneeling").items
    assert [(item.side, item.repetition) for item in kneeling] == [
        (side, n) for side in ("one side", "the other side") for n in (1, 2, 3)
    ]
    circles = plan("neck_circles").items
    assert [item.direction for item in circles] == [Direction.CLOCKWISE] * 3 + [
        Direction.COUNTER_CLOCKWISE
    ] * 3
    assert [(item.hold_s, item.side) for item in plan("arms_overhead").items] == [(5.0, "")]
    with pytest.raises(ValueError, match="no dose"):
        plan("pain_limit")


def test_a_hold_counts_down_from_the_dose() -> None:
    cues, _ = by_clock("arms_overhead")
    left = [cue.left_s for cue in cues if cue.stage is Stage.HOLD]
    assert left[0] == pytest.approx(5.0)
    assert all(a is not None and b is not None and a > b for a, b in pairwise(left))


@given(jumps=st.lists(st.floats(0, 1e6), min_size=100, max_size=200))
@settings(max_examples=20)
def test_a_jump_in_time_skips_no_repetition(jumps: list[float]) -> None:
    guide = Guide(plan("half_kneeling"), camera=False)
    t_s = 0.0
    stages: list[tuple[Stage, int]] = []
    for jump in [0.0, *jumps]:
        t_s += jump
        cue = guide.step(t_s)
        here = (cue.stage, cue.item.number if cue.item else -1)
        if not stages or stages[-1] != here:
            stages.append(here)
    one = [Stage.MOVE, Stage.HOLD, Stage.RELEASE]
    full = [(Stage.READY, 0), *((stage, n) for n in range(3) for stage in one), (Stage.SIDE_PAUSE, 3)]
    full += [*((stage, n) for n in range(3, 6) for stage in one), (Stage.DONE, -1)]
    assert stages == full[: len(stages)]


def follow(name: str, lm: Landmarks) -> tuple[Guide, list[Cue]]:
    """The guide and its cues in front of a camera."""
    check = plan(name).check
    assert check is not None
    counter, guide = Counter(check), Guide(plan(name), camera=True)
    cues = [
        guide.step(float(lm.t_s[i]), counter.step(float(lm.t_s[i]), lm[i : i + 1])) for i in range(len(lm))
    ]
    return guide, cues


def test_with_a_camera_it_waits_for_the_movement_and_times_the_hold_from_there() -> None:
    t_s = times(26)
    guide, cues = follow("shoulder_raises", person(t_s, lift=0.08 * holds(t_s, [8.0, 14.0], 3.0)))
    stages = [(c.stage, c.item.number) for c in cues if c.item]
    first_hold = stages.index((Stage.HOLD, 0))
    assert 7.9 < t_s[first_hold] < 8.6
    assert 9.9 < t_s[stages.index((Stage.RELEASE, 0))] < 10.8
    assert 10.9 < t_s[stages.index((Stage.MOVE, 1))] < 12.2
    assert 13.9 < t_s[stages.index((Stage.HOLD, 1))] < 14.6
    assert guide.done == 2
    assert cues[first_hold - 1].left_s is None
    assert not any(c.by_clock for c in cues)


def test_what_it_does_not_see_goes_on_by_the_clock_and_back() -> None:
    t_s = times(60)
    _, cues = follow("shoulder_raises", person(t_s, lift=0.08 * holds(t_s, [40.0], 3.0)))
    clock = [c.by_clock for c in cues]
    first = clock.index(True)
    assert t_s[first] == pytest.approx(READY_S + PATIENCE_S, abs=0.3)
    assert cues[30 * 15].item is not None
    assert cues[30 * 15].item != cues[0].item  # it went on
    assert not clock[41 * 15]  # the raise at 40 s was seen, so the camera leads again


def test_nobody_in_front_of_the_camera_is_led_by_the_clock() -> None:
    lm = Landmarks.empty(60 * 4)
    lm.t_s[:] = times(60, 4.0)
    guide, cues = follow("arms_overhead", lm)
    assert cues[-1].stage is Stage.DONE
    assert guide.done == 1
    assert next(
        float(t) for t, c in zip(lm.t_s, cues, strict=True) if c.stage is Stage.MOVE
    ) == pytest.approx(READY_S + PATIENCE_S, abs=0.5)


def test_coming_down_early_ends_the_hold() -> None:
    t_s = times(20)
    guide, cues = follow("arms_overhead", person(t_s, hands=2.2 * holds(t_s, [8.0], 1.5) - 1.2))
    assert cues[-1].stage is Stage.DONE
    assert guide.done == 1
    assert Stage.RELEASE not in {c.stage for c in cues}


def test_turns_the_wrong_way_do_not_count_for_the_side() -> None:
    t_s = times(28)
    # Clockwise in the picture: counter-clockwise for the person, who was asked for clockwise.
    guide, _ = follow("neck_circles", person(t_s, nose=turns(t_s, 7.0, [720], turn_s=5.0)))
    assert guide.done == 0
    t_s = times(70)
    right, _ = follow("neck_circles", person(t_s, nose=turns(t_s, 7.0, [-1080, 1080], turn_s=5.0)))
    assert right.done >= 3


def test_patience_for_a_turn() -> None:
    t_s = times(45)
    _, cues = follow("neck_circles", person(t_s))
    assert t_s[[c.by_clock for c in cues].index(True)] == pytest.approx(READY_S + TURN_PATIENCE_S, abs=0.3)


@pytest.mark.parametrize("name", EXERCISES)
def test_every_moment_has_words(name: str) -> None:
    cues, _ = by_clock(name)
    for cue in cues:
        assert wording.instruction(cue, plan(name))
        if cue.item:
            wording.position(cue.item)
    assert wording.camera_note(plan(name))


@pytest.mark.parametrize("name", EXERCISES)
def test_nobody_is_told_to_face_a_camera_that_does_not_look(name: str) -> None:
    cues, _ = by_clock(name)
    assert "Get ready" in wording.instruction(cues[0], plan(name))
    assert not any("camera" in wording.instruction(cue, plan(name)) for cue in cues)


def progress(reason: Reason, phase: Phase = Phase.UNSEEN) -> Progress:
    return Progress(1.0, phase, reason, math.nan, 3)


def test_every_reason_has_words() -> None:
    cue = Cue(Stage.MOVE, plan("arms_overhead").items[0], None, by_clock=False)
    for check in CAMERA_CHECKS:
        notes = {wording.seen_note(progress(reason), cue, check) for reason in Reason if reason}
        assert all("cannot see: " in note and "_" not in note for note in notes)
        assert len(notes) > 10
    assert wording.seen_note(None, cue, "arms_overhead") == ""
    assert wording.seen_note(progress(Reason.OK, Phase.REST), cue, "arms_overhead") == "seen 3"


def test_position_in_the_exercise() -> None:
    assert wording.position(plan("shoulder_raises").items[13]) == "set 2 of 3, 4 of 10"
    assert wording.position(plan("neck_circles").items[4]) == "counter-clockwise, 2 of 3"
    assert wording.position(plan("arms_overhead").items[0]) == ""


def test_a_report_says_what_was_seen_and_what_was_not() -> None:
    t_s = times(25)
    lm = person(t_s, lift=0.08 * holds(t_s, [4.0, 12.0], 3.0) + 0.08 * holds(t_s, [18.0], 0.5))
    lines = wording.report_lines(count(lm, "shoulder_raise"), plan("shoulder_raises"), led_through=3)
    assert lines[:2] == [
        "Led through 3 of 30 repetitions.",
        "The camera saw 3 raises, 2 of them held for 2 s or longer.",
    ]
    assert "waiting for a still second" in lines[2]
    assert lines[-1] == wording.NEITHER


def test_a_report_without_repetitions_does_not_say_that_nothing_was_done() -> None:
    t_s = times(15)
    small = count(person(t_s, lift=0.02 * holds(t_s, [5.0], 3.0)), "shoulder_raise")
    text = " ".join(wording.report_lines(small, plan("shoulder_raises")))
    assert re.search(r"The largest movement came to 6\d% of what counts\.", text)
    squeeze = count(person(t_s), "shoulder_blade_squeeze")
    assert "could not see surely" in " ".join(wording.report_lines(squeeze, plan("shoulder_blade_squeeze")))
    aside = person(t_s)
    aside.pose[:, [11, 12], 0] = aside.pose[:, [11], 0]
    text = " ".join(wording.report_lines(count(aside, "neck_circles"), plan("neck_circles")))
    assert "Not a moment of it could be judged" in text
    assert "saw no movement" not in text
    nobody = wording.report_lines(count(Landmarks.empty(5), "neck_circles"), plan("neck_circles"))
    assert nobody == ["The camera saw nobody: it cannot say whether anything was done."]


@pytest.mark.parametrize(("rate_hz", "told"), [(1.0, True), (2.0, True), (3.0, False), (15.0, False)])
def test_a_recording_that_looks_too_seldom_says_so(rate_hz: float, told: bool) -> None:
    t_s = times(60, rate_hz)
    quick = holds(t_s, [4.3 + 5.13 * k for k in range(10)], 0.2, ramp_s=0.5)
    report = count(person(t_s, lift=0.08 * quick), "shoulder_raise")
    assert (report.count < 10) == told
    text = " ".join(wording.report_lines(report, plan("shoulder_raises")))
    assert (f"only every {1 / rate_hz:.1f} s" in text) == told


def test_a_pause_of_the_camera_is_no_slow_camera() -> None:
    t_s = np.concatenate([times(20), 600.0 + times(20)])
    assert count(person(t_s), "shoulder_raise").every_s == pytest.approx(1 / 15)


def test_lines_of_repetitions() -> None:
    assert wording.repetition_line(2, Repetition(65.04, 70.26, 5.2)) == "  2  1:05.0 to 1:10.3  held 5.2 s"
    turn = Repetition(1.0, 6.0, 0.0, direction=Direction.CLOCKWISE)
    assert wording.repetition_line(1, turn) == "  1  0:01.0 to 0:06.0  clockwise"
    partly = wording.repetition_line(1, Repetition(1.0, 2.0, 1.0, whole=False))
    assert partly.endswith("not counted)")
    assert partly.startswith("  -  "), "what is not counted has no number"
    assert wording.clock(3599.96) == "60:00.0"
