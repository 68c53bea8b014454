"""The contour of the person's mask, on a grid that does not depend on the picture's size, and how sure the mask is.

Only the outline is kept: for each of 240 rows the left and right edge, for each of 320 columns the upper
edge. Edges are sub-pixel: where the mask, averaged onto the grid, crosses 0.5 (the threshold that
MediaPipe documents for its segmentation masks).
"""

from __future__ import annotations

import math
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from posture_cv.landmarks.types import CONTOUR_COLS, CONTOUR_ROWS, Float32

THRESHOLD: Final = 0.5  # of the mask: from here on a pixel is rather the person than not

# Lines along which the mask is crossed: rows from the left, rows from the right, columns from above. Of each line the
# cell of the grid where it begins, the step to its next cell and its length.
_ROWS, _COLS = np.arange(CONTOUR_ROWS), np.arange(CONTOUR_COLS)
_BEGIN: Final = np.concatenate([_ROWS * CONTOUR_COLS, _ROWS * CONTOUR_COLS + CONTOUR_COLS - 1, _COLS])
_STEP: Final = np.repeat([1, -1, CONTOUR_COLS], [CONTOUR_ROWS, CONTOUR_ROWS, CONTOUR_COLS])
_LENGTH: Final = np.repeat([CONTOUR_COLS, CONTOUR_ROWS], [2 * CONTOUR_ROWS, CONTOUR_COLS]).astype(np.float64)


def on_grid(mask: Float32) -> Float32:
    """(240, 320) a mask (H, W), averaged onto the grid: 0-1, how surely each cell shows the person."""
    return np.asarray(
        cv2.resize(mask, (CONTOUR_COLS, CONTOUR_ROWS), interpolation=cv2.INTER_AREA), np.float32
    )


def contour_from_grid(grid: Float32) -> tuple[Float32, Float32]:
    """Rows and columns of the contour (`Landmarks.rows`, `Landmarks.cols`) of one mask.

    Args:
        grid: (240, 320) float32, 0-1, how surely each cell shows the person; see `on_grid`.

    Returns:
        rows: (240, 2) float32, shares of the width; cols: (320,) float32, shares of the height; NaN for none.
    """
    above = grid >= THRESHOLD
    cells = above.view(np.uint8)
    # turned round, so that each search runs along the memory: twice as fast
    turned = (np.asarray(one).view(np.bool_) for one in (cv2.flip(cells, 1), cv2.transpose(cells)))
    first = np.concatenate([lines.argmax(axis=1) for lines in (above, *turned)])
    share = _crossing(grid.ravel(), first)
    rows = np.empty((CONTOUR_ROWS, 2), np.float32)
    rows[:, 0], rows[:, 1] = share[:CONTOUR_ROWS], 1.0 - share[CONTOUR_ROWS : 2 * CONTOUR_ROWS]
    return rows, share[2 * CONTOUR_ROWS :].astype(np.float32)


def unsure_share(grid: Float32, shoulders_y: float) -> float:
    """Share of the picture, above the shoulders, where the mask is undecided.

    An edge is a few cells wide, as the model sees it. Where the body of another person begins behind the first, whole
    stretches are neither, and the outline is pulled to and fro between the two.

    Args:
        grid: (240, 320) the mask, 0-1.
        shoulders_y: height of the shoulders' middle, share of the picture's; NaN for none.

    Returns:
        0-1: the sum of 4 m (1 - m) over the cells above the shoulders, divided by the number of all cells of the grid;
        a cell of m = 0.5 counts whole. NaN without shoulders in the picture.
    """
    if not 0.0 < shoulders_y <= 1.0:
        return math.nan
    part = grid[: max(1, round(shoulders_y * CONTOUR_ROWS))]
    return 4.0 * (cv2.sumElems(part)[0] - cv2.norm(part, cv2.NORM_L2SQR)) / grid.size


def _crossing(grid: Float32, first: NDArray[np.intp]) -> NDArray[np.float64]:
    """(800,) where each line first rises through the threshold, as a share of its length; NaN where it never does.

    Args:
        grid: (76800,) the mask's cells, row by row.
        first: (800,) place of the line's first value above the threshold, 0 also where there is none.
    """
    at = _BEGIN + first * _STEP
    begins = first == 0
    here, before = grid[at].astype(np.float64), grid[np.where(begins, at, at - _STEP)].astype(np.float64)
    step = np.where(here > before, here - before, 1.0)
    crossing = np.where(begins, 0.0, first - 0.5 + (THRESHOLD - before) / step) / _LENGTH
    return np.where(here >= THRESHOLD, crossing, np.nan)
