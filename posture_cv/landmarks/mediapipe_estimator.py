"""The landmark estimator: MediaPipe's pose and face of the nearest person, the contour, and what the picture says."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from posture_cv.capture.quiet import quiet_stderr
from posture_cv.capture.types import Frame
from posture_cv.closing import Closing
from posture_cv.landmarks import names
from posture_cv.landmarks.close_up import head_box, out_of_part, part_of
from posture_cv.landmarks.contour import contour_from_grid, on_grid, unsure_share
from posture_cv.landmarks.estimator import (
    FIRST,
    LOOKS,
    EstimatorInfo,
    EstimatorOptions,
    Look,
    Mode,
    ModelInfo,
)
from posture_cv.landmarks.looks import (
    mask_back,
    mean_face,
    points_back,
    points_there,
    pose_back,
    same_person,
    shown,
)
from posture_cv.landmarks.mediapipe_tasks import ENGINE, FaceModel, Picture, Pictures, PoseModel
from posture_cv.landmarks.model_files import ModelFile, resolve_face_model, resolve_pose_model
from posture_cv.landmarks.model_picture import fitting
from posture_cv.landmarks.native_memory import check_room, freed_memory_returned
from posture_cv.landmarks.own_face import face_belongs
from posture_cv.landmarks.quantise import quantised
from posture_cv.landmarks.scene import SceneTracker, SmallPicture, small_grey
from posture_cv.landmarks.types import SCENE_FIELDS, Float32, Landmarks

# A tracker carries its past across a cut: after a gap this long it starts afresh (ours).
GAP_RESET_S: Final = 4.0
_UNSURE: Final = SCENE_FIELDS.index("outline_unsure")
_SHOULDERS: Final = slice(names.LEFT_SHOULDER, names.RIGHT_SHOULDER + 1)


@dataclass(frozen=True, slots=True)
class _Begun:
    """A frame whose body has been sought: its landmarks so far, and what the rest is made of."""

    frame: Frame
    picture: Picture
    looks: tuple[tuple[Look, Picture], ...]  # those that saw the person; none: nobody
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
        ShortageError: there is no room for the models.
    """

    def __init__(
        self, options: EstimatorOptions | None = None, lap: Callable[[str], None] = lambda _: None
    ) -> None:
        self._lap = lap
        self._options = options or EstimatorOptions()
        self._pose_file = resolve_pose_model(self._options.pose_model)
        self._face_file = resolve_face_model(self._options.face_model) if self._options.face else None
        self._scene = SceneTracker(follow=self._options.mode is Mode.VIDEO)
        self._pictures = Pictures()
        self._closing = ExitStack()
        self._closed = False
        self._person_seen = False
        self._last_t_s: float | None = None
        self._last_ms = -1
        check_room()
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
            self._pose = opened.enter_context(PoseModel(self._pose_file, self._options))
            self._face = (
                None
                if self._face_file is None
                else opened.enter_context(FaceModel(self._face_file, self._options))
            )
            self._closer: FaceModel | None = None
            self._closing = opened.pop_all()

    def _begun(self, frame: Frame) -> _Begun:
        """Pose and contour: what takes most of the time."""
        if self._closed:
            raise RuntimeError("this estimator is closed")
        self._restart_after_gap(frame.t_s)
        sized, scale = fitting(frame.image_bgr)
        picture = self._pictures.of(sized)
        small = SmallPicture.of(small_grey(frame.image_bgr) if frame.small is None else frame.small)
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
            faces = [self._detect_face(picture, look, begun) for look, picture in begun.looks]
        self._pictures.back(begun.picture)
        face = mean_face(faces)
        if face is not None:
            lm.face[0] = face
        self._person_seen |= bool(begun.looks)
        self._lap("face")
        lm.scene[0] = self._scene.measure_small(begun.small, begun.frame.image_bgr, begun.frame.t_s, lm)
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
        self, picture: Picture, scale: tuple[float, float], timestamp_ms: int, lm: Landmarks
    ) -> tuple[tuple[Look, Picture], ...]:
        """Put pose and contour into the one frame of `lm`; the looks that found the person."""
        with self._pose.seen(picture, timestamp_ms) as first:
            self._lap("pose")
            if first is None:
                return ()
            pose, mask = first
            looks = [(FIRST, picture)]
            if self._options.looks > 1:
                pose, mask, further = self._looked_again(picture.rgb, pose, mask)
                looks += further
            pose[:, :3] *= np.array((scale[0], scale[1], scale[0]), np.float32)
            lm.pose[0] = pose
            if mask is not None:
                height, width = round(mask.shape[0] / scale[1]), round(mask.shape[1] / scale[0])
                grid = on_grid(mask[:height, :width])
                lm.rows[0], lm.cols[0] = contour_from_grid(grid)
                lm.scene[0, _UNSURE] = unsure_share(grid, float(pose[_SHOULDERS, 1].mean()))
            self._lap("mask")
        return tuple(looks)

    def _looked_again(
        self, rgb: NDArray[np.uint8], pose: Float32, mask: Float32 | None
    ) -> tuple[Float32, Float32 | None, list[tuple[Look, Picture]]]:
        """Mean pose (33, 8) and mask (H, W) of the first and all further looks that see the same person, and those."""
        size_px = (rgb.shape[1], rgb.shape[0])
        looks, poses, masks = [], [pose], [mask]
        for look in LOOKS[1 : self._options.looks]:
            picture = Picture.of_rgb(shown(rgb, look))
            with self._pose.seen(picture, -1) as seen:
                self._lap("pose")
                back = None if seen is None else pose_back(seen[0], look, size_px)
                if seen is not None and back is not None and same_person(back, pose, size_px):
                    looks.append((look, picture))
                    poses.append(back)
                    masks.append(None if seen[1] is None else mask_back(seen[1], look))
        some = [one for one in masks if one is not None]
        mean_mask = np.asarray(np.mean(some, axis=0), np.float32) if some else None
        return np.asarray(np.mean(poses, axis=0), np.float32), mean_mask, looks

    def _detect_face(self, picture: Picture, look: Look, begun: _Begun) -> Float32 | None:
        """(468, 3) the face that belongs to the pose, as shares of the picture."""
        if self._face is None:
            return None
        whole = self._placed(self._face.seen(picture, begun.timestamp_ms), picture, look, begun)
        return self._seen_closer(picture, look, begun) if whole is None else whole

    def _seen_closer(self, picture: Picture, look: Look, begun: _Begun) -> Float32 | None:
        """(468, 3) the face in a part of the picture, about the head; of an untilted one in all its pixels."""
        untilted, scale, pose = look == FIRST, begun.scale, begun.lm.pose[0, :, :2]
        source = begun.frame.image_bgr if untilted else picture.rgb
        size = source.shape[1], source.shape[0]
        points = pose if untilted else points_there(pose / np.array(scale), look, size)
        box = head_box(points * size, size)
        if box is None:
            return None
        part = part_of(source, box)
        found = self._close_up().seen(Picture.of(part) if untilted else Picture.of_rgb(part), -1)
        if found is None:
            return None
        face = out_of_part(found, box, size)
        if untilted:  # as shares of what the models see of the picture, its padding included
            face = np.asarray(face / (scale[0], scale[1], scale[0]), np.float32)
        return self._placed(face, picture, look, begun)

    def _close_up(self) -> FaceModel:
        """The face model for single pictures; that of a video follows the face in the whole picture."""
        assert self._face is not None
        if self._options.mode is Mode.IMAGE:
            return self._face
        if self._closer is None:
            assert self._face_file is not None
            options = replace(self._options, mode=Mode.IMAGE)
            self._closer = self._closing.enter_context(FaceModel(self._face_file, options))
        return self._closer

    def _placed(self, face: Float32 | None, picture: Picture, look: Look, begun: _Begun) -> Float32 | None:
        """(468, 3) the face that a look has seen, at its place in the frame; None if it is not the pose's."""
        if face is None:
            return None
        scale = begun.scale
        back = points_back(face, look, picture.size_px)
        face = back * np.array((scale[0], scale[1], scale[0]), np.float32)
        return face if face_belongs(face, begun.lm.pose[0]) else None


def _model_info(file: ModelFile) -> ModelInfo:
    return ModelInfo(file.name, file.sha256, file.bundled)


def _empty_at(frame: Frame) -> Landmarks:
    lm = Landmarks.empty(1)
    lm.t_s[0] = frame.t_s
    height, width = frame.image_bgr.shape[:2]
    lm.size_px[0] = (width, height)
    return lm
