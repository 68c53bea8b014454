from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from calibration.collect import Problem, assess_stillness
from calibration_material import head_turned, nobody_where, shifted, sitting_still, where, with_scene
from posture_cv.landmarks.types import Landmarks


def problems(lm: Landmarks) -> tuple[Problem, ...]:
    return assess_stillness(lm, 1.5).problems


def test_sitting_still_is_still() -> None:
    gate = assess_stillness(sitting_still(40), 1.5)
    assert gate.still
    assert gate.moved_share < 0.02
    assert gate.turned_deg < 2.0


def test_the_past_does_not_count() -> None:
    lm = sitting_still(40)
    assert problems(where(np.arange(40) < 20, shifted(lm, 80, 0), lm)) == ()


def test_nothing_yet() -> None:
    assert problems(Landmarks.empty(0)) == (Problem.NO_PICTURES,)
    assert problems(sitting_still(5)) == (Problem.NOT_LONG_ENOUGH,)


def test_nobody() -> None:
    assert problems(nobody_where(np.ones(40, bool), sitting_still(40))) == (Problem.NOBODY,)


@pytest.mark.parametrize(
    ("mean", "p05", "p95", "problem"),
    [
        (0.03, 0.008, 0.07, Problem.TOO_DARK),
        (0.87, 0.69, 1.0, Problem.TOO_BRIGHT),
        (0.8, 0.7, 0.85, Problem.NOBODY),  # a white wall
        (0.4, 0.1, 0.8, Problem.NOBODY),
        (np.nan, np.nan, np.nan, Problem.NOBODY),
    ],
)
def test_nobody_is_seen_for_want_of_light(mean: float, p05: float, p95: float, problem: Problem) -> None:
    lm = nobody_where(np.ones(40, bool), sitting_still(40))
    assert problems(with_scene(lm, luma_mean=mean, luma_p05=p05, luma_p95=p95)) == (problem,)


def test_a_lost_frame_now_and_then_is_no_matter() -> None:
    assert problems(nobody_where(np.arange(40) % 7 == 0, sitting_still(40))) == ()


def test_face_not_seen() -> None:
    lm = sitting_still(40)
    assert problems(replace(lm, face=np.full_like(lm.face, np.nan))) == (Problem.FACE_NOT_SEEN,)


def test_moving() -> None:
    lm = sitting_still(40)
    there = np.arange(40) >= 33
    assert problems(where(there, shifted(lm, 25, 0), lm)) == (Problem.MOVING,)


def test_nodding() -> None:
    lm = sitting_still(40)
    nods = (np.arange(40) // 3) % 2 == 0
    assert problems(where(nods, head_turned(lm, 0, 10.0), lm)) == (Problem.MOVING,)


@pytest.mark.parametrize("degrees", [40.0, -40.0])
def test_looking_past_the_camera(degrees: float) -> None:
    assert Problem.TURNED in problems(head_turned(sitting_still(40), 1, degrees))


def test_shoulders_out_of_the_picture() -> None:
    assert Problem.SHOULDERS_OUT in problems(shifted(sitting_still(40), 0, 400))


@pytest.mark.parametrize(("right_px", "down_px"), [(0, -130), (300, 0), (-240, 0)])
def test_head_at_the_edge(right_px: float, down_px: float) -> None:
    assert Problem.HEAD_OUT in problems(shifted(sitting_still(40), right_px, down_px))


@pytest.mark.parametrize(("luma", "problem"), [(0.01, Problem.TOO_DARK), (0.995, Problem.TOO_BRIGHT)])
def test_light(luma: float, problem: Problem) -> None:
    assert problems(with_scene(sitting_still(40), person_luma=luma)) == (problem,)


def test_the_camera_moves() -> None:
    drift = np.linspace(0, 0.2, 40)
    moving = with_scene(sitting_still(40), bg_dx=drift, bg_dy=0.0, bg_support=0.9)
    assert problems(moving) == (Problem.CAMERA_MOVES,)
    assert problems(with_scene(moving, bg_support=0.2)) == (), "not believed without support"
