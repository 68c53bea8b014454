"""One page about a day, a week or a month: self-contained, with drawings as inline SVG; opens without a network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from importlib.resources import files
from statistics import median
from typing import Any, Final, Literal

from posture_cv._version import __version__
from posture_cv.assess.explain import duration
from posture_cv.assess.settings import BreakSettings
from posture_cv.assess.wording import plain
from posture_cv.history.figures import (
    HOUR_S,
    Span,
    best_and_worst_hour,
    by_reason,
    by_state,
    clock_changed,
    dominant,
    hour_lengths_s,
    kind_of,
    spans,
    total,
)
from posture_cv.history.read import AlertRow, BreakRow, Minute, Reader
from posture_cv.local_time import time_text

Period = Literal["today", "week", "month"]
DAYS: Final[dict[str, int]] = {"today": 1, "week": 7, "month": 30}
_EPOCH: Final = date(1970, 1, 1)
_FEW: Final = 12
"""No more alerts or breaks than these stand there unfolded; ours."""
COLOURS: Final = {
    "good": "#2e8b57",
    "poor": "#d9702b",
    "untold": "#b9b9b9",
    "away": "#dfe7ee",
    "off": "#8d9bb3",
}
DARK: Final = {
    "good": "#3a9a66",
    "poor": "#e0803f",
    "untold": "#6d7680",
    "away": "#2f3b47",
    "off": "#5b6b8c",
}
"""The same where the browser shows pages dark; ours."""
KIND_NAMES: Final = {
    "good": "good",
    "poor": "poor posture",
    "untold": "not measured",
    "away": "away",
    "off": "paused or camera off",
}


@dataclass(frozen=True, slots=True)
class Material:
    """What a page is made of: its days (since 1970, both included), the rows of them, and how long breaks are."""

    first_day: int
    last_day: int
    minutes: Sequence[Minute]
    alerts: Sequence[AlertRow]
    breaks: Sequence[BreakRow]
    lengths: BreakSettings = field(default_factory=BreakSettings)

    @property
    def ambiguous(self) -> bool:
        """Whether a time of day alone may mean two times."""
        return clock_changed(self.minutes, self.alerts, self.breaks)


def material(reader: Reader, period: Period, today: date, lengths: BreakSettings | None = None) -> Material:
    """The rows of a period that ends today; `lengths`: from when on an absence is a break, and a full one."""
    last = (today - _EPOCH).days
    first = last - DAYS[period] + 1
    rows = reader.minutes(first, last), reader.alerts(first, last), reader.breaks(first, last)
    return Material(first, last, *rows, lengths or BreakSettings())


def render(found: Material, now: datetime) -> str:
    """The page; `now` is printed on it."""
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("posture_cv.history", "."), autoescape=True, trim_blocks=True
    )
    return environment.get_template("report.html.j2").render(**_values(found, now))


def _values(found: Material, now: datetime) -> dict[str, Any]:
    whole = total(found.minutes)
    hours, full_s = best_and_worst_hour(found.minutes), found.lengths.long_absence_s
    days = found.last_day - found.first_day + 1
    return {
        "title": _title(found),
        "now": now.strftime("%Y-%m-%d %H:%M"),
        "version": __version__,
        "whole": whole,
        "share": None if whole.share_good is None else f"{whole.share_good:.0%}",
        "tiles": _tiles(whole, found),
        "rows": _rows(found) if days == 1 else _day_rows(found),
        "by_minute": days == 1,
        "ambiguous": found.ambiguous,
        "style": _style(),
        "kind_names": KIND_NAMES,
        "states": _table(by_state(found.minutes)),
        "reasons": _table(by_reason(found.minutes)),
        "trend": _trend(found),
        "best": None if hours is None else f"{hours[0][0]:02d}:00 ({hours[0][1]:.0%} good)",
        "worst": None if hours is None else f"{hours[1][0]:02d}:00 ({hours[1][1]:.0%} good)",
        "alerts": [_alert(alert, found) for alert in found.alerts],
        "by_cue": _by_cue(found.alerts),
        "few": _FEW,
        "breaks": [
            {"time": _when(b, found), "length": duration(b.seconds), "full": b.seconds >= full_s}
            for b in found.breaks
        ],
        "break_length": duration(found.lengths.micro_absence_s),
        "full_length": duration(full_s),
    }


def _style() -> Any:  # noqa: ANN401 - a type of the template engine, which is loaded where it is needed
    """The look that pages about results have, too, and the colours of the kinds of time."""
    from markupsafe import Markup

    shared = files("posture_cv.report").joinpath("page.css").read_text("utf-8")
    light, dark = (_variables(colours) for colours in (COLOURS, DARK))
    kinds = "".join(f".{kind} {{ fill: var(--{kind}); background: var(--{kind}); }}\n" for kind in COLOURS)
    at_night = f"@media screen and (prefers-color-scheme: dark) {{ :root {{ {dark} }} }}\n"
    return Markup(f"{shared}:root {{ {light} }}\n{at_night}{kinds}")  # noqa: S704 - our own file and names


def _variables(colours: dict[str, str]) -> str:
    return " ".join(f"--{kind}: {colour};" for kind, colour in colours.items())


def _by_cue(alerts: Sequence[AlertRow]) -> list[dict[str, Any]]:
    """What was told, the most frequent first, and what came of it."""
    rows = []
    for cue in {alert.cue for alert in alerts}:
        told = [alert for alert in alerts if alert.cue == cue]
        left = [a.recovered_s for a in told if a.repeat == 0 and a.recovered_s is not None]
        answers = [answer for alert in told for answer in alert.meant]
        rows.append(
            {
                "name": plain(cue),
                "count": len(told),
                "left": duration(median(left)) if left else "–",
                **{answer: answers.count(answer) or "–" for answer in ("right", "wrong")},
            }
        )
    return sorted(rows, key=lambda row: (-row["count"], row["name"]))


def _title(found: Material) -> str:
    first, last = (_EPOCH + timedelta(days=day) for day in (found.first_day, found.last_day))
    return f"{last:%A, %d %B %Y}" if first == last else f"{first:%d %B} to {last:%d %B %Y}"


def _tiles(whole: Span, found: Material) -> list[tuple[str, str]]:
    about_posture = [a for a in found.alerts if a.about_posture]
    # From the first alert about a posture in its bout: from a reminder it would seem short when it was long.
    recovered = [a.recovered_s for a in about_posture if a.repeat == 0 and a.recovered_s is not None]
    after = duration(median(recovered)) if recovered else "–"
    return [
        ("measured", duration(whole.measured)),
        ("good", "–" if whole.share_good is None else f"{whole.share_good:.0%}"),
        ("not measured", duration(whole.untold)),
        ("alerts about a posture", str(len(about_posture))),
        ("prompts (breaks, stillness, camera)", str(len(found.alerts) - len(about_posture))),
        ("median time to recover", after),
        (f"breaks of {duration(found.lengths.micro_absence_s)} or more", str(len(found.breaks))),
    ]


def _rows(found: Material) -> list[dict[str, Any]]:
    """The timeline of a day: a row an hour, a cell a minute; the hours as they followed one another.

    An hour that the clock shows twice has two rows.
    """
    ambiguous = found.ambiguous
    rows: dict[tuple[int, int], list[dict[str, Any]]] = {}
    for (local_s, offset_s), state in dominant(found.minutes).items():
        hour_s = local_s // HOUR_S * HOUR_S
        text = time_text(local_s, offset_s, "%H:%M", ambiguous=ambiguous)
        cell = {
            "x": (local_s - hour_s) // 60,
            "kind": kind_of(state),
            "text": f"{text} {plain(state)}",
        }
        rows.setdefault((hour_s, offset_s), []).append(cell)
    return [
        {"label": time_text(*hour, "%H:%M", ambiguous=ambiguous), "cells": rows[hour]}
        for hour in sorted(rows, key=lambda hour: hour[0] - hour[1])
    ]


def _day_rows(found: Material) -> list[dict[str, Any]]:
    """The timeline of several days: a row a day, a cell an hour, as tall as its share of each kind."""
    hours, lengths_s = spans(found.minutes, HOUR_S), hour_lengths_s(found.minutes)
    rows = []
    for day in range(found.first_day, found.last_day + 1):
        cells = []
        for hour in range(24):
            number = day * 24 + hour
            if number in hours:
                parts = _parts(hours[number], lengths_s[number])
                cells.append({"x": hour, "parts": parts, "text": _span_text(hour, hours[number])})
        rows.append({"label": f"{_EPOCH + timedelta(days=day):%a %d}", "cells": cells})
    return rows


def _parts(span: Span, length_s: int) -> list[dict[str, Any]]:
    """Heights within a cell, in shares of the hour, which was so long; longer where somebody set the clock back."""
    parts, y = [], 0.0
    whole_s = max(float(length_s), sum(getattr(span, kind) for kind in COLOURS))
    for kind in COLOURS:
        share = getattr(span, kind) / whole_s
        if share > 0.004:
            parts.append({"kind": kind, "y": round(y, 3), "h": round(share, 3)})
            y += share
    return parts


def _span_text(hour: int, span: Span) -> str:
    known = [f"{KIND_NAMES[k]} {duration(getattr(span, k))}" for k in COLOURS if getattr(span, k) >= 1]
    return f"{hour:02d}:00  " + ", ".join(known)


def _trend(found: Material) -> list[dict[str, Any]]:
    """Share of good by hour of one day, or by day of several; only where at least a minute was measured."""
    one_day = found.first_day == found.last_day
    length = 3600 if one_day else 86400
    first = found.first_day * (24 if one_day else 1)
    last = (found.last_day + 1) * (24 if one_day else 1) - 1
    points = []
    for number, span in spans(found.minutes, length).items():
        if span.share_good is None or span.measured < 60:
            continue
        label = f"{number % 24:02d}:00" if one_day else f"{_EPOCH + timedelta(days=number):%a %d %b}"
        x = (number - first + 0.5) / (last - first + 1)
        points.append({"x": round(x, 4), "y": round(span.share_good, 4), "label": label})
    return points


def _table(sums: dict[str, float]) -> list[dict[str, Any]]:
    whole = sum(sums.values())
    return [
        {
            "name": plain(name),
            "time": duration(seconds),
            "share": f"{seconds / whole:.0%}",
            "width": round(100 * seconds / whole, 1),
            "kind": kind_of(name),
        }
        for name, seconds in sums.items()
        if seconds >= 0.5
    ]


def _alert(row: AlertRow, found: Material) -> dict[str, Any]:
    shown = {None: "not known", "": f"not delivered ({row.problem})"}.get(row.delivered, row.delivered)
    return {
        "number": row.number,
        "time": _when(row, found),
        "cue": plain(row.cue),
        "level": row.level,
        "seen": row.words.get("seen", ""),
        "text": row.words.get("text", ""),
        "shown": shown,
        "recovered": "–" if row.recovered_s is None else f"after {duration(row.recovered_s)}",
        "answers": ", ".join(row.meant) or "–",
    }


def _when(row: AlertRow | BreakRow, found: Material) -> str:
    within_a_week = found.last_day - found.first_day < 7
    form = "%a %H:%M" if within_a_week else "%a %d %b %H:%M"  # a month has several Mondays
    return time_text(row.local_s, row.offset_s, form, ambiguous=found.ambiguous)
