"""Repetitions of the up-and-down exercises: what was done is counted, what was not seen is said."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from amounts import amount
from exercise_material import Float, at_times, holds, mirrored, person, times, turns, without
from posture_cv.exercise.counters import Counter, count
from posture_cv.exercise.log import WatchLog
from posture_cv.exercise.types import ExerciseReport, Phase, Unseen
from posture_cv.guidance.entries import CAMERA_CHECKS, CameraCheck
from posture_cv.landmarks import names
from posture_cv.landmarks.types import Landmarks
from posture_cv.measure.types import Reason

UP_DOWN: tuple[CameraCheck, ...] = ("shoulder_raise", "arms_overhead", "shoulder_blade_squeeze")
STARTS_S = (4.0, 9.0, 14.0, 19.0)
HOLD_S = 2.0


def hands_at(level: Float) -> Float:
    """Height of the hands for arms that go from below the picture (0) to overhead (1)."""
    return np.where(level > 0, -1.2 + 2.2 * level, np.nan)


def performing(
    check: CameraCheck, t_s: Float, level: Float | None = None, noise_px: float = 0.3, seed: int = 0
) -> Landmarks:
    """Somebody who does an exercise properly, four times; or with another course of levels 0-1."""
    level = holds(t_s, STARTS_S, HOLD_S) if level is None else level
    match check:
        case "shoulder_raise":
            return person(t_s, lift=0.08 * level, noise_px=noise_px, seed=seed)
        case "arms_overhead":
            return person(t_s, hands=hands_at(level), noise_px=noise_px, seed=seed)
        case "shoulder_blade_squeeze":
            return person(t_s, squeeze=0.08 * level, noise_px=noise_px, seed=seed)
        case _:
            return person(t_s, nose=turns(t_s, 3.0, [720, -720], turn_s=4.0), noise_px=noise_px, seed=seed)


@pytest.mark.parametrize("check", UP_DOWN)
def test_each_repetition_has_start_end_and_hold(check: CameraCheck) -> None:
    report = count(performing(check, times(25)), check)
    assert report.count == len(STARTS_S)
    assert not report.partly_seen
    for repetition, start in zip(report.repetitions, STARTS_S, strict=True):
        assert repetition.start_s == pytest.approx(start, abs=0.7)
        assert repetition.end_s == pytest.approx(start + HOLD_S, abs=0.7)
        assert HOLD_S <= repetition.hold_s <= HOLD_S + 1.0
    assert report.held(HOLD_S) == 4
    assert report.held(HOLD_S + 1.2) == 0


@pytest.mark.parametrize("check", ["shoulder_raise", "shoulder_blade_squeeze"])
def test_who_sat_still_in_the_middle_of_it_is_measured_against_rest_all_the_same(check: CameraCheck) -> None:
    t_s = times(25)
    level = np.maximum(np.clip((3.6 - t_s) / 0.6, 0, 1), holds(t_s, STARTS_S[1:], HOLD_S))
    report = count(performing(check, t_s, level), check)
    assert (report.count, report.partly_seen) == (3, ())


@pytest.mark.parametrize("check", CAMERA_CHECKS)
@pytest.mark.parametrize("rate_hz", [5.0, 15.0])
def test_noise_makes_no_repetition(check: CameraCheck, rate_hz: float) -> None:
    for seed in range(3):
        report = count(person(times(40, rate_hz), noise_px=0.3, seed=seed), check)
        assert report.count == 0
        assert not report.partly_seen
        assert report.strongest < 0.5
        assert report.person_seen


@pytest.mark.parametrize("check", CAMERA_CHECKS)
def test_frame_by_frame_and_at_once_agree(check: CameraCheck) -> None:
    t_s = times(30)
    lm = without(performing(check, t_s, noise_px=1.0), 10.3, 12.0)
    counter = Counter(check)
    stepped = [counter.step(float(lm.t_s[i]), lm[i : i + 1]) for i in range(len(lm))]
    at_once = Counter(check)
    halves = at_once.run(lm[:200]) + at_once.run(lm[200:])
    assert counter.report() == at_once.report() == count(lm, check)
    assert [repr(p) for p in stepped] == [repr(p) for p in halves]  # NaN is not equal to itself
    finished = [p.finished for p in stepped if p.finished]
    assert tuple(r for r in finished if r.whole) == counter.report().repetitions
    assert stepped[-1].count == counter.report().count


@pytest.mark.parametrize("check", UP_DOWN)
def test_a_mirrored_picture_changes_nothing(check: CameraCheck) -> None:
    lm = performing(check, times(25))
    assert count(mirrored(lm), check).count == count(lm, check).count == 4


@pytest.mark.parametrize("check", CAMERA_CHECKS)
@settings(max_examples=amount(6, 12))
@given(factor=st.floats(0.7, 2.5))
def test_speed_does_not_change_the_count(check: CameraCheck, factor: float) -> None:
    lm = performing(check, times(30, 16.0))
    assert count(at_times(lm, lm.t_s * factor), check).count == count(lm, check).count == 4


@pytest.mark.parametrize("check", CAMERA_CHECKS)
@settings(max_examples=amount(15, 100))
@given(gaps=st.lists(st.tuples(st.floats(0, 24), st.floats(0.05, 6)), max_size=4), seed=st.integers(0, 1000))
def test_what_is_unseen_makes_no_repetition(
    check: CameraCheck, gaps: list[tuple[float, float]], seed: int
) -> None:
    lm = performing(check, times(25, 10.0), seed=seed)
    whole = count(lm, check).repetitions
    for start, length in gaps:
        lm = without(lm, start, start + length)
    report = count(lm, check)
    assert report.count <= len(whole)
    for repetition in report.repetitions:
        touched = [r for r in whole if r.start_s < repetition.end_s and repetition.start_s < r.end_s]
        assert len(touched) <= 2 if check == "neck_circles" else len(touched) == 1
    check_stretches(report, lm)


def check_stretches(report: ExerciseReport, lm: Landmarks) -> None:
    """Unseen stretches are in order, do not overlap, lie within the recording, and hold what was taken out."""
    edges = [edge for stretch in report.unseen for edge in (stretch.start_s, stretch.end_s)]
    assert edges == sorted(edges)
    assert all(report.start_s <= edge <= report.end_s for edge in edges)
    assert report.unseen_s == pytest.approx(sum(report.unseen_by_reason().values()))
    for t_s in lm.t_s[~lm.person_found][::5]:
        assert any(u.start_s <= t_s <= u.end_s for u in report.unseen)


@pytest.mark.parametrize("check", CAMERA_CHECKS)
@settings(max_examples=amount(6, 15))
@given(at=st.integers(1, 374), jump_s=st.floats(1.2, 1e6))
def test_a_jump_in_time_is_unseen_time(check: CameraCheck, at: int, jump_s: float) -> None:
    lm = performing(check, times(25))
    before = count(lm, check)
    jumped = at_times(lm, lm.t_s + np.where(np.arange(len(lm)) >= at, jump_s, 0.0))
    report = count(jumped, check)
    assert report.count <= before.count
    assert report.unseen_by_reason()[Reason.NO_PICTURE] >= jump_s
    assert all(r.end_s - r.start_s < 12 for r in report.repetitions)


def test_time_must_grow() -> None:
    lm = person(np.zeros(1))
    counter = Counter("shoulder_raise")
    counter.step(5.0, lm)
    for t_s in (5.0, 4.0, float("nan")):
        with pytest.raises(ValueError, match="time must grow"):
            counter.step(t_s, lm)
    with pytest.raises(ValueError, match="one frame"):
        counter.step(6.0, person(times(1)))


@pytest.mark.parametrize("check", CAMERA_CHECKS)
def test_nothing_and_nobody(check: CameraCheck) -> None:
    nothing = count(Landmarks.empty(0), check)
    assert (nothing.count, nothing.watched_s, nothing.person_seen) == (0, 0.0, False)
    nobody = count(Landmarks.empty(10), check)
    assert not nobody.person_seen
    assert nobody.unseen_by_reason() == {Reason.NOBODY: 9.0}


def test_before_the_still_second_nothing_is_judged() -> None:
    t_s = times(20)
    sway = np.column_stack([0 * t_s, 0.1 * np.sin(4 * t_s) * (t_s < 8)])
    lm = person(t_s, lift=0.08 * holds(t_s, [3.0, 12.0], 2.0), body=sway, nose=sway)
    progress = Counter("shoulder_raise").run(lm)
    report = count(lm, "shoulder_raise")
    assert progress[0].phase is Phase.WAITING
    assert [round(r.start_s) for r in report.repetitions] == [12]
    assert report.unseen[0].reason is Reason.NO_BASELINE
    assert 8 < report.unseen[0].duration_s < 10


def test_an_unsteady_picture_cannot_be_judged() -> None:
    report = count(person(times(20), noise_px=4.0), "shoulder_raise")
    assert report.count == 0
    assert report.unseen_s == pytest.approx(report.watched_s)
    assert set(report.unseen_by_reason()) <= {Reason.NO_BASELINE, Reason.UNSTABLE}


@pytest.mark.parametrize("seconds", [0.4, 0.8])
def test_a_short_look_away_of_the_model_does_not_split_a_hold(seconds: float) -> None:
    t_s = times(15)
    lm = person(t_s, lift=0.08 * holds(t_s, [4.0], 5.0))
    report = count(without(lm, 6.0, 6.0 + seconds), "shoulder_raise")
    assert report.count == 1
    whole = count(lm, "shoulder_raise").repetitions[0]
    assert report.repetitions[0].hold_s == pytest.approx(whole.hold_s - seconds, abs=0.2)


def test_a_long_one_leaves_it_neither_done_nor_not_done() -> None:
    t_s = times(20)
    lm = without(person(t_s, lift=0.08 * holds(t_s, [4.0, 12.0], 3.0)), 5.0, 7.5)
    report = count(lm, "shoulder_raise")
    assert [round(r.start_s) for r in report.repetitions] == [12]
    assert [(round(r.start_s), r.whole) for r in report.partly_seen] == [(4, False)]
    assert report.unseen_by_reason()[Reason.NOBODY] == pytest.approx(2.5, abs=0.2)


def test_a_raise_that_began_unseen_is_not_counted() -> None:
    t_s = times(20)
    lm = without(person(t_s, lift=0.08 * holds(t_s, [5.0, 12.0], 4.0)), 3.5, 6.0)
    report = count(lm, "shoulder_raise")
    assert [round(r.start_s) for r in report.repetitions] == [12]
    assert [round(r.start_s) for r in report.partly_seen] == [6]


def test_who_comes_back_with_raised_shoulders_is_measured_from_the_next_rest() -> None:
    t_s = times(40)
    lm = person(t_s, lift=0.08 * holds(t_s, [15.0, 24.0, 29.0], 3.0), noise_px=0.3)
    report = count(without(lm, 10.0, 15.5), "shoulder_raise")
    assert [round(r.start_s) for r in report.repetitions] == [24, 29]


def test_harmless_movements_are_no_raises() -> None:
    t_s = times(30)
    level = holds(t_s, [5.0, 12.0, 19.0], 2.0)
    nothing = 0 * t_s
    bow = np.column_stack([nothing, 0.2 * level])
    up = np.column_stack([nothing, -0.15 * level])
    aside = np.column_stack([0.3 * level, nothing])
    for lm in (person(t_s, nose=bow), person(t_s, nose=up), person(t_s, body=up), person(t_s, body=aside)):
        assert count(lm, "shoulder_raise").count == 0


def test_a_slow_change_of_posture_is_followed() -> None:
    t_s = times(120)
    slide = np.column_stack([0 * t_s, 0.1 * np.clip((t_s - 5) / 100, 0, 1)])
    starts = np.arange(6.0, 110.0, 6.0)
    lm = person(t_s, lift=0.06 * holds(t_s, starts.tolist(), 2.0), body=slide, noise_px=0.3)
    assert count(lm, "shoulder_raise").count == len(starts)


@pytest.mark.parametrize("check", ["shoulder_raise", "shoulder_blade_squeeze"])
def test_who_sits_otherwise_from_now_on_does_no_long_repetition_and_the_next_ones_count(
    check: CameraCheck,
) -> None:
    t_s = times(75)
    level = 0.7 * np.clip((t_s - 8) / 0.6, 0, 1) + holds(t_s, [50.0, 57.0, 64.0], HOLD_S)
    report = count(performing(check, t_s, level), check)
    assert [round(r.start_s) for r in report.repetitions] == [50, 57, 64]
    assert max(r.hold_s for r in report.repetitions) < 4.0


def test_arms_may_stay_overhead_for_long() -> None:
    t_s = times(60)
    [repetition] = count(
        performing("arms_overhead", t_s, holds(t_s, [5.0], 45.0)), "arms_overhead"
    ).repetitions
    assert repetition.hold_s > 44.0


def test_an_arm_alone_or_hands_at_the_head_are_not_arms_overhead() -> None:
    t_s = times(15)
    level = holds(t_s, [5.0], 4.0)
    at_head = person(t_s, hands=np.where(level > 0, -1.2 + 1.4 * level, np.nan))
    assert count(at_head, "arms_overhead").count == 0
    one_arm = person(t_s, hands=hands_at(level))
    for point, y in ((names.LEFT_WRIST, 1.25), (names.LEFT_ELBOW, 0.9)):
        one_arm.pose[:, point, 1] = y
        one_arm.pose[:, point, 3:5] = 0.99 if point == names.LEFT_ELBOW else 0.05
    report = count(one_arm, "arms_overhead")
    assert report.count == 0
    assert report.unseen_s < 1.2  # one arm down is enough to know
    one_arm.pose[:, names.LEFT_ELBOW, 3:5] = 0.05
    hidden = count(one_arm, "arms_overhead")
    assert hidden.count == 0
    assert hidden.unseen_by_reason()[Reason.OCCLUDED] == pytest.approx(4.5, abs=0.5)


def test_hands_beyond_the_upper_edge_are_overhead_when_the_elbows_say_so() -> None:
    t_s = times(15)
    lm = person(t_s, hands=hands_at(holds(t_s, [5.0], 4.0)))
    beyond = lm.pose[:, names.LEFT_WRIST, 1] < 0
    assert beyond.any()
    for wrist in (names.LEFT_WRIST, names.RIGHT_WRIST):
        lm.pose[beyond, wrist, 3:5] = 0.2
    assert count(lm, "arms_overhead").count == 1
    for elbow in (names.LEFT_ELBOW, names.RIGHT_ELBOW):
        lm.pose[beyond, elbow, 3:5] = 0.2
    assert count(lm, "arms_overhead").count == 0


@pytest.mark.parametrize(("from_outside", "whole"), [(True, 1), (False, 0)])
def test_hands_may_come_from_below_the_picture_but_not_from_nowhere(from_outside: bool, whole: int) -> None:
    t_s = times(15)
    up = (t_s > 5) & (t_s < 9)
    lm = person(t_s, hands=np.where(up, 1.0, np.where(t_s < 10, np.nan if from_outside else -1.0, -1.0)))
    lm.pose[t_s > 9, names.LEFT_ELBOW : names.RIGHT_WRIST + 1, 3] = 0.99
    if not from_outside:
        lm = without(lm, 0.0, 6.0)
    report = count(lm, "arms_overhead")
    assert report.count == whole
    assert len(report.partly_seen) == 1 - whole


def test_hands_that_are_not_seen_are_reported_as_unseen() -> None:
    report = count(person(times(20)), "arms_overhead")
    assert report.unseen_by_reason()[Reason.OUT_OF_PICTURE] == pytest.approx(19, abs=0.2)


def test_a_head_that_comes_forward_or_a_body_that_leans_back_is_no_squeeze() -> None:
    t_s = times(15)
    level = holds(t_s, [5.0], 4.0)
    nearer_head = person(t_s)
    nearer_head.face[:, :, :2] += (nearer_head.face[:, :, :2] - 0.5) * 0.12 * level[:, None, None]
    assert count(nearer_head, "shoulder_blade_squeeze").count == 0
    farther = person(t_s)
    for field in (farther.pose[:, :, :2], farther.face[:, :, :2]):
        np.copyto(field, 0.5 + (field - 0.5) * (1 - 0.1 * level[:, None, None]))
    farther.rows[:] = 0.5 + (farther.rows - 0.5) * (1 - 0.1 * level[:, None, None])
    assert count(farther, "shoulder_blade_squeeze").count == 0


@pytest.mark.parametrize(
    ("field", "reason"), [("face", Reason.FACE_NOT_SEEN), ("rows", Reason.CONTOUR_NOT_SEEN)]
)
def test_a_squeeze_needs_face_and_outline(field: str, reason: Reason) -> None:
    lm = performing("shoulder_blade_squeeze", times(25))
    getattr(lm, field)[:] = np.nan
    report = count(lm, "shoulder_blade_squeeze")
    assert report.count == 0
    assert set(report.unseen_by_reason()) == {reason}


def test_a_profile_view_is_refused() -> None:
    t_s = times(10)
    lm = person(t_s)
    for shoulder in (names.LEFT_SHOULDER, names.RIGHT_SHOULDER):
        lm.pose[:, shoulder, 0] = 0.5
    assert set(count(lm, "shoulder_raise").unseen_by_reason()) == {Reason.TRUNK_TURNED}


def test_shoulders_out_of_the_picture_are_reported() -> None:
    lm = performing("shoulder_raise", times(25))
    lm.pose[100:200, :, 1] += 0.5
    report = count(lm, "shoulder_raise")
    assert report.unseen_by_reason()[Reason.SHOULDERS_NOT_SEEN] == pytest.approx(101 / 15, abs=0.1)


def test_time_between_a_frame_that_shows_nothing_and_one_that_does_was_not_seen() -> None:
    log = WatchLog("shoulder_raise")
    for t_s, reason in ((0.0, Reason.OK), (1.0, Reason.NOBODY), (2.0, Reason.OK), (3.0, Reason.OK)):
        log.frame(t_s, reason)
    assert log.report().unseen == (Unseen(0.0, 2.0, Reason.NOBODY),)


@pytest.mark.parametrize("check", CAMERA_CHECKS)
@pytest.mark.parametrize(("unseen_s", "anew"), [(2.5, False), (3.5, True)])
def test_who_was_away_for_long_may_sit_elsewhere(check: CameraCheck, unseen_s: float, anew: bool) -> None:
    lm = without(person(times(12.0)), 4.0, 4.0 + unseen_s)
    waiting = [p.t_s for p in Counter(check).run(lm) if p.phase is Phase.WAITING]
    assert max(waiting) == pytest.approx(4.0 + unseen_s + 1.0 if anew else 1.0, abs=0.2)


def test_who_rolls_back_raises_no_shoulders() -> None:
    t_s = times(25)
    lm = person(t_s, noise_px=0.3)
    size = (1.0 - 0.15 * holds(t_s, STARTS_S, HOLD_S))[:, None, None]
    lm.pose[:, :, :2] = 0.5 + size * (lm.pose[:, :, :2] - 0.5)
    assert count(lm, "shoulder_raise").count == 0


def test_an_outline_that_the_picture_cuts_tells_of_no_squeeze() -> None:
    lm = performing("shoulder_blade_squeeze", times(25))
    lm.rows[:, :, 0] = np.where(np.isnan(lm.rows[:, :, 0]), np.nan, 0.0)
    report = count(lm, "shoulder_blade_squeeze")
    assert report.count == 0
    assert set(report.unseen_by_reason()) == {Reason.OUT_OF_PICTURE}
