"""The background monitor as a user has it: a loopback camera with all its faults, real models, real processes."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from capture.mjpeg_server import MjpegServer, video_images
from monitor.processes import environment, run, status
from monitor.processes import wait_for_status as _wait
from posture_cv.atomic import OutputError, private_folder
from posture_cv.errors import INTERRUPTED
from posture_cv.monitor.background import LOG_MOST_BYTES, LOG_NAME, open_log
from posture_cv.monitor.control.channel import NotRunningError
from posture_cv.monitor.control.client import ask
from posture_cv.monitor.instance import is_running
from source_tree import ROOT

NO_CAMERA = """\
Error: Cannot open the stream http://127.0.0.1:9/none
  Connection refused.
  Check the address and that the camera or server is on.
"""
CLIP = ROOT / "samples" / "desk-front.mp4"
pytestmark = pytest.mark.skipif(not CLIP.exists(), reason="the samples are not in this tree")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a profile of the clip's first seconds."""
    home = tmp_path_factory.mktemp("h")
    profiles = private_folder(home / "data" / "profiles")
    shutil.copy(CLIP.with_suffix(".profile.json"), profiles / "default.json")
    return home


@pytest.fixture
def camera() -> Iterator[MjpegServer]:
    """The clip's upright seconds, over and over."""
    with MjpegServer(video_images(str(CLIP), 70), rate_hz=5.0) as server:
        yield server


@pytest.fixture
def monitor(home: Path, camera: MjpegServer) -> Iterator[int]:
    """A monitor in the background; its process."""
    done = run(home, "monitor", camera.url, "--background", "--no-notifications")
    assert done.returncode == 0, done.stderr
    ask("snooze", {"seconds": 0.0}, folder=home / "runtime")  # one left by the test before
    known = status(home)
    assert known is not None
    pid = int(known["pid"])
    yield pid
    with suppress(NotRunningError):
        ask("stop", folder=home / "runtime")
    deadline_s = time.monotonic() + 10.0
    while status(home) is not None and time.monotonic() < deadline_s:
        time.sleep(0.02)
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def test_watch_pause_resume_stop(home: Path, camera: MjpegServer, monitor: int) -> None:
    watching = _wait(home, lambda s: s["state"] == "good")
    assert watching["phase"] == "watching"
    assert watching["camera_open"]
    assert watching["profile"] == "default"
    assert json.loads(run(home, "status", "--json").stdout).keys() == watching.keys()
    assert {m["cue"] for m in watching["margins"]} >= {"forward_head", "rounded_shoulders"}
    second = run(home, "monitor", camera.url, "--background")
    assert second.returncode == 2
    assert "already" in second.stderr
    assert run(home, "pause", "until", "noon").returncode == 2
    assert json.loads(run(home, "pause", "30m", "--json").stdout)["paused"]
    assert status(home)["phase"] == "paused", "what is confirmed has happened"  # type: ignore[index]
    paused = _wait(home, lambda s: s["phase"] == "paused")
    assert not _wait(home, lambda s: not s["camera_open"])["state"]
    assert paused["paused_until"]
    assert run(home, "resume").returncode == 0
    assert status(home)["phase"] == "watching"  # type: ignore[index]
    _wait(home, lambda s: s["state"] == "good")
    assert run(home, "stop").returncode == 0
    assert run(home, "status").returncode == 3


def test_whoever_starts_it_is_told_that_no_profile_was_made_with_this_camera(
    home: Path, camera: MjpegServer
) -> None:
    started = run(home, "monitor", camera.url, "--background", "--no-notifications")
    try:
        assert (
            f"Note: No profile was made with the camera '{camera.url}'. 'default' is used" in started.stderr
        )
        assert "Note: If alerts do not fit: posture-cv recalibrate" in started.stderr
        assert started.stdout.startswith("Watching through ")
    finally:
        assert run(home, "stop").returncode == 0


def test_a_camera_that_stalls_drops_and_goes_dark_comes_back(
    home: Path, camera: MjpegServer, monitor: int
) -> None:
    _wait(home, lambda s: s["state"] == "good")
    camera.black()
    _wait(home, lambda s: s["reason"] == "too_dark")
    camera.play()
    _wait(home, lambda s: s["state"] == "good")
    camera.drop()
    lost = _wait(home, lambda s: s["phase"] == "camera_lost")
    assert "the camera gives no pictures" in lost["text"]
    camera.play()
    _wait(home, lambda s: s["state"] == "good")
    camera.stall()
    _wait(home, lambda s: s["phase"] == "camera_lost")
    camera.play()
    _wait(home, lambda s: s["state"] == "good")


