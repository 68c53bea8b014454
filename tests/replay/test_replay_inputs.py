"""From what a user names to recordings: folders, patterns, manifests; every fault of a manifest at once."""

from __future__ import annotations

import os
import unicodedata
from pathlib import Path

import pytest

from cli_runner import Cli
from posture_cv.errors import InputError
from posture_cv.replay.inputs import find_items
from posture_cv.replay.items import Item, named
from posture_cv.replay.manifest import ManifestError, parse_time_s, read_manifest

PROFILE = Path(__file__).resolve().parents[2] / "samples" / "desk-front.profile.json"


def touch(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"x")


def files(items: list[Item], folder: Path) -> list[str]:
    return [str(Path(item.file).relative_to(folder)) for item in items]


def test_a_folder_means_the_recordings_below_it_and_not_its_own_results(tmp_path: Path) -> None:
    touch(
        tmp_path, "b.mp4", "a.MOV", "deep/er/c.landmarks", "notes.txt", ".hidden.mp4", "out/a/annotated.mp4"
    )
    items = find_items([str(tmp_path)], tmp_path / "out")
    assert files(items, tmp_path) == ["a.MOV", "b.mp4", "deep/er/c.landmarks"]
    assert [item.name for item in items] == ["a", "b", "c"]


def test_a_folder_of_pictures_is_one_recording(tmp_path: Path) -> None:
    touch(tmp_path, "shots/1.png", "shots/2.png")
    assert files(find_items([str(tmp_path / "shots")], tmp_path), tmp_path) == ["shots"]


def test_patterns_and_files_named_twice_are_taken_once(tmp_path: Path) -> None:
    touch(tmp_path, "day1/a.mp4", "day2/b.mp4", "day2/c.avi")
    paths = [str(tmp_path / "day*" / "*.mp4"), str(tmp_path / "day2")]
    assert files(find_items(paths, tmp_path / "out"), tmp_path) == ["day1/a.mp4", "day2/b.mp4", "day2/c.avi"]


def test_all_that_is_not_there_is_said_at_once(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError) as told:
        find_items([str(tmp_path / n) for n in ("no.mp4", "no*.mp4", "empty")], tmp_path / "out")
    assert [line.rpartition(": ")[2] for line in told.value.detail.splitlines()] == [
        "not found",
        "no file matches",
        "a folder without videos, landmark recordings or pictures other than results of replay",
    ]


def test_an_empty_path_is_not_the_folder_one_is_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As of a shell's variable that is not set: everything below would be replayed."""
    touch(tmp_path, "a.mp4")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError) as told:
        find_items([""], tmp_path / "out")
    assert "a path is empty" in told.value.detail
    assert files(find_items(["."], tmp_path / "out"), Path()) == ["a.mp4"]


def test_names_that_a_file_system_takes_for_one_never_collide() -> None:
    """U+212B and U+00C5, and two forms of a Chinese character: one name on a Mac."""
    for one, other in (("\u212bsa", "\u00c5sa"), ("\uf900", "\u8c48")):
        names = [item.name for item in named([Item(f"a/{one}.mp4"), Item(f"b/{other}.mp4")])]
        assert len({unicodedata.normalize("NFC", name).casefold() for name in names}) == 2


def test_names_never_collide_and_do_not_depend_on_the_order() -> None:
    given = [
        Item("day1/desk.mp4"),
        Item("day2/desk.mp4"),
        Item("day2/Desk.mp4"),
        Item("day2/desk.avi"),
        Item("x/lunch break?.mp4"),
        Item("x/con.mp4"),
        Item("x/a.mp4", participant="P 1", condition="sit/stand", start_s=60.0),
        Item("x/a.mp4", participant="P 1", condition="sit/stand", end_s=60.0),
    ]
    names = {item.identity: item.name for item in named(given)}
    assert len({name.casefold() for name in names.values()}) == len(given)
    assert names == {item.identity: item.name for item in named(reversed(given))}
    assert all(set(name) <= set("abcdefghijklmnopqrstuvwxyzDPLSC0123456789_.-") for name in names.values())
    assert [names[given[k].identity] for k in (0, 3, 4, 6)] == [
        "day1_desk.mp4",
        "desk.avi",
        "lunch_break",
        "P_1_sit_stand_a_60s-end",
    ]


