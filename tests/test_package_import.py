"""What an import and a `--help` load: nothing that a quick answer does not need."""

from __future__ import annotations

import subprocess
import sys

import pytest

from posture_cv.cli import COMMANDS

HEAVY = {"av", "cv2", "jinja2", "mediapipe", "numpy", "pydantic", "rich", "desktop_notifier", "calibration"}


def _modules_after(code: str) -> set[str]:
    """Top-level modules loaded by a fresh interpreter that runs `code`."""
    report = "import sys; print(*sorted({name.partition('.')[0] for name in sys.modules}), file=sys.stderr)"
    script = f"import atexit; atexit.register(lambda: exec({report!r}))\n{code}"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return set(done.stderr.splitlines()[-1].split())


@pytest.mark.parametrize("package", ["posture_cv", "calibration", "posture_cv.errors", "posture_cv.models"])
def test_import_loads_nothing_heavy(package: str) -> None:
    assert not _modules_after(f"import {package}") & (HEAVY - {package})


def test_this_way_of_looking_sees_a_heavy_import() -> None:
    assert "numpy" in _modules_after("import numpy")


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], *([name, "--help"] for name in COMMANDS)])
def test_help_loads_nothing_heavy(arguments: list[str]) -> None:
    code = f"import sys; sys.argv = ['posture-cv', *{arguments!r}]; from posture_cv.cli import main; main()"
    assert not _modules_after(code) & HEAVY


def test_a_replay_loads_no_models_and_no_schemas_before_it_needs_them() -> None:
    """A recording judged anew needs neither, and loading them takes as long as much of the judging."""
    loaded = _modules_after(
        "import posture_cv.cli.replay, posture_cv.cli.replay_run, posture_cv.replay.inputs"
    )
    assert not loaded & {"av", "cv2", "jinja2", "mediapipe", "pydantic", "calibration"}


@pytest.mark.parametrize("module", ["posture_cv", "calibration"])
def test_module_answers_help(module: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", module, "--help"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "Usage" in done.stdout
