"""The rotation in a matrix: of one frame in plain numbers, of many by decomposition, and both say the same."""

from __future__ import annotations

import numpy as np
import pytest

from posture_cv.measure.rotation import rotation_and_scale
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
