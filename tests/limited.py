"""The command line in a process of its own that the system keeps short: of disk, of time."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from posture_cv.paths import HOME_VARIABLE
from warm import run_warm

NOBODY = 65534


def run_limited(
    arguments: Sequence[str],
    home: Path,
    *,
    file_bytes: int | None = None,
    memory_bytes: int | None = None,
    seconds: float = 120.0,
) -> subprocess.CompletedProcess[str]:
    """Run `posture-cv ARGUMENTS`; a run that takes longer is a hang and an error.

    Args:
        arguments: of the command.
        home: holds its folders.
        file_bytes: no file may grow beyond it (the same call fails in the same place as on a full disk).
        memory_bytes: of address space.
        seconds: its time limit.
    """
    # Python writes half a bytecode file where no more fits, and every later process of this tree would stumble over it.
    no_bytecode = {} if file_bytes is None else {"PYTHONDONTWRITEBYTECODE": "1"}
    limit = partial(_limit, file_bytes, memory_bytes)
    return run_warm(arguments, env=environment(home) | no_bytecode, cwd=home, seconds=seconds, limit=limit)


def _limit(file_bytes: int | None, memory_bytes: int | None) -> None:
    import resource

    if file_bytes is not None:
        sys.dont_write_bytecode = True
        resource.setrlimit(resource.RLIMIT_FSIZE, (file_bytes, file_bytes))
    if memory_bytes is not None:
        resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))


def environment(home: Path) -> dict[str, str]:
    """Of a process whose folders lie below `home`."""
    one_thread = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    paths = os.pathsep.join(path for path in sys.path if path)
    return {**os.environ, **one_thread, HOME_VARIABLE: str(home), "PYTHONPATH": paths}


def is_fault(done: subprocess.CompletedProcess[str]) -> bool:
    """Whether it ended as a fault is to end: exit code 2, words, no traceback."""
    return done.returncode == 2 and "Error" in done.stderr and "Traceback" not in done.stderr
