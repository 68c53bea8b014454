"""Measurements kept beside a landmark recording, so that other settings assess it without measuring again.

A file NAME.landmarks.KEY.measured belongs to one recording, one baseline and one state of the estimators: all three
are in its key, so a changed one finds nothing instead of something old. It holds numbers only, as such and as the text
that `measurements.csv` has for them, and may be deleted.
"""

from __future__ import annotations

import hashlib
import json
import os
import struct
import zlib
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Final, Self

import numpy as np
from numpy.typing import NDArray

from posture_cv._version import __version__
from posture_cv.atomic import OutputError, atomic_path, drop_left_parts
from posture_cv.landmarks.recording import block_heads
from posture_cv.measure.baseline import Baseline
from posture_cv.measure.types import QUANTITIES, Estimate, Measurements
from posture_cv.output import tables

SUFFIX: Final = ".measured"
_MAGIC: Final = b"POSTURE-CV MEASURED 4\n"
_HEAD: Final = struct.Struct("<4sII")  # kind, bytes that follow, CRC-32 of them
_ROWS, _FRAMES, _END = b"ROWS", b"FRMS", b"TOLD"  # rows come before the frames that they are of
_FRAME_BYTES: Final = 8 * (1 + 2 * len(QUANTITIES)) + 3 + len(QUANTITIES)
_MOST_BYTES: Final = 1 << 26  # of a part
# A run writes every few seconds: what has been left for so long is of one that was killed.
_IDLE_S: Final = 3600.0


@dataclass(frozen=True, slots=True)
class Told:
    """What reading a recording told besides its landmarks: frames with a person, whether it is whole, warnings."""

    frames_with_person: int
    complete: bool
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """Measurements of some frames and, where they are at hand, `output.tables.open_rows` of them."""

    measurements: Measurements
    rows: bytes | None = None


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
    arrays = (baseline.pose, baseline.face, baseline.rows, baseline.cols, baseline.dress)
    plain = (*map(int, baseline.size_px), *map(float, baseline.background), float(baseline.outline_unsure))
    return repr((baseline.view.label, *plain)).encode() + b"".join(
        np.ascontiguousarray(a, np.float64).tobytes() for a in arrays
    )


@lru_cache(maxsize=1)
def estimators_digest() -> bytes:
    """SHA-256 of what turns landmarks into measurements and these into text: version, code, coefficients."""
    digest = hashlib.sha256(f"{__version__} {','.join(QUANTITIES)}".encode())
    packages = ("calibration", "posture_cv.measure", "posture_cv.coefficients")
    for file in (*(file for package in packages for file in _files_of(package)), Path(tables.__file__)):
        digest.update(file.name.encode() + hashlib.sha256(file.read_bytes()).digest())
    return digest.digest()


def _files_of(package: str) -> Iterator[Path]:
    """Code and coefficients; found, not imported: what is remembered needs none of it."""
    found = find_spec(package)
    assert found is not None
    for folder in found.submodule_search_locations or ():
        yield from (file for file in sorted(Path(folder).iterdir()) if file.suffix in {".py", ".npz"})


@contextmanager
def beside_the_recording() -> Iterator[None]:
    """Say of what cannot be written there that another folder of results would not help. Raises OutputError."""
    try:
        yield
    except OutputError as error:
        raise OutputError(
            error.title,
            error.detail,
            "What --remember keeps lies beside the recording: leave it out, or copy the recording to a folder that "
            "has room and that you may write to.",
        ) from error


