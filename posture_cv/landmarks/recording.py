"""Landmark recordings: what the models saw, without a picture; written once, assessed for ever.

A file is a text line, a JSON line (the header: format version, source, models, and for every field its shape,
columns, units and steps per unit) and then blocks. A block holds up to 256 frames, column by column, as int16
steps (`quantise.py`), differences from frame to frame, bytes of equal weight together, zlib-compressed, with
its own length and CRC-32. A file that was cut off keeps every whole block; the last block says `DONE`.
"""

from __future__ import annotations

import json
import os
import struct
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Final

import numpy as np
from numpy.typing import NDArray

from posture_cv._version import __version__
from posture_cv.closing import Closing
from posture_cv.errors import InputError
from posture_cv.landmarks.packing import (
    FORMAT_VERSION,
    SHAPES_OF,
    micros,
    raw_bytes,
    times_of,
    unpack,
)
from posture_cv.landmarks.types import Landmarks

SUFFIX: Final = ".landmarks"
BLOCK_FRAMES: Final = 256
MAGIC: Final = b"POSTURE-CV LANDMARKS\n"
BLOCK_HEAD: Final = struct.Struct("<4sIII")  # kind, frames, bytes that follow, CRC-32 of them
FRAMES, DONE = b"FRMS", b"DONE"
_MAX_HEADER_BYTES: Final = 1 << 20


Chosen = Callable[[NDArray[np.float64]], NDArray[np.bool_]]


