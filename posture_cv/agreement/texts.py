"""Label files that are text: BORIS exports, ELAN's tab-delimited export, and a plain CSV."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Final

from posture_cv.agreement.types import Faults, LabelError, Labels, Stretch

_CLOCK: Final = re.compile(r"(?:(\d+):)?(\d{1,2}):(\d{1,2}(?:[.,]\d+)?)")
_NUMBER: Final = re.compile(r"\d+(?:[.,]\d+)?")
_SEPARATORS: Final = ("\t", ",", ";")


@dataclass(frozen=True, slots=True)
class Table:
    """A text cut into rows, with the line number of each.

    Attributes:
        lines: all rows of the text.
        place: which of them is the header; the table's own rows come after it.
    """

    lines: Sequence[tuple[int, tuple[str, ...]]]
    place: int

    @property
    def header(self) -> tuple[str, ...]:
        """The titles of the columns."""
        return self.lines[self.place][1]

    @property
    def rows(self) -> Sequence[tuple[int, tuple[str, ...]]]:
        """What follows the header. Cut when asked for: a long file that is no table has a header at no line."""
        return self.lines[self.place + 1 :]

    def column(self, *names: str) -> int | None:
        """The first column with one of these names, letters' case aside."""
        wanted = {name.casefold() for name in names}
        return next((k for k, title in enumerate(self.header) if title.casefold() in wanted), None)


def read_text(text: str, path: str, coding: str | None = None) -> Labels:
    """The labels of a text file, whatever its kind.

    Args:
        text: of the file.
        path: for messages.
        coding: the observation, subject or tier that is asked for; rows of others may be faulty then.

    Raises:
        LabelError: it is of no known kind, or its rows hold faults; all of them are named.
    """
    try:
        return _read(text, _Builder(path, coding), path)
    except csv.Error as error:  # a project file, a page: one line without a separator, longer than any cell
        raise _unknown(path) from error


def _read(text: str, out: _Builder, path: str) -> Labels:
    lines = list(enumerate(text.splitlines(), 1))
    for separator in _SEPARATORS:
        rows = [
            (n, tuple(c.strip() for c in cells)) for n, line in lines for cells in _cells(line, separator)
        ]
        for place in range(len(rows)):
            table = Table(rows, place)
            reader = _reader(table)
            if reader is not None:
                return reader(table, out)
        if separator == "\t" and rows and all(len(cells) >= 3 for _, cells in rows):
            found = _elan_without_header(rows, out)
            if found is not None:
                return found
    raise _unknown(path)


def _cells(line: str, separator: str) -> list[list[str]]:
    return list(csv.reader([line], delimiter=separator)) if line.strip() else []


def _unknown(path: str) -> LabelError:
    return LabelError(
        f"No labels are recognised in {path}",
        "Expected one of: BORIS tabular events (columns Behavior, Time, Status or Behavior type), BORIS aggregated "
        "events (Behavior, Start (s), Stop (s)), ELAN tab-delimited text (Begin Time, End Time), an ELAN .eaf file, or "
        "a CSV with the columns start, end, label.",
        "Export the labels again in one of these formats.",
    )


def _reader(table: Table) -> Callable[[Table, _Builder], Labels] | None:
    """What reads a table with this header; None: it is not a header."""
    has = table.column
    if has("Behavior") is not None and has("Start (s)") is not None and has("Stop (s)") is not None:
        return _boris_aggregated
    if has("Behavior") is not None and has("Time") is not None and _status(table) is not None:
        return _boris_tabular
    if any(t.casefold().startswith("begin time") for t in table.header):
        return _elan_with_header
    if None not in (has("start", "start_s"), has("end", "end_s"), has("label", "state", "posture")):
        return _plain
    return None


def seconds(text: str) -> float | None:
    """Seconds of "12.5", "0:12.500" or "00:00:12.500"; None for anything else, negative times and "0:75" included.

    >>> seconds("1:02.5"), seconds("00:01:02.500"), seconds("-1"), seconds("0:75")
    (62.5, 62.5, None, None)
    """
    text = text.strip()
    if _NUMBER.fullmatch(text):
        value = float(text.replace(",", "."))
    elif clock := _CLOCK.fullmatch(text):
        hours, minutes, rest = float(clock[1] or 0), float(clock[2]), float(clock[3].replace(",", "."))
        if rest >= 60.0 or (clock[1] is not None and minutes >= 60.0):
            return None
        value = 3600.0 * hours + 60.0 * minutes + rest
    else:
        return None
    return value if isfinite(value) else None


def _cell(cells: Sequence[str], column: int | None) -> str:
    return cells[column] if column is not None and column < len(cells) else ""


class _Builder:
    """Takes stretches and their faults."""

    def __init__(self, path: str, coding: str | None) -> None:
        self.path = path
        self.faults = Faults(path, coding)
        self.found: list[Stretch] = []
        self.points = 0

    def add(self, line: int, start: str, end: str, name: str, group: str = "") -> None:
        begin_s, end_s = seconds(start), seconds(end)
        for text, value in ((start, begin_s), (end, end_s)):
            if value is None:
                self.faults.add(line, f"{text!r} is no time; expected seconds or h:mm:ss.", group)
        if not name:
            self.faults.add(line, "The label is empty.", group)
        if begin_s is None or end_s is None or not name:
            return
        if end_s <= begin_s:
            self.faults.add(line, f"It ends at {end_s:g} s, not after its begin at {begin_s:g} s.", group)
            return
        self.found.append(Stretch(begin_s, end_s, name, line, group))

    def labels(self, kind: str) -> Labels:
        self.faults.check()
        return Labels(tuple(sorted(self.found, key=lambda s: s.start_s)), kind, self.points)


