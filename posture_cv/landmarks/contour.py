"""The contour of the person's mask, on a grid that does not depend on the picture's size.

Only the outline is kept: for each of 240 rows the left and right edge, for each of 320 columns the upper
edge. Edges are sub-pixel: where the mask, averaged onto the grid, crosses 0.5 (the threshold that
MediaPipe documents for its segmentation masks).
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from posture_cv.landmarks.types import CONTOUR_COLS, CONTOUR_ROWS, Float32

THRESHOLD: Final = 0.5


def contour_from_mask(mask: NDArray[np.float32]) -> tuple[Float32, Float32]:
    """Rows and columns of the contour (`Landmarks.rows`, `Landmarks.cols`) of one mask.

    Args:
        mask: (H, W) float32, 0-1, how surely each pixel shows the person.

    Returns:
        rows: (240, 2) float32, shares of the width; cols: (320,) float32, shares of the height; NaN for none.
    """
    resized = cv2.resize(mask, (CONTOUR_COLS, CONTOUR_ROWS), interpolation=cv2.INTER_AREA)
    grid = np.asarray(resized, np.float32)
    left = _first_crossing(grid)
    right = 1.0 - _first_crossing(grid[:, ::-1])
    top = _first_crossing(np.ascontiguousarray(grid.T))
    return np.stack([left, right], axis=1).astype(np.float32), top.astype(np.float32)


def _first_crossing(grid: NDArray[np.float32]) -> NDArray[np.float64]:
    """(R,) where each row of `grid` first rises through the threshold, as a share of its length."""
    length = grid.shape[1]
    above = grid >= THRESHOLD
    first = above.argmax(axis=1)
    line = np.arange(len(grid))
    here = grid[line, first].astype(np.float64)
    before = grid[line, np.maximum(first - 1, 0)].astype(np.float64)
    step = np.where(here > before, here - before, 1.0)
    crossing = first - 0.5 + (THRESHOLD - before) / step
    crossing = np.where(first == 0, 0.0, crossing) / length
    return np.where(above.any(axis=1), crossing, np.nan)
