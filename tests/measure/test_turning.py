"""Points and outlines in a turned picture, on an ellipse whose turned outline is known."""

from __future__ import annotations

import numpy as np
import pytest

from posture_cv.landmarks.types import CONTOUR_COLS, CONTOUR_ROWS
from posture_cv.measure.turning import centres, turned_cols, turned_points, turned_rows
from posture_cv.measure.types import Float

WIDTH, HEIGHT = 640.0, 480.0
HIGH = np.array([HEIGHT / WIDTH])
PLACE, AXES = (40.0, 25.0), (150.0, 190.0)  # pixels from the middle, half axes


def rows_and_cols(deg: float) -> tuple[Float, Float]:
    """(240, 2) and (320,) of the ellipse in the picture turned by so many degrees clockwise about the middle."""
    c, s = np.cos(np.radians(deg)), np.sin(np.radians(deg))
    x0, y0 = c * PLACE[0] - s * PLACE[1], s * PLACE[0] + c * PLACE[1]
    turn = np.array([[c, -s], [s, c]])
    xx, xy, yy = (turn @ np.diag([AXES[0] ** -2.0, AXES[1] ** -2.0]) @ turn.T)[[0, 0, 1], [0, 1, 1]]
    y = (centres(CONTOUR_ROWS) - 0.5) * HEIGHT - y0
    x = (centres(CONTOUR_COLS) - 0.5) * WIDTH - x0
    with np.errstate(invalid="ignore"):  # beside the ellipse
        wide = np.sqrt((xy * y) ** 2 - xx * (yy * y**2 - 1.0)) / xx
        tall = np.sqrt((xy * x) ** 2 - yy * (xx * x**2 - 1.0)) / yy
    sides = [x0 - xy * y / xx + sign * wide for sign in (-1.0, 1.0)]
    return np.stack(sides, axis=1) / WIDTH + 0.5, (y0 - xy * x / yy - tall) / HEIGHT + 0.5


@pytest.mark.parametrize("deg", [0.0, 1.0, -3.0, 5.0])
def test_an_outline_is_where_it_is_in_the_turned_picture(deg: float) -> None:
    rows, cols = rows_and_cols(0.0)
    expected_rows, expected_cols = rows_and_cols(deg)
    roll = np.radians([deg])
    for found, expected, size in (
        (turned_rows(rows[None], roll, HIGH)[0], expected_rows, WIDTH),
        (turned_cols(cols[None], roll, HIGH)[0], expected_cols, HEIGHT),
    ):
        away = np.abs(found - expected) * size
        known = np.isfinite(away)
        assert known.sum() > 0.95 * np.isfinite(expected).sum()
        assert np.median(away[known]) < 0.1
        assert np.quantile(away[known], 0.95) < 1.0


def test_points_go_clockwise_about_the_middle_of_any_picture() -> None:
    top, right = [0.5, 0.5 - 100 / HEIGHT], [0.5 + 100 / WIDTH, 0.5]
    found = turned_points(np.array([[top, right]]), np.radians([90.0]), HIGH)[0]
    np.testing.assert_allclose(found, [right, [0.5, 0.5 + 100 / HEIGHT]], atol=1e-12)


def test_an_edge_that_the_border_cuts_off_stays_cut_off() -> None:
    rows = np.full((1, CONTOUR_ROWS, 2), [0.0, 0.6])
    found = turned_rows(rows, np.radians([3.0]), HIGH)
    np.testing.assert_array_equal(found[0, 20:-20, 0], 0.0)
