"""Keeps what was seen and what was not while frames come in: the part that all counters share."""

from __future__ import annotations

from typing import Final

from posture_cv.exercise.types import ExerciseReport, Repetition, Unseen
from posture_cv.guidance.entries import CameraCheck
from posture_cv.measure.types import Reason

GAP_S: Final = 1.1  # frames farther apart leave room for a movement that nobody saw (ours)


class WatchLog:
    """Times, unseen stretches and repetitions of one exercise."""

    def __init__(self, check: CameraCheck) -> None:
        self._check = check
        self._first_s: float | None = None
        self._last_s = 0.0
        self._last_reason = Reason.OK
        self._unseen: list[Unseen] = []
        self._whole: list[Repetition] = []
        self._partly: list[Repetition] = []
        self._person_seen = False
        self._steps, self._stepped_s = 0, 0.0
        self.strongest = 0.0

    @property
    def count(self) -> int:
        """Whole repetitions so far."""
        return len(self._whole)

    def interval_s(self, t_s: float) -> float:
        """Seconds since the frame before; 0 for the first.

        Raises:
            ValueError: time does not grow.
        """
        if self._first_s is None:
            return 0.0
        if not t_s > self._last_s:
            raise ValueError(f"time must grow, got {t_s} s after {self._last_s} s")
        return t_s - self._last_s

    def frame(self, t_s: float, reason: Reason) -> None:
        """One frame and why it cannot be judged (OK: it can). Between two frames the worse of both holds."""
        if self._first_s is None:
            self._first_s = t_s
        else:
            self._follow(t_s, self._between(t_s, reason))
        self._person_seen = self._person_seen or reason is not Reason.NOBODY
        self._last_s, self._last_reason = t_s, reason

    def repetition(self, repetition: Repetition) -> None:
        """A repetition that ended."""
        (self._whole if repetition.whole else self._partly).append(repetition)

    def report(self) -> ExerciseReport:
        """What was seen so far."""
        return ExerciseReport(
            check=self._check,
            start_s=self._first_s or 0.0,
            end_s=self._last_s,
            repetitions=tuple(self._whole),
            partly_seen=tuple(self._partly),
            unseen=tuple(self._unseen),
            strongest=self.strongest,
            person_seen=self._person_seen,
            every_s=self._stepped_s / self._steps if self._steps else 0.0,
        )

    def _follow(self, t_s: float, between: Reason) -> None:
        """The time since the frame before."""
        if t_s - self._last_s <= GAP_S:
            self._steps, self._stepped_s = self._steps + 1, self._stepped_s + t_s - self._last_s
        if between is not Reason.OK:
            self._add(Unseen(self._last_s, t_s, between))

    def _between(self, t_s: float, reason: Reason) -> Reason:
        if t_s - self._last_s > GAP_S:
            return Reason.NO_PICTURE
        return reason if reason is not Reason.OK else self._last_reason

    def _add(self, stretch: Unseen) -> None:
        last = self._unseen[-1] if self._unseen else None
        if last and last.reason is stretch.reason and last.end_s == stretch.start_s:
            self._unseen[-1] = Unseen(last.start_s, stretch.end_s, stretch.reason)
        else:
            self._unseen.append(stretch)
