"""Manifests: a CSV table of recordings, a line each. All faults of a file are reported at once.

Columns: `file` (needed; from the manifest's folder), `participant`, `condition`, `profile` (a name or a path) or
`calibrate` (START:END in seconds of the file), `start` and `end` (seconds, or h:mm:ss). Empty fields are not
given, nor are columns without a name that spreadsheets add. Comma, semicolon or tab between columns; `#` begins a
comment line, unless the line names a file that is called so.
"""

from __future__ import annotations

import csv
import math
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from posture_cv.errors import InputError, PostureError
from posture_cv.file_facts import bytes_of, delimiter_of
from posture_cv.paths import user_path
from posture_cv.replay.items import Item, identity_of_file

COLUMNS: Final = ("file", "participant", "condition", "profile", "calibrate", "start", "end")
_MOST_SHOWN: Final = 40
_MAX_BYTES: Final = 50_000_000


class ManifestError(InputError):
    """A manifest cannot be read, or holds faults."""


def parse_time_s(text: str) -> float:
    """Seconds of "90", "90.5", "90,5", "1:30" or "1:02:03.5"; raises ValueError for anything else."""
    match = re.fullmatch(r"(?:(?:(\d+):)?(\d+):)?(\d+(?:[.,]\d*)?)", text.strip())
    if match is None:
        raise ValueError(f"{text!r} is no time: give seconds or h:mm:ss")
    hours, minutes, seconds = (_number(part or "0") for part in match.groups())
    if (match[2] is not None and seconds >= 60) or (match[1] is not None and minutes >= 60):
        raise ValueError(f"{text!r} is no time: minutes and seconds go up to 59")
    time_s = hours * 3600 + minutes * 60 + seconds
    if not math.isfinite(time_s):
        raise ValueError(f"{text[:20]}... is no time: it is too long")
    return time_s


def parse_interval_s(text: str) -> tuple[float, float]:
    """(start, end) in seconds of "START:END"; END may be left out. Raises ValueError for anything else."""
    match = re.fullmatch(r"\s*(\d+(?:[.,]\d*)?)\s*:\s*(\d+(?:[.,]\d*)?)?\s*", text)
    if match is None:
        raise ValueError(f"{text!r} is not START:END in seconds, for example 0:8")
    start_s, end_s = _number(match[1]), _number(match[2]) if match[2] else math.inf
    if not end_s > start_s:
        raise ValueError(f"{text!r}: the end must come after the start")
    return start_s, end_s


def _number(text: str) -> float:
    """Of digits with a point, or the comma of many spreadsheets."""
    return float(text.replace(",", "."))


def read_manifest(path: Path, exists: Callable[[str], bool] = os.path.exists) -> list[Item]:
    """The recordings of a manifest, in its order.

    Args:
        path: the table.
        exists: says whether a file is there (a cluster's workers may see other files than this machine).

    Raises:
        ManifestError: no such file, no text, no header, or faults in its lines; all of them are named.
    """
    lines = _lines(path)
    rows = _Rows(path, exists)
    # A comment keeps its line, so that line numbers stay those of the file.
    delimiter = _delimiter(lines)
    told = ["\n" if rows.is_comment(line, delimiter) else line for line in lines]
    # Strict: a quotation mark that is left open would swallow the lines below it.
    reader = csv.reader(told, delimiter=delimiter, strict=True)
    cells_of_lines = (cells for cells in _cells(reader, path) if any(cell.strip() for cell in cells))
    header = [name.strip().lower() for name in next(cells_of_lines, [])]
    faults = [f"line {max(1, reader.line_num)}: {fault}" for fault in _header_faults(header)]
    if faults:
        raise _faulty(path, faults)
    for cells in cells_of_lines:
        rows.add(reader.line_num, header, cells)
    if not rows.items and not rows.faults:
        raise ManifestError(f"The manifest names no recording: {path}", "", "Add a line for each recording.")
    if rows.faults:
        raise _faulty(path, rows.faults)
    return rows.items


def _cells(reader: Iterator[list[str]], path: Path) -> Iterator[list[str]]:
    """The cells of each line, where there are any to be told apart."""
    try:
        yield from reader
    except csv.Error as error:
        raise ManifestError(
            f"The manifest is no CSV: {path}",
            f"{str(error).capitalize()}.",
            "Save it as CSV (UTF-8); a quotation mark at the beginning of a field needs one at its end.",
        ) from error


def _lines(path: Path) -> list[str]:
    try:
        text = bytes_of(path, _MAX_BYTES).decode("utf-8-sig")
    except OSError as error:
        raise ManifestError(
            f"The manifest cannot be read: {path}", f"{error.strerror or error}.", "Check the path."
        ) from error
    except UnicodeDecodeError as error:
        raise ManifestError(
            f"The manifest is no UTF-8 text: {path}", "", "Save it as CSV (UTF-8)."
        ) from error
    if "\0" in text:
        raise ManifestError(
            f"The manifest is no text: {path}", "It holds NUL characters.", "Save it as CSV (UTF-8)."
        )
    return text.splitlines(keepends=True)


def _delimiter(lines: list[str]) -> str:
    return delimiter_of(next((line for line in lines if line.strip() and not line.startswith("#")), ""))


def _header_faults(header: list[str]) -> list[str]:
    import difflib

    faults = []
    for name in header:
        if name and name not in COLUMNS:
            near = difflib.get_close_matches(name, COLUMNS, n=1)
            faults.append(f"unknown column {name!r}{f', did you mean {near[0]!r}?' if near else ''}")
    faults += [f"column {name!r} twice" for name in COLUMNS if header.count(name) > 1]
    if "file" not in header:
        faults.append("the column 'file' is missing")
    return faults