def test_a_killed_monitor_loses_ten_seconds_at_most_and_the_next_one_starts(
    home: Path, camera: MjpegServer, monitor: int
) -> None:
    _wait(home, lambda s: s["state"] == "good")
    begin_s = time.time()
    ask("snooze", {"seconds": 3600.0}, folder=home / "runtime")
    time.sleep(13.0)
    os.kill(monitor, signal.SIGKILL)
    killed_s = time.time()
    with closing(sqlite3.connect(home / "data" / "history.sqlite3")) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        ended_s, clean = db.execute("SELECT ended_s, clean FROM sessions ORDER BY id DESC LIMIT 1").fetchone()
        since = int(begin_s // 60) * 60 - 60
        kept_s = db.execute("SELECT sum(seconds) FROM minutes WHERE minute_s >= ?", (since,)).fetchone()[0]
    assert not clean
    assert killed_s - ended_s <= 10.0
    assert kept_s >= killed_s - begin_s - 10.0
    again = run(home, "monitor", camera.url, "--background", "--no-notifications")
    assert again.returncode == 0, again.stderr
    assert 3400.0 < _wait(home, lambda s: "snoozed_s" in s)["snoozed_s"] < 3600.0, "silence outlives a crash"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_logging_out_and_ctrl_c_end_it_in_good_order(
    home: Path, camera: MjpegServer, monitor: int, number: signal.Signals
) -> None:
    os.kill(monitor, number)
    deadline_s = time.monotonic() + 20
    while status(home) is not None:
        assert time.monotonic() < deadline_s
        time.sleep(0.05)
    assert run(home, "status").returncode == 3
    with closing(sqlite3.connect(home / "data" / "history.sqlite3")) as db:
        assert db.execute("SELECT clean FROM sessions ORDER BY id DESC LIMIT 1").fetchone() == (1,)
    assert not (home / "runtime" / "control.sock").exists()


def test_of_two_starts_at_once_one_wins(home: Path, camera: MjpegServer) -> None:
    command = [
        sys.executable,
        "-m",
        "posture_cv",
        "monitor",
        camera.url,
        "--background",
        "--no-notifications",
    ]
    started = [
        subprocess.Popen(
            command, env=environment(home), cwd=home, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        for _ in range(2)
    ]
    outputs = [process.communicate(timeout=60) for process in started]
    assert sorted(process.returncode for process in started) == [0, 2], outputs
    assert run(home, "stop").returncode == 0


def test_one_that_is_still_starting_is_seen_and_can_be_ended(tmp_path: Path, camera: MjpegServer) -> None:
    camera.black()  # the first run waits for a person
    starting = subprocess.Popen(
        [sys.executable, "-m", "posture_cv", "monitor", camera.url, "--no-notifications"],
        env=environment(tmp_path),
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    deadline_s = time.monotonic() + 60.0
    while not is_running(tmp_path / "runtime"):
        assert time.monotonic() < deadline_s
        time.sleep(0.02)
    seen = run(tmp_path, "status")
    assert (seen.returncode, seen.stdout) == (0, f"… starting (process {starting.pid})\n")
    second = run(tmp_path, "monitor", camera.url)
    assert second.returncode == 2
    assert "A monitor is starting already." in second.stderr
    assert run(tmp_path, "pause", "30m").returncode == 0
    ended = run(tmp_path, "stop")
    assert ended.stdout == f"Ended (process {starting.pid}).\n", ended.stderr
    assert run(tmp_path, "status").returncode == 3
    assert "Traceback" not in starting.communicate(timeout=60)[0]


@pytest.mark.skipif(os.name != "posix", reason="sends signals as POSIX systems have them")
def test_one_that_is_called_off_while_it_is_waited_for_does_not_go_on_unseen(
    home: Path, camera: MjpegServer
) -> None:
    camera.stall()
    caller = subprocess.Popen(
        [sys.executable, "-m", "posture_cv", "monitor", camera.url, "--background", "--no-notifications"],
        env=environment(home),
        cwd=home,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    deadline_s = time.monotonic() + 60.0
    while not is_running(home / "runtime"):
        assert time.monotonic() < deadline_s
        time.sleep(0.02)
    caller.send_signal(signal.SIGINT)
    said = caller.communicate(timeout=60)
    try:
        assert caller.returncode == INTERRUPTED, said
        assert not is_running(home / "runtime")
    finally:
        run(home, "stop")


def test_the_log_is_begun_anew_when_it_is_large_and_a_link_is_not_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POSTURE_CV_HOME", str(tmp_path))
    log, before = tmp_path / "state" / LOG_NAME, tmp_path / "state" / f"{LOG_NAME}.1"
    os.close(open_log())
    log.write_bytes(bytes(LOG_MOST_BYTES))
    os.close(open_log())
    assert (log.stat().st_size, before.exists()) == (LOG_MOST_BYTES, False)
    log.write_bytes(bytes(LOG_MOST_BYTES + 1))
    os.close(open_log())
    assert (log.stat().st_size, before.stat().st_size) == (0, LOG_MOST_BYTES + 1)
    log.unlink()
    log.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OutputError):
        open_log()
    assert not (tmp_path / "elsewhere").exists()


def test_no_camera_is_said_in_time_in_both_places(home: Path) -> None:
    for background in ([], ["--background"]):
        begin_s = time.monotonic()
        done = run(home, "monitor", "http://127.0.0.1:9/none", *background)
        assert done.returncode == 2
        assert done.stdout == ""
        assert done.stderr.endswith(NO_CAMERA), done.stderr
        assert time.monotonic() - begin_s < 60


def test_a_camera_that_is_waited_for_is_not_said_to_be_watched_through(home: Path) -> None:
    try:
        started = run(home, "monitor", "http://127.0.0.1:9/none", "--background", "--wait-for-camera")
        assert started.stdout.startswith("Waiting for the camera, judged by profile default (process ")
    finally:
        assert run(home, "stop").returncode == 0


def test_the_background_without_a_profile_says_what_to_do(tmp_path: Path, camera: MjpegServer) -> None:
    done = run(tmp_path, "monitor", camera.url, "--background")
    assert done.returncode == 2
    assert "There is no profile yet" in done.stderr
    assert "posture-cv monitor ADDRESS\n" in done.stderr, "a webcam would be another camera"


def test_files_named_from_here_are_found_in_the_background(
    home: Path, tmp_path: Path, camera: MjpegServer
) -> None:
    (tmp_path / "mine\u202e.json").write_bytes((home / "data" / "profiles" / "default.json").read_bytes())
    (tmp_path / "mine.toml").write_text("[policy]\nsensitivity = 0.5\n")
    words = [
        "monitor",
        camera.url,
        "--profile",
        "./mine\u202e.json",
        "--settings",
        "mine.toml",
        "--no-notifications",
    ]
    started = run(tmp_path, *words, "--background")
    try:
        assert started.returncode == 0, started.stderr
        assert "judged by profile mine? (" in started.stdout, "its name does not turn the line around"
        assert "What this program is not" in started.stderr, "the notice comes at the first run of any kind"
    finally:
        run(tmp_path, "stop")
    (tmp_path / "mine.toml").write_text("[policy]\nsensitivity = 9\n")
    refused = run(tmp_path, *words, "--background")
    assert refused.returncode == 2
    assert "sensitivity" in refused.stderr
    recording = run(tmp_path, "monitor", str(CLIP), "--background")
    assert recording.returncode == 2
    assert "for a camera or a stream" in recording.stderr


def test_a_relative_home_is_the_same_in_the_background(
    home: Path, tmp_path: Path, camera: MjpegServer
) -> None:
    def here(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "posture_cv", *arguments],
            env={**environment(home), "POSTURE_CV_HOME": "rel", "HOME": str(tmp_path / "gone")},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=120,
            check=False,
        )

    profile = str(home / "data" / "profiles" / "default.json")
    started = here("monitor", camera.url, "--profile", profile, "--background", "--no-notifications")
    try:
        assert started.returncode == 0, started.stderr
        assert here("status").returncode == 0
    finally:
        stopped = here("stop")
    assert stopped.returncode == 0, stopped.stderr


def test_the_end_of_a_recording_that_was_cut_off_does_not_pass_for_the_whole(tmp_path: Path) -> None:
    cut = tmp_path / "cut.landmarks"
    whole = CLIP.with_suffix(".landmarks").read_bytes()
    cut.write_bytes(whole[: len(whole) // 2])
    profile = str(CLIP.with_suffix(".profile.json"))
    done = run(tmp_path, "monitor", str(cut), "--profile", profile, "--speed", "max", "--no-notifications")
    assert done.returncode == 0, done.stderr
    assert f"Warning: {cut} was cut off; its " in done.stderr
    assert "the recording is over" in done.stderr
