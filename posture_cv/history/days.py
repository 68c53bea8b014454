"""The days of the history in a few figures each, for the terminal and the tray."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any, TypeVar

from posture_cv.assess.explain import duration
from posture_cv.assess.wording import plain
from posture_cv.history.figures import clock_changed, total
from posture_cv.history.read import AlertRow, BreakRow, Minute, Reader
from posture_cv.local_time import time_text

_EPOCH = date(1970, 1, 1)
_DAY_S = 86400
Row = TypeVar("Row", Minute, AlertRow, BreakRow)


def day_summaries(reader: Reader, today: date, days: int) -> list[dict[str, Any]]:
    """One object a day on which something was recorded, the latest first."""
    last = (today - _EPOCH).days
    first = last - days + 1
    minutes_of, alerts_of = _by_day(reader.minutes(first, last)), _by_day(reader.alerts(first, last))
    breaks_of = _by_day(reader.breaks(first, last))
    found = []
    for day in sorted({*minutes_of, *alerts_of, *breaks_of}, reverse=True):
        minutes, alerts, breaks = minutes_of.get(day, []), alerts_of.get(day, []), breaks_of.get(day, [])
        span, ambiguous = total(minutes), clock_changed(minutes, alerts, breaks)
        about_posture = sum(alert.about_posture for alert in alerts)
        found.append(
            {
                "day": (_EPOCH + timedelta(days=day)).isoformat(),
                "measured_s": round(span.measured, 1),
                "good_s": round(span.good, 1),
                "poor_s": round(span.poor, 1),
                "unmeasured_s": round(span.untold, 1),
                "away_s": round(span.away, 1),
                "breaks": len(breaks),
                "posture_alerts": about_posture,
                "prompts": len(alerts) - about_posture,
                "alerts": [_alert(alert, ambiguous=ambiguous) for alert in alerts],
            }
        )
    return found


def _by_day(rows: Iterable[Row]) -> dict[int, list[Row]]:
    """The rows of each local day, in their order."""
    days: dict[int, list[Row]] = defaultdict(list)
    for row in rows:
        days[int(row.local_s // _DAY_S)].append(row)
    return days


def _alert(alert: AlertRow, *, ambiguous: bool) -> dict[str, Any]:
    zone = timezone(timedelta(seconds=alert.offset_s))
    return {
        "number": alert.number,
        "time": time_text(alert.local_s, alert.offset_s, "%H:%M", ambiguous=ambiguous),
        "at": datetime.fromtimestamp(alert.time_s, zone).isoformat(timespec="seconds"),
        "cue": alert.cue,
        "level": alert.level,
        "seen": alert.words.get("seen", ""),
        "answers": list(alert.meant),
    }


def said_on(path: Path, day: date) -> list[tuple[str, int, str]]:
    """Cue, number of the reminder and catalogue entry of what was said on a day, in order.

    Raises:
        HistoryError: there is no history, or it cannot be used.
    """
    number = (day - _EPOCH).days
    with Reader(path) as reader:
        rows = reader.alerts(number, number)
    return [(row.cue, row.repeat, str(row.words["entry_id"])) for row in rows if "entry_id" in row.words]


def day_lines(found: list[dict[str, Any]]) -> list[str]:
    """The same for people."""
    if not found:
        return ["Nothing was recorded in this time."]
    lines = []
    for day in found:
        share = f", {day['good_s'] / day['measured_s']:.0%} good" if day["measured_s"] else ""
        lines.append(
            f"{day['day']}  measured {duration(day['measured_s'])}{share};"
            f" {counted(day['posture_alerts'], 'alert')}, {counted(day['prompts'], 'prompt')},"
            f" {counted(day['breaks'], 'break')}"
        )
        for alert in day["alerts"]:
            answers = f" [{', '.join(alert['answers'])}]" if alert["answers"] else ""
            what = f"{plain(alert['cue'])} ({alert['level']})"
            lines.append(f"    #{alert['number']} {alert['time']} {what}{answers}")
    return lines


def counted(count: int, what: str) -> str:
    """The number with its noun, in the plural unless it is one."""
    return f"{count} {what}" if count == 1 else f"{count} {what}s"