GOOD = """\
file;participant;condition;profile;calibrate;start;end
# a comment
videos/a.mp4;P1;sitting;;0:8;;10:00
videos/a.mp4;P1;standing;{profile};;10:00;0:20:30.5

"videos/b.mp4"
"""


def test_a_manifest(tmp_path: Path) -> None:
    touch(tmp_path, "videos/a.mp4", "videos/b.mp4")
    (tmp_path / "list.csv").write_text("\ufeff" + GOOD.format(profile=PROFILE), encoding="utf-8")
    first, second, third = read_manifest(tmp_path / "list.csv")
    assert (first.participant, first.condition, first.calibrate_s) == ("P1", "sitting", (0.0, 8.0))
    assert (first.start_s, first.end_s, second.start_s, second.end_s) == (0.0, 600.0, 600.0, 1230.5)
    assert second.profile == str(PROFILE)
    assert third == Item(str(tmp_path / "videos" / "b.mp4"))


FAULTY = """\
file,participant,calibrate,start,end,profile
a.mp4,P1,0:8,,60,
missing.mp4,P2,8:2,,,
a.mp4,P1,0:8,,60,
a.mp4,P1,0:8,30,,
b.mp4,P1,,soon,1:99,
b.mp4,P1,0:5,50,10,nobody-of-that-name
b.mp4,P1,0:5,,,,,
,P3,,,,
"""


def test_all_faults_of_a_manifest_are_said_at_once_with_their_lines(tmp_path: Path) -> None:
    touch(tmp_path, "a.mp4", "b.mp4")
    (tmp_path / "list.csv").write_text(FAULTY)
    with pytest.raises(ManifestError, match="11 faults") as told:
        read_manifest(tmp_path / "list.csv")
    said = told.value.detail.splitlines()
    expected = [
        ("line 3", "no file missing.mp4"),
        ("line 3", "the end must come after the start"),
        ("line 4", "the same recording as line 2"),
        ("line 5", "overlaps that of line 2"),
        ("line 6", "start: 'soon' is no time"),
        ("line 6", "end: '1:99' is no time"),
        ("line 7", "both a profile and a calibration interval"),
        ("line 7", "nobody-of-that-name"),
        ("line 7", "the end (10 s) must come after the start (50 s)"),
        ("line 8", "8 fields for 6 columns"),
        ("line 9", "no file is named"),
    ]
    for line, text in expected:
        assert any(one.startswith(line) and text in one for one in said), (line, text, said)


