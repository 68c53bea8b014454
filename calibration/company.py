"""Whether somebody else is in the picture while a person is calibrated."""

from __future__ import annotations

import math
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from posture_cv.capture.types import Frame
from posture_cv.landmarks.types import Landmarks

# A look takes some ten milliseconds, and who stays is seen in any of them (ours).
LOOK_EVERY_S: Final = 1.0


class Finder(Protocol):
    """Looks for a second face."""

    def has_company(self, image_bgr: NDArray[np.uint8], lm: Landmarks) -> bool:
        """Whether somebody besides the person measured is in the picture (H, W, 3); `lm` is one frame."""


class Company:
    """Counts how often somebody else was there, in a look a second.

    Args:
        finder: None: nobody looks, and nothing is known.
    """

    def __init__(self, finder: Finder | None) -> None:
        self._finder = finder
        self.forget()

    def forget(self) -> None:
        """What was seen so far does not count."""
        self._looks = self._found = 0
        self._next_s = -math.inf

    def look(self, frame: Frame, lm: Landmarks) -> None:
        """A frame of the calibration, and its landmarks; they come in the order of their time."""
        if self._finder is None or frame.t_s < self._next_s:
            return
        self._next_s = frame.t_s + LOOK_EVERY_S
        self._looks += 1
        self._found += self._finder.has_company(frame.image_bgr, lm)

    @property
    def share(self) -> float:
        """Of the looks, 0-1, that showed somebody else; NaN without any."""
        return self._found / self._looks if self._looks else math.nan
