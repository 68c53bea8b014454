"""The made bundles run, and see what the networks they were made from are known to see."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import cv2
import mediapipe as mp
import numpy as np
import pytest
from mediapipe.tasks.python import BaseOptions, vision
from numpy.typing import NDArray

from amounts import FULL
from posture_cv.landmarks.model_files import resolve_face_model, resolve_pose_model
from shared_material import shared_path
from source_tree import ROOT

# In parts of the picture's size; the largest differences seen on 67 pictures were 0.0007 and 0.006.
POSE_TOLERANCE = 0.003
FACE_TOLERANCE = 0.012
# Distance of the projected eyes in desk-front, frames 115-174 over frames 10-74, in its ground truth.
TRUE_EYE_GROWTH = 1.071
# Frames of it that are shown: upright, coming forward, leaving; with POSTURE_CV_FULL=1 what lies between as well.
SHOWN = np.isin(np.arange(450), np.r_[0:180, 380:450]) | FULL


def _image(bgr: NDArray[np.uint8]) -> mp.Image:
    return mp.Image(image_format=mp.ImageFormat.SRGB, data=np.ascontiguousarray(bgr[..., ::-1]))


def _read(path: Path) -> mp.Image:
    picture = cv2.imread(str(path))
    assert picture is not None, path
    return _image(np.asarray(picture, np.uint8))


def _xyz(landmarks: Iterable[Any]) -> NDArray[np.float64]:
    return np.array([(point.x, point.y, point.z) for point in landmarks])


@pytest.fixture(scope="module")
def pictures() -> list[tuple[Path, NDArray[np.float32], NDArray[np.float32]]]:
    """Every 45th picture of the ground truth with the pose (33, 8) and face (468, 3) seen in it."""
    known = np.load(shared_path("ground-truth", "public", "landmarks.npz"))
    folder = shared_path("ground-truth", "public")
    return [
        (folder / str(known["name"][i]), known["pose"][i], known["face"][i])
        for i in range(0, len(known["name"]), 45)
    ]


def test_pose_landmarks_are_those_of_the_ground_truth(
    pictures: list[tuple[Path, NDArray[np.float32], NDArray[np.float32]]],
) -> None:
    options = vision.PoseLandmarkerOptions(base_options=BaseOptions(str(resolve_pose_model().path)))
    seen = 0
    with vision.PoseLandmarker.create_from_options(options) as landmarker:
        for path, pose, _ in pictures:
            found = landmarker.detect(_read(path)).pose_landmarks
            assert bool(found) == bool(np.isfinite(pose[0, 0])), path
            if found:
                np.testing.assert_allclose(_xyz(found[0])[:, :2], pose[:, :2], atol=POSE_TOLERANCE)
                seen += 1
    assert seen >= 10


def test_face_landmarks_are_those_of_the_ground_truth(
    pictures: list[tuple[Path, NDArray[np.float32], NDArray[np.float32]]],
) -> None:
    options = vision.FaceLandmarkerOptions(base_options=BaseOptions(str(resolve_face_model().path)))
    seen = 0
    with vision.FaceLandmarker.create_from_options(options) as landmarker:
        for path, _, face in pictures:
            found = landmarker.detect(_read(path)).face_landmarks
            assert bool(found) == bool(np.isfinite(face[0, 0])), path
            if found:
                assert len(found[0]) == 478
                np.testing.assert_allclose(_xyz(found[0])[:468], face, atol=FACE_TOLERANCE)
                seen += 1
    assert seen >= 6


def _frames(clip: Path) -> Iterator[NDArray[np.uint8]]:
    capture = cv2.VideoCapture(str(clip))
    while True:
        more, frame = capture.read()
        if not more:
            return
        yield np.asarray(frame, np.uint8)


def test_face_is_followed_through_a_video() -> None:
    """VIDEO mode tracks the box of all 478 points: points out of place would drag it off the face."""
    options = vision.FaceLandmarkerOptions(
        base_options=BaseOptions(str(resolve_face_model().path)), running_mode=vision.RunningMode.VIDEO
    )
    eyes_px = np.full(450, np.nan)
    with vision.FaceLandmarker.create_from_options(options) as landmarker:
        for number, frame in enumerate(_frames(ROOT / "samples" / "desk-front.mp4")):
            if not SHOWN[number]:
                continue
            found = landmarker.detect_for_video(_image(frame), number * 100).face_landmarks
            if found:
                left, right = _xyz([found[0][33], found[0][263]])[:, :2] * frame.shape[1::-1]
                eyes_px[number] = np.hypot(*(left - right))
    assert np.isfinite(eyes_px[:412]).sum() >= SHOWN[:412].sum() - 4  # the person is in view until frame 411
    assert not np.isfinite(eyes_px[420:]).any()
    upright, forward = eyes_px[10:75], eyes_px[115:175]
    assert np.nanstd(upright) < 0.6
    assert np.nanmean(forward) / np.nanmean(upright) == pytest.approx(TRUE_EYE_GROWTH, abs=0.02)