def _plain(table: Table, out: _Builder) -> Labels:
    columns = (
        table.column("start", "start_s"),
        table.column("end", "end_s"),
        table.column("label", "state", "posture"),
    )
    group = table.column("rater", "tier", "subject")
    for line, cells in table.rows:
        start, end, name = (_cell(cells, c) for c in columns)
        out.add(line, start, end, name, _cell(cells, group))
    return out.labels("CSV")


def _group(table: Table, cells: Sequence[str]) -> str:
    """Observation and subject, which tell several codings in one BORIS file apart."""
    parts = [_cell(cells, table.column("Observation id")), _cell(cells, table.column("Subject"))]
    return " / ".join(p for p in parts if p and p != "No focal subject")


def _boris_aggregated(table: Table, out: _Builder) -> Labels:
    """A row a behaviour with its start and stop; point events have none of their own."""
    kind = table.column("Behavior type")
    columns = (table.column("Start (s)"), table.column("Stop (s)"), table.column("Behavior"))
    for line, cells in table.rows:
        if _cell(cells, kind).upper().startswith("POINT"):
            out.points += 1
            continue
        start, end, name = (_cell(cells, c) for c in columns)
        out.add(line, start, end, name, _group(table, cells))
    return out.labels("BORIS aggregated events")


def _status(table: Table) -> int | None:
    """The column that says START or STOP: "Status" up to BORIS 7, "Behavior type" since."""
    for name in ("Status", "Behavior type"):
        column = table.column(name)
        words = {_cell(cells, column).upper() for _, cells in table.rows} if column is not None else set()
        if words and words <= {"START", "STOP", "POINT", ""}:
            return column
    return None


def _boris_tabular(table: Table, out: _Builder) -> Labels:
    """A row an event: a behaviour starts, later it stops."""
    time, behaviour, status = table.column("Time"), table.column("Behavior"), _status(table)
    begun: dict[tuple[str, str], tuple[int, str]] = {}
    for line, cells in table.rows:
        name, group, said = _cell(cells, behaviour), _group(table, cells), _cell(cells, status).upper()
        key = (group, name)
        if said == "POINT":
            out.points += 1
        elif said == "START":
            if key in begun:
                out.faults.add(
                    line, f"{name!r} starts again without having stopped (line {begun[key][0]}).", group
                )
            begun[key] = (line, _cell(cells, time))
        elif key in begun:
            out.add(line, begun.pop(key)[1], _cell(cells, time), name, group)
        else:
            out.faults.add(line, f"{name!r} stops without having started.", group)
    for (group, name), (line, _) in begun.items():
        out.faults.add(line, f"{name!r} starts and never stops.", group)
    return out.labels("BORIS tabular events")


def _elan_with_header(table: Table, out: _Builder) -> Labels:
    """Columns named "Begin Time - …" and "End Time - …"; one column a tier, or one for all beside the tier's name."""
    begin = _times(table, "begin time")
    end = _times(table, "end time")
    if begin is None or end is None:
        raise _unknown(out.path)
    tier = table.column("Tier", "Tiername", "Tier name")
    skip = {k for k, t in enumerate(table.header) if t.casefold().startswith(("begin", "end", "duration"))}
    skip |= {k for k in (tier, table.column("Participant")) if k is not None}
    for line, cells in table.rows:
        for k, title in enumerate(table.header):
            if k not in skip and _cell(cells, k):
                out.add(
                    line, _cell(cells, begin), _cell(cells, end), _cell(cells, k), _cell(cells, tier) or title
                )
    return out.labels("ELAN tab-delimited")


def _times(table: Table, begins: str) -> int | None:
    """The column of a time: hours, minutes and seconds, or seconds; not milliseconds or frames."""
    titles = [t.casefold() for t in table.header]
    wanted = ("hh:mm:ss.ms", "ss.msec")
    return next(
        (k for k, t in enumerate(titles) if t.startswith(begins) and t.rpartition("- ")[2].strip() in wanted),
        None,
    )


def _elan_without_header(rows: Sequence[tuple[int, tuple[str, ...]]], out: _Builder) -> Labels | None:
    """Tier, participant, begin, end, duration, annotation: the columns are known by what they hold."""
    width = min(len(cells) for _, cells in rows)
    clocks = [k for k in range(width) if all(_CLOCK.fullmatch(cells[k]) for _, cells in rows)]
    if len(clocks) < 2:
        numbers = [k for k in range(width) if all(_NUMBER.fullmatch(cells[k]) for _, cells in rows)]
        clocks = numbers if len(numbers) >= 2 else []
    if not clocks:
        return None
    begin, end = clocks[0], clocks[1]
    last = max(clocks)
    for line, cells in rows:
        texts = [c for c in cells[last + 1 :] if c]
        out.add(line, cells[begin], cells[end], texts[-1] if texts else "", cells[0] if begin > 0 else "")
    return out.labels("ELAN tab-delimited")
