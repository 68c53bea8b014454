"""Whether the pictures themselves are so dark or so bright that nobody in them could be seen. Pure."""

from __future__ import annotations

from typing import Final

from posture_cv.landmarks.types import Landmarks
from posture_cv.measure.gates import scene_column
from posture_cv.measure.types import Reason

# Brightness of the whole picture, 0-1 (ours: of the samples, darkened and brightened, the models lose the person
# at a mean of 0.03, not yet at 0.045, and where all but the darkest twentieth lies between 0.54 and white).
DARK_MEAN: Final = 0.04
WASHED_OUT_P05: Final = 0.5
WHITE_P95: Final = 0.95


def light_fault(lm: Landmarks) -> Reason:
    """TOO_DARK or TOO_BRIGHT for what most frames of `lm` (N of them) look like, else OK; OK where it is not known."""
    dark = scene_column(lm, "luma_mean") < DARK_MEAN
    bright = (scene_column(lm, "luma_p05") > WASHED_OUT_P05) & (scene_column(lm, "luma_p95") > WHITE_P95)
    faults = ((Reason.TOO_DARK, dark), (Reason.TOO_BRIGHT, bright))
    return next((fault for fault, frames in faults if frames.sum() > len(lm) / 2), Reason.OK)
