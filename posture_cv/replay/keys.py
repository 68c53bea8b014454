"""What a result depends on, as keys: a result is used again only where its key is still the same."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np

from posture_cv._version import __version__
from posture_cv.landmarks.estimator import EstimatorOptions
from posture_cv.measure.baseline import Baseline

# What turns pictures into landmarks, and landmarks into numbers.
_LIBRARIES: Final = ("mediapipe", "opencv-python", "av", "numpy")
_FOLDER_END: Final = ".dist-info"


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
    folders = list(_package_folders())
    known = {name: _folder_version(name, folders) or _noted_version(name) for name in _LIBRARIES}
    return {"posture-cv": __version__} | known


def _package_folders() -> Iterator[str]:
    """Names of what installers write of packages; loading what reads all of it takes longer than all else here."""
    for place in sys.path:
        with suppress(OSError):  # no folder, or none of ours
            yield from sorted(found.name for found in Path(place).iterdir() if found.suffix == _FOLDER_END)


def _folder_version(name: str, folders: Iterable[str]) -> str | None:
    begin = f"{name.replace('-', '_')}-"
    return next(
        (f.removeprefix(begin).removesuffix(_FOLDER_END) for f in folders if f.startswith(begin)), None
    )


def _noted_version(name: str) -> str:
    from importlib import metadata

    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:  # another build of the same library
        return "unknown"


def models_key(options: EstimatorOptions) -> dict[str, Any]:
    """The models by their content, not by where they lie.

    Raises:
        ModelFileError: a model file is missing or damaged.
    """
    from posture_cv.landmarks.model_files import resolve_face_model, resolve_pose_model

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
