"""Measurements as a table: one row a frame, units in the column names, validity and reason beside each value.

Written by whole columns: numbers are looked up in a table of ready-made texts, laid side by side with zero bytes as
padding, and the padding is deleted. An hour at 30 frames a second takes a third of a second this way.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, Final, TextIO

import numpy as np
from numpy.typing import NDArray

from posture_cv.assess.types import State, States
from posture_cv.measure.types import QUANTITIES, Codes, Estimate, Float, Measurements, Quantity, Reason, View

FIRST_COLUMNS: Final = ("t_s", "state", "reason", "severe", "view")
_REASONS: Final = {int(r): r.label for r in Reason}
_STATES: Final = {int(s): s.label for s in State}
_VIEWS: Final = {int(v): v.label for v in View}
_VALIDITY: Final = {code: f"{int(code == Reason.OK)},{label}" for code, label in _REASONS.items()}
_CHUNK: Final = 4096  # frames at a time: their texts fit into a processor's cache
_TABLE_STEPS: Final = 9999  # numbers beyond so many steps of their last digit are spelt one by one
Texts = NDArray[np.bytes_]


def column_stem(quantity: Quantity) -> tuple[str, str]:
    """("cva_change_est", "_deg"): the name says that it is an estimate, and keeps its unit last.

    Every quantity of one camera is an estimate: none is a clinical angle taken on the body.
    """
    for unit in ("_deg", "_cm"):
        if quantity.name.endswith(unit):
            return quantity.name.removesuffix(unit) + "_est", unit
    return quantity.name + "_est", ""


def measurement_columns() -> list[str]:
    """The header of `measurements.csv`."""
    columns = list(FIRST_COLUMNS)
    for quantity in QUANTITIES.values():
        stem, unit = column_stem(quantity)
        columns += [f"{stem}{unit}", f"{stem}_sd{unit}", f"{stem}_valid", f"{stem}_reason"]
    return columns


def write_measurements(
    file: TextIO,
    measured: Measurements,
    states: States,
    shown: Codes,
    extra: Mapping[str, list[str]] | None = None,
) -> None:
    """Write the header and a row for each frame (RFC 4180, UTF-8, a dot as the decimal point).

    Args:
        file: open for text, with `newline=""`.
        measured: N single frames.
        states: of the same frames.
        shown: (N,) int8 `State` codes, with looking down as text neck where its time is spent.
        extra: further columns at the end, name -> N texts without commas, quotes and line breaks.

    Values are rounded to the precision that `QUANTITIES` states; a value that cannot be told is an empty
    field with `valid` 0 and its reason. `state` is what the monitor acts on: the mean over 2 seconds.
    """
    header = io.StringIO()
    csv.writer(header, lineterminator="\n").writerow([*measurement_columns(), *(extra or {})])
    file.write(header.getvalue())
    for start in range(0, len(measured), _CHUNK):
        part = slice(start, start + _CHUNK)
        columns = [*_first(measured[part], states, shown, part), *_estimates(measured[part])]
        columns += [np.array([text.encode() for text in texts[part]]) for texts in (extra or {}).values()]
        file.write(_rows(columns))


def _first(measured: Measurements, states: States, shown: Codes, part: slice) -> Iterator[Texts]:
    yield np.array([f"{t:.3f}".encode() for t in measured.t_s.tolist()])
    yield _labels(_STATES, shown[part])
    yield _labels(_REASONS, states.reason[part])
    yield _labels({0: "0", 1: "1"}, states.severe[part].astype(np.int8))
    yield _labels(_VIEWS, measured.view)


def _estimates(measured: Measurements) -> Iterator[Texts]:
    for name, quantity in QUANTITIES.items():
        estimate: Estimate = measured.values[name]
        yield _numbers(estimate.value, quantity.decimals, estimate.valid)
        yield _numbers(estimate.sd, quantity.decimals + 1, estimate.valid)
        yield _labels(_VALIDITY, estimate.reason)


def _rows(columns: list[Texts]) -> str:
    """The columns side by side, commas between, a line each row."""
    ends = [b","] * (len(columns) - 1) + [b"\n"]
    kinds: list[Any] = []
    for i, column in enumerate(columns):
        kinds += [(f"c{i}", column.dtype), (f"e{i}", "S1")]
    table = np.zeros(len(columns[0]), kinds)
    for i, (column, end) in enumerate(zip(columns, ends, strict=True)):
        table[f"c{i}"] = column
        table[f"e{i}"] = end
    return table.tobytes().translate(None, b"\0").decode()


def _labels(labels: Mapping[int, str], codes: Codes) -> Texts:
    """(N,) the text of each code, as narrow as the codes that occur allow."""
    present = np.unique(codes).tolist()
    longest = max(len(labels[code]) for code in present)
    table = np.zeros(max(present) + 1, f"S{max(longest, 1)}")
    for code in present:
        table[code] = labels[code].encode()
    return np.asarray(table[codes])


def _numbers(values: Float, decimals: int, valid: NDArray[np.bool_]) -> Texts:
    """(N,) values with so many decimals; empty where not valid."""
    steps = np.rint(np.where(valid, values, 0.0) * 10.0**decimals)  # as np.round does
    if not (np.abs(steps) <= _TABLE_STEPS).all():
        rounded = (np.round(values, decimals) + 0.0).tolist()  # + 0.0 turns -0.0 into 0.0
        texts = [f"{v:.{decimals}f}" if ok else "" for v, ok in zip(rounded, valid.tolist(), strict=True)]
        return np.array([text.encode() for text in texts])
    places = np.where(valid, steps.astype(np.int64) + _TABLE_STEPS, 2 * _TABLE_STEPS + 1)
    return np.asarray(_texts(decimals)[places])


@lru_cache(maxsize=8)
def _texts(decimals: int) -> Texts:
    """Texts of -9999 … 9999 steps, and last an empty one."""
    steps = range(-_TABLE_STEPS, _TABLE_STEPS + 1)
    return np.array([*(f"{step / 10.0**decimals:.{decimals}f}".encode() for step in steps), b""])
