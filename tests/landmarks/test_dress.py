"""The colours of chest and crown against the face's: of known pictures, in other light, and where they are not seen."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from posture_cv.landmarks import names
from posture_cv.landmarks.dress import dress
from posture_cv.landmarks.scene import INTERVAL_S, SceneTracker
from posture_cv.landmarks.types import DRESS, Landmarks

HEIGHT, WIDTH = 240, 320
FACE, CHEST, CROWN = (90, 120, 180), (200, 60, 40), (30, 25, 20)  # blue, green, red
OFFSET = 3.0


def person(scale: float = 1.0, left: float = 0.5, top: float = 0.3) -> Landmarks:
    """Face and shoulders alone."""
    lm = Landmarks.empty(1)
    lm.size_px[0] = (WIDTH, HEIGHT)
    wide, high = 0.15 * scale, 0.27 * scale
    lm.face[0, :, 0] = left + wide * np.linspace(-0.5, 0.5, 468)
    lm.face[0, :, 1] = top + high * np.linspace(0.0, 1.0, 468)
    lm.face[0, :, 2] = 0.0
    lm.pose[0] = 0.5
    lm.pose[0, names.LEFT_SHOULDER, :2] = left + 1.2 * wide, top + 1.2 * high
    lm.pose[0, names.RIGHT_SHOULDER, :2] = left - 1.2 * wide, top + 1.2 * high
    return lm


def picture(lm: Landmarks) -> NDArray[np.uint8]:
    """The person in front of grey: crown above the face, chest below the shoulders."""
    image = np.full((HEIGHT, WIDTH, 3), 128, np.uint8)
    low, high = lm.face[0, :, :2].min(axis=0), lm.face[0, :, :2].max(axis=0)
    x0, x1 = (round(float(v) * WIDTH) for v in (low[0], high[0]))
    y0, y1 = (round(float(v) * HEIGHT) for v in (low[1], high[1]))
    shoulder = round(float(lm.pose[0, names.LEFT_SHOULDER, 1]) * HEIGHT)
    image[shoulder:, :] = CHEST
    image[: max(y0, 0), x0:x1] = CROWN
    image[max(y0, 0) : y1, x0:x1] = FACE
    return image


def expected(part: tuple[int, int, int]) -> list[float]:
    blue, green, red = (math.log((p + OFFSET) / (f + OFFSET)) for p, f in zip(part, FACE, strict=True))
    return [green, red - green, blue - green]


def test_known_colours_are_told() -> None:
    lm = person()
    np.testing.assert_allclose(dress(picture(lm), lm), [*expected(CHEST), *expected(CROWN)], atol=1e-5)


@given(scale=st.floats(0.5, 1.1), left=st.floats(0.35, 0.65), top=st.floats(0.28, 0.32))
def test_where_the_person_sits_is_no_matter(scale: float, left: float, top: float) -> None:
    lm = person(scale, left, top)
    told = dress(picture(lm), lm)
    wanted = np.array([*expected(CHEST), *expected(CROWN)])
    assert np.abs(told - wanted).max() < 0.05
    assert np.isfinite(told).all()


@given(st.tuples(*[st.floats(0.6, 1.2)] * 3))
def test_other_light_falls_on_the_face_too(gain: tuple[float, float, float]) -> None:
    lm = person()
    lit = np.clip(picture(lm) * np.array(gain), 0, 255).astype(np.uint8)
    assert np.abs(dress(lit, lm) - dress(picture(lm), lm)).max() < 0.12  # of black the offset is a part


def test_a_mirrored_picture_tells_the_same() -> None:
    lm = person(left=0.45)
    turned = person(left=0.55)
    mirrored = np.ascontiguousarray(picture(lm)[:, ::-1])
    np.testing.assert_allclose(dress(mirrored, turned), dress(picture(lm), lm), atol=0.05)


def test_what_is_not_in_the_picture_is_not_told() -> None:
    faceless = person()
    faceless.face[:] = np.nan
    assert np.isnan(dress(picture(person()), faceless)).all()
    high = person(top=0.05)
    told = dress(picture(high), high)
    assert np.isfinite(told[:3]).all()
    assert np.isnan(told[3:]).all(), "no crown above the picture"
    low = person(top=0.6)
    assert np.isnan(dress(picture(low), low)[:3]).all(), "no chest below it"


@pytest.mark.parametrize("size", [(1, 1), (2, 700), (5, 5), (3000, 2)])
def test_pictures_of_any_size_are_looked_at(size: tuple[int, int]) -> None:
    lm = person()
    assert dress(np.zeros((size[1], size[0], 3), np.uint8), lm).shape == (6,)


def test_a_video_is_looked_at_every_half_second_and_a_picture_each_time() -> None:
    lm = person()
    one, other = picture(lm), np.full((HEIGHT, WIDTH, 3), 90, np.uint8)
    first, second = dress(one, lm), dress(other, lm)
    video, pictures = SceneTracker(follow=True), SceneTracker(follow=False)
    told = [
        video.measure(image, t_s, lm)[DRESS]
        for image, t_s in ((one, 0.0), (other, 0.4), (other, INTERVAL_S), (one, 0.7))
    ]
    assert [np.array_equal(t, first) for t in told] == [True, True, False, False]
    assert np.array_equal(told[2], second)
    assert np.array_equal(video.measure(one, 0.1, lm)[DRESS], first), "time went back: another video"
    assert np.array_equal(pictures.measure(one, 0.0, lm)[DRESS], first)
    assert np.array_equal(pictures.measure(other, 0.1, lm)[DRESS], second)
