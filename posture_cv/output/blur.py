"""Hiding parts of a picture for good: what is left of a box is a few patches of colour. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
Box = tuple[float, float, float, float]  # left, top, right, bottom, in pixels

PATCHES: Final = 5  # of a box, along each side: far below what a face can be told by (ours)
PICTURE_PATCHES: Final = (
    16  # of a whole picture, along its longer side: a face that fills a third of it has five
)


def hide_boxes(image_bgr: Image, boxes: Iterable[Box]) -> Image:
    """A copy of the picture with every box reduced to `PATCHES` x `PATCHES` colours.

    Args:
        image_bgr: (H, W, 3) uint8.
        boxes: parts outside the picture are left out; boxes that overlap are hidden as one.
    """
    out = np.ascontiguousarray(image_bgr).copy()
    height, width = out.shape[:2]
    for left, top, right, bottom in merged(boxes):
        x0, y0 = max(0, int(np.floor(left))), max(0, int(np.floor(top)))
        x1, y1 = min(width, int(np.ceil(right))), min(height, int(np.ceil(bottom)))
        if x1 > x0 and y1 > y0:
            out[y0:y1, x0:x1] = _patched(out[y0:y1, x0:x1], PATCHES, PATCHES)
    return out


def hide_all(image_bgr: Image) -> Image:
    """The whole picture reduced to few patches: for frames in which a face may be anywhere."""
    height, width = image_bgr.shape[:2]
    share = PICTURE_PATCHES / max(height, width)
    return _patched(
        np.ascontiguousarray(image_bgr), max(1, round(width * share)), max(1, round(height * share))
    )


def merged(boxes: Iterable[Box]) -> list[Box]:
    """Boxes that touch or overlap, as the one box around them."""
    out: list[Box] = []
    for box in boxes:
        now = box
        while True:
            touching = [other for other in out if _touch(now, other)]
            if not touching:
                break
            out = [other for other in out if other not in touching]
            left, top, right, bottom = zip(now, *touching, strict=True)
            now = (min(left), min(top), max(right), max(bottom))
        out.append(now)
    return out


def _touch(one: Box, other: Box) -> bool:
    return one[0] <= other[2] and other[0] <= one[2] and one[1] <= other[3] and other[1] <= one[3]


def _patched(part: Image, across: int, down: int) -> Image:
    size = (part.shape[1], part.shape[0])
    few = cv2.resize(part, (min(across, size[0]), min(down, size[1])), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(few, size, interpolation=cv2.INTER_LINEAR), np.uint8)
