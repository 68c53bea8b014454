"""Fit the front view's estimators: mirror-symmetric Gaussian processes and small forests on `front_features`.

The first stage (the head's size and pitch) is predicted for each person from the others before it enters the
second, and the uncertainty is fitted to the errors on persons left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from fitting.material import FitClip, Float, Mask, Truth, clips_of
from fitting.process import Process
from fitting.trees import Grower
from posture_cv.landmarks.types import Landmarks
from posture_cv.measure.forest import Forest
from posture_cv.measure.front_features import (
    CAMERA_EVEN,
    FrontFeatures,
    camera_stand,
    front_features,
    room_blocks,
)
from posture_cv.measure.front_model import (
    EVEN_BLOCKS,
    GROUPS,
    ODD_BLOCKS,
    ODD_GROUPS,
    SD_INPUTS,
    VARIANTS,
    blocks_of,
    change_size,
    front_model,
    groups_of,
    has_forest,
    points_key,
    take,
    tree_inputs,
    uncertainty_inputs,
)
from posture_cv.measure.mirror_kernel import Float32, MirrorKernel, project
from posture_cv.measure.types import View

COMPONENTS: Final = {
    **dict.fromkeys(("outline_even", "outline_odd", "arms_even", "arms_odd"), 10),
    **dict.fromkeys(("rows_even", "rows_odd", "mesh_even", "mesh_odd"), 12),
    **dict.fromkeys(("head_even", "head_odd"), 6),
}
CALIBRATION_FRAMES_EVERY: Final = 3
TREES: Final = 60
TREES_LEFT_OUT: Final = 40
FOLDS: Final = 9
SHARES: Final = (0.0, 0.2, 0.3, 0.4, 0.5, 0.6)


@dataclass(frozen=True, slots=True, eq=False)
class FitFrames:
    """Usable frames of all clips; `features` clip by clip, since the camera belongs to the clip."""

    features: tuple[FrontFeatures, ...]
    changes: dict[str, Float]
    subject: NDArray[np.str_]
    judged: Mask
    camera_pitch: Float

    def blocks(self) -> dict[str, Float]:
        """Every block of the first reading, (N, D)."""
        return self._below_each_other([{**f.even, **f.odd} for f in self.features])

    def room(self, weights: Float, growth: Float | None, pitch: Float | None) -> dict[str, Float]:
        """Every room block, given the camera's pitch weights and the refined head (N,)."""
        parts, start = [], 0
        for f in self.features:
            frames = slice(start, start + len(f.body))
            start = frames.stop
            head = (None, None) if growth is None or pitch is None else (growth[frames], pitch[frames])
            even, odd = room_blocks(f, camera_stand(f, weights), *head)
            parts.append({**even, **odd})
        return self._below_each_other(parts)

    @staticmethod
    def _below_each_other(parts: list[dict[str, Float]]) -> dict[str, Float]:
        return {k: np.concatenate([p[k] for p in parts]) for k in parts[0]}


def gather(clips: Sequence[FitClip]) -> FitFrames:
    """All judged frames and every third calibration frame of which face, body and contour are seen."""
    features, changes, subject, judged = [], [], [], []
    for clip in clips:
        found = front_features(clip.lm, clip.baseline)
        thinned = ~clip.calibration
        thinned[np.flatnonzero(clip.calibration)[::CALIBRATION_FRAMES_EVERY]] = True
        keep = found.face & found.body & found.contour & ~found.contradicts & thinned
        features.append(take(found, keep))
        changes.append({k: v[keep] for k, v in clip.changes.items()})
        subject.append(np.repeat(clip.subject, int(keep.sum())))
        judged.append(~clip.calibration[keep])
    return FitFrames(
        tuple(features),
        {k: np.concatenate([c[k] for c in changes]) for k in changes[0]},
        np.concatenate(subject),
        np.concatenate(judged),
        np.array([clip.camera_pitch_deg for clip in clips]),
    )


