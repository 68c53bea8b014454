"""Cheap looks at a picture: has it changed, is it black, is it frozen? Pure arithmetic on a thumbnail."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from posture_cv.measure.types import Reason

Image = NDArray[np.uint8]
Thumbnail = NDArray[np.float32]

THUMB_WIDTH_PX: Final = 80
THUMB_HEIGHT_PX: Final = 60
# All ours. A thumbnail's pixel is the mean of 8x8 pixels of a 640x480 picture, so that a sensor's noise of 3
# grey levels (of 256) becomes 0.4, while an edge of 40 levels that moves by 3 mm at arm's length changes one by 10.
# Twelve pixels that change by more than six levels are thus no noise.
CHANGED_LEVELS: Final = 6.0
CHANGED_PIXELS: Final = 12
# Of the rendered desk clip: sitting upright changes 3-14 % of the pixels within two seconds, another posture 15-22 %.
MUCH_SHARE: Final = 0.15
BLACK_LEVEL: Final = 14.0  # hardly a pixel of a picture behind a shutter reaches it
BLACK_SHARE: Final = 0.01
FROZEN_S: Final = 15.0  # no sensor gives the same picture twice; a stream that stands does


def in_grey(image_bgr: Image) -> Image:
    """(H, 320) grey levels of a picture of any size; the models' side makes the same of it and takes this one over."""
    from posture_cv.landmarks.scene import small_grey

    return small_grey(image_bgr)


def reduced(grey: Image) -> Thumbnail:
    """(60, 80) mean grey levels 0-255 of what `in_grey` gives."""
    import cv2

    while (smaller := _halved(grey)) is not grey:  # far quicker than at once
        grey = smaller
    size = (THUMB_WIDTH_PX, THUMB_HEIGHT_PX)
    return np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), np.float32)


def _halved(grey: Image) -> Image:
    """Means of 2x2 pixels; the picture itself if it is not even or less than two thumbnails wide or high."""
    import cv2

    height, width = grey.shape
    if height < 2 * THUMB_HEIGHT_PX or width < 2 * THUMB_WIDTH_PX or height % 2 or width % 2:
        return grey
    return np.asarray(cv2.resize(grey, (width // 2, height // 2), interpolation=cv2.INTER_AREA), np.uint8)


class Change(IntEnum):
    """How far a picture differs from another: by noise only, by what a person does while sitting, by more."""

    NONE = 0
    LITTLE = 1
    MUCH = 2


def change(now: Thumbnail, measured: Thumbnail) -> Change:
    """How far the picture differs from the one measured last, beyond noise and brightness.

    A change of the whole picture's brightness by a factor (a cloud, automatic exposure) is taken out first.
    """
    gain = float(measured.mean() + 1.0) / float(now.mean() + 1.0)
    if not 0.5 < gain < 2.0:
        return Change.MUCH
    pixels = int(np.count_nonzero(np.abs(now * gain - measured) > CHANGED_LEVELS))
    if pixels < CHANGED_PIXELS:
        return Change.NONE
    return Change.MUCH if pixels >= MUCH_SHARE * now.size else Change.LITTLE


def is_black(thumb: Thumbnail) -> bool:
    """Whether nothing can be seen: a shutter, a cover, a dark room."""
    return int(np.count_nonzero(thumb >= BLACK_LEVEL)) <= BLACK_SHARE * thumb.size


@dataclass(frozen=True, slots=True)
class Watch:
    """What is remembered of earlier pictures to tell a frozen one: the last one and since when it stands."""

    mark: Hashable = None
    since_s: float = 0.0

    def after(self, mark: Hashable, t_s: float) -> Watch:
        """The watch after one more picture; `mark` differs for all but identical ones."""
        return self if mark == self.mark else Watch(mark, t_s)

    def frozen(self, t_s: float) -> bool:
        """Whether the same picture has come for long."""
        return self.mark is not None and t_s - self.since_s >= FROZEN_S


def picture_fault(thumb: Thumbnail, watch: Watch, t_s: float) -> Reason:
    """Why the models need not look at all: OK, TOO_DARK (shutter), NO_PICTURE (frozen)."""
    if is_black(thumb):
        return Reason.TOO_DARK
    return Reason.NO_PICTURE if watch.frozen(t_s) else Reason.OK
