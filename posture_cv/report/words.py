"""Numbers as words for the pages, rounded to what was really measured."""

from __future__ import annotations

from collections.abc import Sequence
from math import floor, isfinite, log10
from typing import Any, Final

from posture_cv.exposure.catalogue import MEASURES
from posture_cv.exposure.groups import LEAST_PAIRS, Difference
from posture_cv.exposure.sources import SOURCES
from posture_cv.exposure.types import Figure, Row

MOST_DECIMALS: Final = {"deg": 1, "cm": 1, "%": 1, "s": 0, "1/h": 1, "deg*min/h": 0, "count": 0}
SHOWN_UNIT: Final = {
    "1": " %",
    "deg": "°",
    "cm": " cm",
    "s": "",
    "1/h": " an hour",
    "deg*min/h": " degree-minutes an hour",
    "count": "",
}


def span(seconds: float) -> str:
    """A time for people: "45 s", "12:30 min", "3:05 h"."""
    if not isfinite(seconds):
        return ""
    if seconds < 99.5:
        return f"{seconds:.0f} s" if seconds >= 9.95 or seconds == round(seconds) else f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 100:
        return f"{minutes}:{rest:02d} min"
    return f"{minutes // 60}:{minutes % 60:02d} h"


def decimals(figure: Figure, unit: str) -> int:
    """Decimals worth printing: to the first digit of half the interval, never finer than the quantity."""
    most = MOST_DECIMALS.get("%" if unit == "1" else unit, 1)
    if not figure.has_interval:
        return min(most, 1)
    half = (figure.high - figure.low) / 2.0 * (100.0 if unit == "1" else 1.0)
    return most if half <= 0.0 else min(most, max(0, -floor(log10(half))))


def value_text(value: float, unit: str, places: int) -> str:
    """A value with its unit."""
    if not isfinite(value):
        return ""
    if unit == "s":
        return span(value)
    shown = value * 100.0 if unit == "1" else value
    return fixed(shown, places) + SHOWN_UNIT.get(unit, f" {unit}")


def fixed(value: float, places: int) -> str:
    """A number with so many decimals; nought has no sign."""
    text = f"{value:.{places}f}"
    return text.removeprefix("-") if float(text) == 0.0 else text


def interval_text(figure: Figure, unit: str, places: int) -> str:
    """The interval; empty without one."""
    if not figure.has_interval:
        return ""
    factor = 100.0 if unit == "1" else 1.0
    low, high = figure.low * factor, figure.high * factor
    return f"{fixed(low, places)} to {fixed(high, places)}"


def row_words(row: Row) -> dict[str, Any]:
    """One line of an exposure table for the page."""
    places = decimals(row.figure, row.unit)
    return {
        "item": row.item.replace("_", " ") or "value",
        "assessable": row.assessable,
        "reason": row.reason,
        "value": value_text(row.figure.value, row.unit, places),
        "interval": interval_text(row.figure, row.unit, places),
        "why": row.reason if row.assessable else "",
        "time": span(row.seconds),
        "measured": span(row.measured_s),
        "unmeasured": span(row.unmeasured_s),
    }


def grouped(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Rows by measure, with the definition and the source of each; a measure that cannot be told has one line."""
    out = []
    for key, measure in MEASURES.items():
        found = [row for row in rows if row.measure == key]
        if not found:
            continue
        shown = [r for r in found if key != "state" or r.figure.value != 0.0]
        untold = "" if any(r.assessable for r in found) else "; ".join(sorted({r.reason for r in found}))
        out.append(
            {
                "title": measure.title,
                "note": measure.note,
                "source": SOURCES[measure.source],
                "untold": untold,
                "rows": [row_words(r) for r in shown or found],
            }
        )
    return out


def difference_words(found: Difference) -> dict[str, Any]:
    """One line of the table of conditions against each other."""
    places = decimals(found.mean, found.unit)
    limits = Figure(0.0, *found.agreement)
    change = fixed(found.mean.value * (100.0 if found.unit == "1" else 1.0), places)
    unit = {**SHOWN_UNIT, "1": " percentage points", "s": " s"}.get(found.unit, f" {found.unit}")
    return {
        "measure": MEASURES[found.measure].title,
        "item": found.item.replace("_", " "),
        "first": found.first,
        "second": found.second,
        "value": f"{'+' if float(change) > 0.0 else ''}{change}{unit}",
        "interval": interval_text(found.mean, found.unit, places),
        "why": found.reason,
        "limits": interval_text(limits, found.unit, places)
        or ("too few" if len(found.pairs) < LEAST_PAIRS else "no spread"),
        "n": len(found.pairs),
    }
