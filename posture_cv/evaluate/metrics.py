"""Agreement of estimates with the truth, in the terms of method comparison (Bland and Altman 1986)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from posture_cv.measure.types import Float

Z_95: Final = 1.96  # limits of agreement: bias +- 1.96 standard deviations of the differences
Z_90: Final = 1.6449  # half width of a 90 % interval of a normal error, in standard deviations
Labels = NDArray[np.str_] | NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Agreement:
    """Estimates against truth over `n` pairs; None where there are too few pairs to tell.

    Attributes:
        n: pairs compared.
        mae: mean absolute error.
        rmse: root of the mean squared error.
        r: Pearson's correlation; None when one side does not vary.
        bias: mean of estimate minus truth.
        loa_low, loa_high: 95 % limits of agreement.
    """

    n: int
    mae: float | None
    rmse: float | None
    r: float | None
    bias: float | None
    loa_low: float | None
    loa_high: float | None


def agreement(estimate: Float, truth: Float) -> Agreement:
    """Compare (N,) estimates with (N,) truth where both are finite."""
    both = np.isfinite(estimate) & np.isfinite(truth)
    x, y = estimate[both], truth[both]
    n = len(x)
    if n == 0:
        return Agreement(0, None, None, None, None, None, None)
    error = x - y
    bias = float(error.mean())
    spread = Z_95 * float(error.std(ddof=1)) if n > 1 else None
    return Agreement(
        n=n,
        mae=float(np.abs(error).mean()),
        rmse=float(np.sqrt(np.mean(error**2))),
        r=_correlation(x, y),
        bias=bias,
        loa_low=None if spread is None else bias - spread,
        loa_high=None if spread is None else bias + spread,
    )


def _correlation(x: Float, y: Float) -> float | None:
    if len(x) < 3 or np.ptp(x) < 1e-12 or np.ptp(y) < 1e-12:
        return None
    return float(np.corrcoef(x, y)[0, 1])


def coverage(estimate: Float, sd: Float, truth: Float) -> float | None:
    """Share of (N,) truths inside the 90 % interval of their estimates, over the finite ones; None without any."""
    known = np.isfinite(estimate) & np.isfinite(truth) & np.isfinite(sd)
    if not known.any():
        return None
    return float((np.abs(estimate - truth) <= Z_90 * sd)[known].mean())


def area_under_curve(score: Float, positive: NDArray[np.bool_]) -> float | None:
    """Chance that a positive scores higher than a negative (ties count half); NaN scores are left out.

    Mann and Whitney 1947. None when one of the two is missing.
    """
    known = np.isfinite(score)
    high, low = score[known & positive], score[known & ~positive]
    if len(high) == 0 or len(low) == 0:
        return None
    low = np.sort(low)
    below = np.searchsorted(low, high, "left")
    tied = np.searchsorted(low, high, "right") - below
    return float((below + tied / 2.0).sum() / (len(high) * len(low)))


@dataclass(frozen=True, slots=True)
class ErrorBudget:
    """Standard deviations of the parts of the error that add up (as squares); None where it cannot be told.

    Attributes:
        clip: constant for a clip: the baseline, and what is special to that person and camera.
        posture: constant for a posture within a clip: geometry and the estimator's own shape.
        frame: from frame to frame within a posture: the landmarks' noise.
    """

    clip: float | None
    posture: float | None
    frame: float | None


def error_budget(error: Float, clip: Labels, posture: Labels) -> ErrorBudget:
    """Nested analysis of variance: frames within postures within clips (unbalanced, method of moments).

    Args:
        error: (N,) estimate minus truth, NaN left out.
        clip, posture: (N,) labels of each frame.
    """
    known = np.isfinite(error)
    error = error[known]
    if len(error) < 3:
        return ErrorBudget(None, None, None)
    group = np.unique(clip[known], return_inverse=True)[1]
    cell = np.unique(
        np.stack([group, np.unique(posture[known], return_inverse=True)[1]], 1), axis=0, return_inverse=True
    )[1]
    cell = cell.ravel()
    n, a, b = len(error), int(group.max()) + 1, int(cell.max()) + 1
    cell_size, group_size = np.bincount(cell), np.bincount(group)
    cell_mean = np.bincount(cell, error) / cell_size
    group_mean = np.bincount(group, error) / group_size
    if b in {n, a} or a < 2:
        return ErrorBudget(None, None, None)
    parent = np.zeros(b, np.intp)
    parent[cell] = group
    within = float(((error - cell_mean[cell]) ** 2).sum() / (n - b))
    between_cells = float((cell_size * (cell_mean - group_mean[parent]) ** 2).sum() / (b - a))
    between_groups = float((group_size * (group_mean - error.mean()) ** 2).sum() / (a - 1))
    share = np.bincount(parent, cell_size**2 / group_size[parent])
    k1 = (n - share.sum()) / (b - a)
    k2 = (share.sum() - (cell_size**2).sum() / n) / (a - 1)
    k3 = (n - (group_size**2).sum() / n) / (a - 1)
    posture_var = max(0.0, (between_cells - within) / k1)
    clip_var = max(0.0, (between_groups - within - k2 * posture_var) / k3)
    return ErrorBudget(clip_var**0.5, posture_var**0.5, within**0.5)
