"""`ground_truth.csv`: what is known of every picture, checked once when it is read."""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

import numpy as np
from numpy.typing import NDArray

from posture_cv.coefficients.people import COLUMNS
from posture_cv.evaluate.errors import EvaluationError
from posture_cv.measure.types import Float, View
from posture_cv.output.text import one_line
from posture_cv.truth_classes import CLASSES

FILE_NAME: Final = "ground_truth.csv"
CALIBRATION: Final = "calibration"
UPRIGHT: Final = "upright"
_MOST_BYTES: Final = 200_000_000
"""Some million rows; ours."""
TEXT_COLUMNS: Final = ("file", "subject", "camera", "view", "segment")
TRUTH_COLUMNS: Final = COLUMNS
REQUIRED_COLUMNS: Final = (*TEXT_COLUMNS, "person_present", *TRUTH_COLUMNS)
VIEWS: Final = {view.label: view for view in (View.FRONT, View.SIDE, View.OBLIQUE)}
POSTURE_CLASS: Final = "posture_class"
_READ_COLUMNS: Final = (*REQUIRED_COLUMNS, POSTURE_CLASS, "t_s", "phase")
_COLUMNS_HELP = (
    "The columns are explained in the README of the ground truth and in docs/evaluation-schema.md."
)

_SEPARATORS: Final = {";": "semicolons", "\t": "tabs"}

Text = NDArray[np.str_]


@dataclass(frozen=True, slots=True, eq=False)
class Truth:
    """The rows of one or more `ground_truth.csv` (N rows, in the order of the files).

    Attributes:
        folder: (N,) folder in which the row's `file` is looked up.
        file: (N,) as written, for example "p1_f1/015_fhp_mild.jpg" or "desk-front.mp4#80".
        subject, camera, view, segment: (N,) text.
        posture_class: (N,) text, "" where the file has no such column.
        phase: (N,) text ("hold", "move"), "" where the file has no such column.
        person_present: (N,) whether somebody is in the picture.
        t_s: (N,) seconds since the start of the row's clip; NaN where the file has no such column.
        values: truth column name -> (N,) float64; NaN where nobody is present.
    """

    folder: tuple[Path, ...]
    file: Text
    subject: Text
    camera: Text
    view: Text
    segment: Text
    posture_class: Text
    phase: Text
    person_present: NDArray[np.bool_]
    t_s: Float
    values: Mapping[str, Float]

    def __len__(self) -> int:
        return len(self.file)

    def rows_by_clip(self) -> list[NDArray[np.intp]]:
        """The rows of each clip (one subject before one camera, in one folder), in the order of the files."""
        clips: dict[tuple[Path, str, str], list[int]] = {}
        for row, key in enumerate(zip(self.folder, self.subject, self.camera, strict=True)):
            clips.setdefault((key[0], str(key[1]), str(key[2])), []).append(row)
        return [np.array(rows, np.intp) for rows in clips.values()]


def split_frame(name: str) -> tuple[str, int | None]:
    """("desk.mp4", 80) of "desk.mp4#80"; (name, None) of a picture."""
    match = re.fullmatch(r"(.+)#([0-9]+)", name)
    return (match[1], int(match[2])) if match else (name, None)


def read_truth(folder: Path) -> Truth:
    """Read the ground truth of a data set: a folder with `ground_truth.csv`, or a folder of such folders.

    Raises:
        EvaluationError: no such file, columns that are missing or stand twice, no rows, a value that is no number,
            an empty value although a person is present, an unknown view or posture class, a picture named twice.
    """
    files = _truth_files(folder)
    rows: list[tuple[Path, dict[str, str]]] = []
    for file in files:
        rows += [(file.parent, row) for row in _read_rows(file)]
    return _as_truth(rows)


def _truth_files(folder: Path) -> list[Path]:
    if not folder.exists():
        raise EvaluationError(f"No such folder: {folder}", "", "Give a folder that holds a ground_truth.csv.")
    if not folder.is_dir():
        raise EvaluationError(
            f"Not a folder: {folder}", "", f"Give the folder that holds the pictures and {FILE_NAME}."
        )
    if (folder / FILE_NAME).is_file():
        return [folder / FILE_NAME]
    files = sorted(folder.glob(f"*/{FILE_NAME}"))
    if not files:
        raise EvaluationError(
            f"No {FILE_NAME} in {folder}", "Neither there nor in the folders inside it.", _COLUMNS_HELP
        )
    return files


