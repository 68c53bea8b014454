"""The foreground monitor in a real terminal: first run, keys, recalibrating, Ctrl-C, and a terminal that is closed."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from capture.mjpeg_server import MjpegServer, video_images
from monitor.processes import run, wait_for_status
from monitor.terminal import Terminal
from source_tree import ROOT

CLIP = ROOT / "samples" / "desk-front.mp4"
pytestmark = pytest.mark.skipif(not CLIP.exists(), reason="the samples are not in this tree")
SETTINGS = "[calibration]\ncountdown_s = 0.0\nstill_s = 0.5\nduration_s = 2.0\n"


@pytest.fixture(scope="module")
def camera() -> Iterator[MjpegServer]:
    """The clip's upright seconds, over and over."""
    with MjpegServer(video_images(str(CLIP), 70), rate_hz=5.0) as server:
        yield server


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Settings with a short calibration, and no profile."""
    home = tmp_path_factory.mktemp("h")
    (home / "config").mkdir()
    (home / "config" / "settings.toml").write_text(SETTINGS)
    return home


def ended_clean(home: Path) -> bool:
    with closing(sqlite3.connect(home / "data" / "history.sqlite3")) as db:
        return bool(db.execute("SELECT clean FROM sessions ORDER BY id DESC LIMIT 1").fetchone()[0])


def test_the_first_run_explains_calibrates_and_watches_then_obeys_keys(
    home: Path, camera: MjpegServer
) -> None:
    terminal = Terminal(home, "monitor", camera.url, "--no-notifications")
    terminal.wait_for("This is the first run")
    terminal.wait_for("Keys: r recalibrate")
    assert [path.name for path in (home / "data" / "profiles").iterdir()] == ["default.json"]
    terminal.wait_for("good")
    terminal.press("\x1bOQ")  # F2, whose last letter is no q
    terminal.press("p")
    terminal.wait_for("paused, the camera is off")
    wait_for_status(home, lambda s: not s["camera_open"], 1.0)
    terminal.press("p")
    terminal.wait_for("good")
    made = (home / "data" / "profiles" / "default.json").stat().st_mtime_ns
    terminal.press("r")
    terminal.wait_for("Recording")
    terminal.wait_for("good")
    assert (home / "data" / "profiles" / "default.json").stat().st_mtime_ns > made
    terminal.stop_and_go_on()
    terminal.press("z")
    wait_for_status(home, lambda s: s["snoozed_s"] >= 1000.0, 20.0)
    done = run(home, "recalibrate", "--json")
    assert (done.returncode, json.loads(done.stdout)) == (0, {"recalibrated": True})
    assert "Recording" in done.stderr
    terminal.press("\x03")
    assert terminal.code() == 0
    assert "Ended: Ctrl-C." in terminal.said
    assert "Traceback" not in terminal.said
    assert ended_clean(home)


def test_closing_the_terminal_ends_it_in_good_order(home: Path, camera: MjpegServer) -> None:
    if not (home / "data" / "profiles").exists():
        pytest.skip("the first run made no profile")
    terminal = Terminal(home, "monitor", camera.url, "--no-notifications")
    terminal.wait_for("good")
    terminal.close()
    assert terminal.code() == 0
    assert ended_clean(home)
    assert run(home, "status").returncode == 3


@pytest.mark.parametrize("how", ["ctrl-c", "stop"])
def test_a_question_that_is_not_answered_keeps_nobody_from_ending_it(
    tmp_path: Path, camera: MjpegServer, how: str
) -> None:
    profiles = tmp_path / "data" / "profiles"
    profiles.mkdir(parents=True)
    (profiles / "default.json").write_text(CLIP.with_suffix(".profile.json").read_text())
    terminal = Terminal(tmp_path, "monitor", camera.url, "--no-notifications")
    terminal.wait_for("Make one now?")
    if how == "ctrl-c":
        terminal.press("\x03")
    else:
        assert run(tmp_path, "stop").returncode == 0
    assert terminal.code() == 130
    assert "Traceback" not in terminal.said


def test_ctrl_c_during_the_first_calibration_ends_it_and_leaves_no_profile(
    tmp_path: Path, camera: MjpegServer
) -> None:
    terminal = Terminal(tmp_path, "monitor", camera.url, "--no-notifications")
    terminal.wait_for("Hold still")
    terminal.press("\x03")
    assert terminal.code() == 2
    assert "Calibration stopped" in terminal.said
    assert "Traceback" not in terminal.said
    assert not list((tmp_path / "data").glob("profiles/*.json"))
