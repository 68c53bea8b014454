"""The contour of a mask: sub-pixel edges on a grid that does not depend on the picture's size."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from posture_cv.landmarks.contour import contour_from_grid, on_grid, unsure_share
from posture_cv.landmarks.types import CONTOUR_COLS, CONTOUR_ROWS


def disc(width: int, height: int, x: float, y: float, radius: float) -> np.ndarray:
    """A soft disc; centre and radius in shares of the width."""
    v, u = np.mgrid[0:height, 0:width] + 0.5
    distance = np.hypot(u / width - x, (v / height - y) * height / width)
    return np.asarray(np.clip((radius - distance) * width + 0.5, 0, 1), np.float32)


def contour_of(mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """As the estimator finds it."""
    return contour_from_grid(on_grid(mask))


@given(
    width=st.sampled_from([160, 320, 640, 636, 1280]),
    x=st.floats(0.3, 0.7),
    y=st.floats(0.3, 0.7),
    radius=st.floats(0.05, 0.25),
)
def test_edges_lie_where_the_disc_ends_at_any_size(width: int, x: float, y: float, radius: float) -> None:
    height = width * 3 // 4
    rows, cols = contour_of(disc(width, height, x, y, radius))
    v = (np.arange(CONTOUR_ROWS) + 0.5) / CONTOUR_ROWS
    inside = radius**2 - ((v - y) * height / width) ** 2
    wide = inside > (0.5 * radius) ** 2  # where the edge is not grazing
    half = np.sqrt(np.where(wide, inside, 0))
    half_pixel = 1.0 / min(width, CONTOUR_COLS)
    assert np.abs(rows[wide, 0] - (x - half[wide])).max() < half_pixel
    assert np.abs(rows[wide, 1] - (x + half[wide])).max() < half_pixel
    u = (np.arange(CONTOUR_COLS) + 0.5) / CONTOUR_COLS
    middle = int(np.abs(u - x).argmin())
    assert abs(cols[middle] - max(y - radius * width / height, 0.0)) < 1.0 / min(height, CONTOUR_ROWS)
    assert np.isnan(rows[v < y - radius * width / height - 0.02]).all()


def test_mirror() -> None:
    mask = disc(640, 480, 0.4, 0.5, 0.2)
    rows, cols = contour_of(mask)
    mirrored_rows, mirrored_cols = contour_of(np.ascontiguousarray(mask[:, ::-1]))
    np.testing.assert_allclose(mirrored_rows, 1 - rows[:, ::-1], atol=1e-6)
    np.testing.assert_allclose(mirrored_cols, cols[::-1], atol=1e-6)


@pytest.mark.parametrize("value", [0.0, 1.0])
@pytest.mark.parametrize("size", [(1, 1), (2, 3), (480, 640)])
def test_empty_and_full_masks(value: float, size: tuple[int, int]) -> None:
    rows, cols = contour_of(np.full(size, value, np.float32))
    if value:
        np.testing.assert_array_equal(rows, np.tile([0.0, 1.0], (CONTOUR_ROWS, 1)))
        np.testing.assert_array_equal(cols, np.zeros(CONTOUR_COLS))
    else:
        assert np.isnan(rows).all()
        assert np.isnan(cols).all()


def test_an_edge_between_two_cells_is_where_it_is_and_not_half_a_cell_beside_it() -> None:
    mask = np.zeros((480, 640), np.float32)
    mask[120:, 160:480] = 1.0
    rows, cols = contour_of(mask)
    np.testing.assert_allclose(rows[60:], np.broadcast_to((0.25, 0.75), (180, 2)), atol=1e-6)
    np.testing.assert_allclose(cols[80:240], 0.25, atol=1e-6)


@given(
    value=st.floats(0.0, 1.0),
    wide=st.integers(0, CONTOUR_COLS),
    shoulders_y=st.floats(1.0 / CONTOUR_ROWS, 1.0),
    below=st.floats(0.0, 1.0),
)
def test_what_is_neither_counts_by_its_size_and_only_above_the_shoulders(
    value: float, wide: int, shoulders_y: float, below: float
) -> None:
    grid = np.zeros((CONTOUR_ROWS, CONTOUR_COLS), np.float32)
    grid[:, :wide] = value
    row = round(shoulders_y * CONTOUR_ROWS)
    grid[row:] = below
    expected = 4.0 * value * (1.0 - value) * wide / CONTOUR_COLS * row / CONTOUR_ROWS
    assert unsure_share(grid, shoulders_y) == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("shoulders_y", [np.nan, -0.1, 0.0, 1.01])
def test_without_shoulders_in_the_picture_nobody_knows_what_is_unsure(shoulders_y: float) -> None:
    assert np.isnan(unsure_share(np.full((CONTOUR_ROWS, CONTOUR_COLS), 0.5, np.float32), shoulders_y))


@given(st.sampled_from([640, 960, 1280]), st.floats(0.1, 0.25))
def test_an_edge_as_wide_in_a_larger_picture_is_as_unsure(width: int, radius: float) -> None:
    small = np.asarray(cv2.GaussianBlur(disc(320, 240, 0.5, 0.4, radius), (0, 0), 2.0), np.float32)
    large = np.asarray(cv2.resize(small, (width, width * 3 // 4)), np.float32)
    expected = unsure_share(on_grid(small), 0.7)
    assert unsure_share(on_grid(large), 0.7) == pytest.approx(expected, rel=0.05)
