"""What may be asked of a running monitor, from any thread."""

from __future__ import annotations

import queue
import threading
from dataclasses import dataclass

from posture_cv.assess.answers import Response


@dataclass(frozen=True, slots=True)
class Stop:
    """End the monitor; `why` is shown."""

    why: str = ""


@dataclass(frozen=True, slots=True)
class Pause:
    """Close the camera until then (seconds since 1970, infinite: until resumed)."""

    until_wall_s: float


@dataclass(frozen=True, slots=True)
class Resume:
    """End a pause and a snooze."""


@dataclass(frozen=True, slots=True)
class Snooze:
    """Go on watching, but say nothing for so long."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Recalibrate:
    """Make the baseline anew from the camera, under the same profile name; quick: in about five seconds."""

    quick: bool = False


@dataclass(frozen=True, slots=True)
class FollowCamera:
    """The camera was moved and the person sits as before: take the baseline along with it."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer to something said: the history's number of it, and what was answered."""

    key: int
    response: Response


@dataclass(frozen=True, slots=True)
class Sooner:
    """Halve the pauses that unheeded alerts about these postures have lengthened."""

    cues: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ResetFeedback:
    """Every pause at its own length again, and thresholds as the history has them now."""


Command = Stop | Pause | Resume | Snooze | Recalibrate | FollowCamera | Answer | Sooner | ResetFeedback


class Commands:
    """A queue of commands; `put` from any thread, `take` in the monitor's.

    Attributes:
        stop_asked: a `Stop` was put.
        taken: how many were taken so far.
    """

    def __init__(self) -> None:
        self._queue: queue.SimpleQueue[Command] = queue.SimpleQueue()
        self._lock = threading.RLock()  # a signal's handler may come in the middle of a put of its own thread
        self._asked = 0
        self.stop_asked = False
        self.taken = 0

    def put(self, command: Command) -> int:
        """Ask for something; how many were asked for with it: it is taken once `taken` is as many."""
        if isinstance(command, Stop):
            self.stop_asked = True
        with self._lock:  # its number is its place in the queue
            self._asked += 1
            self._queue.put(command)
            return self._asked

    def take(self) -> Command | None:
        """The next command, None without one."""
        try:
            command = self._queue.get_nowait()
        except queue.Empty:
            return None
        self.taken += 1
        return command
