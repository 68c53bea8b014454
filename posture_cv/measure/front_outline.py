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
from posture_cv.measure.types import Float, Index, Mask

# Along the outline, in baseline shoulder widths from the middle of the shoulders, 45 degrees outward and down.
ALONG: Final = np.linspace(-0.62, 0.52, 30)
# A normal shift beyond this is no body any more: a raised hand, a headrest, hair (ours).
JUMP_CM: Final = 6.0
# Residuals are weighed down beyond this (Huber, ours).
HUBER_CM: Final = 0.8
# Standard deviations of the prior about what the landmarks say: shift x and y in pixels, logarithm of the growth, roll
# in radians; a point of the outline has one of 1 px (ours).
PRIOR: Final = np.array([2.0, 2.0, 0.02, 0.02])
ITERATIONS: Final = 2
MOST_STEP_PX: Final = 60.0  # of one iteration
LEAST_POINTS: Final = 15  # of the curve, below which the landmarks' motion stands (ours)
EDGE_PX: Final = 2.5  # an edge so near to the picture's border is the border
# Of a baseline's shoulder: fewer readings are no outline; wider gaps between them, in shoulder widths, are not bridged;
# its slope, in the turned axes, is held within the third (ours).
_LEAST_READINGS: Final = 10
_GAP_WIDTHS: Final = 0.12
_STEEPEST: Final = 3.0
# Share of the normal's square from which a horizontal or vertical reading tells of a shift along it (ours).
SLANT: Final = 0.3
LEFT, RIGHT, TOP = 0, 1, 2  # the picture's left edge of the person, the right edge, the upper edge
_FIRST: Final = np.array([0, CONTOUR_ROWS, 2 * CONTOUR_ROWS])
_COUNT: Final = np.array([CONTOUR_ROWS, CONTOUR_ROWS, CONTOUR_COLS])
_HALF: Final = np.sqrt(0.5)
_SIDES: Final = np.array([1.0, -1.0])  # the person's left is on the picture's right
_HOLD: Final = 1.0 / PRIOR**2
_RIDGE: Final = np.diag(_HOLD)
_LOW: Final = np.repeat([EDGE_PX, -np.inf, EDGE_PX], _COUNT)


@dataclass(frozen=True, slots=True, eq=False)
class Places:
    """Where K points of an outline are read, in cells of `Outlines`.

    Attributes:
        per_px: (K,) cells a pixel; offset: (K,) what is added to a height or place in cells.
        low, high: (K,) the cells before and behind the edge, in which nothing is seen.
    """

    per_px: Float
    offset: Float
    low: Float
    high: Float

    @classmethod
    def of(cls, edges: Index, size_px: Float) -> Places:
        """Points on the edges LEFT, RIGHT or TOP (K,) of a picture of (width, height)."""
        along = np.where(edges == TOP, size_px[0], size_px[1])
        first, count = _FIRST[edges].astype(np.float64), _COUNT[edges]
        return cls(count / along, first + 0.5, first, first + count)


@dataclass(frozen=True, slots=True, eq=False)
class Outlines:
    """The outlines of N frames, ready to be read anywhere.

    Attributes:
        edges: (N, 800) left, right and upper edge in pixels, NaN where not seen.
        begin, rise: (N, 801) of the cell before each of these, its value at the beginning and its growth to the end;
            beside a gap the neighbour's value; NaN begins where nothing is seen, and between the edges.
    """

    edges: Float
    begin: Float
    rise: Float

    @classmethod
    def of(cls, edges: Float) -> Outlines:
        """From (N, 800) edges."""
        begin, rise = np.empty((len(edges), _CELLS)), np.zeros((len(edges), _CELLS))
        low, high = edges[:, :-1], edges[:, 1:]
        step = high - low
        np.copyto(rise[:, 1:-1], step, where=~np.isnan(step))
        begin[:, 1:-1] = np.where(np.isnan(low), high, low)
        begin[:, _BETWEEN] = np.nan
        return cls(edges, begin, rise)

    def read(self, places: Places, at_px: Float) -> Float:
        """(N, K) the edges at `at_px` (N, K): heights for side edges, columns for the upper one; linear.

        NaN outside the picture and where the outline is not seen; beside a gap its neighbour is taken.
        """
        place = at_px * places.per_px + places.offset
        place = np.minimum(np.fmax(place, places.low), places.high)
        cell = place.astype(np.intp)
        place -= cell
        if len(self.edges) > 1:
            cell += np.arange(0, self.begin.size, _CELLS)[:, None]
        place *= self.rise.take(cell)
        place += self.begin.take(cell)
        return place


