"""Small networks: what they answer is what their layers say, however many frames are asked about at once."""

from __future__ import annotations

import numpy as np
import pytest

from posture_cv.measure.plain_network import PlainNetwork


@pytest.fixture
def network() -> PlainNetwork:
    """Two networks of five columns, seven and three in between, two quantities."""
    rng = np.random.default_rng(1)
    shapes = ((5, 7), (7, 3), (3, 2))
    arrays = {f"n.weights{k}": rng.normal(size=(2, *shape)) for k, shape in enumerate(shapes)}
    arrays |= {f"n.offset{k}": rng.normal(size=(2, 1, shape[1])) for k, shape in enumerate(shapes)}
    return PlainNetwork.from_arrays(arrays, "n")


def test_it_is_the_mean_of_its_networks(network: PlainNetwork) -> None:
    x = np.random.default_rng(2).normal(size=(4, 5))
    told = np.zeros((2, 4, 2))
    for one in range(2):
        for n, frame in enumerate(x):
            first, second, last = ((w[one], b[one, 0]) for w, b in network.layers)
            inner = np.maximum(frame @ first[0] + first[1], 0.0)
            inner = np.maximum(inner @ second[0] + second[1], 0.0)
            told[one, n] = inner @ last[0] + last[1]
    assert network.answers(x) == pytest.approx(told.mean(axis=0))


def test_frames_at_once_equal_frames_one_at_a_time_and_are_left_alone(network: PlainNetwork) -> None:
    x = np.random.default_rng(3).normal(size=(9, 5))
    before = x.copy()
    alone = np.concatenate([network.answers(x[k : k + 1]) for k in range(len(x))])
    assert network.answers(x) == pytest.approx(alone, abs=1e-12)
    assert (x == before).all()
    assert network.answers(x[:0]).shape == (0, 2)