class Keeper:
    """Writes measurements block by block; they take their name, for their owner only, when `told` has been written.

    A context manager.

    Raises:
        OutputError: the folder is missing or may not be written to, the disk is full.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        drop_left_parts(self._path, _IDLE_S)
        with beside_the_recording():
            part = self._stack.enter_context(atomic_path(self._path))
        self._file = self._stack.enter_context(part.open("wb"))
        self._file.write(_MAGIC)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.__exit__(kind, error, trace)

    def write(self, block: Block) -> None:
        """Append the measurements of some frames."""
        if block.rows is not None:
            self._put(_ROWS, block.rows)
        columns = _columns(block.measurements)
        self._put(_FRAMES, b"".join(np.ascontiguousarray(column).tobytes() for column in columns))

    def told(self, told: Told) -> None:
        """The end."""
        self._put(_END, json.dumps({"quantities": list(QUANTITIES), **asdict(told)}).encode())

    def _put(self, kind: bytes, raw: bytes) -> None:
        self._file.write(_HEAD.pack(kind, len(raw), zlib.crc32(raw)) + raw)


class DamagedError(Exception):
    """What was remembered is not what was written, from here on."""


@dataclass(frozen=True, slots=True)
class Recalled:
    """Measurements that a `Keeper` has written to their end."""

    path: Path
    told: Told

    def blocks(self, *, rows: bool = False) -> Iterator[Block]:
        """The measurements, as they were written; on request with their rows. Raises DamagedError."""
        wanted = {_ROWS, _FRAMES} if rows else {_FRAMES}
        made: bytes | None = None
        try:
            with self.path.open("rb") as file:
                for kind, raw in _parts(file, wanted):
                    if kind == _ROWS:
                        made = raw
                    else:
                        yield Block(_measurements(raw), made)
                        made = None
        except (OSError, ValueError) as error:
            raise DamagedError from error


def recall(path: Path) -> Recalled | None:
    """What a `Keeper` wrote; None where there is nothing, or nothing with an end. Damage before it shows in reading."""
    try:
        with path.open("rb") as file:
            for _, raw in _parts(file, (_END,)):
                return Recalled(path, _told(raw))
    except (OSError, ValueError, KeyError, TypeError):
        pass
    return None


def _parts(file: BinaryIO, wanted: Collection[bytes]) -> Iterator[tuple[bytes, bytes]]:
    """Kind and content of each part of those kinds. Raises ValueError."""
    if file.read(len(_MAGIC)) != _MAGIC:
        raise ValueError("not measurements")
    while head := file.read(_HEAD.size):
        kind, length, checksum = _HEAD.unpack(head.ljust(_HEAD.size, b"\0"))
        if kind not in {_ROWS, _FRAMES, _END} or length > _MOST_BYTES:
            raise ValueError("a part's head makes no sense")
        if kind not in wanted:
            file.seek(length, os.SEEK_CUR)
            continue
        raw = file.read(length)
        if len(raw) != length or zlib.crc32(raw) != checksum:
            raise ValueError("a part is damaged")
        yield kind, raw


def _told(raw: bytes) -> Told:
    plain = json.loads(raw)
    if plain["quantities"] != list(QUANTITIES):
        raise ValueError("measurements of other quantities")
    return Told(int(plain["frames_with_person"]), bool(plain["complete"]), tuple(map(str, plain["warnings"])))


def _columns(m: Measurements) -> list[NDArray[Any]]:
    estimates = [m.values[name] for name in QUANTITIES]
    wide = [m.t_s, *(e.value for e in estimates), *(e.sd for e in estimates)]
    return [
        *(column.astype(np.float64, copy=False) for column in wide),
        *(
            column.astype(np.int8, copy=False)
            for column in (m.view, m.reason, m.dressed_otherwise, *(e.reason for e in estimates))
        ),
    ]


def _measurements(raw: bytes) -> Measurements:
    count = len(QUANTITIES)
    n = len(raw) // _FRAME_BYTES
    numbers = (1 + 2 * count) * n
    wide = np.frombuffer(raw, np.float64, numbers).reshape(1 + 2 * count, n)
    codes = np.frombuffer(raw, np.int8, (3 + count) * n, offset=8 * numbers).reshape(3 + count, n)
    values = {
        name: Estimate(wide[1 + i], wide[1 + count + i], codes[3 + i]) for i, name in enumerate(QUANTITIES)
    }
    return Measurements(wide[0], codes[0], codes[1], values, codes[2].astype(np.bool_))
