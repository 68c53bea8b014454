"""Nothing is sent anywhere and no picture is kept: traced at system-call level, threads and children included.

C code passes by every hook that Python has; the kernel sees it.
"""

from __future__ import annotations

import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from capture.mjpeg_server import MjpegServer, video_images
from damage_material import sitting, write
from monitor.monitor_material import Desk, stretches
from posture_cv.atomic import private_folder
from posture_cv.history.store import History
from posture_cv.monitor.keeping import HistorySink
from privacy.tracing import INTERNET, Traced, needs_strace, traced
from source_tree import ROOT

SAMPLES = ROOT / "samples"
FRONT = SAMPLES / "desk-front.mp4"
PROFILE = SAMPLES / "desk-front.profile.json"
pytestmark = [needs_strace, pytest.mark.skipif(not FRONT.exists(), reason="the samples are not in this tree")]
PICTURES = (
    b"\xff\xd8\xff",
    b"\x89PNG",
    b"GIF8",
    b"RIFF",
    b"BM",
    b"II*\0",
    b"MM\0*",
    b"\0\0\0\x0cjP",
    b"#EXR",
)
FILMS = (b"ftyp", b"\x1a\x45\xdf\xa3", b"OggS")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    home = tmp_path / "h"
    home.mkdir(mode=0o700)
    return home


@pytest.fixture
def camera() -> Iterator[MjpegServer]:
    with MjpegServer(video_images(str(FRONT), 40), rate_hz=10.0) as server:
        yield server


def test_the_tracer_sees_an_internet_socket(tmp_path: Path) -> None:
    log = tmp_path / "trace"
    code = "import socket; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.connect(('192.0.2.1', 9))"
    command = ["strace", "-f", "-qq", "-e", "trace=network", "-o", str(log), sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    seen = Traced(done, log.read_text().splitlines())
    assert seen.internet()
    assert seen.addresses() == {("192.0.2.1", 9)}


def test_replay_opens_no_internet_socket(tmp_path: Path, home: Path) -> None:
    out = home / "out"
    clip = write(tmp_path / "clip.mp4", sitting(12))
    command = ["replay", str(clip), "--calibrate", "0:1", "--out", str(out)]
    seen = traced(tmp_path, home, command)
    assert seen.done.returncode == 0, seen.done.stderr
    assert (out / "summary.json").exists()
    assert not seen.internet()
    assert not kept_pictures(home)


def test_worker_processes_and_the_page_of_their_results_open_no_internet_socket(
    tmp_path: Path, home: Path
) -> None:
    out = home / "out"
    clips = [str(write(tmp_path / f"{count}.mp4", sitting(count))) for count in (12, 14)]
    seen = traced(
        tmp_path, home, ["replay", *clips, "--calibrate", "0:1", "--workers", "2", "--out", str(out)]
    )
    assert seen.done.returncode == 0, seen.done.stderr
    by_models = {line.split()[0] for line in seen.lines if ".task" in line}
    assert len(by_models) >= 2, "the models ran in two processes"
    assert not seen.internet()
    page = traced(tmp_path, home, ["report", str(out), "--no-open", "--out", str(home / "page")])
    assert page.done.returncode == 0, page.done.stderr
    assert (home / "page" / "study.html").exists()
    assert not page.internet()
    assert not kept_pictures(home)


def test_calibrating_before_a_network_camera_speaks_to_that_camera_alone(
    tmp_path: Path, home: Path, camera: MjpegServer
) -> None:
    where = urlsplit(camera.url)
    command = ["calibrate", "--from", camera.url, "--no-preview", "--duration", "2", "--name", "me"]
    seen = traced(tmp_path, home, command)
    assert seen.done.returncode == 0, seen.done.stderr
    assert seen.addresses() == {(where.hostname, where.port)}
    assert_private(home)
    assert not kept_pictures(home)


def test_calibrate_opens_no_internet_socket(tmp_path: Path, home: Path) -> None:
    seen = traced(tmp_path, home, ["calibrate", "--from", str(FRONT), "--end", "2", "--name", "me"])
    assert seen.done.returncode == 0, seen.done.stderr
    assert (home / "data" / "profiles" / "me.json").exists()
    assert not seen.internet()
    assert_private(home)
    assert not kept_pictures(home)


def test_report_opens_no_internet_socket(tmp_path: Path, home: Path) -> None:
    desk = Desk(stretches(("good", 1.0)), 20.0)
    parts = desk.parts()
    path = home / "data" / "history.sqlite3"
    with HistorySink(History(path), lambda _: None, source="s", profile="p", days=90) as sink:
        parts.sinks = [sink]
        desk.run(parts)
    seen = traced(tmp_path, home, ["report", "month", "--no-open"])
    assert seen.done.returncode == 0, seen.done.stderr
    assert (home / "data" / "reports" / "month.html").exists()
    assert not seen.internet()
    assert_private(home)


def test_a_played_recording_opens_no_internet_socket(tmp_path: Path, home: Path) -> None:
    command = ["monitor", str(FRONT), "--profile", str(PROFILE), "--speed", "max", "--duration", "4"]
    seen = traced(tmp_path, home, command)
    assert seen.done.returncode == 0, seen.done.stderr
    assert not seen.internet()


def test_a_live_monitor_speaks_to_its_camera_alone_and_keeps_no_picture(
    tmp_path: Path, home: Path, camera: MjpegServer
) -> None:
    """The only address is the camera's own (a network camera has one); files go into its folders and nowhere else."""
    shutil.copy(PROFILE, private_folder(home / "data" / "profiles") / "me.json")
    (home / "data" / "profiles" / "me.json").chmod(0o600)
    command = ["monitor", camera.url, "--profile", "me", "--alert-after", "2", "--duration", "6"]
    seen = traced(tmp_path, home, command)
    assert seen.done.returncode == 0, seen.done.stderr
    assert "the models ran 0 times" not in seen.done.stderr
    where = urlsplit(camera.url)
    assert seen.addresses() == {(where.hostname, where.port)}
    outside = {path for path in seen.written() if not path.is_relative_to(home)}
    assert not {
        path for path in outside if not str(path).startswith(("/dev/null", "/proc/self/fd/", "/dev/shm/"))
    }
    assert not {
        path for path in seen.written() if path.suffix.lower() in {".jpg", ".jpeg", ".png", ".bmp", ".mp4"}
    }
    assert (home / "data" / "history.sqlite3").exists()
    assert_private(home)
    assert not kept_pictures(home)


def assert_private(home: Path) -> None:
    """Everything the program made can be read by its owner only."""
    for path in home.rglob("*"):
        if "tmp" not in path.relative_to(home).parts[:1] and not path.is_symlink():
            assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path


def kept_pictures(home: Path) -> list[Path]:
    """Files that hold a picture or a film, whatever their name: a signature at the start, a JPEG anywhere."""
    found = []
    for path in home.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            if (
                data.startswith(PICTURES)
                or data[4:8] in FILMS
                or data[:4] in FILMS
                or b"\xff\xd8\xff\xe0" in data
            ):
                found.append(path)
    return found


def test_a_picture_would_be_found(tmp_path: Path) -> None:
    picture = next(iter((SAMPLES / "frames").glob("*.jpg")))
    (tmp_path / "innocent.txt").write_bytes(b"some words " + picture.read_bytes())
    assert kept_pictures(tmp_path)
    assert INTERNET.search("socket(AF_INET6, SOCK_STREAM, 0) = 3")
