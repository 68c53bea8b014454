"""From a decoded video frame to an upright picture with square pixels, however the telephone was held."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    import av
    import numpy as np
    from av.sidedata.sidedata import SideData
    from numpy.typing import NDArray

_PLAUSIBLE_ASPECTS = (Fraction(1, 4), Fraction(4))


@dataclass(frozen=True, slots=True)
class Orientation:
    """One of the eight ways to lay a picture: exchange the axes first, then mirror.

    Attributes:
        transpose: exchange rows and columns.
        mirror_x: then mirror left and right.
        mirror_y: then mirror top and bottom.
    """

    transpose: bool = False
    mirror_x: bool = False
    mirror_y: bool = False

    @classmethod
    def from_display_matrix(cls, data: bytes) -> Orientation:
        """Read FFmpeg's display matrix: nine native 32-bit integers `a b u c d v x y w`.

        The matrix maps the point `(p, q)` to `(a p + c q, b p + d q)` (ISO/IEC 14496-12, tkhd; FFmpeg
        `libavutil/display.h`). Angles between the quarter turns fall to the nearest one.
        """
        a, b, _, c, d, *_ = struct.unpack_from("=9i", data)
        if abs(b) + abs(c) > abs(a) + abs(d):
            return cls(transpose=True, mirror_x=c < 0, mirror_y=b < 0)
        return cls(mirror_x=a < 0, mirror_y=d < 0)

    def apply(self, image_bgr: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Turn a picture of shape `(height, width, 3)`; returns it unchanged when there is nothing to do."""
        if self == Orientation():
            return image_bgr
        import cv2
        import numpy as np

        image = cv2.transpose(image_bgr) if self.transpose else image_bgr
        if self.mirror_x or self.mirror_y:
            code = -1 if self.mirror_x and self.mirror_y else (1 if self.mirror_x else 0)
            image = cv2.flip(image, code)
        return np.ascontiguousarray(image, dtype=np.uint8)


class FrameConverter:
    """Converts frames of one stream to BGR, turned as the display matrix says, with square pixels.

    Args:
        pixel_aspect: width of a pixel by its height, as the file states it; angles need square pixels.
        max_pixels: larger frames are refused.
    """

    def __init__(self, pixel_aspect: Fraction | None, max_pixels: int) -> None:
        from av.video.reformatter import VideoReformatter

        low, high = _PLAUSIBLE_ASPECTS
        usable = pixel_aspect is not None and low <= pixel_aspect <= high
        self._aspect = pixel_aspect if usable and pixel_aspect is not None else Fraction(1)
        self._max_pixels = max_pixels
        # Kept, because a new one for every frame costs eight times the conversion itself (measured).
        self._reformatter = VideoReformatter()

    def convert(self, frame: av.VideoFrame) -> NDArray[np.uint8] | None:
        """A picture of shape `(height, width, 3)`, uint8, blue first; None if it would be too large."""
        import numpy as np

        width = max(1, round(frame.width * self._aspect))
        if width * frame.height > self._max_pixels:
            return None
        bgr = self._reformatter.reformat(frame, width=width, format="bgr24", interpolation="BICUBIC")
        image = np.ascontiguousarray(bgr.to_ndarray(), dtype=np.uint8)
        return _orientation(frame).apply(image)


def _orientation(frame: av.VideoFrame) -> Orientation:
    matrix = cast("SideData | None", frame.side_data.get("DISPLAYMATRIX"))
    return Orientation() if matrix is None else Orientation.from_display_matrix(bytes(matrix))
