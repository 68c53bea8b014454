"""From a decoded video frame to an upright picture with square pixels."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, cast

from posture_cv.capture.orientation import Orientation

if TYPE_CHECKING:
    import av
    import numpy as np
    from av.sidedata.sidedata import SideData
    from numpy.typing import NDArray

_PLAUSIBLE_ASPECTS = (Fraction(1, 4), Fraction(4))


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
