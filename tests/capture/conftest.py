"""After every test here: no thread, process or open file of a source is left."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from capture import warm_worker
from warm import POSSIBLE, warm_context

_PROCESS = Path("/proc/self")


def _children() -> set[str]:
    found = warm_worker.children()
    for each in _PROCESS.glob("task/*/children"):
        with suppress(FileNotFoundError):  # that thread has just ended
            found.update(each.read_text(encoding="ascii").split())
    return found


def _descriptors() -> int:
    return len(list((_PROCESS / "fd").iterdir())) if _PROCESS.exists() else 0


@pytest.fixture(scope="module", autouse=True)
def _warm() -> Iterator[None]:
    if POSSIBLE:
        first = warm_context().Process(target=int)  # before files and processes are counted
        first.start()
        first.join()  # now all is imported, and whatever that started is over
    with warm_worker.warm_workers():
        yield


@pytest.fixture(autouse=True)
def nothing_left_behind() -> Iterator[None]:
    """Threads, processes and (roughly: libraries keep a few for good) file descriptors."""
    threads, children, descriptors = set(threading.enumerate()), _children(), _descriptors()
    yield
    left = [t.name for t in threading.enumerate() if t not in threads and not t.name.startswith("pytest")]
    assert not left, f"threads left: {left}"
    assert _children() <= children, "a process is left"
    assert _descriptors() <= descriptors + 8, "files are left open"
