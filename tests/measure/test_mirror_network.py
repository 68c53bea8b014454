"""Networks answer a mirrored picture by mirrored answers, however many frames at a time and however made."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from posture_cv.measure.mirror_network import ROWS, MirrorNetwork
from tools.tool import TOOLS

IS_ODD = np.array([False, True, False])


def arrays(rng: np.random.Generator, networks: int = 2) -> dict[str, NDArray[Any]]:
    """Weights of networks with five even and four odd columns, two hidden layers and three answers."""
    shapes = {"even": (5, 8), "odd": (4, 8), "offset": (1, 8), "weights1": (8, 6), "offset1": (1, 6)}
    shapes |= {"weights2": (6, 3), "offset2": (1, 3)}
    return {f"net.{k}": rng.normal(size=(networks, *shape)) for k, shape in shapes.items()}


def columns(rng: np.random.Generator, count: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    return rng.normal(size=(count, 5)).astype(np.float32), rng.normal(size=(count, 4)).astype(np.float32)


@given(seed=st.integers(0, 2**32 - 1), count=st.integers(0, 2 * ROWS + 3))
def test_a_mirrored_picture_turns_odd_answers_round_and_leaves_the_others_alone(
    seed: int, count: int
) -> None:
    rng = np.random.default_rng(seed)
    network = MirrorNetwork.from_arrays(arrays(rng), "net", IS_ODD)
    even, odd = columns(rng, count)
    told, mirrored = network.answers(even, odd), network.answers(even, -odd)
    assert told.shape == (count, 3)
    np.testing.assert_allclose(mirrored, np.where(IS_ODD, -told, told), atol=1e-4)
    each = [network.answers(even[k : k + 1], odd[k : k + 1]) for k in range(count)]
    np.testing.assert_allclose(np.concatenate([told[:0], *each]), told, atol=1e-4)


def test_the_answers_are_those_of_the_layers_one_by_one() -> None:
    rng = np.random.default_rng(1)
    parts, (even, odd) = arrays(rng, networks=1), columns(rng, 7)

    def plain(turned: NDArray[np.float32]) -> NDArray[np.float64]:
        h = even @ parts["net.even"][0] + turned @ parts["net.odd"][0] + parts["net.offset"][0]
        h = np.maximum(h, 0) @ parts["net.weights1"][0] + parts["net.offset1"][0]
        return np.asarray(np.maximum(h, 0) @ parts["net.weights2"][0] + parts["net.offset2"][0])

    wanted = (plain(odd) + np.where(IS_ODD, -1, 1) * plain(-odd)) / 2
    told = MirrorNetwork.from_arrays(parts, "net", IS_ODD).answers(even, odd)
    np.testing.assert_allclose(told, wanted, atol=1e-4)


@pytest.mark.skipif(not TOOLS.exists(), reason="needs the checkout: tools/ is not installed")
def test_networks_learn_what_they_are_taught(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("sklearn")
    monkeypatch.syspath_prepend(str(TOOLS))
    teacher = importlib.import_module("fitting.network")
    rng = np.random.default_rng(2)
    even, odd = columns(rng, 1500)
    even *= np.array([1.0, 3.0, 0.1, 1.0, 1.0], np.float32)
    y = np.stack([even[:, 0] + 2 * np.abs(odd[:, 0]), odd[:, 1] * even[:, 0], 5 * even[:, 2]], axis=1).astype(
        np.float64
    )
    monkeypatch.setattr(teacher, "MIRRORED", teacher.Lesson((64, 32), 30, 0.3))
    made = {f"net.{k}": v for k, v in teacher.taught(even[:1200], odd[:1200], y[:1200], IS_ODD, 2).items()}
    assert made["net.even"].shape == (2, 5, 64)
    told = MirrorNetwork.from_arrays(made, "net", IS_ODD).answers(even[1200:], odd[1200:])
    for k in range(3):
        assert np.corrcoef(told[:, k], y[1200:, k])[0, 1] > 0.93
