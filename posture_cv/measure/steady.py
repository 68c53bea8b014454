"""A camera that was nudged: what the background says of it is taken off before anybody is measured.

A lid that sinks by one degree moves the picture by some ten pixels of 640: too little to call the camera moved, and
enough to look like a trunk that sinks and bends. The flow of the background tells such a shift within half a pixel.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from posture_cv.landmarks.types import Float32, Landmarks
from posture_cv.measure.baseline import Baseline
from posture_cv.measure.gates import (
    DEFAULT_LIMITS,
    GateLimits,
    background_motion,
    motion_size,
    scene_column,
)
from posture_cv.measure.types import Float

# Of the picture's width (2 px of 640), below which there is nothing to gain: the landmarks' own jitter is more (ours).
LEAST_SHIFT: Final = 0.003
# An outline so near to the picture's border is cut off by it: that does not move along (2.5 px of 480, and rounding).
_BORDER: Final = 0.006
_PLACES: Final = ("pose", "face", "rows", "cols")


def steadied(lm: Landmarks, baseline: Baseline, limits: GateLimits | None = None) -> Landmarks:
    """The N frames as the camera would have seen them from where it stood when the baseline was taken.

    Args:
        lm: landmarks of N frames.
        baseline: of the same camera.
        limits: how far a shift may go before the camera counts as moved, and how many points must agree on it.

    Returns:
        `lm` itself where no frame needs it. World coordinates and the scene stay as they are.
    """
    limits = limits or DEFAULT_LIMITS
    size = motion_size(lm, baseline)
    believed = scene_column(lm, "bg_support") >= limits.camera_support
    shifted = believed & (size > LEAST_SHIFT) & (size <= limits.camera_shift)
    if not shifted.any():
        return lm
    back = _back(lm[shifted], baseline)
    fields = {name: getattr(lm, name).copy() for name in _PLACES}
    for name, values in fields.items():
        values[shifted] = getattr(back, name)
    return replace(lm, **fields)


def _back(lm: Landmarks, baseline: Baseline) -> Landmarks:
    """Frames that are all to be moved."""
    dx, dy, scale = background_motion(lm, baseline)
    return replace(
        lm,
        pose=_points_back(lm.pose, dx, dy, scale),
        face=_points_back(lm.face, dx, dy, scale),
        rows=np.stack([_line_back(lm.rows[:, :, side], dx, dy, scale) for side in (0, 1)], axis=2),
        cols=_line_back(lm.cols, dy, dx, scale),
    )


def _before(place: NDArray[np.floating], shift: Float, scale: Float) -> Float:
    """Where a place (N, K), a share of the picture, was before it grew about the middle and was shifted."""
    return (place - 0.5 - shift[:, None]) / scale[:, None] + 0.5


def _points_back(points: Float32, dx: Float, dy: Float, scale: Float) -> Float32:
    """(N, K, C) points whose first three fields are x, y and z."""
    back = points.copy()
    back[:, :, 0] = _before(points[:, :, 0], dx, scale)
    back[:, :, 1] = _before(points[:, :, 1], dy, scale)
    back[:, :, 2] = points[:, :, 2] / scale[:, None]
    return back


def _line_back(line: Float32, across: Float, along: Float, scale: Float) -> Float32:
    """(N, K) edges read along a contour: moved back across it, and read where their lines are now.

    Args:
        line: an edge a row of the contour, or a column.
        across: (N,) shift in the direction of the edges' values; along: from row to row.
    """
    cut = (line < _BORDER) | (line > 1.0 - _BORDER)
    return _read(np.where(cut, line, _before(line, across, scale)), along, scale)


def _read(line: NDArray[np.floating], along: Float, scale: Float) -> Float32:
    """(N, K) values at the places at which the K lines of a still picture lie now; NaN outside of the picture."""
    count = line.shape[1]
    centres = (np.arange(count) + 0.5) / count
    now = (centres - 0.5) * scale[:, None] + 0.5 + along[:, None]
    cell = np.clip(now * count - 0.5, 0.0, count - 1.0)
    low = np.minimum(cell.astype(np.intp), count - 2)
    below, above = (np.take_along_axis(line, low + step, axis=1) for step in (0, 1))
    part = cell - low
    value = np.where(part == 0.0, below, np.where(part == 1.0, above, below + (above - below) * part))
    return np.where((now >= 0.0) & (now <= 1.0), value, np.nan).astype(np.float32)
