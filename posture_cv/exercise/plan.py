"""From a catalogue entry's dose to a list of things to do, one after the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from posture_cv.exercise.types import Direction
from posture_cv.guidance.entries import CameraCheck, Entry

# Seconds for one repetition that is not held; the documents give none, so these are ours.
_PACE_S: Final = {"neck_circles": 6.0, "neck_range_of_motion": 12.0, "breathing": 10.0, "arm_circles": 3.0}
_PACE_OTHERWISE_S: Final = 5.0
_SIDES: Final = ("one side", "the other side")


@dataclass(frozen=True, slots=True)
class Item:
    """One repetition to do.

    Attributes:
        number: from 0, over the whole exercise.
        set_number, sets, repetition, repetitions: counted from 1, within its set.
        side: "one side", "clockwise" …; empty where there are no sides.
        hold_s: how long to hold; None for movements that are not held.
        pace_s: seconds for the movement: into the hold and out of it each, or the whole one if not held.
    """

    number: int
    set_number: int
    sets: int
    repetition: int
    repetitions: int
    side: str
    hold_s: float | None
    pace_s: float

    @property
    def direction(self) -> Direction:
        """The direction that its side means, for turns."""
        return Direction(self.side) if self.side in list(Direction) else Direction.NONE


@dataclass(frozen=True, slots=True)
class Plan:
    """An exercise as a list: all repetitions of one side, then the other, once for each set.

    Attributes:
        entry: what the catalogue says of it.
        items: in order, at least one.
    """

    entry: Entry
    items: tuple[Item, ...]

    @property
    def check(self) -> CameraCheck | None:
        """The movement by which a camera can follow it, if it can."""
        return self.entry.camera_can_see

    @property
    def duration_s(self) -> float:
        """Seconds of holding and moving by the clock, without pauses."""
        return sum((item.hold_s or 0.0) + item.pace_s * (2 if item.hold_s else 1) for item in self.items)


def plan_for(entry: Entry) -> Plan:
    """The list for one exercise.

    Raises:
        ValueError: the entry is no exercise with a dose.
    """
    dose = entry.dose
    if dose is None:
        raise ValueError(f"{entry.id} has no dose")
    turns = (str(Direction.CLOCKWISE), str(Direction.COUNTER_CLOCKWISE))
    sides = (turns if entry.camera_can_see == "neck_circles" else _SIDES) if dose.per_side else ("",)
    sets, repetitions = dose.sets or 1, dose.repetitions or 1
    order = [(s, side, r) for s in range(sets) for side in sides for r in range(repetitions)]
    items = [
        Item(
            number=n,
            set_number=s + 1,
            sets=sets,
            repetition=r + 1,
            repetitions=repetitions,
            side=side,
            hold_s=dose.hold_s,
            pace_s=_pace_s(entry),
        )
        for n, (s, side, r) in enumerate(order)
    ]
    return Plan(entry, tuple(items))


def _pace_s(entry: Entry) -> float:
    """Long holds are positions that one has to get into."""
    hold_s = entry.dose.hold_s if entry.dose else None
    if hold_s is None:
        return _PACE_S.get(entry.id, _PACE_OTHERWISE_S)
    return 2.0 if hold_s <= 5 else 4.0
