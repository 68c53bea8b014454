"""The preview window on a display of its own, where the machine has a virtual one."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from x_server import x_server

SHOW = """
import sys
import numpy as np
from posture_cv.output.window import PreviewWindow

picture = np.full((120, 160, 3), 200, np.uint8)
with PreviewWindow("test") as window:
    print([window.show(picture) for _ in range(5)])
    window.close()
    print(window.show(picture))
"""


@pytest.fixture
def display() -> Iterator[str]:
    with x_server() as name:
        yield name


def test_a_window_opens_and_closes_without_a_word_on_the_terminal(display: str) -> None:
    environment = os.environ | {"DISPLAY": display, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", SHOW], env=environment, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["[True, True, True, True, True]", "False"]
    assert done.stderr == ""


def test_a_display_that_went_away_is_an_error_and_no_abort(tmp_path: Path) -> None:
    environment = os.environ | {"DISPLAY": ":98765", "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", SHOW], env=environment, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 1
    assert "NoDisplayError" in done.stderr


def test_a_window_opens_after_a_video_was_opened(display: str) -> None:
    """Both libraries bring an X client of their own, and only one order of loading them works."""
    clip = Path(__file__).parents[2] / "samples" / "desk-front.mp4"
    if not clip.exists():
        pytest.skip("the samples are not in this tree")
    first = f"from posture_cv.capture import open_source\nnext(iter(open_source({str(clip)!r}).frames()))\n"
    environment = os.environ | {"DISPLAY": display, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", first + SHOW],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.stdout.splitlines() == ["[True, True, True, True, True]", "False"], done.stderr
