"""Keeps what C libraries print off the terminal."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_STDERR = 2


class _Silencer:
    """Counts its users, so that overlapping uses from several threads restore the stream exactly once.

    There is one for the whole program: two would restore it for one another, while a library still talks.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._users = 0
        self._saved = -1

    def enter(self) -> None:
        with self._lock:
            if self._users == 0:
                self._saved = self._point_at_nothing()
            self._users += 1

    def leave(self) -> None:
        with self._lock:
            self._users -= 1
            if self._users == 0 and self._saved >= 0:
                os.dup2(self._saved, _STDERR)
                os.close(self._saved)
                self._saved = -1

    @staticmethod
    def _point_at_nothing() -> int:
        """Point the stream at nothing and return a copy of it, or -1 where there is none (no console)."""
        with contextlib.suppress(OSError, ValueError, AttributeError):  # what was said before is still heard
            sys.stderr.flush()
        try:
            saved = os.dup(_STDERR)
        except OSError:
            return -1
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, _STDERR)
        os.close(nothing)
        return saved


_silencer = _Silencer()


@contextlib.contextmanager
def quiet_stderr() -> Iterator[None]:
    """Discard everything written to the process's standard error meanwhile, whatever library writes it.

    OpenCV complains of pictures, MediaPipe talks as it makes its graph and sees its first person, window libraries
    of fonts, whatever Python's own logging is set to. Python exceptions are not touched. It acts on the whole process
    (file descriptor 2), so keep it short. Nesting and threads are fine.
    """
    _silencer.enter()
    try:
        yield
    finally:
        _silencer.leave()
