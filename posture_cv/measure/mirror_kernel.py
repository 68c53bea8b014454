"""Gaussian-process regression whose answers are exactly even or odd under a mirrored picture; numpy only.

Kernel: k(x, x') = sum_b a_b^2 <x_b, x'_b> + s^2/2 (exp(-|r(x - x')|^2/2) +- exp(-|r(x - Mx')|^2/2)), where M
turns the sign of the odd features; + for quantities that a mirror leaves alone, - for those it turns round
(the linear term then takes the even or the odd blocks only).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from posture_cv.measure.types import Float

Float32 = NDArray[np.float32]

# Features are squashed softly to this many root mean squares of the fitting set, so that nothing unheard of
# runs away: many columns (outlines, meshes) closely, single numbers, which extrapolate better, loosely (ours).
CLIP_WIDE: Final = 4.0
CLIP_NARROW: Final = 8.0
NARROW: Final = 3


def project(blocks: Mapping[str, Float], projections: Mapping[str, Float]) -> dict[str, Float32]:
    """Each block (N, D) that has a matrix (D, d) through it, squashed and divided by sqrt(d)."""
    out = {}
    for name, matrix in projections.items():
        if name in blocks:
            d = matrix.shape[1]
            clip = CLIP_NARROW if d <= NARROW else CLIP_WIDE
            out[name] = (clip * np.tanh(blocks[name] @ matrix / clip) / np.sqrt(d)).astype(np.float32)
    return out


@dataclass(frozen=True, slots=True, eq=False)
class MirrorKernel:
    """One group of quantities that share a kernel.

    Attributes:
        even, odd: names of the blocks used.
        is_odd: whether a mirrored picture turns the sign of the quantities.
        even_points, odd_points: (M, d) fitting frames, scaled by r.
        even_r, odd_r: (d,) r of each column.
        linear: (d, T) weights of the even (or, for odd quantities, odd) columns.
        alpha: (M, T) weights of the RBF part, s^2/2 included.
        half_squares: (M,) half the squared lengths of the points.
    """

    even: tuple[str, ...]
    odd: tuple[str, ...]
    is_odd: bool
    even_points: Float32
    odd_points: Float32
    even_r: Float32
    odd_r: Float32
    linear: Float32
    alpha: Float32
    half_squares: Float32

    @classmethod
    def build(
        cls,
        points: Mapping[str, Float32],
        even: tuple[str, ...],
        odd: tuple[str, ...],
        *,
        is_odd: bool,
        a: Mapping[str, float],
        r: Mapping[str, float],
        s: float,
        alpha: Float,
    ) -> MirrorKernel:
        """From projected fitting frames (M, d) by block and the kernel's numbers a, r (by block) and s."""

        def columns(blocks: tuple[str, ...], weight: Mapping[str, float]) -> Float:
            return np.concatenate([np.full(points[b].shape[1], weight[b]) for b in blocks])

        pe, po = (np.hstack([points[b] for b in blocks]).astype(np.float64) for blocks in (even, odd))
        re, ro = columns(even, r), columns(odd, r)
        used, blocks = (po, odd) if is_odd else (pe, even)
        linear = columns(blocks, a)[:, None] ** 2 * (used.T @ alpha)
        pe, po = pe * re, po * ro
        half = 0.5 * ((pe**2).sum(axis=1) + (po**2).sum(axis=1))
        arrays = [x.astype(np.float32) for x in (pe, po, re, ro, linear, alpha * (s * s / 2.0), half)]
        return cls(even, odd, is_odd, *arrays)

    def without(self, keep: NDArray[np.bool_]) -> MirrorKernel:
        """The same kernel with some of the fitting frames only; its values are then no longer the fit's."""
        parts = {k: getattr(self, k)[keep] for k in ("even_points", "odd_points", "alpha", "half_squares")}
        return replace(self, **parts)

    def predict(self, blocks: Mapping[str, Float32]) -> tuple[Float, Float]:
        """Of projected blocks of N frames: (N, T) values and (N,) nearness 0-1 to the fitting frames."""
        xe, xo = (np.hstack([blocks[b] for b in part]) for part in (self.even, self.odd))
        se, so = xe * self.even_r, xo * self.odd_r
        half = 0.5 * ((se**2).sum(axis=1) + (so**2).sum(axis=1))
        base = se @ self.even_points.T - half[:, None] - self.half_squares
        across = so @ self.odd_points.T
        same, mirrored = np.exp(base + across), np.exp(base - across)
        rbf = same - mirrored if self.is_odd else same + mirrored
        value = rbf @ self.alpha + (xo if self.is_odd else xe) @ self.linear
        nearness = np.maximum(same.max(axis=1), mirrored.max(axis=1))
        return value.astype(np.float64), nearness.astype(np.float64)
