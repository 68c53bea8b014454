"""Landmarks in a picture that is turned about its middle: points, and contours that are read line by line."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from posture_cv.landmarks.types import Float32
from posture_cv.measure.types import Float

# An outline so near to the picture's border is cut off by it: that does not move along (2.5 px of 480, and rounding).
BORDER: Final = 0.006
# Of the search for the edge in a turned line; by 5 degrees, an edge six times as flat as steep is then within 2 px.
_STEPS: Final = 5


def turned_points(points: Float | Float32, roll: Float, high: Float) -> Float:
    """(N, K, 2) points, shares of width and height, turned clockwise about the middle.

    Args:
        points: (N, K, 2).
        roll: (N,) radians.
        high: (N,) height of the pictures as a share of their width.
    """
    cos, sin, tall = np.cos(roll)[:, None], np.sin(roll)[:, None], high[:, None]
    x, y = points[:, :, 0] - 0.5, (points[:, :, 1] - 0.5) * tall
    return np.stack([cos * x - sin * y + 0.5, (sin * x + cos * y) / tall + 0.5], axis=2)


def turned_rows(rows: Float | Float32, roll: Float, high: Float) -> Float:
    """(N, K, 2) the edges of rows (`Landmarks.rows`) in the turned pictures; see `turned_points`."""
    sides = [_turned(rows[:, :, k], roll, high[:, None], np.ones((len(rows), 1))) for k in (0, 1)]
    return np.stack(sides, axis=2)


def turned_cols(cols: Float | Float32, roll: Float, high: Float) -> Float:
    """(N, K) the edges of columns (`Landmarks.cols`) in the turned pictures; see `turned_points`."""
    return _turned(cols, -roll, np.ones((len(cols), 1)), high[:, None])


def _turned(line: Float | Float32, roll: Float, long: Float, wide: Float) -> Float:
    """(N, K) edges read along a contour, in pictures turned by (N,) radians from along it to across it, negatively.

    Where a line of the turned picture meets the edge is found step by step: the edge there tells at which line of the
    old picture to read it.

    Args:
        line: (N, K).
        roll: (N,) radians.
        long, wide: (N, 1) size of the picture along and across the contour.
    """
    cos, sin = np.cos(roll)[:, None], np.sin(roll)[:, None]
    along = (centres(line.shape[1]) - 0.5) * long
    found, across = line, (line - 0.5) * wide
    for _ in range(_STEPS):  # where a line held nobody, begin somewhere
        found = read_at(line, (cos * along - sin * np.nan_to_num(across)) / long + 0.5)
        across = ((found - 0.5) * wide - sin * along) / cos
    return np.where(cut_off(found), found, across / wide + 0.5)


def cut_off(line: NDArray[np.floating]) -> NDArray[np.bool_]:
    """(...) whether the picture's border cuts these edges (...), shares of the picture, off; False for NaN."""
    return np.asarray((line < BORDER) | (line > 1.0 - BORDER))


def centres(count: int) -> Float:
    """(K,) the middles of that many equal lines of a picture, shares of it."""
    return np.asarray((np.arange(count) + 0.5) / count)


def read_at(line: NDArray[np.floating], places: Float) -> Float:
    """(N, K) values at places (N, K), shares of the picture; NaN outside of it, and beside lines without an edge.

    Args:
        line: (N, K) values at `centres`.
        places: where to read.
    """
    count = line.shape[1]
    cell = np.clip(places * count - 0.5, 0.0, count - 1.0)
    low = np.minimum(cell.astype(np.intp), count - 2)
    below, above = (np.take_along_axis(line, low + step, axis=1) for step in (0, 1))
    part = cell - low
    value = np.where(part == 0.0, below, np.where(part == 1.0, above, below + (above - below) * part))
    return np.where((places >= 0.0) & (places <= 1.0), value, np.nan)
