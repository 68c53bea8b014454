from __future__ import annotations

import asyncio
import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from importlib import metadata
from pathlib import Path

import pytest

from cli_runner import Cli
from posture_cv import models
from posture_cv.cli import doctor_checks
from posture_cv.output.notification_server import find_notification_server
from posture_cv.output.window import NoDisplayError, PreviewWindow, display_problem
from posture_cv.paths import settings_file
from posture_cv.profiles.store import save_profile
from profile_material import a_profile

linux = pytest.mark.skipif(sys.platform != "linux", reason="Linux only")


def test_report(cli: Cli) -> None:
    done = cli("doctor")
    assert done.returncode == 0, done.stdout
    for part in (
        "mediapipe",
        "sha256 " + next(iter(models.BUNDLED_SHA256.values())),
        "calibration",
        "config",
    ):
        assert part in done.stdout
    assert done.stderr == ""


def test_json_and_exit_code_with_problems(cli: Cli, home: Path) -> None:
    settings_file().parent.mkdir(parents=True)
    settings_file().write_text("[policy]\nsensitivity = 9\n")
    save_profile(a_profile("desk")).write_text("{")
    done = cli("doctor", "--json")
    assert done.returncode == 1
    report = json.loads(done.stdout)
    wrong = {(f["group"], f["name"]): f for f in report["findings"] if f["level"] == "problem"}
    assert set(wrong) == {("settings", "file"), ("profiles", "desk")}
    assert report["problems"] == 2
    assert "0.5 to 2" in wrong["settings", "file"]["text"]
    assert all(f["advice"] for f in wrong.values())


def test_several_faults_stand_apart_in_one_line(cli: Cli, home: Path) -> None:
    settings_file().parent.mkdir(parents=True)
    settings_file().write_text("[policy]\nsensitivity = 9\nnonsense = 1\n")
    fault = next(line for line in cli("doctor").stdout.splitlines() if "2 faults" in line)
    assert "must be a number 0.5 to 2, found 9; policy.nonsense: unknown key" in fault


def test_the_profile_that_the_settings_name_is_missing(home: Path) -> None:
    save_profile(a_profile("desk"))
    found = {entry.name: entry for entry in doctor_checks.profiles()}
    assert found["desk"].level == "ok"
    assert found["settings"].level == "note"
    assert found["settings"].text == "general.profile: There is no profile 'default'. There are: desk."
    settings_file().parent.mkdir(parents=True, exist_ok=True)
    settings_file().write_text('[general]\nprofile = "desk"\n')
    assert [entry.name for entry in doctor_checks.profiles()] == ["desk"]


def test_a_file_that_the_settings_name_is_the_profile_or_missing(home: Path, tmp_path: Path) -> None:
    settings_file().parent.mkdir(parents=True, exist_ok=True)
    settings_file().write_text(f'[general]\nprofile = "{tmp_path / "mine.json"}"\n')
    (missing,) = doctor_checks.profiles()
    assert (missing.name, missing.level) == ("settings", "problem")
    assert "mine.json" in missing.text
    save_profile(a_profile("mine"), tmp_path / "mine.json")
    assert list(doctor_checks.profiles()) == [], "it needs no other"


def test_what_is_wrong_is_told_apart_from_where(home: Path) -> None:
    save_profile(a_profile("desk")).write_text("{}")
    damaged = next(entry for entry in doctor_checks.profiles() if entry.name == "desk")
    assert "desk.json: format_version: missing" in damaged.text


def test_a_foreign_owner_of_the_name_calibration_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    owners = {
        "calibration": ["posture-cv", "uncertainty-calibration"],
        "cv2": ["opencv-python", "opencv-contrib-python"],
    }
    monkeypatch.setattr(metadata, "packages_distributions", lambda: owners)
    calibration, cv2 = doctor_checks.import_names()
    assert calibration.level == "problem"
    assert "uncertainty-calibration" in calibration.text
    assert cv2.level == "problem"
    assert "opencv-contrib-python" in cv2.text


def test_another_calibration_in_front_of_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "calibration").mkdir()
    (tmp_path / "calibration" / "__init__.py").write_text("")
    code = "from posture_cv.cli.doctor_checks import import_names\nprint(next(import_names()))"
    path = os.pathsep.join([str(tmp_path), *sys.path])
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"PYTHONPATH": path},
        cwd=tmp_path,
    )
    assert "level='problem'" in done.stdout
    assert str(tmp_path) in done.stdout


@pytest.mark.parametrize(
    ("version", "level"), [("0.10.31", "ok"), ("0.10.35", "problem"), ("1.2.2", "problem")]
)
def test_a_mediapipe_that_reports_its_use(version: str, level: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metadata, "version", lambda _: version)
    found = next(f for f in doctor_checks.versions() if f.name == "mediapipe")
    assert found.level == level


