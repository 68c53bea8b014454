"""Kernel ridge that is not led astray by a few bad frames, and the fit of its uncertainty."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from posture_cv.measure.kernel_model import Estimator, KernelModel

Float = NDArray[np.float64]
Columns = dict[str, Float]


@dataclass(frozen=True, slots=True)
class Recipe:
    """Features of each model of an ensemble, and the kernel: ridge, ell (lin = rbf = 1)."""

    names: tuple[tuple[str, ...], ...]
    ridge: float
    ell: float


@dataclass(frozen=True, slots=True, eq=False)
class Frames:
    """Features, target, person and weight of some frames."""

    x: Columns
    y: Float
    who: NDArray[np.str_]
    weight: Float

    def take(self, chosen: NDArray[np.bool_]) -> Frames:
        """The chosen frames."""
        return Frames(
            {k: v[chosen] for k, v in self.x.items()}, self.y[chosen], self.who[chosen], self.weight[chosen]
        )


def _matrix(x: Columns, names: tuple[str, ...]) -> Float:
    raw = np.stack([x[k] for k in names], axis=1)
    return np.where(np.isfinite(raw), raw, 0.0)


def _gram(x: Float, ell: float) -> Float:
    d = x.shape[1]
    inner = x @ x.T
    square = np.diag(inner)[:, None] + np.diag(inner)[None] - 2.0 * inner
    return inner / d + np.exp(-np.maximum(square, 0.0) / d / (2.0 * ell**2))


def fit_one(frames: Frames, names: tuple[str, ...], ridge: float, ell: float) -> KernelModel:
    """Kernel ridge; frames whose leave-one-out residual is large lose weight (Cauchy at 2.5 robust sd)."""
    raw = _matrix(frames.x, names)
    scale = (raw[frames.weight <= 1.0].std(axis=0) + 1e-3).astype(np.float32).astype(np.float64)
    x = np.clip(raw / scale, -60.0, 60.0).astype(np.float16).astype(np.float64)
    gram, mean, spread = _gram(x, ell), float(np.median(frames.y)), float(frames.y.std())
    y, trust, alpha = (frames.y - mean) / spread, np.ones(len(x)), np.zeros(len(x))
    for _ in range(3):
        inverse = np.linalg.inv(gram + ridge * np.diag(1.0 / (trust * frames.weight)))
        alpha = inverse @ y
        left_out = alpha / np.diag(inverse)
        robust = 1.48 * float(np.median(np.abs(left_out)))
        trust = 1.0 / (1.0 + (left_out / (2.5 * robust)) ** 2)
    return KernelModel(names, scale, x, alpha * spread, mean, (1.0, 1.0, ell))


def fit(frames: Frames, recipe: Recipe) -> Estimator:
    """The ensemble of a recipe; its uncertainty is still unknown."""
    models = tuple(fit_one(frames, names, recipe.ridge, recipe.ell) for names in recipe.names)
    return Estimator(models, np.zeros(5))


def fit_sd(residual: Float, inputs: Float, coverage: float = 0.9) -> Float:
    """Weights of log sd: ridge on log |residual|, shifted so that 1.645 sd cover `coverage` of the residuals."""
    y = np.log(np.abs(residual) + 0.05 * np.std(residual))
    centre = inputs.mean(axis=0)
    z = (inputs - centre)[:, 1:]
    slope = np.linalg.solve(z.T @ z + 0.05 * len(z) * np.diag(z.var(axis=0) + 1e-4), z.T @ (y - y.mean()))
    weights = np.concatenate([[y.mean() - centre[1:] @ slope], slope])
    ratio = np.abs(residual) / np.exp(inputs @ weights)
    weights[0] += np.log(np.quantile(ratio, coverage) / 1.645)
    return np.asarray(weights)


def store(arrays: dict[str, NDArray[Any]], name: str, estimator: Estimator, sd: Float) -> None:
    """Put an ensemble's arrays under `name`, as `Estimator.from_arrays` reads them."""
    arrays[f"{name}.count"] = np.array(len(estimator.models))
    arrays[f"{name}.sd"] = sd
    for k, model in enumerate(estimator.models):
        arrays[f"{name}.{k}.names"] = np.array(model.names)
        arrays[f"{name}.{k}.scale"] = model.scale.astype(np.float32)
        arrays[f"{name}.{k}.points"] = model.points.astype(np.float16)
        arrays[f"{name}.{k}.alpha"] = model.alpha.astype(np.float32)
        arrays[f"{name}.{k}.kernel"] = np.array([*model.kernel, model.mean])


def figures(value: Float, y: Float, sd: Float) -> str:
    """One line: n, mean absolute error, correlation, bias, share inside the stated 90 % interval."""
    error = value - y
    inside = float((np.abs(error) <= 1.645 * sd).mean())
    r = float(np.corrcoef(value, y)[0, 1])
    mae, bias = np.abs(error).mean(), error.mean()
    return f"n {len(y)}  MAE {mae:.3f}  r {r:.3f}  bias {bias:+.2f}  90 % interval {inside:.2f}"
