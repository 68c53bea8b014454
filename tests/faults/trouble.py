"""Sinks that do something to a monitor while it runs."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from posture_cv.monitor.moment import Moment
from posture_cv.monitor.sinks import BaseSink


class Remover(BaseSink):
    """Takes a folder away at a time."""

    def __init__(self, folder: Path, at_s: float) -> None:
        self._folder, self._at_s, self._done = folder, at_s, False

    def show(self, moment: Moment) -> None:
        if moment.t_s >= self._at_s and not self._done:
            self._done = True
            shutil.rmtree(self._folder)


class Calling(BaseSink):
    """Calls something every moment."""

    def __init__(self, call: Callable[[], object]) -> None:
        self._call = call

    def show(self, moment: Moment) -> None:
        self._call()