def camera_pitch_weights(frames: FitFrames) -> Float:
    """Ridge of the camera's pitch on its even numbers, constant first."""
    x = np.array([[f.camera[k] for k in CAMERA_EVEN] for f in frames.features])
    a = np.column_stack([np.ones(len(x)), x])
    ridge = np.diag([0.0, *(0.5 * x.var(axis=0))])
    return np.asarray(np.linalg.solve(a.T @ a + ridge, a.T @ frames.camera_pitch))


def mesh_mirror(meshes: Float) -> NDArray[np.intp]:
    """(468,) the point on the other side of the face of each point, from (K, 468, 3) baseline meshes."""
    facing = meshes[np.abs(meshes[:, 263, 2] - meshes[:, 33, 2]) < 0.1 * np.ptp(meshes[:, :, 0], axis=1)]
    centred = facing - facing.mean(axis=1, keepdims=True)
    mean = (centred / np.linalg.norm(centred, axis=(1, 2), keepdims=True)).mean(axis=0)
    mirrored = mean * np.array([-1.0, 1.0, 1.0])
    return np.argmin(((mean[:, None] - mirrored[None]) ** 2).sum(axis=2), axis=1)


def symmetric_mesh(flat: Float, mirror: NDArray[np.intp], sign: float) -> Float:
    """The even (+1) or odd (-1) part of shape changes (N, 1404)."""
    shape = flat.reshape(len(flat), -1, 3)
    other = shape[:, mirror] * np.array([-1.0, 1.0, 1.0])
    return ((shape + sign * other) / 2.0).reshape(len(flat), -1)


def projection_of(name: str, x: Float, mirror: NDArray[np.intp]) -> Float:
    """Matrix of one block: principal components of the wide ones, else scales taken out."""
    if name.startswith("mesh"):
        x = symmetric_mesh(x, mirror, 1.0 if name == "mesh_even" else -1.0)
    if name in COMPONENTS:
        matrix = _components(x, COMPONENTS[name])
    else:
        scale = x.std(axis=0) if name in CAMERA_EVEN else np.sqrt((x**2).mean(axis=0))
        matrix = np.diag(1.0 / (scale + 1e-9))
    return matrix.astype(np.float32).astype(np.float64)


def _components(x: Float, count: int) -> Float:
    """(D, count) leading components, half whitened, with a root mean square of 1 over all columns."""
    _, vectors = np.linalg.eigh(x.T @ x)
    axes = vectors[:, ::-1][:, :count]
    axes = axes / np.sqrt(np.sqrt(((x @ axes) ** 2).mean(axis=0)))
    return np.asarray(axes / np.sqrt(((x @ axes) ** 2).mean()))


def fit_front(lm: Landmarks, truth: Truth) -> tuple[dict[str, NDArray[Any]], dict[str, str]]:
    """Arrays of `front.npz` and one line of leave-one-person-out figures for each quantity."""
    clips = list(clips_of(lm, truth, View.FRONT))
    frames = gather(clips)
    fitter = Fitter(frames, mesh_mirror(np.stack([c.baseline.as_landmarks().face_px()[0] for c in clips])))
    for variant in VARIANTS.values():
        fitter.fit_variant(variant)
    fitter.fit_uncertainty()
    return fitter.arrays, fitter.lines


