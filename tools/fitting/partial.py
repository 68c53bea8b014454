"""Fit what the seventeen points tell that every pose model gives: ridge regression, judged on persons left out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fitting.material import FitClip, clips_of
from posture_cv.landmarks.names import POSE_MIRRORED
from posture_cv.landmarks.types import Landmarks
from posture_cv.measure.partial import QUANTITIES_OF, VARIANTS, partial_features
from posture_cv.measure.types import View

Float = NDArray[np.float64]
RIDGE = 0.01
# A quantity is shipped where the prediction for persons left out correlates this well with the truth (ours).
LEAST_R = 0.65
ODD = ("head_yaw_deg", "head_roll_deg", "trunk_yaw_deg", "lateral_lean_deg")


def fit_partial(lm: Landmarks, truth: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """Coefficients of every variant, and a line of figures for each."""
    arrays: dict[str, Any] = {}
    lines: dict[str, str] = {}
    for view in (View.FRONT, View.SIDE):
        clips = list(clips_of(lm, truth, view))
        for variant in VARIANTS[view]:
            for name in QUANTITIES_OF[view]:
                key = f"{view.label}.{variant}.{name}"
                x, y, who = _material(clips, variant, name)
                if len(y) < 100:
                    continue
                held = _left_out(x, y, who)
                r = float(np.corrcoef(held, y)[0, 1])
                spread = _spread(held, np.abs(held - y))
                covered = np.mean(np.abs(held - y) <= 1.645 * np.hypot(spread[0], spread[1] * held))
                shipped = r >= LEAST_R
                lines[key] = (
                    f"r {r:.2f}  MAE {np.mean(np.abs(held - y)):.2f}  90% covers {covered:.2f}"
                    f"{'' if shipped else '  not shipped'}"
                )
                if shipped:
                    arrays[f"{key}.weights"] = _ridge(x, y)
                    arrays[f"{key}.sd"] = spread
    return arrays, lines


def _material(clips: list[FitClip], variant: str, name: str) -> tuple[Float, Float, NDArray[np.str_]]:
    """Features, truth and person of every frame; in front each frame and its mirror image."""
    xs, ys, who = [], [], []
    for clip in clips:
        y = clip.changes[name]
        for mirror in (False, True) if clip.baseline.view is View.FRONT else (False,):
            lm = _mirrored(clip.lm) if mirror else clip.lm
            baseline = (
                replace(clip.baseline, pose=_mirrored_pose(clip.baseline.pose)) if mirror else clip.baseline
            )
            x = partial_features(lm, baseline, variant)
            keep = np.isfinite(x).all(axis=1) & np.isfinite(y) & ~clip.calibration
            xs.append(x[keep])
            ys.append(-y[keep] if mirror and name in ODD else y[keep])
            who.append(np.full(int(keep.sum()), clip.subject))
    return np.concatenate(xs), np.concatenate(ys), np.concatenate(who)


def _mirrored(lm: Landmarks) -> Landmarks:
    return replace(lm, pose=_mirrored_pose(lm.pose))


def _mirrored_pose(pose: NDArray[Any]) -> NDArray[Any]:
    """The left side's points in the right side's places, and x from the other edge."""
    out = pose[..., POSE_MIRRORED, :]
    out[..., 0] = 1.0 - out[..., 0]
    return out


def _ridge(x: Float, y: Float) -> Float:
    """Weights without a constant: no change is no change."""
    scale = x.std(axis=0) + 1e-9
    z = x / scale
    return np.asarray(np.linalg.solve(z.T @ z + RIDGE * len(z) * np.eye(z.shape[1]), z.T @ y) / scale)


def _left_out(x: Float, y: Float, who: NDArray[np.str_]) -> Float:
    held = np.full(len(y), np.nan)
    for person in np.unique(who):
        out = who == person
        held[out] = x[out] @ _ridge(x[~out], y[~out])
    return held


def _spread(value: Float, error: Float) -> Float:
    """(2,) a and b of sd = hypot(a, b value), from the smaller and the larger half of the answers."""
    size = np.abs(value)
    large = size > np.median(size)
    small_sd, large_sd = (float(np.sqrt(np.mean(error[m] ** 2))) for m in (~large, large))
    grown = max(large_sd**2 - small_sd**2, 0.0)
    span = float(np.mean(size[large] ** 2) - np.mean(size[~large] ** 2))
    slope = np.sqrt(grown / span) if span > 0 else 0.0
    floor = np.sqrt(max(small_sd**2 - slope**2 * float(np.mean(size[~large] ** 2)), 0.25 * small_sd**2))
    return np.array([floor, slope])
