"""The simulated desk day: seeded, made as planned, judged rightly, and passed by a perfect estimator."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from amounts import FULL
from assess_material import baseline, measurements
from posture_cv.assess.recording import assess_measurements
from posture_cv.assess.records import Record
from posture_cv.assess.settings import AssessSettings, BreakSettings
from posture_cv.assess.types import Alert, State
from posture_cv.evaluate.desk_day import (
    Answered,
    DeskDay,
    DeskDayResult,
    Wrong,
    build_desk_day,
    judge_day,
)
from posture_cv.evaluate.desk_people import Person, _side, make_person
from posture_cv.evaluate.desk_plan import KINDS, Lasting, plan_day
from posture_cv.evaluate.desk_table import mistakes, sweep_table
from posture_cv.landmarks import names
from posture_cv.landmarks.types import Landmarks
from posture_cv.measure.types import Measurements

SEGMENTS = (
    "calibration",
    "upright",
    "look_down_keyboard",
    "head_turn",
    "trunk_turn",
    "chair_closer",
    "chair_back",
    "lean_in",
    "recline",
    "lateral_lean",
    "second_person",
    "absent",
    "fhp_mild",
    "fhp_moderate",
    "fhp_severe",
    "text_neck",
    "rounded_mild",
    "rounded_severe",
    "shrug",
    "shrug_one_side",
    "slump",
    "slump_fhp_rounded",
)
# What a perfect estimator would measure of each kind of frame, in the words of `assess_material`.
MEASURED = {
    "glance_down": "looking_down",
    "reading": "looking_down",
    "head_turn": "turned",
    "trunk_turn": "turned",
    "lean_in": "leaning_in",
    "absent": "away",
    "stranger": "away",
    "mild_forward_head": "good",
    "mild_rounding": "good",
    "one_shoulder": "shrug",
    "strong_forward_head": "forward_head",
    "everything_at_once": "slump",
}


def seated(n: int, seed: int) -> Landmarks:
    """N frames of somebody who sits: shoulders, face and outline where they would be."""
    lm, rng = Landmarks.empty(n), np.random.default_rng(seed)
    lm.pose[:] = 0.5
    lm.pose[:, names.LEFT_SHOULDER, :2] = (0.65, 0.65)
    lm.pose[:, names.RIGHT_SHOULDER, :2] = (0.35, 0.65)
    lm.pose[:, [names.LEFT_WRIST, names.RIGHT_WRIST], 1] = 0.95
    lm.pose[:, :, :2] += rng.normal(0.0, 0.003, (n, 33, 2)).astype(np.float32)
    lm.face[:] = 0.4
    lm.rows[:, 100:, 0], lm.rows[:, 100:, 1] = 0.3, 0.7
    lm.cols[:, 100:220] = 0.3
    return lm


@pytest.fixture(scope="module")
def person() -> Person:
    return make_person("test", baseline(), {name: seated(3, i) for i, name in enumerate(SEGMENTS)})


def perfect(day: DeskDay, noise: float = 0.0) -> Measurements:
    labels = [MEASURED.get(kind, kind) for kind in day.kind.tolist()]
    return measurements(day.t_s, labels, noise=noise)


def judged(day: DeskDay, noise: float = 0.0, sensitivity: float = 1.0) -> DeskDayResult:
    settings = AssessSettings()
    settings = replace(settings, policy=replace(settings.policy, sensitivity=sensitivity))
    return judge_day(
        day, assess_measurements(perfect(day, noise), day.person.baseline, settings), settings, 0
    )


def test_the_same_seed_gives_the_same_day_and_another_seed_another(person: Person) -> None:
    one, same, other = (build_desk_day(person, seed) for seed in (3, 3, 4))
    assert np.array_equal(one.t_s, same.t_s)
    assert np.array_equal(one.source, same.source)
    assert one.plan == same.plan
    assert one.plan != other.plan


def test_a_day_holds_what_it_must(person: Person) -> None:
    day = build_desk_day(person, 0)
    assert day.plan.seconds == pytest.approx(8 * 3600, rel=0.01)
    assert np.all(np.diff(day.t_s) > 0)
    assert {kind for kind, what in KINDS.items() if what.asked} - {"slump_rounded"} <= set(day.kind.tolist())
    for kind in ("glance_down", "head_turn", "chair_closer", "stretch", "drink", "phone_call", "passer_by"):
        assert (day.kind == kind).any(), kind
    [hour] = [lasting for lasting in day.plan.lasting if lasting.hour]
    assert hour.end_s - hour.start_s == pytest.approx(3600, abs=1)
    starts = [lasting.start_s for lasting in day.plan.lasting]
    ends = [lasting.end_s for lasting in day.plan.lasting]
    assert starts[0] >= 480
    assert all(start - end >= 480 for start, end in zip(starts[1:], ends, strict=False))


def test_the_recording_is_made_of_the_persons_frames(person: Person) -> None:
    day = build_desk_day(person, 1)
    part = day.recording(1000, 1200)
    assert np.array_equal(part.t_s, day.t_s[1000:1200])
    for row in (0, 57, 199):
        own = person.frames[str(day.kind[1000 + row])]
        assert any(np.array_equal(part.pose[row], pose) for pose in own.pose)
    assert day.state[day.kind == "forward_head"].tolist()[0] == State.FORWARD_HEAD


def test_one_stretch_of_leaning_shows_one_side_only(person: Person) -> None:
    leaning = len(person.frames["lateral_lean"])
    sides = np.array([-1, 1, 1], np.int8)[:leaning]
    day = build_desk_day(replace(person, sides={"lateral_lean": sides}), 1)
    first = sum(
        len(day.person.frames[k])
        for k in list(day.person.frames)[: list(person.frames).index("lateral_lean")]
    )
    shown = np.flatnonzero(day.kind == "lateral_lean")
    stretches = np.split(shown, np.flatnonzero(np.diff(shown) > 1) + 1)
    seen = [set(sides[day.source[stretch] - first].tolist()) for stretch in stretches]
    assert all(len(one) == 1 for one in seen)
    assert {-1, 1} <= set.union(*seen)


def test_a_day_too_short_is_refused(person: Person) -> None:
    with pytest.raises(ValueError, match="too short"):
        plan_day(person.frames.keys(), 0, hours=3.0)


@pytest.mark.parametrize("hours", [5.0, 6.0, 7.0, 7.25, 7.5, 7.75, 8.0])
def test_a_day_is_too_short_rather_than_its_postures_too_near_to_each_other(
    person: Person, hours: float
) -> None:
    try:
        plan = plan_day(person.frames.keys(), 0, hours=hours)
    except ValueError:
        assert hours < 8.0
        return
    assert plan.seconds == pytest.approx(hours * 3600.0, rel=0.01)
    gaps = [after.start_s - before.end_s for before, after in pairwise(plan.lasting)]
    assert min(gaps) >= 480.0


def test_left_and_right_are_told_by_the_sign_and_by_nothing_where_there_is_none() -> None:
    m = measurements(np.arange(3.0), ["good"] * 3)
    for kind, name in (("lateral_lean", "lateral_lean_deg"), ("one_shoulder", "shoulder_elevation_left_cm")):
        level = m.value("shoulder_elevation_right_cm") if kind == "one_shoulder" else 0.0
        told = replace(m.values[name], value=level + np.array([-3.0, np.nan, 3.0]))
        assert _side(kind, replace(m, values={**m.values, name: told})).tolist() == [-1, 0, 1]


def test_a_person_without_upright_frames_is_refused() -> None:
    with pytest.raises(ValueError, match="upright"):
        make_person("nobody", baseline(), {"slump": seated(1, 0)})


def test_what_is_drawn_changes_a_copy_only(person: Person) -> None:
    before = seated(3, 0)
    work, stretch, drink = person.frames["work"], person.frames["stretch"], person.frames["drink"]
    assert np.array_equal(work.pose[:3], before.pose)
    assert (stretch.pose[:, names.LEFT_WRIST, 1] < stretch.pose[:, names.NOSE, 1]).all()
    assert np.isnan(drink.face).all()
    assert (person.frames["phone_call"].rows[:, 150, 1] >= work.rows[0, 150, 1]).all()
    assert (person.frames["stranger"].pose[:, names.LEFT_SHOULDER, 0] > 0.8).all()


@pytest.mark.parametrize("seed", [0, 7] if FULL else [0])
def test_a_perfect_estimator_passes_the_day(person: Person, seed: int) -> None:
    result = judged(build_desk_day(person, seed, rate_hz=1.0))
    assert result.wrong == ()
    assert result.in_time_and_named == len(result.asked) == 8
    held = result.held_hour
    assert held is not None
    assert held.reminders == 4
    assert result.most_an_hour <= 4


def test_single_frame_noise_changes_nothing_at_the_default_sensitivity(person: Person) -> None:
    result = judged(build_desk_day(person, 2), noise=0.8)
    assert result.wrong == ()
    assert result.in_time_and_named == len(result.asked)


def test_the_judge_sees_a_wrong_and_a_late_notification(person: Person) -> None:
    day = build_desk_day(person, 5, rate_hz=1.0)
    lying = ["shrug" if kind == "lean_in" else "good" for kind in day.kind.tolist()]
    settings = AssessSettings(breaks=BreakSettings(enabled=False))
    assessment = assess_measurements(measurements(day.t_s, lying), person.baseline, settings)
    result = judge_day(day, assessment, settings, 5)
    assert result.wrong
    assert {wrong.cue for wrong in result.wrong} == {"shrug"}
    assert {wrong.during for wrong in result.wrong} == {"lean_in"}
    assert result.in_time_and_named == 0
    assert result.breaks == 0


def test_a_notification_is_deserved_until_shortly_after_its_posture_and_in_time_until_shortly_after_its_window(
    person: Person,
) -> None:
    day, settings = build_desk_day(person, 0, rate_hz=0.2), AssessSettings()
    assessment = assess_measurements(perfect(day), day.person.baseline, settings)
    (slump,) = (lasting for lasting in day.plan.lasting if lasting.kind == "slump")
    lasts_s = slump.end_s - slump.start_s
    for delay_s, cue, wrong, in_time, named in (
        (129.9, "slump", 0, True, True),
        (130.1, "slump", 0, False, True),
        (100.0, "forward_head", 1, True, False),
        (lasts_s + 9.9, "slump", 0, False, True),
        (lasts_s + 10.1, "slump", 1, False, False),
    ):
        alert = Alert(slump.start_s + delay_s, cue, "notice", 84.0, 0.8, 120.0, 1.5, 1.0)
        result = judge_day(day, replace(assessment, records=(Record(1, alert),)), settings, 0)
        (answered,) = (one for one in result.answered if one.lasting == slump)
        assert len(result.wrong) == wrong, delay_s
        assert (answered.in_time, answered.named) == (in_time, named), delay_s
        assert result.in_time_and_named == (in_time and named)


@pytest.mark.parametrize(
    ("untold", "least", "most"),
    [("stranger", 0.999, 1.0), ("head_turn", 0.98, 0.996)],
)
def test_what_is_not_told_of_somebody_else_or_of_nobody_is_no_gap(
    person: Person, untold: str, least: float, most: float
) -> None:
    day, settings = build_desk_day(person, 0, rate_hz=0.5), AssessSettings()
    labels = ["turned" if kind == untold else "good" for kind in day.kind.tolist()]
    assessment = assess_measurements(measurements(day.t_s, labels), person.baseline, settings)
    assert least <= judge_day(day, assessment, settings, 0).measured_share <= most


def test_mistakes_are_told_each_as_what_it_is() -> None:
    def answered(kind: str, delay_s: float | None, cue: str, *, in_time: bool, named: bool) -> Answered:
        return Answered(
            Lasting(kind, 0.0, 300.0),
            KINDS[kind].asked,
            delay_s,
            cue,
            in_time,
            named,
            int(delay_s is not None),
        )

    day = DeskDayResult(
        *("p1/f1", 3, 8.0, 1.0, 4),
        wrong=(Wrong(61.0, "slump", "lean_in"),),
        answered=(
            answered("slump", 90.0, "forward_head", in_time=True, named=False),
            answered("shrug", 400.0, "shrug", in_time=False, named=True),
            answered("text_neck", None, "", in_time=False, named=False),
            answered("forward_head", 80.0, "forward_head", in_time=True, named=True),
            answered("reading", None, "", in_time=False, named=False),
        ),
        most_an_hour=2,
        breaks=1,
        stillness=0,
        measured_share=0.9,
    )
    assert mistakes([day]).splitlines() == [
        "p1/f1, seed 3: wrong: slump at 61 s during lean_in",
        "p1/f1, seed 3: wrongly named: slump as forward_head",
        "p1/f1, seed 3: late: shrug after 400 s",
        "p1/f1, seed 3: not told: text_neck",
    ]
    head, _, row = sweep_table([day]).splitlines()
    cells = dict(
        zip(*([cell.strip() for cell in line.split("|")[1:-1]] for line in (head, row)), strict=True)
    )
    assert cells["in time, named"] == "1 of 4 (25%)"
    assert (cells["told a day"], cells["wrong a day"], cells["median s"]) == ("4.0", "1.00", "90")
