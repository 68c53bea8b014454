"""Counters for the four exercises that a camera can follow: one frame at a time, or a whole recording at once."""

from __future__ import annotations

from typing import Final, Protocol

from posture_cv.exercise.circles import CircleCounter
from posture_cv.exercise.movements import MOVEMENTS
from posture_cv.exercise.signals import extract
from posture_cv.exercise.types import ExerciseReport, Progress
from posture_cv.exercise.up_down import UpDownCounter
from posture_cv.guidance.entries import CameraCheck
from posture_cv.landmarks.types import Landmarks
from posture_cv.measure.types import Float, Reason

# What the estimator must find beside the pose.
NEEDS_FACE: Final[frozenset[CameraCheck]] = frozenset({"shoulder_blade_squeeze"})
NEEDS_CONTOUR: Final[frozenset[CameraCheck]] = frozenset({"shoulder_blade_squeeze"})


class _Machine(Protocol):
    def advance(self, t_s: float, row: Float, body: Reason) -> Progress: ...

    def report(self) -> ExerciseReport: ...


class Counter:
    """Counts one exercise. It needs a still second first, and again when the person was long unseen.

    Args:
        check: which movement to look for.
    """

    def __init__(self, check: CameraCheck) -> None:
        self.check: CameraCheck = check
        self._machine: _Machine = UpDownCounter(check) if check in MOVEMENTS else CircleCounter()

    def step(self, t_s: float, lm: Landmarks) -> Progress:
        """One frame.

        Args:
            t_s: its time in seconds, later than that of the frame before.
            lm: its landmarks, N = 1; their own time is not used.

        Raises:
            ValueError: more or less than one frame, or time does not grow.
        """
        if len(lm) != 1:
            raise ValueError(f"step takes one frame, got {len(lm)}")
        rows = extract(lm, self.check)
        return self._machine.advance(float(t_s), rows.values[0], Reason(int(rows.reason[0])))

    def run(self, lm: Landmarks) -> list[Progress]:
        """All frames of a part of a recording, lengths taken at once; the same as `step` for each."""
        rows = extract(lm, self.check)
        frames = zip(lm.t_s.tolist(), rows.values, rows.reason.tolist(), strict=True)
        return [self._machine.advance(t_s, row, Reason(code)) for t_s, row, code in frames]

    def report(self) -> ExerciseReport:
        """What was seen so far; what has begun and not ended is not in it."""
        return self._machine.report()


def count(lm: Landmarks, check: CameraCheck) -> ExerciseReport:
    """What a whole recording shows of an exercise; the same as a `Counter` fed frame by frame."""
    counter = Counter(check)
    counter.run(lm)
    return counter.report()
