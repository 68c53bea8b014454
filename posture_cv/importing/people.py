"""Which of several people a recording is about, followed from frame to frame: a file lists them in any order.

A person's points are linked to those nearest to them in the frames before, by place and size. Whose head and
shoulders are seen largest and most surely over the whole recording is the one at the desk; who is ever seen beside
that one is somebody else, also where nobody else is seen. All of it is ours.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from math import hypot, log
from statistics import median
from typing import Final, NamedTuple

import numpy as np

from posture_cv.importing.types import Float

FOLLOWED: Final = "one is followed, on the whole the nearest by size and confidence of head and shoulders"
_HEAD_AND_SHOULDERS: Final = (0, 2, 5, 7, 8, 11, 12)  # MediaPipe's nose, eyes, ears, shoulders
_STEP: Final = 0.75  # of a person's size, from one frame to the next
_GROWTH: Final = log(1.6)
_RECENT: Final = 300  # frames after which a place says nothing any more about who is there
_AS_A_STEP: Final = 3.0  # growth by a factor of e tells two people apart like a step of three sizes
_NO_SIZE: Final = 1e-9


class Seen(NamedTuple):
    """Head and shoulders of one person in one frame.

    Attributes:
        u, v: their middle, in the file's unit.
        size: diagonal of the box around them, in that unit.
        nearness: size, by how surely they are seen.
        points: how surely all points are seen, summed up: decides between equals.
    """

    u: float
    v: float
    size: float
    nearness: float
    points: float


def seen(points: Float, places: Sequence[int]) -> Seen | None:
    """What tells one person from another; None where neither head nor shoulders are seen.

    The sum over all points would not tell who is at the desk: legs and hips are hidden by it, and a passer-by shows
    them.

    Args:
        points: (K, 3) place and confidence, NaN where missing.
        places: (K,) MediaPipe's number of each point.
    """
    upper = points[np.isin(places, _HEAD_AND_SHOULDERS)]
    known = upper[np.isfinite(upper).all(axis=1)]
    if len(known) == 0:
        return None
    width, height = np.ptp(known[:, :2], axis=0)
    u, v = (known[:, :2].min(axis=0) + known[:, :2].max(axis=0)) / 2.0
    size = hypot(width, height)
    sure = float(known[:, 2].sum()) / len(upper)
    return Seen(float(u), float(v), size, size * sure, float(np.nansum(points[:, 2])))


@dataclass(slots=True)
class _Track:
    """One person over a stretch of frames: where (frame, number in it), and how they looked."""

    at: list[tuple[int, int]] = field(default_factory=list)
    looks: list[Seen] = field(default_factory=list)
    frames: set[int] = field(default_factory=set)

    def add(self, frame: int, number: int, look: Seen) -> None:
        self.at.append((frame, number))
        self.looks.append(look)
        self.frames.add(frame)

    @property
    def rank(self) -> tuple[float, float]:
        return sum(look.nearness for look in self.looks), sum(look.points for look in self.looks)

    def usual(self) -> Seen:
        return Seen(*(median(values) for values in zip(*self.looks, strict=True)))


def followed(frames: Sequence[Sequence[Seen | None]]) -> list[int | None]:
    """The number in each frame's list of the person that the recording is about; None where they are not seen.

    Args:
        frames: in the order of time, all people of each.
    """
    tracks = sorted(_tracks(frames), key=lambda track: track.rank, reverse=True)
    out: list[int | None] = [None] * len(frames)
    for track in _of_one(tracks):
        for frame, number in track.at:
            out[frame] = number
    return out


def _tracks(frames: Sequence[Sequence[Seen | None]]) -> list[_Track]:
    """Everybody, over stretches without a jump."""
    done: list[_Track] = []
    alive: list[_Track] = []
    for frame, people in enumerate(frames):
        done += [track for track in alive if track.at[-1][0] < frame - _RECENT]
        alive = [track for track in alive if track.at[-1][0] >= frame - _RECENT]
        waiting = {number: look for number, look in enumerate(people) if look is not None}
        free = list(alive)
        for _, place, number in _links(free, waiting):
            if number in waiting and free[place].at[-1][0] < frame:
                free[place].add(frame, number, waiting.pop(number))
        for number, look in waiting.items():
            alive.append(_Track())
            alive[-1].add(frame, number, look)
    return done + alive


def _links(tracks: Sequence[_Track], people: dict[int, Seen]) -> list[tuple[float, int, int]]:
    """(distance, track, person) of all who may be the same, the most alike first."""
    found = []
    for place, track in enumerate(tracks):
        for number, look in people.items():
            step, growth = _apart(track.looks[-1], look)
            if step <= _STEP and growth <= _GROWTH:
                found.append((step + _AS_A_STEP * growth, place, number))
    return sorted(found)


def _apart(one: Seen, other: Seen) -> tuple[float, float]:
    """How far apart in sizes of the larger, and the logarithm of how much larger it is."""
    small, large = sorted((one.size + _NO_SIZE, other.size + _NO_SIZE))
    return hypot(one.u - other.u, one.v - other.v) / large, log(large / small)


def _of_one(tracks: Sequence[_Track]) -> Iterable[_Track]:
    """The first track, and those of the same person after a jump or an absence; tracks in the order of rank.

    Such a track shows nobody who is also seen beside that person, and looks more like that person than like anybody
    who is.
    """
    if not tracks:
        return []
    first = tracks[0]
    one, frames, looks = [first], set(first.frames), first.usual()
    others = [track.usual() for track in tracks[1:] if track.frames & frames]
    for track in tracks[1:]:
        if track.frames & frames:
            continue
        usual = track.usual()
        if all(_unlike(usual, looks) <= _unlike(usual, other) for other in others):
            one.append(track)
            frames |= track.frames
    return one


def _unlike(one: Seen, other: Seen) -> float:
    step, growth = _apart(one, other)
    return step + _AS_A_STEP * growth
