"""`posture-cv` in processes of its own, with a home of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from posture_cv.monitor.control.channel import NotRunningError, StartingError
from posture_cv.monitor.control.client import ask
from posture_cv.paths import HOME_VARIABLE
from warm import run_warm


def environment(home: Path) -> dict[str, str]:
    """That home, and the copy of the package that is being tested."""
    paths = [str(Path(path)) for path in sys.path if path and Path(path, "posture_cv").is_dir()]
    return {**os.environ, HOME_VARIABLE: str(home), "PYTHONPATH": os.pathsep.join(paths)}


def run(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return run_warm(arguments, env=environment(home), cwd=home, seconds=120.0)


def status(home: Path) -> dict[str, Any] | None:
    """What `status --json` prints, asked without a process for it; None: no monitor runs, or it is starting."""
    try:
        plain: dict[str, Any] = ask("status", folder=home / "runtime")["status"]
    except (NotRunningError, StartingError):
        return None
    return plain


def wait_for_status(
    home: Path, true: Callable[[dict[str, Any]], bool], seconds: float = 60.0
) -> dict[str, Any]:
    """The first status of the running monitor of which that is true."""
    deadline_s = time.monotonic() + seconds
    while (known := status(home)) is None or not true(known):
        assert time.monotonic() < deadline_s, known
        time.sleep(0.1)
    return known
