"""Extremely randomised regression trees (Geurts, Ernst & Wehenkel 2006), laid out for `posture_cv.measure.forest`."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]
Float32 = NDArray[np.float32]

LEAF_FRAMES: Final = 4
FEATURE_SHARE: Final = 0.4


class Grower:
    """Grows trees into flat lists."""

    def __init__(self, x: Float32, y: Float, seed: int) -> None:
        self.x, self.y = x, y
        self.rng = np.random.default_rng(seed)
        self.roots: list[int] = []
        self.feature: list[int] = []
        self.threshold: list[float] = []
        self.child: list[int] = []
        self.value: list[Float] = []
        self.depth = 0

    def grow(self, trees: int) -> None:
        """Add trees."""
        for _ in range(trees):
            self.roots.append(self._room(1))
            todo = [(self.roots[-1], np.arange(len(self.x)), 0)]
            while todo:
                node, frames, depth = todo.pop()
                self.depth = max(self.depth, depth)
                split = self._split(frames)
                if split is None:
                    self.value[node] = self.y[frames].mean(axis=0)
                    continue
                feature, threshold, left = split
                self.feature[node], self.threshold[node] = feature, threshold
                self.child[node] = self._room(2)
                todo.append((self.child[node], frames[left], depth + 1))
                todo.append((self.child[node] + 1, frames[~left], depth + 1))

    def _room(self, count: int) -> int:
        start = len(self.feature)
        self.feature += [-1] * count
        self.threshold += [np.inf] * count
        self.child += [0] * count
        self.value += [np.zeros(self.y.shape[1])] * count
        return start

    def _split(self, frames: NDArray[np.intp]) -> tuple[int, float, NDArray[np.bool_]] | None:
        """The best of random thresholds, one for each of a random share of the features."""
        if len(frames) < 2 * LEAF_FRAMES:
            return None
        count = max(1, int(self.x.shape[1] * FEATURE_SHARE))
        features = self.rng.choice(self.x.shape[1], count, replace=False)
        part, y = self.x[np.ix_(frames, features)], self.y[frames] - self.y[frames].mean(axis=0)
        low, high = part.min(axis=0), part.max(axis=0)
        thresholds = (low + (high - low) * self.rng.random(count)).astype(np.float16).astype(np.float32)
        left = part < thresholds
        n_left = left.sum(axis=0)
        n_right = len(frames) - n_left
        sums = left.T.astype(np.float64) @ y
        gain = (sums**2).sum(axis=1) * (1.0 / np.maximum(n_left, 1) + 1.0 / np.maximum(n_right, 1))
        gain[(n_left < LEAF_FRAMES) | (n_right < LEAF_FRAMES)] = -1.0
        best = int(gain.argmax())
        if gain[best] <= 0:
            return None
        return int(features[best]), float(thresholds[best]), left[:, best]

    def arrays(self, key: str, spread: Float) -> dict[str, NDArray[Any]]:
        """As `Forest.from_arrays` reads them; values are y times `spread`."""
        feature = np.array(self.feature)
        leaf = feature < 0
        return {
            f"{key}.roots": np.array(self.roots, np.uint32),
            f"{key}.feature": feature.astype(np.int16),
            f"{key}.threshold": np.array(self.threshold)[~leaf].astype(np.float16),
            f"{key}.child": np.array(self.child)[~leaf].astype(np.uint32),
            f"{key}.value": (np.array(self.value)[leaf] * spread).astype(np.float16),
            f"{key}.depth": np.array(self.depth + 1),
        }
