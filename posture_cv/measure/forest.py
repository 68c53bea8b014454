"""A forest of regression trees at run time: numpy only, all frames and trees at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from posture_cv.measure.types import Float


@dataclass(frozen=True, slots=True, eq=False)
class Forest:
    """Trees whose nodes lie in flat arrays; a leaf is its own child.

    Attributes:
        roots: (B,) index of each tree's first node.
        feature: (K,) column that a node asks about.
        threshold: (K,) left below it, right (the next index) otherwise; +inf in a leaf.
        child: (K,) index of the left child.
        value: (K, T) mean of the node's fitting frames.
        depth: of the deepest tree.
    """

    roots: NDArray[np.intp]
    feature: NDArray[np.intp]
    threshold: NDArray[np.float32]
    child: NDArray[np.intp]
    value: NDArray[np.float32]
    depth: int

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Any], key: str) -> Forest:
        """From the shipped arrays "KEY.roots", ..., of which leaves have feature -1 and values; others have none."""
        feature = np.asarray(arrays[f"{key}.feature"], np.intp)
        leaf = feature < 0
        threshold = np.full(len(feature), np.inf, np.float32)
        threshold[~leaf] = arrays[f"{key}.threshold"]
        child = np.arange(len(feature))
        child[~leaf] = np.asarray(arrays[f"{key}.child"], np.intp)
        value = np.zeros((len(feature), arrays[f"{key}.value"].shape[1]), np.float32)
        value[leaf] = arrays[f"{key}.value"]
        roots = np.asarray(arrays[f"{key}.roots"], np.intp)
        return cls(roots, np.maximum(feature, 0), threshold, child, value, int(arrays[f"{key}.depth"]))

    def predict(self, x: NDArray[np.float32]) -> Float:
        """(N, T) mean over the trees for features (N, D)."""
        node = np.broadcast_to(self.roots, (len(x), len(self.roots)))
        row = np.arange(len(x))[:, None]
        for _ in range(self.depth):
            right = x[row, self.feature[node]] >= self.threshold[node]
            node = self.child[node] + right
        return np.asarray(self.value[node].mean(axis=1), np.float64)
