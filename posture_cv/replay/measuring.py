"""A landmark recording measured against a baseline: from what was remembered, or block by block."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

from posture_cv.landmarks.recording import Chosen, RecordingReader, every_frame
from posture_cv.landmarks.types import Landmarks
from posture_cv.measure.baseline import Baseline
from posture_cv.measure.types import Measurements
from posture_cv.output.tables import open_rows
from posture_cv.replay.progress import NoProgress, Progress
from posture_cv.replay.remembered import Block, DamagedError, Keeper, Told, recall, remembered_path

# Frames at a time for all that follows the measuring: enough to make up for numpy's calls, and some 15 MB with all
# that is made of them. What comes of them does not depend on it.
BLOCK: Final = 8192
# Frames measured at a time: a recording's blocks are those of five seconds, and of few frames many calls are made.
AT_ONCE: Final = 512
_THREADS: Final = min(4, os.cpu_count() or 1)


class Measuring:
    """The measurements of a recording, or what an earlier run with the same baseline has kept beside it.

    Args:
        path: of the landmark recording.
        baseline: to measure against.
        keep: keep the measurements beside the recording, with their text (some 520 bytes a frame).
        progress: told of each block that is measured.

    Attributes:
        told: what reading it told; known once `blocks` has ended.
    """

    def __init__(self, path: Path, baseline: Baseline, *, keep: bool, progress: Progress | None) -> None:
        self.told = Told(0, complete=False, warnings=())
        self._path, self._baseline, self._keep = path, baseline, keep
        self._progress = progress or NoProgress()

    def blocks(self, *, rows: bool = False, chosen: Chosen = every_frame) -> Iterator[Block]:
        """The chosen frames, `BLOCK` of them or a few more at a time, at least one block. Can be asked for again.

        Args:
            rows: with the text of the measurements, where an earlier run or this one has kept it.
            chosen: tells of the times (N,) of the frames, which come in order, which are asked for (N,). No others
                are measured, unless the measurements are kept.

        Raises:
            RecordingError: the recording cannot be read. OutputError: the measurements cannot be kept.
        """
        kept_at, passed = remembered_path(self._path, self._baseline), 0
        if (known := recall(kept_at)) is not None:
            self.told = known.told
            try:
                for block in _ahead(known.blocks(rows=rows)):
                    passed += len(block.measurements)
                    yield from _those([block], chosen)
            except DamagedError:
                pass  # the rest of it is measured
            else:
                return
        if self._keep:
            with Keeper(kept_at) as keeper:
                yield from _those(_after(passed, self._kept(keeper)), chosen)
        elif passed:
            yield from _those(_after(passed, map(Block, self._measured(every_frame))), chosen)
        else:
            yield from map(Block, self._measured(chosen))

    def _kept(self, keeper: Keeper) -> Iterator[Block]:
        """Every frame, kept for the next run."""
        for m in self._measured(every_frame):
            block = Block(m, open_rows(m))
            keeper.write(block)
            yield block
        keeper.told(self.told)

    def _measured(self, chosen: Chosen) -> Iterator[Measurements]:
        with RecordingReader(self._path) as reader:
            yield from _regrouped(self._at_once(reader, chosen), BLOCK)

    def _at_once(self, reader: RecordingReader, chosen: Chosen) -> Iterator[Measurements]:
        """Blocks in their order, several of them measured at a time: numpy leaves the interpreter to others."""
        from posture_cv.coefficients import load_coefficients  # not where the numbers are remembered
        from posture_cv.measure.measure import measure

        coefficients, found = load_coefficients(), 0
        yield measure(Landmarks.empty(0), self._baseline, coefficients)  # no frames are one block, too
        with ThreadPoolExecutor(_THREADS, thread_name_prefix="measure") as pool:
            waiting: deque[Future[Measurements]] = deque()
            for block in _regrouped(reader.blocks(chosen), AT_ONCE):
                waiting.append(pool.submit(measure, block, self._baseline, coefficients))
                found += int(block.person_found.sum())
                if len(waiting) > _THREADS:
                    yield self._next(waiting)
            while waiting:
                yield self._next(waiting)
        self.told = Told(found, reader.complete, tuple(reader.warnings))

    def _next(self, waiting: deque[Future[Measurements]]) -> Measurements:
        block = waiting.popleft().result()
        self._progress.advance(len(block))
        return block


def _ahead(blocks: Iterator[Block]) -> Iterator[Block]:
    """The same blocks; a thread reads the next one and compares its checksum meanwhile."""
    with ThreadPoolExecutor(1, thread_name_prefix="read") as thread:
        coming = thread.submit(next, blocks, None)
        while (block := coming.result()) is not None:
            coming = thread.submit(next, blocks, None)
            yield block


def _after(count: int, blocks: Iterable[Block]) -> Iterator[Block]:
    """What follows the first `count` frames."""
    for block in blocks:
        frames = len(block.measurements)
        if count == 0:
            yield block
        elif frames > count:
            yield Block(block.measurements[count:])
        count = max(0, count - frames)


def _those(blocks: Iterable[Block], chosen: Chosen) -> Iterator[Block]:
    """The chosen frames of each block."""
    for block in blocks:
        some = chosen(block.measurements.t_s)
        yield block if some.all() else Block(block.measurements[some])


Frames = TypeVar("Frames", Landmarks, Measurements)


def _regrouped(blocks: Iterable[Frames], frames: int) -> Iterator[Frames]:
    """The same frames in blocks of at least so many, but for the last one."""
    waiting: list[Frames] = []
    for block in blocks:
        waiting.append(block)
        if sum(map(len, waiting)) >= frames:
            yield _joined(waiting)
            waiting.clear()
    if waiting:
        yield _joined(waiting)


def _joined(blocks: list[Frames]) -> Frames:
    return blocks[0] if len(blocks) == 1 else type(blocks[0]).concat(blocks)


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """The measurements of a whole recording, with what else reading it told."""

    measurements: Measurements
    told: Told


def measured_recording(
    path: Path, baseline: Baseline, *, keep: bool = False, progress: Progress | None = None
) -> Measured:
    """All of a recording at once, as `Measuring`, whose errors it raises."""
    measuring = Measuring(path, baseline, keep=keep, progress=progress)
    blocks = [block.measurements for block in measuring.blocks()]
    return Measured(Measurements.concat(blocks), measuring.told)
