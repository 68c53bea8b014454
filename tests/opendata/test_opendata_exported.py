"""A second export into a folder leaves one data set there, and other people's files."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from posture_cv.errors import InputError
from posture_cv.opendata.export import export
from posture_cv.opendata.exported import note_written, published
from posture_cv.opendata.folder import Result
from posture_cv.opendata.gather import gather
from posture_cv.paths import HOME_VARIABLE


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
    note_written(tmp_path / "csv", {"a.csv": "0f"})
    assert outside.read_text() == "mine"
    assert json.loads((tmp_path / ".exported.json").read_text()) == {"csv": {"a.csv": "0f"}}


def test_a_damaged_list_is_begun_anew(tmp_path: Path) -> None:
    (tmp_path / "csv").mkdir()
    (tmp_path / ".exported.json").write_text("{")
    note_written(tmp_path / "csv", {"b.csv": "1", "a.csv": "2"})
    assert json.loads((tmp_path / ".exported.json").read_text()) == {"csv": {"a.csv": "2", "b.csv": "1"}}


@pytest.mark.parametrize("listed", [["../outside.txt"], {"../outside.txt": "0f"}])
def test_a_list_with_checksums_deletes_nothing_outside_either(tmp_path: Path, listed: object) -> None:
    (tmp_path / "csv").mkdir()
    (tmp_path / "outside.txt").write_text("mine")
    (tmp_path / ".exported.json").write_text(json.dumps({"csv": listed}))
    with published(tmp_path / "csv") as made:
        (made / "a.csv").write_text("ours")
    assert (tmp_path / "outside.txt").read_text() == "mine"


def test_what_somebody_added_or_put_there_is_not_replaced(tmp_path: Path, results: Sequence[Result]) -> None:
    """A researcher fills in the authors, as the validator recommends, and exports again."""
    both, one = (gather(list(part), lambda _: None) for part in (results, results[:1]))
    export(both, ["bids"], tmp_path, "study")
    export(both, ["bids"], tmp_path, "study")  # its own files it may replace
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    about = tmp_path / "bids" / "dataset_description.json"
    about.write_text(about.read_text().replace('"Name"', '"Authors": ["A. Author"], "Name"'))
    with pytest.raises(InputError, match=r"changed since: dataset_description\.json"):
        export(one, ["bids"], tmp_path, "study")
    for path, content in before.items():
        assert path == about or path.read_bytes() == content
    assert files_below(tmp_path) == {str(path.relative_to(tmp_path)) for path in before}, (
        "nothing half is left"
    )
    (tmp_path / "csv").mkdir()
    (tmp_path / "csv" / "episodes.csv").write_text("mine")
    with pytest.raises(InputError, match=r"Not written by an export.*episodes\.csv"):
        export(one, ["csv"], tmp_path, "study")
    assert files_below(tmp_path / "csv") == {"episodes.csv"}


def test_what_killed_exports_have_left_out_of_sight_is_taken_away(tmp_path: Path) -> None:
    left = [tmp_path / name for name in (".csv.abcdefg_.part", ".csv.01234567.part")]
    others = [tmp_path / name for name in (".csv.part", ".bids.abcdefg_.part", "csv.abcdefg_.part")]
    for folder in (*left, *others):
        (folder / "measurements").mkdir(parents=True)
        (folder / "measurements" / "half.csv").write_text("1,2")
    (tmp_path / ".csv.linklink.part").symlink_to(others[0])
    with published(tmp_path / "csv") as made:
        (made / "a.csv").write_text("ours")
    assert {path for path in tmp_path.iterdir() if path.is_dir()} == {*others, tmp_path / "csv"}
    assert all((folder / "measurements" / "half.csv").exists() for folder in others)


def test_an_export_under_way_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path / "home"))
    with published(tmp_path / "csv") as made:
        with pytest.raises(InputError, match="Another run is writing"), published(tmp_path / "csv"):
            pass
        (made / "a.csv").write_text("ours")
    assert (tmp_path / "csv" / "a.csv").read_text() == "ours"
