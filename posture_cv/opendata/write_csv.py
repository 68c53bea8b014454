"""Tables as CSV: RFC 4180, UTF-8, a dot as the decimal point, missing values empty, flags as TRUE and FALSE."""

from __future__ import annotations

import csv
from typing import Final, TextIO

import numpy as np

from posture_cv.opendata.tables import Column, Field, Table, known

_DIGITS: Final = 12  # more than anything is rounded to, fewer than the errors of doubles
_CHUNK_ROWS: Final = 20_000  # the texts of hours of frames are many times their numbers


def write_csv(file: TextIO, table: Table) -> None:
    """Write a table; the file is open for text with `newline=""`."""
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow([field.name for field in table.fields])
    for start in range(0, len(table), _CHUNK_ROWS):
        part = slice(start, start + _CHUNK_ROWS)
        pairs = zip(table.fields, table.columns, strict=True)
        columns = [_texts(field, column[part]) for field, column in pairs]
        writer.writerows(zip(*columns, strict=True))


def _texts(field: Field, column: Column) -> list[str]:
    if field.kind == "string":
        return [str(value) for value in column]
    if field.kind == "boolean":
        return ["TRUE" if value else "FALSE" for value in column]
    if field.kind == "integer":
        return [f"{value:.0f}" if known(value) else "" for value in column]
    if field.decimals < 0:
        return [f"{value:.{_DIGITS}g}" if known(value) else "" for value in column]
    return _numbers(column, field.decimals)


def _numbers(column: Column, decimals: int) -> list[str]:
    values = np.array([np.nan if value is None else value for value in column], np.float64)
    rounded = np.round(values, decimals) + 0.0  # + 0.0 turns -0.0 into 0.0
    return [
        f"{v:.{decimals}f}" if ok else "" for v, ok in zip(rounded.tolist(), np.isfinite(values), strict=True)
    ]