_CELLS: Final = int(_COUNT.sum()) + 1
_BETWEEN: Final = [*_FIRST.tolist(), _CELLS - 1]


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

    def outline(self, rows: NDArray[np.floating], cols: NDArray[np.floating]) -> Outlines:
        """The outlines of N frames, nothing at the border; `rows`, `cols` as in `Landmarks`."""
        flat = np.concatenate([rows[:, :, 0], rows[:, :, 1], cols], axis=1) * self.unit
        return Outlines.of(np.where((flat > _LOW) & (flat < self.high), flat, np.nan))


@dataclass(frozen=True, slots=True, eq=False)
class ShoulderCurve:
    """The baseline's shoulder outline about the middle of the shoulders, left shoulder first; K points in all.

    Attributes:
        seen: (K,) whether the baseline shows the point.
        carry: (4, 2K) and middle: (2K,) where the points' y, then x, come to lie, in pixels: what growth times cosine
            and sine of the roll and the shift in x and y are multiplied with, and what is added.
        normal: (2, K) the normal's x and y; NaN where an edge (the upper edge) tells nothing of it.
        jacobian: (K, 4) of the shift along the normal by the motion, 0 where not seen.
        products: (K, 16) of its columns.
        places: where edges, then the upper edge, are read (2K).
        cm: centimetres a pixel.
    """

    seen: Mask
    carry: Float
    middle: Float
    normal: Float
    jacobian: Float
    products: Float
    places: Places
    cm: float


def shoulder_curve(edges: Float, size_px: Float, middle: Float, width_px: float, cm: float) -> ShoulderCurve:
    """The shoulder outline of a baseline.

    Args:
        edges: (800,) as of `Outlines`.
        size_px: (2,) of the picture.
        middle: (2,) of the shoulders, pixels.
        width_px: of the shoulders.
        cm: centimetres a pixel.
    """
    along = ALONG * width_px
    halves = [_half(edges, size_px, middle, along, sign, width_px) for sign in _SIDES]
    points, normals = (np.concatenate(part) for part in zip(*halves, strict=True))
    seen = np.isfinite(points).all(axis=1) & np.isfinite(normals).all(axis=1)
    x, y = np.where(seen, points.T, 0.0)
    nx, ny = np.where(seen, normals.T, 0.0)
    jacobian = np.stack([nx, ny, nx * x + ny * y, ny * x - nx * y], axis=1)
    products = (jacobian[:, :, None] * jacobian[:, None, :]).reshape(len(x), 16)
    sides = np.repeat([RIGHT, LEFT], len(along))
    none, one = np.zeros(len(x)), np.ones(len(x))
    carry = [[y, x], [x, -y], [none, one], [one, none]]
    normal = np.stack([nx, ny])
    return ShoulderCurve(
        seen=seen,
        carry=np.reshape(carry, (4, 2 * len(x))),
        middle=np.repeat(middle[::-1], len(x)),
        normal=np.where(normal**2 > SLANT, normal, np.nan),
        jacobian=jacobian,
        products=products,
        places=Places.of(np.concatenate([sides, np.full(len(x), TOP)]), size_px),
        cm=cm,
    )


