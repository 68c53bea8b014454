"""Kernel ridge regression at run time: numpy only, coefficients from the fit tool."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from posture_cv.measure.types import Float

Features = Mapping[str, Float]


@dataclass(frozen=True, slots=True, eq=False)
class KernelModel:
    """value = mean + k(x, X) alpha, with k = lin <x, x'> / d + rbf exp(-|x - x'|^2 / (2 d ell^2)).

    Attributes:
        names: d feature names; a feature that is not finite counts as unchanged (0).
        scale: (d,) what each feature is divided by.
        points: (M, d) scaled features of the fitting frames.
        alpha: (M,) weights.
        mean: constant.
        kernel: lin, rbf, ell.
        squares: (M,) squared lengths of `points`; None: worked out when needed.
    """

    names: tuple[str, ...]
    scale: Float
    points: Float
    alpha: Float
    mean: float
    kernel: tuple[float, float, float]
    squares: Float | None = None

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Any], key: str) -> KernelModel:
        """Read one model from the shipped arrays."""
        lin, rbf, ell, mean = (float(v) for v in arrays[f"{key}.kernel"])
        names = tuple(str(name) for name in arrays[f"{key}.names"])
        scale, points, alpha = (
            np.asarray(arrays[f"{key}.{k}"], np.float64) for k in ("scale", "points", "alpha")
        )
        used = alpha != 0.0  # of a person left out, no frame has weight, nor counts as near
        points, alpha = points[used], alpha[used]
        return cls(names, scale, points, alpha, mean, (lin, rbf, ell), (points**2).sum(axis=1))

    def scaled(self, features: Features) -> Float:
        """(N, d) the model's features, each divided by its scale."""
        x = np.stack([features[name] for name in self.names], axis=1) / self.scale
        return np.where(np.isfinite(x), x, 0.0)

    def predict(self, x: Float) -> tuple[Float, Float]:
        """(N,) value and (N,) distance to the nearest fitting frame, for scaled features (N, d)."""
        d = x.shape[1]
        inner = x @ self.points.T
        lengths = (self.points**2).sum(axis=1) if self.squares is None else self.squares
        square = (x**2).sum(axis=1)[:, None] + lengths[None] - 2.0 * inner
        square = np.maximum(square, 0.0) / d
        lin, rbf, ell = self.kernel
        value = self.mean + (lin * inner / d + rbf * np.exp(-square / (2.0 * ell**2))) @ self.alpha
        return value, np.sqrt(square.min(axis=1))


@dataclass(frozen=True, slots=True, eq=False)
class Estimator:
    """The mean of several kernel models, with the uncertainty of that mean.

    Attributes:
        models: one or more.
        sd: (5,) weights of log sd on `sd_inputs`.
    """

    models: tuple[KernelModel, ...]
    sd: Float

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Any], name: str) -> Estimator:
        """Read one quantity's models from the shipped arrays.

        Raises:
            KeyError: the arrays hold no such quantity.
        """
        sd = np.asarray(arrays[f"{name}.sd"], np.float64)
        count = int(arrays[f"{name}.count"])
        return cls(tuple(KernelModel.from_arrays(arrays, f"{name}.{k}") for k in range(count)), sd)

    def predict(self, features: Features) -> tuple[Float, Float]:
        """(N,) value and (N,) standard deviation of its error."""
        value, inputs = self.with_inputs(features)
        return value, np.exp(np.clip(inputs @ self.sd, -4.0, 3.0))

    def with_inputs(self, features: Features) -> tuple[Float, Float]:
        """(N,) value and (N, 5) `sd_inputs`."""
        values, inputs = [], None
        for model in self.models:
            x = model.scaled(features)
            value, distance = model.predict(x)
            values.append(value)
            inputs = sd_inputs(features, x, distance) if inputs is None else inputs
        assert inputs is not None
        return np.mean(values, axis=0), inputs


def estimators(arrays: Mapping[str, Any]) -> Mapping[str, Estimator]:
    """Every quantity's estimator of one view, by name; arrays that are estimators already come back unchanged."""
    if any(isinstance(value, Estimator) for value in arrays.values()):
        return arrays
    names = [key.removesuffix(".count") for key in arrays if key.endswith(".count")]
    return {name: Estimator.from_arrays(arrays, name) for name in names}


def sd_inputs(features: Features, x: Float, distance: Float) -> Float:
    """(N, 5) what the uncertainty depends on: 1, size of the change, distance from the fitting frames, residuals."""
    zero = np.zeros(len(x))
    size = np.sqrt((x**2).mean(axis=1))
    head, back = features.get("head_rms", zero), features.get("back_rms", zero)
    return np.stack([np.ones(len(x)), np.log1p(size), np.log(distance + 0.05), head, back], axis=1)
