"""How `posture-cv check` shows its rows: tables, and on a narrow terminal a few short lines a quantity."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from posture_cv.monitor import checking
from posture_cv.monitor.checking import Row
from posture_cv.output.text import one_line

_ROOMY_COLUMNS: Final = 90
_UNTOLD: Final = "cannot tell"
_BEYOND: Final = "yellow"


class CheckView:
    """Everything measured in one look; lays itself out for the terminal's width.

    Args:
        rows: a quantity each, those that decide postures first.
        profile: name of what is compared with.
    """

    def __init__(self, rows: Sequence[Row], profile: str) -> None:
        self._rows, self._profile = rows, profile

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        gap = 2 if options.max_width >= _ROOMY_COLUMNS else 1
        deciding: RenderableType = _deciding(self._rows, gap)
        anywhere = options.update(max_width=10 * _ROOMY_COLUMNS)
        if Measurement.get(console, anywhere, deciding).maximum > options.max_width:
            deciding = Text("\n").join(_lines(self._rows))
        yield Group(
            Text(f"against profile {one_line(self._profile)}", "bold"),
            deciding,
            Text(),
            _others(self._rows, gap),
        )
        reasons = list(_reasons(self._rows))
        if reasons:
            yield Group(Text(), *reasons)


def _table(headings: Iterable[str], gap: int) -> Table:
    table = Table(box=None, padding=(0, gap, 0, 0), pad_edge=False, header_style="dim")
    for heading in headings:
        table.add_column(heading, overflow="fold")
    return table


def _deciding(rows: Iterable[Row], gap: int) -> Table:
    """What decides postures, with its limits."""
    table = _table(("decides", "now (± 2 sd)", "spread", "posture", "from", "margin"), gap)
    for row in rows:
        lead = (checking.title_of(row.quantity), _now(row), checking.spread_text(row))
        for cue, limit, left in checking.limit_texts(row):
            table.add_row(*lead, cue, limit, Text(left, _style(left)))
            lead = ("", "", "")
    return table


def _lines(rows: Iterable[Row]) -> Iterable[Text]:
    """The same without columns."""
    for row in rows:
        if not row.limits:
            continue
        spread = checking.spread_text(row)
        yield Text(checking.title_of(row.quantity), "bold")
        yield Text(f"  {_now(row)}" + (f", spread {spread}" if spread else ""))
        for cue, limit, left in checking.limit_texts(row):
            yield Text.assemble(f"  {cue} {limit}", ": " if left else "", (left, _style(left)))


def _others(rows: Iterable[Row], gap: int) -> Table:
    """Everything else that is measured."""
    table = _table(("measured too", "now (± 2 sd)", "spread"), gap)
    for row in rows:
        if not row.limits:
            table.add_row(checking.title_of(row.quantity), _now(row), checking.spread_text(row))
    return table


def _reasons(rows: Sequence[Row]) -> Iterable[Text]:
    """Why something cannot be told: a line a reason."""
    untold = [row for row in rows if row.value is None]
    for reason in dict.fromkeys(row.reason for row in untold):
        names = [checking.title_of(row.quantity) for row in untold if row.reason == reason]
        every = "everything" if len(names) == len(rows) else ", ".join(names)
        yield Text.assemble((f"{_UNTOLD}: {reason.replace('_', ' ')}", "bold"), f" ({every})")


def _now(row: Row) -> str:
    return _UNTOLD if row.value is None else checking.value_text(row)


def _style(left: str) -> str:
    return _BEYOND if left.endswith("beyond") else ""
