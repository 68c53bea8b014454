"""The fit of an estimator's uncertainty, and the line that says how well it does."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]


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


def figures(value: Float, y: Float, sd: Float) -> str:
    """One line: n, mean absolute error, correlation, bias, share inside the stated 90 % interval."""
    error = value - y
    inside = float((np.abs(error) <= 1.645 * sd).mean())
    r = float(np.corrcoef(value, y)[0, 1])
    mae, bias = np.abs(error).mean(), error.mean()
    return f"n {len(y)}  MAE {mae:.3f}  r {r:.3f}  bias {bias:+.2f}  90 % interval {inside:.2f}"
