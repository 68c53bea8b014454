"""Teach the network beside the side view's processes, and choose its share in each answer.

It learns from the bulk alone, its projection too, so that it is no better on the people who judge the fit, or on those
of a public set, than on anybody else.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from fitting.material import Float
from fitting.network import taught_plain
from posture_cv.measure.block_model import BlockProjection, NetworkBeside, mixed

NETWORKS: Final = 2
SHARES: Final = np.arange(6) / 10  # the processes, which know people like these, keep half (ours)
NEARLY: Final = 1.005  # shares that err so little more than the best are as good (ours)


def taught_beside(
    projection: BlockProjection, blocks: Mapping[str, Float], truth: Mapping[str, Float]
) -> dict[str, NDArray[Any]]:
    """Arrays of a network beside, without the key before their names and without its shares.

    Args:
        projection: of the network's own.
        blocks: raw features, (N, D_b), of the frames that teach.
        truth: quantity -> (N,).
    """
    y = np.stack(list(truth.values()), axis=1)
    about = {"blocks": np.array(projection.names), "names": np.array(list(truth))}
    parts = {"centre": projection.centre, "matrix": projection.matrix, "share": projection.share}
    return {**about, **parts, **taught_plain(projection(blocks), y, NETWORKS)}


def told_by(beside: NetworkBeside | None, blocks: Mapping[str, Float]) -> dict[str, tuple[Float, float]]:
    """Quantity -> the network's (N,) answers to raw features (N, D_b), and its share; nothing without a network."""
    if beside is None:
        return {}
    told = beside.answers(blocks)
    return {name: (told[:, k], float(beside.part[k])) for k, name in enumerate(beside.names)}


def best_share(value: Float, network: Float, truth: Float) -> float:
    """The network's share that errs least on people left out: of those that are nearly as good, the smallest.

    A fit that saw people like these is to be believed before one that only saw rendered ones of our own.

    Args:
        value: (N,) the processes' answers.
        network: (N,) the network's.
        truth: (N,) what is true.
    """
    errors = [mixed(value, network, share) - truth for share in SHARES]
    loss = np.array([np.abs(e).mean() + np.sqrt((e**2).mean()) for e in errors])
    return float(SHARES[np.flatnonzero(loss <= NEARLY * loss.min())[0]])
