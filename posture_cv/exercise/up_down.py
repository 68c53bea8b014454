"""Counts movements that go up, are held, and come down again: a state machine with hysteresis, fed row by row."""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from posture_cv.exercise.log import GAP_S, WatchLog
from posture_cv.exercise.movements import MOVEMENTS
from posture_cv.exercise.still import RestPosition, Still
from posture_cv.exercise.types import ExerciseReport, Phase, Progress, Repetition
from posture_cv.guidance.entries import CameraCheck
from posture_cv.measure.types import Float, Reason

CONFIRM_S: Final = 0.3  # a crossing counts when it lasts this long, two frames at least (ours)
BRIDGE_S: Final = 1.0  # unseen for no longer than this, a repetition goes on (ours)
FOLLOW_S: Final = 10.0  # time constant with which the rest position follows slow changes (ours)
BELOW_REST: Final = (
    -0.7
)  # so far the other way, the still second was none of rest: a new one is needed (ours)
MOST_HELD_S: Final = 30.0  # the longest hold of any document: what stays longer is how somebody sits now
NOISE_FACTOR: Final = 5.0  # what counts is at least so many standard deviations of the still second (ours)


class UpDownCounter:
    """See `counters.Counter`; one of `MOVEMENTS`."""

    def __init__(self, check: CameraCheck) -> None:
        movement = self._movement = MOVEMENTS[check]
        self._log = WatchLog(check)
        self._enter = movement.enter
        self._rest = RestPosition(movement.still, movement.size_low, movement.size_high, self._accept)
        self._seen_s = -math.inf
        self._was_seen = False
        self._was_level = 0.0
        self._rest_seen = False
        self._up = False
        self._crossed_s: float | None = None
        self._below_s: float | None = None
        self._start_s = 0.0
        self._start_seen = False
        self._hold_s = 0.0

    def advance(self, t_s: float, row: Float, body: Reason) -> Progress:
        """One frame: its row (see `signals.extract`) and why the body cannot be judged."""
        dt_s = self._log.interval_s(t_s)
        finished = self._after_gap(dt_s) if dt_s > GAP_S else None
        level, reason = self._level(t_s, row, body)
        self._log.frame(t_s, reason)
        if reason is Reason.OK:
            finished = self._judge(t_s, dt_s, level) or finished
            self._follow(dt_s, row, level)
        else:
            finished = self._cannot_judge(t_s, reason) or finished
        self._was_seen, self._was_level = reason is Reason.OK, level
        return Progress(t_s, self._phase(reason), reason, level, self._log.count, self._held_s(t_s), finished)

    def report(self) -> ExerciseReport:
        """What was seen so far; a repetition at hand is not in it."""
        return self._log.report()

    def _accept(self, still: Still) -> bool:
        """Set the level that counts above the noise of the still second; refuse one that is too unsteady."""
        if self._movement.follows_rest:
            sizes = [self._movement.measure(row, still.row)[0] for row in still.rows]
            self._enter = max(self._movement.enter, NOISE_FACTOR * float(np.std(sizes)))
        return self._enter <= self._movement.enter_at_most

    def _level(self, t_s: float, row: Float, body: Reason) -> tuple[float, Reason]:
        reason = self._rest.judge(t_s, row, body)
        if reason is not Reason.OK or self._rest.row is None:
            return math.nan, reason
        size, reason = self._movement.measure(row, self._rest.row)
        return size / self._enter, reason

    def _judge(self, t_s: float, dt_s: float, level: float) -> Repetition | None:
        self._seen_s = t_s
        self._log.strongest = max(self._log.strongest, level)
        if self._up:
            return self._while_up(t_s, dt_s, level)
        self._while_down(t_s, level)
        self._doubt_rest(t_s, level)
        return None

    def _while_down(self, t_s: float, level: float) -> None:
        if level < 1.0:
            self._crossed_s = None
            self._rest_seen = self._rest_seen or level <= self._movement.leave
        elif self._crossed_s is None:
            self._crossed_s = t_s
        elif t_s - self._crossed_s >= CONFIRM_S:
            self._up, self._start_s, self._start_seen = True, self._crossed_s, self._rest_seen
            self._hold_s = t_s - self._crossed_s
            self._crossed_s = None

    def _doubt_rest(self, t_s: float, level: float) -> None:
        """Somebody who sat still with the shoulders up goes below that when they come down."""
        if not self._movement.follows_rest or level > BELOW_REST:
            self._below_s = None
        elif self._below_s is None:
            self._below_s = t_s
        elif t_s - self._below_s >= CONFIRM_S:
            self._rest.row, self._below_s = None, None

    def _while_up(self, t_s: float, dt_s: float, level: float) -> Repetition | None:
        if self._was_seen and self._was_level > self._movement.leave:
            self._hold_s += dt_s
        if self._movement.follows_rest and self._hold_s > MOST_HELD_S:
            self._sits_otherwise()
        elif level > self._movement.leave:
            self._crossed_s = None
        elif self._crossed_s is None:
            self._crossed_s = t_s
        elif t_s - self._crossed_s >= CONFIRM_S:
            self._rest_seen = True
            return self._finish(self._crossed_s, whole=self._start_seen)
        return None

    def _sits_otherwise(self) -> None:
        """No repetition, and the rest position is to be found anew: else none would be seen ever after."""
        self._up, self._hold_s, self._crossed_s = False, 0.0, None
        self._rest.row, self._rest_seen = None, False

    def _finish(self, end_s: float, *, whole: bool) -> Repetition:
        repetition = Repetition(self._start_s, end_s, self._hold_s, whole)
        self._log.repetition(repetition)
        self._up, self._hold_s, self._crossed_s = False, 0.0, None
        return repetition

    def _cannot_judge(self, t_s: float, reason: Reason) -> Repetition | None:
        """Nothing is carried over a stretch in which it could not be seen, but for a short one while up."""
        if not self._up:
            self._crossed_s = None
        finished = self._interrupt() if t_s - self._seen_s > BRIDGE_S else None
        if reason is Reason.OUT_OF_PICTURE and not self._up:
            self._rest_seen = self._rest_seen or self._movement.out_of_picture_is_rest
        return finished

    def _after_gap(self, dt_s: float) -> Repetition | None:
        self._was_seen = False
        self._rest.gap(dt_s)
        return self._interrupt()

    def _interrupt(self) -> Repetition | None:
        """Nothing more is known. Hands that leave the picture downwards were seen to come down before."""
        came_down_s = self._crossed_s if self._up else None
        self._crossed_s = self._below_s = None
        self._rest_seen = False
        if not self._up:
            return None
        if came_down_s is not None and self._seen_s > came_down_s:  # in two frames at least
            return self._finish(came_down_s, whole=self._start_seen)
        return self._finish(self._seen_s, whole=False)

    def _follow(self, dt_s: float, row: Float, level: float) -> None:
        rest = self._rest.row
        if rest is None or not self._movement.follows_rest or self._up or not self._was_seen:
            return
        if level < self._movement.leave:
            self._rest.row = rest + (row - rest) * (1 - math.exp(-dt_s / FOLLOW_S))

    def _held_s(self, t_s: float) -> float:
        return self._hold_s if self._up or self._crossed_s is None else t_s - self._crossed_s

    def _phase(self, reason: Reason) -> Phase:
        if self._rest.row is None:
            return Phase.WAITING
        if reason is not Reason.OK:
            return Phase.UNSEEN
        return Phase.ACTIVE if self._up else Phase.REST
