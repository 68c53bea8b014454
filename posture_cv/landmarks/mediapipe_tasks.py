"""MediaPipe's pose and face landmarkers: the only module that imports mediapipe."""

from __future__ import annotations

import ctypes
import math
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any, Final, Self, TypeVar

import cv2
import mediapipe as mp
import numpy as np
from mediapipe.tasks.python import BaseOptions, vision
from mediapipe.tasks.python.core.mediapipe_c_utils import handle_status
from mediapipe.tasks.python.vision import face_landmarker as face_module
from mediapipe.tasks.python.vision import pose_landmarker as pose_module
from numpy.typing import NDArray

from posture_cv.capture.quiet import quiet_stderr
from posture_cv.capture.types import Frame
from posture_cv.closing import Closing
from posture_cv.landmarks import names
from posture_cv.landmarks.c_points import PLACE, SURENESS, points
from posture_cv.landmarks.contour import contour_from_mask
from posture_cv.landmarks.estimator import (
    FIRST,
    LOOKS,
    EstimatorInfo,
    EstimatorOptions,
    Look,
    Mode,
    ModelInfo,
)
from posture_cv.landmarks.looks import mask_back, mean_face, points_back, pose_back, same_person, shown
from posture_cv.landmarks.model_files import ModelFile, ModelFileError, resolve_face_model, resolve_pose_model
from posture_cv.landmarks.native_memory import freed_memory_returned
from posture_cv.landmarks.quantise import quantised
from posture_cv.landmarks.scene import SceneTracker, SmallPicture
from posture_cv.landmarks.types import POSE_FIELDS, Float32, Landmarks

ENGINE: Final = f"mediapipe {mp.__version__}"
# Beyond this the models see nothing more: they read crops of 256 px (pose) and 192 px (face).
LONG_SIDE_PX: Final = 1280
SHORT_SIDE_PX: Final = 32  # below it the C library has nothing to work on
# A tracker carries its past across a cut: after a gap this long it starts afresh (ours).
GAP_RESET_S: Final = 4.0
# A face whose middle lies farther than this from the pose's nose, in shoulder widths, is another person's.
FACE_OFFSET: Final = 0.6
# For hiding faces: a box too many does less harm than a face too many (ours).
MOST_FACES: Final = 10
LEAST_FACE_CONFIDENCE: Final = 0.2
LEAST_PERSON_CONFIDENCE: Final = 0.2
_Settings = TypeVar("_Settings")
_Result = TypeVar("_Result")
_Model = TypeVar("_Model", vision.FaceLandmarker, vision.PoseLandmarker)


@dataclass(frozen=True, slots=True, eq=False)
class _Picture:
    """A picture as the models take it, and its pixels; `lasting` where these are the ones that the models see."""

    image: mp.Image
    rgb: NDArray[np.uint8]
    lasting: bool

    @classmethod
    def of(cls, bgr: NDArray[np.uint8]) -> Self:
        """A new one."""
        rgb = np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), np.uint8)
        image = mp.Image(image_format=mp.ImageFormat.SRGB, data=rgb)
        if not image.is_contiguous():  # its rows have gaps, so that its pixels are only to be had as a copy
            return cls(image, rgb, lasting=False)
        own = image.numpy_view()
        own.flags.writeable = True
        return cls(image, own, lasting=True)


class _Pictures:
    """Pictures that are painted over for the next frame once nobody looks at them any more.

    A new one for each frame costs a copy of it and the registration of all of MediaPipe's functions for pictures.
    Two at most are in use at a time: the pose of a frame is sought while the face of the one before is.
    """

    def __init__(self) -> None:
        self._free: list[_Picture] = []

    def of(self, bgr: NDArray[np.uint8]) -> _Picture:
        """A picture for the models."""
        picture = self._free.pop() if self._free else None
        if picture is None or picture.rgb.shape != bgr.shape:
            return _Picture.of(bgr)
        cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB, dst=picture.rgb)
        return picture

    def back(self, picture: _Picture) -> None:
        """Nobody looks at it any more."""
        if picture.lasting:
            self._free.append(picture)

    def clear(self) -> None:
        """Forget what they show."""
        self._free.clear()


@dataclass(frozen=True, slots=True)
class _Begun:
    """A frame whose body has been sought: its landmarks so far, and what the rest is made of."""

    frame: Frame
    picture: _Picture
    looks: tuple[tuple[Look, mp.Image], ...]  # those that saw the person; none: nobody
    scale: tuple[float, float]
    timestamp_ms: int
    small: SmallPicture
    lm: Landmarks


