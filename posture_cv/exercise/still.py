"""The rest position: the person's first still second, and whether a frame can be measured against it."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from posture_cv.measure.types import Float, Reason

STILL_S: Final = 1.0
LEAST_FRAMES: Final = 3
# Range of a point within the second, in shoulder widths (0.7 cm): breathing and noise stay below it (ours).
STILL_RANGE: Final = 0.02
RELEARN_S: Final = 3.0  # unseen for longer, the person may sit elsewhere: a new still second is needed (ours)


@dataclass(frozen=True, slots=True, eq=False)
class Still:
    """Median row of a still second and the rows it was made of, (M, k)."""

    row: Float
    rows: Float


class StillSecond:
    """Waits for a second without movement.

    Args:
        columns: those that must be still, in pixels; the shoulder width (column 0) must be still in any case.
    """

    def __init__(self, columns: tuple[int, ...]) -> None:
        self._columns = [0, *columns]
        self._rows: deque[tuple[float, Float]] = deque()

    def clear(self) -> None:
        """Begin again: something was not seen."""
        self._rows.clear()

    def add(self, t_s: float, row: Float) -> Still | None:
        """One frame; the still second if the one that ends here was still."""
        self._rows.append((t_s, row))
        while len(self._rows) > LEAST_FRAMES and t_s - self._rows[1][0] >= STILL_S:
            self._rows.popleft()
        if len(self._rows) < LEAST_FRAMES or t_s - self._rows[0][0] < STILL_S - 1e-6:
            return None
        rows = np.array([r for _, r in self._rows])
        middle = np.median(rows, axis=0)
        if np.ptp(rows[:, self._columns], axis=0).max() > STILL_RANGE * middle[0]:
            return None
        return Still(middle, rows)


class RestPosition:
    """The row to measure against: taken from the first still second, given up when the body was long unseen.

    Args:
        columns: see `StillSecond`.
        size_low, size_high: shoulder width against the rest position outside of which the person has turned,
            moved away or is somebody else.
        accept: takes a still second, or refuses it because the picture is too unsteady.
    """

    def __init__(
        self,
        columns: tuple[int, ...],
        size_low: float,
        size_high: float,
        accept: Callable[[Still], bool],
    ) -> None:
        self.row: Float | None = None
        self._still = StillSecond(columns)
        self._size_low, self._size_high = size_low, size_high
        self._accept = accept
        self._seen_s = -math.inf

    def judge(self, t_s: float, row: Float, body: Reason) -> Reason:
        """OK when the row can be measured against the rest position; otherwise why not."""
        if body is Reason.OK:
            body = self._look(t_s, row) if self.row is None else self._size(row, self.row)
        else:
            self._still.clear()
        if body in (Reason.OK, Reason.NO_BASELINE):
            self._seen_s = t_s
        elif t_s - self._seen_s > RELEARN_S:
            self.row = None
        return body

    def gap(self, seconds: float) -> None:
        """No picture for so long."""
        self._still.clear()
        if seconds > RELEARN_S:
            self.row = None

    def _look(self, t_s: float, row: Float) -> Reason:
        """The frame that completes the still second is not judged yet."""
        found = self._still.add(t_s, row)
        if found is None:
            return Reason.NO_BASELINE
        self._still.clear()
        if not self._accept(found):
            return Reason.UNSTABLE
        self.row = found.row
        return Reason.NO_BASELINE

    def _size(self, row: Float, rest: Float) -> Reason:
        size = row[0] / rest[0]
        return Reason.OK if self._size_low <= size <= self._size_high else Reason.IMPLAUSIBLE
