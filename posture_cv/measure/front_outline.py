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

from posture_cv.landmarks.types import CONTOUR_COLS, CONTOUR_ROWS
from posture_cv.measure.types import Float

Mask = NDArray[np.bool_]
Index = NDArray[np.intp]

# Along the outline, in baseline shoulder widths from the middle of the shoulders, 45 degrees outward and down.
ALONG: Final = np.linspace(-0.62, 0.52, 30)
# A normal shift beyond this is no body any more: a raised hand, a headrest, hair (ours).
JUMP_CM: Final = 6.0
# Residuals are weighed down beyond this (Huber, ours).
HUBER_CM: Final = 0.8
# How far the registration may leave the landmarks' own shift, growth and roll: 2 px, 2 %, 0.02 rad against 1 px.
PRIOR: Final = np.array([2.0, 2.0, 0.02, 0.02])
ITERATIONS: Final = 2
LEAST_POINTS: Final = 15  # of the curve, below which the landmarks' motion stands (ours)
EDGE_PX: Final = 2.5
# Share of the normal's square from which a horizontal or vertical reading tells of a shift along it (ours).
SLANT: Final = 0.3
LEFT, RIGHT, TOP = 0, 1, 2  # the picture's left edge of the person, the right edge, the upper edge
_FIRST: Final = np.array([0, CONTOUR_ROWS, 2 * CONTOUR_ROWS])
_COUNT: Final = np.array([CONTOUR_ROWS, CONTOUR_ROWS, CONTOUR_COLS])
_HALF: Final = np.sqrt(0.5)
_SIDES: Final = np.array([1.0, -1.0])  # the person's left is on the picture's right
_RIDGE: Final = np.diag(1.0 / PRIOR**2)
_LOW: Final = np.repeat([EDGE_PX, -np.inf, EDGE_PX], _COUNT)


@dataclass(frozen=True, slots=True, eq=False)
class Places:
    """Where K points of an outline are read.

    Attributes:
        per_px: (K,) cells a pixel; first: (K,) first cell of the edge; last: (K,) place beyond which there is none.
    """

    per_px: Float
    first: Index
    last: Float

    @classmethod
    def of(cls, edges: Index, size_px: Float) -> Places:
        """Points on the edges LEFT, RIGHT or TOP (K,) of a picture of (width, height)."""
        along = np.where(edges == TOP, size_px[0], size_px[1])
        return cls(_COUNT[edges] / along, _FIRST[edges], (_COUNT[edges] - 1).astype(np.float64))


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """A picture's size, as the outline needs it.

    Attributes:
        size_px: (2,) width and height.
        unit: (800,) pixels in a unit of each number of an outline; high: (800,) pixels beyond which the border begins.
    """

    size_px: Float
    unit: Float
    high: Float

    @classmethod
    def of(cls, size_px: Float) -> Picture:
        """From (2,) width and height."""
        width, height = size_px
        unit = np.repeat([width, width, height], _COUNT)
        return cls(size_px, unit, np.repeat([np.inf, width - EDGE_PX, height - EDGE_PX], _COUNT))

    def outline(self, rows: NDArray[np.floating], cols: NDArray[np.floating]) -> Float:
        """(N, 800) left, right and upper edge in pixels, NaN at the border; `rows`, `cols` as in `Landmarks`."""
        flat = np.concatenate([rows[:, :, 0], rows[:, :, 1], cols], axis=1) * self.unit
        return np.where((flat > _LOW) & (flat < self.high), flat, np.nan)


def read(flat: Float, places: Places, at_px: Float) -> Float:
    """(N, K) outlines (N, 800) at `at_px` (N, K): heights for side edges, columns for the upper one; linear.

    NaN outside the picture and where the outline is not seen; beside a gap its neighbour is taken.
    """
    place = at_px * places.per_px - 0.5
    inside = (place >= 0.0) & (place < places.last)
    place = np.where(inside, place, 0.0)
    cell = place.astype(np.intp)
    at = cell + places.first
    if len(flat) > 1:
        at += np.arange(0, flat.size, flat.shape[1])[:, None]
    values = flat.ravel()
    low, high = values[at], values[at + 1]
    blend = low + (high - low) * (place - cell)
    beside = np.where(np.isnan(low), high, low)
    blend = np.where(np.isnan(blend), beside, blend)
    return np.where(inside, blend, np.nan)


@dataclass(frozen=True, slots=True, eq=False)
class ShoulderCurve:
    """The baseline's shoulder outline about the middle of the shoulders, left shoulder first; K points in all.

    Attributes:
        points: (K, 2) pixels, x to the right, y down; 0 where not seen.
        seen: (K,) whether the baseline shows the point.
        across, above: (K,) the normal's x and y; NaN where an edge (the upper edge) tells nothing of it.
        jacobian: (K, 4) of the shift along the normal by the motion, 0 where not seen.
        products: (K, 16) of its columns.
        places: where edges, then the upper edge, are read (2K).
        middle: (2,) of the shoulders, pixels.
        cm: centimetres a pixel.
    """

    points: Float
    seen: Mask
    across: Float
    above: Float
    jacobian: Float
    products: Float
    places: Places
    middle: Float
    cm: float


