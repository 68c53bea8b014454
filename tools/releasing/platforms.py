"""Whether everything that the wheel needs has a wheel on systems and versions that are not at hand."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from releasing.pythons import supported
from releasing.shell import ReleaseError, run

SYSTEMS = {
    "Linux x86-64": "x86_64-manylinux_2_28",
    "macOS arm64": "aarch64-apple-darwin",
    "Windows x86-64": "x86_64-pc-windows-msvc",
}
EXTRAS = ("", "desktop", "research", "cluster")


@dataclass(frozen=True, slots=True)
class Resolved:
    """One combination: how many packages it takes, or why it cannot be had."""

    system: str
    python: str
    extra: str
    packages: int
    problem: str = ""


def resolve_all(wheel: Path, folder: Path) -> list[Resolved]:
    """Every supported version on every system, without and with each extra."""
    return [
        _resolve(wheel, folder, system, python, extra)
        for system in SYSTEMS
        for python in supported()
        for extra in EXTRAS
    ]


def _resolve(wheel: Path, folder: Path, system: str, python: str, extra: str) -> Resolved:
    """With uv, which judges environment markers for the other system; pip judges them for this one."""
    wanted = folder / "wanted.in"
    named = f"posture-cv[{extra}]" if extra else "posture-cv"
    wanted.write_text(f"{named} @ {wheel.as_uri()}\n", encoding="utf-8")
    command = [sys.executable, "-m", "uv", "pip", "compile", "--quiet", "--no-header", "--no-annotate"]
    command += ["--only-binary", ":all:", "--python-platform", SYSTEMS[system], "--python-version", python]
    try:
        lines = run([*command, wanted]).splitlines()
    except ReleaseError as error:
        return Resolved(system, python, extra, 0, str(error).strip().splitlines()[-1])
    return Resolved(system, python, extra, len([line for line in lines if line.strip()]))
