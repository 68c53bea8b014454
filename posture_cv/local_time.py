"""The user's own clock: a program that runs for days follows whoever travels.

The C library reads the system's zone once; a laptop that is set to another zone meanwhile would go on with the old
one until the program ends. So the zone is looked up anew each time, which costs some microseconds.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime


def local(wall_s: float) -> datetime:
    """Local time with its offset at `wall_s`, seconds since 1970 (UTC), in the zone that the system is in now."""
    look_up_again = getattr(time, "tzset", None)  # Windows has none
    if look_up_again is not None:
        look_up_again()
    in_utc = datetime.fromtimestamp(wall_s, UTC)
    try:
        return in_utc.astimezone()
    except OverflowError:  # a clock that is wrong by ages: its zone would leave the calendar
        return in_utc


def local_now() -> datetime:
    """Local time now, with its offset."""
    return local(time.time())


def offset_s(wall_s: float) -> int:
    """Local time minus UTC at `wall_s`, in seconds."""
    offset = local(wall_s).utcoffset()
    return 0 if offset is None else round(offset.total_seconds())


def zone_text(offset_s: int) -> str:
    """An offset in words: UTC+2, UTC-3:30, UTC."""
    sign = "+" if offset_s >= 0 else "-"
    hours, minutes = divmod(abs(offset_s) // 60, 60)
    if not (hours or minutes):
        return "UTC"
    return f"UTC{sign}{hours}:{minutes:02d}" if minutes else f"UTC{sign}{hours}"


def time_text(local_s: float, offset_s: int, form: str, *, ambiguous: bool) -> str:
    """A time on the user's own clock in words.

    Args:
        local_s: seconds since 1970 on that clock.
        offset_s: that clock minus UTC, in seconds.
        form: as in `strftime`.
        ambiguous: the clock was changed about then, so that the same words may mean two times: say which.
    """
    text = datetime.fromtimestamp(local_s, UTC).strftime(form)
    return f"{text} {zone_text(offset_s)}" if ambiguous else text
