"""The import rules of pyproject.toml hold, would be noticed when broken, and what imports cannot show."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from source_tree import ROOT

PURE = (
    *("posture_cv/measure", "posture_cv/assess", "posture_cv/guidance", "posture_cv/exercise"),
    "posture_cv/exposure",
    *("calibration/fit.py", "calibration/mesh.py", "calibration/outliers.py", "calibration/quality.py"),
    *(
        "calibration/collect.py",
        "calibration/protocol.py",
        "calibration/ergonomics.py",
        "calibration/verdict.py",
    ),
)


def _lint_imports(tree: Path) -> subprocess.CompletedProcess[str]:
    code = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"
    environment = {**os.environ, "PYTHONPATH": str(tree)}
    return subprocess.run(
        [sys.executable, "-c", code], cwd=tree, env=environment, capture_output=True, text=True, check=False
    )


def test_imports_keep_the_rules() -> None:
    done = _lint_imports(ROOT)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("module", "line", "rule"),
    [
        ("posture_cv/landmarks/names.py", "import posture_cv.measure", "Data goes one way"),
        ("posture_cv/measure/types.py", "import cv2", "no camera, no model, no terminal"),
        ("posture_cv/assess/types.py", "import time", "no clock, file, environment or thread"),
        ("calibration/fit.py", "import rich", "no camera, no model, no terminal"),
        ("posture_cv/landmarks/types.py", "import mediapipe", "Only one module imports mediapipe"),
        ("posture_cv/landmarks/types.py", "import calibration", "imports calibration"),
        ("calibration/__init__.py", "import posture_cv.assess", "calibration builds on"),
    ],
)
def test_a_broken_rule_is_noticed(module: str, line: str, rule: str, tmp_path: Path) -> None:
    for package in ("posture_cv", "calibration"):
        shutil.copytree(
            ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("*.task", "__pycache__")
        )
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    with (tmp_path / module).open("a") as file:
        file.write(f"\n{line}\n")
    done = _lint_imports(tmp_path)
    assert done.returncode == 1, done.stdout + done.stderr
    broken = [text for text in done.stdout.splitlines() if " BROKEN" in text]
    assert any(rule in text for text in broken), broken


def _trees(place: str) -> list[tuple[Path, ast.Module]]:
    paths = [ROOT / place] if place.endswith(".py") else sorted((ROOT / place).rglob("*.py"))
    assert paths, f"{place} is empty"
    return [(path, ast.parse(path.read_text(encoding="utf-8"))) for path in paths]


@pytest.mark.parametrize("place", PURE)
def test_core_opens_and_prints_nothing(place: str) -> None:
    effects = {"open", "print", "input", "exec", "eval", "__import__"}
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.func.id}()"
        for path, tree in _trees(place)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in effects
    ]
    assert not found
