"""The display matrix of a video frame: how a telephone was held."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


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
