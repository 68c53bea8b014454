"""How long programs take to start, and how much memory they hold: processes of their own, as a user starts them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from posture_cv.assess.types import State
from posture_cv.bench.figures import Spread, spread
from posture_cv.bench.memory import memory_mb
from posture_cv.errors import PostureError
from posture_cv.paths import HOME_VARIABLE

_LONGEST_S: Final = 60.0
_VERDICT: Final = re.compile(
    rf"^\d\d:\d\d:\d\d . ({'|'.join(re.escape(plain.label.replace('_', ' ')) for plain in State)})"
)
"""A line of the monitor: time of day, shape, state."""


@dataclass(frozen=True, slots=True)
class Started:
    """Processes that were started `wall.count` times.

    Attributes:
        wall: from the start to the end, or to the line that was waited for.
        cpu: processor time until they ended; None where the system does not tell of a child.
        peak_mb: the most memory that one had held when its line came, 10^6 bytes; None without a line, or where the
            system does not tell.
    """

    wall: Spread
    cpu: Spread | None
    peak_mb: float | None


def start_help(times: int) -> Started:
    """`posture-cv --help`, to its end."""
    return _started([_one(["--help"], None) for _ in range(times)])


def start_status(times: int) -> Started:
    """`posture-cv status` where no monitor runs: what a script that asks pays at least."""
    return _started([_one(["status"], None) for _ in range(times)])


def first_verdict(video: Path, profile: Path, times: int) -> Started:
    """`posture-cv monitor VIDEO`, to the first line that names a state; a video stands in for the camera."""
    command = ["monitor", str(video.absolute()), "--profile", str(profile.absolute()), "--no-notifications"]
    return _started([_one(command, _VERDICT) for _ in range(times)])


@dataclass(frozen=True, slots=True)
class _Run:
    wall_s: float
    cpu_s: float | None
    peak_mb: float | None


def _started(runs: Sequence[_Run]) -> Started:
    cpu_s = [run.cpu_s for run in runs if run.cpu_s is not None]
    peaks = [run.peak_mb for run in runs if run.peak_mb is not None]
    return Started(
        spread([run.wall_s for run in runs]),
        spread(cpu_s) if cpu_s else None,
        round(max(peaks), 1) if peaks else None,
    )


def _one(arguments: Sequence[str], until: re.Pattern[str] | None) -> _Run:
    """Start it once, in folders of its own; without `until` to its end.

    Raises:
        PostureError: the line did not come.
    """
    with tempfile.TemporaryDirectory() as home:
        begin_s = time.perf_counter()
        process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
            [sys.executable, "-m", "posture_cv", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, HOME_VARIABLE: home},
            text=True,
        )
        assert process.stdout is not None
        guard = threading.Timer(_LONGEST_S, process.kill)
        guard.start()
        try:
            found = _read_until(process.stdout, until)
            wall_s = time.perf_counter() - begin_s
            # The figure that `wait4` gives would count what its parent held at the fork.
            peak_mb = memory_mb(process.pid, "VmHWM") if until is not None else None
            if until is not None:
                process.terminate()
                process.stdout.read()
            cpu_s = _ended(process)
        finally:
            guard.cancel()
            process.stdout.close()
    if not found:
        raise PostureError(
            "The monitor named no state.",
            f"posture-cv {' '.join(arguments)} was waited for {wall_s:.0f} s.",
            "Run it by hand to see why.",
        )
    return _Run(wall_s, cpu_s, peak_mb)


def _read_until(lines: IO[str], until: re.Pattern[str] | None) -> bool:
    """Read to the line, or to the end; whether it came."""
    found = False
    for line in lines:
        if until is not None and until.match(line):
            found = True
            break
    return found or until is None


def _ended(process: subprocess.Popen[str]) -> float | None:
    """Wait for it; its processor time in seconds, where the system tells."""
    if not hasattr(os, "wait4") or process.returncode is not None:  # `terminate` looks whether it has ended
        process.wait()
        return None
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return float(used.ru_utime + used.ru_stime)
