"""MediaPipe's pose and face landmarkers and its pictures, wrapped once: the only module that imports mediapipe."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, Self, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from posture_cv.capture.quiet import quiet_stderr
from posture_cv.closing import Closing
from posture_cv.errors import ShortageError
from posture_cv.landmarks import names
from posture_cv.landmarks.c_points import PLACE, SURENESS, points
from posture_cv.landmarks.estimator import EstimatorOptions, Mode
from posture_cv.landmarks.model_files import ModelFile, ModelFileError
from posture_cv.landmarks.types import POSE_FIELDS, Float, Float32
from posture_cv.landmarks.without_sound import without_sound

with without_sound():
    import mediapipe as mp
    from mediapipe.tasks.python import BaseOptions, vision
    from mediapipe.tasks.python.core.mediapipe_c_utils import handle_status
    from mediapipe.tasks.python.vision import face_landmarker as face_module
    from mediapipe.tasks.python.vision import pose_landmarker as pose_module

ENGINE: Final = f"mediapipe {mp.__version__}"
_Settings = TypeVar("_Settings")
_Model = TypeVar("_Model", vision.FaceLandmarker, vision.PoseLandmarker)


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """A picture as the models take it.

    Attributes:
        image: MediaPipe's.
        rgb: (H, W, 3) its pixels.
        lasting: whether these are the ones that the models see, so that painting them over is enough.
    """

    image: mp.Image
    rgb: NDArray[np.uint8]
    lasting: bool = False

    @classmethod
    def of_rgb(cls, rgb: NDArray[np.uint8]) -> Self:
        """One of pixels in the models' order of colours, of which it takes a copy."""
        return cls(mp.Image(image_format=mp.ImageFormat.SRGB, data=rgb), rgb)

    @classmethod
    def of(cls, bgr: NDArray[np.uint8]) -> Self:
        """One of a camera's pixels."""
        return cls.of_rgb(np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), np.uint8))

    @classmethod
    def paintable(cls, bgr: NDArray[np.uint8]) -> Self:
        """The same, whose pixels can be painted over, if MediaPipe's memory allows it."""
        new = cls.of(bgr)
        if not new.image.is_contiguous():  # its rows have gaps: its pixels are only to be had as a copy
            return new
        own = new.image.numpy_view()
        own.flags.writeable = True
        return cls(new.image, own, lasting=True)

    @property
    def size_px(self) -> tuple[int, int]:
        """Width and height."""
        return self.rgb.shape[1], self.rgb.shape[0]


class Pictures:
    """Pictures that are painted over for the next frame once nobody looks at them any more.

    A new one for each frame costs a copy of it and the registration of all of MediaPipe's functions for pictures.
    Two at most are in use at a time: the pose of a frame is sought while the face of the one before is.
    """

    def __init__(self) -> None:
        self._free: list[Picture] = []

    def of(self, bgr: NDArray[np.uint8]) -> Picture:
        """A picture for the models."""
        picture = self._free.pop() if self._free else None
        if picture is None or picture.rgb.shape != bgr.shape:
            return Picture.paintable(bgr)
        cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB, dst=picture.rgb)
        return picture

    def back(self, picture: Picture) -> None:
        """Nobody looks at it any more."""
        if picture.lasting:
            self._free.append(picture)

    def clear(self) -> None:
        """Forget what they show."""
        self._free.clear()


class _Opened(Closing):
    """One of MediaPipe's models, open until it is closed."""

    _model: vision.PoseLandmarker | vision.FaceLandmarker

    def close(self) -> None:
        """Release it."""
        self._model.close()


