"""A full disk, a folder that goes away, rights that are taken: words in time, and nothing half-written."""

from __future__ import annotations

import errno
import io
import os
import re
import shutil
import stat
import subprocess
import sys
from contextlib import ExitStack, suppress
from functools import lru_cache
from pathlib import Path

import pytest

from faults.conftest import SETTINGS
from faults.trouble import Calling, Remover
from limited import NOBODY, environment, is_fault, run_limited
from monitor.monitor_material import Desk, stretches
from posture_cv.monitor.app import LockSink
from posture_cv.monitor.commands import Commands
from posture_cv.monitor.control.channel import NotRunningError, Transport
from posture_cv.monitor.control.client import ask
from posture_cv.monitor.control.server import ControlServer
from posture_cv.monitor.instance import SingleInstance
from posture_cv.monitor.remembering import StateSink
from posture_cv.monitor.sinks import TerminalSink
from posture_cv.monitor.status import StatusBoard
from source_tree import ROOT
from warm import run_warm

pytestmark = pytest.mark.skipif(os.name != "posix", reason="limits of POSIX")
WRITERS = {
    "replay": (("replay", "{recording}", "--calibrate", "0:8", "--out", "{out}"), 20_000),
    "calibrate": (("calibrate", "--from", "{recording}", "--end", "8", "--name", "new"), 2_000),
    "settings": (("settings", "init"), 500),
    "feedback": (("feedback", "wrong"), 100),
    "history-json": (("history", "export", "--out", "{out}"), 100),
    "history-csv": (("history", "export", "--format", "csv", "--out", "{out}"), 10),
    "report": (("report", "today", "--no-open"), 1_000),
    "markers": (("export", "{recording}", "--format", "trc", "--out", "{out}"), 10_000),
}


@pytest.mark.parametrize("writer", WRITERS)
def test_a_full_disk_is_said_and_leaves_nothing_half(
    writer: str, home: Path, recording: Path, tmp_path: Path
) -> None:
    command, room_bytes = WRITERS[writer]
    places = {"recording": str(recording), "out": str(tmp_path / "out")}
    before = _files(home)
    done = run_limited([part.format(**places) for part in command], home, file_bytes=room_bytes)
    assert is_fault(done), (done.returncode, done.stderr)
    assert "Make room" in done.stderr or "disk" in done.stderr.lower() or "too large" in done.stderr
    made = (
        _files(home) | (_files(tmp_path / "out") if (tmp_path / "out").exists() else {})
    ).items() - before.items()
    assert not [path for path, size in made if size >= room_bytes and "landmarks" not in path], made


def _files(folder: Path) -> dict[str, int]:
    """Files that have their final name, and their sizes."""
    found = {}
    for path in folder.rglob("*"):
        with suppress(FileNotFoundError):
            if path.is_file() and not path.name.endswith(".part") and "sqlite3" not in path.name:
                found[str(path)] = path.stat().st_size
    return found


def test_dev_full_as_standard_output_is_said(home: Path) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "posture_cv", "guidance"],
            stdout=full,
            stderr=subprocess.PIPE,
            env=environment(home),
            text=True,
            check=False,
        )
    assert done.returncode == 2
    assert "No space left" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_monitor_whose_terminal_takes_nothing_watches_on(home: Path, recording: Path) -> None:
    profile = str(ROOT / "samples" / "desk-front.profile.json")
    command = ["monitor", str(recording), "--profile", profile, "--speed", "max", "--no-notifications"]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "posture_cv", *command],
            stdout=full,
            stderr=subprocess.PIPE,
            env=environment(home),
            text=True,
            timeout=120,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    assert "the recording is over" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_control_channel_whose_folder_is_deleted_is_nobody_and_ends_in_order(tmp_path: Path) -> None:
    folder = tmp_path / "runtime"
    folder.mkdir(mode=0o700)
    with ControlServer(folder, StatusBoard(), Commands(), lambda: 0.0, "unix"):
        shutil.rmtree(folder)
        with pytest.raises(NotRunningError):
            ask("status", folder=folder, transport="unix")


@pytest.mark.parametrize("transport", ["unix", "tcp"])
def test_a_control_channel_that_another_has_made_meanwhile_is_left_to_it(
    tmp_path: Path, transport: Transport
) -> None:
    folder = tmp_path / "runtime"
    folder.mkdir(mode=0o700)
    with ExitStack() as first, ExitStack() as second:
        first.enter_context(ControlServer(folder, StatusBoard(), Commands(), lambda: 0.0, transport))
        shutil.rmtree(folder)
        folder.mkdir(mode=0o700)
        second.enter_context(ControlServer(folder, StatusBoard(), Commands(), lambda: 0.0, transport))
        first.close()
        assert ask("ping", folder=folder, transport=transport)["ok"]
    assert not [file for file in folder.iterdir() if file.name.startswith("control")]


