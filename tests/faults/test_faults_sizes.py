"""Pictures of any width and height, from one pixel up, never end the process.

Reading the mask of a width that is no multiple of 4 aborts inside MediaPipe's C library: nothing to catch.
Every width and height from 1 to 130, and around common ones: POSTURE_CV_FULL=1.
"""

from __future__ import annotations

import subprocess
import sys
from itertools import product
from pathlib import Path

import pytest

from amounts import FULL
from limited import environment
from source_tree import ROOT

FRAMES = ROOT / "samples" / "frames"
_SMALL = [
    (w, h) for w, h in zip((1, 2, 3, 5, 6, 7, 31, 33, 129), (1, 130, 3, 9, 64, 31, 5, 2, 127), strict=True)
]
_AROUND = [(w, 50 + w % 7) for base in (160, 270, 640) for w in range(base - 2, base + 3)]


def sizes() -> list[tuple[int, int]]:
    """What is tried: a few, or every one."""
    if not FULL:
        return [*_SMALL, *_AROUND]
    every = list(product(range(1, 131), (1, 2, 3, 17, 64, 97, 130)))
    every += [(height, width) for width, height in every]
    around = (160, 270, 320, 480, 540, 637, 720, 1080, 1280, 1920)
    every += [(base + more, 121) for base in around for more in range(-4, 5)]
    every += [(121, base + more) for base in around for more in range(-4, 5)]
    return list(dict.fromkeys(every))


def test_no_size_ends_the_process(tmp_path: Path) -> None:
    pictures = sorted(FRAMES.glob("*.jpg")) or sorted(FRAMES.glob("*.png"))
    if not pictures:
        pytest.skip("the samples are not in this tree")
    tried = [f"{width}x{height}" for width, height in sizes()]
    child = Path(__file__).with_name("sizes_child.py")
    done = subprocess.run(
        [sys.executable, str(child), str(pictures[0]), *tried],
        env=environment(tmp_path),
        capture_output=True,
        text=True,
        check=False,
    )
    said = done.stdout.split()
    assert done.returncode == 0, f"ended at {said[-1:]}: {done.stderr[-500:]}"
    assert said == [*tried, "done"]
