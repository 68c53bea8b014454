"""A ground truth that cannot be used is refused, naming file, line and column."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from posture_cv.errors import PostureError
from posture_cv.evaluate.errors import EvaluationError
from posture_cv.evaluate.truth import REQUIRED_COLUMNS, read_truth, split_frame

Make = Callable[..., dict[str, Any]]
Write = Callable[[Path, list[dict[str, Any]]], None]


def test_rows_are_read_with_their_truth(tmp_path: Path, one_truth_row: Make, write_rows: Write) -> None:
    write_rows(
        tmp_path, [one_truth_row("a.jpg", "calibration", cva_deg=51.5), one_truth_row("b.jpg", "shrug")]
    )
    truth = read_truth(tmp_path)
    assert truth.file.tolist() == ["a.jpg", "b.jpg"]
    assert truth.values["cva_deg"].tolist() == [51.5, 52.0]
    assert truth.person_present.all()
    assert np.isnan(truth.t_s).all()


def test_a_folder_of_data_sets_is_read_as_one(tmp_path: Path, one_truth_row: Make, write_rows: Write) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        write_rows(tmp_path / name, [one_truth_row("a.jpg", "calibration"), one_truth_row("b.jpg", "shrug")])
    truth = read_truth(tmp_path)
    assert [folder.name for folder in truth.folder] == ["one", "one", "two", "two"]
    assert [rows.tolist() for rows in truth.rows_by_clip()] == [[0, 1], [2, 3]]


@pytest.mark.parametrize("column", REQUIRED_COLUMNS)
def test_every_needed_column_is_missed_by_name(
    tmp_path: Path, one_truth_row: Make, write_rows: Write, column: str
) -> None:
    row = one_truth_row("a.jpg", "shrug")
    del row[column]
    write_rows(tmp_path, [row])
    with pytest.raises(EvaluationError, match=f"Missing columns.*{column}"):
        read_truth(tmp_path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"cva_deg": ""}, "line 2: cva_deg is not known although a person is present"),
        ({"cva_deg": "nan"}, "line 2: cva_deg is not known"),
        ({"trunk_incl_deg": "inf"}, "expected a finite number"),
        ({"trunk_incl_deg": "upright"}, "line 2: trunk_incl_deg is 'upright', expected a number"),
        ({"view": "above"}, "unknown view 'above'"),
        ({"posture_class": "Bad"}, "line 2: unknown posture_class 'Bad'"),
        ({"subject": " "}, "subject is empty"),
        ({"person_present": "yes"}, "person_present is 'yes'"),
        ({"file": "../secret.jpg"}, "leads out of the data set"),
        ({"file": "/etc/passwd"}, "leads out of the data set"),
        ({"file": " ../secret.jpg"}, "leads out of the data set"),
        ({"t_s": "soon"}, "t_s is 'soon'"),
    ],
)
def test_wrong_values_are_named(
    tmp_path: Path, one_truth_row: Make, write_rows: Write, change: dict[str, str], message: str
) -> None:
    write_rows(tmp_path, [one_truth_row("a.jpg", "shrug", **change)])
    with pytest.raises(EvaluationError, match=message):
        read_truth(tmp_path)


def test_angles_may_be_empty_where_nobody_is(tmp_path: Path, one_truth_row: Make, write_rows: Write) -> None:
    write_rows(tmp_path, [one_truth_row("a.jpg", "absent", person_present=0, cva_deg="")])
    assert np.isnan(read_truth(tmp_path).values["cva_deg"][0])


def test_a_picture_named_twice_is_refused(tmp_path: Path, one_truth_row: Make, write_rows: Write) -> None:
    write_rows(tmp_path, [one_truth_row("a.jpg", "shrug"), one_truth_row("a.jpg", "upright")])
    with pytest.raises(EvaluationError, match=r"a\.jpg is named twice"):
        read_truth(tmp_path)
    write_rows(tmp_path, [one_truth_row("a.jpg", "shrug"), one_truth_row("a.jpg ", "upright")])
    with pytest.raises(EvaluationError, match=r"a\.jpg is named twice"):
        read_truth(tmp_path)


def test_a_column_that_stands_twice_is_refused(
    tmp_path: Path, one_truth_row: Make, write_rows: Write
) -> None:
    write_rows(tmp_path, [one_truth_row("a.jpg", "shrug")])
    file = tmp_path / "ground_truth.csv"
    header, row = file.read_text().splitlines()
    file.write_text(f"{header},note,note\n{row},x,y\n")
    assert len(read_truth(tmp_path)) == 1
    file.write_text(f"{header},cva_deg\n{row},99\n")
    with pytest.raises(EvaluationError, match=r"stand twice in .*: cva_deg"):
        read_truth(tmp_path)


def test_an_empty_line_does_not_shift_the_numbers_of_the_others(
    tmp_path: Path, one_truth_row: Make, write_rows: Write
) -> None:
    write_rows(tmp_path, [one_truth_row("a.jpg", "shrug"), one_truth_row("b.jpg", "shrug", cva_deg="much")])
    file = tmp_path / "ground_truth.csv"
    header, first, second = file.read_text().splitlines()
    file.write_text(f"{header}\n\n{first}\n{second}")
    with pytest.raises(EvaluationError, match="line 4: cva_deg is 'much'"):
        read_truth(tmp_path)


@pytest.mark.parametrize(("mark", "name"), [(";", "semicolons"), ("\t", "tabs")])
def test_a_table_with_other_separators_is_told_so(
    tmp_path: Path, one_truth_row: Make, write_rows: Write, mark: str, name: str
) -> None:
    write_rows(tmp_path, [one_truth_row("a.jpg", "shrug")])
    file = tmp_path / "ground_truth.csv"
    file.write_text(file.read_text().replace(",", mark))
    with pytest.raises(EvaluationError, match=f"separated by {name}; commas are needed"):
        read_truth(tmp_path)


def test_an_absolute_path_is_told_where_paths_begin(
    tmp_path: Path, one_truth_row: Make, write_rows: Write
) -> None:
    write_rows(tmp_path, [one_truth_row(str(tmp_path / "a.jpg"), "shrug")])
    with pytest.raises(EvaluationError, match="absolute paths are not followed"):
        read_truth(tmp_path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "Missing columns"),
        (",".join(REQUIRED_COLUMNS).encode() + b"\n", "No rows"),
        (",".join(REQUIRED_COLUMNS).encode() + b"\na,b\n", "line 2: expected 14 values"),
        (b"\xff\xfe\x00\x01", "Cannot read"),
    ],
)
def test_empty_cut_or_foreign_files_are_refused(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "ground_truth.csv").write_bytes(content)
    with pytest.raises(EvaluationError, match=message):
        read_truth(tmp_path)


def test_a_folder_without_ground_truth_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EvaluationError, match="No ground_truth"):
        read_truth(tmp_path)
    with pytest.raises(EvaluationError, match="No such folder"):
        read_truth(tmp_path / "nowhere")
    (tmp_path / "file").touch()
    with pytest.raises(EvaluationError, match="Not a folder"):
        read_truth(tmp_path / "file")


def test_the_error_is_one_the_program_prints_with_exit_code_2() -> None:
    assert issubclass(EvaluationError, PostureError)
    assert EvaluationError("x").exit_code == 2


def test_frames_of_videos_are_told_from_pictures() -> None:
    assert split_frame("desk.mp4#80") == ("desk.mp4", 80)
    assert split_frame("a/b#c.jpg") == ("a/b#c.jpg", None)


def test_a_name_that_would_steer_the_terminal_is_refused(
    tmp_path: Path, one_truth_row: Make, write_rows: Write
) -> None:
    write_rows(tmp_path, [one_truth_row("a.jpg", "shrug", subject="s\x1b[31m")])
    with pytest.raises(EvaluationError, match="line 2: subject holds a control character"):
        read_truth(tmp_path)
