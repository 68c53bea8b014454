"""The models, loaded when first needed and kept through stretches in which nothing changed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

import numpy as np

from posture_cv.capture.types import Frame
from posture_cv.landmarks.estimator import LandmarkEstimator
from posture_cv.landmarks.types import Landmarks

# In the tracker's own time: an unchanged picture lasts so long at most, too short for it to start anew, and after a cut
# the next picture comes so much later that it does (`mediapipe_estimator.GAP_RESET_S`).
_STEP_MOST_S: Final = 2.0
_CUT_S: Final = 60.0


class ModelEyes:
    """Runs an estimator on the frames that are worth it.

    The estimator's tracker starts anew after a gap of some seconds, which costs as much as ten pictures. A gap
    in which the picture did not change is none: the tracker gets a time of its own, which does not count it.

    Args:
        make: makes the estimator, when first used, with the face model or without.
        face: whether the face model is needed: not from the side.
    """

    def __init__(self, make: Callable[[bool], LandmarkEstimator], *, face: bool = True) -> None:
        self._make = make
        self._face = face
        self._estimator: LandmarkEstimator | None = None
        self._frame_t_s = 0.0
        self._model_t_s = 0.0
        self._shape: tuple[int, ...] = ()
        self.runs = 0

    def load(self) -> LandmarkEstimator:
        """The estimator, made now if need be. Raises ModelFileError."""
        if self._estimator is None:
            self._estimator = self._make(self._face)
        return self._estimator

    def need_face(self, *, face: bool) -> None:
        """Another baseline may need the face model, or no longer."""
        if face != self._face:
            self.close()
            self._face = face

    def look(self, frame: Frame, *, fresh: bool) -> Landmarks:
        """Landmarks of one frame; `fresh`: the camera was closed or blind since the last one."""
        estimator = self.load()
        step_s = frame.t_s - self._frame_t_s
        self._frame_t_s = frame.t_s
        # A camera that was turned shows another scene, in which the models would look where the person was.
        fresh = fresh or frame.image_bgr.shape != self._shape
        self._shape = frame.image_bgr.shape
        # A step back in time (the camera was reopened) is a gap too.
        self._model_t_s += _CUT_S if fresh and self.runs else min(max(step_s, 0.001), _STEP_MOST_S)
        self.runs += 1
        lm = estimator.estimate(replace(frame, t_s=self._model_t_s))
        return replace(lm, t_s=np.array([frame.t_s]))

    def close(self) -> None:
        """Release the models."""
        estimator, self._estimator = self._estimator, None
        if estimator is not None:
            estimator.close()
