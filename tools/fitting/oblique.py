"""Fit the oblique view, for which there are only two persons: from geometry first.

1. In front views at least 10 degrees off axis, learn how the measured shoulders and stretches of outline follow the
   true joints (linear mixtures and their scatter).
2. Place oblique cameras round the true joints of every training frame, and make what would be measured there.
3. Learn the way back (kernel ridge), with the few real oblique frames added at a larger weight.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fitting.side import clips_of, fit_sd, true_changes
from posture_cv.landmarks.types import Landmarks
from posture_cv.measure.kernel_model import KernelModel, sd_inputs
from posture_cv.measure.oblique import FITTED, MIRRORED
from posture_cv.measure.oblique_features import FEATURES, face_looks_right, oblique_features

Float = NDArray[np.float64]
JOINTS = ("SHJ_near", "SHJ_far", "ACR_near", "ACR_far", "C7", "TRAG")
FOLLOWERS = tuple(f for f in FEATURES if f[:4] != "head" and f != "azimuth")
HEAD_ONLY = ("head_x", "head_y", "head_scale", "head_pitch", "head_yaw", "head_roll", "azimuth")
LANDMARK_FEATURES = FEATURES[:10] + ("azimuth",)
CONTOUR_FEATURES = (*HEAD_ONLY, *FEATURES[10:-1])
ALL_FEATURES = FEATURES
USES_ALL = ("protraction_cm", "shoulder_elevation_cm", "trunk_yaw_deg", "sink_cm")
KERNEL = (1.0, 1.0, 2.0)
RIDGE, REAL_WEIGHT, SIMULATED = 0.1, 10.0, 1200
# Scatter of the face mesh's rigid fit at about 1 m (cm, cm, %, deg, deg, deg): ours, from calibration frames.
HEAD_NOISE = (0.15, 0.15, 1.3, 1.5, 2.0, 2.0)
_WORLD = ("TRAG_L", "TRAG_R", "SHJ_L", "SHJ_R", "ACR_L", "ACR_R", "C7", "EYE_L", "EYE_R", "NOSE")


def _columns(truth: Mapping[str, Any], index: NDArray[np.intp]) -> dict[str, Any]:
    return {k: np.asarray(v)[index] for k, v in truth.items()}


def mixtures(lm: Landmarks, truth: Mapping[str, Any]) -> dict[str, tuple[Float, float]]:
    """Feature -> weights on `JOINTS` and scatter (cm), from front views 10 degrees and more off axis."""
    view, azimuth = np.asarray(truth["view"]), np.asarray(truth["cam_azimuth_deg"], np.float64)
    chosen = np.flatnonzero((view == "front") & (np.abs(azimuth) > 10.0))
    measured: dict[str, list[Float]] = {f: [] for f in FOLLOWERS}
    joints: list[list[Float]] = [[], []]
    rows = _columns(truth, chosen)
    for index, frames, baseline, looks_right, unit in _front_clips(lm[chosen], rows):
        features, _ = oblique_features(frames, baseline, looks_right=looks_right)
        clip = _columns(rows, index)
        for axis in (0, 1):
            joints[axis].append(_true_shift(clip, looks_right, unit, axis))
        for name in FOLLOWERS:
            measured[name].append(features[name])
    return {f: _robust(np.concatenate(joints["xy".index(f[-1])]), np.concatenate(measured[f])) for f in FOLLOWERS}


def _front_clips(lm: Landmarks, truth: Mapping[str, Any]) -> Any:
    from fitting.side import baseline_from
    from posture_cv.measure.types import View

    subject = np.asarray(truth["subject"]).astype(str)
    for who in np.unique(subject):
        index = np.flatnonzero((subject == who) & lm.person_found & lm.face_found)
        calibration = np.asarray(truth["segment"])[index] == "calibration"
        if calibration.sum() < 3:
            continue
        baseline = baseline_from(lm[index[calibration]], View.FRONT)
        looks_right = float(np.asarray(truth["cam_azimuth_deg"])[index[0]]) < 0
        mesh = baseline.as_landmarks().face_px()[0]
        unit = float(np.linalg.norm(mesh[10, :2] - mesh[152, :2])) / 17.5
        yield index, lm[index], baseline, looks_right, unit


def _true_shift(clip: Mapping[str, Any], looks_right: bool, unit: float, axis: int) -> Float:  # noqa: FBT001
    calibration = np.asarray(clip["segment"]) == "calibration"
    near, far = ("R", "L") if looks_right else ("L", "R")
    sign = 1.0 if looks_right or axis else -1.0

    def shift(*names: str) -> Float:
        x = np.mean([np.asarray(clip[f"px_{n}_{'uv'[axis]}"], np.float64) for n in names], axis=0)
        return np.asarray(sign * (x - np.median(x[calibration])) / unit)

    single = (f"SHJ_{near}", f"SHJ_{far}", f"ACR_{near}", f"ACR_{far}", "C7")
    return np.stack([*(shift(n) for n in single), shift("TRAG_L", "TRAG_R")], axis=1)


def _robust(x: Float, y: Float) -> tuple[Float, float]:
    """Ridge with Cauchy weights: coefficients and robust scatter."""
    good = np.isfinite(y)
    x, y = x[good], np.clip(y[good], -15.0, 15.0)
    w, c, scatter = np.ones(len(y)), np.zeros(x.shape[1]), 1.0
    for _ in range(8):
        c = np.linalg.solve((x * w[:, None]).T @ x + 20.0 * np.eye(x.shape[1]), (x * w[:, None]).T @ y)
        scatter = 1.48 * float(np.median(np.abs(y - x @ c)))
        w = 1.0 / (1.0 + ((y - x @ c) / (2.0 * scatter)) ** 2)
    return c, scatter


def simulate(
    truth: Mapping[str, Any], mix: Mapping[str, tuple[Float, float]], rng: np.random.Generator
) -> tuple[dict[str, Float], dict[str, Float], NDArray[np.str_]]:
    """Features, true changes and subject of every training frame seen by two random oblique cameras."""
    subject, camera = (np.asarray(truth[k]).astype(str) for k in ("subject", "camera"))
    keys = np.char.add(np.char.add(subject, "/"), camera)
    features: list[dict[str, Float]] = []
    changes: list[dict[str, Float]] = []
    who: list[NDArray[np.str_]] = []
    for key in dict.fromkeys(keys):
        clip = _columns(truth, np.flatnonzero(keys == key))
        for _ in range(2):
            made, change = _seen_by(clip, mix, rng)
            features.append(made)
            changes.append(change)
            who.append(np.repeat(key.split("/")[0], len(made["azimuth"])))
    return _join(features), _join(changes), np.concatenate(who)


def _join(parts: list[dict[str, Float]]) -> dict[str, Float]:
    return {k: np.concatenate([p[k] for p in parts]) for k in parts[0]}


def _angles(clip: Mapping[str, Any], calibration: NDArray[np.bool_]) -> dict[str, Float]:
    out = true_changes(clip, calibration)
    roll = np.asarray(clip["head_roll_deg"], np.float64)
    return {**out, "head_roll_deg": roll - np.median(roll[calibration])}


def _seen_by(
    clip: Mapping[str, Any], mix: Mapping[str, tuple[Float, float]], rng: np.random.Generator
) -> tuple[dict[str, Float], dict[str, Float]]:
    """One clip through one random oblique camera, half of them with left and right exchanged."""
    calibration = np.asarray(clip["segment"]) == "calibration"
    world = {n: np.stack([np.asarray(clip[f"w_{n}_{k}_m"], np.float64) for k in "xyz"], axis=1) for n in _WORLD}
    change = _angles(clip, calibration)
    if rng.random() < 0.5:
        swap = {"L": "R", "R": "L"}
        world = {(n[:-1] + swap[n[-1]] if "_" in n else n): v * np.array([-1.0, 1.0, 1.0]) for n, v in world.items()}
        change = {k: -v if k in MIRRORED else v for k, v in change.items()}
    azimuth = np.radians(rng.uniform(36.0, 54.0))
    seen = _project(world, calibration, azimuth, rng)
    unit = 0.01 / np.median(seen["NOSE"][calibration, 2]) * np.exp(rng.normal(0.0, 0.05))

    def shift(*names: str) -> Float:
        x = np.mean([seen[n][:, :2] for n in names], axis=0)
        return np.asarray((x - np.median(x[calibration], axis=0)) / unit)

    joints = [shift(n) for n in ("SHJ_R", "SHJ_L", "ACR_R", "ACR_L", "C7")] + [shift("TRAG_L", "TRAG_R")]
    face, depth = shift("EYE_L", "EYE_R", "NOSE", "NOSE"), np.mean(
        [seen[n][:, 2] for n in ("EYE_L", "EYE_R", "NOSE", "NOSE")], axis=0
    )
    scale = -90.0 * np.log(depth / np.median(depth[calibration]))
    gain = 1.0 + rng.normal(0.0, 0.08, 2)
    head = (
        *(face[:, 0], face[:, 1], scale * gain[0], 0.9 * gain[1] * change["head_pitch_deg"]),
        *(-change["head_yaw_deg"], change["head_roll_deg"]),
    )
    n = len(depth)
    out = {f: v + rng.normal(0.0, sd, n) for f, v, sd in zip(FEATURES[:6], head, HEAD_NOISE, strict=True)}
    for name in FOLLOWERS:
        weights, scatter = mix[name]
        axis, wobble = "xy".index(name[-1]), 1.0 + rng.normal(0.0, 0.1, len(JOINTS))
        followed = sum(w * k * j[:, axis] for w, k, j in zip(weights, wobble, joints, strict=True))
        out[name] = followed + rng.normal(0.0, 1.1 * scatter, n)
    out["azimuth"] = np.full(n, np.degrees(azimuth) - 8.0 + rng.normal(0.0, 4.0))
    judged = ~calibration
    return {k: v[judged] for k, v in out.items()}, {k: v[judged] for k, v in change.items()}


def _project(
    world: Mapping[str, Float], calibration: NDArray[np.bool_], azimuth: float, rng: np.random.Generator
) -> dict[str, Float]:
    """(F, 3) of each joint: x/z, y/z and z for a camera before the person's right side."""
    eye = np.median((world["EYE_L"] + world["EYE_R"])[calibration] / 2.0, axis=0)
    distance, height = rng.uniform(0.85, 1.3), rng.uniform(-0.2, 0.05)
    place = eye + np.array([-np.sin(azimuth) * distance, height, np.cos(azimuth) * distance])
    ahead = eye + np.array([0.0, -0.18 + rng.uniform(-0.05, 0.05), -0.05]) - place
    ahead /= np.linalg.norm(ahead)
    right = np.cross(ahead, [0.0, 1.0, 0.0])
    right /= np.linalg.norm(right)
    rotation = np.stack([right, np.cross(ahead, right), ahead])
    out = {}
    for name, points in world.items():
        p = (points - place) @ rotation.T
        out[name] = np.stack([p[:, 0] / p[:, 2], p[:, 1] / p[:, 2], p[:, 2]], axis=1)
    return out


