"""Gaussian-process regression whose answers are exactly even or odd under a mirrored picture; numpy only.

Kernel: k(x, x') = sum_b a_b^2 <x_b, x'_b> + s^2/2 (exp(-|r(x - x')|^2/2) +- exp(-|r(x - Mx')|^2/2)), where M
turns the sign of the odd features; + for quantities that a mirror leaves alone, - for those it turns round
(the linear term then takes the even or the odd blocks only).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from posture_cv.measure.types import Float

# Features are squashed to +-CLIP root-mean-squares of the fitting set, so that nothing unheard of runs away.
CLIP: Final = 4.0


def squash(x: Float) -> Float:
    """Features limited softly to +-`CLIP`."""
    return np.asarray(CLIP * np.tanh(x / CLIP))


def project(blocks: Mapping[str, Float], projections: Mapping[str, Float]) -> dict[str, Float]:
    """Each block (N, D) through its matrix (D, d), squashed and divided by sqrt(d)."""
    return {k: squash(blocks[k] @ p) / np.sqrt(p.shape[1]) for k, p in projections.items() if k in blocks}


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
        sd: (T, 5) weights of log sd on `sd_inputs`.
    """

    even: tuple[str, ...]
    odd: tuple[str, ...]
    is_odd: bool
    even_points: Float
    odd_points: Float
    even_r: Float
    odd_r: Float
    linear: Float
    alpha: Float
    sd: Float

    @classmethod
    def build(
        cls,
        points: Mapping[str, Float],
        even: tuple[str, ...],
        odd: tuple[str, ...],
        *,
        is_odd: bool,
        a: Mapping[str, float],
        r: Mapping[str, float],
        s: float,
        alpha: Float,
        sd: Float,
    ) -> MirrorKernel:
        """From the shipped arrays: projected fitting frames and the kernel's numbers."""

        def columns(blocks: tuple[str, ...], weight: Mapping[str, float]) -> Float:
            return np.concatenate([np.full(points[b].shape[1], weight[b]) for b in blocks])

        stacked = {part: np.hstack([points[b] for b in blocks]) for part, blocks in (("e", even), ("o", odd))}
        er, orr = columns(even, r), columns(odd, r)
        part, blocks = ("o", odd) if is_odd else ("e", even)
        linear = columns(blocks, a)[:, None] ** 2 * (stacked[part].T @ alpha)
        return cls(
            even,
            odd,
            is_odd,
            stacked["e"] * er,
            stacked["o"] * orr,
            er,
            orr,
            linear,
            alpha * (s * s / 2.0),
            sd,
        )

    def without(self, keep: NDArray[np.bool_]) -> MirrorKernel:
        """The same kernel with some of the fitting frames only (its values are then no longer the fit's)."""
        return replace(
            self,
            even_points=self.even_points[keep],
            odd_points=self.odd_points[keep],
            alpha=self.alpha[keep],
        )

    def predict(self, blocks: Mapping[str, Float]) -> tuple[Float, Float]:
        """Of projected blocks of N frames: (N, T) values and (N,) nearness 0-1 to the fitting frames."""
        xe, xo = (np.hstack([blocks[b] for b in part]) for part in (self.even, self.odd))
        se, so = xe * self.even_r, xo * self.odd_r
        squares = (se**2).sum(1) + (so**2).sum(1)
        squares_p = (self.even_points**2).sum(1) + (self.odd_points**2).sum(1)
        inner_e, inner_o = se @ self.even_points.T, so @ self.odd_points.T
        base = inner_e - 0.5 * squares[:, None] - 0.5 * squares_p[None]
        same, mirrored = np.exp(base + inner_o), np.exp(base - inner_o)
        rbf = same - mirrored if self.is_odd else same + mirrored
        value = rbf @ self.alpha + (xo if self.is_odd else xe) @ self.linear
        return value, np.maximum(same.max(axis=1), mirrored.max(axis=1))


def sd_inputs(nearness: Float, size: Float, turn_deg: Float, magnitude: Float) -> Float:
    """(N, 5) what the uncertainty depends on.

    1, distance from the fitting frames, size of the whole change, head's turn, size of the quantity itself.
    """
    far = -np.log(np.clip(nearness, 1e-6, 1.0))
    return np.stack([np.ones(len(far)), np.log1p(far), np.log1p(size), turn_deg / 20.0, magnitude], axis=1)


def as_float(array: Any) -> NDArray[np.float64]:  # noqa: ANN401
    """An array of the coefficient file as float64."""
    return np.asarray(array, np.float64)
