"""How long to pause, as people say it: 30m, 2 hours, until 14:00, until 2pm, tomorrow. Pure; now is an argument."""

from __future__ import annotations

import re
from datetime import datetime, time, timedelta
from typing import Final

from posture_cv.errors import InputError

_UNITS: Final = {"s": 1.0, "m": 60.0, "h": 3600.0}
_UNIT: Final = r"(?:s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?)"
_LONGEST_S: Final = 7 * 86400.0
TOMORROW_AT: Final = time(5, 0)
"""A pause until tomorrow ends then: after the latest evening, before the earliest morning; ours."""


def pause_end(words: str, now: datetime) -> datetime | None:
    """When the pause ends; None: when it is resumed.

    Args:
        words: "" (until resumed), a duration ("30m", "90s", "1h30m", "2 hours", "45" minutes), "until 14:00",
            "until 2pm", "until 24:00", "tomorrow".
        now: local time, with its zone.

    Raises:
        InputError: anything else, or longer than a week.
    """
    text = " ".join(words.lower().split())
    if not text:
        return None
    if text in ("tomorrow", "until tomorrow"):
        return _next(TOMORROW_AT, now)  # after midnight, tomorrow is the morning that comes
    if text.startswith("until "):
        return _until(text.removeprefix("until "), now, words)
    seconds = duration_s(text)
    if seconds is None or not seconds > 0:
        raise _unclear(words)
    if seconds > _LONGEST_S:
        raise _unclear(words, "A pause lasts a week at most.")
    return now + timedelta(seconds=seconds)


def duration_s(text: str) -> float | None:
    """Seconds of "30m", "1h30m", "90 s", "2 hours"; a bare number is minutes; None for anything else."""
    plain = text.replace(" ", "")
    if re.fullmatch(r"\d+(\.\d+)?", plain):
        return float(plain) * 60.0
    if not re.fullmatch(rf"(\d+(\.\d+)?{_UNIT})+", plain):
        return None
    parts = re.findall(r"(\d+(?:\.\d+)?)([smh])", plain)
    return sum(float(number) * _UNITS[unit] for number, unit in parts)


def _until(text: str, now: datetime, words: str) -> datetime:
    """The next time that the clock shows that: 14:00, 14.00, 14h00, 9, 2pm, 2:30 pm; 24:00 is midnight."""
    match = re.fullmatch(r"(\d{1,2})(?:[:.h](\d{2}))? ?([ap]m)?", text)
    if match is None:
        raise _unclear(words)
    hour, minute, half = int(match[1]), int(match[2] or 0), match[3]
    if half:
        if not 1 <= hour <= 12:
            raise _unclear(words)
        hour = hour % 12 + (12 if half == "pm" else 0)
    if minute > 59 or (hour, minute) > (24, 0):
        raise _unclear(words)
    return _next(time(hour % 24, minute), now)


def _next(clock: time, now: datetime) -> datetime:
    today = _at(now, now.date(), clock)
    return today if today > now else _at(now, now.date() + timedelta(days=1), clock)


def _at(now: datetime, day: object, clock: time) -> datetime:
    """That time of that day in the local zone, whatever its offset is then."""
    from datetime import date

    assert isinstance(day, date)
    naive = datetime.combine(day, clock)
    # A zone that knows its rules keeps them; a fixed offset (astimezone()) is looked up anew by the system.
    if now.tzinfo is None or type(now.tzinfo).__name__ == "timezone":
        return naive.astimezone()
    return naive.replace(tzinfo=now.tzinfo)


def _unclear(words: str, why: str = "") -> InputError:
    return InputError(
        f"How long to pause is not clear: {words!r}.",
        why,
        "Say for example: 30m, 1h30m, until 14:00, tomorrow; or nothing, until you resume.",
    )
