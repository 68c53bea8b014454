"""Two runs that write to one place: the second says so before it works."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from cli_runner import Cli
from posture_cv.alone import alone_at
from posture_cv.errors import InputError
from source_tree import ROOT

SAMPLE = ROOT / "samples" / "desk-side.landmarks"
_HOLDS = """
import sys
from pathlib import Path
from posture_cv.alone import alone_at
with alone_at(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "run"))
    (tmp_path / "run").mkdir(mode=0o700)


def test_the_second_run_is_refused_until_the_first_has_ended(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with alone_at(out), alone_at(tmp_path / "other"):
        done = Cli().here(
            "replay", str(SAMPLE), "--calibrate", "0:5", "--out", str(tmp_path / "x" / ".." / "out")
        )
        assert done.returncode == 2
        assert "Another run is writing to" in done.stderr
        assert not out.exists()
    done = Cli().here("replay", str(SAMPLE), "--calibrate", "0:5", "--out", str(out))
    assert done.returncode == 0, done.stderr


def test_a_second_run_over_two_cameras_is_refused(tmp_path: Path) -> None:
    out = tmp_path / "out"
    pair = ("replay-pair", str(SAMPLE), str(SAMPLE), "--offset", "0", "--calibrate", "0:5")
    with alone_at(out):
        Cli().fails(*pair, "--out", str(out), said="Another run is writing to")
    assert not out.exists()


def test_a_run_that_is_killed_lets_go(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", _HOLDS, str(tmp_path / "out")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with pytest.raises(InputError, match="Another run"), alone_at(tmp_path / "out"):
            pass
        other.kill()
        other.wait(10)
    with alone_at(tmp_path / "out"):
        pass


def test_where_no_lock_can_be_kept_the_work_is_done_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setattr("posture_cv.alone.runtime_dir", lambda: tmp_path / "file")
    ran = []
    with alone_at(tmp_path / "out"):
        ran.append(1)
    assert ran


def test_a_pair_of_recordings_is_alone_in_its_folder_too(tmp_path: Path) -> None:
    with alone_at(tmp_path / "out"):
        given = ("replay-pair", str(SAMPLE), str(SAMPLE), "--offset", "0", "--calibrate", "0:5")
        Cli().fails(*given, "--out", str(tmp_path / "out"), said="Another run is writing to")
    assert not (tmp_path / "out").exists()