def real_frames(
    lm: Landmarks, truth: Mapping[str, Any]
) -> tuple[dict[str, Float], dict[str, Float], NDArray[np.str_]]:
    """Features, true changes (mirrored like the features) and subject of the real oblique frames."""
    features, changes, who = [], [], []
    for subject, frames, baseline, change in clips_of(lm, truth, "oblique"):
        looks_right = face_looks_right(baseline.as_landmarks())
        made, _ = oblique_features(frames, baseline, looks_right=looks_right)
        sign = 1.0 if looks_right else -1.0
        features.append(made)
        changes.append({k: sign * v if k in MIRRORED else v for k, v in change.items()})
        who.append(np.repeat(subject, len(frames)))
    return _join(features), _join(changes), np.concatenate(who)


def fit_weighted(features: dict[str, Float], y: Float, weight: Float, names: tuple[str, ...]) -> KernelModel:
    """Kernel ridge with a weight for each frame."""
    raw = np.stack([features[k] for k in names], axis=1)
    raw = np.where(np.isfinite(raw), raw, 0.0)
    scale = raw[weight == 1.0].std(axis=0) + 1e-3
    x = (raw / scale).astype(np.float32).astype(np.float64)
    lin, rbf, ell = KERNEL
    d = x.shape[1]
    square = (x**2).sum(1)[:, None] + (x**2).sum(1)[None] - 2 * x @ x.T
    gram = lin * x @ x.T / d + rbf * np.exp(-np.maximum(square, 0) / d / (2 * ell**2))
    mean, spread = float(np.average(y, weights=weight)), float(y.std())
    alpha = np.linalg.solve(gram + RIDGE * np.diag(1.0 / weight), (y - mean) / spread) * spread
    return KernelModel(names, scale, x, alpha, mean, KERNEL, np.zeros(5))


