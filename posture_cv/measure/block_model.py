"""How side and oblique view answer: Gaussian processes on blocks of features, networks beside; numpy only.

Kernel: k(x, x') = sum_b a_b^2 <x_b, x'_b> + s^2 exp(-|r (x - x')|^2 / 2) over blocks b of features. Quantities that
hang together share a kernel, and all kernels of a variant read the same projected features, so that one frame
costs a few small products. A small network, which only knows rendered people of our own, has a share in each answer:
it errs in other frames than the processes do. `tools/fitting/block_fit.py` makes the arrays.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from posture_cv.measure.plain_network import PlainNetwork
from posture_cv.measure.types import Float

Blocks = Mapping[str, Float]

# Projected features are squashed softly to this many root mean squares of the fitting set, so that nothing unheard
# of runs away (ours).
CLIP: Final = 6.0
CONTOUR, LANDMARKS = "contour", "landmarks"
SD_INPUTS: Final = 5
LOG_SD_LOW, LOG_SD_HIGH = -4.0, 3.0  # limits of log sd, in the quantity's unit (ours)


@dataclass(frozen=True, slots=True, eq=False)
class BlockProjection:
    """Named blocks of features made comparable: centred, projected, squashed, divided by the root of their width.

    The front's `mirror_kernel.ColumnProjection` is given columns that lie ready and have nothing taken off, since a
    mirror is to turn the sign of the odd ones; it squashes narrow blocks less, into float32.

    Attributes:
        names: of the blocks, in order.
        centre: (D,) subtracted first; 0 but for blocks that tell of the baseline.
        matrix: (D, d) block-diagonal, to about unit root mean square.
        share: (d,) 1 / sqrt(columns of the block).
    """

    names: tuple[str, ...]
    centre: Float
    matrix: Float
    share: Float

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Any], key: str) -> Self:
        """From `KEY.blocks`, `KEY.centre`, `KEY.matrix` and `KEY.share`."""
        names = tuple(str(name) for name in arrays[f"{key}.blocks"])
        parts = (np.asarray(arrays[f"{key}.{part}"], np.float64) for part in ("centre", "matrix", "share"))
        return cls(names, *parts)

    def __call__(self, blocks: Blocks) -> Float:
        """(N, d) of blocks (N, D_b); what is not finite counts as unchanged (the centre)."""
        x = np.concatenate([blocks[name] for name in self.names], axis=1) - self.centre
        np.copyto(x, 0.0, where=~np.isfinite(x))
        return np.asarray(CLIP * np.tanh(x @ self.matrix / CLIP) * self.share)


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """Quantities that share a kernel.

    Attributes:
        names: T quantities.
        columns: (c,) columns of the projected features used.
        r: (c,) inverse lengths.
        points: (M, c) fitting frames times r.
        half: (M,) half their squared lengths.
        alpha: (M, T) weights of the exponential part, s^2 included.
        linear: (c, T) weights of the linear part.
    """

    names: tuple[str, ...]
    columns: NDArray[np.intp]
    r: Float
    points: Float
    half: Float
    alpha: Float
    linear: Float

    def with_inputs(self, projected: Float, quality: Float) -> tuple[Float, Float]:
        """(N, T) values and (N, 5) what the uncertainty of all of them depends on.

        The latter are 1, log(1 + the change's squared size) / 2, the root of half the squared distance from the nearest
        fitting frame, and both columns of `quality`.

        Args:
            projected: (N, d) features.
            quality: (N, 2) residuals of head and upper back, cm; 0 without a contour.
        """
        x = projected[:, self.columns]
        near = x * self.r
        log_kernel = near @ self.points.T
        log_kernel -= 0.5 * (near * near).sum(axis=1)[:, None]
        log_kernel -= self.half
        value = np.exp(log_kernel) @ self.alpha + x @ self.linear
        inputs = np.ones((len(x), SD_INPUTS))
        inputs[:, 1] = 0.5 * np.log1p((x * x).sum(axis=1))
        inputs[:, 2] = np.sqrt(np.maximum(-log_kernel.max(axis=1), 0.0))
        inputs[:, 3:] = quality
        return np.asarray(value), inputs


@dataclass(frozen=True, slots=True, eq=False)
class NetworkBeside:
    """A network that answers, too, from a projection of its own.

    Attributes:
        names: T quantities.
        projection: of the features, as the people who taught it scatter.
        network: (N, d) columns to (N, T) quantities.
        part: (T,) the network's share in each answer, 0 to 1.
    """

    names: tuple[str, ...]
    projection: BlockProjection
    network: PlainNetwork
    part: Float

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Any], variant: str) -> Self | None:
        """From `VARIANT.network.…`; None where there is none."""
        key = f"{variant}.network"
        if f"{key}.names" not in arrays:
            return None
        names = tuple(str(name) for name in arrays[f"{key}.names"])
        part = np.asarray(arrays[f"{key}.part"], np.float64)
        projection = BlockProjection.from_arrays(arrays, key)
        return cls(names, projection, PlainNetwork.from_arrays(arrays, key), part)

    def answers(self, blocks: Blocks) -> Float:
        """(N, T) of blocks (N, D_b)."""
        return self.network.answers(self.projection(blocks))


@dataclass(frozen=True, slots=True, eq=False)
class BlockModel:
    """A fitted view.

    Attributes:
        projections: "contour" and "landmarks" -> how their features are projected.
        groups: the same -> groups that answer.
        sd: the same -> quantity -> (5,) weights of log sd on the uncertainty's inputs.
        networks: the same -> the network beside them, where there is one.
    """

    projections: Mapping[str, BlockProjection]
    groups: Mapping[str, tuple[Group, ...]]
    sd: Mapping[str, Mapping[str, Float]]
    networks: Mapping[str, NetworkBeside]

    def predict(self, variant: str, blocks: Blocks, quality: Float) -> dict[str, tuple[Float, Float]]:
        """Quantity -> (N,) value and (N,) standard deviation.

        Where several groups answer, their mean, in which the network then has its share.
        """
        projected = self.projections[variant](blocks)
        found: dict[str, list[tuple[Float, Float]]] = {}
        for group in self.groups[variant]:
            value, inputs = group.with_inputs(projected, quality)
            for k, name in enumerate(group.names):
                found.setdefault(name, []).append((value[:, k], inputs))
        out = {name: _answer(parts, self.sd[variant][name]) for name, parts in found.items()}
        beside = self.networks.get(variant)
        if beside is not None:
            told = beside.answers(blocks)
            for k, name in enumerate(beside.names):
                value, sd = out[name]
                out[name] = mixed(value, told[:, k], beside.part[k]), sd
        return out


def _answer(parts: list[tuple[Float, Float]], weights: Float) -> tuple[Float, Float]:
    value, inputs = parts[0]
    for other, others_inputs in parts[1:]:
        value, inputs = value + other, inputs + others_inputs
    log_sd = (inputs @ weights) / len(parts)
    return value / len(parts), np.exp(np.minimum(np.maximum(log_sd, LOG_SD_LOW), LOG_SD_HIGH))


def mixed(value: Float, network: Float, part: float) -> Float:
    """(N,) the processes' answer (N,) and the network's (N,), which has this part in it, 0 to 1."""
    return np.asarray(value + part * (network - value))


def block_model(arrays: Mapping[str, Any]) -> BlockModel:
    """From the arrays of `side.npz` or `oblique.npz`."""
    projections, groups, sd, networks = {}, {}, {}, {}
    for variant in (CONTOUR, LANDMARKS):
        projections[variant] = BlockProjection.from_arrays(arrays, variant)
        count = int(arrays[f"{variant}.groups"])
        groups[variant] = tuple(_group(arrays, variant, k) for k in range(count))
        answered = {name for group in groups[variant] for name in group.names}
        sd[variant] = {name: np.asarray(arrays[f"{variant}.sd.{name}"], np.float64) for name in answered}
        beside = NetworkBeside.from_arrays(arrays, variant)
        if beside is not None:
            networks[variant] = beside
    return BlockModel(projections, groups, sd, networks)


def _group(arrays: Mapping[str, Any], variant: str, number: int) -> Group:
    key = f"{variant}.{number}"
    columns = np.asarray(arrays[f"{key}.columns"], np.intp)
    r, alpha, linear = (np.asarray(arrays[f"{key}.{k}"], np.float64) for k in ("r", "alpha", "linear"))
    # A fit without a person: that person's frames weigh nothing, and are none that a frame could be near to.
    weighing = (alpha != 0.0).any(axis=1)
    alpha = alpha[weighing]
    points = np.asarray(arrays[f"{variant}.points"], np.float64)[np.ix_(weighing, columns)] * r
    half = 0.5 * (points * points).sum(axis=1)
    names = tuple(str(name) for name in arrays[f"{key}.names"])
    return Group(names, columns, r, points, half, alpha, linear)
