"""Gaussian-process regression whose answers are exactly even or odd under a mirrored picture; numpy only.

Kernel: k(x, x') = sum_b a_b^2 <x_b, x'_b> + s^2/2 (exp(-|r(x - x')|^2/2) +- exp(-|r(x - Mx')|^2/2)), where M
turns the sign of the odd features; + for quantities that a mirror leaves alone, - for those it turns round
(the linear term then takes the even or the odd blocks only).

Several groups of quantities, each with weights a, r, s of its own, share the fitting frames: all their distances
come out of one matrix product.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self

import numpy as np

from posture_cv.landmarks.types import Float32
from posture_cv.measure.types import Float

# Features are squashed softly to this many root mean squares of the fitting set, so that nothing unheard of
# runs away: many columns (outlines, meshes) closely, single numbers, which extrapolate better, loosely (ours).
CLIP_WIDE: Final = 4.0
CLIP_NARROW: Final = 8.0
NARROW: Final = 3
# Frames at a time: their distances from all fitting frames then stay in a core's cache (a third faster, measured).
ROWS: Final = 32


@dataclass(frozen=True, slots=True, eq=False)
class ColumnProjection:
    """Columns (N, D) through a matrix, squashed and divided by the square root of their block's width.

    Without an offset: mirrored columns come out mirrored. `block_model.BlockProjection`, of the other views, has one.

    Attributes:
        matrix: (D, d), divided by what the columns are squashed to.
        reach: (d,) what they are multiplied with afterwards.
    """

    matrix: Float
    reach: Float

    @classmethod
    def of(cls, matrix: Float, widths: Sequence[int]) -> Self:
        """From the matrix (D, d) and the widths of its blocks, d in all."""
        width = np.repeat(widths, widths)
        clip = np.where(width <= NARROW, CLIP_NARROW, CLIP_WIDE)
        return cls(matrix / clip, clip * (1.0 / np.sqrt(width.astype(np.float64))))

    def __call__(self, columns: Float) -> Float32:
        """(N, d) float32."""
        return (self.reach * np.tanh(columns @ self.matrix)).astype(np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class KernelWeights:
    """One group's kernel, in the terms of the formula above.

    Attributes:
        a: (De,) and (Do,) weights of the linear part, of each even and each odd column.
        r: (De,) and (Do,) inverse lengths of the exponential part.
        s: its amplitude.
        alpha: (M, T) what each of M fitting frames counts in T quantities.
        is_odd: whether a mirror turns the quantities round.
    """

    a: tuple[Float, Float]
    r: tuple[Float, Float]
    s: float
    alpha: Float
    is_odd: bool


@dataclass(frozen=True, slots=True, eq=False)
class MirrorKernels:
    """G groups over the same M fitting frames.

    Attributes:
        even_points, odd_points: (D, M) fitting frames.
        even_square, odd_square: (G, D) r squared.
        half: (G, M) half the squared length of the points, in each group's terms.
        sign: (G, 1) +1 for even quantities, -1 for odd ones.
        alpha: (G, M, T) weights of the RBF part, s^2/2 included; T of the largest group, 0 beyond the others'.
        even_linear, odd_linear: (D, G T) weights of the linear part.
    """

    even_points: Float32
    odd_points: Float32
    even_square: Float32
    odd_square: Float32
    half: Float32
    sign: Float32
    alpha: Float32
    even_linear: Float32
    odd_linear: Float32

    @classmethod
    def build(cls, even: Float32, odd: Float32, groups: Sequence[KernelWeights]) -> Self:
        """From fitting frames (M, D), as projected, and the groups."""
        width = max(g.alpha.shape[1] for g in groups)
        pe, po = even.astype(np.float64), odd.astype(np.float64)
        alpha = np.zeros((len(groups), len(pe), width))
        linear = np.zeros((pe.shape[1], len(groups), width)), np.zeros((po.shape[1], len(groups), width))
        for k, g in enumerate(groups):
            count = g.alpha.shape[1]
            alpha[k, :, :count] = g.alpha * (g.s * g.s / 2.0)
            part, points = (linear[1], po) if g.is_odd else (linear[0], pe)
            part[:, k, :count] = g.a[int(g.is_odd)][:, None] ** 2 * (points.T @ g.alpha)
        re, ro = (np.stack([g.r[side] for g in groups]) ** 2 for side in (0, 1))
        half = 0.5 * (re @ (pe**2).T + ro @ (po**2).T)
        sign = np.array([[-1.0 if g.is_odd else 1.0] for g in groups])
        flat = (part.reshape(len(part), -1) for part in linear)
        parts = (pe.T, po.T, re, ro, half, sign, alpha, *flat)
        return cls(*(np.ascontiguousarray(x, np.float32) for x in parts))

    def predict(self, even: Float32, odd: Float32) -> tuple[Float32, Float32]:
        """Of projected columns of N frames: (N, G, T) values and (N, G) nearness to the nearest fitting frame.

        Nearness is the kernel's exponential part, exp(-|r(x - x')|^2/2), mirror images included: 0 to 1.
        """
        # Work arrays for all rows in turn: made anew for each, they cost about as much as what is done with them, since
        # the system takes such large ones back at once and hands out empty pages again.
        work = np.empty((3, min(len(even), ROWS), *self.half.shape), np.float32)
        if len(even) <= ROWS:
            return self._predict(even, odd, work)
        starts = range(0, len(even), ROWS)
        parts = [self._predict(even[i : i + ROWS], odd[i : i + ROWS], work) for i in starts]
        value, nearness = (np.concatenate(part) for part in zip(*parts, strict=True))
        return value, nearness

    def _predict(self, even: Float32, odd: Float32, work: Float32) -> tuple[Float32, Float32]:
        """The same; `work` (3, N or more, G, M) is written over."""
        n, (g, m, t) = len(even), self.alpha.shape
        base, across, mirrored = work[:, :n]
        own = 0.5 * ((even * even) @ self.even_square.T + (odd * odd) @ self.odd_square.T)
        scaled = (even[:, None] * self.even_square).reshape(n * g, -1)
        np.matmul(scaled, self.even_points, out=base.reshape(n * g, m))
        scaled = (odd[:, None] * self.odd_square).reshape(n * g, -1)
        np.matmul(scaled, self.odd_points, out=across.reshape(n * g, m))
        base -= self.half
        base -= own[:, :, None]
        np.exp(np.subtract(base, across, out=mirrored), out=mirrored)
        base += across
        same = np.exp(base, out=base)
        nearness = np.maximum(same.max(axis=2), mirrored.max(axis=2))
        mirrored *= self.sign
        same += mirrored
        value = np.matmul(same[:, :, None], self.alpha)[:, :, 0]
        return value + (even @ self.even_linear + odd @ self.odd_linear).reshape(n, g, t), nearness
