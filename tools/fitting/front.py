"""Fit the front view's estimators: mirror-symmetric Gaussian processes on the blocks of `front_features`.

Hyperparameters: maximum a posteriori of the marginal likelihood (Rasmussen & Williams 2006, ch. 5) with a
term for what is peculiar to a person, then five common factors by leaving one person out. The uncertainty is
fitted to the errors on persons left out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from fitting.material import FitClip, Float, Mask, Truth, clips_of
from posture_cv.landmarks.types import Landmarks
from posture_cv.measure.front import (
    GROUPS,
    ODD_GROUPS,
    VARIANTS,
    blocks_of,
    front_model,
    groups_of,
    uncertainty_inputs,
)
from posture_cv.measure.front_features import FrontFeatures, front_features
from posture_cv.measure.mirror_kernel import project
from posture_cv.measure.types import View

Float32 = NDArray[np.float32]
PCA_COLUMNS: Final = {
    **dict.fromkeys(("cols_even", "rows_even", "cols_odd", "rows_odd"), 12),
    **dict.fromkeys(("mesh_even", "mesh_odd"), 12),
}
SIX_CALIBRATION_FRAMES_EVERY: Final = 3
ITERATIONS: Final = 40


@dataclass(frozen=True, slots=True, eq=False)
class FitSet:
    """Frames of all clips below each other."""

    even: dict[str, Float]
    odd: dict[str, Float]
    changes: dict[str, Float]
    subject: NDArray[np.str_]
    calibration: Mask
    features: FrontFeatures

    @property
    def usable(self) -> Mask:
        return self.features.face & self.features.body


def stack_clips(clips: Sequence[FitClip]) -> FitSet:
    """Features and true changes of all clips."""
    parts = [front_features(clip.lm, clip.baseline) for clip in clips]

    def cat(get: Callable[[FrontFeatures], Float]) -> Any:
        return np.concatenate([get(part) for part in parts])

    even = {k: cat(lambda p, k=k: p.even[k]) for k in parts[0].even}  # type: ignore[misc]
    odd = {k: cat(lambda p, k=k: p.odd[k]) for k in parts[0].odd}  # type: ignore[misc]
    features = FrontFeatures(
        even, odd, cat(lambda p: p.face), cat(lambda p: p.body), cat(lambda p: p.contour)
    )
    names = clips[0].changes
    return FitSet(
        even,
        odd,
        {k: np.concatenate([clip.changes[k] for clip in clips]) for k in names},
        np.concatenate([np.repeat(clip.subject, len(clip.lm)) for clip in clips]),
        np.concatenate([clip.calibration for clip in clips]),
        features,
    )


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


def projections_of(data: FitSet, mirror: NDArray[np.intp]) -> dict[str, Float]:
    """Matrix of each block: principal components of the wide ones, else root mean squares taken out."""
    out: dict[str, Float] = {}
    for name, block in (*data.even.items(), *data.odd.items()):
        x = block[data.usable]
        if name.startswith("camera"):
            out[name] = np.diag(1.0 / x.std(axis=0)) if name in data.even else np.diag(1.0 / _rms(x))
        elif name in PCA_COLUMNS:
            x = symmetric_mesh(x, mirror, 1.0 if name == "mesh_even" else -1.0) if "mesh" in name else x
            out[name] = _components(x, PCA_COLUMNS[name])
        else:
            out[name] = np.diag(1.0 / (_rms(x) + 1e-9))
    return out


def _rms(x: Float) -> Float:
    return np.asarray(np.sqrt((x**2).mean(axis=0)))


def _components(x: Float, count: int) -> Float:
    """(D, count) leading components, half whitened, with a root mean square of 1 over all columns."""
    _, vectors = np.linalg.eigh(x.T @ x)
    axes = vectors[:, ::-1][:, :count]
    axes = axes / np.sqrt(_rms(x @ axes))
    return np.asarray(axes / np.sqrt(((x @ axes) ** 2).mean()))


@dataclass(slots=True)
class Process:
    """A Gaussian process with block weights; `theta` = log (a of each block, r of each block, s, noise, person)."""

    points: dict[str, Float]
    even: tuple[str, ...]
    odd: tuple[str, ...]
    is_odd: bool
    subject: NDArray[np.str_]
    theta: Float
    parts: tuple[list[Float32 | None], list[Float32], list[Float32]]
    same_person: Float32

    @classmethod
    def of(
        cls,
        points: dict[str, Float],
        even: tuple[str, ...],
        odd: tuple[str, ...],
        subject: NDArray[np.str_],
        *,
        is_odd: bool,
    ) -> Process:
        linear: list[Float32 | None] = []
        direct: list[Float32] = []
        mirrored: list[Float32] = []
        for name in (*even, *odd):
            x, odd_block = points[name], name in odd
            inner = (x @ x.T).astype(np.float32)
            squares = (x**2).sum(axis=1).astype(np.float32)
            both = squares[:, None] + squares[None]
            linear.append(inner if odd_block == is_odd else None)
            direct.append(both - 2 * inner)
            mirrored.append(both + 2 * inner if odd_block else direct[-1])
        blocks = len(even) + len(odd)
        start = [np.full(blocks, np.log(0.3)), np.full(blocks, np.log(0.4)), np.log([0.7, 0.35, 0.1])]
        same = (subject[:, None] == subject[None]).astype(np.float32)
        return cls(
            points, even, odd, is_odd, subject, np.concatenate(start), (linear, direct, mirrored), same
        )

    @property
    def blocks(self) -> int:
        return len(self.even) + len(self.odd)

    def kernel(self, theta: Float, weight: Float32 | None = None) -> tuple[Float32, Float]:
        """Prior covariance and, for a weight matrix W, the gradient of sum(W * K) by theta."""
        e = np.exp(theta).astype(np.float32)
        a, r, s = e[: self.blocks], e[self.blocks : 2 * self.blocks], e[-3]
        linear, direct, mirrored = self.parts
        sign = np.float32(-1.0 if self.is_odd else 1.0)
        k1 = np.exp(sum(-0.5 * r[i] ** 2 * direct[i] for i in range(self.blocks))) * (0.5 * s**2)
        k2 = np.exp(sum(-0.5 * r[i] ** 2 * mirrored[i] for i in range(self.blocks))) * (0.5 * s**2 * sign)
        total = k1 + k2
        for i, inner in enumerate(linear):
            if inner is not None:
                total += a[i] ** 2 * inner
        gradient = np.zeros(len(theta))
        if weight is not None:
            w1, w2 = weight * k1, weight * k2
            for i in range(self.blocks):
                inner = linear[i]
                if inner is not None:
                    gradient[i] = 2 * a[i] ** 2 * np.vdot(weight, inner)
                gradient[self.blocks + i] = -(r[i] ** 2) * (np.vdot(w1, direct[i]) + np.vdot(w2, mirrored[i]))
            gradient[-3] = 2 * (w1.sum() + w2.sum())
        return total, gradient

    def covariance(self, theta: Float) -> tuple[Float, Float32]:
        """Covariance of the observations, and the prior's."""
        prior, _ = self.kernel(theta)
        noise, person = np.exp(theta[-2]), np.exp(theta[-1])
        full = (prior * (1 + np.float32(person) * self.same_person)).astype(np.float64)
        full[np.diag_indices(len(full))] += noise**2
        return full, prior

    def objective(self, theta: Float, start: Float, y: Float) -> tuple[float, Float]:
        """Negative log posterior of theta and its gradient."""
        full, prior = self.covariance(theta)
        noise, person = np.exp(theta[-2]), np.exp(theta[-1])
        inverse = np.linalg.inv(full)
        alpha = inverse @ y
        value = 0.5 * float((y * alpha).sum()) + 0.5 * y.shape[1] * float(np.linalg.slogdet(full)[1])
        weight = (0.5 * (y.shape[1] * inverse - alpha @ alpha.T)).astype(np.float32)
        _, gradient = self.kernel(theta, weight * (1 + np.float32(person) * self.same_person))
        gradient[-2] = 2 * noise**2 * float(np.trace(weight))
        gradient[-1] = person * float(np.vdot(weight, prior * self.same_person))
        return value + 0.5 * float(((theta - start) ** 2).sum()), gradient + theta - start

    def fit_theta(self, y: Float, iterations: int = ITERATIONS) -> None:
        """Maximise the posterior by Rprop (Riedmiller & Braun 1993)."""
        start, theta = self.theta.copy(), self.theta.copy()
        step, before = np.full(len(theta), 0.1), np.zeros(len(theta))
        for _ in range(iterations):
            _, gradient = self.objective(theta, start, y)
            agree = np.sign(gradient * before)
            step = np.clip(step * np.where(agree > 0, 1.3, np.where(agree < 0, 0.5, 1.0)), 1e-3, 0.5)
            gradient = np.where(agree < 0, 0.0, gradient)
            theta = theta - np.sign(gradient) * step
            theta[-2] = max(theta[-2], np.log(0.15))
            before = gradient
        self.theta = theta

    def left_out(self, theta: Float, y: Float) -> Float:
        """Each frame predicted without its own person, in closed form (Rasmussen & Williams 2006, 5.4.2)."""
        inverse = np.linalg.inv(self.covariance(theta)[0])
        alpha = inverse @ y
        out = np.empty_like(y)
        for who in np.unique(self.subject):
            i = np.flatnonzero(self.subject == who)
            out[i] = y[i] - np.linalg.solve(inverse[np.ix_(i, i)], alpha[i])
        return out

    def tune(self, y: Float, judged: Mask) -> None:
        """Common factors of r, a, s, noise and the person's share that err least on persons left out."""
        n = self.blocks
        parts = (slice(len(self.theta) - 1, None), slice(-2, -1), slice(n, 2 * n), slice(-3, -2), slice(0, n))
        steps = [1.2, 0.5, 0.35, 0.4, 0.5]

        def loss(theta: Float) -> float:
            error = (self.left_out(theta, y) - y)[judged]
            return float((np.abs(error).mean(axis=0) + np.sqrt((error**2).mean(axis=0))).mean())

        best = loss(self.theta)
        for _ in range(2):
            for part, step in zip(parts, steps, strict=True):
                best = self._walk(part, step, best, loss)
            steps = [step / 2 for step in steps]

    def _walk(self, part: slice, step: float, best: float, loss: Callable[[Float], float]) -> float:
        for signed in (step, -step):
            for _ in range(8):
                trial = self.theta.copy()
                trial[part] += signed
                value = loss(trial)
                if value >= best - 1e-4:
                    break
                self.theta, best = trial, value
        return best

    def solve(self, y: Float) -> Float:
        return np.linalg.solve(self.covariance(self.theta)[0], y)


