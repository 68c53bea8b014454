"""A real lock screen, MATE's, on a virtual screen and a bus of its own: the monitor hears of it."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from monitor.notification_server import private_bus
from posture_cv.monitor.surroundings import LinuxSurroundings
from x_server import x_server

ASK = "mate-screensaver-command"


@pytest.fixture
def lock_screen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    if shutil.which("mate-screensaver") is None:
        pytest.skip("mate-screensaver is not installed (apt: mate-screensaver)")
    with private_bus() as address, x_server() as screen:
        for name, value in (
            ("DBUS_SESSION_BUS_ADDRESS", address),
            ("DBUS_SYSTEM_BUS_ADDRESS", address),
            ("DISPLAY", screen),
            ("HOME", str(tmp_path)),
            ("XDG_RUNTIME_DIR", str(tmp_path)),
            ("GSETTINGS_BACKEND", "memory"),
            ("NO_AT_BRIDGE", "1"),
        ):
            monkeypatch.setenv(name, value)
        saver = subprocess.Popen(
            ["mate-screensaver", "--no-daemon"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            _until(lambda: _told("--query").returncode == 0)
            yield
        finally:
            saver.terminate()
            saver.wait(10)


def _told(word: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([ASK, word], env=os.environ, capture_output=True, text=True, check=False)


def _until(true: Callable[[], bool], seconds: float = 30.0) -> None:
    deadline_s = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline_s
        time.sleep(0.05)


@pytest.mark.usefixtures("lock_screen")
def test_a_screen_that_is_locked_and_unlocked_is_heard_of() -> None:
    with closing(LinuxSurroundings(calls=False)) as source:
        assert not source.poll().locked
        assert _told("--lock").returncode == 0
        _until(lambda: source.poll().locked)
        _told("--deactivate")
        _until(lambda: not source.poll().locked)


@pytest.mark.usefixtures("lock_screen")
def test_a_screen_that_is_locked_already_is_known_to_be() -> None:
    assert _told("--activate").returncode == 0
    with closing(LinuxSurroundings(calls=False)) as source:
        _until(lambda: source.poll().locked)
