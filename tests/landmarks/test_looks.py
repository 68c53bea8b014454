"""Several looks at one picture: each is brought back to where the picture itself has it."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from posture_cv.capture.images import read_picture
from posture_cv.capture.types import MAX_PIXELS, Frame
from posture_cv.landmarks import names
from posture_cv.landmarks.estimator import LOOKS, EstimatorOptions, Look, Mode
from posture_cv.landmarks.looks import (
    mask_back,
    matrix,
    mean_face,
    points_back,
    pose_back,
    same_person,
    shown,
)
from posture_cv.landmarks.mediapipe_estimator import MediaPipeEstimator
from posture_cv.landmarks.types import Landmarks
from source_tree import ROOT

SIZE = (64, 48)
looks = st.sampled_from(LOOKS)


def looked_at(picture_name: str, count: int) -> Landmarks:
    image = read_picture(ROOT / "samples" / "frames" / picture_name, MAX_PIXELS)
    with MediaPipeEstimator(EstimatorOptions(mode=Mode.IMAGE, looks=count)) as estimator:
        return estimator.estimate(Frame(0, 0.0, image))


def seen_by(look: Look, points: NDArray[np.float32]) -> NDArray[np.float32]:
    """Points with x and y as shares of the picture, where the look has them."""
    m = matrix(look, *SIZE)
    out = points.copy()
    out[:, :2] = ((points[:, :2] * SIZE) @ m[:, :2].T + m[:, 2]) / SIZE
    out[:, 2] *= look.scale
    return out


@given(looks, st.integers(0, 2**32 - 1))
def test_a_face_comes_back_to_its_place(look: Look, seed: int) -> None:
    face = np.random.default_rng(seed).random((names.FACE_COUNT, 3)).astype(np.float32)
    seen = seen_by(look, face)
    np.testing.assert_allclose(points_back(seen, look, SIZE), face, atol=1e-5)


@given(looks, st.integers(0, 2**32 - 1))
def test_a_pose_comes_back_to_its_place_and_its_world(look: Look, seed: int) -> None:
    pose = np.random.default_rng(seed).random((names.POSE_COUNT, 8)).astype(np.float32)
    seen = seen_by(look, pose)
    turn = matrix(look, *SIZE)[:, :2] / look.scale
    seen[:, 5:7] = pose[:, 5:7] @ turn.T
    np.testing.assert_allclose(pose_back(seen, look, SIZE), pose, atol=1e-5)


@given(looks)
def test_a_mask_comes_back_to_its_place(look: Look) -> None:
    soft = np.zeros(SIZE[::-1], np.uint8)
    cv2.ellipse(soft, (26, 22), (11, 15), 20, 0, 360, 255, -1)
    soft = np.asarray(cv2.GaussianBlur(soft, (9, 9), 2), np.uint8)
    back = mask_back(shown(soft, look).astype(np.float32) / 255.0, look)
    assert np.abs(back - soft / 255.0).max() < 0.05


def test_another_person_is_not_averaged_in() -> None:
    pose = looked_at("p1_f1_000_calibration.jpg", 1).pose[0]
    beside = pose.copy()
    beside[:, 0] += 0.4
    near = pose.copy()
    near[:, :2] += 0.01
    assert same_person(near, pose, (640, 480))
    assert not same_person(beside, pose, (640, 480))


def test_a_face_needs_more_than_half_of_the_looks() -> None:
    face = np.ones((names.FACE_COUNT, 3), np.float32)
    assert mean_face([None, None, face, face]) is None
    mean = mean_face([None, face, 3 * face])
    assert mean is not None
    np.testing.assert_allclose(mean, 2.0)


@pytest.mark.parametrize("name", ["p1_f1_000_calibration.jpg", "p2_s2_000_calibration.jpg"])
def test_five_looks_agree_with_one(name: str) -> None:
    one, five = looked_at(name, 1), looked_at(name, 5)
    assert five.face_found[0] == one.face_found[0]
    shoulders = one.pose_px()[0, [11, 12]] - five.pose_px()[0, [11, 12]]
    assert 0 < np.abs(shoulders).max() < 25
    assert np.abs(one.pose_px()[0, names.NOSE] - five.pose_px()[0, names.NOSE]).max() < 8
    both = ~np.isnan(one.rows).any(axis=(0, 2)) & ~np.isnan(five.rows).any(axis=(0, 2))
    assert both.sum() > 100
    assert np.median(np.abs(one.rows - five.rows)[0, both]) < 0.01
    world = one.pose[0, [11, 12, 23, 24], 5:] - five.pose[0, [11, 12, 23, 24], 5:]
    assert np.abs(world).max() < 0.08


def test_nobody_is_nobody_in_five_looks() -> None:
    assert not looked_at("p3_f3_055_absent.jpg", 5).person_found[0]


@pytest.mark.parametrize(("mode", "count"), [(Mode.VIDEO, 2), (Mode.IMAGE, 0), (Mode.IMAGE, 6)])
def test_looks_that_cannot_be(mode: Mode, count: int) -> None:
    with pytest.raises(ValueError, match="looks in"):
        EstimatorOptions(mode=mode, looks=count)
