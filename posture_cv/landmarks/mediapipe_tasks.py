"""MediaPipe's pose and face landmarkers: the only module that imports mediapipe."""

from __future__ import annotations

from contextlib import ExitStack, nullcontext
from types import TracebackType
from typing import Final, Self

import cv2
import mediapipe as mp
import numpy as np
from mediapipe.tasks.python import BaseOptions, vision
from numpy.typing import NDArray

from posture_cv.capture.types import Frame
from posture_cv.errors import PostureError
from posture_cv.landmarks import names
from posture_cv.landmarks.contour import contour_from_mask
from posture_cv.landmarks.estimator import EstimatorInfo, EstimatorOptions, Mode, ModelInfo
from posture_cv.landmarks.model_files import ModelFile, ModelFileError, resolve_face_model, resolve_pose_model
from posture_cv.landmarks.native_output import native_stderr_silenced
from posture_cv.landmarks.quantise import quantised
from posture_cv.landmarks.scene import SceneTracker
from posture_cv.landmarks.types import Landmarks

ENGINE: Final = f"mediapipe {mp.__version__}"
# Beyond this the models see nothing more: they read crops of 256 px (pose) and 192 px (face).
LONG_SIDE_PX: Final = 1280
SHORT_SIDE_PX: Final = 32  # below it the C library has nothing to work on
# A tracker carries its past across a cut: after a gap this long it starts afresh (ours).
GAP_RESET_S: Final = 4.0
# A face whose middle lies farther than this from the pose's nose, in shoulder widths, is another person's.
FACE_OFFSET: Final = 0.6


class MediaPipeEstimator:
    """Pose, contour and face of the nearest person in each frame (see `LandmarkEstimator`).

    Raises:
        ModelFileError: a model file is missing, truncated or of another kind.
    """

    def __init__(self, options: EstimatorOptions | None = None) -> None:
        self._options = options or EstimatorOptions()
        self._pose_file = resolve_pose_model(self._options.pose_model)
        self._face_file = resolve_face_model(self._options.face_model) if self._options.face else None
        self._scene = SceneTracker(follow=self._options.mode is Mode.VIDEO)
        self._closing = ExitStack()
        self._closed = False
        self._person_seen = False
        self._last_t_s: float | None = None
        self._last_ms = -1
        self._open()

    @property
    def info(self) -> EstimatorInfo:
        """Engine, mode and models."""
        face = None if self._face_file is None else _model_info(self._face_file)
        options = self._options
        return EstimatorInfo(ENGINE, options.mode, _model_info(self._pose_file), face, options.contour)

    def estimate(self, frame: Frame) -> Landmarks:
        """Landmarks of one frame; frames come in the order of their time."""
        if self._closed:
            raise RuntimeError("this estimator is closed")
        self._restart_after_gap(frame.t_s)
        rgb, scale = _prepared(frame.image_bgr)
        timestamp_ms = self._next_ms(frame.t_s)
        with nullcontext() if self._person_seen else native_stderr_silenced():
            pose, mask = self._detect_pose(rgb, scale, timestamp_ms)
            face = self._detect_face(rgb, scale, timestamp_ms)
        lm = _empty_at(frame)
        if pose is not None:
            self._person_seen = True
            lm.pose[0] = pose
        if mask is not None:
            lm.rows[0], lm.cols[0] = contour_from_mask(mask)
        if face is not None and _face_belongs(face, lm.pose[0]):
            lm.face[0] = face
        lm.scene[0] = self._scene.measure(frame.image_bgr, frame.t_s, lm)
        return quantised(lm)

    def close(self) -> None:
        """Release the models; a second call does nothing."""
        if not self._closed:
            self._closed = True
            self._closing.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _open(self) -> None:
        with native_stderr_silenced():
            self._pose = self._closing.enter_context(_pose_landmarker(self._pose_file, self._options))
            self._face = (
                None
                if self._face_file is None
                else self._closing.enter_context(_face_landmarker(self._face_file, self._options))
            )

    def _restart_after_gap(self, t_s: float) -> None:
        last, self._last_t_s = self._last_t_s, t_s
        if self._options.mode is Mode.VIDEO and last is not None and t_s - last > GAP_RESET_S:
            self._closing.close()
            self._person_seen = False
            self._last_ms = -1
            self._open()

    def _next_ms(self, t_s: float) -> int:
        """Milliseconds for the tracker, which demands that they grow strictly."""
        self._last_ms = max(round(t_s * 1000), self._last_ms + 1)
        return self._last_ms

    def _detect_pose(
        self, rgb: NDArray[np.uint8], scale: tuple[float, float], timestamp_ms: int
    ) -> tuple[NDArray[np.float32] | None, NDArray[np.float32] | None]:
        image = mp.Image(image_format=mp.ImageFormat.SRGB, data=rgb)
        if self._options.mode is Mode.VIDEO:
            result = self._pose.detect_for_video(image, timestamp_ms)
        else:
            result = self._pose.detect(image)
        if not result.pose_landmarks:
            return None, None
        pose = np.array(
            [
                (p.x, p.y, p.z, p.visibility, p.presence, w.x, w.y, w.z)
                for p, w in zip(result.pose_landmarks[0], result.pose_world_landmarks[0], strict=True)
            ],
            np.float32,
        )
        pose[:, :3] *= (scale[0], scale[1], scale[0])
        if not result.segmentation_masks:
            return pose, None
        mask = result.segmentation_masks[0].numpy_view()
        height, width = round(mask.shape[0] / scale[1]), round(mask.shape[1] / scale[0])
        return pose, np.ascontiguousarray(mask.reshape(mask.shape[:2])[:height, :width])

    def _detect_face(
        self, rgb: NDArray[np.uint8], scale: tuple[float, float], timestamp_ms: int
    ) -> NDArray[np.float32] | None:
        if self._face is None:
            return None
        image = mp.Image(image_format=mp.ImageFormat.SRGB, data=rgb)
        if self._options.mode is Mode.VIDEO:
            result = self._face.detect_for_video(image, timestamp_ms)
        else:
            result = self._face.detect(image)
        if not result.face_landmarks:
            return None
        points = result.face_landmarks[0][: names.FACE_COUNT]  # the rest are irises, or stand-ins for them
        face = np.array([(p.x, p.y, p.z) for p in points], np.float32)
        return face * np.array((scale[0], scale[1], scale[0]), np.float32)


