"""What counting an exercise yields: repetitions that were seen, and the time in which nothing could be seen."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum

from posture_cv.guidance.entries import CameraCheck
from posture_cv.measure.types import Reason


class Phase(IntEnum):
    """Where a counter stands."""

    WAITING = 0  # for a still second to measure against
    UNSEEN = 1
    REST = 2
    ACTIVE = 3  # raised, squeezed, or part of a turn


class Direction(StrEnum):
    """Of a turn, as on a clock face in front of the person. A mirrored picture swaps the two."""

    NONE = ""
    CLOCKWISE = "clockwise"
    COUNTER_CLOCKWISE = "counter-clockwise"


@dataclass(frozen=True, slots=True)
class Repetition:
    """One repetition.

    Attributes:
        start_s, end_s: when the movement passed the level that counts, up and down (a turn: its two ends).
        hold_s: seconds between them in which it was seen to be held; 0 for a turn.
        whole: it was seen from rest to rest; only these are counted.
        direction: of a turn.
    """

    start_s: float
    end_s: float
    hold_s: float
    whole: bool = True
    direction: Direction = Direction.NONE


@dataclass(frozen=True, slots=True)
class Unseen:
    """A stretch in which the movement could not be judged, and why: neither done nor not done."""

    start_s: float
    end_s: float
    reason: Reason

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return self.end_s - self.start_s


@dataclass(frozen=True, slots=True)
class Progress:
    """What a counter says after one frame.

    Attributes:
        t_s: time of the frame.
        phase: where the counter stands.
        reason: why nothing can be judged; OK in REST and ACTIVE.
        level: the movement as a share of what counts (1 = counts; a turn: share of a full turn, 0-1); NaN unseen.
        count: whole repetitions so far.
        hold_s: seconds held in the repetition at hand.
        finished: the repetition that ended with this frame.
    """

    t_s: float
    phase: Phase
    reason: Reason
    level: float
    count: int
    hold_s: float = 0.0
    finished: Repetition | None = None


@dataclass(frozen=True, slots=True)
class ExerciseReport:
    """What was seen of an exercise between two times.

    Attributes:
        check: the movement that was looked for.
        start_s, end_s: first and last frame; both 0 without frames.
        repetitions: whole repetitions, in order.
        partly_seen: begun or ended unseen, or interrupted: listed, not counted.
        unseen: stretches that could not be judged, in order.
        strongest: largest movement seen, as a share of what counts; 0 when none.
        person_seen: whether anybody was found at all.
        every_s: seconds from one frame to the next, on average, gaps left out; 0 without.
    """

    check: CameraCheck
    start_s: float
    end_s: float
    repetitions: tuple[Repetition, ...]
    partly_seen: tuple[Repetition, ...]
    unseen: tuple[Unseen, ...]
    strongest: float
    person_seen: bool
    every_s: float = 0.0

    @property
    def count(self) -> int:
        """Whole repetitions."""
        return len(self.repetitions)

    @property
    def watched_s(self) -> float:
        """Seconds from the first frame to the last."""
        return self.end_s - self.start_s

    @property
    def unseen_s(self) -> float:
        """Seconds that could not be judged; part of `watched_s`."""
        return sum(stretch.duration_s for stretch in self.unseen)

    def unseen_by_reason(self) -> dict[Reason, float]:
        """Seconds that could not be judged, by reason, the longest first."""
        sums: dict[Reason, float] = {}
        for stretch in self.unseen:
            sums[stretch.reason] = sums.get(stretch.reason, 0.0) + stretch.duration_s
        return dict(sorted(sums.items(), key=lambda item: -item[1]))

    def count_of(self, direction: Direction) -> int:
        """Whole turns in one direction."""
        return sum(repetition.direction == direction for repetition in self.repetitions)

    def held(self, least_s: float) -> int:
        """Whole repetitions that were held so long or longer."""
        return sum(repetition.hold_s >= least_s for repetition in self.repetitions)