@pytest.mark.parametrize("replaced", [False, True])
def test_a_monitor_whose_lock_is_deleted_ends(tmp_path: Path, *, replaced: bool) -> None:
    """Nobody could end it any more, and a second one would watch beside it."""
    folder, desk = tmp_path / "runtime", Desk(stretches(("good", 1.0)), 60.0, SETTINGS, rate_hz=2.0)
    parts = desk.parts()
    with SingleInstance(folder) as alone, ExitStack() as stack:
        held = alone.holds
        remover = Remover(folder, 30.0)
        another = Calling(
            lambda: None if folder.exists() or not replaced else stack.enter_context(SingleInstance(folder))
        )
        parts.sinks = [remover, another, LockSink(alone, parts.commands)]
        outcome = desk.run(parts)
        assert (held, alone.holds) == (True, False)
    assert outcome.duration_s < 32.0
    assert "monitor.lock was deleted" in outcome.why


def test_a_remembered_state_whose_folder_is_deleted_is_written_anew(tmp_path: Path) -> None:
    notes: list[str] = []
    desk = Desk(stretches(("good", 1.0)), 60.0, SETTINGS, rate_hz=2.0)
    parts = desk.parts()
    path = tmp_path / "state" / "monitor-state.json"
    with StateSink(path, SETTINGS.ticks.tick_s, notes.append) as sink:
        path.parent.mkdir()
        parts.sinks = [Remover(path.parent, 30.0), sink]
        desk.run(parts)
    assert path.exists()
    assert not notes


class FullFile(io.StringIO):
    """A log that fails as `error` says."""

    error: int | None = None

    def write(self, text: str) -> int:
        if self.error is not None:
            raise OSError(self.error, os.strerror(self.error))
        return super().write(text)


@pytest.mark.parametrize(("error", "heard"), [(errno.ENOSPC, "1 3 "), (errno.EPIPE, "1 ")])
def test_a_log_that_was_full_is_written_again_and_one_that_is_closed_is_not(error: int, heard: str) -> None:
    log = FullFile()
    terminal = TerminalSink(log)
    terminal.note("1")
    log.error = error
    terminal.note("2")
    log.error = None
    terminal.note("3")
    assert log.getvalue().replace("\n", " ") == heard


def _may_not_write(folder: Path) -> None:
    """Everything below belongs to the reader and may only be read."""
    for path in [folder, *folder.rglob("*")]:
        if os.geteuid() == 0:
            os.chown(path, NOBODY, NOBODY)
        path.chmod(0o500 if path.is_dir() else 0o400)


@pytest.mark.parametrize("writer", WRITERS)
def test_rights_that_were_taken_are_said(writer: str, home: Path, recording: Path, tmp_path: Path) -> None:
    """As another user than root, to whom no right is denied."""
    if os.geteuid() == 0 and (shutil.which("setpriv") is None or not _nobody_reads_the_tree()):
        pytest.skip("this tree cannot be read by another user")
    command, _ = WRITERS[writer]
    locked = tmp_path / "locked"
    locked.mkdir()
    places = {"recording": str(recording), "out": str(locked / "out")}
    _may_not_write(locked)
    _may_not_write(home)
    _open_the_way(tmp_path)
    words = [part.format(**places) for part in command]
    done = run_warm(words, env=environment(home), cwd=Path("/"), seconds=120.0, limit=_become_nobody)
    for path in (locked, home, *home.rglob("*")):
        path.chmod(0o700)
    assert is_fault(done), (done.returncode, done.stderr)
    assert re.search("ermission denied|readonly|may not be written", done.stderr), done.stderr


def _as_nobody() -> list[str]:
    if os.geteuid() != 0:
        return []
    return ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]


def _become_nobody() -> None:
    if os.geteuid() == 0:
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)


def _open_the_way(folder: Path) -> None:
    for path in [folder, *folder.parents]:
        if path.stat().st_uid == os.geteuid() and path != Path("/"):
            path.chmod(stat.S_IMODE(path.stat().st_mode) | 0o011)


@lru_cache
def _nobody_reads_the_tree() -> bool:
    code = f"import os, posture_cv.cli; os.stat({str(ROOT / 'samples')!r})"
    done = subprocess.run(
        [*_as_nobody(), sys.executable, "-c", code],
        env=environment(Path("/")),
        capture_output=True,
        check=False,
    )
    return done.returncode == 0
