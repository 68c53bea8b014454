"""Which interpreters of the supported versions are at hand."""

from __future__ import annotations

import re
import shutil
import tomllib
from pathlib import Path

from releasing.shell import ReleaseError, run

ROOT = Path(__file__).resolve().parents[2]


def supported() -> list[str]:
    """Versions named by the classifiers, for example "3.11"."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    found = (re.fullmatch(r"Programming Language :: Python :: (3\.\d+)", c) for c in project["classifiers"])
    return [match[1] for match in found if match]


def at_hand() -> dict[str, Path]:
    """Version -> interpreter: by name on the path, and pyenv's."""
    wanted, known = supported(), dict[str, Path]()
    names = [shutil.which(f"python{version}") for version in wanted]
    candidates = [Path(name) for name in names if name]
    candidates += sorted((Path.home() / ".pyenv" / "versions").glob("3.*/bin/python"))
    for candidate in candidates:
        version = _version(candidate)
        if version in wanted:
            known.setdefault(version, candidate)
    return known


def _version(python: Path) -> str:
    try:
        return run(
            [python, "-c", "import sys, venv, ensurepip; print('%d.%d' % sys.version_info[:2])"]
        ).strip()
    except (OSError, ReleaseError):
        return ""
