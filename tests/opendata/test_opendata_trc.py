"""OpenSim marker files, read back by a parser of their own and by pandas."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from cli_runner import Cli
from posture_cv.errors import InputError
from posture_cv.file_facts import sha256_of_file
from posture_cv.landmarks.recording import read_recording
from posture_cv.landmarks.types import Landmarks
from posture_cv.opendata.export import check_formats
from posture_cv.opendata.folder import Result
from posture_cv.opendata.trc import MARKERS, markers_m, regular, to_opensim, write_trc
from source_tree import ROOT

SAMPLE = ROOT / "samples" / "desk-front.landmarks"


class Trc:
    """What a reader of the format expects of it, line by line."""

    def __init__(self, text: str) -> None:
        lines = text.split("\n")
        assert lines[0].split("\t")[:3] == ["PathFileType", "4", "(X/Y/Z)"]
        self.head = dict(zip(lines[1].split("\t"), lines[2].split("\t"), strict=True))
        names = lines[3].split("\t")
        assert names[:2] == ["Frame#", "Time"]
        self.names = names[2::3]
        assert all(not name for k, name in enumerate(names[2:]) if k % 3)
        assert lines[4].split("\t")[2:5] == ["X1", "Y1", "Z1"]
        assert lines[5] == ""
        rows = [line.split("\t") for line in lines[6:] if line]
        assert {len(row) for row in rows} == {2 + 3 * len(self.names)}
        self.frame = [int(row[0]) for row in rows]
        self.t_s = np.array([float(row[1]) for row in rows])
        cells = [[float(c) if c else np.nan for c in row[2:]] for row in rows]
        self.points = np.array(cells).reshape(len(rows), -1, 3)


def test_recordings_of_one_name_become_a_file_each(tmp_path: Path) -> None:
    given = [tmp_path / folder / "landmarks.landmarks" for folder in ("a", "b")]
    for path in given:
        path.parent.mkdir()
        shutil.copy(SAMPLE, path)
    done = Cli()("export", *map(str, given), "--format", "trc", "--out", str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert {path.name for path in (tmp_path / "trc").iterdir()} == {"landmarks.trc", "landmarks-2.trc"}
    assert f"landmarks-2.trc: {given[1]}" in done.stdout


def test_markers_of_a_recording(tmp_path: Path) -> None:
    done = Cli()("export", str(SAMPLE), "--format", "trc", "--out", str(tmp_path))
    assert done.returncode == 0, done.stderr
    found = Trc((tmp_path / "trc" / "desk-front.trc").read_text(encoding="utf-8"))
    assert found.head["Units"] == "m"
    assert float(found.head["DataRate"]) == 10.0
    assert int(found.head["NumMarkers"]) == len(MARKERS) == len(found.names) == 33
    assert int(found.head["NumFrames"]) == len(found.frame) == 450
    assert found.frame == list(range(1, 451))
    assert np.diff(found.t_s) == pytest.approx(0.1)
    expected = markers_m(read_recording(SAMPLE).landmarks)
    assert found.points == pytest.approx(expected, abs=1e-4, nan_ok=True)
    nose, shoulders = found.points[:80, 0], found.points[:80, 11:13]
    assert (nose[:, 1] > np.nanmax(shoulders[..., 1], axis=1)).all()  # up is up
    assert (shoulders[:, 1, 2] > shoulders[:, 0, 2]).all()  # Z points to the right of somebody who faces us


def test_markers_of_results_that_kept_landmarks(folders: Sequence[Path], tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    shutil.copytree(folders[1], kept)
    shutil.copyfile(SAMPLE.with_name("desk-side.landmarks"), kept / "landmarks.landmarks")
    unlisted = ("export", str(kept), "--format", "trc", "--out", str(tmp_path / "o"))
    Cli().fails(*unlisted, said="no landmarks were kept")  # they are of other results
    summary = json.loads((kept / "summary.json").read_text())
    summary["run"]["files"]["landmarks.landmarks"] = sha256_of_file(kept / "landmarks.landmarks")
    (kept / "summary.json").write_text(json.dumps(summary))
    done = Cli()("export", str(kept), "--format", "trc", "--out", str(tmp_path / "o"))
    assert done.returncode == 0, done.stderr
    assert len(Trc((tmp_path / "o" / "trc" / "side.trc").read_text(encoding="utf-8")).frame) == 250
    Cli().fails("export", str(SAMPLE), "--out", str(tmp_path / "p"), said="can only be written as markers")
    with (kept / "landmarks.landmarks").open("ab") as file:
        file.write(b"more")
    Cli().fails(*unlisted, said="has been damaged or changed since")


def test_axes_stay_right_handed() -> None:
    unit: NDArray[np.float64] = np.eye(3)
    x, y, z = (to_opensim(unit[k]) for k in range(3))
    assert np.cross(x, y) == pytest.approx(z)


def test_uneven_times_are_put_on_a_grid() -> None:
    t_s = np.array([0.0, 0.11, 0.19, 0.3, 1.2, 1.3])
    points = np.repeat(t_s[:, None, None], 3, axis=2) * 10.0
    rate, grid, out = regular(t_s, points)
    assert np.diff(grid) == pytest.approx(1.0 / rate)
    inside = np.isfinite(out[:, 0, 0])
    assert out[inside, 0, 0] == pytest.approx(10.0 * grid[inside], abs=1e-9)
    assert not inside[5:10].any()  # nothing is made up in the gap


def test_without_landmarks_or_frames_it_says_so(results: Sequence[Result], tmp_path: Path) -> None:
    lost = Result(tmp_path, results[0].summary, ())
    with pytest.raises(InputError, match="no landmarks were kept") as raised:
        check_formats(["trc"], [lost])
    assert "front.landmarks" in raised.value.what_to_do  # results of a recording or a pair: their advice, too
    for kind in ("bids", "trc"):  # neither knows a recording without a frame rate
        with pytest.raises(InputError, match="A recording of one frame"):
            check_formats([kind], [Result(SAMPLE.parent, {"frames": 1, "recording": "one"}, ())])
    with pytest.raises(InputError, match="at least two frames"):
        write_trc(StringIO(), "x.trc", Landmarks.empty(1))


def test_recordings_of_one_name_keep_files_of_their_own(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        shutil.copy(SAMPLE, tmp_path / folder / "x.landmarks")
    given = [str(tmp_path / folder / "x.landmarks") for folder in ("a", "b")]
    done = Cli().here("export", *given, "--format", "trc", "--out", str(tmp_path / "open"))
    assert done.returncode == 0, done.stderr
    assert {path.name for path in (tmp_path / "open" / "trc").iterdir()} == {"x.trc", "x-2.trc"}


def test_markers_replace_our_markers_only(tmp_path: Path) -> None:
    mine = tmp_path / "trc" / "desk-front.trc"
    given = ("export", str(SAMPLE), "--format", "trc", "--out", str(tmp_path))
    assert [Cli().here(*given).returncode for _ in range(2)] == [0, 0]
    captured = "PathFileType\t4\t(X/Y/Z)\tdesk-front.trc\nDataRate\n100\nFrame#\tTime\tC7\t\t\tACR\t\t\n"
    for text in ("mine", "PathFileType\t4", captured):
        mine.write_text(text)
        assert Cli().here(*given).returncode == 2
        assert mine.read_text() == text


def test_markers_of_a_recording_that_was_cut_off_say_so(tmp_path: Path) -> None:
    (tmp_path / "cut.landmarks").write_bytes(SAMPLE.read_bytes()[:200_000])
    given = str(tmp_path / "cut.landmarks")
    done = Cli().here("export", given, "--format", "trc", "--out", str(tmp_path / "open"))
    assert done.returncode == 0, done.stderr
    assert "cut.landmarks was cut off" in done.stderr