def _half(
    edges: Float, size_px: Float, middle: Float, along: Float, sign: float, width_px: float
) -> tuple[Float, Float]:
    """Points and unit normals (K, 2) of one shoulder about the middle, pixels; NaN where not seen."""
    rows = (np.arange(CONTOUR_ROWS) + 0.5) * size_px[1] / CONTOUR_ROWS - middle[1]
    columns = (np.arange(CONTOUR_COLS) + 0.5) * size_px[0] / CONTOUR_COLS - middle[0]
    start = _FIRST[RIGHT if sign > 0 else LEFT]
    edge, top = edges[start : start + CONTOUR_ROWS] - middle[0], edges[_FIRST[TOP] :] - middle[1]
    outward, down = np.concatenate([sign * edge, sign * columns]), np.concatenate([rows, top])
    keep = np.isfinite(outward) & np.isfinite(down) & (outward > 0)
    if keep.sum() < _LEAST_READINGS:
        return np.full((len(along), 2), np.nan), np.full((len(along), 2), np.nan)
    outward, down = outward[keep], down[keep]
    across = _curve((outward + down) * _HALF, (outward - down) * _HALF, along, width_px)
    slope = np.clip(np.nan_to_num(np.gradient(across, along)), -_STEEPEST, _STEEPEST)
    points = np.stack([sign * (along + across) * _HALF, (along - across) * _HALF], axis=1)
    # the normal (-slope, 1) of the curve, turned back from the 45-degree axes
    normals = np.stack([sign * (1.0 - slope) * _HALF, (-slope - 1.0) * _HALF], axis=1)
    return points, normals / np.linalg.norm(normals, axis=1, keepdims=True)


def _curve(x: Float, y: Float, along: Float, width_px: float) -> Float:
    """y(x) of scattered points, averaged over the cells around `along`; NaN across wide gaps."""
    order = np.argsort(x)
    x, y = x[order], y[order]
    step = along[1] - along[0]
    fine = along[:, None] + step * (np.arange(4) - 1.5) / 4.0
    value = np.interp(fine, x, y, left=np.nan, right=np.nan)
    right = np.clip(np.searchsorted(x, fine), 1, len(x) - 1)
    value[(x[right] - x[right - 1]) > _GAP_WIDTHS * width_px] = np.nan
    return np.asarray(value.mean(axis=1))


def _normal_shift(curve: ShoulderCurve, outlines: Outlines, motion: Float) -> tuple[Float, Float]:
    """(N, K) how far the outline lies from the carried curve along its normals, pixels, NaN unseen; (N, 1) growth."""
    turn = np.exp(motion[:, 2:].copy().view(np.complex128))  # growth and roll in one number
    at = np.concatenate([turn.view(np.float64), motion[:, :2]], axis=1) @ curve.carry + curve.middle
    away = outlines.read(curve.places, at).reshape(len(at), 2, -1) - at.reshape(len(at), 2, -1)[:, ::-1]
    away *= curve.normal
    beside, above = away[:, 0], away[:, 1]
    size = np.abs(away)
    # the smaller of the two readings of one shift: the other has jumped to another edge
    return np.where(np.isnan(above) | (size[:, 0] <= size[:, 1]), beside, above), np.abs(turn)


def register(curve: ShoulderCurve, outlines: Outlines, start: Float) -> tuple[Float, Float]:
    """Carry the baseline's shoulder outline onto N frames.

    Args:
        curve: of the baseline.
        outlines: of N frames.
        start: (N, 4) shift x and y in pixels, log growth, roll in radians, from landmarks: start and prior.

    Returns:
        motion (N, 4) in the same terms, and what remains along the normals, (N, K) in cm, NaN where unseen.

    Gauss-Newton with Huber weights (Huber 1964); all frames at once.
    """
    motion = start
    for _ in range(ITERATIONS):
        shift, _ = _normal_shift(curve, outlines, motion)
        known = np.isfinite(shift)
        shift[~known] = 0.0
        weight = known / np.maximum(1.0, np.abs(shift) * (curve.cm / HUBER_CM))
        normal = (weight @ curve.products).reshape(-1, 4, 4) + _RIDGE
        pull = (weight * shift) @ curve.jacobian + (start - motion) * _HOLD
        step = np.linalg.solve(normal, pull[:, :, None])[:, :, 0]
        enough = known.sum(axis=1, keepdims=True) >= LEAST_POINTS
        motion = motion + np.where(enough, np.minimum(np.maximum(step, -MOST_STEP_PX), MOST_STEP_PX), 0.0)
    rest, growth = _normal_shift(curve, outlines, motion)
    return motion, rest / growth * curve.cm
