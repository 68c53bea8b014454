"""`posture-cv` in processes of its own, with a home of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from posture_cv.paths import HOME_VARIABLE


def environment(home: Path) -> dict[str, str]:
    """That home, and the copy of the package that is being tested."""
    paths = [str(Path(path)) for path in sys.path if path and Path(path, "posture_cv").is_dir()]
    return {**os.environ, HOME_VARIABLE: str(home), "PYTHONPATH": os.pathsep.join(paths)}


def run(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run(
        [sys.executable, "-m", "posture_cv", *arguments],
        env=environment(home),
        cwd=home,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=120,
        check=False,
    )
