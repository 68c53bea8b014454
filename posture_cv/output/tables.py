"""Measurements as a table: one row a frame, units in the column names, validity and reason beside each value.

Written by whole columns: numbers are looked up in tables of ready-made texts, commas included, laid side by side in
cells of 8, 16 or more bytes with zero bytes as padding, and the padding is deleted. What no table holds is spelt.

Nearly all of a row depends on the measurements alone: who keeps these may keep its text, too (`open_rows`). What they
are judged to be is the same for many frames in a row, and is put into the rows of all of them at once.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from posture_cv.assess.types import State, States
from posture_cv.measure.types import QUANTITIES, Codes, Estimate, Float, Measurements, Quantity, Reason, View

FIRST_COLUMNS: Final = ("t_s", "state", "reason", "severe", "view")
_REASONS: Final = [reason.label for reason in Reason]
_STATES: Final = [state.label for state in State]
_VIEWS: Final = [view.label for view in View]
_SHAPE: Final = (len(State), len(Reason), 2, len(View))  # of what stands between the time and the numbers
_MARK: Final = b"\1"  # no text holds it
_LINE_END: Final = ord("\n")
_CHUNK: Final = 4096  # frames at a time, or thereabouts: their texts fit into a processor's cache
_VALUE_STEPS: Final = 9999  # of their last digit: four digits, sign and point fit into a cell of 8 bytes
_SD_STEPS: Final = (999, 9999)  # the rest of a quantity, with validity, fits into 8 and 16 bytes
_SECONDS: Final = (
    100_000  # no more whole seconds between a chunk's first and last frame than this are looked up
)
_TIE: Final = 1e-5  # of a millisecond: so near to a half, the time itself says which way to round
Cells = NDArray[Any]  # of 8 and 16 bytes as numbers, which are copied faster, else as bytes


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


class Bytes(Protocol):
    """Where bytes can be written."""

    def write(self, data: bytes, /) -> object:
        """Append bytes."""


class MeasurementTable:
    """Writes the header, and then a row for each frame (RFC 4180, UTF-8, a dot as the decimal point).

    Values are rounded to the precision that `QUANTITIES` states; a value that cannot be told is an empty
    field with `valid` 0 and its reason. `state` is what the monitor acts on: the mean over 2 seconds.

    Args:
        file: open for bytes.
        extra: names of further columns at the end.
    """

    def __init__(self, file: Bytes, extra: Sequence[str] = ()) -> None:
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
        made: bytes | None = None,
    ) -> None:
        """Append the rows of N frames.

        Args:
            measured: N single frames.
            states: of the same frames.
            shown: (N,) int8 `State` codes, with looking down as text neck where its time is spent.
            extra: the further columns, name -> N texts without commas, quotes and line breaks.
            made: `open_rows` of these measurements, where there are no further columns and they are at hand.
        """
        named = np.ravel_multi_index(
            (shown, states.reason, states.severe.astype(np.int8), measured.view), _SHAPE
        )
        if made is not None:
            self._file.write(_closed(made, named))
            return
        for part in _chunks(len(measured)):
            more = [_cells([f",{text}" for text in (extra or {})[name][part]]) for name in self._extra]
            self._file.write(_closed(_open_rows(measured[part], more), named[part]))


def open_rows(m: Measurements) -> bytes:
    """The rows of N frames, with a mark in the place of what only their assessment tells."""
    return b"".join(_open_rows(m[part]) for part in _chunks(len(m)))


def _open_rows(m: Measurements, more: Sequence[Cells] = ()) -> bytes:
    mark = np.full(len(m), _MARK.ljust(8, b"\0"), "S8")
    return _rows([*_times(m.t_s), _numbered(mark), *_estimates(m), *more])


def _closed(rows: bytes, named: NDArray[np.intp]) -> bytes:
    """The rows with state, reason, severity and view, given as places in `_SHAPE`."""
    if len(named) == 0:
        return b""
    ends = np.flatnonzero(np.frombuffer(rows, np.uint8) == _LINE_END) + 1
    last = np.append(np.flatnonzero(np.diff(named)), len(named) - 1)  # of the frames that are named the same
    bounds = [0, *ends[last].tolist()]
    texts = map(_named, named[last].tolist())
    return b"".join(
        rows[start:end].replace(_MARK, text)
        for (start, end), text in zip(pairwise(bounds), texts, strict=True)
    )


def _chunks(count: int) -> Iterator[slice]:
    """Equal parts of so many frames, each of about `_CHUNK`."""
    parts = max(1, round(count / _CHUNK))
    bounds = [count * k // parts for k in range(parts + 1)]
    return (slice(start, end) for start, end in pairwise(bounds) if end > start)


def _rows(cells: Sequence[Cells]) -> bytes:
    """The cells side by side, each but the first beginning with a comma."""
    table = np.zeros(len(cells[0]), [(f"c{i}", cell.dtype) for i, cell in enumerate(cells)] + [("end", "S1")])
    for i, cell in enumerate(cells):
        table[f"c{i}"] = cell
    table["end"] = b"\n"
    return table.tobytes().translate(None, b"\0")


def _cells(texts: Sequence[str]) -> Cells:
    """Texts as cells of one width."""
    made = np.array([text.encode() for text in texts], np.bytes_)
    return _numbered(made.astype(f"S{_padded(made.dtype.itemsize)}"))


def _padded(width: int) -> int:
    return -(-width // 8) * 8


def _numbered(cells: Cells) -> Cells:
    kind = {8: np.uint64, 16: np.complex128}.get(cells.dtype.itemsize)
    return cells if kind is None else cells.view(kind)


def _with(cells: Cells, rows: NDArray[np.intp], texts: Sequence[str]) -> Cells:
    """The cells with other texts in some rows, wider where these need it."""
    own = np.array([text.encode() for text in texts], np.bytes_)
    width = max(cells.dtype.itemsize, _padded(own.dtype.itemsize))
    out = cells.view(f"S{cells.dtype.itemsize}").astype(f"S{width}")
    out[rows] = own
    return _numbered(out)


def _times(t_s: Float) -> list[Cells]:
    """Seconds with three decimals: whole seconds and the rest, each looked up."""
    with np.errstate(invalid="ignore", over="ignore"):
        exact = t_s * 1000.0
        ms = np.rint(exact)
        odd = ~((t_s >= 0.0) & (ms < 2.0**53)) | (np.abs(np.abs(exact - ms) - 0.5) < _TIE)
    if odd.any() or ms.max() - ms.min() > 1000 * _SECONDS:
        return [_cells([f"{t:.3f}" for t in t_s.tolist()])]
    whole, rest = np.divmod(ms.astype(np.int64), 1000)
    first, last = int(whole.min()), int(whole.max())
    return [_cells([str(s) for s in range(first, last + 1)])[whole - first], _thousandths()[rest]]


@lru_cache(maxsize=1)
def _thousandths() -> Cells:
    return _cells([f".{ms:03d}" for ms in range(1000)])


@lru_cache(maxsize=1024)
def _named(place: int) -> bytes:
    """State, reason, severity and view: few of their combinations occur."""
    state, reason, severe, view = (int(code) for code in np.unravel_index(place, _SHAPE))
    return f",{_STATES[state]},{_REASONS[reason]},{severe},{_VIEWS[view]}".encode()


def _estimates(m: Measurements) -> list[Cells]:
    """Of each quantity two cells: the value; uncertainty, validity and reason."""
    cells: list[Cells] = []
    for name, quantity in QUANTITIES.items():
        estimate = m.values[name]
        cells.append(_values(estimate, quantity.decimals))
        cells.append(_rests(estimate, quantity.decimals + 1))
    return cells


def _steps(numbers: Float, decimals: int, valid: NDArray[np.bool_]) -> Float:
    """(N,) in steps of the last decimal, rounded as np.round does; 0 where not valid."""
    return np.asarray(np.rint(np.where(valid, numbers, 0.0) * 10.0**decimals))


def _values(estimate: Estimate, decimals: int) -> Cells:
    """(N,) the value, or how the text of a reason begins."""
    steps = _steps(estimate.value, decimals, estimate.valid)
    told = np.abs(steps) <= _VALUE_STEPS
    # 1 … of those that are not valid, and then -9999 … 9999 steps
    places = np.where(estimate.valid & told, steps + (_VALUE_STEPS + len(Reason)), estimate.reason)
    cells = np.asarray(_value_texts(decimals)[places.astype(np.intp)])
    odd = np.flatnonzero(~told)
    if len(odd) == 0:
        return cells
    return _with(cells, odd, [f",{text}" for text in _spelt(estimate.value[odd], decimals)])


def _rests(estimate: Estimate, decimals: int) -> Cells:
    """(N,) uncertainty and validity, or how the text of a reason ends."""
    steps = _steps(estimate.sd, decimals, estimate.valid)
    told = (steps >= 0.0) & (steps <= _SD_STEPS[-1])
    places = np.where(estimate.valid & told, steps + len(Reason), estimate.reason).astype(np.intp)
    reasons = np.flatnonzero(np.bincount(estimate.reason)).tolist()
    short = places.max() <= _SD_STEPS[0] + len(Reason) and all(len(_ENDS[reason]) <= 8 for reason in reasons)
    cells = np.asarray(_rest_texts(decimals, _SD_STEPS[0 if short else 1])[places])
    odd = np.flatnonzero(~told)
    if len(odd) == 0:
        return cells
    return _with(cells, odd, [f",{text},1," for text in _spelt(estimate.sd[odd], decimals)])


def _spelt(numbers: Float, decimals: int) -> list[str]:
    rounded = np.round(numbers, decimals) + 0.0  # + 0.0 turns -0.0 into 0.0
    return [f"{number:.{decimals}f}" for number in rounded.tolist()]


@lru_cache(maxsize=8)
def _value_texts(decimals: int) -> Cells:
    """The first 8 bytes of what stands for each `Reason`, and the texts of -9999 … 9999 steps."""
    return _lookup(_STARTS, np.arange(-_VALUE_STEPS, _VALUE_STEPS + 1), decimals, "")


@lru_cache(maxsize=16)
def _rest_texts(decimals: int, most: int) -> Cells:
    """The rest of what stands for each `Reason`, and the texts of 0 … so many steps, valid."""
    ends = _ENDS if most == _SD_STEPS[-1] else [end[:8] for end in _ENDS]
    return _lookup(ends, np.arange(most + 1), decimals, ",1,")


def _lookup(first: Sequence[str], steps: NDArray[np.int64], decimals: int, end: str) -> Cells:
    """Some texts, and then those of numbers in steps of their last decimal, digit by digit."""
    size = np.abs(steps)
    digits = max(len(str(int(size.max()))), decimals + 1)
    columns = [np.full(len(steps), ord(",")), np.where(steps < 0, ord("-"), 0)]
    for place in range(digits - 1, -1, -1):
        digit = size // 10**place % 10 + ord("0")
        columns.append(np.where((size >= 10**place) | (place <= decimals), digit, 0))
        columns += [np.full(len(steps), ord("."))] if place == decimals else []
    columns += [np.full(len(steps), ord(letter)) for letter in end]
    if not (steps < 0).any():
        del columns[1]
    width = _padded(max(len(columns), *map(len, first)))
    texts = np.zeros((len(steps), width), np.uint8)
    texts[:, : len(columns)] = np.stack(columns, axis=1)
    whole = [np.array([text.encode() for text in first], f"S{width}"), texts.view(f"S{width}")[:, 0]]
    return _numbered(np.concatenate(whole))


def _withheld(label: str) -> str:
    """What stands for a value that cannot be told: no value, no uncertainty, not valid, and why."""
    return f",,,0,{label}"


_STARTS: Final = [_withheld(label)[:8] for label in _REASONS]
_ENDS: Final = [_withheld(label)[8:] for label in _REASONS]
