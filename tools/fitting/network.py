"""Teach the small networks of `posture_cv.measure.mirror_network` and `posture_cv.measure.plain_network`.

Adam with the mean of the weights over the last epochs, which does for them what a falling step would (Izmailov et al.
2018, stochastic weight averaging). For the former each frame is shown beside its mirror image. Needs scikit-learn,
which the program does not.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from fitting.material import Float

STEP: Final = 1e-3
BATCH: Final = 256
LEAST: Final = 1e-6


@dataclass(frozen=True, slots=True)
class Lesson:
    """How a network is taught.

    Attributes:
        hidden: widths of the layers between columns and answers.
        epochs: how often it is shown every frame; the mean of its weights over the last half of them is kept.
        decay: weight of the squared weights, scikit-learn's alpha.
        noise: standard deviation of what is added anew in each epoch to every column, in its root mean squares.
    """

    hidden: tuple[int, int]
    epochs: int
    decay: float
    noise: float = 0.0


# All ours, chosen on training people by networks that only knew rendered people of our own: columns with noise are not
# learned by heart. Of the side there are fewer frames, so that it takes more decay, too.
MIRRORED: Final = Lesson((192, 96), 60, 0.1, 0.3)
PLAIN: Final = Lesson((128, 64), 160, 2.0, 0.1)


def taught(
    even: NDArray[Any],
    odd: NDArray[Any],
    y: Float,
    is_odd: NDArray[np.bool_],
    networks: int,
    weight: Float | float = 1.0,
) -> dict[str, NDArray[Any]]:
    """Arrays of networks as `MirrorNetwork.from_arrays` reads them, without a key before their names.

    Args:
        even, odd: (N, De) and (N, Do) columns.
        y: (N, T) quantities.
        is_odd: (T,) which of these a mirror turns round.
        networks: how many.
        weight: (T,) or the same for all: how much an error of a standard deviation of a quantity counts.
    """
    sign, x = np.where(is_odd, -1.0, 1.0), np.hstack([even, odd]).astype(np.float64)
    mirrored = x * np.repeat([1.0, -1.0], [even.shape[1], odd.shape[1]])
    spread = y.std(axis=0) / weight
    (w, b), *layers = _layers(np.vstack([x, mirrored]), np.vstack([y, y * sign]), spread, networks, MIRRORED)
    out = {"even": w[:, : even.shape[1]], "odd": w[:, even.shape[1] :], "offset": b}
    for k, (w, b) in enumerate(layers, 1):
        out |= {f"weights{k}": w, f"offset{k}": b}
    return out


def taught_plain(x: Float, y: Float, networks: int) -> dict[str, NDArray[Any]]:
    """Arrays of networks as `PlainNetwork.from_arrays` reads them, without a key before their names.

    Args:
        x: (N, D) columns.
        y: (N, T) quantities.
        networks: how many.
    """
    out: dict[str, NDArray[Any]] = {}
    for k, (w, b) in enumerate(_layers(x, y, y.std(axis=0), networks, PLAIN)):
        out |= {f"weights{k}": w, f"offset{k}": b}
    return out


def _layers(
    x: Float, y: Float, spread: Float, networks: int, lesson: Lesson
) -> list[tuple[NDArray[np.float16], NDArray[np.float32]]]:
    """Weights (K, D, D') and offsets (K, 1, D') of each layer of so many networks, rounded as they are shipped.

    They are taught columns (N, D) in their root mean squares and quantities (N, T) in `spread` (T,); the layers take
    and give both as they are.
    """
    size = np.sqrt((x**2).mean(axis=0))
    size = np.where(size > LEAST, size, 1.0)  # a column that never changes
    columns, targets = (x / size).astype(np.float32), (y / spread).astype(np.float32)
    found = at_once(lambda seed: _one(columns, targets, seed, lesson), range(networks))
    stacked = [
        tuple(np.stack(parts) for parts in zip(*layer, strict=True)) for layer in zip(*found, strict=True)
    ]
    (first, start), (last, end) = stacked[0], stacked[-1]
    stacked[0], stacked[-1] = (first / size[:, None], start), (last * spread, end * spread)
    return [(w.astype(np.float16), b[:, None].astype(np.float32)) for w, b in stacked]


def at_once(teach: Callable[[Any], Any], each: Iterable[Any]) -> list[Any]:
    """What `teach` makes of each, on all cores: most of it is matrix products, during which other threads run."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(teach, each))


def _one(
    x: NDArray[np.float32], y: NDArray[np.float32], seed: int, lesson: Lesson
) -> list[tuple[Float, Float]]:
    """Mean weights and offsets of each layer over the last epochs."""
    from sklearn.neural_network import MLPRegressor  # seconds, which --help does not need

    net = MLPRegressor(
        hidden_layer_sizes=lesson.hidden,
        alpha=lesson.decay,
        learning_rate_init=STEP,
        batch_size=min(BATCH, len(x)),
        random_state=seed,
    )
    rng, averaged = np.random.default_rng(seed), lesson.epochs // 2
    total: list[tuple[Float, Float]] = []
    for epoch in range(lesson.epochs):
        shaken = x + lesson.noise * rng.standard_normal(x.shape, np.float32) if lesson.noise else x
        net.partial_fit(shaken, y)
        if epoch >= lesson.epochs - averaged:
            now = [
                (w.astype(np.float64), b.astype(np.float64))
                for w, b in zip(net.coefs_, net.intercepts_, strict=True)
            ]
            total = [(w + v, b + c) for (w, b), (v, c) in zip(total, now, strict=True)] if total else now
    return [(w / averaged, b / averaged) for w, b in total]
