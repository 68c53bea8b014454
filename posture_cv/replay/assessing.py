"""Blocks of a recording: those between two times, and larger ones made of smaller ones."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from posture_cv.landmarks.types import Landmarks
from posture_cv.measure.types import Measurements


def frames_between(blocks: Iterable[Landmarks], start_s: float, end_s: float) -> Landmarks:
    """The frames with `start_s <= t_s < end_s`."""
    chosen = []
    for block in blocks:
        if len(block) and block.t_s[0] >= end_s:
            break
        chosen.append(block[(block.t_s >= start_s) & (block.t_s < end_s)])
    return Landmarks.concat(chosen)


Block = TypeVar("Block", Landmarks, Measurements)


def regrouped(
    blocks: Iterable[Block], frames: int, concat: Callable[[list[Block]], Block]
) -> Iterator[Block]:
    """The same frames in blocks of at least so many, but for the last one."""
    waiting: list[Block] = []
    for block in blocks:
        waiting.append(block)
        if sum(map(len, waiting)) >= frames:
            yield concat(waiting)
            waiting.clear()
    if waiting:
        yield concat(waiting)
