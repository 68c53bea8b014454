from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from calibration_material import photograph
from posture_cv.landmarks.types import Landmarks
from posture_cv.output.draw import GREEN, RED, draw_overlay


def picture(height: int = 512, width: int = 512) -> np.ndarray:
    return np.full((height, width, 3), 128, np.uint8)


def changed(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    return np.asarray((before != after).any(axis=2))


def test_the_given_picture_stays_as_it_is() -> None:
    image = picture()
    drawn = draw_overlay(image, photograph(), ["a"], "good", GREEN)
    assert (image == 128).all()
    assert drawn.shape == image.shape
    assert drawn.dtype == np.uint8


def test_skeleton_lies_on_the_landmarks() -> None:
    image, lm = picture(), photograph()
    touched = changed(image, draw_overlay(image, lm))
    for point in (0, 7, 8, 11, 12):
        u, v = lm.pose_px()[0, point]
        assert touched[int(v), int(u)]


def test_face_and_outline_are_drawn_where_they_were_seen() -> None:
    image, lm = picture(), photograph()
    bare = replace(lm, pose=np.full_like(lm.pose, np.nan))
    touched = changed(image, draw_overlay(image, bare))
    u, v = lm.face_px()[0, 152, :2]
    assert touched[round(v) - 2 : round(v) + 3, round(u) - 2 : round(u) + 3].any()
    row = 60
    left = lm.rows_px()[0, row, 0]
    height = round(lm.row_v_px()[0, row])
    assert touched[height, round(left) - 2 : round(left) + 3].any()


def test_nothing_seen_is_nothing_drawn() -> None:
    image = picture()
    np.testing.assert_array_equal(draw_overlay(image, Landmarks.empty(1)), image)


def test_badge_and_frame_have_the_colour_of_the_state() -> None:
    drawn = draw_overlay(picture(), Landmarks.empty(1), [], "forward head", RED)
    assert tuple(drawn[2, 2]) == RED
    assert tuple(drawn[-1, -1]) == RED
    assert tuple(drawn[256, 256]) == (128, 128, 128)


def test_the_panel_hides_nothing_that_was_seen() -> None:
    """It is as narrow as its text, and what was seen is drawn over its shade."""
    bare, lm = picture(), photograph()
    seen = changed(bare, draw_overlay(bare, lm))
    shaded = draw_overlay(bare, lm, ["why: forward head"] * 40)
    dark = (shaded == round(128 * 0.35 - 0.5)).all(axis=2)
    assert dark[:, :200].mean() > 0.5
    assert not dark[:, 400:].any()
    assert seen[:, :200].any()
    assert not (seen & dark).any()


@pytest.mark.parametrize(("height", "width"), [(16, 16), (48, 640), (640, 48), (1080, 1920)])
def test_long_text_fits_into_any_picture(height: int, width: int) -> None:
    image = picture(height, width)
    lines = ["a very long line of text " * 4, "", "äöü\N{DEGREE SIGN} 机"]
    assert (
        draw_overlay(image, photograph(), lines, "a very long name of a state " * 3, RED).shape == image.shape
    )


@pytest.mark.parametrize("width", range(200, 640, 20))
def test_no_line_runs_out_of_the_picture(width: int) -> None:
    image = picture(480, width)
    line = "why: nearest limit rounded shoulders, 100% of it"
    drawn = draw_overlay(image, Landmarks.empty(1), [line])
    edge = drawn[:, round(width * 0.985) :]
    assert edge.max() <= 128  # darkened, and no letter on it


def test_landmarks_far_outside_do_no_harm() -> None:
    lm = photograph()
    pose = lm.pose.copy()
    pose[:, :, :2] = 1e6
    pose[:, 3, :2] = np.nan
    draw_overlay(picture(), replace(lm, pose=pose))


def test_landmarks_of_another_size_of_the_same_picture() -> None:
    """The overlay may be drawn on a scaled copy."""
    lm = photograph()
    touched = changed(picture(256, 256), draw_overlay(picture(256, 256), lm))
    u, v = lm.pose_px()[0, 11] / 2
    assert touched[int(v), int(u)]


def test_one_frame_only() -> None:
    with pytest.raises(ValueError, match="one frame, got 2"):
        draw_overlay(picture(), Landmarks.empty(2))
