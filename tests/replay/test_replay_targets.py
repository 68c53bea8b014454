"""A run takes the place of what a run has made, and of nothing else that bears the same name."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from batch_material import SAMPLES, recordings
from cli_runner import Cli
from posture_cv.atomic import OutputError
from posture_cv.errors import InputError
from posture_cv.landmarks.recording import RecordingInfo
from posture_cv.landmarks.recording_writer import RecordingWriter
from posture_cv.landmarks.types import Landmarks
from posture_cv.replay.judge import judge
from posture_cv.replay.parts import PartDone, record_part
from posture_cv.replay.plan import Plan, look_of, plan
from posture_cv.replay.scan import scan
from posture_cv.replay.targets import check_results
from posture_cv.replay.video import Image, _encode
from posture_cv.replay.workplace import begin, clear, join_parts, note_part

SIDE = SAMPLES / "desk-side.landmarks"
NAMES = ("measurements.csv", "alerts.jsonl", "provenance.json", "summary.json")


def replayed(*more: str | Path, code: int = 0) -> str:
    done = Cli().here("replay", *map(str, more), "--calibrate", "0:5")
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done.stderr


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("text", ['{"mine": 1}\n', "[" * 100_000])
def test_a_file_of_the_users_is_no_result(name: str, text: str, tmp_path: Path) -> None:
    mine = tmp_path / name
    mine.write_text(text)
    said = replayed(SIDE, "--out", tmp_path, code=2)
    assert str(mine) in said
    assert "would be lost" in said
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert mine.read_text() == text


@pytest.mark.parametrize("text", ["file\nside.landmarks\n", "my,table\n"])
def test_the_table_of_all_takes_no_other_ones_place(text: str, tmp_path: Path) -> None:
    """Neither a table of the user's nor the very manifest that is read."""
    shutil.copy(SIDE, tmp_path / "side.landmarks")
    table = tmp_path / "recordings.csv"
    table.write_text(text)
    given = table if text.startswith("file") else tmp_path / "side.landmarks"
    said = replayed(
        given, tmp_path / "side.landmarks", SAMPLES / "desk-front.landmarks", "--out", tmp_path, code=2
    )
    assert str(table) in said
    assert table.read_text() == text


