"""Programs that look at single frames calculate on one thread, unless the user says otherwise."""

from __future__ import annotations

import os
import subprocess
import sys

SCRIPT = """
from posture_cv.processors import use_one_thread
use_one_thread()
import os, cv2
print(cv2.getNumThreads(), os.environ["OPENBLAS_NUM_THREADS"])
"""


def _threads(**variables: str) -> list[str]:
    known = {k: v for k, v in os.environ.items() if not k.endswith(("_NUM_THREADS", "_THREADS_NUM"))}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], env={**known, **variables}, capture_output=True, text=True, check=True
    )
    return done.stdout.split()


def test_sums_and_pictures_stay_on_one_thread() -> None:
    assert _threads() == ["1", "1"]


def test_what_the_user_has_set_stays() -> None:
    assert _threads(OPENBLAS_NUM_THREADS="3")[1] == "3"
