"""What is written one after the other, and waits in order while nothing can be written."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import Final

_MOST_KEPT: Final = 5000
"""Days of alerts and answers, and little memory; ours."""


class Backlog:
    """Acts that follow one another; any thread. Of too many that wait the oldest are given up.

    Args:
        attempt: does an act; whether that went well.
    """

    def __init__(self, attempt: Callable[[Callable[[], object]], bool]) -> None:
        self._attempt = attempt
        self._lock = threading.RLock()
        self._waiting: deque[Callable[[], object]] = deque(maxlen=_MOST_KEPT)

    def do(self, act: Callable[[], object]) -> bool:
        """Do it, after what waits; False: it waits as well."""
        with self._lock:
            done = self.catch_up() and self._attempt(act)
            if not done:
                self._waiting.append(act)
            return done

    def catch_up(self) -> bool:
        """Do what waits; whether nothing waits any more."""
        with self._lock:
            while self._waiting and self._attempt(self._waiting[0]):
                self._waiting.popleft()
            return not self._waiting
