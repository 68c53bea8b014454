"""Wheel and sdist: built, and as they must be."""

from __future__ import annotations

import email
import re
import sys
import tarfile
import zipfile
from pathlib import Path

from releasing.pythons import ROOT
from releasing.shell import ReleaseError, run

NEEDED = ("LICENSE", "NOTICE", "THIRD-PARTY.md")
MODELS = ("pose_landmarker_full", "face_landmarker")
_MADE = {"PKG-INFO", *(f"posture_cv/models/{name}.task" for name in MODELS)}


def version() -> str:
    """The one place that holds it."""
    text = (ROOT / "posture_cv" / "_version.py").read_text(encoding="utf-8")
    match = re.search(r'^__version__ = "([^"]+)"$', text, re.MULTILINE)
    if match is None:
        raise ReleaseError("posture_cv/_version.py holds no version")
    return match[1]


def build(out: Path) -> tuple[Path, Path]:
    """Sdist and wheel; the wheel is built from the sdist, so that both are complete.

    Raises:
        ReleaseError: a build fails, or something is missing in one of them.
    """
    run([sys.executable, "-m", "build", "--outdir", out, ROOT])
    (wheel,), (sdist,) = list(out.glob("*.whl")), list(out.glob("*.tar.gz"))
    for path in (wheel, sdist):
        if version() not in path.name:
            raise ReleaseError(f"{path.name} does not bear the version {version()}")
    _check_wheel(wheel)
    _check_sdist(sdist)
    check_changelog()
    return wheel, sdist


def _check_wheel(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        metadata = email.message_from_bytes(archive.read(next(n for n in names if n.endswith("/METADATA"))))
    if metadata["Version"] != version():
        raise ReleaseError(f"the wheel's metadata say version {metadata['Version']}")
    missing = [name for name in NEEDED if not any(n.endswith(f"/licenses/{name}") for n in names)]
    missing += [name for name in MODELS if f"posture_cv/models/{name}.task" not in names]
    if missing:
        raise ReleaseError(f"the wheel lacks {', '.join(missing)}")


def _check_sdist(sdist: Path) -> None:
    with tarfile.open(sdist) as archive:
        names = {member.name.partition("/")[2] for member in archive if member.isfile()}
    missing = [
        name for name in (*NEEDED, "README.md", "CHANGELOG.md", "tests/conftest.py") if name not in names
    ]
    if missing:
        raise ReleaseError(f"the sdist lacks {', '.join(missing)}")
    if (ROOT / ".git").exists():
        check_against_repository(names, set(run(["git", "ls-files", "-z"], ROOT).split("\0")) - {""})


def check_against_repository(names: set[str], tracked: set[str]) -> None:
    """The sdist holds what the repository does, and what the build makes; a reader's results beside it are theirs.

    Raises:
        ReleaseError: it lacks a file, or holds another.
    """
    if lacking := sorted(tracked - names):
        raise ReleaseError(f"the sdist lacks {', '.join(lacking)}")
    if surplus := sorted(names - tracked - _MADE):
        raise ReleaseError(f"the sdist holds what the repository does not: {', '.join(surplus)}")


def check_changelog() -> None:
    """Its first release is this version.

    Raises:
        ReleaseError: it is not.
    """
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    first = re.search(r"^## \[?([0-9][^\]\s]*)\]?", text, re.MULTILINE)
    if first is None or first[1] != version():
        raise ReleaseError(
            f"CHANGELOG.md begins with {first[1] if first else 'no release'}, not with {version()}"
        )
