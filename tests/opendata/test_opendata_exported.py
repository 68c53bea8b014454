"""A second export into a folder leaves one data set there, and other people's files."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from posture_cv.opendata.export import export
from posture_cv.opendata.exported import note_written
from posture_cv.opendata.folder import Result
from posture_cv.opendata.gather import gather


def files_below(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def test_a_smaller_export_takes_away_what_the_larger_one_had(
    tmp_path: Path, results: Sequence[Result]
) -> None:
    both, one = (gather(list(part), lambda _: None) for part in (results, results[:1]))
    kinds = ("csv", "bids")
    export(both, kinds, tmp_path / "used", "study")
    (tmp_path / "used" / "csv" / "notes.txt").write_text("mine")
    export(one, kinds, tmp_path / "used", "study")
    export(one, kinds, tmp_path / "new", "study")
    for kind in kinds:
        more = {"notes.txt"} if kind == "csv" else set()
        assert files_below(tmp_path / "used" / kind) == files_below(tmp_path / "new" / kind) | more
        folders = [path for path in (tmp_path / "used" / kind).rglob("*") if path.is_dir()]
        assert all(any(folder.iterdir()) for folder in folders), "no empty folder stays"


def test_nothing_outside_of_the_folder_is_deleted(tmp_path: Path) -> None:
    """Whatever the list says: it may have been written by anybody."""
    (tmp_path / "csv").mkdir()
    outside = tmp_path / "outside.txt"
    outside.write_text("mine")
    (tmp_path / ".exported.json").write_text(json.dumps({"csv": ["../outside.txt", str(outside), 7]}))
    note_written(tmp_path / "csv", ["a.csv"])
    assert outside.read_text() == "mine"
    assert json.loads((tmp_path / ".exported.json").read_text()) == {"csv": ["a.csv"]}


def test_a_damaged_list_is_begun_anew(tmp_path: Path) -> None:
    (tmp_path / "csv").mkdir()
    (tmp_path / ".exported.json").write_text("{")
    note_written(tmp_path / "csv", ["b.csv", "a.csv"])
    assert json.loads((tmp_path / ".exported.json").read_text()) == {"csv": ["a.csv", "b.csv"]}
