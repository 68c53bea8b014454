"""How long to pause, as people say it: 30m, 1h30m, until 14:00, tomorrow. Pure; now is an argument."""

from __future__ import annotations

import re
from datetime import datetime, time, timedelta
from typing import Final

from posture_cv.errors import InputError

_UNITS: Final = {"s": 1.0, "m": 60.0, "h": 3600.0}
_LONGEST_S: Final = 7 * 86400.0
TOMORROW_AT: Final = time(5, 0)
"""A pause until tomorrow ends then: after the latest evening, before the earliest morning; ours."""


def pause_end(words: str, now: datetime) -> datetime | None:
    """When the pause ends; None: when it is resumed.

    Args:
        words: "" (until resumed), a duration ("30m", "90s", "1h30m", "45" minutes), "until 14:00", "tomorrow".
        now: local time, with its zone.

    Raises:
        InputError: anything else, or longer than a week.
    """
    text = " ".join(words.lower().split())
    if not text:
        return None
    if text == "tomorrow":
        return _at(now, now.date() + timedelta(days=1), TOMORROW_AT)
    if text.startswith("until "):
        return _until(text.removeprefix("until "), now, words)
    seconds = duration_s(text)
    if seconds is None or not 0 < seconds <= _LONGEST_S:
        raise _unclear(words)
    return now + timedelta(seconds=seconds)


def duration_s(text: str) -> float | None:
    """Seconds of "30m", "1h30m", "90 s"; a bare number is minutes; None for anything else."""
    plain = text.replace(" ", "")
    if re.fullmatch(r"\d+(\.\d+)?", plain):
        return float(plain) * 60.0
    if not re.fullmatch(r"(\d+(\.\d+)?(s|sec|m|min|h))+", plain):
        return None
    parts = re.findall(r"(\d+(?:\.\d+)?)(sec|min|s|m|h)", plain)
    return sum(float(number) * _UNITS[unit[0]] for number, unit in parts)


def _until(text: str, now: datetime, words: str) -> datetime:
    if text == "tomorrow":
        return _at(now, now.date() + timedelta(days=1), TOMORROW_AT)
    match = re.fullmatch(r"(\d{1,2})[:.h](\d{2})|(\d{1,2})", text)
    if match is None:
        raise _unclear(words)
    hour, minute = int(match[1] or match[3]), int(match[2] or 0)
    if hour > 23 or minute > 59:
        raise _unclear(words)
    today = _at(now, now.date(), time(hour, minute))
    return today if today > now else _at(now, now.date() + timedelta(days=1), time(hour, minute))


def _at(now: datetime, day: object, clock: time) -> datetime:
    """That time of that day in the local zone, whatever its offset is then."""
    from datetime import date

    assert isinstance(day, date)
    naive = datetime.combine(day, clock)
    # A zone that knows its rules keeps them; a fixed offset (astimezone()) is looked up anew by the system.
    if now.tzinfo is None or type(now.tzinfo).__name__ == "timezone":
        return naive.astimezone()
    return naive.replace(tzinfo=now.tzinfo)


def _unclear(words: str) -> InputError:
    return InputError(
        f"How long to pause is not clear: {words!r}.",
        "A pause lasts a week at most.",
        "Say for example: 30m, 1h30m, until 14:00, tomorrow; or nothing, until you resume.",
    )
