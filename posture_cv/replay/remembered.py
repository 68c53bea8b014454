"""Measurements kept beside a landmark recording, so that other settings assess it without measuring again.

A file NAME.landmarks.KEY.measured belongs to one recording, one baseline and one state of the estimators: all three
are in its key, so a changed one finds nothing instead of something old. It holds numbers only and may be deleted.
"""

from __future__ import annotations

import hashlib
import io
import json
import struct
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any, BinaryIO, Final

import numpy as np
from numpy.typing import NDArray

from posture_cv._version import __version__
from posture_cv.atomic import atomic_path
from posture_cv.landmarks.recording import block_heads
from posture_cv.measure.baseline import Baseline
from posture_cv.measure.types import QUANTITIES, Estimate, Measurements

SUFFIX: Final = ".measured"
_MAGIC: Final = b"POSTURE-CV MEASURED 1\n"
_LENGTH: Final = struct.Struct("<I")
_MAX_META: Final = 1 << 20


@dataclass(frozen=True, slots=True, eq=False)
class Remembered:
    """The measurements of a recording, with what else reading it told."""

    measurements: Measurements
    frames_with_person: int
    complete: bool
    warnings: tuple[str, ...]


def remembered_path(recording: Path, baseline: Baseline) -> Path:
    """Where the measurements of a recording against a baseline are kept.

    Raises:
        RecordingError: the recording cannot be read.
    """
    digest = hashlib.sha256()
    for part in (block_heads(recording), _baseline_bytes(baseline), estimators_digest()):
        digest.update(hashlib.sha256(part).digest())
    return recording.with_name(f"{recording.name}.{digest.hexdigest()[:16]}{SUFFIX}")


def _baseline_bytes(baseline: Baseline) -> bytes:
    arrays = (baseline.pose, baseline.face, baseline.rows, baseline.cols)
    plain = (baseline.view.label, *map(int, baseline.size_px), *map(float, baseline.background))
    return repr(plain).encode() + b"".join(np.ascontiguousarray(a, np.float64).tobytes() for a in arrays)


@lru_cache(maxsize=1)
def estimators_digest() -> bytes:
    """SHA-256 of what turns landmarks into measurements: version, the code that measures, the coefficients."""
    digest = hashlib.sha256(f"{__version__} {','.join(QUANTITIES)}".encode())
    for package in ("posture_cv.measure", "posture_cv.coefficients"):
        for file in sorted(resources.files(package).iterdir(), key=lambda file: file.name):
            if file.name.endswith((".py", ".npz")):
                digest.update(file.name.encode() + hashlib.sha256(file.read_bytes()).digest())
    return digest.digest()


def remember(path: Path, told: Remembered) -> None:
    """Write the measurements to `path`, whole or not at all, for their owner only.

    Raises:
        OutputError: the folder is missing or may not be written to, the disk is full.
    """
    m = told.measurements
    meta = json.dumps(
        {
            "frames": len(m),
            "quantities": list(QUANTITIES),
            "frames_with_person": told.frames_with_person,
            "complete": told.complete,
            "warnings": list(told.warnings),
        }
    ).encode()
    body = io.BytesIO()
    for column in _columns(m):
        body.write(np.ascontiguousarray(column).tobytes())
    raw = body.getbuffer()
    with atomic_path(path) as part, part.open("wb") as file:
        file.write(_MAGIC + _LENGTH.pack(len(meta)) + meta + hashlib.blake2b(raw, digest_size=16).digest())
        file.write(raw)


def recall(path: Path) -> Remembered | None:
    """What `remember` wrote; None where there is nothing, or nothing that is whole."""
    try:
        with path.open("rb") as file:
            return _read(file)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _read(file: BinaryIO) -> Remembered:
    if file.read(len(_MAGIC)) != _MAGIC:
        raise ValueError("not measurements")
    (length,) = _LENGTH.unpack(file.read(_LENGTH.size).ljust(_LENGTH.size, b"\0"))
    if length > _MAX_META:
        raise ValueError("the head is too long")
    meta = json.loads(file.read(length))
    checksum, raw = file.read(16), file.read()
    if meta["quantities"] != list(QUANTITIES) or hashlib.blake2b(raw, digest_size=16).digest() != checksum:
        raise ValueError("the measurements are damaged")
    return Remembered(
        _measurements(raw, int(meta["frames"])),
        int(meta["frames_with_person"]),
        bool(meta["complete"]),
        tuple(map(str, meta["warnings"])),
    )


def _columns(m: Measurements) -> list[NDArray[Any]]:
    estimates = [m.values[name] for name in QUANTITIES]
    wide = [m.t_s, *(e.value for e in estimates), *(e.sd for e in estimates)]
    return [
        *(column.astype(np.float64) for column in wide),
        *(column.astype(np.int8) for column in (m.view, m.reason, *(e.reason for e in estimates))),
    ]


def _measurements(raw: bytes, n: int) -> Measurements:
    count = len(QUANTITIES)
    numbers = (1 + 2 * count) * n
    wide = np.frombuffer(raw, np.float64, numbers).reshape(1 + 2 * count, n)
    codes = np.frombuffer(raw, np.int8, offset=8 * numbers).reshape(2 + count, n)
    values = {
        name: Estimate(wide[1 + i], wide[1 + count + i], codes[2 + i]) for i, name in enumerate(QUANTITIES)
    }
    return Measurements(wide[0], codes[0], codes[1], values)