class MediaPipeEstimator(Closing):
    """Pose, contour and face of the nearest person in each frame (see `LandmarkEstimator`).

    Args:
        options: see there.
        lap: told the name of each stage of a frame when it is done: prepare, pose, face, mask, scene.

    Raises:
        ModelFileError: a model file is missing, truncated or of another kind.
    """

    def __init__(
        self, options: EstimatorOptions | None = None, lap: Callable[[str], None] = lambda _: None
    ) -> None:
        self._lap = lap
        self._options = options or EstimatorOptions()
        self._pose_file = resolve_pose_model(self._options.pose_model)
        self._face_file = resolve_face_model(self._options.face_model) if self._options.face else None
        self._scene = SceneTracker(follow=self._options.mode is Mode.VIDEO)
        self._pictures = _Pictures()
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
        return self._ended(self._begun(frame))

    def estimate_all(self, frames: Iterable[Frame]) -> Iterator[tuple[Frame, Landmarks]]:
        """The same for each of many frames: the pose of the next one is sought while the rest of one is done.

        The answers are those of `estimate`: each model sees the frames in their order.
        """
        with ThreadPoolExecutor(1, thread_name_prefix="pose") as ahead:
            coming: Future[_Begun] | None = None
            for frame in frames:
                if coming is None:
                    coming = ahead.submit(self._begun, frame)
                    continue
                begun = coming.result()
                if self._person_seen and not self._after_gap(frame.t_s):
                    coming = ahead.submit(self._begun, frame)
                    yield begun.frame, self._ended(begun)
                else:  # models are opened anew, or still talk to the terminal: one after the other
                    found = self._ended(begun)
                    coming = ahead.submit(self._begun, frame)
                    yield begun.frame, found
            if coming is not None:
                begun = coming.result()
                yield begun.frame, self._ended(begun)

    def close(self) -> None:
        """Release the models; a second call does nothing."""
        if not self._closed:
            self._closed = True
            self._pictures.clear()
            self._closing.close()
            freed_memory_returned()

    def _open(self) -> None:
        with quiet_stderr(), ExitStack() as opened:  # the first model is not kept when the second fails
            self._pose = opened.enter_context(_pose_landmarker(self._pose_file, self._options))
            self._face = (
                None
                if self._face_file is None
                else opened.enter_context(_face_landmarker(self._face_file, self._options))
            )
            self._closing = opened.pop_all()

    def _begun(self, frame: Frame) -> _Begun:
        """Pose and contour: what takes most of the time."""
        if self._closed:
            raise RuntimeError("this estimator is closed")
        self._restart_after_gap(frame.t_s)
        fitting, scale = _fitting(frame.image_bgr)
        picture = self._pictures.of(fitting)
        small = SmallPicture.of(frame.image_bgr)
        timestamp_ms = self._next_ms(frame.t_s)
        lm = _empty_at(frame)
        self._lap("prepare")
        with nullcontext() if self._person_seen else quiet_stderr():
            looks = self._detect_pose(picture, scale, timestamp_ms, lm)
        return _Begun(frame, picture, looks, scale, timestamp_ms, small, lm)

    def _ended(self, begun: _Begun) -> Landmarks:
        """The face, and what the picture says besides."""
        lm = begun.lm
        with nullcontext() if self._person_seen else quiet_stderr():
            # Without a body nobody's face is kept, so the model need not look for one.
            faces = [self._detect_face(image, look, begun) for look, image in begun.looks]
        self._pictures.back(begun.picture)
        face = mean_face(faces)
        if face is not None:
            lm.face[0] = face
        self._person_seen |= bool(begun.looks)
        self._lap("face")
        lm.scene[0] = self._scene.measure_small(begun.small, begun.frame.t_s, lm)
        kept = quantised(lm)
        self._lap("scene")
        return kept

    def _after_gap(self, t_s: float) -> bool:
        last = self._last_t_s
        return self._options.mode is Mode.VIDEO and last is not None and t_s - last > GAP_RESET_S

    def _restart_after_gap(self, t_s: float) -> None:
        after_gap, self._last_t_s = self._after_gap(t_s), t_s
        if after_gap:
            self._closing.close()
            freed_memory_returned()
            self._person_seen = False
            self._last_ms = -1
            self._open()

    def _next_ms(self, t_s: float) -> int:
        """Milliseconds for the tracker, which demands that they grow strictly."""
        self._last_ms = max(round(t_s * 1000), self._last_ms + 1)
        return self._last_ms

    def _detect_pose(
        self, picture: _Picture, scale: tuple[float, float], timestamp_ms: int, lm: Landmarks
    ) -> tuple[tuple[Look, mp.Image], ...]:
        """Put pose and contour into the one frame of `lm`; the looks that found the person."""
        image = picture.image
        with self._pose_in(image, timestamp_ms) as first:
            if first is None:
                return ()
            pose, mask = first
            looks = [(FIRST, image)]
            if self._options.looks > 1:
                pose, mask, further = self._looked_again(picture.rgb, pose, mask)
                looks += further
            pose[:, :3] *= np.array((scale[0], scale[1], scale[0]), np.float32)
            lm.pose[0] = pose
            if mask is not None:
                height, width = round(mask.shape[0] / scale[1]), round(mask.shape[1] / scale[0])
                lm.rows[0], lm.cols[0] = contour_from_mask(mask[:height, :width])
            self._lap("mask")
        return tuple(looks)

    def _looked_again(
        self, rgb: NDArray[np.uint8], pose: Float32, mask: Float32 | None
    ) -> tuple[Float32, Float32 | None, list[tuple[Look, mp.Image]]]:
        """Mean pose and mask of the first and all further looks that see the same person, and those looks."""
        size_px = (rgb.shape[1], rgb.shape[0])
        looks, poses, masks = [], [pose], [mask]
        for look in LOOKS[1 : self._options.looks]:
            image = mp.Image(image_format=mp.ImageFormat.SRGB, data=shown(rgb, look))
            with self._pose_in(image, -1) as seen:
                back = None if seen is None else pose_back(seen[0], look, size_px)
                if seen is not None and back is not None and same_person(back, pose, size_px):
                    looks.append((look, image))
                    poses.append(back)
                    masks.append(None if seen[1] is None else mask_back(seen[1], look))
        some = [one for one in masks if one is not None]
        mean_mask = np.asarray(np.mean(some, axis=0), np.float32) if some else None
        return np.asarray(np.mean(poses, axis=0), np.float32), mean_mask, looks

    @contextmanager
    def _pose_in(self, image: mp.Image, timestamp_ms: int) -> Iterator[tuple[Float32, Float32 | None] | None]:
        """Pose (33, 8) as shares of the image, and the mask, which is C's own and there until the end; or nobody."""
        result = pose_module.PoseLandmarkerResultC()
        _run(self._pose, "MpPoseLandmarker", image, self._timestamp(timestamp_ms), result)
        try:
            self._lap("pose")
            if not result.pose_landmarks_count:
                yield None
                return
            pose = np.empty((names.POSE_COUNT, len(POSE_FIELDS)), np.float32)
            picture, world = points(result.pose_landmarks[0]), points(result.pose_world_landmarks[0])
            pose[:, :3], pose[:, 3:5] = picture[:, PLACE], picture[:, SURENESS]
            pose[:, 5:] = world[:, PLACE]
            if not result.segmentation_masks_count:
                yield pose, None
                return
            with _borrowed(image, result.segmentation_masks[0]) as mask:
                yield pose, mask[:, :, 0]
        finally:
            _free(self._pose, "MpPoseLandmarker", result)

    def _detect_face(self, image: mp.Image, look: Look, begun: _Begun) -> Float32 | None:
        """(468, 3) the face that belongs to the pose, as shares of the picture."""
        if self._face is None:
            return None
        result = face_module.FaceLandmarkerResultC()
        _run(self._face, "MpFaceLandmarker", image, self._timestamp(begun.timestamp_ms), result)
        try:
            if not result.face_landmarks_count:
                return None
            # The rest are irises, or stand-ins for them.
            face = points(result.face_landmarks[0])[: names.FACE_COUNT, PLACE]
            scale = begun.scale
            back = points_back(face, look, (image.width, image.height))
            face = back * np.array((scale[0], scale[1], scale[0]), np.float32)
            return face if _face_belongs(face, begun.lm.pose[0]) else None
        finally:
            _free(self._face, "MpFaceLandmarker", result)

    def _timestamp(self, timestamp_ms: int) -> int | None:
        return timestamp_ms if self._options.mode is Mode.VIDEO else None


