"""Teach the small networks of `posture_cv.measure.mirror_network`.

Adam with the mean of the weights over the last epochs, which does for them what a falling step would (Izmailov et al.
2018, stochastic weight averaging); each frame is shown beside its mirror image. Needs scikit-learn, which the program
does not.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from fitting.material import Float

HIDDEN: Final = (128, 64)
EPOCHS: Final = 80
AVERAGED: Final = 40  # of these, the last ones
STEP: Final = 1e-3
DECAY: Final = 0.3  # weight of the squared weights, scikit-learn's alpha
BATCH: Final = 256
# All ours, chosen on training people by networks that only knew rendered people of our own.


def taught(
    even: NDArray[Any], odd: NDArray[Any], y: Float, is_odd: NDArray[np.bool_], networks: int
) -> dict[str, NDArray[Any]]:
    """Arrays of networks as `MirrorNetwork.from_arrays` reads them, without a key before their names.

    Args:
        even, odd: (N, De) and (N, Do) columns.
        y: (N, T) quantities.
        is_odd: (T,) which of these a mirror turns round.
        networks: how many.
    """
    spread, size = (
        y.std(axis=0),
        [np.sqrt((x.astype(np.float64) ** 2).mean(axis=0)) + 1e-9 for x in (even, odd)],
    )
    e, o = ((x / s).astype(np.float32) for x, s in zip((even, odd), size, strict=True))
    sign = np.where(is_odd, -1.0, 1.0)
    x = np.vstack([np.hstack([e, o]), np.hstack([e, -o])])
    targets = (np.vstack([y, y * sign]) / spread).astype(np.float32)
    found = [_one(x, targets, seed) for seed in range(networks)]
    layers = [[np.stack([net[k][i] for net in found]) for i in (0, 1)] for k in range(len(found[0]))]
    width = e.shape[1]
    layers[-1] = [part * spread for part in layers[-1]]
    out = {
        "even": layers[0][0][:, :width] / size[0][:, None],
        "odd": layers[0][0][:, width:] / size[1][:, None],
        "offset": layers[0][1][:, None],
    }
    for k, (w, b) in enumerate(layers[1:], 1):
        out |= {f"weights{k}": w, f"offset{k}": b[:, None]}
    return {name: part.astype(np.float16 if part.shape[1] > 1 else np.float32) for name, part in out.items()}


def _one(x: NDArray[np.float32], y: NDArray[np.float32], seed: int) -> list[tuple[Float, Float]]:
    """Mean weights and offsets of each layer over the last epochs."""
    from sklearn.neural_network import MLPRegressor  # seconds, which --help does not need

    net = MLPRegressor(
        hidden_layer_sizes=HIDDEN,
        alpha=DECAY,
        learning_rate_init=STEP,
        batch_size=min(BATCH, len(x)),
        random_state=seed,
    )
    total: list[tuple[Float, Float]] = []
    for epoch in range(EPOCHS):
        net.partial_fit(x, y)
        if epoch >= EPOCHS - AVERAGED:
            now = [
                (w.astype(np.float64), b.astype(np.float64))
                for w, b in zip(net.coefs_, net.intercepts_, strict=True)
            ]
            total = [(w + v, b + c) for (w, b), (v, c) in zip(total, now, strict=True)] if total else now
    return [(w / AVERAGED, b / AVERAGED) for w, b in total]
