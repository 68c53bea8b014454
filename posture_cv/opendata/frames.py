"""The time series of a result folder: `measurements.csv`, read back."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from posture_cv.assess.types import State
from posture_cv.errors import InputError
from posture_cv.file_facts import lines_of, sha256_of_file
from posture_cv.measure.types import QUANTITIES, Codes, Estimate, Float, Measurements, Reason, View
from posture_cv.output.tables import FIRST_COLUMNS, column_stem

_CHUNK_ROWS: Final = 20_000
_MOST_SPAN_DAYS: Final = 31
"""Exposure is counted second by second, seen or not: one false time, years away, would fill the memory. Ours."""
_LARGEST: Final = 1e9  # of seconds, degrees and centimetres; ours
_REASONS: Final = {r.label: int(r) for r in Reason}
_STATES: Final = {s.label: int(s) for s in State}
_VIEWS: Final = {v.label: int(v) for v in View}
_ORIGINS: Final = {**_VIEWS, "": int(View.UNKNOWN)}


class ResultError(InputError):
    """A result folder cannot be read."""


def fault(path: Path, detail: str) -> ResultError:
    """The error for a file of results."""
    return ResultError(f"The results cannot be read: {path}", detail, "Replay the recording again.")


def unreadable(path: Path, error: Exception) -> ResultError:
    """A file of the results cannot be read: what the system, or the reader, says of it."""
    return fault(path, f"{getattr(error, 'strerror', None) or error}.")


def require_unchanged(path: Path, sha256: str | None) -> None:
    """See that a file of results is what `replay` has written.

    Args:
        path: of the file.
        sha256: that the summary notes of it; None: it notes none, as for results that are older than that.

    Raises:
        ResultError: it is another content, or cannot be read.
    """
    try:
        changed = sha256 is not None and sha256_of_file(path) != sha256
    except OSError as error:
        raise unreadable(path, error) from error
    if changed:
        raise fault(path, "It has been damaged or changed since: its SHA-256 is not the one in summary.json.")


@dataclass(frozen=True, slots=True, eq=False)
class Frames:
    """The time series of a recording.

    Attributes:
        measured: N frames, rounded as published.
        state, reason: (N,) int8 codes of what was shown and why not.
        severe: (N,) whether the posture was beyond its severe threshold.
        origin: quantity -> (N,) int8 `View` codes of the camera that each value comes from; empty for one camera.
    """

    measured: Measurements
    state: Codes
    reason: Codes
    severe: NDArray[np.bool_]
    origin: Mapping[str, Codes] = field(default_factory=dict)

    def of_views(self, view_of: Mapping[str, View]) -> Measurements:
        """The measurements with only those values of each quantity that come from the view given for it."""
        values = dict(self.measured.values)
        for name, view in view_of.items():
            e, origin = values[name], self.origin.get(name)
            if origin is not None:
                other = (e.reason == Reason.OK) & (origin != view)
                reason = np.where(other, Reason.NOT_FROM_THIS_VIEW, e.reason).astype(np.int8)
                values[name] = Estimate.of(e.value, e.sd, reason)
        m = self.measured
        return Measurements(m.t_s, m.view, m.reason, values)


class _Columns:
    """The columns of the table, chunk by chunk, as arrays."""

    def __init__(self, header: list[str]) -> None:
        self._place = {name: k for k, name in enumerate(header)}
        self._parts: dict[str, list[np.ndarray[Any, Any]]] = {}

    def missing(self, names: Iterable[str]) -> list[str]:
        return [name for name in names if name not in self._place]

    def add(self, columns: Sequence[Sequence[str]]) -> None:
        self._put("t_s", _floats(columns[self._place["t_s"]]))
        for name, codes in (("state", _STATES), ("reason", _REASONS), ("view", _VIEWS)):
            self._put(name, _codes(columns[self._place[name]], codes))
        self._put("severe", np.array(columns[self._place["severe"]]) == "1")
        for quantity in QUANTITIES.values():
            stem, unit = column_stem(quantity)
            for name in (f"{stem}{unit}", f"{stem}_sd{unit}"):
                self._put(name, _floats(columns[self._place[name]]))
            self._put(f"{stem}_reason", _codes(columns[self._place[f"{stem}_reason"]], _REASONS))
            if f"{stem}_view" in self._place:  # of two cameras
                self._put(f"{stem}_view", _codes(columns[self._place[f"{stem}_view"]], _ORIGINS))

    def _put(self, name: str, values: np.ndarray[Any, Any]) -> None:
        self._parts.setdefault(name, []).append(values)

    def get(self, name: str) -> np.ndarray[Any, Any]:
        parts = self._parts.get(name)
        return np.zeros(0) if parts is None else np.concatenate(parts)

    def origins(self) -> dict[str, Codes]:
        """Quantity -> the camera of each value, where the table says it."""
        stems = {name: column_stem(quantity)[0] for name, quantity in QUANTITIES.items()}
        return {
            name: self.get(f"{stem}_view") for name, stem in stems.items() if f"{stem}_view" in self._parts
        }


def _floats(texts: Sequence[str]) -> Float:
    """Numbers; NaN where nothing stands. Raises ValueError for what is none that a measurement can be."""
    values = np.array([float(t) if t else np.nan for t in texts], np.float64)
    if np.count_nonzero(np.isnan(values)) != texts.count("") or (np.abs(values) > _LARGEST).any():
        raise ValueError("a number that no measurement can be")
    return values


def _codes(texts: Sequence[str], codes: dict[str, int]) -> Codes:
    return np.array([codes[t] for t in texts], np.int8)


def _needed() -> list[str]:
    names = list(FIRST_COLUMNS)
    for quantity in QUANTITIES.values():
        stem, unit = column_stem(quantity)
        names += [f"{stem}{unit}", f"{stem}_sd{unit}", f"{stem}_reason"]
    return names


@lru_cache(maxsize=1)
def read_frames(path: Path, sha256: str | None = None) -> Frames:
    """The time series of a `measurements.csv`; the last one read is kept.

    Args:
        path: of the table.
        sha256: that was noted of it; see `require_unchanged`.

    Raises:
        ResultError: it is missing or damaged, or its times span more than a month.
    """
    try:
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.reader(lines_of(file))
            cols = _Columns(next(reader, []))
            if missing := cols.missing(_needed()):
                more = f" and {len(missing) - 3} more" if len(missing) > 3 else ""
                raise fault(path, f"Columns are missing: {', '.join(missing[:3])}{more}.")
            _fill(cols, reader, path)
        require_unchanged(path, sha256)  # after what can be said of a line
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise unreadable(path, error) from error
    values = {}
    for name, quantity in QUANTITIES.items():
        stem, unit = column_stem(quantity)
        reason = cols.get(f"{stem}_reason").astype(np.int8)
        values[name] = Estimate(cols.get(f"{stem}{unit}"), cols.get(f"{stem}_sd{unit}"), reason)
        _require_told(path, stem, values[name])
    t_s = cols.get("t_s")
    rises = np.diff(t_s) > 0.0  # not so beside a time that is no number
    if not rises.all():
        raise fault(path, f"Its times do not rise at row {int(np.argmin(rises)) + 3}.")
    _require_span(path, t_s)
    codes = [cols.get(name).astype(np.int8) for name in ("state", "reason", "view")]
    measured = Measurements(t_s, codes[2], codes[1], values)
    return Frames(measured, codes[0], codes[1], cols.get("severe").astype(bool), cols.origins())


def _require_told(path: Path, stem: str, estimate: Estimate) -> None:
    missing = estimate.valid & (np.isnan(estimate.value) | np.isnan(estimate.sd))
    if missing.any():
        row = int(np.argmax(missing)) + 2
        raise fault(path, f"In row {row} nothing says why {stem} or its uncertainty is missing.")


def _require_span(path: Path, t_s: Float) -> None:
    if len(t_s) and not t_s[-1] - t_s[0] <= _MOST_SPAN_DAYS * 86_400.0:
        raise ResultError(
            f"The results cannot be used: {path}",
            f"Its times go from {t_s[0]:g} to {t_s[-1]:g} s; {_MOST_SPAN_DAYS} days are the most that are told of.",
            "If a time is false, replay the stretch that is right: start and end of a line in a manifest.",
        )


def _fill(cols: _Columns, reader: Iterator[list[str]], path: Path) -> None:
    row = 2
    while chunk := list(islice(reader, _CHUNK_ROWS)):
        try:
            cols.add(list(zip(*chunk, strict=True)))
        except (ValueError, KeyError, IndexError) as error:
            raise fault(path, f"A row from line {row} on is damaged: {error}.") from error
        row += len(chunk)
