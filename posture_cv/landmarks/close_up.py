"""A closer look at the head, where the face model finds no face in the whole picture.

It looks for faces in a copy of 128 px, in which one that is a metre away, dark or turned by 45 degrees is lost. Of 120
pictures of six rendered persons before oblique cameras it finds a face in 25; closer, in 86 (ours).
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from posture_cv.landmarks import names
from posture_cv.landmarks.model_picture import SHORT_SIDE_PX
from posture_cv.landmarks.types import Float32

HEAD_POINTS: Final = names.MOUTH_RIGHT + 1
# Side of the box, in distances from the middle of the head's points to that of the shoulders (ours).
BOX_SIDE: Final = 1.6
# Shoulders that lie nearer to each other than this, in the same distances, are those of a profile, in which the face
# model finds a face now and then, a poor one: rendered side cameras show 0.4 at most, oblique ones 0.45 and more.
LEAST_ACROSS: Final = 0.5

Box = tuple[int, int, int, int]


def head_box(points_px: NDArray[np.floating], size_px: tuple[int, int]) -> Box | None:
    """Where to look closer.

    Args:
        points_px: (33, 2) pose points in pixels.
        size_px: width and height of the picture.

    Returns:
        left, top, right, bottom in pixels, of a square as far as it lies in the picture; None for a profile, and where
        the head is too small, outside or so large that the whole picture shows no less.
    """
    head = points_px[:HEAD_POINTS].mean(axis=0)
    left, right = points_px[names.LEFT_SHOULDER], points_px[names.RIGHT_SHOULDER]
    up = float(np.hypot(*(head - (left + right) / 2.0)))
    if not float(np.hypot(*(left - right))) >= LEAST_ACROSS * up:  # false for NaN
        return None
    half, limits = BOX_SIDE * up / 2.0, np.array(size_px)
    near, far = (np.clip(np.round(head + step), 0, limits).astype(int).tolist() for step in (-half, half))
    sides = (far[0] - near[0], far[1] - near[1])
    if min(sides) < SHORT_SIDE_PX or max(sides) >= max(size_px):
        return None
    return near[0], near[1], far[0], far[1]


def part_of(rgb: NDArray[np.uint8], box: Box) -> NDArray[np.uint8]:
    """(h, w, 3) that part of a picture (H, W, 3), in memory of its own."""
    left, top, right, bottom = box
    return np.ascontiguousarray(rgb[top:bottom, left:right])


def out_of_part(points: Float32, box: Box, size_px: tuple[int, int]) -> Float32:
    """(M, 3) points as shares of a part of the picture: as shares of the picture; z in widths, as x."""
    left, top, right, bottom = box
    width, height = size_px
    shares = np.array((right - left, bottom - top, right - left)) / (width, height, width)
    return np.asarray(points * shares + np.array((left / width, top / height, 0.0)), np.float32)
