"""The system's clock, and one that plays a recording at any speed."""

from __future__ import annotations

import math
import time
from typing import Final

_LONGEST_SLEEP_S: Final = 0.5
"""A wait ends so soon after Ctrl-C or a command at the latest; ours."""


class SystemClock:
    """Real time; goes on while the system is suspended, where the system offers such a clock (Linux).

    Args:
        begin_s: what it shows now.
    """

    def __init__(self, begin_s: float) -> None:
        self._origin_s = uptime_s() - begin_s

    def now_s(self) -> float:
        """Seconds since this clock was made, and what it showed then, suspended time included."""
        return uptime_s() - self._origin_s

    def wall_s(self) -> float:
        """Seconds since 1970 (UTC)."""
        return time.time()

    def wait(self, seconds: float) -> None:
        """Sleep so long, but no more than half a second: the caller looks round and waits again."""
        time.sleep(min(max(seconds, 0.0), _LONGEST_SLEEP_S))


def uptime_s() -> float:
    """Seconds since the system was started, suspended time included where it tells."""
    boottime = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if boottime is None else time.clock_gettime(boottime)


class PlaybackClock:
    """Time of a recording.

    Args:
        speed: seconds of the recording for each real second; infinite: as fast as it can be judged.
        wall_s: what the wall clock shows at its beginning.
    """

    def __init__(self, speed: float, wall_s: float | None = None) -> None:
        self._speed = speed
        self._now_s = 0.0
        self._wall_0_s = time.time() if wall_s is None else wall_s
        self._real_0_s = time.monotonic()

    def now_s(self) -> float:
        """Seconds since the recording's beginning."""
        return self._now_s

    def wall_s(self) -> float:
        """The wall clock as it would go with the recording."""
        return self._wall_0_s + self._now_s

    def wait(self, seconds: float) -> None:
        """Let time pass in the recording, and as much of real time as the speed asks for."""
        self._now_s += max(seconds, 0.0)
        if math.isfinite(self._speed):
            behind_s = self._now_s / self._speed - (time.monotonic() - self._real_0_s)
            if behind_s > 0:
                time.sleep(behind_s)
