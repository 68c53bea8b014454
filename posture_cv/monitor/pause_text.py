"""How long to pause, as people say it: 30m, 2 hours, until 14:00, until 2pm, tomorrow. Pure; now is an argument."""

from __future__ import annotations

import math
import re
from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Final

from posture_cv.errors import InputError

_UNITS: Final = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_UNIT: Final = r"(?:s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?)"
_LONGEST_S: Final = 7 * 86400.0
TOMORROW_AT: Final = time(5, 0)
"""A pause until tomorrow ends then: after the latest evening, before the earliest morning; ours."""


def pause_end(words: str, now: datetime) -> datetime | None:
    """When the pause ends; None: when it is resumed.

    Args:
        words: "" (until resumed), a duration ("30m", "90s", "1h30m", "2 hours", "3 days", "45" minutes), "until 14:00",
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
    return _in_zone(now.astimezone(UTC) + timedelta(seconds=seconds), now)


def until_text(iso: str) -> str:
    """The end of a pause as `status --json` has it, for people."""
    return f"until {iso[11:16]} ({iso[:10]})"


def silence_text(seconds: float) -> str:
    """How long nothing is said while everything is watched; nothing where that is not so."""
    return f"silent for {math.ceil(seconds / 60.0)} min" if seconds > 0 else ""


def duration_s(text: str) -> float | None:
    """Seconds of "30m", "1h30m", "90 s", "2 hours"; a bare number is minutes; None for anything else."""
    plain = text.replace(" ", "")
    if re.fullmatch(r"\d+(\.\d+)?", plain):
        return float(plain) * 60.0
    if not re.fullmatch(rf"(\d+(\.\d+)?{_UNIT})+", plain):
        return None
    parts = re.findall(r"(\d+(?:\.\d+)?)([smhd])", plain)
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
    days = (now.date(), now.date() + timedelta(days=1))
    times_s = (at_s for day in days for at_s in _times_s(day, clock, now))
    return _in_zone(
        datetime.fromtimestamp(next(at_s for at_s in times_s if at_s > now.timestamp()), UTC), now
    )


def _times_s(day: date, clock: time, now: datetime) -> list[float]:
    """When the local clock shows that on that day, in seconds since 1970: twice where it is set back.

    Where it is set forward over that time, it is as long after the jump as it would have been.
    """
    at = datetime.combine(day, clock, None if _is_fixed(now) else now.tzinfo)
    first_s, again_s = at.timestamp(), at.replace(fold=1).timestamp()
    return [first_s, again_s] if again_s > first_s else [first_s]


def _in_zone(at: datetime, now: datetime) -> datetime:
    """That time as the local clock shows it then."""
    return at.astimezone(None if _is_fixed(now) else now.tzinfo)


def _is_fixed(now: datetime) -> bool:
    """Whether its zone is no more than today's offset (`astimezone()`); the system knows what it is at other times."""
    return now.tzinfo is None or isinstance(now.tzinfo, timezone)


def _unclear(words: str, why: str = "") -> InputError:
    return InputError(
        f"How long to pause is not clear: {words!r}.",
        why,
        "Say for example: 30m, 1h30m, until 14:00, tomorrow; or nothing, until you resume.",
    )
