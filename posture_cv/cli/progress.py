"""Progress bars for `posture_cv.replay.progress.Progress`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Self

from posture_cv.closing import Closing
from posture_cv.output.text import one_line

if TYPE_CHECKING:
    from rich.progress import Progress


class RichProgress(Closing):
    """A bar with the time left on stderr; silent where stderr is no terminal. A context manager."""

    def __init__(self) -> None:
        self._bar = _bar() if sys.stderr.isatty() else None
        self._task = None if self._bar is None else self._bar.add_task("Starting", total=None)

    def stage(self, title: str, total: int | None) -> None:
        """A new stage; see `Progress`. Its title may hold a file's name."""
        if self._bar is not None and self._task is not None:
            self._bar.reset(self._task, description=one_line(title), total=total)

    def advance(self, count: int = 1) -> None:
        """So many more frames are done."""
        if self._bar is not None and self._task is not None:
            self._bar.advance(self._task, count)

    def __enter__(self) -> Self:
        if self._bar is not None:
            self._bar.start()
        return self

    def close(self) -> None:
        """End the bar."""
        if self._bar is not None:
            self._bar.stop()


def _bar() -> Progress:
    from rich.console import Console  # takes a while to load: only where there is somebody to see it
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        SpinnerColumn,
        TextColumn,
        TimeRemainingColumn,
    )

    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("frames"),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    )
