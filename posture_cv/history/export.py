"""The whole history as JSON, or a folder of CSV tables."""

from __future__ import annotations

import csv
import json
from functools import partial
from pathlib import Path
from typing import Any, Final

from posture_cv.atomic import atomic_path, check_target, private_folder, write_atomic
from posture_cv.file_facts import is_document
from posture_cv.history.read import TABLES, Reader, parsed
from posture_cv.utf8 import ESCAPED

SCHEMA_VERSION: Final = 1
_TIMES: Final = "seconds since 1970, UTC; with offset_s added: on the user's own clock"
_JSON_COLUMNS: Final = {("alerts", "words"), ("alerts", "record")}


def as_json(reader: Reader) -> dict[str, Any]:
    """Every table as a list of objects. Raises HistoryError for a damaged one."""
    plain: dict[str, Any] = {"schema_version": SCHEMA_VERSION, "times": _TIMES}
    for name in TABLES:
        columns, rows = reader.table(name)
        with reader.damage_in_words():
            plain[name] = [
                {
                    column: parsed(value) if (name, column) in _JSON_COLUMNS else value
                    for column, value in zip(columns, row, strict=True)
                }
                for row in rows
            ]
    return plain


def is_export(path: Path) -> bool:
    """Whether a file is what `write_json` has written."""
    return is_document(path, "schema_version", "times")


def write_json(reader: Reader, path: Path) -> None:
    """One file, for its owner only. Raises OutputError, and InputError where another kind of file lies there."""
    check_target(path, kind="an export of the history", is_kind=is_export)
    write_atomic(path, json.dumps(as_json(reader), indent=1) + "\n")


def write_csv(reader: Reader, folder: Path) -> list[Path]:
    """One file a table, for their owner only; none is written where one would replace another kind of file.

    Raises:
        OutputError: the folder cannot be written. InputError: another kind of file has the name of a table.
    """
    private_folder(folder)
    tables = {folder / f"{name}.csv": reader.table(name) for name in TABLES}
    for path, (columns, _) in tables.items():
        check_target(path, kind=f"the table {path.stem} of an export", is_kind=partial(_is_table, columns))
    for path, (columns, rows) in tables.items():
        with atomic_path(path) as part, part.open("w", encoding="utf-8", errors=ESCAPED, newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(columns)
            writer.writerows(rows)
    return list(tables)


def _is_table(columns: list[str], path: Path) -> bool:
    """Whether a file is such a table."""
    header = ",".join(columns).encode() + b"\n"
    try:
        with path.open("rb") as file:
            return file.read(len(header)) == header
    except OSError:
        return False
