"""A picture in a size in which the models can be asked about it."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

# Beyond this the models see nothing more: they read crops of 256 px (pose) and 192 px (face).
LONG_SIDE_PX: Final = 1280
SHORT_SIDE_PX: Final = 32  # below it the C library has nothing to work on


def fitting(image_bgr: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], tuple[float, float]]:
    """The picture in a size for the models, and (width, height) of that as multiples of the picture's content.

    Reading the mask of a picture whose width is not a multiple of 4 aborts the process inside the C library,
    so the border is replicated up to the next multiple (and to 32 px at least).
    """
    height, width = image_bgr.shape[:2]
    shrink = LONG_SIDE_PX / max(height, width)
    if shrink < 1.0:
        width, height = max(1, round(width * shrink)), max(1, round(height * shrink))
        image_bgr = np.asarray(cv2.resize(image_bgr, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
    right, bottom = _padding(width), _padding(height)
    if right or bottom:
        image_bgr = np.asarray(
            cv2.copyMakeBorder(image_bgr, 0, bottom, 0, right, cv2.BORDER_REPLICATE), np.uint8
        )
    return image_bgr, ((width + right) / width, (height + bottom) / height)


def _padding(length_px: int) -> int:
    """Pixels to add so that the length is a multiple of 4 and not below the least."""
    return max(SHORT_SIDE_PX, -(-length_px // 4) * 4) - length_px
