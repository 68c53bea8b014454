"""The simulated desk days as text: one line a day, one a posture, and the sweep of the sensitivity."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median
from typing import Final

from posture_cv.evaluate.desk_day import Answered, DeskDayResult

_DASH: Final = "-"


def days_table(results: Sequence[DeskDayResult]) -> str:
    """One line a day: what was wrong, what was missed, and the held hour."""
    head = ("day", "seed", "told", "wrong", "in time, named", "held hour", "most/h", "breaks", "measured")
    rows = [
        (
            r.person,
            str(r.seed),
            str(r.notices),
            str(len(r.wrong)),
            f"{r.in_time_and_named} of {len(r.asked)}",
            _DASH if r.held_hour is None else f"{r.held_hour.reminders} told",
            str(r.most_an_hour),
            str(r.breaks),
            f"{r.measured_share:.0%}",
        )
        for r in results
    ]
    return _table(head, rows)


def postures_table(results: Sequence[DeskDayResult]) -> str:
    """One line a lasting posture: how many were told, in time and by which name, and how late."""
    lasting: dict[str, list[Answered]] = {}
    for result in results:
        for one in result.answered:
            lasting.setdefault(f"{one.lasting.kind}{', an hour' if one.lasting.hour else ''}", []).append(one)
    rows = [_posture_row(name, ones) for name, ones in sorted(lasting.items(), key=_asked_first)]
    return _table(
        ("lasting posture", "times", "told", "in time", "rightly named", "median s", "latest s"), rows
    )


def _asked_first(item: tuple[str, list[Answered]]) -> tuple[bool, str]:
    return not item[1][0].asked, item[0]


def _posture_row(name: str, ones: Sequence[Answered]) -> tuple[str, ...]:
    delays = [one.delay_s for one in ones if one.delay_s is not None]
    return (
        name if ones[0].asked else f"({name})",
        str(len(ones)),
        str(len(delays)),
        str(sum(one.in_time for one in ones)),
        str(sum(one.named for one in ones)),
        f"{median(delays):.0f}" if delays else _DASH,
        f"{max(delays):.0f}" if delays else _DASH,
    )


def sweep_table(results: Sequence[DeskDayResult]) -> str:
    """One line a sensitivity, over all days: the trade between wrong notifications and missed postures."""
    head = ("sensitivity", "days", "told a day", "wrong a day", "in time, named", "median s")
    rows = []
    for sensitivity in sorted({r.sensitivity for r in results}):
        days = [r for r in results if r.sensitivity == sensitivity]
        asked = [one for r in days for one in r.asked]
        delays = [one.delay_s for one in asked if one.delay_s is not None]
        good = sum(r.in_time_and_named for r in days)
        rows.append(
            (
                f"{sensitivity:g}",
                str(len(days)),
                f"{sum(r.notices for r in days) / len(days):.1f}",
                f"{sum(len(r.wrong) for r in days) / len(days):.2f}",
                f"{good} of {len(asked)} ({good / max(len(asked), 1):.0%})",
                f"{median(delays):.0f}" if delays else _DASH,
            )
        )
    return _table(head, rows)


def mistakes(results: Sequence[DeskDayResult]) -> str:
    """Every wrong notification and every asked posture that was not told in time by its name, a line each."""
    lines = []
    for r in results:
        day = f"{r.person}, seed {r.seed}"
        lines += [f"{day}: wrong: {w.cue} at {w.t_s:.0f} s during {w.during}" for w in r.wrong]
        lines += [f"{day}: {_missed(one)}" for one in r.asked if not (one.in_time and one.named)]
    return "\n".join(lines)


def _missed(one: Answered) -> str:
    if one.delay_s is None:
        return f"not told: {one.lasting.kind}"
    if not one.named:
        return f"wrongly named: {one.lasting.kind} as {one.cue}"
    return f"late: {one.lasting.kind} after {one.delay_s:.0f} s"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table whose columns line up as text too."""
    widths = [max(len(row[i]) for row in (head, *rows)) for i in range(len(head))]

    def line(cells: Sequence[str]) -> str:
        return "| " + " | ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)) + " |"

    rule = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
    return "\n".join([line(head), rule, *(line(row) for row in rows)])
