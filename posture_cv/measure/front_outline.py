"""The outline of shoulders and head from the front, registered to the baseline's.

The shoulder's outline, from the neck over the trapezius and the acromion down the upper arm, is a single-valued
curve in axes turned by 45 degrees (outward-and-down, outward-and-up), whether it runs steep or flat. Its points
in the baseline are carried by a shift, growth and roll onto each frame; what remains, along the normals, is the
change of its shape.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from posture_cv.landmarks.types import Landmarks
from posture_cv.measure.types import Float

Mask = NDArray[np.bool_]

# Along the outline, in baseline shoulder widths from the middle of the shoulders, 45 degrees outward and down.
ALONG: Final = np.linspace(-0.62, 0.52, 30)
# A normal shift beyond this is no body any more: a raised hand, a headrest, hair (ours).
JUMP_CM: Final = 6.0
# Residuals are weighed down beyond this (Huber, ours).
HUBER_CM: Final = 0.8
# How far the registration may leave the landmarks' own shift, growth and roll: 2 px, 2 %, 0.02 rad against 1 px.
PRIOR: Final = np.array([2.0, 2.0, 0.02, 0.02])
ITERATIONS: Final = 3
EDGE_PX: Final = 2.5
# Share of the normal's square from which a horizontal or vertical reading tells of a shift along it (ours).
SLANT: Final = 0.3
_HALF: Final = np.sqrt(0.5)
_SIDES: Final = np.array([1.0, -1.0])  # the person's left is on the picture's right


@dataclass(frozen=True, slots=True, eq=False)
class Contour:
    """Contour of N frames in pixels of the baseline's picture.

    Attributes:
        left, right: (N, 240) edges; NaN where nobody is or the edge touches the border.
        top: (N, 320) upper edge; NaN where nobody is or it touches the border.
        size: (N, 2) width and height.
    """

    left: Float
    right: Float
    top: Float
    size: Float

    @property
    def row_step(self) -> Float:
        """(N, 1) pixels from row to row."""
        return np.asarray(self.size[:, 1:] / self.left.shape[1])

    @property
    def column_step(self) -> Float:
        """(N, 1) pixels from column to column."""
        return np.asarray(self.size[:, :1] / self.top.shape[1])

    def edge_at(self, v: Float, *, right: bool) -> Float:
        """(N, K) left or right edge at the heights v (N, K)."""
        return sample(v, self.row_step, self.right if right else self.left)

    def top_at(self, u: Float) -> Float:
        """(N, K) upper edge at the places u (N, K)."""
        return sample(u, self.column_step, self.top)


def contour_of(lm: Landmarks, zoom: Float) -> Contour:
    """Contour of N frames, times `zoom` (N,), edges at the picture's border taken out."""
    size = lm.size_px.astype(np.float64) * zoom[:, None]
    left, right = (lm.rows[:, :, side] * size[:, :1] for side in (0, 1))
    top = lm.cols * size[:, 1:]
    return Contour(
        np.where(left > EDGE_PX, left, np.nan),
        np.where(right < size[:, :1] - EDGE_PX, right, np.nan),
        np.where((top > EDGE_PX) & (top < size[:, 1:] - EDGE_PX), top, np.nan),
        size,
    )


def sample(where: Float, step: Float, values: Float) -> Float:
    """(N, K) values (N, M), which stand at the middles of M equal cells, read at `where` (N, K); linear.

    NaN outside; next to a missing value its neighbour is taken. `step` (N, 1) is the cells' size.
    """
    place = where / step - 0.5
    last = values.shape[1] - 2
    inside = (place >= 0) & (place < last + 1)
    place = np.where(inside, place, 0.0)
    index = np.minimum(place.astype(np.intp), last)
    row = np.arange(len(values))[:, None]
    low, high = values[row, index], values[row, index + 1]
    blend = low + (high - low) * (place - index)
    blend = np.where(np.isnan(low), high, np.where(np.isnan(high), low, blend))
    return np.where(inside, blend, np.nan)


@dataclass(frozen=True, slots=True, eq=False)
class ShoulderCurve:
    """The baseline's shoulder outline about the middle of the shoulders, left shoulder first.

    Attributes:
        points: (2, K, 2) pixels, x to the right, y down; NaN where not seen.
        normals: (2, K, 2) unit normals.
    """

    points: Float
    normals: Float

    @property
    def seen(self) -> Mask:
        """(2, K) whether the baseline shows the point."""
        return np.asarray(np.isfinite(self.points).all(axis=2))