class Fitter:
    """Fits variant by variant and collects the arrays and the figures."""

    def __init__(self, frames: FitFrames, mirror: NDArray[np.intp]) -> None:
        self.frames, self.mirror = frames, mirror
        self.weights = camera_pitch_weights(frames)
        self.arrays: dict[str, NDArray[Any]] = {"camera_pitch": self.weights}
        self.lines: dict[str, str] = {}
        self.projections: dict[str, Float] = {}
        self.points: dict[str, dict[str, Float32]] = {}
        self.theta: dict[str, dict[str, tuple[float, float]]] = {}
        self.common: dict[str, Float] = {}
        self.predicted: dict[str, Float] = {}
        self.apart: dict[str, Float] = {}

    def fit_variant(self, variant: str) -> None:
        """First stage, room blocks with what it gives on persons left out, then the other groups."""
        self.points[variant] = self._projected(variant, self.frames.blocks())
        growth = pitch = None
        if "face" in groups_of(variant):
            self.fit_group(variant, "face")
            face = self.predicted[f"{variant}.face"]
            pitch, growth = face[:, 0], -face[:, 1] / 100.0
        room = self.frames.room(self.weights, growth, pitch)
        self.points[variant] |= self._projected(variant, room)
        for group in groups_of(variant):
            if group != "face":
                self.fit_group(variant, group)

    def _projected(self, variant: str, blocks: dict[str, Float]) -> dict[str, Float32]:
        """Blocks through their matrices, made at the first call, and rounded as they are shipped."""
        known = {k: v for k, v in blocks.items() if k in (*EVEN_BLOCKS, *ODD_BLOCKS)}
        for name, x in known.items():
            if name not in self.projections:
                self.projections[name] = projection_of(name, x, self.mirror)
                self.arrays[f"project.{name}"] = self.projections[name].astype(np.float32)
        points = {k: v.astype(np.float16) for k, v in project(known, self.projections).items()}
        used = {b for g in groups_of(variant) for part in blocks_of(variant, g) for b in part}
        for name, x in points.items():
            if name in used and points_key(variant, name) not in self.arrays:
                self.arrays[points_key(variant, name)] = x
        return {k: v.astype(np.float32) for k, v in points.items()}

    def fit_group(self, variant: str, group: str) -> None:
        """Kernel (hyperparameters on every other frame, weights on all), forest and its share."""
        key, points = f"{variant}.{group}", self.points[variant]
        even, odd = blocks_of(variant, group)
        y = np.stack([self.frames.changes[q] for q in GROUPS[group]], axis=1)
        spread = y.std(axis=0)
        half = np.arange(len(y)) % 2 == 0
        draft = self._process(points, even, odd, group, half)
        known = self.theta.get(group)
        if known is None:
            draft.fit_theta((y / spread)[half])
        else:
            pairs = np.array([known[b] for b in (*even, *odd)])
            draft.theta = np.concatenate([pairs[:, 0], pairs[:, 1], self.common[group]])
        draft.tune((y / spread)[half], self.frames.judged[half])
        n = draft.blocks
        if known is None:
            pairs_of = zip(
                (*even, *odd), zip(draft.theta[:n], draft.theta[n : 2 * n], strict=True), strict=True
            )
            self.theta[group], self.common[group] = dict(pairs_of), draft.theta[2 * n :]
        process = self._process(points, even, odd, group, np.ones(len(y), bool))
        process.theta = draft.theta
        left_out = process.left_out(process.theta, y / spread)
        e = np.exp(process.theta)
        self.arrays |= {
            f"{key}.weights": np.stack([e[:n], e[n : 2 * n]]),
            f"{key}.s": np.array(e[-3]),
            f"{key}.alpha": (process.solve(y / spread) * spread).astype(np.float32),
            f"{key}.spread": spread,
            f"{key}.sd": np.zeros((y.shape[1], SD_INPUTS)),
            f"{key}.share": np.array(0.0),
        }
        self.apart[key] = np.zeros_like(y)
        if has_forest(variant, group):
            left_out = self._forest(key, tree_inputs(points, even, odd), y / spread, left_out, spread)
        self.predicted[key] = left_out * spread
        judged = self.frames.judged
        for k, name in enumerate(GROUPS[group]):
            print(f"{key} {name}: {figures(self.predicted[key][judged, k], y[judged, k])}", flush=True)

    def _process(
        self,
        points: dict[str, Float32],
        even: tuple[str, ...],
        odd: tuple[str, ...],
        group: str,
        keep: Mask,
    ) -> Process:
        chosen = {b: points[b][keep].astype(np.float64) for b in (*even, *odd)}
        return Process.of(chosen, even, odd, self.frames.subject[keep], is_odd=group in ODD_GROUPS)

    def _forest(self, key: str, x: Float32, y: Float, kernel: Float, spread: Float) -> Float:
        """Grow the forest, choose its share by persons left out, and give the mixture's answers on them."""
        subjects = np.unique(self.frames.subject)
        trees = np.empty_like(y)
        for fold in range(FOLDS):
            out = np.isin(self.frames.subject, subjects[fold::FOLDS])
            grower = Grower(x[~out], y[~out], seed=fold)
            grower.grow(TREES_LEFT_OUT)
            trees[out] = Forest.from_arrays(grower.arrays("f", np.ones(y.shape[1])), "f").predict(x[out])
        judged = self.frames.judged

        def loss(share: float) -> float:
            error = ((1 - share) * kernel + share * trees - y)[judged]
            return float(np.abs(error).mean() + np.sqrt((error**2).mean()))

        share = min(SHARES, key=loss)
        grower = Grower(x, y, seed=FOLDS)
        grower.grow(TREES)
        self.arrays |= grower.arrays(f"{key}.forest", spread) | {f"{key}.share": np.array(share)}
        self.apart[key] = np.abs(trees - kernel)
        return np.asarray((1 - share) * kernel + share * trees)

    def fit_uncertainty(self) -> None:
        """Weights of log sd from the errors on persons left out; nearness too without the own person."""
        model = front_model(self.arrays)
        for variant in VARIANTS.values():
            for group in groups_of(variant):
                key, kernel = f"{variant}.{group}", model.groups[variant][group].kernel
                self.arrays[f"{key}.sd"] = self._sd_weights(key, variant, group, kernel)

    def _sd_weights(self, key: str, variant: str, group: str, kernel: MirrorKernel) -> Float:
        points, judged = self.points[variant], self.frames.judged
        nearness = np.empty(len(judged))
        for who in np.unique(self.frames.subject):
            own = self.frames.subject == who
            nearness[own] = kernel.without(~own).predict({k: v[own] for k, v in points.items()})[1]
        size = change_size(points, kernel)
        weights = []
        for k, name in enumerate(GROUPS[group]):
            spread = float(self.arrays[f"{key}.spread"][k])
            value, y = self.predicted[key][:, k], self.frames.changes[name]
            inputs = uncertainty_inputs(nearness, size, value / spread, self.apart[key][:, k])
            error = ((value - y) / spread)[judged]
            weights.append(fit_sd(error, inputs[judged]))
            inside = float((np.abs(error) <= 1.645 * np.exp(inputs[judged] @ weights[-1])).mean())
            share = float(self.arrays[f"{key}.share"])
            self.lines[f"{variant}.{name}"] = (
                f"{figures(value[judged], y[judged])}  90 % interval {inside:.2f}  forest {share:.1f}"
            )
        return np.stack(weights)


