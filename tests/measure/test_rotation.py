"""The rotation in a matrix: of one frame in plain numbers, of many by decomposition, and both say the same."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from posture_cv.measure.face_geometry import (
    FOREHEAD_TOP,
    LEFT_EYE_CORNERS,
    NOSE_BRIDGE,
    RIGHT_EYE_CORNERS,
    facing_deg,
)
from posture_cv.measure.rotation import rotation_and_scale, rotation_vectors_deg, similarity_fit
from posture_cv.measure.types import Float

RNG = np.random.default_rng(7)


def _rotation() -> Float:
    q = np.linalg.qr(RNG.normal(size=(3, 3)))[0]
    return np.asarray(q * np.sign(np.linalg.det(q)))


def _spread(stretch: tuple[float, float, float]) -> tuple[Float, Float]:
    """A matrix that stretches so and turns, and the turn."""
    axes, turn = _rotation(), _rotation()
    return turn @ axes @ np.diag(stretch) @ axes.T, turn


@pytest.mark.parametrize(
    "stretch", [(1.0, 1.0, 1.0), (0.5, 0.35, 0.15), (300.0, 2.0, 1.0), (1.0, 1e-5, 1e-9)]
)
def test_the_rotation_comes_back_with_the_stretch(stretch: tuple[float, float, float]) -> None:
    for _ in range(20):
        spread, turn = _spread(stretch)
        rotation, scale = rotation_and_scale(spread[None])
        # what is all but flat leaves open how far it has turned about itself
        np.testing.assert_allclose(rotation[0], turn, atol=1e-12 if stretch[2] > 1e-3 else 1e-3)
        np.testing.assert_allclose(scale, sum(stretch), rtol=1e-12)


def test_one_frame_and_many_say_the_same() -> None:
    spreads = RNG.normal(size=(200, 3, 3))  # half of them mirror
    rotations, scales = rotation_and_scale(spreads)
    assert np.any(np.linalg.det(spreads) < 0.0)
    for k in range(len(spreads)):
        rotation, scale = rotation_and_scale(spreads[k : k + 1])
        np.testing.assert_allclose(rotation[0], rotations[k], atol=1e-9)
        np.testing.assert_allclose(scale[0], scales[k], rtol=1e-12)
    np.testing.assert_allclose(np.linalg.det(rotations), 1.0)


def test_quarter_turns_whose_numbers_stand_still_are_not_taken_for_done() -> None:
    turn = np.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    rotation, scale = rotation_and_scale((turn @ np.diag([2.0, 0.5, 1.0]))[None])
    np.testing.assert_allclose(rotation[0], turn, atol=1e-13)
    np.testing.assert_allclose(scale, [3.5])


ANGLE = st.floats(-80.0, 80.0)


@given(scale=st.floats(0.3, 3.0), pitch=ANGLE, yaw=ANGLE, seed=st.integers(0, 1000))
def test_a_similarity_is_found_again(scale: float, pitch: float, yaw: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    shape, turn = rng.normal(size=(30, 3)), _about(1, yaw) @ _about(0, pitch)
    moved = scale * shape @ turn.T + rng.normal(size=3)
    found, rotation, centroid = similarity_fit(shape, moved[None])
    assert found[0] == pytest.approx(scale, rel=1e-9)
    np.testing.assert_allclose(rotation[0], turn, atol=1e-9)
    np.testing.assert_allclose(centroid[0], moved.mean(axis=0))


@given(degrees=st.floats(-179.9, 179.9), axis=st.integers(0, 2))
def test_a_turn_is_told_by_its_axis_and_in_degrees(degrees: float, axis: int) -> None:
    expected = np.zeros(3)
    expected[axis] = degrees
    np.testing.assert_allclose(rotation_vectors_deg(_about(axis, degrees)[None])[0], expected, atol=1e-5)


@pytest.mark.parametrize("degrees", [-25.0, 10.0])
def test_a_face_that_turns_to_the_right_of_the_picture_or_is_seen_from_below_counts_as_positive(
    degrees: float,
) -> None:
    mesh = np.zeros((468, 3))
    mesh[list(LEFT_EYE_CORNERS)], mesh[list(RIGHT_EYE_CORNERS)] = (3.0, 0.0, 0.0), (-3.0, 0.0, 0.0)
    mesh[FOREHEAD_TOP], mesh[NOSE_BRIDGE] = (0.0, -6.0, 0.0), (0.0, 1.0, 0.0)
    to_the_right, tipped_back = _about(1, -degrees), _about(0, -degrees)
    assert (to_the_right @ (0.0, 0.0, -1.0))[0] * degrees > 0.0, "the sight goes to the right"
    assert facing_deg(mesh @ to_the_right.T) == pytest.approx((0.0, degrees))
    assert (tipped_back @ (0.0, 0.0, -1.0))[1] * degrees < 0.0, "the sight goes up"
    assert facing_deg(mesh @ tipped_back.T) == pytest.approx((degrees, 0.0))


def _about(axis: int, degrees: float) -> Float:
    """(3, 3) a turn about the x, y or z axis."""
    first, second = [(1, 2), (2, 0), (0, 1)][axis]
    turn = np.eye(3)
    turn[first, first] = turn[second, second] = np.cos(np.radians(degrees))
    turn[second, first] = np.sin(np.radians(degrees))
    turn[first, second] = -turn[second, first]
    return turn