def shoulder_curve(base: Contour, middle: Float, width_px: float) -> ShoulderCurve:
    """The shoulder outline of a baseline (a contour of one frame)."""
    rows = (np.arange(base.left.shape[1]) + 0.5) * base.row_step[0, 0] - middle[1]
    columns = (np.arange(base.top.shape[1]) + 0.5) * base.column_step[0, 0] - middle[0]
    along = ALONG * width_px
    points, normals = np.full((2, len(along), 2), np.nan), np.full((2, len(along), 2), np.nan)
    for k, sign in enumerate(_SIDES):
        edge = (base.right if sign > 0 else base.left)[0] - middle[0]
        outward, down = (
            np.concatenate([sign * edge, sign * columns]),
            np.concatenate([rows, base.top[0] - middle[1]]),
        )
        keep = np.isfinite(outward) & np.isfinite(down) & (outward > 0)
        if keep.sum() < 10:
            continue
        across = _curve(
            (outward[keep] + down[keep]) * _HALF, (outward[keep] - down[keep]) * _HALF, along, width_px
        )
        slope = np.clip(np.nan_to_num(np.gradient(across, along)), -3.0, 3.0)
        points[k] = np.stack([sign * (along + across) * _HALF, (along - across) * _HALF], axis=1)
        # the normal (-slope, 1) of the curve, turned back from the 45-degree axes
        normal = np.stack([sign * (1.0 - slope) * _HALF, (-slope - 1.0) * _HALF], axis=1)
        normals[k] = normal / np.linalg.norm(normal, axis=1, keepdims=True)
    return ShoulderCurve(points, normals)


def _curve(x: Float, y: Float, along: Float, width_px: float) -> Float:
    """y(x) of scattered points, averaged over the cells around `along`; NaN across gaps of 0.12 widths."""
    order = np.argsort(x)
    x, y = x[order], y[order]
    step = along[1] - along[0]
    fine = along[:, None] + step * (np.arange(4) - 1.5) / 4.0
    value = np.interp(fine, x, y, left=np.nan, right=np.nan)
    right = np.clip(np.searchsorted(x, fine), 1, len(x) - 1)
    value[(x[right] - x[right - 1]) > 0.12 * width_px] = np.nan
    return np.asarray(value.mean(axis=1))


def _carried(curve: ShoulderCurve, motion: Float) -> Float:
    """(N, 2, K, 2) the curve's points after motions (N, 4): shift x, shift y, log growth, roll in rad."""
    growth = np.exp(motion[:, 2])[:, None, None]
    cos, sin = np.cos(motion[:, 3])[:, None, None], np.sin(motion[:, 3])[:, None, None]
    x, y = curve.points[None, :, :, 0], curve.points[None, :, :, 1]
    return np.stack(
        [
            growth * (cos * x - sin * y) + motion[:, 0, None, None],
            growth * (sin * x + cos * y) + motion[:, 1, None, None],
        ],
        axis=3,
    )


def _normal_shift(curve: ShoulderCurve, contour: Contour, middle: Float, motion: Float) -> Float:
    """(N, 2, K) how far the contour lies from the carried curve along its normals, pixels; NaN unseen."""
    points = _carried(curve, motion) + middle
    out = np.empty(points.shape[:3])
    for side in (0, 1):
        u, v = points[:, side, :, 0], points[:, side, :, 1]
        nx, ny = curve.normals[side, :, 0], curve.normals[side, :, 1]
        beside = (contour.edge_at(v, right=side == 0) - u) * nx
        above = (contour.top_at(u) - v) * ny
        out[:, side] = _nearer(beside, above, nx**2 > SLANT, ny**2 > SLANT)
    return out


def _nearer(a: Float, b: Float, counts_a: Mask, counts_b: Mask) -> Float:
    """The smaller of two readings of one shift among those that count: the other has jumped to another edge."""
    a, b = np.where(counts_a, a, np.nan), np.where(counts_b, b, np.nan)
    return np.where(np.isnan(b) | (np.abs(a) <= np.abs(b)), a, b)


def register(
    curve: ShoulderCurve, contour: Contour, middle: Float, start: Float, cm_per_px: float
) -> tuple[Float, Float]:
    """Carry the baseline's shoulder outline onto N frames.

    Args:
        curve: of the baseline.
        contour: of N frames.
        middle: (2,) middle of the shoulders in the baseline, pixels.
        start: (N, 4) shift x and y in pixels, log growth, roll in radians, from landmarks: start and prior.
        cm_per_px: at the baseline.

    Returns:
        motion (N, 4) in the same terms, and what remains along the normals, (N, 2, K) in cm, NaN where unseen.

    Gauss-Newton with Huber weights (Huber 1964); all frames at once.
    """
    x, y = curve.points[:, :, 0], curve.points[:, :, 1]
    nx, ny = curve.normals[:, :, 0], curve.normals[:, :, 1]
    jacobian = np.nan_to_num(np.stack([nx, ny, nx * x + ny * y, ny * x - nx * y], axis=2)).reshape(-1, 4)
    ridge = np.diag(1.0 / PRIOR**2)
    motion = start.copy()
    for _ in range(ITERATIONS):
        shift = _normal_shift(curve, contour, middle, motion).reshape(len(motion), -1)
        known = np.isfinite(shift)
        shift = np.where(known, shift, 0.0)
        weight = known / np.maximum(1.0, np.abs(shift) * cm_per_px / HUBER_CM)
        normal = np.einsum("nk,ki,kj->nij", weight, jacobian, jacobian, optimize=True) + ridge
        right = (weight * shift) @ jacobian + (start - motion) @ ridge
        step = np.linalg.solve(normal, right[:, :, None])[:, :, 0]
        enough = known.sum(axis=1) >= 15
        motion = motion + np.where(enough[:, None], np.clip(step, -60.0, 60.0), 0.0)
    growth = np.exp(motion[:, 2])[:, None, None]
    return motion, _normal_shift(curve, contour, middle, motion) / growth * cm_per_px
