"""Turns of the head: whole turns in the right direction, and nothing else."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from amounts import amount
from exercise_material import Float, mirrored, person, times, turns, without
from posture_cv.exercise.circles import TurnPath, last_run
from posture_cv.exercise.counters import count
from posture_cv.exercise.types import Direction, ExerciseReport


def counted(nose: Float, t_s: Float, **how: float) -> ExerciseReport:
    return count(person(t_s, nose=nose, noise_px=0.3, **how), "neck_circles")  # type: ignore[arg-type]


def both(report: ExerciseReport) -> tuple[int, int]:
    return report.count_of(Direction.CLOCKWISE), report.count_of(Direction.COUNTER_CLOCKWISE)


@pytest.mark.parametrize(
    ("angles_deg", "clockwise", "counter_clockwise"),
    [
        ([360], 0, 1),
        ([-360], 1, 0),
        ([1080, -1080], 3, 3),
        ([3600], 0, 10),
        ([360, -360] * 3, 3, 3),
        ([300], 0, 0),
        ([-270, 270, -270], 0, 0),
        ([180, -180] * 4, 0, 0),
        ([700], 0, 2),
        ([650], 0, 1),
    ],
)
def test_whole_turns_are_counted_each_way(
    angles_deg: list[float], clockwise: int, counter_clockwise: int
) -> None:
    # Clockwise in the picture is counter-clockwise for the person in it.
    t_s = times(60)
    assert both(counted(turns(t_s, 3.0, angles_deg), t_s)) == (clockwise, counter_clockwise)


@settings(max_examples=amount(8, 20))
@given(
    angles=st.lists(st.sampled_from([360.0, -360.0, 200.0, -200.0]), max_size=4), radius=st.floats(0.08, 0.3)
)
def test_a_mirror_swaps_the_directions(angles: list[float], radius: float) -> None:
    t_s = times(40)
    lm = person(t_s, nose=turns(t_s, 3.0, angles, radius=radius))
    clockwise, counter_clockwise = both(count(lm, "neck_circles"))
    assert both(count(mirrored(lm), "neck_circles")) == (counter_clockwise, clockwise)


@settings(max_examples=amount(20, 40))
@given(part_deg=st.floats(20, 290), radius=st.floats(0.06, 0.4), way=st.sampled_from([1, -1]))
def test_a_part_of_a_turn_is_none(part_deg: float, radius: float, way: int) -> None:
    t_s = times(20)
    report = counted(turns(t_s, 3.0, [way * part_deg], radius=radius), t_s)
    assert report.count == 0
    assert report.strongest < 0.9


@settings(max_examples=amount(8, 20))
@given(
    number=st.integers(1, 8), turn_s=st.floats(1.5, 12), radius=st.floats(0.08, 0.4), flat=st.floats(0.7, 1.4)
)
def test_any_pace_size_and_roundness(number: int, turn_s: float, radius: float, flat: float) -> None:
    t_s = times(8 + number * turn_s)
    nose = turns(t_s, 3.0, [360.0 * number], turn_s=turn_s, radius=radius) * [flat, 1.0]
    assert counted(nose, t_s).count == number


def sine(t_s: Float, x: float, y: float, lag: float = 0.0) -> Float:
    wave = np.clip(t_s - 3, 0, 1)
    return np.column_stack([x * np.sin(1.3 * t_s) * wave, y * np.sin(1.3 * t_s + lag) * wave])


@pytest.mark.parametrize(
    ("x", "y", "lag"),
    [(0, 0.25, 0), (0.25, 0, 0), (0.2, 0.2, 0), (0.2, -0.2, 0), (0.25, 0.02, 1.57), (0.01, 0.2, 1)],
)
def test_nodding_and_shaking_are_no_turns(x: float, y: float, lag: float) -> None:
    t_s = times(60)
    assert counted(sine(t_s, x, y, lag), t_s).count == 0


def test_half_a_circle_closed_through_the_middle_is_no_turn() -> None:
    t_s = times(40)
    nose = np.concatenate([turns(t_s[:200], 3.0, [180]), turns(t_s[:400], 1.0, [180])])
    assert counted(nose, t_s).count == 0


def test_a_sway_of_the_whole_body_is_no_turn() -> None:
    t_s = times(40)
    lm = person(t_s, body=turns(t_s, 3.0, [1080]), noise_px=0.3)
    assert count(lm, "neck_circles").count == 0


def test_a_turn_that_was_interrupted_is_not_put_together() -> None:
    t_s = times(40)
    lm = person(t_s, nose=turns(t_s, 3.0, [360], turn_s=10.0), noise_px=0.3)
    assert count(lm, "neck_circles").count == 1
    assert count(without(lm, 8.0, 9.5), "neck_circles").count == 0
    assert count(without(lm, 8.0, 8.4), "neck_circles").count == 1


def test_a_long_rest_on_the_way_forgets_the_part() -> None:
    pause = np.zeros((15 * 8, 2))
    t_s = times(40)
    path = turns(t_s, 3.0, [360], turn_s=6.0)
    held = np.concatenate([path[:100], pause + path[100], path[100:]])[: len(t_s)]
    assert counted(held, t_s).count == 0


@given(start=st.floats(-3, 3), turned=st.floats(0.2, 20), way=st.sampled_from([1, -1]))
def test_the_angle_of_a_run(start: float, turned: float, way: int) -> None:
    angles = start + way * np.linspace(0, turned, 200)
    run = last_run(0.2 * np.column_stack([np.cos(angles), np.sin(angles)]))
    assert run.start == 0
    assert run.angle == pytest.approx(way * turned)


def test_a_run_begins_at_the_last_change_of_direction() -> None:
    angles = np.concatenate([np.linspace(0, 5, 50), np.linspace(5, 1, 41)[1:]])
    run = last_run(np.column_stack([np.cos(angles), np.sin(angles)]))
    assert run.start == 49
    assert run.angle == pytest.approx(-4)
    wobble = np.concatenate([np.linspace(0, 5, 50), [4.5, 5, 5.5, 6.0]])
    run = last_run(np.column_stack([np.cos(wobble), np.sin(wobble)]))
    assert run.start == 0
    assert run.angle == pytest.approx(6.0)


def test_a_path_through_the_middle_ends_a_run() -> None:
    path = np.array([[0.2, 0.0], [0.0, 0.2], [0.0, 0.01], [0.1, 0.0], [0.0, -0.1]])
    assert last_run(path).angle == pytest.approx(-math.pi / 2)
    assert last_run(path[:3]).angle == 0.0
    assert last_run(path[:1]).angle == 0.0


@pytest.mark.parametrize("y", [0.001, -0.001])
def test_a_step_from_side_to_side_ends_a_run_whichever_way_round_is_shorter(y: float) -> None:
    half = np.linspace(0, math.pi, 10)
    path = 0.2 * np.column_stack([np.cos(half), np.sin(half)])
    run = last_run(np.concatenate([path, [[0.2, y], [0.17, 0.1]]]))
    assert run.start == 10
    assert run.angle == pytest.approx(math.atan2(0.1, 0.17) - math.atan2(y, 0.2))


def test_a_head_that_is_shaken_for_hours_does_not_fill_the_memory() -> None:
    path = TurnPath()
    for k in range(2000):
        assert path.add(0.1 * k, np.array([0.2 if k % 2 else -0.2, 0.05])) is None
    assert len(path._points) < 30