def shoulder_curve(flat: Float, size_px: Float, middle: Float, width_px: float, cm: float) -> ShoulderCurve:
    """The shoulder outline of a baseline.

    Args:
        flat: (800,) as from `Picture.outline`.
        size_px: (2,) of the picture.
        middle: (2,) of the shoulders, pixels.
        width_px: of the shoulders.
        cm: centimetres a pixel.
    """
    along = ALONG * width_px
    halves = [_half(flat, size_px, middle, along, sign, width_px) for sign in _SIDES]
    points, normals = (np.concatenate(part) for part in zip(*halves, strict=True))
    seen = np.isfinite(points).all(axis=1) & np.isfinite(normals).all(axis=1)
    x, y = np.where(seen, points.T, 0.0)
    nx, ny = np.where(seen, normals.T, 0.0)
    jacobian = np.stack([nx, ny, nx * x + ny * y, ny * x - nx * y], axis=1)
    products = (jacobian[:, :, None] * jacobian[:, None, :]).reshape(len(x), 16)
    sides = np.repeat([RIGHT, LEFT], len(along))
    return ShoulderCurve(
        np.stack([x, y], axis=1),
        seen,
        np.where(nx**2 > SLANT, nx, np.nan),
        np.where(ny**2 > SLANT, ny, np.nan),
        jacobian,
        products,
        Places.of(np.concatenate([sides, np.full(len(x), TOP)]), size_px),
        middle,
        cm,
    )


def _half(
    flat: Float, size_px: Float, middle: Float, along: Float, sign: float, width_px: float
) -> tuple[Float, Float]:
    """Points and unit normals (K, 2) of one shoulder about the middle, pixels; NaN where not seen."""
    rows = (np.arange(CONTOUR_ROWS) + 0.5) * size_px[1] / CONTOUR_ROWS - middle[1]
    columns = (np.arange(CONTOUR_COLS) + 0.5) * size_px[0] / CONTOUR_COLS - middle[0]
    start = _FIRST[RIGHT if sign > 0 else LEFT]
    edge, top = flat[start : start + CONTOUR_ROWS] - middle[0], flat[_FIRST[TOP] :] - middle[1]
    outward, down = np.concatenate([sign * edge, sign * columns]), np.concatenate([rows, top])
    keep = np.isfinite(outward) & np.isfinite(down) & (outward > 0)
    if keep.sum() < 10:
        return np.full((len(along), 2), np.nan), np.full((len(along), 2), np.nan)
    outward, down = outward[keep], down[keep]
    across = _curve((outward + down) * _HALF, (outward - down) * _HALF, along, width_px)
    slope = np.clip(np.nan_to_num(np.gradient(across, along)), -3.0, 3.0)
    points = np.stack([sign * (along + across) * _HALF, (along - across) * _HALF], axis=1)
    # the normal (-slope, 1) of the curve, turned back from the 45-degree axes
    normals = np.stack([sign * (1.0 - slope) * _HALF, (-slope - 1.0) * _HALF], axis=1)
    return points, normals / np.linalg.norm(normals, axis=1, keepdims=True)


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


def _normal_shift(curve: ShoulderCurve, flat: Float, motion: Float) -> tuple[Float, Float]:
    """(N, K) how far the outline lies from the carried curve along its normals, pixels, NaN unseen; (N, 1) growth."""
    growth = np.exp(motion[:, 2:3])
    cos, sin = growth * np.cos(motion[:, 3:]), growth * np.sin(motion[:, 3:])
    x, y = curve.points[:, 0], curve.points[:, 1]
    u = cos * x - sin * y + (motion[:, :1] + curve.middle[0])
    v = sin * x + cos * y + (motion[:, 1:2] + curve.middle[1])
    found = read(flat, curve.places, np.concatenate([v, u], axis=1))
    beside, above = (found[:, : len(x)] - u) * curve.across, (found[:, len(x) :] - v) * curve.above
    # the smaller of the two readings of one shift: the other has jumped to another edge
    return np.where(np.isnan(above) | (np.abs(beside) <= np.abs(above)), beside, above), growth


def register(curve: ShoulderCurve, flat: Float, start: Float) -> tuple[Float, Float]:
    """Carry the baseline's shoulder outline onto N frames.

    Args:
        curve: of the baseline.
        flat: (N, 800) outlines of N frames.
        start: (N, 4) shift x and y in pixels, log growth, roll in radians, from landmarks: start and prior.

    Returns:
        motion (N, 4) in the same terms, and what remains along the normals, (N, K) in cm, NaN where unseen.

    Gauss-Newton with Huber weights (Huber 1964); all frames at once.
    """
    motion = start
    for _ in range(ITERATIONS):
        shift, _ = _normal_shift(curve, flat, motion)
        known = np.isfinite(shift)
        shift = np.where(known, shift, 0.0)
        weight = known / np.maximum(1.0, np.abs(shift) * (curve.cm / HUBER_CM))
        normal = (weight @ curve.products).reshape(-1, 4, 4) + _RIDGE
        pull = (weight * shift) @ curve.jacobian + (start - motion) @ _RIDGE
        step = np.linalg.solve(normal, pull[:, :, None])[:, :, 0]
        enough = known.sum(axis=1, keepdims=True) >= LEAST_POINTS
        motion = motion + np.where(enough, np.minimum(np.maximum(step, -60.0), 60.0), 0.0)
    rest, growth = _normal_shift(curve, flat, motion)
    return motion, rest / growth * curve.cm