def fit_front(lm: Landmarks, truth: Truth) -> tuple[dict[str, NDArray[Any]], dict[str, str]]:
    """Arrays of `front.npz` and one line of leave-one-person-out figures for each quantity."""
    clips = list(clips_of(lm, truth, View.FRONT))
    data = stack_clips(clips)
    mirror = mesh_mirror(np.stack([clip.baseline.as_landmarks().face_px()[0] for clip in clips]))
    projections = {
        k: v.astype(np.float32).astype(np.float64) for k, v in projections_of(data, mirror).items()
    }
    chosen = np.flatnonzero(data.usable & _thinned(data.calibration))
    projected = project({**data.even, **data.odd}, projections)
    points = {k: v[chosen].astype(np.float16).astype(np.float64) for k, v in projected.items()}
    even, odd = tuple(data.even), tuple(data.odd)
    arrays: dict[str, NDArray[Any]] = {"even": np.array(even), "odd": np.array(odd)}
    arrays |= {f"project.{k}": v.astype(np.float32) for k, v in projections.items()}
    arrays |= {f"points.{k}": v.astype(np.float16) for k, v in points.items()}
    lines: dict[str, str] = {}
    fitter = _Fitter(data, chosen, points, even, odd)
    for variant in VARIANTS.values():
        for group in groups_of(variant):
            arrays |= fitter.fit(variant, group)
    arrays |= _uncertainty(arrays, fitter, projected, lines)
    return arrays, lines


