"""Alerts that a desktop has shown and nobody has answered. Many desktops never tell that one has expired."""

from __future__ import annotations

import threading
from collections.abc import Callable

from posture_cv.assess.answers import HEEDED_WITHIN_S


class Unanswered:
    """Takes an alert for expired once the time is over in which leaving the posture would have heeded it.

    Whether it was sat through is for the policy to say: who left the posture in time has not ignored it.

    Args:
        expired: told the key of each such alert.
    """

    def __init__(self, expired: Callable[[int], object]) -> None:
        self._expired = expired
        self._lock = threading.Lock()
        self._sent_s: dict[int, float] = {}

    def sent(self, key: int, t_s: float) -> None:
        """An alert is handed over at `t_s`."""
        with self._lock:
            self._sent_s[key] = t_s

    def settled(self, key: int) -> None:
        """It was answered, or the desktop did not take it; any thread."""
        with self._lock:
            self._sent_s.pop(key, None)

    def passed(self, t_s: float, *, silent: bool) -> None:
        """It is `t_s`; `silent`: silence was asked for, which is an answer to whatever was said."""
        with self._lock:
            over = [key for key, sent_s in self._sent_s.items() if t_s - sent_s >= HEEDED_WITHIN_S]
            for key in over:
                del self._sent_s[key]
        if not silent:
            for key in over:
                self._expired(key)
