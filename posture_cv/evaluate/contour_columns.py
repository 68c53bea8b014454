"""The contour as whole pixel columns and rows, as landmark files hold it -> `Landmarks.rows` and `.cols`."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from posture_cv.landmarks.types import CONTOUR_COLS, CONTOUR_ROWS, Float, Float32


def contour_from_pixels(rows: NDArray[np.integer], cols: NDArray[np.integer]) -> tuple[Float32, Float32]:
    """Contour of N masks of 640x480 as shares of the picture, two lines averaged into one.

    Args:
        rows: (N, 480, 2) first and last column of the person in each row, -1 where none.
        cols: (N, 640) first row of the person in each column, -1 where none.

    Returns:
        (N, 240, 2) and (N, 320) as in `Landmarks`. The last column's right-hand edge is the person's edge.

    Raises:
        ValueError: other shapes.
    """
    height, width = rows.shape[1], cols.shape[1]
    if rows.shape[1:] != (2 * CONTOUR_ROWS, 2) or cols.shape[1:] != (2 * CONTOUR_COLS,):
        raise ValueError(
            f"contour of shapes {rows.shape} and {cols.shape}, expected (N, 480, 2) and (N, 640)"
        )
    edges = np.where(rows < 0, np.nan, rows + np.array([0.0, 1.0])) / width
    tops = np.where(cols < 0, np.nan, cols.astype(np.float64)) / height
    return _pair_mean(edges).astype(np.float32), _pair_mean(tops).astype(np.float32)


def _pair_mean(values: Float) -> Float:
    """(N, 2k, ...) -> (N, k, ...), NaN only where both of a pair are NaN."""
    pairs = values.reshape(values.shape[0], values.shape[1] // 2, 2, *values.shape[2:])
    present = ~np.isnan(pairs)
    count = present.sum(axis=2)
    total = np.where(present, pairs, 0.0).sum(axis=2)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)
