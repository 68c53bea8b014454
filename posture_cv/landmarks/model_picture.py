"""A picture in a size in which the models can be asked about it."""

from __future__ import annotations

import math
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

# The estimators have learned from pictures of 640 x 480. In larger ones the models place the same points otherwise, as
# they read crops of 256 px (pose) and 192 px (face) out of them without smoothing: with the key people's pictures made
# twice as large, the side's head pitch was off by 2.0 degrees instead of 1.4, of mild forward heads in front half were
# found instead of 61 % (one look).
MEASURED_PX: Final = 640 * 480
# No picture has a longer side; where faces are looked for to hide them, more of them are found in it than in less.
SEARCHED_SIDE_PX: Final = 1280
SHORT_SIDE_PX: Final = 32  # below it the C library has nothing to work on

Picture = NDArray[np.uint8]


def fitting(image_bgr: Picture) -> tuple[Picture, tuple[float, float]]:
    """The picture in a size to measure in, and (width, height) of that as multiples of the picture's content.

    It is made smaller a whole number of times, so that it comes as near to `MEASURED_PX` as it can: means of whole
    pixels are fast, and look alike in every place. See `_padded` for the rest.
    """
    height, width = image_bgr.shape[:2]
    times = max(
        1, round(math.sqrt(width * height / MEASURED_PX)), math.ceil(max(width, height) / SEARCHED_SIDE_PX)
    )
    return _padded(_shrunk(image_bgr, width / times, height / times))


def fitting_to_search(image_bgr: Picture) -> tuple[Picture, tuple[float, float]]:
    """The same, in a size to look for faces in, which may be larger."""
    height, width = image_bgr.shape[:2]
    times = max(1.0, max(height, width) / SEARCHED_SIDE_PX)
    return _padded(_shrunk(image_bgr, width / times, height / times))


def _shrunk(image_bgr: Picture, width: float, height: float) -> Picture:
    size = max(1, round(width)), max(1, round(height))
    if size == (image_bgr.shape[1], image_bgr.shape[0]):
        return image_bgr
    return np.asarray(cv2.resize(image_bgr, size, interpolation=cv2.INTER_AREA), np.uint8)


def _padded(image_bgr: Picture) -> tuple[Picture, tuple[float, float]]:
    """With its border replicated up to the next multiple of 4 (and to 32 px at least), and how much it grew.

    Reading the mask of a picture whose width is not a multiple of 4 aborts the process inside the C library.
    """
    height, width = image_bgr.shape[:2]
    right, bottom = _padding(width), _padding(height)
    if right or bottom:
        image_bgr = np.asarray(
            cv2.copyMakeBorder(image_bgr, 0, bottom, 0, right, cv2.BORDER_REPLICATE), np.uint8
        )
    return image_bgr, ((width + right) / width, (height + bottom) / height)


def _padding(length_px: int) -> int:
    """Pixels to add so that the length is a multiple of 4 and not below the least."""
    return max(SHORT_SIDE_PX, -(-length_px // 4) * 4) - length_px
