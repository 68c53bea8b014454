"""MediaPipe pose landmarks in CSV: one row a frame (wide), or one row a landmark (long)."""

from __future__ import annotations

import csv
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np

from posture_cv.file_facts import delimiter_of, lines_of
from posture_cv.importing.types import (
    HELP,
    MOST_FRAMES,
    POSE_NAMES,
    Float,
    ImportingError,
    Raw,
    listed,
    unreadable,
)
from posture_cv.landmarks.names import POSE_COUNT

_ROWS_AT_A_TIME: Final = 4096
_FIELDS: Final[Mapping[str, str]] = {
    **{name: name for name in ("x", "y", "z", "visibility", "presence")},
    "v": "visibility",
    "vis": "visibility",
    "wx": "world_x",
    "wy": "world_y",
    "wz": "world_z",
    **{name: name for name in ("world_x", "world_y", "world_z")},
}
_FIRST: Final = re.compile(rf"({'|'.join(_FIELDS)})_?(\d\d?\d?)")  # x0, x_0, visibility12
_LAST: Final = re.compile(rf"(?:landmark_?)?(\d\d?\d?)_({'|'.join(_FIELDS)})")  # landmark_0_x, 0_x
_NAMED: Final = re.compile(rf"({'|'.join(POSE_NAMES)})_({'|'.join(_FIELDS)})")  # nose_x
# Columns of time, and their unit in seconds.
_TIMES: Final = {"t_s": 1.0, "time_s": 1.0, "timestamp_s": 1.0, "timestamp_ms": 1e-3, "time_ms": 1e-3}
_FRAMES: Final = ("frame", "frame_number", "frame_index")
_LANDMARKS: Final = ("landmark", "landmark_index", "landmark_id", "landmark_name")
# How many points others number without a gap: read as MediaPipe's pose, an eye would be taken for an ear.
_OTHERS: Final[Mapping[int, str]] = {
    17: "COCO's 17 keypoints",
    18: "OpenPose's COCO-18",
    21: "a hand",
    25: "OpenPose's BODY_25",
    26: "Halpe's 26 keypoints",
    68: "a face's 68 points",
    70: "OpenPose's face",
    133: "COCO-WholeBody",
    468: "MediaPipe's face mesh",
    478: "MediaPipe's face mesh",
}
Key = tuple[str, int]  # field, landmark


