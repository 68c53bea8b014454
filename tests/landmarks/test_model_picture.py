"""What the models are shown of a picture: of any size, near that of the pictures that the estimators learned from."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from posture_cv.landmarks.model_picture import (
    MEASURED_PX,
    SEARCHED_SIDE_PX,
    SHORT_SIDE_PX,
    fitting,
    fitting_to_search,
)

SIDES = st.integers(1, 2600)


def _of(width: int, height: int) -> NDArray[np.uint8]:
    return np.zeros((height, width, 3), np.uint8)


@pytest.mark.parametrize(
    ("size", "seen"),
    [
        ((640, 480), (640, 480)),
        ((320, 240), (320, 240)),
        ((800, 600), (800, 600)),
        ((1280, 720), (640, 360)),
        ((720, 1280), (360, 640)),
        ((1920, 1080), (640, 360)),
        ((3840, 2160), (768, 432)),
        ((2592, 1944), (648, 488)),  # 486 rows and two of the border
    ],
)
def test_pictures_of_cameras_are_measured_in_about_one_size(
    size: tuple[int, int], seen: tuple[int, int]
) -> None:
    picture, _ = fitting(_of(*size))
    assert (picture.shape[1], picture.shape[0]) == seen


@pytest.mark.parametrize(
    ("size", "seen"),
    [
        ((640, 480), (640, 480)),
        ((1280, 720), (1280, 720)),
        ((1920, 1080), (1280, 720)),
        ((2592, 1944), (1280, 960)),
    ],
)
def test_faces_to_hide_are_looked_for_in_larger_pictures(
    size: tuple[int, int], seen: tuple[int, int]
) -> None:
    picture, _ = fitting_to_search(_of(*size))
    assert (picture.shape[1], picture.shape[0]) == seen


@given(SIDES, SIDES)
def test_any_picture_fits_the_models_and_what_was_added_is_known(width: int, height: int) -> None:
    for fit in (fitting, fitting_to_search):
        picture, scale = fit(_of(width, height))
        seen = np.array([picture.shape[1], picture.shape[0]])
        assert (seen % 4 == 0).all()
        assert (seen >= SHORT_SIDE_PX).all()
        content = np.round(seen / scale)
        assert np.allclose(content * scale, seen)
        assert (content <= (width, height)).all()
        assert content.max() <= SEARCHED_SIDE_PX
        if fit is fitting:
            assert content.prod() <= 2.3 * MEASURED_PX  # one and a half times as wide is not yet made smaller


def test_a_small_picture_is_left_as_it_is() -> None:
    picture = np.random.default_rng(0).integers(0, 255, (480, 640, 3), np.uint8)
    assert fitting(picture)[0] is picture
    assert fitting_to_search(picture)[0] is picture