def test_a_damaged_model_is_a_problem(home: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.task").write_text("not a model")
    settings_file().parent.mkdir(parents=True)
    settings_file().write_text(f"[models]\npose = {json.dumps(str(tmp_path / 'mine.task'))}\n")
    pose, face = doctor_checks.models()
    assert (pose.level, face.level) == ("problem", "ok")
    assert "mine.task" in pose.text


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
def test_folders_that_others_may_read(home: Path) -> None:
    home.mkdir()
    (home / "config").mkdir(mode=0o755)
    (home / "data").mkdir(mode=0o700)
    found = {f.name: f for f in doctor_checks.folders()}
    assert found["config"].level == "note"
    assert found["config"].advice == f"chmod 700 {home / 'config'}"
    assert found["data"].level == "ok"
    assert "not made yet" in found["cache"].text


def test_a_folder_that_cannot_be(home: Path) -> None:
    home.write_text("a file in the way")
    assert {f.level for f in doctor_checks.folders()} == {"problem"}


@linux
@pytest.mark.parametrize(
    ("display", "said"),
    [
        ("", "DISPLAY is not set"),
        (":98765", "does not answer"),
        ("garbage", "does not answer"),
        ("localhost:59", "does not"),
    ],
)
def test_without_a_display_there_is_no_window(
    display: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The window library would abort the process: so it must not come to that."""
    monkeypatch.setenv("DISPLAY", display)
    assert said in display_problem()
    with pytest.raises(NoDisplayError) as caught:
        PreviewWindow("x")
    assert caught.value.exit_code == 2


@linux
def test_a_display_that_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("\0/tmp/.X11-unix/X4711")
        server.listen()
        monkeypatch.setenv("DISPLAY", ":4711.0")
        assert display_problem() == ""


@linux
@pytest.mark.parametrize(
    "address",
    ["", "nonsense", "unix:path=/nowhere/bus", f"unix:path={__file__}", "tcp:host=127.0.0.1,port=99999"],
)
def test_without_a_session_bus_there_are_no_notifications(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
    server = find_notification_server()
    assert server.name == ""
    assert "no session bus" in server.problem


@linux
def test_without_a_home_there_is_no_bus_to_look_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """As cron starts programs; the way to the bus is looked up below HOME."""
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS", raising=False)
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.delenv("HOME")
    assert find_notification_server().problem == "there is no session bus (HOME is not set)"


@linux
def test_a_bus_that_lets_nobody_in_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As another user's does, whose address `sudo -E` hands on."""
    with socket.socket(socket.AF_UNIX) as server, ThreadPoolExecutor() as pool:
        server.bind(str(tmp_path / "bus"))
        server.listen()
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", f"unix:path={tmp_path / 'bus'}")
        found = pool.submit(find_notification_server)
        with server.accept()[0] as caller:
            while not caller.recv(4096).endswith(b"\r\n"):
                pass
            caller.sendall(b"REJECTED EXTERNAL\r\n")
            caller.settimeout(5.0)
            with suppress(OSError):
                while caller.recv(4096):
                    caller.sendall(b"REJECTED EXTERNAL\r\n")
        assert "there is no session bus" in found.result().problem


@pytest.fixture
def session_bus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A real message bus of its own."""
    daemon = shutil.which("dbus-daemon")
    if daemon is None:
        pytest.skip("needs dbus-daemon")
    address = f"unix:path={tmp_path / 'bus'}"
    command = [daemon, "--session", "--nofork", "--print-address", f"--address={address}"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("unix:")
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
        yield address
        process.terminate()


@linux
def test_a_bus_without_a_notification_server(session_bus: str) -> None:
    assert "no notification server" in find_notification_server().problem


_SERVER = """
import asyncio
from dbus_fast import BusType, Message, MessageType
from dbus_fast.aio import MessageBus

def answer(message):
    if message.member == "GetServerInformation":
        return Message.new_method_return(message, "ssss", ["Testing", "us", "1.0", "1.2"])

async def serve():
    bus = await MessageBus(bus_type=BusType.SESSION).connect()
    bus.add_message_handler(answer)
    await bus.request_name("org.freedesktop.Notifications")
    print("ready", flush=True)
    await bus.wait_for_disconnect()

asyncio.run(serve())
"""


@linux
def test_a_notification_server_says_its_name(session_bus: str) -> None:
    with subprocess.Popen([sys.executable, "-c", _SERVER], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        found = find_notification_server()
        process.terminate()
    assert (found.name, found.problem) == ("Testing 1.0", "")


def test_asking_leaves_no_event_loop_behind() -> None:
    find_notification_server()
    with pytest.raises(RuntimeError):
        asyncio.get_running_loop()
