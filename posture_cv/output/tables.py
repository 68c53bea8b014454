"""Measurements as a table: one row a frame, units in the column names, validity and reason beside each value."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from typing import Final, TextIO

import numpy as np

from posture_cv.assess.types import State, States
from posture_cv.measure.types import QUANTITIES, Codes, Estimate, Measurements, Quantity, Reason, View

FIRST_COLUMNS: Final = ("t_s", "state", "reason", "severe", "view")
_REASONS: Final = {int(r): r.label for r in Reason}
_STATES: Final = {int(s): s.label for s in State}
_VIEWS: Final = {int(v): v.label for v in View}


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


def write_measurements(file: TextIO, measured: Measurements, states: States, shown: Codes) -> None:
    """Write the header and a row for each frame (RFC 4180, UTF-8, a dot as the decimal point).

    Args:
        file: open for text, with `newline=""`.
        measured: N single frames.
        states: of the same frames.
        shown: (N,) int8 `State` codes, with looking down as text neck where its time is spent.

    Values are rounded to the precision that `QUANTITIES` states; a value that cannot be told is an empty
    field with `valid` 0 and its reason. `state` is what the monitor acts on: the mean over 2 seconds.
    """
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(measurement_columns())
    writer.writerows(_rows(measured, states, shown))


def _rows(measured: Measurements, states: States, shown: Codes) -> Iterator[Sequence[str]]:
    first = [
        [f"{t:.3f}" for t in measured.t_s],
        [_STATES[code] for code in shown.tolist()],
        [_REASONS[code] for code in states.reason.tolist()],
        ["1" if severe else "0" for severe in states.severe.tolist()],
        [_VIEWS[code] for code in measured.view.tolist()],
    ]
    columns = [*first]
    for name, quantity in QUANTITIES.items():
        columns += _estimate_columns(measured.values[name], quantity.decimals)
    return zip(*columns, strict=True)


def _estimate_columns(estimate: Estimate, decimals: int) -> list[list[str]]:
    valid = estimate.valid.tolist()
    return [
        _numbers(estimate.value, decimals, valid),
        _numbers(estimate.sd, decimals + 1, valid),
        ["1" if ok else "0" for ok in valid],
        [_REASONS[code] for code in estimate.reason.tolist()],
    ]


def _numbers(
    values: np.ndarray[tuple[int], np.dtype[np.float64]], decimals: int, valid: list[bool]
) -> list[str]:
    rounded = np.round(values, decimals) + 0.0  # + 0.0 turns -0.0 into 0.0
    return [f"{v:.{decimals}f}" if ok else "" for v, ok in zip(rounded.tolist(), valid, strict=True)]
