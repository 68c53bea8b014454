"""Measurements as a table: one row a frame, units in the column names, validity and reason beside each value.

Written by whole columns: numbers are looked up in tables of ready-made texts, commas included, laid side by side in
cells of 8, 16 or more bytes with zero bytes as padding, and the padding is deleted.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, BinaryIO, Final

import numpy as np
from numpy.typing import NDArray

from posture_cv.assess.types import State, States
from posture_cv.measure.types import QUANTITIES, Codes, Float, Measurements, Quantity, Reason, View

FIRST_COLUMNS: Final = ("t_s", "state", "reason", "severe", "view")
_REASONS: Final = [reason.label for reason in Reason]
_STATES: Final = [state.label for state in State]
_VIEWS: Final = [view.label for view in View]
_SHAPE: Final = (len(State), len(Reason), 2, len(View))  # of what stands between the time and the numbers
_CHUNK: Final = 4096  # frames at a time: their texts fit into a processor's cache
_TABLE_STEPS: Final = 9999  # numbers beyond so many steps of their last digit are spelt one by one
_SECONDS: Final = (
    100_000  # no more whole seconds between a chunk's first and last frame than this are looked up
)
_TIE: Final = 1e-5  # of a millisecond: so near to a half, the time itself says which way to round
_OK: Final = int(Reason.OK)
Texts = NDArray[Any]  # bytes, or whole cells as numbers of the same width, which are copied faster


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


class MeasurementTable:
    """Writes the header, and then a row for each frame (RFC 4180, UTF-8, a dot as the decimal point).

    Values are rounded to the precision that `QUANTITIES` states; a value that cannot be told is an empty
    field with `valid` 0 and its reason. `state` is what the monitor acts on: the mean over 2 seconds.

    Args:
        file: open for bytes.
        extra: names of further columns at the end.
    """

    def __init__(self, file: BinaryIO, extra: Sequence[str] = ()) -> None:
        self._file, self._extra = file, tuple(extra)
        header = io.StringIO()
        csv.writer(header, lineterminator="\n").writerow([*measurement_columns(), *self._extra])
        self._file.write(header.getvalue().encode())

    def write(
        self,
        measured: Measurements,
        states: States,
        shown: Codes,
        extra: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        """Append the rows of N frames.

        Args:
            measured: N single frames.
            states: of the same frames.
            shown: (N,) int8 `State` codes, with looking down as text neck where its time is spent.
            extra: the further columns, name -> N texts without commas, quotes and line breaks.
        """
        for start in range(0, len(measured), _CHUNK):
            part = slice(start, start + _CHUNK)
            m = measured[part]
            cells = [*_times(m.t_s), _named(shown[part], states.reason[part], states.severe[part], m.view)]
            cells += _estimates(m)
            cells += [_spelt([f"{text}," for text in (extra or {})[name][part]]) for name in self._extra]
            self._file.write(_rows(cells))


def _rows(cells: Sequence[Texts]) -> bytes:
    """The cells side by side, each text ending in a comma, the last comma of a row as a line break."""
    table = np.zeros(len(cells[0]), [(f"c{i}", cell.dtype) for i, cell in enumerate(cells)] + [("end", "S1")])
    for i, cell in enumerate(cells):
        table[f"c{i}"] = cell
    table["end"] = b"\n"
    return table.tobytes().translate(None, b"\0").replace(b",\n", b"\n")


def _cells(texts: Sequence[str]) -> Texts:
    """Texts as cells of one width: 8 or 16 bytes as a number, else bytes."""
    made = np.array([text.encode() for text in texts] or [b""])
    width = -(-max(made.dtype.itemsize, 1) // 8) * 8
    cells = made.astype(f"S{width}")
    kind = {8: np.uint64, 16: np.complex128}.get(width)
    return cells if kind is None else cells.view(kind)


def _spelt(texts: Sequence[str]) -> Texts:
    """(N,) each its own cell."""
    return _cells(texts)[: len(texts)]


def _times(t_s: Float) -> list[Texts]:
    """Seconds with three decimals: whole seconds and the rest, each looked up."""
    with np.errstate(invalid="ignore", over="ignore"):
        exact = t_s * 1000.0
        ms = np.rint(exact)
        odd = ~((t_s >= 0.0) & (ms < 2.0**53)) | (np.abs(np.abs(exact - ms) - 0.5) < _TIE)
    if odd.any() or (len(ms) and ms.max() - ms.min() > 1000 * _SECONDS):
        return [_spelt([f"{t:.3f}," for t in t_s.tolist()])]
    whole, rest = np.divmod(ms.astype(np.int64), 1000)
    first, last = (int(whole.min()), int(whole.max())) if len(whole) else (0, 0)
    return [_cells([str(s) for s in range(first, last + 1)])[whole - first], _thousandths()[rest]]


@lru_cache(maxsize=1)
def _thousandths() -> Texts:
    return _cells([f".{ms:03d}," for ms in range(1000)])


def _named(shown: Codes, reason: Codes, severe: NDArray[np.bool_], view: Codes) -> Texts:
    """(N,) state, reason, severity and view: few of their combinations occur."""
    places = np.ravel_multi_index((shown, reason, severe.astype(np.int8), view), _SHAPE)
    found, of_frame = np.unique(places, return_inverse=True)
    codes = zip(*(part.tolist() for part in np.unravel_index(found, _SHAPE)), strict=True)
    return _cells([f"{_STATES[s]},{_REASONS[r]},{bad},{_VIEWS[v]}," for s, r, bad, v in codes])[of_frame]


def _estimates(m: Measurements) -> list[Texts]:
    """Of each quantity a cell with its value and one with the rest."""
    cells: list[Texts] = []
    for name, quantity in QUANTITIES.items():
        estimate = m.values[name]
        valid = estimate.valid
        cells.append(_values(estimate.value, quantity.decimals, valid))
        cells.append(_rests(estimate.sd, quantity.decimals + 1, estimate.reason, valid))
    return cells


def _values(values: Float, decimals: int, valid: NDArray[np.bool_]) -> Texts:
    """(N,) values with so many decimals; empty where not valid."""
    steps = np.rint(np.where(valid, values, 0.0) * 10.0**decimals)  # as np.round does
    if not (np.abs(steps) <= _TABLE_STEPS).all():
        return _spelt([f"{text}," for text in _one_by_one(values, decimals, valid)])
    places = steps.astype(np.int64)
    places += _TABLE_STEPS
    places[~valid] = 2 * _TABLE_STEPS + 1
    return np.asarray(_value_texts(decimals)[places])


def _rests(sds: Float, decimals: int, reason: Codes, valid: NDArray[np.bool_]) -> Texts:
    """(N,) uncertainty, validity and reason."""
    steps = np.rint(np.where(valid, sds, 0.0) * 10.0**decimals)
    if not ((steps >= 0.0) & (steps <= _TABLE_STEPS)).all():
        texts = zip(_one_by_one(sds, decimals, valid), reason.tolist(), strict=True)
        return _spelt([f"{text},{int(code == _OK)},{_REASONS[code]}," for text, code in texts])
    places = np.where(valid, steps, reason + float(_TABLE_STEPS)).astype(np.int64)
    wide = int(places.max(initial=0)) > _TABLE_STEPS
    return np.asarray(_rest_texts(decimals, with_reasons=wide)[places])


def _one_by_one(values: Float, decimals: int, valid: NDArray[np.bool_]) -> list[str]:
    rounded = (np.round(values, decimals) + 0.0).tolist()  # + 0.0 turns -0.0 into 0.0
    return [f"{v:.{decimals}f}" if ok else "" for v, ok in zip(rounded, valid.tolist(), strict=True)]


@lru_cache(maxsize=8)
def _value_texts(decimals: int) -> Texts:
    """Texts of -9999 … 9999 steps, and last an empty one."""
    steps = range(-_TABLE_STEPS, _TABLE_STEPS + 1)
    return _cells([*(f"{step / 10.0**decimals:.{decimals}f}," for step in steps), ","])


@lru_cache(maxsize=16)
def _rest_texts(decimals: int, *, with_reasons: bool) -> Texts:
    """Texts of 0 … 9999 steps that are valid, and then of those that are not, by reason from 1 on."""
    texts = [f"{step / 10.0**decimals:.{decimals}f},1,," for step in range(_TABLE_STEPS + 1)]
    return _cells(texts + [f",0,{label}," for label in _REASONS[1:]] if with_reasons else texts)