def test_a_header_with_unknown_missing_and_double_columns(tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text("path,particpant,start,start\na.mp4,P1,,\n")
    with pytest.raises(ManifestError) as told:
        read_manifest(tmp_path / "list.csv")
    for text in ("unknown column 'path'", "did you mean 'participant'", "'start' twice", "'file' is missing"):
        assert text in told.value.detail


@pytest.mark.parametrize(
    "content", [b"", b"file\n", b"file\n\n#x\n", b"\xff\xfe\x00", b"file,condition\n" + b"x" * 200_000]
)
def test_a_manifest_without_recordings(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_bytes(content)
    with pytest.raises(ManifestError, match=r"list\.csv"):
        read_manifest(tmp_path / "list.csv")


def test_a_quotation_mark_that_is_not_closed_swallows_no_recording(tmp_path: Path) -> None:
    touch(tmp_path, "a.mp4", "b.mp4", "c.mp4")
    table = tmp_path / "m.csv"
    table.write_text('file,participant\na.mp4,"p1\nb.mp4,p2\nc.mp4,p3\n')
    with pytest.raises(ManifestError, match=r"m\.csv"):
        read_manifest(table)
    table.write_text('file,participant\na.mp4,"p ""1"", left"\nb.mp4,5" screen\n')
    assert [item.participant for item in read_manifest(table)] == ['p "1", left', '5" screen']


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90", 90), ("1:30", 90), ("1:02:03.5", 3723.5), ("0:05", 5), ("61:00", 3660), ("1:00,5", 60.5)],
)
def test_times(text: str, seconds: float) -> None:
    assert parse_time_s(text) == seconds


def test_a_manifest_of_a_spreadsheet_that_writes_a_comma_in_numbers(tmp_path: Path) -> None:
    touch(tmp_path, "a.mp4")
    table = tmp_path / "m.csv"
    table.write_text("file;calibrate;start;end\na.mp4;0,5:8,25;2,5;1:02:03,5\n")
    (item,) = read_manifest(table)
    assert (item.calibrate_s, item.start_s, item.end_s) == ((0.5, 8.25), 2.5, 3723.5)


@pytest.mark.parametrize(
    "text", ["", "x", "1,2,3", "-5", "1:60", "1:75:00", "nan", "1e3", "1:2:3:4", "9" * 400]
)
def test_no_times(text: str) -> None:
    with pytest.raises(ValueError, match="no time"):
        parse_time_s(text)


def test_what_earlier_runs_made_is_no_recording(tmp_path: Path) -> None:
    """A folder with somebody else's summary, and what else lies in a result folder, are looked at."""
    own = ("annotated.mp4", "landmarks.landmarks")
    touch(
        tmp_path, "a.mp4", *(f"{folder}/{name}" for folder in ("res", "theirs") for name in own), "res/b.mp4"
    )
    (tmp_path / "res" / "summary.json").write_text('{"baseline": {}}')
    (tmp_path / "theirs" / "summary.json").write_text('{"title": "mine"}')
    found = files(find_items([str(tmp_path)], tmp_path / "out"), tmp_path)
    assert found == ["a.mp4", "res/b.mp4", "theirs/annotated.mp4", "theirs/landmarks.landmarks"]


def test_two_manifests_that_contradict_each_other(tmp_path: Path) -> None:
    touch(tmp_path, "a.mp4", "b.mp4")
    one, other = tmp_path / "one.csv", tmp_path / "other.csv"
    one.write_text("file,participant\na.mp4,P1\nb.mp4,P1\n")
    other.write_text("file,participant\na.mp4,P2\nb.mp4,P1\n")
    with pytest.raises(InputError) as told:
        find_items([str(one), str(other)], tmp_path / "out")
    assert [str(path) in told.value.detail for path in (tmp_path / "a.mp4", tmp_path / "b.mp4")] == [
        True,
        False,
    ]


def test_a_manifest_is_heard_on_what_a_folder_holds(tmp_path: Path) -> None:
    touch(tmp_path, "a.mp4")
    (tmp_path / "m.csv").write_text("file,participant\na.mp4,P1\n")
    for paths in ([tmp_path, tmp_path / "m.csv"], [tmp_path / "m.csv", tmp_path]):
        (item,) = find_items([str(path) for path in paths], tmp_path / "out")
        assert item.participant == "P1"
    (tmp_path / "m.csv").write_text("file,start,end\na.mp4,0,5\na.mp4,5,9\n")
    found = find_items([str(tmp_path), str(tmp_path / "m.csv")], tmp_path / "out")
    assert [(item.start_s, item.end_s) for item in found] == [(0.0, 5.0), (5.0, 9.0)], "nothing counts twice"


def test_a_manifest_from_a_spreadsheet_may_have_columns_without_a_name(tmp_path: Path) -> None:
    touch(tmp_path, "a.mp4")
    path = tmp_path / "list.csv"
    path.write_text("file,participant,,\na.mp4,P1,,\n,,,\n")
    assert [item.participant for item in read_manifest(path)] == ["P1"]
    path.write_text("file,participant,,\na.mp4,P1,,sitting\n")
    with pytest.raises(ManifestError, match="column without a name"):
        read_manifest(path)


@pytest.mark.parametrize("above", ["# of the spring; first, round\n", "\n", "#\n\n"])
def test_what_stands_above_the_header_of_a_manifest_is_no_header(above: str, tmp_path: Path) -> None:
    touch(tmp_path, "a.mp4")
    path = tmp_path / "list.csv"
    path.write_text(f"{above}file,participant\na.mp4,P1\n")
    assert [item.participant for item in read_manifest(path)] == ["P1"]
    path.write_text(f"{above}path,participant\na.mp4,P1\n")
    with pytest.raises(ManifestError) as told:
        read_manifest(path)
    assert f"line {1 + above.count(chr(10))}: the column 'file' is missing" in told.value.detail


def test_a_file_called_like_a_comment_is_none(tmp_path: Path) -> None:
    touch(tmp_path, "#1.mp4", "2.mp4")
    (tmp_path / "list.csv").write_text("file,participant\n# mine\n#1.mp4,P1\n#2.mp4,P1\n2.mp4,P1\n")
    assert files(read_manifest(tmp_path / "list.csv"), tmp_path) == ["#1.mp4", "2.mp4"]


def test_lines_without_a_baseline_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POSTURE_CV_HOME", str(tmp_path / "home"))
    touch(tmp_path, "a.mp4", "b.mp4")
    (tmp_path / "list.csv").write_text("file,calibrate\na.mp4,0:8\nb.mp4,\n")
    done = Cli().fails(
        "replay", str(tmp_path / "list.csv"), "--out", str(tmp_path / "o"), said="list.csv, line 3"
    )
    assert "line 2" not in done.stderr


def test_folders_behind_links_are_looked_into_once(tmp_path: Path) -> None:
    touch(tmp_path, "far/b.mp4", "day/a.mp4", "day/out/c.mp4")
    for link, target in {
        "day/disk": "far",
        "day/again": "far",
        "far/back": "day",
        "day/o": "day/out",
    }.items():
        (tmp_path / link).symlink_to(tmp_path / target)
    found = find_items([str(tmp_path / "day")], tmp_path / "day" / "out")
    assert [Path(item.file).name for item in found] == ["a.mp4", "b.mp4"]


@pytest.mark.skipif(os.name != "posix", reason="paths that are too long, for root too")
def test_a_folder_that_cannot_be_looked_into_is_not_missed_in_silence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    touch(tmp_path, "week/z/a.mp4")
    monkeypatch.chdir(tmp_path / "week")
    for _ in range(20):  # 20 x 250 characters are more than a path may have
        Path("d" * 250).mkdir()
        monkeypatch.chdir("d" * 250)
    monkeypatch.chdir(tmp_path)
    shut, seen = find_items([str(tmp_path / "week")], tmp_path / "out")
    assert Path(seen.file).name == "a.mp4"
    assert len(shut.file) > 4000
    done = Cli().fails(
        "replay",
        str(tmp_path / "week"),
        "--calibrate",
        "0:8",
        "--out",
        str(tmp_path / "out"),
        said="name too long",
    )
    assert "2 failed" in done.stdout


def test_a_long_name_that_is_cut_does_not_begin_like_a_hidden_one() -> None:
    for sign in ".-_":
        (item,) = named([Item("x" * 40 + sign + "y" * 79 + ".mp4")])
        assert item.name == "y" * 79


@pytest.mark.skipif(os.name != "posix", reason="links of POSIX")
@pytest.mark.parametrize("command", ["replay", "record", "evaluate --page"])
def test_a_link_that_leads_to_itself_is_said(command: str, tmp_path: Path) -> None:
    loop = tmp_path / "loop.mp4"
    loop.symlink_to(loop)
    arguments = {
        "replay": ["replay", str(loop), "--calibrate", "0:8", "--out", str(tmp_path / "out")],
        "record": ["record", str(tmp_path / "none.mp4"), "--out", str(loop)],
        "evaluate --page": ["evaluate", str(tmp_path / "none"), "--page", str(loop)],
    }
    Cli().fails(*arguments[command], said="")
    assert loop.is_symlink()
