"""Nothing is sent anywhere: no process of ours opens an internet socket, C libraries included.

Traced at system-call level, because C code passes by every hook that Python has.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SAMPLES = Path(__file__).resolve().parents[2] / "samples"
FRONT = SAMPLES / "desk-front.mp4"

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or shutil.which("strace") is None, reason="needs strace, on Linux"
)

INTERNET = re.compile(r"\b(AF_INET6?|sin_port|sin6_port)\b")


def traced(tmp_path: Path, *arguments: str) -> tuple[subprocess.CompletedProcess[str], str]:
    """Run posture-cv under strace; what it did with the network, of all threads and children."""
    log = tmp_path / "trace"
    command = ["strace", "-f", "-qq", "-e", "trace=network", "-o", str(log)]
    done = subprocess.run(
        [*command, sys.executable, "-m", "posture_cv", *arguments],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    return done, log.read_text(errors="replace")


def test_the_tracer_sees_an_internet_socket(tmp_path: Path) -> None:
    log = tmp_path / "trace"
    code = "import socket; socket.socket(socket.AF_INET, socket.SOCK_STREAM).close()"
    subprocess.run(
        ["strace", "-f", "-qq", "-e", "trace=network", "-o", str(log), sys.executable, "-c", code], check=True
    )
    assert INTERNET.search(log.read_text())


def test_replay_opens_no_internet_socket(tmp_path: Path) -> None:
    done, trace = traced(
        tmp_path,
        "replay",
        str(FRONT),
        "--calibrate",
        "0:4",
        "--every",
        "2hz",
        "--out",
        str(tmp_path / "out"),
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out" / "summary.json").exists()
    assert not INTERNET.search(trace), trace