class _Rows:
    """The items of a manifest and all its faults, as its lines are added."""

    def __init__(self, path: Path, exists: Callable[[str], bool]) -> None:
        self.items: list[Item] = []
        self.faults: list[str] = []
        self._path_of_manifest, self._folder = path, path.parent
        self._exists = exists
        self._seen: dict[str, list[tuple[int, Item]]] = {}
        self._profiles: dict[str, str | None] = {}

    def is_comment(self, line: str, delimiter: str) -> bool:
        """Whether a line begins with `#`, and not because its file is called so."""
        return line.startswith("#") and not self._exists(
            str(self._path(line.partition(delimiter)[0].strip()))
        )

    def add(self, line: int, header: list[str], cells: list[str]) -> None:
        """Take one line over, or its faults."""
        if len(cells) > len(header):
            self.faults.append(f"line {line}: {len(cells)} fields for {len(header)} columns")
            return
        row = {name: cell.strip() for name, cell in zip(header, cells, strict=False) if cell.strip()}
        faults = list(self._faults_of(row))
        self.faults += [f"line {line}: {fault}" for fault in faults]
        if faults:
            return
        item = self._item(row, line)
        repeats = list(self._repeats(item))
        self.faults += [f"line {line}: {fault}" for fault in repeats]
        if not repeats:
            self._seen.setdefault(identity_of_file(item.file), []).append((line, item))
            self.items.append(item)

    def _faults_of(self, row: dict[str, str]) -> Iterator[str]:
        if "" in row:
            yield f"{row['']!r} stands in a column without a name"
        if "file" not in row:
            yield "no file is named"
        elif not self._exists(str(self._path(row["file"]))):
            yield f"there is no file {row['file']}"
        if "profile" in row and "calibrate" in row:
            yield "both a profile and a calibration interval are given"
        if "profile" in row and (problem := self._profile_problem(row["profile"])):
            yield problem
        if "calibrate" in row and (problem := _problem(parse_interval_s, row["calibrate"])):
            yield f"calibrate: {problem}"
        times = {name: _problem(parse_time_s, row[name]) for name in ("start", "end") if name in row}
        yield from (f"{name}: {problem}" for name, problem in times.items() if problem)
        if "end" in row and not any(times.values()):
            start_s, end_s = parse_time_s(row.get("start", "0")), parse_time_s(row["end"])
            if end_s <= start_s:
                yield f"the end ({end_s:g} s) must come after the start ({start_s:g} s)"

    def _profile_problem(self, name: str) -> str | None:
        if name not in self._profiles:
            from posture_cv.profiles.store import load_profile

            try:
                load_profile(self._profile(name))
                self._profiles[name] = None
            except PostureError as error:
                self._profiles[name] = error.title
        return self._profiles[name]

    def _item(self, row: dict[str, str], line: int) -> Item:
        return Item(
            file=str(self._path(row["file"])),
            participant=row.get("participant"),
            condition=row.get("condition"),
            profile=self._profile(row["profile"]) if "profile" in row else None,
            calibrate_s=parse_interval_s(row["calibrate"]) if "calibrate" in row else None,
            start_s=parse_time_s(row.get("start", "0")),
            end_s=parse_time_s(row["end"]) if "end" in row else None,
            place=f"{self._path_of_manifest}, line {line}",
        )

    def _path(self, file: str) -> Path:
        return self._folder / user_path(file)

    def _profile(self, name: str) -> str:
        beside = self._folder / name
        return str(beside) if name.endswith(".json") and beside.exists() else name

    def _repeats(self, item: Item) -> Iterator[str]:
        for other_line, other in self._seen.get(identity_of_file(item.file), ()):
            if other.identity == item.identity:
                yield f"the same recording as line {other_line}"
            elif _overlap(item, other):
                yield f"its stretch overlaps that of line {other_line} ({_stretch(other)})"


def conflicts(manifests: Mapping[str, Sequence[Item]]) -> list[str]:
    """What manifests (path to items) say differently of one recording; a line that two of them share is no fault."""
    seen: dict[str, list[tuple[str, Item]]] = {}
    found = []
    for path, items in manifests.items():
        for item in items:
            told = seen.setdefault(identity_of_file(item.file), [])
            found += [
                f"{item.file} stands in {other_path} and otherwise in {path}"
                for other_path, other in told
                if other_path != path and _overlap(item, other) and replace(item, file=other.file) != other
            ]
            told.append((path, item))
    return found


def _overlap(a: Item, b: Item) -> bool:
    ends = [math.inf if item.end_s is None else item.end_s for item in (a, b)]
    return a.start_s < ends[1] and b.start_s < ends[0]


def _stretch(item: Item) -> str:
    return f"{item.start_s:g} s to {'its end' if item.end_s is None else f'{item.end_s:g} s'}"


def _problem(parse: Callable[[str], object], text: str) -> str | None:
    try:
        parse(text)
    except ValueError as error:
        return str(error)
    return None


def _faulty(path: Path, faults: list[str]) -> ManifestError:
    more = len(faults) - _MOST_SHOWN
    shown = [*faults[:_MOST_SHOWN], *([f"and {more} more"] if more > 0 else [])]
    return ManifestError(
        f"The manifest has {len(faults)} fault{'s' if len(faults) > 1 else ''}: {path}",
        "\n".join(shown),
        f"Its columns are {', '.join(COLUMNS)}; only file is needed.",
    )