class PoseModel(_Opened):
    """The pose of the nearest person, and the mask where the options ask for the contour.

    Args:
        file: of the model.
        options: mode and contour are taken from them.

    Raises:
        ModelFileError: the file cannot be used.
    """

    def __init__(self, file: ModelFile, options: EstimatorOptions) -> None:
        settings = vision.PoseLandmarkerOptions(
            base_options=BaseOptions(model_asset_path=str(file.path)),
            running_mode=_running_mode(options.mode),
            output_segmentation_masks=options.contour,
        )
        self._model = _created("pose", file, vision.PoseLandmarker.create_from_options, settings)
        self._video = options.mode is Mode.VIDEO

    @contextmanager
    def seen(self, picture: Picture, timestamp_ms: int) -> Iterator[tuple[Float32, Float32 | None] | None]:
        """Pose (33, 8) as shares of the picture, and the mask, which is C's own and there until the end; or nobody."""
        result = pose_module.PoseLandmarkerResultC()
        _run(self._model, "MpPoseLandmarker", picture, timestamp_ms if self._video else None, result)
        try:
            if not result.pose_landmarks_count:
                yield None
                return
            pose = np.empty((names.POSE_COUNT, len(POSE_FIELDS)), np.float32)
            places, world = points(result.pose_landmarks[0]), points(result.pose_world_landmarks[0])
            pose[:, :3], pose[:, 3:5] = places[:, PLACE], places[:, SURENESS]
            pose[:, 5:] = world[:, PLACE]
            if not result.segmentation_masks_count:
                yield pose, None
                return
            with _borrowed(picture.image, result.segmentation_masks[0]) as mask:
                yield pose, mask[:, :, 0]
        finally:
            _free(self._model, "MpPoseLandmarker", result)

    def run(self, picture: Picture, timestamp_ms: int) -> None:
        """Ask it by MediaPipe's own interface about a picture of a video, and take nothing from the answer."""
        self._model.detect_for_video(picture.image, timestamp_ms)


class FaceModel(_Opened):
    """The mesh of one face.

    Args:
        file: of the model.
        options: the mode is taken from them.

    Raises:
        ModelFileError: the file cannot be used.
    """

    def __init__(self, file: ModelFile, options: EstimatorOptions) -> None:
        settings = vision.FaceLandmarkerOptions(
            base_options=BaseOptions(model_asset_path=str(file.path)),
            running_mode=_running_mode(options.mode),
        )
        self._model = _created("face", file, vision.FaceLandmarker.create_from_options, settings)
        self._video = options.mode is Mode.VIDEO

    def seen(self, picture: Picture, timestamp_ms: int) -> Float32 | None:
        """(468, 3) the face as shares of the picture; None: there is none."""
        result = face_module.FaceLandmarkerResultC()
        _run(self._model, "MpFaceLandmarker", picture, timestamp_ms if self._video else None, result)
        try:
            if not result.face_landmarks_count:
                return None
            # The rest are irises, or stand-ins for them.
            return points(result.face_landmarks[0])[: names.FACE_COUNT, PLACE]
        finally:
            _free(self._model, "MpFaceLandmarker", result)

    def run(self, picture: Picture, timestamp_ms: int) -> None:
        """As that of `PoseModel`."""
        self._model.detect_for_video(picture.image, timestamp_ms)


class FaceSearch(_Opened):
    """Every face in single pictures.

    Args:
        file: of the model.
        most: so many faces at most.
        confidence: 0-1, below which nothing is taken for a face.

    Raises:
        ModelFileError: the file cannot be used.
    """

    def __init__(self, file: ModelFile, most: int, confidence: float) -> None:
        settings = vision.FaceLandmarkerOptions(
            base_options=BaseOptions(model_asset_path=str(file.path)),
            running_mode=vision.RunningMode.IMAGE,
            num_faces=most,
            min_face_detection_confidence=confidence,
            min_face_presence_confidence=confidence,
        )
        self._model = _created("face", file, vision.FaceLandmarker.create_from_options, settings)

    def found(self, picture: Picture) -> list[Float]:
        """(N, 2) x and y of the points of each face, as shares of the picture."""
        return [_places(marks) for marks in self._model.detect(picture.image).face_landmarks]


