"""A closer look at the head: where it looks, and that what it sees comes back to its place."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from posture_cv.landmarks import names
from posture_cv.landmarks.close_up import head_box, out_of_part, part_of
from posture_cv.landmarks.estimator import LOOKS, Look
from posture_cv.landmarks.looks import points_back, points_there

SIZE = (640, 480)


def person(x: float = 320.0, y: float = 150.0, up: float = 100.0, across: float = 160.0) -> np.ndarray:
    """(33, 2) points in pixels: a head above two shoulders, the middle of both at `x`."""
    points = np.full((33, 2), np.nan)
    points[:11] = (x, y)
    points[names.LEFT_SHOULDER] = x + across / 2, y + up
    points[names.RIGHT_SHOULDER] = x - across / 2, y + up
    return points


def test_the_box_is_a_square_about_the_head() -> None:
    assert head_box(person(), SIZE) == (240, 70, 400, 230)
    assert head_box(person(x=20.0, y=10.0), SIZE) == (0, 0, 100, 90), "as far as it lies in the picture"


@pytest.mark.parametrize(
    "points",
    [
        person(across=45.0),
        person(up=15.0, across=24.0),
        person(x=-90.0),
        person(up=900.0, across=900.0),
        np.full((33, 2), np.nan),
    ],
    ids=["profile", "tiny", "outside", "larger than the picture", "nobody"],
)
def test_there_is_nothing_to_look_closer_at(points: np.ndarray) -> None:
    assert head_box(points, SIZE) is None


@given(
    left=st.integers(0, 500),
    top=st.integers(0, 400),
    side=st.integers(32, 300),
    shares=st.tuples(st.floats(0, 1), st.floats(0, 1), st.floats(-1, 1)),
)
def test_what_is_seen_in_a_part_comes_back_to_its_place(
    left: int, top: int, side: int, shares: tuple[float, float, float]
) -> None:
    box = (left, top, min(left + side, SIZE[0]), min(top + side, SIZE[1]))
    width, height = box[2] - box[0], box[3] - box[1]
    back = out_of_part(np.array([shares], np.float32), box, SIZE)[0] * (SIZE[0], SIZE[1], SIZE[0])
    expected = (left + shares[0] * width, top + shares[1] * height, shares[2] * width)
    np.testing.assert_allclose(back, expected, atol=1e-3)


def test_a_part_is_that_part() -> None:
    rgb = np.arange(480 * 640 * 3, dtype=np.uint32).reshape(480, 640, 3).astype(np.uint8)
    part = part_of(rgb, (10, 20, 50, 90))
    assert part.shape == (70, 40, 3)
    assert part.flags.c_contiguous
    np.testing.assert_array_equal(part[3, 7], rgb[23, 17])


@pytest.mark.parametrize("look", LOOKS)
def test_a_look_and_back_is_the_same_place(look: Look) -> None:
    points = np.random.default_rng(1).uniform(0.1, 0.9, (33, 3)).astype(np.float32)
    there = points.copy()
    there[:, :2] = points_there(points[:, :2], look, SIZE)
    np.testing.assert_allclose(points_back(there, look, SIZE)[:, :2], points[:, :2], atol=1e-5)