def _read_rows(file: Path) -> list[dict[str, str]]:
    try:
        if (size := file.stat().st_size) > _MOST_BYTES:
            raise EvaluationError(
                f"Cannot read {file}", f"It has {size:,} bytes; at most {_MOST_BYTES:,} are read.", ""
            )
        with file.open(newline="", encoding="utf-8-sig") as stream:
            reader = csv.DictReader(stream, strict=True)
            header = list(reader.fieldnames or ())
            rows = [(reader.line_num, row) for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise EvaluationError(f"Cannot read {file}", str(error), "It must be a CSV file in UTF-8.") from error
    _check_header(file, header)
    if not rows:
        raise EvaluationError(f"No rows in {file}", "It has a header and nothing else.", "")
    for number, row in rows:
        if None in row or None in row.values():
            raise EvaluationError(
                f"{file}, line {number}: expected {len(header)} values",
                "The line is shorter or longer than the header.",
                "",
            )
        _check_row(file, number, row)
    return [row for _, row in rows]


def _check_header(file: Path, header: Sequence[str]) -> None:
    missing = [name for name in REQUIRED_COLUMNS if name not in header]
    if missing:
        raise EvaluationError(
            f"Missing columns in {file}: {', '.join(missing)}", _other_separator(header), _COLUMNS_HELP
        )
    twice = [name for name in _READ_COLUMNS if header.count(name) > 1]
    if twice:
        raise EvaluationError(
            f"Columns that stand twice in {file}: {', '.join(twice)}",
            "Which of them holds the truth cannot be told.",
            "Rename or remove one; columns of other names are ignored.",
        )


def _other_separator(header: Sequence[str]) -> str:
    """What a header is that is a single column because spreadsheets of many countries write no commas."""
    found = [name for mark, name in _SEPARATORS.items() if len(header) == 1 and mark in header[0]]
    return f"Its columns are separated by {found[0]}; commas are needed." if found else ""


def _check_row(file: Path, number: int, row: Mapping[str, str]) -> None:
    where = f"{file}, line {number}"
    empty = [name for name in TEXT_COLUMNS if not row[name].strip()]
    if empty:
        raise EvaluationError(f"{where}: {empty[0]} is empty")
    steering = [name for name in TEXT_COLUMNS if one_line(row[name]) != row[name]]
    if steering:
        raise EvaluationError(f"{where}: {steering[0]} holds a control character", "", "Take it out.")
    if row["view"] not in VIEWS:
        raise EvaluationError(f"{where}: unknown view {row['view']!r}", f"Views: {', '.join(VIEWS)}.")
    said = (row.get(POSTURE_CLASS) or "").strip()
    if said and said not in CLASSES:
        raise EvaluationError(
            f"{where}: unknown {POSTURE_CLASS} {said!r}",
            f"Classes: {', '.join(CLASSES)}.",
            "Leave it empty where none of them is right.",
        )
    path = PurePosixPath(row["file"].strip())  # as it will be looked up
    if path.is_absolute() or ".." in path.parts:
        raise EvaluationError(
            f"{where}: {row['file']} leads out of the data set",
            f"Files are looked up inside {file.parent}; absolute paths are not followed, wherever they lead.",
            "Give paths that begin in that folder.",
        )
    present = _present(where, row)
    _number(where, "t_s", row.get("t_s") or "")
    for name in TRUTH_COLUMNS:
        value = _number(where, name, row[name])
        if present and math.isnan(value):
            raise EvaluationError(
                f"{where}: {name} is not known although a person is present",
                "",
                "Fill it in, or set person_present to 0 to leave the picture out.",
            )


def _present(where: str, row: Mapping[str, str]) -> bool:
    if row["person_present"].strip() not in {"0", "1", "0.0", "1.0"}:
        raise EvaluationError(f"{where}: person_present is {row['person_present']!r}, expected 0 or 1")
    return float(row["person_present"]) == 1.0


def _number(where: str, name: str, text: str) -> float:
    if not text.strip():
        return math.nan
    try:
        value = float(text)
    except ValueError:
        raise EvaluationError(f"{where}: {name} is {text!r}, expected a number") from None
    if math.isinf(value):
        raise EvaluationError(f"{where}: {name} is {text!r}, expected a finite number")
    return value


def _as_truth(rows: Sequence[tuple[Path, dict[str, str]]]) -> Truth:
    places = [(folder, row["file"].strip()) for folder, row in rows]
    seen: set[tuple[Path, str]] = set()
    for folder, file in places:
        if (folder, file) in seen:
            raise EvaluationError(f"{folder / FILE_NAME}: {file} is named twice")
        seen.add((folder, file))
    only = [row for _, row in rows]
    return Truth(
        folder=tuple(folder for folder, _ in rows),
        file=_text(only, "file"),
        subject=_text(only, "subject"),
        camera=_text(only, "camera"),
        view=_text(only, "view"),
        segment=_text(only, "segment"),
        posture_class=_text(only, POSTURE_CLASS),
        phase=_text(only, "phase"),
        person_present=_column(only, "person_present") == 1.0,
        t_s=_column(only, "t_s"),
        values={name: _column(only, name) for name in TRUTH_COLUMNS},
    )


def _text(rows: Iterable[Mapping[str, str]], name: str) -> Text:
    return np.array([(row.get(name) or "").strip() for row in rows], np.str_)


def _column(rows: Iterable[Mapping[str, str]], name: str) -> Float:
    return np.array([_number("", name, row.get(name) or "") for row in rows], np.float64)
