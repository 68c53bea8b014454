"""The contour of the person's mask, on a grid that does not depend on the picture's size.

Only the outline is kept: for each of 240 rows the left and right edge, for each of 320 columns the upper
edge. Edges are sub-pixel: where the mask, averaged onto the grid, crosses 0.5 (the threshold that
MediaPipe documents for its segmentation masks).
"""

from __future__ import annotations

from collections.abc import Callable
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
    above = grid >= THRESHOLD
    line, column = np.arange(CONTOUR_ROWS), np.arange(CONTOUR_COLS)
    left = _crossing(above.argmax(axis=1), lambda k: grid[line, k], CONTOUR_COLS)
    from_right = above[:, ::-1].argmax(axis=1)
    right = 1.0 - _crossing(from_right, lambda k: grid[line, CONTOUR_COLS - 1 - k], CONTOUR_COLS)
    top = _crossing(above.argmax(axis=0), lambda k: grid[k, column], CONTOUR_ROWS)
    return np.stack([left, right], axis=1).astype(np.float32), top.astype(np.float32)


def _crossing(
    first: NDArray[np.intp], value_at: Callable[[NDArray[np.intp]], Float32], length: int
) -> NDArray[np.float64]:
    """(R,) where each line first rises through the threshold, as a share of its length; NaN where it never does.

    Args:
        first: (R,) place of the line's first value above the threshold, 0 also where there is none.
        value_at: the lines' values at such places.
        length: of a line.
    """
    here = value_at(first).astype(np.float64)
    before = value_at(np.maximum(first - 1, 0)).astype(np.float64)
    step = np.where(here > before, here - before, 1.0)
    crossing = np.where(first == 0, 0.0, first - 0.5 + (THRESHOLD - before) / step) / length
    return np.where(here >= THRESHOLD, crossing, np.nan)
