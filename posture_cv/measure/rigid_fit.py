"""How stretches of the outline have moved against the baseline: robust rigid registration of many at once.

Every stretch of every frame is moved by iteratively re-weighted Gauss-Newton steps (point-to-line distance after
Chen & Medioni 1992, Cauchy weights) towards the outline, within a prior. Points are complex numbers, x + iy, in
centimetres: a turn is then one multiplication, and in the turned frame the Jacobian of a stretch never changes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from posture_cv.measure.outline_edges import TOP, Edges, Places
from posture_cv.measure.types import Float

Complex = NDArray[np.complex128]
_MAX_STEP: Final = np.array([2.0, 2.0, 0.15])  # of one step: cm, cm, rad
_STEEPEST: Final = 3.0  # slope beyond which an edge is not read along rows (or columns)
_FORGIVEN_CM2: Final = 0.25  # square of the residual whose cost is half that of a missing point


@dataclass(frozen=True, slots=True, eq=False)
class Stretch:
    """A stretch of the baseline's outline of K points.

    Attributes:
        offset: (K,) points relative to `centre`, cm.
        normal: (K,) unit normals of the outline there.
        weight: (K,) weight of each point, 0 where the baseline shows none.
        edge: (K,) FRONT, REAR or TOP.
        centre: about which the stretch turns, cm.
        precision: (3,) of the prior: 1/cm², 1/cm², 1/rad².
        gain: weight of the outline against the prior.
    """

    offset: Complex
    normal: Complex
    weight: Float
    edge: NDArray[np.intp]
    centre: complex
    precision: Float
    gain: float = 1.0


def slopes(along: Float, across: Float) -> Float:
    """(K,) d across / d along by central differences; NaN beside gaps."""
    out = np.empty_like(along)
    out[1:-1] = (across[2:] - across[:-2]) / (along[2:] - along[:-2])
    out[0] = (across[1] - across[0]) / (along[1] - along[0])
    out[-1] = (across[-1] - across[-2]) / (along[-1] - along[-2])
    return out


def stretch(
    base: Edges,
    parts: Sequence[tuple[int, Float, float]],
    centre: complex,
    precision: Sequence[float],
    gain: float = 1.0,
) -> Stretch:
    """Cut a stretch out of the baseline's outline.

    Args:
        base: the baseline (one frame).
        parts: edge, heights (places for TOP) in cm, at least 3, and weight.
        centre: about which the stretch turns.
        precision: of the prior.
        gain: see `Stretch`.
    """
    points, normals, weights, edges = [], [], [], []
    for edge, along, weight in parts:
        places = Places.of(np.full((1, len(along)), edge))
        across = base.read(places, base.scale_of(places), along[None])[0]
        slope = slopes(along, across)
        flat = edge == TOP
        points.append(along + 1j * across if flat else across + 1j * along)
        steep = slope - 1j if flat else 1.0 - 1j * slope
        normals.append(steep * (1.0 / np.sqrt(1.0 + slope**2)))
        weights.append(np.where(np.abs(slope) < _STEEPEST, weight, 0.0))
        edges.append(np.full(len(along), edge))
    offset, normal = np.concatenate(points) - centre, np.concatenate(normals)
    trust = np.concatenate(weights)
    known = np.isfinite(offset) & np.isfinite(normal) & (trust > 0)
    return Stretch(
        np.where(known, offset, 0.0),
        np.where(known, normal, 0.0),
        np.where(known, trust, 0.0),
        np.concatenate(edges),
        centre,
        np.asarray(precision, np.float64),
        gain,
    )


@dataclass(frozen=True, slots=True, eq=False)
class Motion:
    """Where P stretches of N frames went, (P, N) each: centimetres forward and down, radians nodding forward.

    `rms` is the weighted residual in cm, `share` the part of the stretch that was found again, `cost` the bounded
    residual with which starts are compared.
    """

    forward: Float
    down: Float
    angle: Float
    rms: Float
    share: Float
    cost: Float


@dataclass(frozen=True, slots=True, eq=False)
class Stack:
    """P stretches made equally long, (P, 1, K) each; see `Stretch` and `stack`.

    Attributes:
        turned: (P, 1, 2K) offsets, then normals.
        weight: (P, 1, K).
        places: where the points are read.
        centre: (P, 1, 1).
        jacobian: (P, K, 3) by how much a step in the turned frame lessens the residual.
        squares: (P, K, 9) products of its columns.
        prior: (P, 1, 3, 3) diagonal of `precision`.
        precision: (P, 1, 3) of the prior, divided by the gain.
        total: (P, 1) sum of the weights.
    """

    turned: Complex
    weight: Float
    places: Places
    centre: Complex
    jacobian: Float
    squares: Float
    prior: Float
    precision: Float
    total: Float


def stack(stretches: Sequence[Stretch]) -> Stack:
    """Stretches side by side, the shorter ones filled up with points of weight 0."""
    length = max(len(s.offset) for s in stretches)

    def filled(values: Sequence[NDArray[np.generic]]) -> NDArray[np.generic]:
        out = np.zeros((len(values), 1, length), values[0].dtype)
        for k, value in enumerate(values):
            out[k, 0, : len(value)] = value
        return out

    offset, normal = (filled([getattr(s, name) for s in stretches]) for name in ("offset", "normal"))
    weight = np.asarray(filled([s.weight for s in stretches]), np.float64)
    lever = (np.conj(offset) * normal).imag
    jacobian = np.stack([normal.real, normal.imag, lever], axis=-1)[:, 0]
    squares = (jacobian[:, :, :, None] * jacobian[:, :, None, :]).reshape(len(stretches), length, 9)
    precision = np.stack([s.precision / s.gain for s in stretches])[:, None]
    return Stack(
        turned=np.concatenate([offset, normal], axis=2),
        weight=weight,
        places=Places.of(np.asarray(filled([s.edge for s in stretches]), np.intp)),
        centre=np.array([s.centre for s in stretches])[:, None, None],
        jacobian=jacobian,
        squares=squares,
        prior=precision[..., None] * np.eye(3),
        precision=precision,
        total=np.maximum(weight.sum(axis=2), 1e-9),
    )


def register(s: Stack, edges: Edges, start: Float, mean: Float, scales: Float) -> tuple[Float, Motion]:
    """Move P stretches onto the outline of N frames.

    Args:
        s: the stretches.
        edges: N frames.
        start: (P, N, 3) first guess: cm, cm, rad; finite.
        mean: (P, N, 3) where the prior expects them.
        scales: (I, P) Cauchy scale in cm of each iteration, coarse to fine.

    Returns:
        (P, N, 3) motion in cm, cm, rad, and the same with how well it fits.
    """
    shift: Complex = start[..., 0] + 1j * start[..., 1]
    expected: Complex = mean[..., 0] + 1j * mean[..., 1]
    angle, expected_angle = start[..., 2].copy(), mean[..., 2]
    scale, off = edges.scale_of(s.places), np.empty_like(start)
    for widths in scales:
        turn = np.exp(1j * angle)
        r, w = _residuals(s, edges, scale, (turn, shift), widths)
        hessian = np.matmul(w, s.squares).reshape(*angle.shape, 3, 3) + s.prior
        pull = np.matmul(w * r, s.jacobian)
        away = np.conj(turn) * (shift - expected)
        off[..., 0], off[..., 1], off[..., 2] = away.real, away.imag, angle - expected_angle
        step = np.linalg.solve(hessian, (pull - off * s.precision)[..., None])[..., 0]
        step = np.minimum(np.maximum(step, -_MAX_STEP), _MAX_STEP)
        shift = shift + turn * (step[..., 0] + 1j * step[..., 1])
        angle = angle + step[..., 2]
    fitted = _residuals(s, edges, scale, (np.exp(1j * angle), shift), scales[-1])
    return np.stack([shift.real, shift.imag, angle], axis=-1), _summary(s, shift, angle, *fitted)


def _residuals(
    s: Stack, edges: Edges, scale: Float, moved: tuple[Complex, Complex], widths: Float
) -> tuple[Float, Float]:
    """(P, N, K) distance along the normal in cm between outline and moved stretch, and its Cauchy weight."""
    turn, shift = moved
    k = s.weight.shape[2]
    placed = turn[..., None] * s.turned
    at = placed[..., :k] + (shift + s.centre[..., 0])[..., None]
    normal = placed[..., k:]
    is_top, x, y = s.places.is_top, at.real, at.imag
    found = edges.read(s.places, scale, np.where(is_top, x, y))
    r = (found - np.where(is_top, y, x)) * np.where(is_top, normal.imag, normal.real)
    missing = np.isnan(r)
    np.copyto(r, 0.0, where=missing)
    w = s.weight / (1.0 + (r / widths[:, None, None]) ** 2)
    np.copyto(w, 0.0, where=missing)
    return r, w


def _summary(s: Stack, shift: Complex, angle: Float, r: Float, w: Float) -> Motion:
    square = r * r
    total = w.sum(axis=2)
    rms = np.sqrt((w * square).sum(axis=2) / np.maximum(total, 1e-9))
    bounded = np.where(w > 0.0, square / (square + _FORGIVEN_CM2), 1.0)
    cost = (bounded * s.weight).sum(axis=2) / s.total
    return Motion(shift.real, shift.imag, angle, rms, total / s.total, cost)
