"""Small neural networks whose answers are exactly even or odd under a mirrored picture; numpy only.

Each of them answers to what is seen and to its mirror image, and the mean of the two, turned back, is told. Several
networks that differ in nothing but where their training began are averaged.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from posture_cv.landmarks.types import Float32
from posture_cv.measure.types import Float

ROWS: Final = 64  # frames at a time, whose numbers then stay in a core's cache


@dataclass(frozen=True, slots=True, eq=False)
class MirrorNetwork:
    """K networks of one shape: layers of weights, each but the last followed by max(0, x).

    Attributes:
        even, odd: (K, De, D) and (K, Do, D) weights of the first layer.
        offset: (K, 1, D) its offsets.
        layers: weights (K, D, D') and offsets (K, 1, D') of the others.
        sign: (T,) +1 for quantities that a mirror leaves alone, -1 for those it turns round.
    """

    even: Float32
    odd: Float32
    offset: Float32
    layers: tuple[tuple[Float32, Float32], ...]
    sign: Float32

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Any], key: str, is_odd: NDArray[np.bool_]) -> Self:
        """From `KEY.even`, `KEY.odd`, `KEY.offset` and of each further layer `KEY.weights1`, `KEY.offset1` and so on.

        Args:
            arrays: by name.
            key: before the names.
            is_odd: (T,) which quantities a mirror turns round.
        """
        even, odd, start = (np.asarray(arrays[f"{key}.{k}"], np.float32) for k in ("even", "odd", "offset"))
        layers, k = [], 1
        while f"{key}.weights{k}" in arrays:
            w, b = (np.asarray(arrays[f"{key}.{name}{k}"], np.float32) for name in ("weights", "offset"))
            layers.append((w, b))
            k += 1
        return cls(even, odd, start, tuple(layers), np.where(is_odd, -1.0, 1.0).astype(np.float32))

    def answers(self, even: Float32, odd: Float32) -> Float:
        """(N, T) of N frames, from their even (N, De) and odd (N, Do) columns."""
        if len(even) <= ROWS:
            return self._answers(even, odd)
        starts = range(0, len(even), ROWS)
        return np.concatenate([self._answers(even[k : k + ROWS], odd[k : k + ROWS]) for k in starts])

    def _answers(self, even: Float32, odd: Float32) -> Float:
        count, n = len(self.even), len(even)
        h = np.empty((count, 2 * n, self.even.shape[2]), np.float32)
        same, turning = even @ self.even + self.offset, odd @ self.odd
        np.add(same, turning, out=h[:, :n])
        np.subtract(same, turning, out=h[:, n:])
        for w, b in self.layers:
            h = np.matmul(np.maximum(h, np.float32(0.0), out=h), w)
            h += b
        told = h.sum(axis=0)
        return np.asarray((told[:n] + self.sign * told[n:]) * (0.5 / count), np.float64)
