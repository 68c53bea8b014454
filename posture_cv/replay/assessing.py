"""Blocks of a recording: those between two times, and larger ones made of smaller ones."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

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


def regrouped(blocks: Iterable[Measurements], frames: int) -> Iterator[Measurements]:
    """The same frames in blocks of at least so many, but for the last one."""
    waiting: list[Measurements] = []
    for block in blocks:
        waiting.append(block)
        if sum(map(len, waiting)) >= frames:
            yield Measurements.concat(waiting)
            waiting.clear()
    if waiting:
        yield Measurements.concat(waiting)
