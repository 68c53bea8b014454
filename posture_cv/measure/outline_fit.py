"""How a stretch of the outline has moved against the baseline: robust rigid registration, many frames at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from posture_cv.measure.profile_outline import Outline
from posture_cv.measure.types import Float

_MAX_STEP = np.array([2.0, 2.0, 0.15])  # of one Gauss-Newton step: cm, cm, rad


@dataclass(frozen=True, slots=True, eq=False)
class Template:
    """A stretch of the baseline's outline.

    Attributes:
        offset: (K, 2) points relative to `centre`, px.
        normal: (K, 2) unit normals of the outline there.
        weight: (K,) weight of each point, 0 where the baseline shows none.
        n_front, n_rear: how many of the points are read from the front and from the rear edge; the rest are
            read from the top.
        centre: (2,) px, about which the stretch turns.
        unit: px per centimetre.
    """

    offset: Float
    normal: Float
    weight: Float
    n_front: int
    n_rear: int
    centre: Float
    unit: float


@dataclass(frozen=True, slots=True, eq=False)
class Motion:
    """Where the stretch went: (N,) centimetres forward and down, radians (positive = nodding forward).

    `rms` is the weighted residual in cm, `share` the part of the template that was found again, `cost` the
    bounded residual with which starts are compared.
    """

    forward: Float
    down: Float
    angle: Float
    rms: Float
    share: Float
    cost: Float

    def as_array(self) -> Float:
        """(N, 3) forward, down, angle."""
        return np.stack([self.forward, self.down, self.angle], axis=1)


@dataclass(frozen=True, slots=True, eq=False)
class Prior:
    """Expected motion (N, 3) and its precision (3,), in cm, cm, rad."""

    mean: Float
    precision: Float


def slope(x: Float, y: Float) -> Float:
    """(K,) dx/dy by central differences; NaN beside gaps."""
    out = np.empty_like(x)
    out[1:-1] = (x[2:] - x[:-2]) / (y[2:] - y[:-2])
    out[0] = (x[1] - x[0]) / (y[1] - y[0])
    out[-1] = (x[-1] - x[-2]) / (y[-1] - y[-2])
    return out


def make_template(
    base: Outline,
    unit: float,
    centre: tuple[float, float],
    front_y: Float,
    rear_y: Float,
    top_x: Float,
    weights: tuple[float, float, float],
) -> Template:
    """Template of the baseline (one frame) from rows `front_y`, `rear_y` and columns `top_x` (px)."""
    front, rear = base.front_at(front_y[None])[0], base.rear_at(rear_y[None])[0]
    top = base.top_at(top_x[None])[0]
    points = np.concatenate(
        [np.stack([front, front_y], 1), np.stack([rear, rear_y], 1), np.stack([top_x, top], 1)]
    )
    steep = np.concatenate([slope(p, q) for p, q in ((front, front_y), (rear, rear_y)) if len(p)])
    flat = slope(top, top_x) if len(top_x) else top_x
    normal = np.concatenate(
        [np.stack([np.ones_like(steep), -steep], 1), np.stack([flat, -np.ones_like(flat)], 1)]
    )
    with np.errstate(invalid="ignore"):
        normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    weight = np.repeat(weights, [len(front_y), len(rear_y), len(top_x)])
    good = np.isfinite(points).all(axis=1) & np.isfinite(normal).all(axis=1)
    good &= np.concatenate([np.abs(steep) < 3.0, np.abs(flat) < 3.0]) & (weight > 0)
    middle = np.asarray(centre, np.float64)
    return Template(
        np.where(good[:, None], points - middle, 0.0),
        np.where(good[:, None], normal, 0.0),
        np.where(good, weight, 0.0),
        len(front_y),
        len(rear_y),
        middle,
        unit,
    )


def _placed(t: Template, q: Float) -> tuple[Float, Float, Float, Float]:
    """Turned offsets and normals (N, K) each: x, y, normal x, normal y."""
    cos, sin = np.cos(q[:, 2:]), np.sin(q[:, 2:])
    x, y = t.offset[:, 0], t.offset[:, 1]
    nx, ny = t.normal[:, 0], t.normal[:, 1]
    return cos * x - sin * y, sin * x + cos * y, cos * nx - sin * ny, sin * nx + cos * ny


def residuals(t: Template, outline: Outline, q: Float) -> tuple[Float, Float]:
    """Distance along the normal (N, K) in cm between outline and moved template, and its Jacobian (N, K, 3)."""
    dx, dy, nx, ny = _placed(t, q)
    x = t.centre[0] + q[:, :1] * t.unit + dx
    y = t.centre[1] + q[:, 1:2] * t.unit + dy
    a, b = t.n_front, t.n_front + t.n_rear
    found = np.empty_like(x)
    if a:
        found[:, :a] = (outline.front_at(y[:, :a]) - x[:, :a]) * nx[:, :a]
    if b > a:
        found[:, a:b] = (outline.rear_at(y[:, a:b]) - x[:, a:b]) * nx[:, a:b]
    if b < x.shape[1]:
        found[:, b:] = (outline.top_at(x[:, b:]) - y[:, b:]) * ny[:, b:]
    jacobian = np.stack([nx, ny, (ny * dx - nx * dy) / t.unit], axis=2)
    return found / t.unit, jacobian


def register(
    t: Template, outline: Outline, start: Float, prior: Prior, scales: tuple[float, ...], gain: float = 1.0
) -> Motion:
    """Move the template onto each frame's outline by iteratively re-weighted Gauss-Newton.

    Args:
        t: template of K points.
        outline: N frames.
        start: (N, 3) first guess: cm, cm, rad.
        prior: where the motion is expected.
        scales: Cauchy scale in cm of each iteration, coarse to fine.
        gain: weight of the outline against the prior.
    """
    q = start.copy()
    for scale in scales:
        r, jacobian = residuals(t, outline, q)
        w = _cauchy(r, scale, t.weight)
        weighted = jacobian * (gain * w)[:, :, None]
        hessian = np.matmul(weighted.transpose(0, 2, 1), jacobian) + np.diag(prior.precision)
        pull = np.matmul(weighted.transpose(0, 2, 1), np.where(w > 0, r, 0.0)[:, :, None])[:, :, 0]
        pull -= (q - prior.mean) * prior.precision
        step = np.linalg.solve(hessian, pull[:, :, None])[:, :, 0]
        q = q + np.clip(step, -_MAX_STEP, _MAX_STEP)
    return _summary(t, outline, q, scales[-1])


def _cauchy(r: Float, scale: float, weight: Float) -> Float:
    """(N, K) weights; 0 where the outline is not there."""
    with np.errstate(invalid="ignore"):
        w = weight / (1.0 + (r / scale) ** 2)
    return np.where(np.isfinite(w), w, 0.0)


def _summary(t: Template, outline: Outline, q: Float, scale: float) -> Motion:
    r, _ = residuals(t, outline, q)
    w = _cauchy(r, scale, t.weight)
    total = max(float(t.weight.sum()), 1e-9)
    square = np.where(w > 0, r, 0.0) ** 2
    rms = np.sqrt((w * square).sum(axis=1) / np.maximum(w.sum(axis=1), 1e-9))
    bounded = np.where(w > 0, square / (square + 0.25), 1.0)
    cost = (bounded * t.weight).sum(axis=1) / total
    share = w.sum(axis=1) / total
    return Motion(q[:, 0], q[:, 1], q[:, 2], rms, share, cost)


def best_of(motions: Float, cost: Float) -> Float:
    """(N, 3) the start with the least cost, from motions (N, S, 3) and cost (N, S)."""
    chosen: NDArray[np.intp] = np.argmin(cost, axis=1)
    return np.asarray(motions[np.arange(len(motions)), chosen])
