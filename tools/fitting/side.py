"""Fit the side view's estimators: kernel ridge on the registered pieces of the outline."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from posture_cv.landmarks.types import Landmarks
from posture_cv.measure.baseline import Baseline, nanmedian_quiet
from posture_cv.measure.kernel_model import KernelModel, sd_inputs
from posture_cv.measure.side import FITTED, contour_usable, side_features
from posture_cv.measure.side_features import FRONT_CM
from posture_cv.measure.types import View

Float = NDArray[np.float64]

_HEAD = ("gap_x", "gap_y", "head_t", "back_t", "back_y", "thead_x", "thead_y", "thead_t")
_LOW = ("bend_x", "bend_t", "low_t", "low_x")
_FRONT = tuple(f"front{cm:+.1f}" for cm in FRONT_CM)
_ARMS = tuple(f"{axis}{point}" for axis in "xy" for point in (11, 12, 13, 14, 15, 16))
CONTOUR_FEATURES: dict[str, tuple[str, ...]] = {
    "cva_change_deg": _HEAD,
    "head_forward_cm": _HEAD,
    "head_pitch_deg": ("head_t", "gap_x", "gap_y", "back_t", "back_y"),
    "shoulder_elevation_cm": ("thead_x", "thead_y", "thead_t", "back_t", "back_y", *_FRONT, *_ARMS),
    "protraction_cm": ("thead_x", "thead_y", "thead_t", "back_t", "back_y", *_FRONT, *_ARMS),
    "trunk_incl_deg": (*_HEAD, *_LOW),
    "sink_cm": (*_HEAD, *_LOW),
}
MARKS = (0, 5, 7, 8, 10, 11, 14, 16, 24)
LANDMARK_FEATURES = (*(f"m{p}_{a}" for p in MARKS for a in "xy"), "m12_x", "m12_y")
KERNELS: dict[str, tuple[float, float, float, float]] = {  # ridge, lin, rbf, ell
    "protraction_cm": (0.1, 1.0, 1.0, 1.5),
    "shoulder_elevation_cm": (0.2, 1.0, 1.0, 2.0),
    "head_pitch_deg": (0.2, 1.0, 1.0, 2.0),
}
_DEFAULT_KERNEL = (0.05, 1.0, 1.0, 1.5)
_LANDMARK_KERNEL = (0.2, 1.0, 1.0, 2.0)


@dataclass(frozen=True, slots=True, eq=False)
class Clip:
    """One person and camera: features of the judged frames and the true changes."""

    subject: str
    contour: dict[str, Float] | None
    landmarks: dict[str, Float]
    usable: NDArray[np.bool_]
    truth: dict[str, Float]


def true_changes(truth: Mapping[str, Any], calibration: NDArray[np.bool_]) -> dict[str, Float]:
    """The change of every quantity against the median of the calibration frames."""
    def mean(*names: str) -> Float:
        return np.asarray(np.mean([np.asarray(truth[k], np.float64) for k in names], axis=0))

    absolute = {
        "cva_change_deg": mean("cva_deg"),
        "head_forward_cm": mean("head_fwd_rel_trunk_delta_cm"),
        "head_pitch_deg": mean("head_pitch_down_deg"),
        "shoulder_elevation_cm": mean("elevation_delta_cm_L", "elevation_delta_cm_R"),
        "protraction_cm": mean("protraction_delta_cm_L", "protraction_delta_cm_R"),
        "trunk_incl_deg": mean("trunk_incl_deg"),
        "sink_cm": -100.0 * mean("w_ACR_L_y_m", "w_ACR_R_y_m"),
        "head_yaw_deg": mean("head_yaw_deg"),
        "trunk_yaw_deg": mean("trunk_yaw_deg"),
    }
    return {k: v - np.median(v[calibration]) for k, v in absolute.items()}


def baseline_from(lm: Landmarks, view: View) -> Baseline:
    """Median of calibration frames."""
    size = (int(lm.size_px[0, 0]), int(lm.size_px[0, 1]))
    parts = {k: nanmedian_quiet(getattr(lm, k)) for k in ("pose", "face", "rows", "cols")}
    return Baseline(view=view, size_px=size, frame_count=len(lm), spread={}, **parts)


def clips_of(lm: Landmarks, truth: Mapping[str, Any], view: str) -> Iterator[tuple[str, Landmarks, Baseline, dict[str, Float]]]:
    """(subject, judged frames, baseline, true changes) of each subject and camera of one view."""
    column = {k: np.asarray(truth[k]) for k in ("subject", "camera", "view", "segment", "person_present")}
    keys = np.char.add(np.char.add(column["subject"].astype(str), "/"), column["camera"].astype(str))
    chosen = (column["view"] == view) & (column["person_present"] == 1)
    for key in dict.fromkeys(keys[chosen]):
        index = np.flatnonzero(chosen & (keys == key))
        calibration = column["segment"][index] == "calibration"
        changes = true_changes({k: np.asarray(truth[k])[index] for k in truth}, calibration)
        baseline = baseline_from(lm[index[calibration]], View[view.upper()])
        judged = index[~calibration]
        yield key.split("/")[0], lm[judged], baseline, {k: v[~calibration] for k, v in changes.items()}


def side_clips(lm: Landmarks, truth: Mapping[str, Any]) -> list[Clip]:
    """Features and truth of every side clip."""
    out = []
    for subject, frames, baseline, changes in clips_of(lm, truth, "side"):
        found = frames.person_found
        frames, changes = frames[found], {k: v[found] for k, v in changes.items()}
        contour, marks, _ = side_features(frames, baseline)
        usable = np.zeros(len(frames), bool) if contour is None else contour_usable(contour)
        out.append(Clip(subject, contour, marks, usable, changes))
    return out


def _stack(parts: list[dict[str, Float]]) -> dict[str, Float]:
    return {k: np.concatenate([p[k] for p in parts]) for k in parts[0]}


def fit_kernel(
    features: dict[str, Float], y: Float, names: tuple[str, ...], kernel: tuple[float, float, float, float]
) -> KernelModel:
    """Kernel ridge with each feature divided by its standard deviation; no uncertainty yet."""
    raw = np.stack([features[k] for k in names], axis=1)
    raw = np.where(np.isfinite(raw), raw, 0.0)
    scale = raw.std(axis=0) + 1e-3
    x = (raw / scale).astype(np.float32).astype(np.float64)
    ridge, lin, rbf, ell = kernel
    d = x.shape[1]
    square = (x**2).sum(1)[:, None] + (x**2).sum(1)[None] - 2 * x @ x.T
    gram = lin * x @ x.T / d + rbf * np.exp(-np.maximum(square, 0) / d / (2 * ell**2))
    mean, spread = float(y.mean()), float(y.std())
    alpha = np.linalg.solve(gram + ridge * np.eye(len(x)), (y - mean) / spread) * spread
    return KernelModel(names, scale, x, alpha, mean, (lin, rbf, ell), np.zeros(5))


def left_out(
    features: dict[str, Float], y: Float, subject: NDArray[np.str_], names: tuple[str, ...],
    kernel: tuple[float, float, float, float],
) -> tuple[Float, Float]:
    """(N,) value and (N, 5) uncertainty inputs of each frame, predicted without its own person."""
    value, inputs = np.full(len(y), np.nan), np.full((len(y), 5), np.nan)
    for who in np.unique(subject):
        out = subject == who
        model = fit_kernel({k: v[~out] for k, v in features.items()}, y[~out], names, kernel)
        chosen = {k: v[out] for k, v in features.items()}
        value[out], _ = model.predict(chosen)
        inputs[out] = _inputs(model, chosen)
    return value, inputs


def _inputs(model: KernelModel, features: dict[str, Float]) -> Float:
    x = np.stack([features[k] for k in model.names], axis=1) / model.scale
    x = np.where(np.isfinite(x), x, 0.0)
    square = (x**2).sum(1)[:, None] + (model.points**2).sum(1)[None] - 2 * x @ model.points.T
    return sd_inputs(features, x, np.sqrt(np.maximum(square.min(axis=1), 0.0) / x.shape[1]))


def fit_sd(residual: Float, inputs: Float, coverage: float = 0.9) -> Float:
    """Weights of log sd: ridge on log |residual|, then shifted so that 1.645 sd cover `coverage` of the residuals."""
    y = np.log(np.abs(residual) + 0.05 * np.std(residual))
    centre = inputs.mean(axis=0)
    z = (inputs - centre)[:, 1:]
    slope = np.linalg.solve(z.T @ z + 0.05 * len(z) * np.diag(z.var(axis=0) + 1e-4), z.T @ (y - y.mean()))
    weights = np.concatenate([[y.mean() - centre[1:] @ slope], slope])
    ratio = np.abs(residual) / np.exp(inputs @ weights)
    weights[0] += np.log(np.quantile(ratio, coverage) / 1.645)
    return weights


def fit_side(lm: Landmarks, truth: Mapping[str, Any]) -> tuple[dict[str, NDArray[Any]], dict[str, str]]:
    """Arrays of `side.npz` and one line of leave-one-person-out figures for each quantity."""
    clips = side_clips(lm, truth)
    arrays: dict[str, NDArray[Any]] = {}
    lines: dict[str, str] = {}
    with_contour = [c for c in clips if c.contour is not None]
    contour = _stack([{k: v[c.usable] for k, v in c.contour.items()} for c in with_contour])  # type: ignore[union-attr]
    subject = np.concatenate([np.repeat(c.subject, int(c.usable.sum())) for c in with_contour])
    every = _stack([c.landmarks for c in clips])
    all_subjects = np.concatenate([np.repeat(c.subject, len(c.usable)) for c in clips])
    for name in FITTED:
        y = np.concatenate([c.truth[name][c.usable] for c in with_contour])
        kernel = KERNELS.get(name, _DEFAULT_KERNEL)
        lines[name] = _store(arrays, name, contour, y, subject, CONTOUR_FEATURES[name], kernel)
        y = np.concatenate([c.truth[name] for c in clips])
        key = f"landmarks.{name}"
        lines[key] = _store(arrays, key, every, y, all_subjects, LANDMARK_FEATURES, _LANDMARK_KERNEL)
    return arrays, lines


def _store(
    arrays: dict[str, NDArray[Any]], key: str, features: dict[str, Float], y: Float, subject: NDArray[np.str_],
    names: tuple[str, ...], kernel: tuple[float, float, float, float],
) -> str:
    """Fit one quantity, put its arrays under `key`, and say how well it does on persons left out."""
    value, inputs = left_out(features, y, subject, names, kernel)
    model = fit_kernel(features, y, names, kernel)
    sd = fit_sd(value - y, inputs)
    arrays.update(
        {
            f"{key}.names": np.array(names),
            f"{key}.scale": model.scale.astype(np.float32),
            f"{key}.points": model.points.astype(np.float32),
            f"{key}.alpha": model.alpha.astype(np.float32),
            f"{key}.kernel": np.array([*kernel[1:], model.mean]),
            f"{key}.sd": sd,
        }
    )
    error = value - y
    inside = float((np.abs(error) <= 1.645 * np.exp(inputs @ sd)).mean())
    return f"n {len(y)}  MAE {np.abs(error).mean():.3f}  r {np.corrcoef(value, y)[0, 1]:.3f}  90 % interval {inside:.2f}"