def _predict(model: KernelModel, features: dict[str, Float]) -> tuple[Float, Float]:
    value, _ = model.predict(features)
    x = np.stack([features[k] for k in model.names], axis=1) / model.scale
    x = np.where(np.isfinite(x), x, 0.0)
    square = (x**2).sum(1)[:, None] + (model.points**2).sum(1)[None] - 2 * x @ model.points.T
    return value, sd_inputs(features, x, np.sqrt(np.maximum(square.min(axis=1), 0.0) / x.shape[1]))


def fit_oblique(
    lm: Landmarks, truth: Mapping[str, Any], few: Landmarks, few_truth: Mapping[str, Any]
) -> tuple[dict[str, NDArray[Any]], dict[str, str]]:
    """Arrays of `oblique.npz` and figures: geometry alone on the real frames, and one real person left out.

    Args:
        lm, truth: the training set (front and side views).
        few, few_truth: a set with the few real oblique clips.
    """
    rng = np.random.default_rng(7)
    made, made_changes, _ = simulate(truth, mixtures(lm, truth), rng)
    order = rng.permutation(len(made["azimuth"]))
    train, test = order[:SIMULATED], order[SIMULATED : SIMULATED + 600]
    real, real_changes, who = real_frames(few, few_truth)
    arrays: dict[str, NDArray[Any]] = {}
    lines: dict[str, str] = {}
    for name in FITTED:
        for prefix in ("", "landmarks."):
            names = LANDMARK_FEATURES if prefix else (ALL_FEATURES if name in USES_ALL else CONTOUR_FEATURES)
            pick = lambda index: {k: made[k][index] for k in names}  # noqa: E731
            base, y = pick(train), made_changes[name][train]
            if name not in real_changes:
                real_changes[name] = np.full(len(who), np.nan)
            lines[prefix + name] = _fit_one(
                arrays, prefix + name, names, (base, y), (real, real_changes[name], who), (pick(test), made_changes[name][test])
            )
    return arrays, lines


