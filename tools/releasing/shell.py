"""Runs programs for the release check, and stops with their own words when one fails."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path


class ReleaseError(Exception):
    """The release is not as it must be; the text says what and where."""


def run(command: Sequence[str | Path], cwd: Path | None = None, env: Mapping[str, str] | None = None) -> str:
    """Standard output of a program.

    Raises:
        ReleaseError: it ended with another exit code than 0.
    """
    plain = [str(part) for part in command]
    done = subprocess.run(  # noqa: S603 - our own commands
        plain, cwd=cwd, env={**os.environ, **(env or {})}, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise ReleaseError(
            f"{' '.join(plain)}\nended with {done.returncode}:\n{done.stdout}{done.stderr}"[-4000:]
        )
    return done.stdout


def script(python: Path, name: str) -> Path:
    """A console command beside an interpreter."""
    return python.with_name(f"{name}.exe" if sys.platform == "win32" else name)
