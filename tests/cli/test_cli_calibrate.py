from __future__ import annotations

import json
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from calibration.errors import CalibrationError
from calibration.run import Collected
from calibration_material import nobody_where, sitting_still
from capture.mjpeg_server import MjpegServer
from cli_runner import Cli
from posture_cv.capture import FrameSource
from posture_cv.landmarks.recording import RecordingInfo
from posture_cv.landmarks.recording_writer import RecordingWriter
from posture_cv.landmarks.types import Landmarks
from posture_cv.monitor.instance import SingleInstance
from posture_cv.paths import profiles_dir, runtime_dir, settings_file
from posture_cv.profiles.store import load_profile, profile_names


def recorded(lm: Landmarks, path: Path) -> str:
    with RecordingWriter(path, RecordingInfo({"name": "x"}, {"engine": "mediapipe 0.10.31"})) as writer:
        writer.write(lm)
    return str(path)


@pytest.fixture
def recording(tmp_path: Path) -> str:
    return recorded(sitting_still(80), tmp_path / "desk.landmarks")


def test_from_a_recording(cli: Cli, recording: str) -> None:
    done = cli("calibrate", "--name", "desk", "--from", recording, "--end", "6")
    assert done.returncode == 0, done.stderr
    for part in ("view       from the front", "of 60, over", "quality    good", "your desk", "cva change"):
        assert part in done.stdout
    assert profile_names() == ["desk"]
    assert "Before you start" in done.stderr, "the notice at first run"
    again = cli.here("calibrate", "--name", "desk", "--from", recording, "--json")
    assert "Before you start" not in again.stderr
    assert "Replaced: the profile there that was made 20" in again.stderr
    assert "Replaced" not in done.stderr
    assert json.loads(again.stdout)["quality"]["frames_given"] == 80
    assert load_profile("desk").quality.frames_given == 80


def test_a_running_monitor_does_not_follow_and_that_is_said(cli: Cli, recording: str, tmp_path: Path) -> None:
    told = "Note: The running monitor goes on with the profile it began with."
    with SingleInstance(runtime_dir()):
        done = cli("calibrate", "--from", recording)
        beside = cli("calibrate", "--from", recording, "--out", str(tmp_path / "a.json"))
    assert (done.returncode, beside.returncode) == (0, 0)
    assert told in done.stderr
    assert told not in beside.stderr
    assert told not in cli("calibrate", "--from", recording).stderr