def every_frame(t_s: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Of frames at these times (N,) all."""
    return np.ones(len(t_s), bool)


class RecordingError(InputError):
    """A landmark recording cannot be read."""


@dataclass(frozen=True, slots=True)
class RecordingInfo:
    """The header: where the landmarks come from.

    Attributes:
        source: name, kind, size, frame rate … of the source, as plain values.
        estimator: engine, mode and models, as plain values.
        program: version that wrote it.
        notes: whatever the writer added (participant, condition …).
    """

    source: dict[str, Any]
    estimator: dict[str, Any]
    program: str = __version__
    notes: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Recording:
    """A recording that was read: header, landmarks, and what was wrong with the file, if anything."""

    info: RecordingInfo
    landmarks: Landmarks
    complete: bool
    warnings: tuple[str, ...]


def is_recording(path: Path) -> bool:
    """Whether a file begins like a landmark recording."""
    try:
        if not path.is_file():  # opening a named pipe would wait for ever
            return False
        with path.open("rb") as file:
            return file.read(len(MAGIC)) == MAGIC
    except OSError:
        return False


class RecordingReader(Closing):
    """Reads a recording block by block, so that its length does not matter; a context manager.

    A cut-off or damaged tail costs the frames behind it and gives a warning.

    Attributes:
        info: the header.
        complete: whether the file says that it is finished; known once `blocks` has ended.
        warnings: what was wrong with the file; known once `blocks` has ended.

    Raises:
        RecordingError: no such file, not a recording, a version this program does not know, a bad header.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.complete = False
        self.warnings: list[str] = []
        try:
            self._file: BinaryIO = path.open("rb")
        except OSError as error:
            raise _unreadable(path, error) from error
        try:
            self.info, version = _read_header(self._file, path)
            self._shapes = SHAPES_OF[version]
            self._start = self._file.tell()
        except OSError as error:
            self._file.close()
            raise _unreadable(path, error) from error
        except RecordingError:
            self._file.close()
            raise

    def blocks(self, chosen: Chosen = every_frame) -> Iterator[Landmarks]:
        """The landmarks from the start, up to 256 frames at a time.

        Args:
            chosen: tells of the times (N,) of each block in turn which frames are asked for (N,): only these are
                given, and blocks without any are not unpacked.
        """
        self._file.seek(self._start)
        self.complete, self.warnings = False, []
        kept, last_t_s = 0, -np.inf
        try:
            for packed in _packed(self._file, self._shapes):
                if packed is None:
                    self.complete = True
                    return
                payload, frames = packed
                if frames == 0:
                    continue
                t_s = times_of(payload, frames)
                some = chosen(t_s)
                block = unpack(payload, frames, self._shapes) if some.any() else None
                check_times(t_s, last_t_s)
                last_t_s = t_s[-1]
                kept += frames
                if block is not None:
                    yield block if some.all() else block[some]
        except (ValueError, OSError) as error:
            self.warnings.append(
                f"{self.path} is damaged after {kept} frames ({error}); what comes before is used"
            )
            return
        self.warnings.append(f"{self.path} was cut off; its {kept} whole frames are used")

    def heads(self) -> bytes:
        """Everything up to the first block, and each block's head; the length of what follows the last whole one."""
        self._file.seek(0)
        parts = [self._file.read(self._start)]
        size = self._file.seek(0, os.SEEK_END)
        at = self._start
        while at + BLOCK_HEAD.size <= size:
            self._file.seek(at)
            parts.append(self._file.read(BLOCK_HEAD.size))
            kind, _, length, _ = BLOCK_HEAD.unpack(parts[-1])
            at += BLOCK_HEAD.size + length
            if kind != FRAMES:
                break
        return b"".join([*parts, str(size - at).encode()])

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def check_times(t_s: NDArray[np.float64], last_t_s: float = -np.inf) -> None:
    """See that times (N,) in seconds grow, by the microseconds that a recording keeps.

    A reader takes what follows a time that does not for damaged.

    Raises:
        ValueError: one is no number, or not later than the one before, or the first not later than `last_t_s`.
    """
    stamps = micros(np.concatenate([[last_t_s], t_s]))
    if not (np.isfinite(t_s).all() and (np.diff(stamps) > 0.0).all()):
        raise ValueError("its times do not grow")


def read_recording(path: Path) -> Recording:
    """Read a whole recording into memory (see `RecordingReader`, whose errors it raises)."""
    with RecordingReader(path) as reader:
        landmarks = Landmarks.concat(list(reader.blocks()))
        return Recording(reader.info, landmarks, reader.complete, tuple(reader.warnings))


def block_heads(path: Path) -> bytes:
    """The header line and every block's head with its checksum: tells recordings apart without unpacking them.

    Raises:
        RecordingError: as `RecordingReader`.
    """
    with RecordingReader(path) as reader:
        return reader.heads()


def _unreadable(path: Path, error: OSError) -> RecordingError:
    return RecordingError(
        f"The landmark recording cannot be read: {path}", f"{error.strerror or error}.", "Check the path."
    )


def _packed(file: BinaryIO, shapes: Mapping[str, tuple[int, ...]]) -> Iterator[tuple[bytes, int] | None]:
    """Each block's payload and how many frames it holds, then None at the mark that the file is complete."""
    while True:
        head = file.read(BLOCK_HEAD.size)
        if len(head) < BLOCK_HEAD.size:
            return
        kind, frames, length, checksum = BLOCK_HEAD.unpack(head)
        if kind == DONE:
            yield None
            return
        if kind != FRAMES or frames > BLOCK_FRAMES or length > raw_bytes(frames, shapes) * 1.01 + 1024:
            raise ValueError("a block's head makes no sense")
        payload = file.read(length)
        if len(payload) < length:
            return
        if zlib.crc32(payload) != checksum:
            raise ValueError("a block's checksum is wrong")
        yield payload, frames


def _read_header(file: BinaryIO, path: Path) -> tuple[RecordingInfo, int]:
    if file.read(len(MAGIC)) != MAGIC:
        raise RecordingError(
            f"Not a landmark recording: {path}",
            "It does not begin like one.",
            "Make one with: posture-cv record SOURCE --out FILE.landmarks",
        )
    line = file.readline(_MAX_HEADER_BYTES)
    try:
        header = json.loads(line)
        version = header["format_version"]
        info = _info_of(header)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise RecordingError(
            f"The header of the landmark recording is damaged: {path}",
            f"{type(error).__name__}: {error}.",
            "Record the source again.",
        ) from error
    if not isinstance(version, int) or version not in SHAPES_OF:
        raise RecordingError(
            f"The landmark recording has format version {version!r}: {path}",
            f"This program reads the versions {min(SHAPES_OF)} to {FORMAT_VERSION}.",
            "Use the version of posture-cv that wrote it, or record the source again.",
        )
    return info, version


def _info_of(header: Any) -> RecordingInfo:  # noqa: ANN401  whatever the JSON line held
    parts = [header["source"], header["estimator"], header.get("notes", {})]
    if not all(isinstance(part, dict) for part in parts):
        raise TypeError("source, estimator and notes must be objects")
    return RecordingInfo(parts[0], parts[1], str(header["program"]), parts[2])
