"""Labels of a recording: stretches of time in which a person says which posture it shows."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from posture_cv.assess.settings import CUES
from posture_cv.assess.types import State
from posture_cv.errors import InputError
from posture_cv.file_facts import delimiter_of, lines_of, refuse_stream
from posture_cv.replay.manifest import parse_time_s
from posture_cv.spans import outside_s
from posture_cv.truth_classes import BAD_CLASSES, CLASSES

ANY_POSTURE: Final = "poor"  # some posture that deserves an alert, whichever
_MOST_FAULTS: Final = 20
_MOST_ROWS: Final = 2_000_000
TOUCH_S: Final = (
    1e-6  # one label may end where the next begins, and last as long as a dwell, but for rounding
)
# What the parts of a ground-truth segment's name show ("slump_fhp_rounded": any of three cues is right).
_SEGMENT_CUES: Final[Mapping[str, str]] = {
    "fhp": "forward_head",
    "rounded": "rounded_shoulders",
    "slump": "slump",
    "shrug": "shrug",
    "neck": "text_neck",
}
_HARMLESS: Final = frozenset(
    {state.label for state in State} - set(CUES) | {"harmless", "none", "upright", "calibration"}
)
_COLUMNS: Final = frozenset({"start", "end", "label", "t_s", "segment", "posture_class"})
_Row = tuple[int, Mapping[str, str]]
_HELP: Final = (
    "Give a CSV with the columns start,end,label (seconds or h:mm:ss; a label is "
    f"{', '.join(CUES)}, several joined by +, {ANY_POSTURE} for any of them, or a harmless state such as good), "
    "or a ground truth with t_s, segment, posture_class. docs/sweep.md explains both."
)


@dataclass(frozen=True, slots=True)
class Bout:
    """A labelled stretch, `start_s <= t < end_s`, and the cues that are right for it (empty: harmless)."""

    start_s: float
    end_s: float
    cues: frozenset[str]


def read_labels(path: Path) -> list[Bout]:
    """The labelled bouts of poor posture in a file, in the order of their time; harmless stretches are left out.

    What is labelled alike without a break is one bout, however many labels say so.

    Raises:
        InputError: the file cannot be read, has other columns, rows that make no sense, or labels that contradict
            each other in the same seconds (all are listed).
    """
    rows, header = _table(path)
    columns = set(header)
    _require_none(
        path, [f"line 1: column {name!r} twice" for name in sorted(_COLUMNS) if header.count(name) > 1]
    )
    if {"start", "end", "label"} <= columns:
        bouts = _intervals(path, rows)
    elif {"t_s", "segment", "posture_class"} <= columns:
        bouts = _truth(path, rows)
    else:
        found = ", ".join(sorted(columns)) or "none"
        raise InputError(f"These labels have other columns: {path}", f"Columns found: {found}.", _HELP)
    return joined(b for b in bouts if b.cues)


def joined(bouts: Iterable[Bout]) -> list[Bout]:
    """Bouts of one meaning that overlap or touch as one, in the order of their time.

    Two people's labels of one posture, or one posture labelled in pieces, are one posture.
    """
    out: list[Bout] = []
    last: dict[frozenset[str], int] = {}  # meaning -> place in `out`
    for bout in sorted(bouts, key=lambda b: (b.start_s, b.end_s)):
        place = last.get(bout.cues)
        if place is not None and bout.start_s <= out[place].end_s + TOUCH_S:
            out[place] = replace(out[place], end_s=max(out[place].end_s, bout.end_s))
        else:
            last[bout.cues] = len(out)
            out.append(bout)
    return out


def _table(path: Path) -> tuple[list[_Row], list[str]]:
    """The rows with the numbers of their lines, and the names of the columns."""
    try:
        refuse_stream(path)
        with path.open(newline="", encoding="utf-8-sig") as file:
            delimiter = delimiter_of(next(lines_of(file), ""))
            file.seek(0)
            reader = csv.DictReader(lines_of(file), delimiter=delimiter, strict=True)
            header = [_name(name) for name in reader.fieldnames or ()]
            rows: list[_Row] = []
            for row in reader:
                cells = {_name(k): str(v or "").strip() for k, v in row.items()}
                rows.append((reader.line_num, cells))
                if len(rows) > _MOST_ROWS:
                    raise InputError(f"Too many labels: {path}", f"More than {_MOST_ROWS:,} rows.", _HELP)
    except OSError as error:
        raise InputError(
            f"The labels cannot be read: {path}", f"{error.strerror or error}.", "Check the path."
        ) from error
    except (csv.Error, UnicodeDecodeError) as error:
        raise InputError(f"The labels are no CSV text: {path}", f"{error}.", _HELP) from error
    return rows, header


def _name(title: object) -> str:
    """Of a column, whatever its case, as `agree` reads a rater's table."""
    return str(title).strip().lower()