def _fit_one(arrays: Any, key: str, names: tuple[str, ...], made: Any, real: Any, test: Any) -> str:
    """Fit one quantity and say how well it does."""
    real_x, real_y, who = real
    known = np.isfinite(real_y)
    ones = np.ones(len(made[1]))

    def fit(use: NDArray[np.bool_]) -> KernelModel:
        x = {k: np.concatenate([made[0][k], real_x[k][use]]) for k in names}
        return fit_weighted(x, np.concatenate([made[1], real_y[use]]), np.concatenate([ones, np.full(use.sum(), REAL_WEIGHT)]), names)

    geometry = fit(np.zeros(len(who), bool))
    plain, _ = _predict(geometry, real_x)
    value, inputs = np.full(len(who), np.nan), np.full((len(who), 5), np.nan)
    for subject in np.unique(who):
        out = who == subject
        value[out], inputs[out] = _predict(fit(~out & known), {k: v[out] for k, v in real_x.items()})
    model = fit(known)
    made_value, made_inputs = _predict(geometry, test[0])
    residual, spread_inputs = made_value - test[1], made_inputs
    if known.any():
        residual = np.concatenate([residual, np.repeat((value - real_y)[known], 6)])
        spread_inputs = np.concatenate([spread_inputs, np.repeat(inputs[known], 6, axis=0)])
    sd = fit_sd(residual, spread_inputs)
    arrays.update(
        {
            f"{key}.names": np.array(names),
            f"{key}.scale": model.scale.astype(np.float32),
            f"{key}.points": model.points.astype(np.float16),
            f"{key}.alpha": model.alpha.astype(np.float32),
            f"{key}.kernel": np.array([*KERNEL, model.mean]),
            f"{key}.sd": sd,
        }
    )
    line = f"simulated MAE {np.abs(made_value - test[1]).mean():.2f} r {np.corrcoef(made_value, test[1])[0, 1]:.3f}"
    if known.any():
        y = real_y[known]
        line += f"; geometry alone MAE {np.abs(plain[known] - y).mean():.2f} r {np.corrcoef(plain[known], y)[0, 1]:.3f}"
        error = value[known] - y
        inside = (np.abs(error) <= 1.645 * np.exp(inputs[known] @ sd)).mean()
        line += f"; person left out MAE {np.abs(error).mean():.2f} r {np.corrcoef(value[known], y)[0, 1]:.3f} bias {error.mean():.2f} 90 % {inside:.2f}"
    return line