def test_what_is_said_keeps_within_the_terminal(
    cli: Cli, recording: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    done = cli.here("calibrate", "--from", recording, "--out", str(tmp_path / "a.json"))
    said = [*done.stdout.splitlines()[1:], *done.stderr.splitlines()]  # the first line holds a path
    assert max(map(len, said)) <= 80
    assert any(len(line) > 70 for line in said)


def test_python_m_calibration_is_the_same_command(cli: Cli, recording: str) -> None:
    done = cli("--from", recording, program=("-m", "calibration"))
    assert done.returncode == 0, done.stderr
    assert profile_names() == ["default"]
    assert "Usage: python -m calibration" in cli("-h", program=("-m", "calibration")).stdout


def test_name_comes_from_the_settings_or_the_file(cli: Cli, recording: str, tmp_path: Path) -> None:
    settings_file().parent.mkdir(parents=True)
    settings_file().write_text('[general]\nprofile = "büro"\n')
    assert cli.here("calibrate", "--from", recording).returncode == 0
    assert profile_names() == ["büro"]
    assert cli.here("calibrate", "--from", recording, "--out", str(tmp_path / "mine.json")).returncode == 0
    assert load_profile(str(tmp_path / "mine.json")).name == "mine"


def test_a_file_in_the_settings_is_where_the_profile_is_made(
    cli: Cli, recording: str, tmp_path: Path
) -> None:
    settings_file().parent.mkdir(parents=True)
    settings_file().write_text(f'[general]\nprofile = "{tmp_path / "kept" / "mine.json"}"\n')
    cli.fails("calibrate", "--from", recording, said="The folder is missing")
    (tmp_path / "kept").mkdir()
    assert cli.here("calibrate", "--from", recording).returncode == 0
    assert load_profile(str(tmp_path / "kept" / "mine.json")).name == "mine"
    assert profile_names() == []
    assert cli.here("calibrate", "--from", recording, "--name", "other").returncode == 0
    assert profile_names() == ["other"]


def test_no_camera_no_display(cli: Cli) -> None:
    if any(Path("/dev").glob("video*")):
        pytest.skip("this machine has a camera")
    cli.fails("calibrate", said="no camera")
    cli.fails("calibrate", "--camera", "Fancy Cam", said="Fancy Cam")


def test_a_network_camera_guides_like_a_webcam(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    def guided(source: FrameSource, *_: object) -> Collected:
        raise CalibrationError("Guided.", f"Live: {source.info.live}, {source.info.kind}.")

    monkeypatch.setattr("calibration.run.collect_live", guided)
    with MjpegServer([np.zeros((48, 64, 3), np.uint8)]) as camera:
        cli.fails("calibrate", "--from", camera.url, "--duration", "5", said="Live: True, stream")
        cli.fails("calibrate", "--from", camera.url, "--end", "5", said="choose a part of a recording")
        cli.fails("calibrate", "--from", camera.url, "--camera", "0", said="--camera is for a camera")


def test_pictures_among_which_one_is_damaged(cli: Cli, tmp_path: Path) -> None:
    import skimage.data

    astronaut = np.asarray(skimage.data.astronaut())[:, :, ::-1]  # type: ignore[no-untyped-call]
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number in range(4):
        cv2.imwrite(str(folder / f"{number}.png"), astronaut)
    (folder / "2.png").write_bytes(b"no picture")
    done = cli("calibrate", "--from", str(folder))
    assert done.returncode == 0, done.stderr
    assert "Warning: " in done.stderr
    assert "2.png" in done.stderr
    assert "It rests on 3 frames only." in done.stdout


def test_sources_that_cannot_be_used(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "text.mp4").write_text("no video")
    (tmp_path / "empty.mp4").write_text("")
    (tmp_path / "folder").mkdir()
    for name, said in [
        ("text.mp4", "text.mp4"),
        ("empty.mp4", "empty"),
        ("folder", "No pictures"),
        ("missing.mp4", "missing.mp4"),
    ]:
        cli.fails("calibrate", "--from", str(tmp_path / name), said=said)
    assert profile_names() == []


def test_nobody_is_exit_code_1_and_makes_no_profile(cli: Cli, tmp_path: Path) -> None:
    lm = nobody_where(np.ones(30, bool), sitting_still(30))
    cli.fails("calibrate", "--from", recorded(lm, tmp_path / "a.landmarks"), said="nobody was seen", code=1)
    assert list(profiles_dir().iterdir()) == []


def test_a_refused_calibration_keeps_the_old_profile(cli: Cli, recording: str, tmp_path: Path) -> None:
    cli.here("calibrate", "--from", recording)
    before = (profiles_dir() / "default.json").read_text()
    lm = sitting_still(30)
    lm.face[:] = np.nan
    cli.fails("calibrate", "--from", recorded(lm, tmp_path / "b.landmarks"), said="too poor to judge by")
    assert (profiles_dir() / "default.json").read_text() == before
    assert profile_names() == ["default"]


@pytest.mark.skipif(sys.platform != "linux", reason="other systems allow no such names")
def test_a_recording_whose_name_is_no_unicode(cli: Cli, recording: str, tmp_path: Path) -> None:
    odd = Path(recording).rename(tmp_path / "bjo\udcf8rn.landmarks")
    done = cli.here("calibrate", "--from", str(odd), "--name", "odd")
    assert done.returncode == 0, done.stderr
    assert load_profile("odd").source.name == r"bjo\udcf8rn.landmarks"


def test_wrong_use(cli: Cli, recording: str, tmp_path: Path) -> None:
    for arguments, said in [
        (("--start", "3"), "--from"),
        (("--from", recording, "--start", "3", "--end", "2"), "--end must come after"),
        (("--from", recording, "--start", "500"), "no frames between"),
        (("--from", recording, "--name", "../x"), "cannot be called"),
        (("--from", recording, "--name", ""), "cannot be called"),
        (("--from", recording, "--camera", "0"), "--camera is for a camera"),
        (("--from", recording, "--duration", "5"), "--duration is for a camera"),
        (("--from", recording, "--out", str(tmp_path / "no" / "x.json")), "Cannot write"),
        (("--duration", "900"), "calibration.duration_s: must be a number 2 to 60"),
        (("--from", recording, "--settings", str(tmp_path / "no.toml")), "No such file"),
    ]:
        cli.fails("calibrate", *arguments, said=said)
    assert profile_names() == []


def test_a_model_that_is_none(cli: Cli, tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "a.png"), np.zeros((64, 64, 3), np.uint8))
    (tmp_path / "m.task").write_text("x")
    cli.fails(
        *("calibrate", "--from", str(tmp_path / "a.png"), "--pose-model", str(tmp_path / "m.task")),
        said="m.task",
    )


def test_a_profile_does_not_replace_the_recording_it_is_made_of(cli: Cli, tmp_path: Path) -> None:
    recording = tmp_path / "mine.landmarks"
    recording.write_bytes(b"the only copy")
    cli.fails("calibrate", "--from", str(recording), "--out", str(recording), said="its own input")
    assert recording.read_bytes() == b"the only copy"