def _thinned(calibration: Mask) -> Mask:
    """All judged frames and every third calibration frame."""
    keep = ~calibration
    keep[np.flatnonzero(calibration)[::SIX_CALIBRATION_FRAMES_EVERY]] = True
    return keep


class _Fitter:
    """Fits variant by variant; the hyperparameters come from the first variant that has the group."""

    def __init__(
        self,
        data: FitSet,
        chosen: NDArray[np.intp],
        points: dict[str, Float],
        even: tuple[str, ...],
        odd: tuple[str, ...],
    ) -> None:
        self.data, self.chosen, self.points, self.even, self.odd = data, chosen, points, even, odd
        self.judged = ~data.calibration[chosen]
        self.subject = data.subject[chosen]
        self.predicted: dict[str, Float] = {}
        self.truth: dict[str, Float] = {}

    def fit(self, variant: str, group: str) -> dict[str, NDArray[Any]]:
        even, odd = blocks_of(variant, self.even), blocks_of(variant, self.odd)
        y = np.stack([self.data.changes[q][self.chosen] for q in GROUPS[group]], axis=1)
        spread = y.std(axis=0)
        process = Process.of(self.points, even, odd, self.subject, is_odd=group in ODD_GROUPS)
        process.fit_theta(y / spread)
        process.tune(y / spread, self.judged)
        key = f"{variant}.{group}"
        self.predicted[key] = process.left_out(process.theta, y / spread) * spread
        self.truth[key] = y
        e = np.exp(process.theta)
        n = process.blocks
        return {
            f"{key}.weights": np.stack([e[:n], e[n : 2 * n]]),
            f"{key}.s": np.array(e[-3]),
            f"{key}.alpha": (process.solve(y / spread) * spread).astype(np.float32),
            f"{key}.sd": np.zeros((y.shape[1], 5)),
        }


