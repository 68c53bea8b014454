"""What the person wears, coarsely: the colours of chest and crown against the face's.

A baseline knows the outline of a person in the clothes and the hair of that day. Against the face, so that more light,
or other light, changes little: what is kept are logarithms of ratios, no picture.
"""

from __future__ import annotations

import math
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from posture_cv.landmarks import names
from posture_cv.landmarks.types import Float32, Landmarks

# Where it is looked, as (left, right, top, bottom) (ours). Of the face in shares of the face mesh's box; of the chest
# in shoulder widths to the sides of the shoulders' middle and below it; of the crown in shares of the face's box again,
# above which it lies.
_FACE: Final = (0.25, 0.75, 0.35, 0.8)
_CHEST: Final = (-0.25, 0.25, 0.12, 0.45)
_CROWN: Final = (0.25, 0.75, -0.38, -0.12)
_SAMPLES: Final = 32  # points across and down at most, which tell a colour
_DARK: Final = 3.0  # added to all of 255, so that the noise of black counts for little
_LEAST_PX: Final = 3  # across and down, below which a part is too small to have a colour
_LEAST_SHARE: Final = 0.3  # of a part that the picture must show: close cameras cut the chest off
UNKNOWN: Final = np.full(6, np.nan, np.float32)


def dress(image_bgr: NDArray[np.uint8], lm: Landmarks) -> Float32:
    """(6,) the fields `DRESS` of a scene; NaN without a face, or where a part is out of the picture.

    Args:
        image_bgr: (H, W, 3) picture.
        lm: its landmarks (one frame).
    """
    height, width = image_bgr.shape[:2]
    face = lm.face[0, :, :2]
    low, high = face.min(axis=0), face.max(axis=0)
    left, top, right, bottom = (float(low[0]), float(low[1]), float(high[0]), float(high[1]))
    if not math.isfinite(left + top + right + bottom):
        return UNKNOWN
    box = (left * width, top * height, (right - left) * width, (bottom - top) * height)
    own = _light(image_bgr, *_within(box, _FACE))
    a, b = lm.pose[0, names.LEFT_SHOULDER, :2].tolist(), lm.pose[0, names.RIGHT_SHOULDER, :2].tolist()
    across = math.hypot((a[0] - b[0]) * width, (a[1] - b[1]) * height)
    chest = ((a[0] + b[0]) / 2.0 * width, (a[1] + b[1]) / 2.0 * height, across, across)
    parts = [_light(image_bgr, *_within(at, part)) for at, part in ((chest, _CHEST), (box, _CROWN))]
    return np.array([number for part in parts for number in _against(part, own)], np.float32)


def _within(
    box: tuple[float, float, float, float], part: tuple[float, float, float, float]
) -> tuple[float, ...]:
    """Left, right, top, bottom in pixels of a part of a box (left, top, width, height)."""
    x, y, wide, high = box
    return x + part[0] * wide, x + part[1] * wide, y + part[2] * high, y + part[3] * high


def _light(
    image: NDArray[np.uint8], left: float, right: float, top: float, bottom: float
) -> tuple[float, ...] | None:
    """Logarithms of mean blue, green and red there; None where too little of it is in the picture."""
    height, width = image.shape[:2]
    whole = (right - left) * (bottom - top)
    left, right, top, bottom = max(left, 0.0), min(right, width), max(top, 0.0), min(bottom, height)
    shown = max(right - left, 0.0) * max(bottom - top, 0.0)
    if not shown >= _LEAST_SHARE * whole > 0.0:  # true for NaN
        return None
    x0, x1, y0, y1 = round(left), round(right), round(top), round(bottom)
    if x1 - x0 < _LEAST_PX or y1 - y0 < _LEAST_PX:
        return None
    step = max(1, max(x1 - x0, y1 - y0) // _SAMPLES)
    some = np.ascontiguousarray(image[y0:y1:step, x0:x1:step])
    return tuple(math.log(value + _DARK) for value in cv2.mean(some)[:3])


def _against(part: tuple[float, ...] | None, own: tuple[float, ...] | None) -> tuple[float, float, float]:
    """Green, and red and blue beside it, of a part against the face's own."""
    if part is None or own is None:
        return math.nan, math.nan, math.nan
    blue, green, red = (p - o for p, o in zip(part, own, strict=True))
    return green, red - green, blue - green
