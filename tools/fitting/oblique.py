"""Fit the oblique view, for which there are only two persons: from geometry first.

1. In front views at least 10 degrees off axis, learn how the measured shoulders and stretches of outline follow the
   true joints (linear mixtures and their scatter).
2. Place oblique cameras round the true joints of every training frame, and make what would be measured there.
3. Learn the way back (kernel ridge), with the few real oblique frames added at a larger weight.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fitting.kernel_fit import Frames, Recipe, figures, fit, fit_sd, store
from fitting.material import median_baseline
from posture_cv.coefficients.people import WITHOUT
from posture_cv.landmarks.types import Landmarks
from posture_cv.measure.baseline import Baseline
from posture_cv.measure.kernel_model import Estimator
from posture_cv.measure.oblique import FITTED, MIRRORED
from posture_cv.measure.oblique_features import FEATURES, face_looks_right, oblique_features
from posture_cv.measure.types import View

Float = NDArray[np.float64]
JOINTS = ("SHJ_near", "SHJ_far", "ACR_near", "ACR_far", "C7", "TRAG")
FOLLOWERS = tuple(f for f in FEATURES if f[:4] != "head" and f != "azimuth")
HEAD_ONLY = ("head_x", "head_y", "head_scale", "head_pitch", "head_yaw", "head_roll", "azimuth")
LANDMARK_FEATURES = (*FEATURES[:10], "azimuth")
CONTOUR_FEATURES = (*HEAD_ONLY, *FEATURES[10:-1])
ALL_FEATURES = FEATURES
USES_ALL = ("protraction_cm", "shoulder_elevation_cm", "trunk_yaw_deg", "sink_cm")
RIDGE, ELL, REAL_WEIGHT, SIMULATED = 0.1, 2.0, 10.0, 1200
# Scatter of the face mesh's rigid fit at about 1 m (cm, cm, %, deg, deg, deg): ours, from calibration frames.
HEAD_NOISE = (0.15, 0.15, 1.3, 1.5, 2.0, 2.0)
_WORLD = ("TRAG_L", "TRAG_R", "SHJ_L", "SHJ_R", "ACR_L", "ACR_R", "C7", "EYE_L", "EYE_R", "NOSE")


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
        "head_roll_deg": -mean("head_roll_deg"),  # the truth counts the right as positive, we the left
        "trunk_yaw_deg": mean("trunk_yaw_deg"),
    }
    return {k: v - np.median(v[calibration]) for k, v in absolute.items()}


def clips_of(
    lm: Landmarks, truth: Mapping[str, Any], view: str
) -> Iterator[tuple[str, Landmarks, Baseline, dict[str, Float]]]:
    """(subject, judged frames, baseline, true changes) of each subject and camera of one view."""
    column = {k: np.asarray(truth[k]) for k in ("subject", "camera", "view", "segment", "person_present")}
    keys = np.char.add(np.char.add(column["subject"].astype(str), "/"), column["camera"].astype(str))
    chosen = (column["view"] == view) & (column["person_present"] == 1)
    for key in dict.fromkeys(keys[chosen]):
        index = np.flatnonzero(chosen & (keys == key))
        calibration = column["segment"][index] == "calibration"
        changes = true_changes({k: np.asarray(truth[k])[index] for k in truth}, calibration)
        baseline = median_baseline(lm[index[calibration]], View[view.upper()])
        judged = index[~calibration]
        yield key.split("/")[0], lm[judged], baseline, {k: v[~calibration] for k, v in changes.items()}


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
        features, _ = oblique_features(frames, baseline)
        clip = _columns(rows, index)
        for axis in (0, 1):
            joints[axis].append(_true_shift(clip, looks_right, unit, axis))
        for name in FOLLOWERS:
            measured[name].append(features[name])
    return {
        f: _robust(np.concatenate(joints["xy".index(f[-1])]), np.concatenate(measured[f])) for f in FOLLOWERS
    }


def _front_clips(
    lm: Landmarks, truth: Mapping[str, Any]
) -> Iterator[tuple[NDArray[np.intp], Landmarks, Baseline, bool, float]]:
    """Rows, frames, baseline, facing and px per cm of each front clip that shows a face."""
    subject = np.asarray(truth["subject"]).astype(str)
    for who in np.unique(subject):
        index = np.flatnonzero((subject == who) & lm.person_found & lm.face_found)
        calibration = np.asarray(truth["segment"])[index] == "calibration"
        if calibration.sum() < 3:
            continue
        baseline = median_baseline(lm[index[calibration]], View.FRONT)
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


def _seen_by(
    clip: Mapping[str, Any], mix: Mapping[str, tuple[Float, float]], rng: np.random.Generator
) -> tuple[dict[str, Float], dict[str, Float]]:
    """One clip through one random oblique camera, half of them with left and right exchanged."""
    calibration = np.asarray(clip["segment"]) == "calibration"
    world = {
        n: np.stack([np.asarray(clip[f"w_{n}_{k}_m"], np.float64) for k in "xyz"], axis=1) for n in _WORLD
    }
    change = true_changes(clip, calibration)
    if rng.random() < 0.5:
        swap = {"L": "R", "R": "L"}
        world = {
            (n[:-1] + swap[n[-1]] if "_" in n else n): v * np.array([-1.0, 1.0, 1.0])
            for n, v in world.items()
        }
        change = {k: -v if k in MIRRORED else v for k, v in change.items()}
    azimuth = np.radians(rng.uniform(36.0, 54.0))
    seen = _project(world, calibration, azimuth, rng)
    unit = 0.01 / np.median(seen["NOSE"][calibration, 2]) * np.exp(rng.normal(0.0, 0.05))

    def shift(*names: str) -> Float:
        x = np.mean([seen[n][:, :2] for n in names], axis=0)
        return np.asarray((x - np.median(x[calibration], axis=0)) / unit)

    joints = [shift(n) for n in ("SHJ_R", "SHJ_L", "ACR_R", "ACR_L", "C7")] + [shift("TRAG_L", "TRAG_R")]
    face, depth = (
        shift("EYE_L", "EYE_R", "NOSE", "NOSE"),
        np.mean([seen[n][:, 2] for n in ("EYE_L", "EYE_R", "NOSE", "NOSE")], axis=0),
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
        made, _ = oblique_features(frames, baseline)
        sign = 1.0 if looks_right else -1.0
        features.append(made)
        changes.append({k: sign * v if k in MIRRORED else v for k, v in change.items()})
        who.append(np.repeat(subject, len(frames)))
    return _join(features), _join(changes), np.concatenate(who)


def fit_oblique(
    lm: Landmarks, truth: Mapping[str, Any], also: Sequence[tuple[Landmarks, Mapping[str, Any]]]
) -> tuple[dict[str, NDArray[Any]], dict[str, str]]:
    """Fit the oblique view.

    Args:
        lm, truth: the training set (front and side views).
        also: one set with the few real oblique clips.

    Returns:
        Arrays of `oblique.npz`, and for each quantity a line of figures: made frames of cameras not fitted on, real
        frames from geometry alone, and real frames with their own person left out.
    """
    rng = np.random.default_rng(7)
    made, changes, who = simulate(truth, mixtures(lm, truth), rng)
    order = rng.permutation(len(who))
    train, test = order[:SIMULATED], order[SIMULATED : SIMULATED + 600]
    real, real_changes, real_who = real_frames(*also[0])
    arrays: dict[str, NDArray[Any]] = {}
    lines: dict[str, str] = {}
    for name in FITTED:
        full = ALL_FEATURES if name in USES_ALL else CONTOUR_FEATURES
        for key, names in ((name, full), (f"landmarks.{name}", LANDMARK_FEATURES)):
            every = Frames(made, changes[name], who, np.ones(len(who)))
            known = Frames(real, real_changes[name], real_who, np.full(len(real_who), REAL_WEIGHT))
            recipe = Recipe((names,), RIDGE, ELL)
            lines[key] = _fit_one(arrays, key, recipe, (_pick(every, train), _pick(every, test), known))
    return arrays, lines


def _pick(frames: Frames, index: NDArray[np.intp]) -> Frames:
    return Frames(
        {k: v[index] for k, v in frames.x.items()}, frames.y[index], frames.who[index], frames.weight[index]
    )


def _both(a: Frames, b: Frames) -> Frames:
    x = {k: np.concatenate([a.x[k], b.x[k]]) for k in FEATURES}
    return Frames(x, *(np.concatenate([getattr(a, k), getattr(b, k)]) for k in ("y", "who", "weight")))


def _fit_one(
    arrays: dict[str, NDArray[Any]], key: str, recipe: Recipe, frames: tuple[Frames, Frames, Frames]
) -> str:
    """Fit one quantity, store it, and say how well it does."""
    train, test, known = frames
    geometry = fit(train, recipe)
    made, made_inputs = geometry.with_inputs(test.x)
    plain, _ = geometry.with_inputs(known.x)
    value, inputs = np.full(len(known.y), np.nan), np.full((len(known.y), 5), np.nan)
    for subject in np.unique(known.who):
        out = known.who == subject
        without = fit(_both(train, known.take(~out)), recipe)
        value[out], inputs[out] = without.with_inputs(known.take(out).x)
        _store_without(
            arrays, f"{WITHOUT}.{subject}.{key}.0", without, np.append(np.zeros(len(train.y), bool), out)
        )
    # The real frames are few: six copies of them make about a third of the evidence on the uncertainty.
    residual = np.concatenate([made - test.y, np.repeat(value - known.y, 6)])
    sd = fit_sd(residual, np.concatenate([made_inputs, np.repeat(inputs, 6, axis=0)]))
    store(arrays, key, fit(_both(train, known), recipe), sd)
    parts = (
        ("made", made, test.y, made_inputs),
        ("geometry alone", plain, known.y, inputs),
        ("person left out", value, known.y, inputs),
    )
    return " | ".join(f"{label}: {figures(v, y, np.exp(z @ sd))}" for label, v, y, z in parts)


def _store_without(
    arrays: dict[str, NDArray[Any]], key: str, estimator: Estimator, gone: NDArray[np.bool_]
) -> None:
    """What differs from the whole fit when a person is left out: that person's frames weigh nothing."""
    model = estimator.models[0]
    alpha = np.zeros(len(gone), np.float32)
    alpha[~gone] = model.alpha
    arrays[f"{key}.alpha"], arrays[f"{key}.kernel"] = alpha, np.array([*model.kernel, model.mean])