def _run(
    landmarker: vision.PoseLandmarker | vision.FaceLandmarker,
    name: str,
    image: mp.Image,
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
    asked = (landmarker._handle, image._image_ptr, None)  # noqa: SLF001
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


class BareModels:
    """The same two models on the same pictures and nothing else: what a frame costs at the very least.

    Raises:
        ModelFileError: see `MediaPipeEstimator`.
    """

    def __init__(self, options: EstimatorOptions) -> None:
        self._ran = False
        with quiet_stderr(), ExitStack() as opened:
            pose = _pose_landmarker(resolve_pose_model(options.pose_model), options)
            self._pose = opened.enter_context(pose)
            face = _face_landmarker(resolve_face_model(options.face_model), options)
            self._face = opened.enter_context(face)
            self._closing = opened.pop_all()

    def run(self, image_bgr: NDArray[np.uint8], timestamp_ms: int) -> None:
        """Find pose, mask and face in one picture of a video, and take nothing from them."""
        rgb, _ = _prepared(image_bgr)
        image = mp.Image(image_format=mp.ImageFormat.SRGB, data=rgb)
        with nullcontext() if self._ran else quiet_stderr():
            self._pose.detect_for_video(image, timestamp_ms)
            self._face.detect_for_video(image, timestamp_ms)
        self._ran = True

    def close(self) -> None:
        """Release the models; a second call does nothing."""
        self._closing.close()


class _Finder(Closing):
    """One model that looks at single pictures."""

    def __init__(self) -> None:
        self._closing = ExitStack()
        self._ran = False

    def _opened(
        self, kind: str, file: ModelFile, create: Callable[[_Settings], _Model], settings: _Settings
    ) -> _Model:
        return self._closing.enter_context(_created(kind, file, create, settings))

    def _seen(
        self, detect: Callable[[mp.Image], _Result], image_bgr: NDArray[np.uint8]
    ) -> tuple[_Result, tuple[float, float]]:
        """What the model finds, and by what its shares of the picture are to be multiplied.

        What it says on its first picture is kept from the terminal.
        """
        rgb, scale = _prepared(image_bgr)
        with nullcontext() if self._ran else quiet_stderr():
            result = detect(mp.Image(image_format=mp.ImageFormat.SRGB, data=rgb))
        self._ran = True
        return result, scale

    def close(self) -> None:
        """Release the model; a second call does nothing."""
        self._closing.close()


class FaceFinder(_Finder):
    """Every face in a picture, whoever's it is: to hide them. Close it.

    The model was made for faces that look towards the camera; others may be missed, which `PeopleFinder` makes up
    for. On rendered pictures with a second person one to two metres behind the first it found all six, two of them in
    profile; in smaller copies of them it did not.

    Args:
        options: of the estimator; the face model is taken from them.
        confidence: that a face must have, 0-1.

    Raises:
        ModelFileError: see `MediaPipeEstimator`.
    """

    def __init__(
        self, options: EstimatorOptions | None = None, confidence: float = LEAST_FACE_CONFIDENCE
    ) -> None:
        super().__init__()
        file = resolve_face_model((options or EstimatorOptions()).face_model)
        settings = vision.FaceLandmarkerOptions(
            base_options=BaseOptions(model_asset_path=str(file.path)),
            running_mode=vision.RunningMode.IMAGE,
            num_faces=MOST_FACES,
            min_face_detection_confidence=confidence,
            min_face_presence_confidence=confidence,
        )
        self._face = self._opened("face", file, vision.FaceLandmarker.create_from_options, settings)

    def find(self, image_bgr: NDArray[np.uint8]) -> list[tuple[float, float, float, float]]:
        """Boxes round the faces, a face perhaps several times: left, top, right, bottom in pixels.

        The model looks at a small copy, in which a face in the background is lost; so it looks at the whole picture
        and at six parts of half its width and height, which overlap.
        """
        height, width = image_bgr.shape[:2]
        boxes = self._in_part(image_bgr, 0, 0)
        if min(height, width) < 4 * SHORT_SIDE_PX:
            return boxes
        for top in (0, height - height // 2):
            for left in (0, width // 4, width - width // 2):
                part = image_bgr[top : top + height // 2, left : left + width // 2]
                boxes += self._in_part(np.ascontiguousarray(part), left, top)
        return boxes

    def _in_part(
        self, part_bgr: NDArray[np.uint8], left: int, top: int
    ) -> list[tuple[float, float, float, float]]:
        result, scale = self._seen(self._face.detect, part_bgr)
        high, wide = scale[1] * part_bgr.shape[0], scale[0] * part_bgr.shape[1]
        boxes = []
        for marks in result.face_landmarks:
            x, y = [left + mark.x * wide for mark in marks], [top + mark.y * high for mark in marks]
            boxes.append((min(x), min(y), max(x), max(y)))
        return boxes


class PeopleFinder(_Finder):
    """Every person in a picture: to hide heads that `FaceFinder` misses, turned away or in profile. Close it.

    Args:
        options: of the estimator; the pose model is taken from them.

    Raises:
        ModelFileError: see `MediaPipeEstimator`.
    """

    def __init__(self, options: EstimatorOptions | None = None) -> None:
        super().__init__()
        file = resolve_pose_model((options or EstimatorOptions()).pose_model)
        settings = vision.PoseLandmarkerOptions(
            base_options=BaseOptions(model_asset_path=str(file.path)),
            running_mode=vision.RunningMode.IMAGE,
            num_poses=MOST_FACES,
            min_pose_detection_confidence=LEAST_PERSON_CONFIDENCE,
            min_pose_presence_confidence=LEAST_PERSON_CONFIDENCE,
        )
        self._pose = self._opened("pose", file, vision.PoseLandmarker.create_from_options, settings)

    def find(self, image_bgr: NDArray[np.uint8]) -> Landmarks:
        """The pose of each of N people in one picture, as N frames of that picture's size."""
        result, scale = self._seen(self._pose.detect, image_bgr)
        found = result.pose_landmarks
        people = Landmarks.empty(len(found))
        people.size_px[:] = image_bgr.shape[1], image_bgr.shape[0]
        for place, marks in enumerate(found):
            people.pose[place, :, 0] = [mark.x * scale[0] for mark in marks]
            people.pose[place, :, 1] = [mark.y * scale[1] for mark in marks]
        return people


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
    return _created("pose", file, vision.PoseLandmarker.create_from_options, settings)


def _face_landmarker(file: ModelFile, options: EstimatorOptions) -> vision.FaceLandmarker:
    settings = vision.FaceLandmarkerOptions(
        base_options=BaseOptions(model_asset_path=str(file.path)),
        running_mode=_running_mode(options.mode),
    )
    return _created("face", file, vision.FaceLandmarker.create_from_options, settings)


def _created(
    kind: str, file: ModelFile, create: Callable[[_Settings], _Model], settings: _Settings
) -> _Model:
    try:
        with quiet_stderr():
            return create(settings)
    except (RuntimeError, ValueError) as error:
        raise ModelFileError(
            f"The {kind} model cannot be used: {file.path}",
            f"MediaPipe says: {str(error).splitlines()[0][:200]}",
            f"Leave --{kind}-model out to use the model that is included.",
        ) from error


def _empty_at(frame: Frame) -> Landmarks:
    lm = Landmarks.empty(1)
    lm.t_s[0] = frame.t_s
    height, width = frame.image_bgr.shape[:2]
    lm.size_px[0] = (width, height)
    return lm


def _prepared(image_bgr: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], tuple[float, float]]:
    """The same as `_fitting` in the models' colours."""
    bgr, scale = _fitting(image_bgr)
    return np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), np.uint8), scale


def _fitting(image_bgr: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], tuple[float, float]]:
    """The picture in a size for the models, and (width, height) of that as multiples of the picture's content.

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
    return image_bgr, ((width + right) / width, (height + bottom) / height)


def _padding(length_px: int) -> int:
    """Pixels to add so that the length is a multiple of 4 and not below the least."""
    return max(SHORT_SIDE_PX, -(-length_px // 4) * 4) - length_px


def _face_belongs(face: NDArray[np.float32], pose: NDArray[np.float32]) -> bool:
    """Whether the face is that of the pose: the nose of both in about the same place."""
    if math.isnan(pose[names.NOSE, 0]):
        return False
    nose, left, right = (
        pose[k, :2].tolist() for k in (names.NOSE, names.LEFT_SHOULDER, names.RIGHT_SHOULDER)
    )
    x, y = (np.add.reduce(face[:, k]).item() / len(face) for k in (0, 1))
    across = face[:, 0]
    size = max(math.dist(left, right), (np.maximum.reduce(across) - np.minimum.reduce(across)).item())
    return bool(math.dist((x, y), nose) <= FACE_OFFSET * size)