def _uncertainty(
    arrays: dict[str, NDArray[Any]], fitter: _Fitter, projected: dict[str, Float], lines: dict[str, str]
) -> dict[str, NDArray[Any]]:
    """Weights of log sd from the errors on persons left out; nearness too is judged without the own person."""
    model = front_model(arrays)
    out: dict[str, NDArray[Any]] = {}
    part = {k: v[fitter.chosen] for k, v in projected.items()}
    turn = fitter.data.odd["turn"][fitter.chosen]
    for variant in VARIANTS.values():
        for group in groups_of(variant):
            key, kernel = f"{variant}.{group}", model.kernels[variant][group]
            nearness = np.empty(len(fitter.chosen))
            for who in np.unique(fitter.subject):
                i = fitter.subject == who
                nearness[i] = kernel.without(~i).predict({k: v[i] for k, v in part.items()})[1]
            weights = []
            for k, name in enumerate(GROUPS[group]):
                value, y = fitter.predicted[key][:, k], fitter.truth[key][:, k]
                inputs = uncertainty_inputs(kernel, part, nearness, turn, value)
                j = fitter.judged
                weights.append(fit_sd((value - y)[j], inputs[j]))
                inside = float((np.abs(value - y) <= 1.645 * np.exp(inputs @ weights[-1]))[j].mean())
                lines[f"{variant}.{name}"] = (
                    f"n {j.sum()}  MAE {np.abs(value - y)[j].mean():.3f}  "
                    f"r {np.corrcoef(value[j], y[j])[0, 1]:.3f}  90 % interval {inside:.2f}"
                )
            out[f"{key}.sd"] = np.stack(weights)
    return out


def fit_sd(error: Float, inputs: Float, coverage: float = 0.9) -> Float:
    """Weights of log sd: maximum likelihood of Gaussian errors (Newton, ridge), shifted to cover `coverage`."""
    centre, spread = inputs.mean(axis=0), inputs.std(axis=0) + 1e-6
    z = (inputs - centre) / spread
    z[:, 0] = 1.0
    w = np.zeros(z.shape[1])
    w[0] = np.log(error.std())
    ridge = np.diag([0.0, *([0.02 * len(z)] * (z.shape[1] - 1))])
    for _ in range(50):
        ratio = np.minimum(error**2 * np.exp(-2 * z @ w), 25.0)
        gradient = z.T @ (1 - ratio) + ridge @ w
        hessian = z.T @ (z * (2 * ratio)[:, None]) + ridge + 1e-3 * np.eye(len(w))
        w -= np.clip(np.linalg.solve(hessian, gradient), -0.3, 0.3)
    weights = w / spread
    weights[0] = w[0] - (w[1:] / spread[1:]) @ centre[1:]
    ratio = np.abs(error) / np.exp(inputs @ weights)
    weights[0] += np.log(np.quantile(ratio, coverage) / 1.645)
    return np.asarray(weights)
