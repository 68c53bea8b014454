"""The bare models: what a frame costs at the very least."""

from __future__ import annotations

from contextlib import ExitStack, nullcontext

import numpy as np
from numpy.typing import NDArray

from posture_cv.capture.quiet import quiet_stderr
from posture_cv.landmarks.estimator import EstimatorOptions
from posture_cv.landmarks.mediapipe_tasks import FaceModel, Picture, PoseModel
from posture_cv.landmarks.model_files import resolve_face_model, resolve_pose_model
from posture_cv.landmarks.model_picture import fitting


class BareModels:
    """The same two models on the same pictures and nothing else: what a frame costs at the very least.

    Raises:
        ModelFileError: see `MediaPipeEstimator`.
    """

    def __init__(self, options: EstimatorOptions) -> None:
        self._ran = False
        with quiet_stderr(), ExitStack() as opened:
            self._pose = opened.enter_context(PoseModel(resolve_pose_model(options.pose_model), options))
            self._face = opened.enter_context(FaceModel(resolve_face_model(options.face_model), options))
            self._closing = opened.pop_all()

    def run(self, image_bgr: NDArray[np.uint8], timestamp_ms: int) -> None:
        """Find pose, mask and face in one picture of a video, and take nothing from them."""
        picture = Picture.of(fitting(image_bgr)[0])
        with nullcontext() if self._ran else quiet_stderr():
            self._pose.run(picture, timestamp_ms)
            self._face.run(picture, timestamp_ms)
        self._ran = True

    def close(self) -> None:
        """Release the models; a second call does nothing."""
        self._closing.close()
