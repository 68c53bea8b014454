"""Processes that read a camera or a stream, forked from one that has imported everything; see `warm`."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

from posture_cv.capture import worker_process
from warm import POSSIBLE, warm_context


class WarmProcess:
    """As much of a `subprocess.Popen` as the program uses."""

    def __init__(self, command: list[str], **_: object) -> None:
        context = warm_context()
        theirs_in, ours_in = context.Pipe(duplex=False)
        ours_out, theirs_out = context.Pipe(duplex=False)
        self._process = context.Process(target=_run, args=(command[-1], theirs_in, theirs_out))
        self._process.start()
        assert self._process.pid is not None
        self.pid = self._process.pid
        self._code: int | None = None
        self._waiting = threading.Lock()
        with theirs_in, theirs_out, ours_in, ours_out:
            self.stdin = os.fdopen(os.dup(ours_in.fileno()), "wb", buffering=0)
            self.stdout = os.fdopen(os.dup(ours_out.fileno()), "rb", buffering=0)

    def kill(self) -> None:
        if self._code is None:
            self._process.kill()

    def wait(self) -> int:
        with self._waiting:
            if self._code is None:
                self._process.join()
                self._code = self._process.exitcode
                self._process.close()
            assert self._code is not None
            return self._code


def _run(program: str, given: Connection, told: Connection) -> None:
    os.setpgid(0, 0)
    for number, file in enumerate((given.fileno(), told.fileno(), os.open(os.devnull, os.O_WRONLY))):
        os.dup2(file, number)
    given.close()
    told.close()
    sys.stdin, sys.stdout = open(0, closefd=False), open(1, "w", closefd=False)  # noqa: SIM115 - to the end
    exec(compile(program, "<worker>", "exec"), {"__name__": "__main__"})


def children() -> set[str]:
    """Of the process from which warm ones are forked."""
    if not POSSIBLE:
        return set()
    from multiprocessing import forkserver

    server = forkserver._forkserver._forkserver_pid  # type: ignore[attr-defined]
    places = Path("/proc", str(server), "task").glob("*/children") if server else ()
    return {pid for place in places for pid in place.read_text(encoding="ascii").split()}


@contextmanager
def warm_workers() -> Iterator[None]:
    """Whoever opens a camera or a stream is given a warm process."""
    if not POSSIBLE:
        yield
        return
    known = SimpleNamespace(Popen=WarmProcess, PIPE=subprocess.PIPE, DEVNULL=subprocess.DEVNULL)
    with mock.patch.object(worker_process, "subprocess", known):
        yield