@pytest.mark.parametrize("left", [NAMES, NAMES[:3], NAMES[:1]])
def test_what_a_run_has_left_is_replaced_whether_it_was_whole_or_not(
    left: tuple[str, ...], tmp_path: Path
) -> None:
    replayed(SIDE, "--alert-after", "5", "--out", tmp_path)
    for name in set(NAMES) - set(left):
        (tmp_path / name).unlink()
    replayed(SIDE, "--alert-after", "6", "--out", tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == set(NAMES)


def test_what_was_put_in_the_place_of_a_result_stays(tmp_path: Path) -> None:
    """The summary names the file still, but it is not what that run has written."""
    replayed(SIDE, "--out", tmp_path)
    mine = tmp_path / "measurements.csv"
    mine.write_text("my own table\n")
    said = replayed(SIDE, "--alert-after", "6", "--out", tmp_path, code=2)
    assert "would be lost" in said
    assert mine.read_text() == "my own table\n"


def test_a_recording_that_is_judged_from_among_the_parts_stays(tmp_path: Path) -> None:
    """As somebody saves what a killed run has left; other parts are still that run's."""
    parts = tmp_path / ".parts"
    parts.mkdir()
    for name in ("00000.landmarks", "00001.landmarks"):
        shutil.copy(SIDE, parts / name)
    replayed(parts / "00000.landmarks", "--out", tmp_path)
    assert {path.name for path in parts.iterdir()} == {"00000.landmarks", "00001.landmarks"}


def test_an_annotated_video_is_known_by_its_mark(tmp_path: Path) -> None:
    video = tmp_path / "annotated.mp4"
    shutil.copy(SAMPLES / "desk-side.mp4", video)
    check_results(tmp_path, video=False)
    with pytest.raises(InputError, match=r"annotated\.mp4"):
        check_results(tmp_path, video=True)
    _encode(video, pictures(0.0, 1.0))
    check_results(tmp_path, video=True)


def pictures(*times_s: float) -> Iterator[tuple[float, Image]]:
    return ((t_s, np.zeros((48, 64, 3), np.uint8)) for t_s in times_s)


def a_plan(out: Path, rate_hz: float) -> Plan:
    options = replace(recordings(out, rate_hz)[1], keep_landmarks=True, segment_s=0.0, out=out)
    return plan(options, replace(scan(replace(look_of(options), calibrate_s=None)), profile_view=True))


def with_a_part(made: Plan, frames: int) -> None:
    """As if the models had run."""
    lm = Landmarks.empty(frames)
    lm.t_s[:] = np.arange(frames)
    with RecordingWriter(made.part_path(0), RecordingInfo({"name": "side"}, {})) as writer:
        writer.write(lm)
    note_part(made, 0, PartDone(frames, 0, ()))


def write_part(made: Plan) -> None:
    record_part(made.parts[0], made.part_path(0))


def test_landmarks_that_are_kept_are_not_replaced_by_others(tmp_path: Path) -> None:
    """Said before the models run; the landmarks of the same run that was cut off behind them are the same."""
    first, other = a_plan(tmp_path, 0.5), a_plan(tmp_path, 1.0)
    begin(first)
    with_a_part(first, 5)
    kept = join_parts(first)
    begin(first)
    assert join_parts(first) == kept
    whole = kept.read_bytes()
    with pytest.raises(InputError, match="Other landmarks are kept"):
        begin(other)
    with_a_part(other, 9)
    with pytest.raises(InputError, match="Other landmarks are kept"):
        join_parts(other)
    assert kept.read_bytes() == whole
    begin(replace(other, options=replace(other.options, keep_landmarks=False)))


def test_what_a_killed_run_was_writing_is_not_left_behind(tmp_path: Path) -> None:
    left = [
        ".annotated.mp4.l7yclrgo.part",
        ".measurements.csv.abcdefg_.part",
        ".landmarks.landmarks.01234567.part",
    ]
    mine = [".annotated.mp4.part", "annotated.mp4.l7yclrgo.part", ".notes.l7yclrgo.part"]
    for name in (*left, *mine):
        (tmp_path / name).write_bytes(b"x")
    replayed(SIDE, "--out", tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {*NAMES, *mine}


def test_somebody_s_own_files_among_the_parts_stay(tmp_path: Path) -> None:
    made = a_plan(tmp_path, 0.5)
    begin(made)
    ours = [
        "00007.landmarks",
        "00007.json",
        "00007.landmarks.part",
        ".00007.json.abcdefg_.part",
        "calibration.json",
    ]
    mine = ["thesis.docx", "7.landmarks", "notes.json", ".landmarks"]
    for name in (*ours, *mine):
        (made.folder / name).write_text("x")
    begin(made)
    assert {path.name for path in made.folder.iterdir()} == set(mine)
    with_a_part(made, 5)
    clear(made)
    assert {path.name for path in made.folder.iterdir()} == set(mine)


@pytest.mark.skipif(
    os.name != "posix" or os.geteuid() != 0, reason="it takes root to lay another user's link"
)
def test_a_link_that_takes_the_folder_s_place_meanwhile_costs_nobody_a_file(tmp_path: Path) -> None:
    """In a shared folder anybody may rename the parts' folder in the hours between its making and its clearing."""
    project, out = tmp_path / "project", tmp_path / "shared"
    project.mkdir()
    for name in ("calibration.json", "landmarks.landmarks", "measurements.csv"):
        (project / name).write_text("precious")
    kept = a_plan(out, 0.5)
    made = replace(kept, options=replace(kept.options, keep_landmarks=False))
    begin(made)
    with_a_part(made, 5)
    for folder in (made.folder, out):
        folder.rename(tmp_path / f"taken{folder.name}")
        folder.symlink_to(project)
        os.lchown(folder, 65534, 65534)
        if folder == made.folder:
            clear(made)
            for write_there in (join_parts, write_part, lambda made: note_part(made, 0, PartDone(1, 0, ()))):
                with pytest.raises(OutputError, match="Cannot write"):
                    write_there(made)
    with pytest.raises(OutputError, match="Cannot write"):
        judge(made.options, SIDE)
    assert {path.read_text() for path in project.iterdir()} == {"precious"}
    assert len(list(project.iterdir())) == 3


def test_a_part_of_another_run_does_not_fill_a_gap(tmp_path: Path) -> None:
    """Where a part shows nothing, none of the same number that a killed run has left is joined."""
    first, other = a_plan(tmp_path, 0.5), a_plan(tmp_path, 1.0)
    begin(first)
    with_a_part(first, 5)
    begin(first)
    assert first.part_path(0).exists(), "it is still what is needed"
    begin(other)
    assert not list(other.folder.iterdir())


def test_a_pair_takes_no_other_files_place_either(tmp_path: Path) -> None:
    mine = tmp_path / "alerts.jsonl"
    mine.write_text("mine\n")
    given = ("replay-pair", str(SAMPLES / "desk-front.landmarks"), str(SIDE), "--offset", "0")
    Cli().fails(*given, "--calibrate", "0:5", "--out", str(tmp_path), said=str(mine))
    assert [path.read_text() for path in tmp_path.iterdir()] == ["mine\n"]
