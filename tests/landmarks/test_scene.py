"""The background is followed, the person is not taken for it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from posture_cv.landmarks.background import MIRROR_EVERY_S
from posture_cv.landmarks.recording import read_recording
from posture_cv.landmarks.scene import SceneTracker, small_grey
from posture_cv.landmarks.types import CONTOUR_COLS, CONTOUR_ROWS, SCENE_FIELDS, Landmarks

SAMPLES = Path(__file__).resolve().parents[2] / "samples"
DX, DY, SCALE, SUPPORT, ROLL, NOISE = (
    SCENE_FIELDS.index(name) for name in ("bg_dx", "bg_dy", "bg_scale", "bg_support", "bg_roll_deg", "noise")
)


def room(width: int = 640, height: int = 480, seed: int = 1) -> NDArray[np.uint8]:
    """A wall of coloured patches."""
    rng = np.random.default_rng(seed)
    small = rng.integers(30, 220, (height // 20, width // 20, 3), np.uint8)
    return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_NEAREST), np.uint8)


def seen(image: NDArray[np.uint8], x: float = 0.5) -> tuple[NDArray[np.uint8], Landmarks]:
    """The picture with a striped person before it, and that person's contour."""
    image = image.copy()
    left, right, top = int((x - 0.2) * 640), int((x + 0.2) * 640), 160
    stripes = (np.arange(right - left) // 12 % 2 * 200).astype(np.uint8)
    image[top:, left:right] = stripes[None, :, None]
    lm = Landmarks.empty(1)
    v, u = (np.arange(CONTOUR_ROWS) + 0.5) / CONTOUR_ROWS, (np.arange(CONTOUR_COLS) + 0.5) / CONTOUR_COLS
    lm.rows[0, v > top / 480] = (left / 640, right / 640)
    lm.cols[0, (u > left / 640) & (u < right / 640)] = top / 480
    return image, lm


def moved(image: NDArray[np.uint8], dx: float, dy: float, scale: float = 1.0) -> NDArray[np.uint8]:
    matrix = np.array([[scale, 0, dx + 320 * (1 - scale)], [0, scale, dy + 240 * (1 - scale)]], float)
    return np.asarray(cv2.warpAffine(image, matrix, (640, 480), borderMode=cv2.BORDER_REFLECT), np.uint8)


@pytest.mark.parametrize(
    ("dx", "dy", "scale"), [(0, 0, 1), (12, 0, 1), (0, -30, 1), (40, 25, 1), (0, 0, 1.05), (90, 0, 1)]
)
def test_a_moved_camera_is_measured(dx: float, dy: float, scale: float) -> None:
    tracker = SceneTracker()
    tracker.measure(*_at(0.0, *seen(room())))
    scene = tracker.measure(*_at(1.0, *seen(moved(room(), dx, dy, scale))))
    assert scene[DX] == pytest.approx(dx / 640, abs=0.003)
    assert scene[DY] == pytest.approx(dy / 480, abs=0.003)
    assert scene[SCALE] == pytest.approx(scale, abs=0.005)
    assert scene[SUPPORT] > 0.6


def turned(image: NDArray[np.uint8], deg: float) -> NDArray[np.uint8]:
    """As a camera that turned about its line of sight sees it: clockwise about the middle."""
    matrix = cv2.getRotationMatrix2D((319.5, 239.5), -deg, 1.0)
    return np.asarray(cv2.warpAffine(image, matrix, (640, 480), borderMode=cv2.BORDER_REPLICATE), np.uint8)


@pytest.mark.parametrize("deg", [0.5, -1.0, 2.0, -5.0, 9.0])
def test_a_turned_camera_is_measured(deg: float) -> None:
    tracker = SceneTracker()
    assert tracker.measure(*_at(0.0, *seen(room())))[ROLL] == 0.0
    scene = tracker.measure(*_at(1.0, *seen(turned(room(), deg))))
    assert scene[ROLL] == pytest.approx(deg, abs=0.15)
    assert scene[[DX, DY]] == pytest.approx(0.0, abs=0.004)
    assert scene[SCALE] == pytest.approx(1.0, abs=0.01)
    assert scene[SUPPORT] > 0.6


def test_a_turn_adds_up_over_key_frames() -> None:
    tracker = SceneTracker()
    scene = np.zeros(len(SCENE_FIELDS), np.float32)
    for step in range(9):
        scene = tracker.measure(*_at(float(step), *seen(turned(room(), 4.0 * step))))
    assert scene[ROLL] == pytest.approx(32.0, abs=1.0)


def test_a_turn_about_the_middle_leaves_an_earlier_shift_turned() -> None:
    """Behind a new key frame: what was 90 px to the right is 9 degrees lower after a turn by as much."""
    tracker = SceneTracker()
    tracker.measure(*_at(0.0, *seen(room())))
    tracker.measure(*_at(1.0, *seen(moved(room(), 90.0, 0.0))))
    scene = tracker.measure(*_at(2.0, *seen(turned(moved(room(), 90.0, 0.0), 9.0))))
    assert scene[ROLL] == pytest.approx(9.0, abs=0.3)
    assert scene[DX] * 640 == pytest.approx(90.0 * np.cos(np.radians(9.0)), abs=2.0)
    assert scene[DY] * 480 == pytest.approx(90.0 * np.sin(np.radians(9.0)), abs=2.0)


@pytest.mark.parametrize("clip", ["desk-front", "desk-side"])
def test_in_a_recorded_room_a_turn_is_told_and_none_is_made_by_the_person(clip: str) -> None:
    recorded = read_recording(SAMPLES / f"{clip}.landmarks").landmarks
    video, still = cv2.VideoCapture(str(SAMPLES / f"{clip}.mp4")), SceneTracker()
    pictures = [np.asarray(video.read()[1], np.uint8) for _ in range(len(recorded))][::10]
    for k, picture in enumerate(pictures):
        lm = recorded[10 * k]
        assert abs(still.measure(picture, float(k), lm)[ROLL]) < 0.1, "postures, glances, an empty chair"
        if k % 4 == 1:
            camera = SceneTracker()
            camera.measure(pictures[0], 0.0, recorded[0])
            scene = camera.measure(turned(picture, 2.0), 1.0, lm)
            assert scene[ROLL] == pytest.approx(2.0, abs=0.1)
            assert scene[SUPPORT] > 0.6


def chair(deg: float) -> NDArray[np.uint8]:
    """A plain wall, and beside the person one thing with all the pattern there is, which swivels."""
    wall = np.full((480, 640, 3), 120, np.uint8)
    wall[40:200, 20:180] = turned(room(), deg)[160:320, 240:400]
    return wall


def test_a_chair_that_swivels_is_no_turn_of_the_camera() -> None:
    tracker = SceneTracker()
    tracker.measure(*_at(0.0, *seen(chair(0.0), x=0.7)))
    scene = tracker.measure(*_at(1.0, *seen(chair(4.0), x=0.7)))
    assert scene[SUPPORT] > 0.6, "its points agree"
    assert np.isnan(scene[ROLL])


def lamp(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Switched on beside the camera: bright at its side, little at the other."""
    beside = np.linspace(3.0, 0.8, image.shape[1])[None, :, None]
    return np.asarray(np.clip(image * 0.4 * beside, 0, 255), np.uint8)


def off(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Every lamp switched off, and the noise of a dark room."""
    noise = np.random.default_rng(3).normal(0.0, 4.0, image.shape)
    return np.asarray(np.clip(image * 0.2 + noise, 0, 255), np.uint8)


def gamma(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The camera brightens what lies in the dark."""
    return np.asarray(255.0 * (image / 255.0) ** 0.5, np.uint8)


@pytest.mark.parametrize("light", [lamp, off, gamma])
@pytest.mark.parametrize(("dx", "dy"), [(0, 0), (12, 0), (-40, 25)])
def test_another_light_hides_no_move_and_makes_none(
    light: Callable[[NDArray[np.uint8]], NDArray[np.uint8]], dx: int, dy: int
) -> None:
    tracker = SceneTracker()
    tracker.measure(*_at(0.0, *seen(room())))
    scene = tracker.measure(*_at(1.0, *seen(light(moved(room(), dx, dy)))))
    assert scene[DX] == pytest.approx(dx / 640, abs=0.003)
    assert scene[DY] == pytest.approx(dy / 480, abs=0.003)
    assert not abs(scene[ROLL]) >= 0.3, "told rightly, or not"
    assert scene[SUPPORT] > 0.6


@pytest.mark.parametrize("light", [np.asarray, lamp, gamma])
@pytest.mark.parametrize("dx", [0, 20])
def test_a_picture_that_is_mirrored_midway_is_told_and_so_is_its_end(
    light: Callable[[NDArray[np.uint8]], NDArray[np.uint8]], dx: int
) -> None:
    tracker = SceneTracker()
    there = light(np.asarray(moved(room(), -dx, 0)[:, ::-1], np.uint8))
    tracker.measure(*_at(0.0, *seen(room(), x=0.4)))
    for t_s in (1.0, 2.0):
        scene = tracker.measure(*_at(t_s, *seen(there, x=0.6)))
        assert scene[[SCALE, DX]] == pytest.approx([-1.0, dx / 640], abs=0.005)
        assert scene[SUPPORT] > 0.6
        assert np.isnan(scene[ROLL])
    scene = tracker.measure(*_at(1.0 + MIRROR_EVERY_S, *seen(room(), x=0.4)))
    assert scene[[SCALE, DX, ROLL]] == pytest.approx([1.0, 0.0, 0.0], abs=0.005)
    assert scene[SUPPORT] > 0.6


def test_a_lost_background_is_not_taken_for_a_mirrored_one() -> None:
    tracker = SceneTracker()
    tracker.measure(*_at(0.0, *seen(room())))
    for step in range(1, 5):
        scene = tracker.measure(*_at(step * MIRROR_EVERY_S, *seen(room(seed=1 + step))))
        assert scene[SCALE] == pytest.approx(1.0, abs=0.2) or scene[SUPPORT] < 0.15


def test_a_moving_person_leaves_the_background_where_it_is() -> None:
    tracker = SceneTracker()
    for step in range(6):
        scene = tracker.measure(*_at(float(step), *seen(room(), x=0.4 + 0.03 * step)))
        assert abs(scene[DX]) < 0.003
        assert abs(scene[DY]) < 0.003
        assert abs(scene[ROLL]) < 0.1


def test_a_long_drift_adds_up_over_key_frames() -> None:
    tracker = SceneTracker()
    big = room(1280, 960)
    scene = np.zeros(len(SCENE_FIELDS), np.float32)
    for step in range(12):
        view = np.ascontiguousarray(big[200 : 200 + 480, 100 + 30 * step : 100 + 30 * step + 640])
        scene = tracker.measure(*_at(float(step), *seen(view)))
    assert scene[DX] == pytest.approx(-330 / 640, abs=0.01)


@pytest.mark.parametrize("sigma", [0.0, 2.0, 6.0, 12.0])
@pytest.mark.parametrize("moves", [False, True])
def test_noise_is_told_whatever_stands_moves_or_flickers(sigma: float, moves: bool) -> None:
    tracker, rng = SceneTracker(), np.random.default_rng(2)
    bands = 1.0 + 0.05 * np.sin(np.arange(480)[:, None, None] / 60.0)
    pictures = [seen(room(), x=0.3)[0], seen(room(), x=0.6)[0] * bands if moves else seen(room(), x=0.3)[0]]
    first, second = (np.clip(p + rng.normal(0.0, sigma, p.shape), 0, 255).astype(np.uint8) for p in pictures)
    assert np.isnan(tracker.measure(first, 0.0, Landmarks.empty(1))[NOISE])
    found = tracker.measure(second, 1.0, Landmarks.empty(1))[NOISE] * small_grey(second).mean()
    # a small pixel is the mean of four, grey the weighted mean of three colours
    assert found == pytest.approx(sigma / 2.0 * np.sqrt(0.114**2 + 0.587**2 + 0.299**2), abs=0.35, rel=0.15)


def test_pictures_of_another_shape_are_followed_anew() -> None:
    tracker = SceneTracker()
    tracker.measure(*_at(0.0, *seen(room())))
    scene = tracker.measure(*_at(1.0, np.ascontiguousarray(room()[:360]), Landmarks.empty(1)))
    assert scene[[DX, DY, SCALE, SUPPORT]].tolist() == [0.0, 0.0, 1.0, 1.0]


def test_a_clock_that_is_set_back_does_not_stop_the_following() -> None:
    tracker = SceneTracker()
    tracker.measure(*_at(1000.0, *seen(room())))
    assert tracker.measure(*_at(3.0, *seen(moved(room(), 12.0, 0.0))))[DX] == pytest.approx(
        12 / 640, abs=0.003
    )


def test_a_plain_wall_says_that_it_cannot_tell() -> None:
    tracker = SceneTracker()
    plain = np.full((480, 640, 3), 128, np.uint8)
    tracker.measure(*_at(0.0, *seen(plain)))
    assert np.isnan(tracker.measure(*_at(1.0, *seen(plain)))[[SUPPORT, ROLL]]).all()


def test_unrelated_pictures_have_no_background_but_brightness() -> None:
    scene = SceneTracker(follow=False).measure(*_at(0.0, *seen(room())))
    assert np.isnan(scene[[DX, DY, SCALE, SUPPORT, ROLL, NOISE]]).all()
    assert 0.1 < scene[0] < 0.9


def _at(t_s: float, image: NDArray[np.uint8], lm: Landmarks) -> tuple[NDArray[np.uint8], float, Landmarks]:
    return image, t_s, lm