def read_csv(path: Path) -> Raw:
    """Read a wide or a long table; which of them is seen from the columns.

    Raises:
        ImportingError: unreadable, other columns, or cells that are no numbers (all are listed).
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            delimiter = delimiter_of(next(lines_of(file), ""))
            file.seek(0)
            reader = csv.reader(lines_of(file), delimiter=delimiter, strict=True)
            header = [name.strip().lower() for name in next(reader, [])]
            _require_once(path, header)
            return (
                _long(path, header, reader) if set(header) & set(_LANDMARKS) else _wide(path, header, reader)
            )
    except OSError as error:
        raise unreadable(path, error) from error
    except (csv.Error, UnicodeDecodeError) as error:
        raise ImportingError(
            f"This is no CSV text: {path}", f"{error}.", f"Save it as CSV in UTF-8. {HELP}"
        ) from error


def _require_once(path: Path, header: Sequence[str]) -> None:
    twice = sorted({name for name in header if name and header.count(name) > 1})
    if twice:
        raise ImportingError(f"Columns stand twice in {path}", f"{', '.join(twice[:10])}.", HELP)


def _wide(path: Path, header: list[str], reader: Iterator[list[str]]) -> Raw:
    keys = _wide_columns(path, header)
    if not {("x", 0), ("y", 0)} <= set(keys.values()):
        found = ", ".join(header[:12]) or "none"
        raise ImportingError(
            f"No landmarks in the columns of {path}",
            f"Columns found: {found}{' ...' if len(header) > 12 else ''}.",
            f"Expected x0, y0, z0, visibility0 ... x32. {HELP}",
        )
    when, scale = _time_column(path, header)
    numbers = _numbers(path, reader, len(header), [when, *keys])
    raw = _filled(len(numbers), keys, numbers)
    return _timed(raw, numbers[:, when] * scale, seconds=header[when] in _TIMES)


def _wide_columns(path: Path, header: list[str]) -> dict[int, Key]:
    """Which column holds what; a numbering that begins at 1 is told by its 33."""
    found: dict[int, Key] = {}
    named: dict[int, Key] = {}
    for column, name in enumerate(header):
        if first := _FIRST.fullmatch(name):
            found[column] = (_FIELDS[first[1]], int(first[2]))
        elif last := _LAST.fullmatch(name):
            found[column] = (_FIELDS[last[2]], int(last[1]))
        elif by_name := _NAMED.fullmatch(name):
            named[column] = (_FIELDS[by_name[2]], POSE_NAMES.index(by_name[1]))
    numbers = {number for _, number in found.values()}
    first_number = 1 if POSE_COUNT in numbers and 0 not in numbers else 0
    _require_pose(path, {number - first_number for number in numbers})
    found = {column: (field, number - first_number) for column, (field, number) in found.items()}
    keys = named | {column: key for column, key in found.items() if key[1] < POSE_COUNT}
    _require_own_column(path, header, keys)
    return dict(sorted(keys.items()))


def _require_pose(path: Path, numbers: Collection[int]) -> None:
    """See that points with numbers for names are not another model's."""
    count = len(numbers)
    if count in _OTHERS and set(numbers) == set(range(count)):
        raise ImportingError(
            f"These are not the numbers of MediaPipe's pose: {path}",
            f"{count} points are numbered without a gap, as in {_OTHERS[count]}; MediaPipe's pose has {POSE_COUNT}.",
            f"Call the points by MediaPipe's names (nose, left_eye, ...), or give all {POSE_COUNT}. {HELP}",
        )


def _require_own_column(path: Path, header: Sequence[str], keys: Mapping[int, Key]) -> None:
    """See that no two columns mean the same, by whatever names."""
    column_of: dict[Key, int] = {}
    twice = [
        f"{header[other]} and {header[column]}"
        for column, key in keys.items()
        if (other := column_of.setdefault(key, column)) != column
    ]
    if twice:
        raise ImportingError(f"Two columns hold the same in {path}", f"{', '.join(twice[:10])}.", HELP)


def _long(path: Path, header: list[str], reader: Iterator[list[str]]) -> Raw:
    which = next(header.index(name) for name in _LANDMARKS if name in header)
    when, scale = _time_column(path, header)
    fields = {column: _FIELDS[name] for column, name in enumerate(header) if name in _FIELDS}
    if not {"x", "y"} <= set(fields.values()):
        raise ImportingError(
            f"No coordinates in {path}", f"Columns found: {', '.join(header)}.", f"Expected x, y. {HELP}"
        )
    _require_own_column(path, header, {column: (field, 0) for column, field in fields.items()})
    by_name: set[str] = set()
    numbers = _numbers(path, _numbered(reader, which, by_name), len(header), [when, which, *fields])
    nobody = np.isnan(numbers[:, [which, *fields]]).all(axis=1)
    numbers[nobody, which] = 0  # any landmark, as there is none
    point = _points(path, numbers[:, which])
    if not by_name:
        _require_pose(path, set(point.tolist()))
    times, frame = np.unique(numbers[:, when], return_inverse=True)
    _require_each_once(path, frame, point)
    keys: dict[int, Key] = {}
    columns: list[Float] = []
    for column, field in fields.items():
        table = np.full((len(times), POSE_COUNT), np.nan)
        table[frame, point] = numbers[:, column]
        keys |= {len(columns) * POSE_COUNT + k: (field, k) for k in range(POSE_COUNT)}
        columns.append(table)
    raw = _filled(len(times), keys, np.concatenate(columns, axis=1))
    return replace(_timed(raw, times * scale, seconds=header[when] in _TIMES), format="mediapipe-csv-long")


