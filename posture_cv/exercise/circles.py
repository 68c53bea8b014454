"""Counts turns of the head: how far the nose has gone round its place at rest, and which way.

Only the path's shape is used, not its speed. Nodding, shaking the head, half circles there and back, and half
circles closed by the straight way through the middle make no turn.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from posture_cv.exercise.log import GAP_S, WatchLog
from posture_cv.exercise.still import RestPosition, Still
from posture_cv.exercise.types import Direction, ExerciseReport, Phase, Progress, Repetition
from posture_cv.exercise.up_down import BRIDGE_S
from posture_cv.measure.types import Float, Reason

# All levels are ours; lengths are in shoulder widths.
LEAST_SIZE: Final = 0.1  # 3.4 cm: width and height that the path of a turn has at least
MIDDLE: Final = 0.02  # this near to the place at rest no direction can be told
STEP: Final = 0.012  # the path is drawn in steps of this length, above the landmarks' noise
NOISE_AT_MOST: Final = 0.004  # standard deviation of the nose in the still second
FULL_TURN: Final = math.radians(320)  # circles are closed roughly; what is missing is owed by the next
JUMP: Final = math.radians(120)  # a longer step goes through the middle, or was not seen well enough
TURN_BACK: Final = math.radians(60)  # from here on it is a turn the other way
PATH_MOST: Final = 6.0  # older parts of the path are forgotten
IDLE_S: Final = 5.0  # a part of a turn is forgotten when the head rests so long
SIZE_LOW, SIZE_HIGH = 0.75, 1.33


@dataclass(frozen=True, slots=True)
class Run:
    """The end of a path since it last changed direction: index of its start, signed angle (y down)."""

    start: int
    angle: float


def last_run(path: Float) -> Run:
    """How far the end of a path has gone round the origin.

    Args:
        path: (M, 2), M >= 1, x to the right and y down, in shoulder widths.
    """
    angles = np.arctan2(path[:, 1], path[:, 0])
    steps = (np.diff(angles) + math.pi) % (2 * math.pi) - math.pi
    inside = np.flatnonzero(np.hypot(path[:, 0], path[:, 1]) < MIDDLE) + 1
    jumps = np.flatnonzero(np.abs(steps) > JUMP) + 1
    start = int(max(inside.max(initial=0), jumps.max(initial=0)))
    if start >= len(path) - 1:
        return Run(len(path) - 1, 0.0)
    return _after_last_reversal([0.0, *np.cumsum(steps[start:]).tolist()], start)


def _after_last_reversal(turned: list[float], first: int) -> Run:
    """The run at the end of unwrapped angles; going back by less than `TURN_BACK` does not end one."""
    start = low = high = extreme = sign = 0
    for i, angle in enumerate(turned):
        if sign == 0:
            low, high = (i if angle < turned[low] else low), (i if angle > turned[high] else high)
            if turned[high] - turned[low] > TURN_BACK:
                (start, extreme), sign = sorted((low, high)), 1 if high > low else -1
        elif sign * (angle - turned[extreme]) >= 0:
            extreme = i
        elif sign * (turned[extreme] - angle) > TURN_BACK:
            start, extreme, sign = extreme, i, -sign
    return Run(first + start, turned[-1] - turned[start])


class TurnPath:
    """The nose's path since the last whole turn, and how much of the next turn it makes."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Forget everything: something was not seen."""
        self._t_s: list[float] = []
        self._points: list[Float] = []
        self._ahead = 0.0  # what the last turn went beyond 360 degrees (negative: it is owed), signed
        self._sign = 0
        self.part = 0.0

    def add(self, t_s: float, point: Float) -> Repetition | None:
        """The nose against its place at rest, (2,) in shoulder widths; the turn that it completes."""
        if self._points and t_s - self._t_s[-1] > IDLE_S:
            self.clear()
        if self._points and math.dist(point, self._points[-1]) < STEP:
            return None
        self._t_s.append(t_s)
        self._points.append(point)
        path = self._trimmed()
        run = last_run(path)
        goes_on = run.start == 0 and run.angle * self._sign > 0
        angle = run.angle + (self._ahead if goes_on else 0.0)
        self.part = angle / (2 * math.pi)
        if abs(angle) < FULL_TURN or np.ptp(path[run.start :], axis=0).min() < LEAST_SIZE:
            return None
        return self._complete(run, angle)

    def _complete(self, run: Run, angle: float) -> Repetition:
        sign = 1 if angle > 0 else -1
        # In a picture that is not mirrored the person's right is on the left: seen by the person it is the
        # other way round.
        direction = Direction.COUNTER_CLOCKWISE if sign > 0 else Direction.CLOCKWISE
        turn = Repetition(self._t_s[run.start], self._t_s[-1], 0.0, direction=direction)
        self._t_s, self._points = self._t_s[-1:], self._points[-1:]
        self._sign, self._ahead = sign, angle - sign * 2 * math.pi
        self.part = self._ahead / (2 * math.pi)
        return turn

    def _trimmed(self) -> Float:
        path = np.array(self._points)
        lengths = np.hypot(*np.diff(path, axis=0).T)[::-1]
        keep = int(np.searchsorted(np.cumsum(lengths), PATH_MOST)) + 1
        self._t_s, self._points = self._t_s[-keep:], self._points[-keep:]
        return path[-keep:]


class CircleCounter:
    """See `counters.Counter`; turns of the head."""

    def __init__(self) -> None:
        self._log = WatchLog("neck_circles")
        self._rest = RestPosition((1, 2), SIZE_LOW, SIZE_HIGH, _steady)
        self._path = TurnPath()
        self._seen_s = -math.inf

    def advance(self, t_s: float, row: Float, body: Reason) -> Progress:
        """One frame: its row (see `signals.extract`) and why the body cannot be judged."""
        dt_s = self._log.interval_s(t_s)
        if dt_s > GAP_S:
            self._rest.gap(dt_s)
            self._path.clear()
        reason = self._rest.judge(t_s, row, body)
        self._log.frame(t_s, reason)
        turn = None
        if reason is Reason.OK and self._rest.row is not None:
            turn = self._seen(t_s, (row[1:3] - self._rest.row[1:3]) / self._rest.row[0])
        elif t_s - self._seen_s > BRIDGE_S:
            self._path.clear()
        level = abs(self._path.part) if reason is Reason.OK else math.nan
        return Progress(t_s, self._phase(reason), reason, level, self._log.count, finished=turn)

    def report(self) -> ExerciseReport:
        """What was seen so far; a part of a turn is not in it."""
        return self._log.report()

    def _seen(self, t_s: float, point: Float) -> Repetition | None:
        self._seen_s = t_s
        turn = self._path.add(t_s, point)
        self._log.strongest = max(self._log.strongest, 1.0 if turn else abs(self._path.part))
        if turn:
            self._log.repetition(turn)
        return turn

    def _phase(self, reason: Reason) -> Phase:
        if self._rest.row is None:
            return Phase.WAITING
        if reason is not Reason.OK:
            return Phase.UNSEEN
        return Phase.ACTIVE if abs(self._path.part) > TURN_BACK / (2 * math.pi) else Phase.REST


def _steady(still: Still) -> bool:
    noise = still.rows[:, 1:3].std(axis=0).max() / still.row[0]
    return bool(noise <= NOISE_AT_MOST)
