"""How long a source has been silent while somebody listened."""

from __future__ import annotations

_LONGEST_STEP_S = 2.0


class Silence:
    """Counts the seconds without a sign of life.

    Time in which nobody looked counts as two seconds at most: the machine slept, the program was stopped, or
    the reader was busy elsewhere, and the source is not to blame.

    Args:
        limit_s: silence beyond this many seconds is too long.
    """

    def __init__(self, limit_s: float) -> None:
        self.limit_s = limit_s
        self._silent_s = 0.0
        self._looked_at_s: float | None = None

    def broken(self) -> None:
        """A sign of life came."""
        self._silent_s = 0.0
        self._looked_at_s = None

    def is_over(self, now_s: float) -> bool:
        """Whether the limit is reached at `now_s` (seconds of a monotonic clock)."""
        return self.left_s(now_s) <= 0

    def left_s(self, now_s: float) -> float:
        """Seconds until the limit, at least 0 and at most a step that keeps the count exact."""
        if self._looked_at_s is not None:
            self._silent_s += min(now_s - self._looked_at_s, _LONGEST_STEP_S)
        self._looked_at_s = now_s
        return max(0.0, min(self.limit_s - self._silent_s, _LONGEST_STEP_S / 2))
