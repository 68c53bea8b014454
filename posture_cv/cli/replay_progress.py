"""The bar over all recordings of a replay, with the time left; plain lines where there is no terminal."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Self

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from posture_cv.cli.replay_summary import clock
from posture_cv.closing import Closing

if TYPE_CHECKING:
    from posture_cv.replay.batch import Ended

_SPEED_OVER_S = 120.0  # the speed that the time left rests on is that of so many seconds


class ReplayBar(Closing):
    """Draws a run over many recordings on stderr; see `BatchProgress`. A context manager.

    Args:
        quiet: without a terminal say nothing (one recording has its own summary).
    """

    def __init__(self, *, quiet: bool = False) -> None:
        self._console = Console(stderr=True)
        self._quiet = quiet
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.percentage:3.0f} %"),
            TextColumn("{task.fields[speed]}"),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            console=self._console,
            transient=True,
            speed_estimate_period=_SPEED_OVER_S,
            disable=not self._console.is_terminal,
        )
        self._task = self._bar.add_task("Looking at the recordings", total=None, speed="")
        self._recordings = self._ended = 0
        self._frames: dict[int, int] = {}

    @property
    def total(self) -> float | None:
        """Frames of all recordings, done or to be done, as far as can be said."""
        return self._bar.tasks[0].total

    def begin(self, recordings: int) -> None:
        """So many recordings are to be done."""
        self._recordings = recordings

    def expect(self, index: int, frames: int, *, known: bool) -> None:
        """A recording has been looked at; those that have not are taken to be as long as those with frames to do.

        One that an earlier run has finished says nothing of them: such come first when a run goes on.
        """
        if known:
            self._frames[index] = frames
        self._total()

    def advance(self, frames: int) -> None:
        """So many more frames are done."""
        self._bar.advance(self._task, frames)
        speed = self._bar.tasks[0].speed
        self._bar.update(self._task, speed=f"{speed:.0f} frames/s" if speed else "")

    def ended(self, index: int, ended: Ended) -> None:
        """A recording has ended."""
        self._ended += 1
        self._frames.setdefault(index, 0)
        self._total()
        line = f"[{self._ended}/{self._recordings}] {ended.options.out.name}: {_said(ended)}"
        if not self._console.is_terminal and not self._quiet:
            click.echo(line, err=True)
            sys.stderr.flush()

    def _total(self) -> None:
        to_do = [frames for frames in self._frames.values() if frames]
        unknown = self._recordings - len(self._frames)
        total = sum(to_do) * (1.0 + unknown / len(to_do)) if to_do else None
        done = (
            f"{self._ended} of {self._recordings} recordings" if self._recordings > 1 else "Finding landmarks"
        )
        self._bar.update(self._task, total=total, description=done)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def close(self) -> None:
        """End the bar."""
        self._bar.stop()


def _said(ended: Ended) -> str:
    if ended.problem is not None:
        return f"{ended.status}: {ended.problem.title}"
    summary = ended.summary
    alerts = len(summary["alerts"])
    earlier = " (finished earlier)" if ended.earlier else ""
    length = clock(summary["duration_s"])
    return f"{length}, {summary['frames']} frames, {alerts} alert{'' if alerts == 1 else 's'}{earlier}"