def _model_info(file: ModelFile) -> ModelInfo:
    return ModelInfo(file.name, file.sha256, file.bundled)


def _running_mode(mode: Mode) -> vision.RunningMode:
    return vision.RunningMode.VIDEO if mode is Mode.VIDEO else vision.RunningMode.IMAGE


def _pose_landmarker(file: ModelFile, options: EstimatorOptions) -> vision.PoseLandmarker:
    settings = vision.PoseLandmarkerOptions(
        base_options=BaseOptions(model_asset_path=str(file.path)),
        running_mode=_running_mode(options.mode),
        output_segmentation_masks=options.contour,
    )
    try:
        return vision.PoseLandmarker.create_from_options(settings)
    except (RuntimeError, ValueError) as error:
        raise _unusable("pose", file, error) from error


def _face_landmarker(file: ModelFile, options: EstimatorOptions) -> vision.FaceLandmarker:
    settings = vision.FaceLandmarkerOptions(
        base_options=BaseOptions(model_asset_path=str(file.path)),
        running_mode=_running_mode(options.mode),
    )
    try:
        return vision.FaceLandmarker.create_from_options(settings)
    except (RuntimeError, ValueError) as error:
        raise _unusable("face", file, error) from error


def _unusable(kind: str, file: ModelFile, error: Exception) -> PostureError:
    return ModelFileError(
        f"The {kind} model cannot be used: {file.path}",
        f"MediaPipe says: {str(error).splitlines()[0][:200]}",
        f"Leave --{kind}-model out to use the model that is included.",
    )


def _empty_at(frame: Frame) -> Landmarks:
    lm = Landmarks.empty(1)
    lm.t_s[0] = frame.t_s
    height, width = frame.image_bgr.shape[:2]
    lm.size_px[0] = (width, height)
    return lm


def _prepared(image_bgr: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], tuple[float, float]]:
    """The picture as the models need it, and (width, height) of that as multiples of the picture's content.

    Reading the mask of a picture whose width is not a multiple of 4 aborts the process inside the C library,
    so the border is replicated up to the next multiple (and to 32 px at least).
    """
    height, width = image_bgr.shape[:2]
    shrink = LONG_SIDE_PX / max(height, width)
    if shrink < 1.0:
        width, height = max(1, round(width * shrink)), max(1, round(height * shrink))
        image_bgr = np.asarray(cv2.resize(image_bgr, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
    right, bottom = _padding(width), _padding(height)
    if right or bottom:
        image_bgr = np.asarray(
            cv2.copyMakeBorder(image_bgr, 0, bottom, 0, right, cv2.BORDER_REPLICATE), np.uint8
        )
    rgb = np.asarray(cv2.cvtColor(image_bgr, cv2.COLOR_BGR2RGB), np.uint8)
    return rgb, ((width + right) / width, (height + bottom) / height)


def _padding(length_px: int) -> int:
    """Pixels to add so that the length is a multiple of 4 and not below the least."""
    return max(SHORT_SIDE_PX, -(-length_px // 4) * 4) - length_px


def _face_belongs(face: NDArray[np.float32], pose: NDArray[np.float32]) -> bool:
    """Whether the face is that of the pose: the nose of both in about the same place."""
    if np.isnan(pose[names.NOSE, 0]):
        return False
    width = np.linalg.norm(pose[names.LEFT_SHOULDER, :2] - pose[names.RIGHT_SHOULDER, :2])
    size = max(float(width), float(np.ptp(face[:, 0])))
    offset = float(np.linalg.norm(face[:, :2].mean(axis=0) - pose[names.NOSE, :2]))
    return offset <= FACE_OFFSET * size
