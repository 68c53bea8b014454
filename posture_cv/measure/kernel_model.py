"""Kernel ridge regression at run time: numpy only, coefficients from the fit tool."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from posture_cv.measure.types import Float


@dataclass(frozen=True, slots=True, eq=False)
class KernelModel:
    """value = mean + k(x, X) alpha, k = lin <x, x'>/d + rbf exp(-|x - x'|^2 / (2 d ell^2)); x is scaled by `scale`.

    Attributes:
        names: d feature names.
        scale: (d,) what a feature is divided by.
        points: (M, d) scaled features of the fitting frames.
        alpha: (M,) weights.
        mean: constant.
        lin, rbf, ell: the kernel.
        sd: (d_sd,) linear weights of log sd on `sd_inputs`; the first is the constant.
    """

    names: tuple[str, ...]
    scale: Float
    points: Float
    alpha: Float
    mean: float
    kernel: tuple[float, float, float]
    sd: Float

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Any], name: str) -> KernelModel:
        """Read one quantity's model from the shipped arrays."""

        def get(key: str) -> NDArray[np.float64]:
            return np.asarray(arrays[f"{name}.{key}"], np.float64)

        lin, rbf, ell, mean = get("kernel")
        columns = tuple(str(x) for x in arrays[f"{name}.names"])
        return cls(
            columns, get("scale"), get("points"), get("alpha"), float(mean), (lin, rbf, ell), get("sd")
        )

    def _scaled(self, features: Mapping[str, Float]) -> Float:
        x = np.stack([features[name] for name in self.names], axis=1) / self.scale
        return np.where(np.isfinite(x), x, 0.0)

    def predict(self, features: Mapping[str, Float]) -> tuple[Float, Float]:
        """(N,) value and (N,) standard deviation of its error."""
        x = self._scaled(features)
        d = x.shape[1]
        inner = x @ self.points.T
        square = (x**2).sum(axis=1)[:, None] + (self.points**2).sum(axis=1)[None] - 2.0 * inner
        square = np.maximum(square, 0.0) / d
        lin, rbf, ell = self.kernel
        value = self.mean + (lin * inner / d + rbf * np.exp(-square / (2.0 * ell**2))) @ self.alpha
        inputs = sd_inputs(features, x, np.sqrt(square.min(axis=1)))
        return value, np.exp(np.clip(inputs @ self.sd, -4.0, 3.0))


def sd_inputs(features: Mapping[str, Float], x: Float, distance: Float) -> Float:
    """(N, 5) what the uncertainty depends on: 1, size of the motion, distance from the fitting frames, residuals."""
    zero = np.zeros(len(x))
    size = np.sqrt((x**2).mean(axis=1))
    head, back = features.get("head_rms", zero), features.get("back_rms", zero)
    return np.stack([np.ones(len(x)), np.log1p(size), np.log(distance + 0.05), head, back], axis=1)
