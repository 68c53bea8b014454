"""A program that watches its user must not talk to anyone: no thread of it opens a network socket."""

from __future__ import annotations

import platform
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from source_tree import ROOT

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or platform.machine() not in {"x86_64", "aarch64"},
    reason="the kernel's system call filter of Linux shows what a C library does",
)

FORBID = f"""
import sys
sys.path.append({str(Path(__file__).parent)!r})
from without_network import forbid_network_sockets
forbid_network_sockets()
"""
USE_BOTH_MODELS = """
import numpy as np
from posture_cv.capture.types import Frame
from posture_cv.landmarks.estimator import EstimatorOptions, Mode
from posture_cv.landmarks.mediapipe_estimator import MediaPipeEstimator

with MediaPipeEstimator(EstimatorOptions(mode=Mode.VIDEO)) as estimator:
    for number in range(3):
        estimator.estimate(Frame(index=number, t_s=number / 10, image_bgr=np.zeros((480, 640, 3), np.uint8)))
print("done")
"""


def _run(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", FORBID + code], capture_output=True, text=True, check=False, cwd=ROOT
    )


@pytest.mark.parametrize("family", ["AF_INET", "AF_INET6"])
def test_the_filter_ends_a_process_that_opens_a_network_socket(family: str) -> None:
    done = _run(f"import socket; socket.socket(socket.{family}, socket.SOCK_DGRAM); print('opened')")
    assert done.returncode == -signal.SIGSYS
    assert "opened" not in done.stdout


def test_the_filter_sees_other_threads() -> None:
    code = "import socket, threading; threading.Thread(target=socket.socket).start()"
    assert _run(code).returncode == -signal.SIGSYS


def test_the_filter_lets_local_sockets_be() -> None:
    assert _run("import socket; socket.socketpair(); print('done')").stdout == "done\n"


def test_running_both_models_opens_no_network_socket() -> None:
    done = _run(USE_BOTH_MODELS)
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("done\n")
