"""What every test shares: quiet logs, reproducible properties, and the user's own folders left alone."""

from __future__ import annotations

import gc
import logging
import signal
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

import posture_cv
from amounts import amount
from posture_cv._version import __version__
from posture_cv.processors import use_one_thread
from warm import warm_workers

if TYPE_CHECKING:
    from monitor.browser import Browser

use_one_thread(
    pictures=False
)  # as the program does, before numpy is loaded: sums keep their order, whoever makes a table

# No deadline: a property says what is true, not how fast a loaded machine is. Derandomised: a run that fails
# here fails everywhere. A property that needs more examples than these asks for them.
settings.register_profile(
    "posture-cv",
    deadline=None,
    derandomize=True,
    database=None,
    max_examples=amount(50, 100),
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("posture-cv")

# A run in the background ignores Ctrl-C and so would every program that a test starts: they are to get it.
signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_report_header() -> str:
    """Which copy of the package is tested: the checkout's or an installed one."""
    return f"posture_cv {__version__} from {Path(posture_cv.__file__).parent}"


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """What is collected stays to the end: the garbage collector need not go through it again and again."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.fixture(scope="session", autouse=True)
def _warm_workers() -> Iterator[None]:
    with warm_workers():
        yield


@pytest.fixture(autouse=True)
def own_folders(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Configuration, data, state and cache go to a temporary home."""
    home = tmp_path_factory.mktemp("home")
    monkeypatch.delenv("POSTURE_CV_HOME", raising=False)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("USERPROFILE", str(home))
    for name in ("CONFIG", "DATA", "STATE", "CACHE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(home / name.lower()))
    monkeypatch.setenv("LOCALAPPDATA", str(home / "local"))
    monkeypatch.setenv("APPDATA", str(home / "roaming"))


@pytest.fixture(autouse=True)
def no_error_is_logged(caplog: pytest.LogCaptureFixture, request: pytest.FixtureRequest) -> Iterator[None]:
    """A test that passes while the program logs an error has not looked closely enough."""
    yield
    if "expects_error_log" in request.keywords:
        return
    errors = [r for when in ("setup", "call") for r in caplog.get_records(when) if r.levelno >= logging.ERROR]
    assert not errors, [record.getMessage() for record in errors]


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """One for all pages."""
    from monitor.browser import Browser, find_browser  # loads numpy, see above

    program = find_browser()
    if program is None:
        pytest.skip("no Chromium is installed (apt: chromium)")
    with Browser(program, tmp_path_factory.mktemp("browser")) as made:
        yield made
