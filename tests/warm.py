"""Processes that begin with everything imported, for tests to which it is no matter how a process begins.

Such a process is forked from one that has imported what commands and workers need and has no threads. Everything
else is a process's own: its folder, environment, streams, limits, signals and exit code. How the program starts, and
what a start takes, is tested by programs that begin from nothing.
"""

from __future__ import annotations

import multiprocessing
import os
import runpy
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Final
from unittest import mock

POSSIBLE: Final = sys.platform == "linux"  # elsewhere libraries do not bear a fork


def warm_context() -> Any:  # noqa: ANN401 - a class that some systems lack
    """Of processes that are forked from one which this process keeps for them."""
    from multiprocessing import forkserver

    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["warm_imports"])
    paths = os.pathsep.join(path for path in sys.path if path)
    with mock.patch.dict(os.environ, PYTHONPATH=paths, OPENCV_FOR_THREADS_NUM="1"):
        forkserver.ensure_running()
    return context


@contextmanager
def warm_workers() -> Iterator[None]:
    """Whoever asks for processes that begin from nothing is given warm ones."""
    real: Callable[[str | None], Any] = multiprocessing.get_context

    def found(method: str | None = None) -> Any:  # noqa: ANN401 - one class for each method
        return warm_context() if POSSIBLE and method == "spawn" else real(method)

    with mock.patch.object(multiprocessing, "get_context", found):
        yield


def run_warm(
    arguments: Sequence[str],
    *,
    env: Mapping[str, str],
    cwd: Path,
    seconds: float,
    limit: Callable[[], object] | None = None,
) -> subprocess.CompletedProcess[str]:
    """`python -m posture_cv ARGUMENTS`; `limit` is called in the process first. A hang is an error."""
    if not POSSIBLE:
        return subprocess.run(
            [sys.executable, "-m", "posture_cv", *arguments],
            env=env,
            cwd=cwd,
            preexec_fn=limit,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=seconds,
            check=False,
        )
    context = warm_context()
    pipes = [context.Pipe(duplex=False) for _ in range(2)]
    theirs = [pipe[1] for pipe in pipes]
    process = context.Process(target=_program, args=(arguments, dict(env), str(cwd), theirs, limit))
    process.start()
    with ThreadPoolExecutor(2) as readers:
        for end in theirs:
            end.close()
        said = [readers.submit(_all_of, pipe[0]) for pipe in pipes]
        process.join(seconds)
        if process.is_alive():
            process.kill()
            raise subprocess.TimeoutExpired(list(arguments), seconds)
        out, err = (text.result() for text in said)
    code = process.exitcode
    assert code is not None
    process.close()
    return subprocess.CompletedProcess(list(arguments), code, out, err)


def _all_of(pipe: Connection) -> str:
    with pipe, open(pipe.fileno(), encoding="utf-8", closefd=False) as text:
        return text.read()


def _program(
    arguments: Sequence[str],
    environment: Mapping[str, str],
    folder: str,
    streams: Sequence[Connection],
    limit: Callable[[], object] | None,
) -> None:
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    time.tzset()
    tempfile.tempdir = None
    for number, (name, stream) in enumerate(zip(("stdout", "stderr"), streams, strict=True), start=1):
        os.dup2(stream.fileno(), number)
        stream.close()
        buffering = -1 if name == "stdout" else 1
        setattr(sys, name, open(number, "w", buffering, encoding="utf-8", closefd=False))  # noqa: SIM115 - to the end
    if limit is not None:
        limit()
    sys.argv = ["posture-cv", *arguments]
    runpy.run_module("posture_cv", run_name="__main__", alter_sys=True)
