"""The outline of N frames as one table of edges in rough centimetres, read at any height or place at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from posture_cv.landmarks.names import POSE_MIRRORED
from posture_cv.landmarks.types import CONTOUR_COLS, CONTOUR_ROWS, Landmarks
from posture_cv.measure.types import Float, Index

FRONT, REAR, TOP = 0, 1, 2
# A missing value before the first and two behind the last entry of each edge: outside of it there is nothing.
_LENGTH: Final = (CONTOUR_ROWS + 3, CONTOUR_ROWS + 3, CONTOUR_COLS + 3)
_START: Final = (0, _LENGTH[0], _LENGTH[0] + _LENGTH[1])
_TOTAL: Final = sum(_LENGTH)


@dataclass(frozen=True, slots=True, eq=False)
class Places:
    """Which edges are read: `edge` (…,) of FRONT, REAR (at heights) and TOP (at places across).

    Attributes:
        is_top: (…,) bool.
        offset: (…,) what is added to a height or place in rows or columns of the contour.
        low, high: (…,) first and last index of the edge's stretch of the table.
    """

    is_top: NDArray[np.bool_]
    offset: Float
    low: Float
    high: Float

    @classmethod
    def of(cls, edge: NDArray[np.intp]) -> Places:
        """Of FRONT, REAR and TOP in any shape."""
        start, length = np.array(_START, np.float64), np.array(_LENGTH)
        return cls(edge == TOP, start[edge] + 0.5, start[edge], start[edge] + length[edge] - 2.0)


@dataclass(frozen=True, slots=True, eq=False)
class Edges:
    """Edges and pose points of N frames in centimetres of this person, the face to the right, y downwards.

    Attributes:
        points: (N, 33, 2) pose points.
        table: (N * L,) front edge, rear edge and upper edge of each frame, NaN where there is none.
        first: (N, 1) where each frame begins in the table.
        rows, cols: (N, 1) contour rows and columns in a centimetre.
    """

    points: Float
    table: Float
    first: Index
    rows: Float
    cols: Float

    def __len__(self) -> int:
        return len(self.points)

    @classmethod
    def of(cls, lm: Landmarks, *, looks_right: bool, cm_wide: float) -> Edges:
        """The outline of N frames, mirrored unless the person looks to the right already.

        Args:
            lm: landmarks of N frames.
            looks_right: whether the face looks to the right of the picture.
            cm_wide: width of the picture in centimetres of this person.
        """
        n = len(lm)
        size = lm.size_px
        cm_high = cm_wide * (size[:, 1:] / size[:, :1])
        table = np.full((n, _TOTAL), np.nan)
        front, rear, top = (table[:, s + 1 : s + k - 2] for s, k in zip(_START, _LENGTH, strict=True))
        points = lm.pose[:, :, :2] * np.stack([np.full((n, 1), cm_wide), cm_high], axis=2)
        np.multiply(lm.cols, cm_high, out=top)
        np.multiply(lm.rows[:, :, 0], cm_wide, out=rear)
        np.multiply(lm.rows[:, :, 1], cm_wide, out=front)
        if not looks_right:
            points = points[:, POSE_MIRRORED]
            points[:, :, 0] = cm_wide - points[:, :, 0]
            rear[:], front[:] = cm_wide - front, cm_wide - rear
            top[:] = top[:, ::-1].copy()
        first = (np.arange(n) * _TOTAL)[:, None]
        return cls(
            points, table.ravel(), first, CONTOUR_ROWS / cm_high, np.full((n, 1), CONTOUR_COLS / cm_wide)
        )

    def highest(self, centre: float, reach: float) -> Float:
        """(N,) the upper edge's highest point within `reach` cm of `centre` across; inf where there is none."""
        top = self.table.reshape(len(self), _TOTAL)[:, _START[TOP] + 1 : _TOTAL - 2]
        across = (np.arange(CONTOUR_COLS) + 0.5) / self.cols
        near = np.abs(across - centre) < reach
        return np.asarray(np.fmin.reduce(top, axis=1, where=near, initial=np.inf))

    def scale_of(self, places: Places) -> Float:
        """(…, N, K) contour rows or columns in a centimetre, for places (…, 1, K)."""
        return np.where(places.is_top, self.cols, self.rows)

    def read(self, places: Places, scale: Float, at: Float) -> Float:
        """(…, N, K) the edge at heights or places `at` (…, N, K) in cm, linearly interpolated; NaN outside.

        Args:
            places: which edges, (…, 1, K).
            scale: from `scale_of`.
            at: finite.
        """
        place = np.minimum(np.maximum(at * scale + places.offset, places.low), places.high)
        left = place.astype(np.intp)
        share = place - left
        left += self.first
        value = self.table.take(left)
        return np.asarray(value + share * (self.table.take(left + 1) - value))
