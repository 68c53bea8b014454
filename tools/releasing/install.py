"""The wheel in a new environment, and the sample through it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from releasing.packages import version
from releasing.pythons import ROOT
from releasing.shell import ReleaseError, run, script

SAMPLE = ROOT / "samples" / "desk-front.mp4"
CUES = ["forward_head", "rounded_shoulders", "text_neck"]
"""What the sample's three lasting postures are told as."""


@dataclass(frozen=True, slots=True)
class Installed:
    """An environment with the wheel and nothing else: its interpreter, and the packages that came along."""

    python: Path
    packages: dict[str, str]


def install(python: Path, wheel: Path, folder: Path) -> Installed:
    """Make an environment and install the wheel into it.

    Raises:
        ReleaseError: a step fails.
    """
    run([python, "-m", "venv", folder])
    own = folder / ("Scripts" if (folder / "Scripts").exists() else "bin") / "python"
    run([own, "-m", "pip", "install", "--quiet", "--only-binary=:all:", wheel])
    listed = json.loads(run([own, "-m", "pip", "list", "--format=json"]))
    return Installed(own, {row["name"]: row["version"] for row in listed})


def replay_sample(installed: Installed, folder: Path) -> None:
    """Replay the sample with the installed command, away from the sources.

    Raises:
        ReleaseError: it fails, or tells other alerts.
    """
    folder.mkdir()
    command, home = script(installed.python, "posture-cv"), {"POSTURE_CV_HOME": str(folder / "home")}
    if (said := run([command, "--version"], folder, home).split()[-1]) != version():
        raise ReleaseError(f"the installed command says version {said}")
    arguments = ["--calibrate", "0:8", "--alert-after", "5", "--out", str(folder / "out")]
    run([command, "replay", SAMPLE, *arguments], folder, home)
    summary = json.loads((folder / "out" / "summary.json").read_text(encoding="utf-8"))
    told = [alert["cue"] for alert in summary["alerts"]]
    if told != CUES:
        raise ReleaseError(f"the sample gave the alerts {told}, expected {CUES}")