class PersonSearch(_Opened):
    """Every person in single pictures.

    Args:
        file: of the model.
        most: so many people at most.
        confidence: 0-1, below which nothing is taken for a person.

    Raises:
        ModelFileError: the file cannot be used.
    """

    def __init__(self, file: ModelFile, most: int, confidence: float) -> None:
        settings = vision.PoseLandmarkerOptions(
            base_options=BaseOptions(model_asset_path=str(file.path)),
            running_mode=vision.RunningMode.IMAGE,
            num_poses=most,
            min_pose_detection_confidence=confidence,
            min_pose_presence_confidence=confidence,
        )
        self._model = _created("pose", file, vision.PoseLandmarker.create_from_options, settings)

    def found(self, picture: Picture) -> list[Float]:
        """(33, 2) x and y of the points of each pose, as shares of the picture."""
        return [_places(marks) for marks in self._model.detect(picture.image).pose_landmarks]


def _places(marks: Any) -> Float:  # noqa: ANN401  MediaPipe ships no types
    return np.array([(mark.x, mark.y) for mark in marks])


def _run(
    landmarker: vision.PoseLandmarker | vision.FaceLandmarker,
    name: str,
    picture: Picture,
    timestamp_ms: int | None,
    result: ctypes.Structure,
) -> None:
    """Call the C library as `detect` and `detect_for_video` do, and leave the result in C's own memory.

    Their way to it is private to MediaPipe, and the same in the versions that we admit. They hand every call on to a
    thread of their own, so that no two calls meet in one model; here each model is asked by one thread at a time, and
    four hand-overs a frame, two to call and two to free, cost a millisecond of processor time (measured).

    Raises:
        ValueError, RuntimeError: as those two do.
    """
    error = ctypes.c_char_p()
    asked = (landmarker._handle, picture.image._image_ptr, None)  # noqa: SLF001
    told = (ctypes.byref(result), ctypes.byref(error))
    if timestamp_ms is None:
        status = _c_function(landmarker, f"{name}DetectImage")(*asked, *told)
    else:
        status = _c_function(landmarker, f"{name}DetectForVideo")(*asked, timestamp_ms, *told)
    handle_status(status, error)


def _free(
    landmarker: vision.PoseLandmarker | vision.FaceLandmarker, name: str, result: ctypes.Structure
) -> None:
    """Give a result of `_run` back."""
    _c_function(landmarker, f"{name}CloseResult")(ctypes.byref(result))


def _c_function(landmarker: vision.PoseLandmarker | vision.FaceLandmarker, name: str) -> Callable[..., Any]:
    """A function of the library itself, behind what hands calls on; opening the model has told it its types."""
    function: Callable[..., Any] = getattr(landmarker._lib._lib, name)  # noqa: SLF001
    return function


@contextmanager
def _borrowed(image: mp.Image, pointer: object) -> Iterator[NDArray[np.float32]]:
    """(H, W, 1) a picture of a C result as long as that is there; MediaPipe's own way copies it.

    Args:
        image: any, which knows the C library.
        pointer: to the picture.
    """
    lent = mp.Image.__new__(mp.Image)
    lent._lib, lent._image_ptr = image._lib, pointer  # noqa: SLF001  see `_run`
    try:
        yield lent.numpy_view()
    finally:
        lent._image_ptr = None  # noqa: SLF001  it is freed with the result


def _running_mode(mode: Mode) -> vision.RunningMode:
    return vision.RunningMode.VIDEO if mode is Mode.VIDEO else vision.RunningMode.IMAGE


def _created(
    kind: str, file: ModelFile, create: Callable[[_Settings], _Model], settings: _Settings
) -> _Model:
    try:
        with quiet_stderr():
            return create(settings)
    except (RuntimeError, ValueError) as error:
        if (short := ShortageError.of(error)) is not None:  # which says nothing of the file
            raise short from error
        raise ModelFileError(
            f"The {kind} model cannot be used: {file.path}",
            f"MediaPipe says: {str(error).splitlines()[0][:200]}",
            f"Leave --{kind}-model out to use the model that is included.",
        ) from error
