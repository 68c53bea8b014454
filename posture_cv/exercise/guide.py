"""Leads through an exercise: what to do now, for how much longer. A state machine; time is an argument.

With a camera it waits for the movement and counts the hold from there. What the camera does not see within
`PATIENCE_S` goes on by the clock, so that nobody is kept waiting for something that they have done.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from posture_cv.exercise.plan import Item, Plan
from posture_cv.exercise.types import Phase, Progress

# All ours.
READY_S: Final = 5.0
SET_PAUSE_S: Final = 15.0
SIDE_PAUSE_S: Final = 6.0
PATIENCE_S: Final = 12.0  # for a movement into or out of a hold
TURN_PATIENCE_S: Final = 25.0  # for a turn


class Stage(StrEnum):
    """What there is to do."""

    READY = "ready"
    MOVE = "move"
    HOLD = "hold"
    RELEASE = "release"
    DO = "do"  # a movement that is not held
    SIDE_PAUSE = "change"
    SET_PAUSE = "rest"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Cue:
    """What to do now.

    Attributes:
        stage: of the exercise.
        item: the repetition at hand, or the one that comes next; None when done.
        left_s: seconds left of the stage; None while it waits for the movement.
        by_clock: the camera follows the exercise but does not see it now, so the clock leads.
    """

    stage: Stage
    item: Item | None
    left_s: float | None
    by_clock: bool


class Guide:
    """Leads through a plan.

    Args:
        plan: what to do.
        camera: a counter's progress will be given.
    """

    def __init__(self, plan: Plan, *, camera: bool) -> None:
        self._plan = plan
        self._camera = camera
        self._by_clock = not camera
        self._at = 0
        self._stage = Stage.READY
        self._since_s: float | None = None
        self.done = 0  # repetitions led through

    def step(self, t_s: float, progress: Progress | None = None) -> Cue:
        """What to do at this time; at most one stage ends, so that a jump in time skips nothing.

        Args:
            t_s: seconds, not earlier than in the call before.
            progress: of the frame at this time, when there is one.
        """
        if self._since_s is None:
            self._since_s = t_s
        if progress is not None:
            self._trust_again(progress)
        if self._stage is not Stage.DONE and self._is_over(t_s - self._since_s, progress):
            self._stage, self._since_s = self._next(came_down=_came_down(progress)), t_s
        return self._cue(t_s - self._since_s)

    def _trust_again(self, progress: Progress) -> None:
        """The clock hands back to the camera as soon as it sees the movement."""
        if progress.phase is Phase.ACTIVE or (progress.finished and progress.finished.whole):
            self._by_clock = False

    @property
    def _item(self) -> Item:
        return self._plan.items[self._at]

    def _is_over(self, elapsed_s: float, progress: Progress | None) -> bool:
        length_s = self._length_s()
        if self._stage is Stage.READY and elapsed_s < READY_S:
            return False  # time to read the steps, whatever the camera sees
        if length_s is not None:
            early = self._stage is Stage.HOLD and _came_down(progress)
            return elapsed_s >= length_s - 1e-9 or early or self._is_seen(progress)
        if self._is_seen(progress):
            return True
        patience_s = TURN_PATIENCE_S if self._stage is Stage.DO else PATIENCE_S
        patience_s += READY_S if self._stage is Stage.READY else 0.0
        self._by_clock = elapsed_s >= patience_s
        return self._by_clock

    def _length_s(self) -> float | None:
        """How long the stage takes by the clock; None while the camera decides."""
        match self._stage:
            case Stage.READY:
                return READY_S if self._by_clock else None
            case Stage.SET_PAUSE:
                return SET_PAUSE_S
            case Stage.SIDE_PAUSE:
                return SIDE_PAUSE_S
            case Stage.HOLD:
                return self._item.hold_s
            case _:
                return self._item.pace_s if self._by_clock else None

    def _is_seen(self, progress: Progress | None) -> bool:
        """The camera saw what the stage waits for."""
        if progress is None or not self._camera:
            return False
        match self._stage:
            case Stage.READY:
                return progress.phase is not Phase.WAITING
            case Stage.MOVE:
                return progress.phase is Phase.ACTIVE
            case Stage.RELEASE:
                return _came_down(progress) or progress.phase is Phase.REST
            case Stage.DO:
                turn = progress.finished
                return turn is not None and turn.whole and turn.direction == self._item.direction
            case _:
                return False

    def _next(self, *, came_down: bool) -> Stage:
        match self._stage:
            case Stage.READY | Stage.SET_PAUSE | Stage.SIDE_PAUSE:
                return Stage.DO if self._item.hold_s is None else Stage.MOVE
            case Stage.MOVE:
                return Stage.HOLD
            case Stage.HOLD if not came_down:
                return Stage.RELEASE
            case _:
                return self._next_item()

    def _next_item(self) -> Stage:
        last = self._item
        self.done += 1
        if self.done == len(self._plan.items):
            return Stage.DONE
        self._at += 1
        if self._item.set_number != last.set_number:
            return Stage.SET_PAUSE
        if self._item.side != last.side:
            return Stage.SIDE_PAUSE
        return Stage.DO if self._item.hold_s is None else Stage.MOVE

    def _cue(self, elapsed_s: float) -> Cue:
        if self._stage is Stage.DONE:
            return Cue(Stage.DONE, None, None, by_clock=False)
        length_s = self._length_s()
        left_s = None if length_s is None else max(0.0, length_s - elapsed_s)
        return Cue(self._stage, self._item, left_s, self._camera and self._by_clock)


def _came_down(progress: Progress | None) -> bool:
    return progress is not None and progress.finished is not None and not progress.finished.direction
