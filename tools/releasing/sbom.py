"""The software bill of materials (CycloneDX JSON) of an installed environment, with what our wheel itself contains."""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path
from typing import Any

from releasing.packages import version
from releasing.pythons import ROOT
from releasing.shell import ReleaseError, run

MODELS = {
    "pose_landmarker_full.task": "pose detector and pose landmarks (full), from mediapipe 0.10.21, metadata added",
    "face_landmarker.task": "face detector (short range) and face mesh, from mediapipe 0.10.21, metadata added",
}
_TOOLS = {"pip", "setuptools", "wheel"}


def make_sbom(python: Path) -> dict[str, Any]:
    """Of the environment of `python`, in which the wheel is installed.

    Raises:
        ReleaseError: the environment cannot be read, or lacks posture-cv.
    """
    command = [sys.executable, "-m", "cyclonedx_py", "environment", "--of", "JSON", "--output-reproducible"]
    plain: dict[str, Any] = json.loads(run([*command, "--pyproject", ROOT / "pyproject.toml", python]))
    components = [c for c in plain.get("components", []) if c["name"].lower() not in _TOOLS]
    own = plain["metadata"]["component"]
    if own["name"] != "posture-cv":
        raise ReleaseError(f"the bill of materials is of {own['name']}")
    own["version"] = version()
    plain["components"] = [c for c in components if c["name"] != "posture-cv"] + [
        _model(name) for name in MODELS
    ]
    known = {c["bom-ref"] for c in plain["components"]} | {own["bom-ref"]}
    plain["dependencies"] = [
        {**row, "dependsOn": [ref for ref in row.get("dependsOn", []) if ref in known]}
        for row in plain.get("dependencies", [])
        if row["ref"] in known
    ]
    return plain


def _model(name: str) -> dict[str, Any]:
    """A model file of the wheel."""
    digest = hashlib.sha256((ROOT / "posture_cv" / "models" / name).read_bytes()).hexdigest()
    return {
        "type": "machine-learning-model",
        "bom-ref": f"posture_cv/models/{name}",
        "name": name,
        "version": "0.10.21",
        "description": MODELS[name],
        "supplier": {"name": "The MediaPipe Authors"},
        "hashes": [{"alg": "SHA-256", "content": digest}],
        "licenses": [{"license": {"id": "Apache-2.0"}}],
    }
