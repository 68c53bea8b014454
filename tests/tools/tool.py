"""Runs a tool of the checkout as a maintainer does: in a process of its own, from another folder."""

from __future__ import annotations

import contextlib
import io
import os
import runpy
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType

import pytest

from source_tree import ROOT

TOOLS = ROOT / "tools"
Load = Callable[[str], ModuleType]
"""A module of `tools/`, by its name in its package."""


def started(*words: str, place: Path, paths: tuple[str | Path, ...] = ()) -> subprocess.CompletedProcess[str]:
    """`python WORDS` in `place`; `paths` come first where modules are looked for."""
    known = [*map(str, paths), *(path for path in sys.path if path)]
    settings = {
        "PYTHONPATH": os.pathsep.join(known),
        "PYTHONDONTWRITEBYTECODE": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }
    return subprocess.run(
        [sys.executable, *words],
        cwd=place,
        env={**os.environ, **settings},
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=300,
        check=False,
    )


def output_of(name: str, *words: str | Path, place: Path) -> str:
    """What a tool prints; it must end well."""
    done = started(str(TOOLS / name), *map(str, words), place=place)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def help_of(name: str, place: Path, words: Sequence[str] = ()) -> str:
    """What a tool prints for WORDS and `--help`, run here: another process's start would cost more than the tool."""
    out = io.StringIO()
    with pytest.MonkeyPatch.context() as here, contextlib.redirect_stdout(out):
        here.chdir(place)
        here.syspath_prepend(TOOLS)
        here.setattr(sys, "argv", [str(TOOLS / name), *words, "--help"])
        with pytest.raises(SystemExit) as left:
            runpy.run_path(str(TOOLS / name), run_name="__main__")
    assert left.value.code in (0, None)
    return out.getvalue()


def figures(table: str, label: str) -> list[float]:
    """The numbers behind a label in a printed table."""
    [line] = [line for line in table.splitlines() if line.strip("| ").startswith(label)]
    words = line.strip("| ").removeprefix(label).replace("|", " ").replace(",", " ").split()
    return [float(word.rstrip("\N{DEGREE SIGN}%")) for word in words]