def _intervals(path: Path, rows: Iterable[_Row]) -> list[Bout]:
    bouts, faults = [], []
    for number, row in rows:
        start, end = _time_s(row["start"]), _time_s(row["end"])
        cues = _cues(row["label"])
        if start is None or end is None or not 0.0 <= start < end:
            faults.append(
                f"line {number}: {row['start']!r} to {row['end']!r} is no stretch of time: give seconds or h:mm:ss"
            )
        elif cues is None:
            faults.append(f"line {number}: {row['label']!r} is no label")
        else:
            bouts.append(Bout(start, end, cues))
    _require_none(path, faults)
    _require_none(path, _contradictions(bouts))
    return bouts


def _contradictions(bouts: Iterable[Bout]) -> list[str]:
    """Overlapping bouts of which one calls right nothing that the other does; two that share a cue agree."""
    faults = []
    latest: dict[frozenset[str], Bout] = {}  # of each meaning the one that ends last: it overlaps if any does
    for bout in sorted(bouts, key=lambda b: (b.start_s, b.end_s)):
        for cues, earlier in latest.items():
            if cues != bout.cues and not cues & bout.cues and bout.start_s < earlier.end_s - TOUCH_S:
                faults.append(
                    f"{_span(bout)} overlaps {_span(earlier)}, which says otherwise; join with + where either is right"
                )
        known = latest.get(bout.cues)
        if known is None or known.end_s < bout.end_s:
            latest[bout.cues] = bout
    return faults


def _span(bout: Bout) -> str:
    meaning = "harmless" if not bout.cues else ANY_POSTURE if len(bout.cues) == len(CUES) else ""
    return f"{meaning or '+'.join(sorted(bout.cues))} from {bout.start_s:g} to {bout.end_s:g} s"


def within(bouts: Iterable[Bout], begin_s: float, end_s: float) -> tuple[list[Bout], float]:
    """The parts of bouts that lie in a recording, and the labelled seconds that do not.

    Args:
        bouts: labelled stretches.
        begin_s, end_s: of the recording, seconds from the start of its source.
    """
    given = list(bouts)
    cut = [replace(b, start_s=max(b.start_s, begin_s), end_s=min(b.end_s, end_s)) for b in given]
    return [b for b in cut if b.start_s < b.end_s], outside_s(given, begin_s, end_s)


def _cues(label: str) -> frozenset[str] | None:
    """The cues that a label calls right; None for a label that is none."""
    names = {part.strip().lower().replace(" ", "_") for part in label.split("+")}
    if ANY_POSTURE in names:
        return frozenset(CUES)
    if names <= _HARMLESS:
        return frozenset()
    return frozenset(names & set(CUES)) if names <= _HARMLESS | set(CUES) else None


def _truth(path: Path, rows: Iterable[_Row]) -> list[Bout]:
    """Rows of single moments: neighbours of one segment make a bout, which ends where the next one begins."""
    bouts: list[Bout] = []
    faults: list[str] = []
    last, begun, key = -math.inf, 0.0, ("", "")
    for number, row in rows:
        t_s = _seconds(row["t_s"])
        if t_s is None or t_s <= last:
            faults.append(f"line {number}: t_s is {row['t_s']!r}; it must be a number that grows")
            continue
        if row["posture_class"] and row["posture_class"] not in CLASSES:
            known = ", ".join(CLASSES)
            faults.append(f"line {number}: posture_class is {row['posture_class']!r}, none of {known}")
            continue
        found = (row["segment"], row["posture_class"])
        if found != key:
            if math.isfinite(last):
                bouts.append(Bout(begun, t_s, _segment_cues(*key)))
            begun, key = t_s, found
        last = t_s
    _require_none(path, faults)
    if math.isfinite(last) and last > begun:
        bouts.append(Bout(begun, last, _segment_cues(*key)))
    return bouts


def _segment_cues(segment: str, posture_class: str) -> frozenset[str]:
    if posture_class not in BAD_CLASSES:
        return frozenset()
    cues = {cue for part, cue in _SEGMENT_CUES.items() if part in segment.split("_")}
    return frozenset(cues or CUES)


def _time_s(text: str) -> float | None:
    """As `agree` reads a rater's times: also h:mm:ss, and with a comma."""
    with suppress(ValueError):
        return parse_time_s(text)
    return _seconds(text)


def _seconds(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _require_none(path: Path, faults: list[str]) -> None:
    if faults:
        more = [f"… and {len(faults) - _MOST_FAULTS} more"] if len(faults) > _MOST_FAULTS else []
        raise InputError(f"The labels are faulty: {path}", "\n".join(faults[:_MOST_FAULTS] + more), _HELP)
