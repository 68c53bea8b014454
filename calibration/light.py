"""Whether the pictures themselves are so dark or so bright that somebody in them may not be seen. Pure."""

from __future__ import annotations

from posture_cv.landmarks.types import Landmarks
from posture_cv.measure.gates import unlit
from posture_cv.measure.types import Reason


def light_fault(lm: Landmarks) -> Reason:
    """TOO_DARK or TOO_BRIGHT for what most frames of `lm` (N of them) look like, else OK; OK where it is not known."""
    faults = zip((Reason.TOO_DARK, Reason.TOO_BRIGHT), unlit(lm), strict=True)
    return next((fault for fault, frames in faults if frames.sum() > len(lm) / 2), Reason.OK)