def figures(value: Float, y: Float) -> str:
    """How well values agree with the truth."""
    return f"n {len(y)}  MAE {np.abs(value - y).mean():.3f}  r {np.corrcoef(value, y)[0, 1]:.3f}"


def fit_sd(error: Float, inputs: Float, coverage: float = 0.9) -> Float:
    """Weights of log sd: maximum likelihood of Gaussian errors (Newton, ridge), shifted to cover `coverage`."""
    centre, spread = inputs.mean(axis=0), inputs.std(axis=0)
    live = spread > 1e-9
    live[0] = False
    z = np.column_stack([np.ones(len(inputs)), (inputs[:, live] - centre[live]) / spread[live]])
    w = np.zeros(z.shape[1])
    w[0] = np.log(error.std())
    ridge = np.diag([0.0, *([0.02 * len(z)] * (z.shape[1] - 1))])
    for _ in range(50):
        ratio = np.minimum(error**2 * np.exp(-2 * z @ w), 25.0)
        gradient = z.T @ (1 - ratio) + ridge @ w
        hessian = z.T @ (z * (2 * ratio)[:, None]) + ridge + 1e-3 * np.eye(len(w))
        w -= np.clip(np.linalg.solve(hessian, gradient), -0.3, 0.3)
    weights = np.zeros(inputs.shape[1])
    weights[live] = w[1:] / spread[live]
    weights[0] = w[0] - weights[live] @ centre[live]
    ratio = np.abs(error) / np.exp(inputs @ weights)
    weights[0] += np.log(np.quantile(ratio, coverage) / 1.645)
    return weights
