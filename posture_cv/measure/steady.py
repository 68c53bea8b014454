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
    Motion,
    background_motion,
    heights,
    motion_size,
    scene_column,
)
from posture_cv.measure.turning import centres, cut_off, read_at, turned_cols, turned_points, turned_rows
from posture_cv.measure.types import Float

# Of the picture's width (2 px of 640), below which there is nothing to gain: the landmarks' own jitter is more (ours).
LEAST_SHIFT: Final = 0.003
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
    motion = background_motion(lm, baseline)
    size = motion_size(motion, heights(lm))
    believed = scene_column(lm, "bg_support") >= limits.camera_support
    shifted = believed & (size > LEAST_SHIFT) & (size <= limits.camera_shift)
    if not shifted.any():
        return lm
    back = _back(lm[shifted], motion[shifted])
    fields = {name: getattr(lm, name).copy() for name in _PLACES}
    for name, values in fields.items():
        values[shifted] = getattr(back, name)
    return replace(lm, **fields)


def _back(lm: Landmarks, motion: Motion) -> Landmarks:
    """Frames that are all to be moved."""
    dx, dy, scale = motion.dx, motion.dy, motion.scale
    straight = replace(
        lm,
        pose=_points_back(lm.pose, dx, dy, scale),
        face=_points_back(lm.face, dx, dy, scale),
        rows=np.stack([_line_back(lm.rows[:, :, side], dx, dy, scale) for side in (0, 1)], axis=2),
        cols=_line_back(lm.cols, dy, dx, scale),
    )
    return _turned_back(straight, motion.roll) if motion.roll.any() else straight


def _turned_back(lm: Landmarks, roll: Float) -> Landmarks:
    """Frames turned counter-clockwise about their middle by (N,) radians."""
    high, pose, face = heights(lm), lm.pose.copy(), lm.face.copy()
    for points in (pose, face):
        points[:, :, :2] = turned_points(points[:, :, :2], -roll, high)
    rows, cols = turned_rows(lm.rows, -roll, high), turned_cols(lm.cols, -roll, high)
    return replace(lm, pose=pose, face=face, rows=rows.astype(np.float32), cols=cols.astype(np.float32))


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
    return _read(np.where(cut_off(line), line, _before(line, across, scale)), along, scale)


def _read(line: NDArray[np.floating], along: Float, scale: Float) -> Float32:
    """(N, K) values at the places at which the K lines of a still picture lie now; NaN outside of the picture."""
    now = (centres(line.shape[1]) - 0.5) * scale[:, None] + 0.5 + along[:, None]
    return read_at(line, now).astype(np.float32)