def _numbered(reader: Iterator[list[str]], which: int, by_name: set[str]) -> Iterator[list[str]]:
    """Rows with the landmark's name replaced by its number; the names found are added to `by_name`."""
    places = {name: str(number) for number, name in enumerate(POSE_NAMES)}
    for row in reader:
        if which < len(row):
            name = row[which].strip().lower()
            if name in places:
                by_name.add(name)
                row[which] = places[name]
        yield row


def _points(path: Path, values: Float) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
    wrong = ~np.isin(values, np.arange(POSE_COUNT))
    if wrong.any():
        found = ", ".join(f"{v:g}" for v in np.unique(values[wrong])[:10])
        raise ImportingError(
            f"Landmarks that MediaPipe's pose does not have: {path}", f"Found: {found}.", "Expected 0 to 32."
        )
    return values.astype(np.intp)


def _require_each_once(
    path: Path,
    frame: np.ndarray[tuple[int], np.dtype[np.intp]],
    point: np.ndarray[tuple[int], np.dtype[np.intp]],
) -> None:
    places = frame.ravel() * POSE_COUNT + point
    if len(np.unique(places)) < len(places):
        raise ImportingError(
            f"A landmark stands twice in one frame: {path}", "", "One person can be imported; give one only."
        )


def _time_column(path: Path, header: list[str]) -> tuple[int, float]:
    for name in (*_TIMES, *_FRAMES):
        if name in header:
            return header.index(name), _TIMES.get(name, 1.0)
    raise ImportingError(
        f"No column of time in {path}",
        f"Expected one of {', '.join((*_TIMES, *_FRAMES))}.",
        f"Add one; frames are numbered from 0. {HELP}",
    )


def _numbers(path: Path, reader: Iterator[list[str]], width: int, wanted: list[int]) -> Float:
    """(N, width) the wanted columns as numbers, NaN where a cell is empty; the others are 0."""
    parts: list[Float] = []
    faults: list[str] = []
    rows: list[list[str]] = []
    line = 1
    for row in reader:
        line += 1
        if not row:
            continue
        if len(row) != width:
            faults.append(f"line {line}: {len(row)} cells, the header has {width}")
            continue
        rows.append([row[column].strip() or "nan" for column in wanted])
        if len(rows) == _ROWS_AT_A_TIME:
            parts.append(_converted(rows, line, faults))
            rows = []
        if len(faults) > 1000 or len(parts) * _ROWS_AT_A_TIME > MOST_FRAMES * POSE_COUNT:
            break
    parts.append(_converted(rows, line, faults) if rows else np.empty((0, len(wanted))))
    if faults:
        raise ImportingError(f"Faulty rows in {path}", listed(faults), HELP)
    numbers = np.concatenate(parts)
    out = np.zeros((len(numbers), width))
    out[:, wanted] = numbers
    return out


def _converted(rows: list[list[str]], last_line: int, faults: list[str]) -> Float:
    try:
        return np.array(rows, np.float64)
    except ValueError:
        pass
    for offset, row in enumerate(rows):
        for cell in row:
            try:
                float(cell)
            except ValueError:
                near = last_line - len(rows) + 1 + offset
                faults.append(f"about line {near}: {cell[:40]!r} is no number")
                break
    return np.empty((0, len(rows[0])))


def _filled(n: int, keys: Mapping[int, Key], numbers: Float) -> Raw:
    raw = Raw.empty(n, "mediapipe-csv-wide")
    places = {"x": raw.xy[:, :, 0], "y": raw.xy[:, :, 1], "z": raw.z}
    places |= {"visibility": raw.visibility, "presence": raw.presence}
    places |= {f"world_{axis}": raw.world_m[:, :, k] for k, axis in enumerate("xyz")}
    for column, (field, point) in keys.items():
        places[field][:, point] = numbers[:, column]
    return raw


def _timed(raw: Raw, times: Float, *, seconds: bool) -> Raw:
    return replace(raw, t_s=times) if seconds else replace(raw, frame=times)
