"""What a result depends on, as keys: a result is used again only where its key is still the same."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from importlib import metadata
from typing import Any, Final, NamedTuple

import numpy as np

from posture_cv._version import __version__
from posture_cv.landmarks.estimator import EstimatorOptions
from posture_cv.landmarks.model_files import resolve_face_model, resolve_pose_model
from posture_cv.measure.baseline import Baseline

# What turns pictures into landmarks, and landmarks into numbers.
_LIBRARIES: Final = ("mediapipe", "opencv-python", "av", "numpy")


class Stamp(NamedTuple):
    """Size and time of change of a file: while they stay the same, its checksum is not made again."""

    size: int
    changed_ns: int


@dataclass(frozen=True, slots=True)
class Known:
    """What an earlier run has noted of a file."""

    stamp: Stamp
    sha256: str


def digest(plain: object) -> str:
    """SHA-256 of plain values (lists, dicts, text, numbers), whatever the order of their keys."""
    text = json.dumps(plain, sort_keys=True, default=str, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


@lru_cache(maxsize=1)
def versions() -> Mapping[str, str]:
    """Versions of the program and of the libraries that its numbers come from."""
    found = {"posture-cv": __version__}
    for name in _LIBRARIES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:  # another build of the same library
            found[name] = "unknown"
    return found


def models_key(options: EstimatorOptions) -> dict[str, Any]:
    """The models by their content, not by where they lie.

    Raises:
        ModelFileError: a model file is missing or damaged.
    """
    return {
        "pose": resolve_pose_model(options.pose_model).sha256,
        "face": resolve_face_model(options.face_model).sha256 if options.face else None,
        "contour": options.contour,
        "mode": str(options.mode),
    }


def baseline_key(baseline: Baseline) -> str:
    """Over every number of a baseline."""
    plain = {
        name: np.asarray(value).tolist() if isinstance(value, np.ndarray) else value
        for name, value in asdict(baseline).items()
    }
    return digest(plain)
