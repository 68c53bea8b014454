"""Small neural networks; numpy only. Several that differ in nothing but where their training began are averaged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from posture_cv.measure.types import Float


@dataclass(frozen=True, slots=True, eq=False)
class PlainNetwork:
    """K networks of one shape: layers of weights, each but the last followed by max(0, x).

    Attributes:
        layers: weights (K, D, D') and offsets (K, 1, D') of each.
    """

    layers: tuple[tuple[Float, Float], ...]

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Any], key: str) -> Self:
        """From `KEY.weights0`, `KEY.offset0`, `KEY.weights1` and so on."""
        layers: list[tuple[Float, Float]] = []
        while f"{key}.weights{len(layers)}" in arrays:
            w, b = (
                np.asarray(arrays[f"{key}.{name}{len(layers)}"], np.float64) for name in ("weights", "offset")
            )
            layers.append((w, b))
        return cls(tuple(layers))

    def answers(self, x: Float) -> Float:
        """(N, T) of N frames' (N, D) columns."""
        h = x
        for k, (w, b) in enumerate(self.layers):
            if k:
                h = np.maximum(h, 0.0, out=h)
            h = h @ w
            h += b
        return np.asarray(h.mean(axis=0))
