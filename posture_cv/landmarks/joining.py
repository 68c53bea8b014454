"""Several landmark recordings of one source as one, without unpacking them: blocks do not know their place."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from posture_cv.landmarks.recording import (
    BLOCK_HEAD,
    DONE,
    FRAMES,
    MAGIC,
    RecordingError,
    RecordingReader,
)


def join_recordings(paths: Sequence[Path], target: Path, notes: Mapping[str, Any] | None = None) -> int:
    """Write the frames of several recordings, one after the other, under the header of the first.

    Args:
        paths: whole recordings, one at least, in the order of their time.
        target: written as it goes; the caller sees to its final name.
        notes: for the header.

    Returns:
        The number of frames.

    Raises:
        RecordingError: none is given, or one is missing, no recording, or not whole.
    """
    if not paths:
        raise RecordingError(
            "No landmarks were found", "No part of the source could be read.", "Check the source."
        )
    frames = 0
    with target.open("wb") as out:
        out.write(_header(paths[0], notes or {}))
        for path in paths:
            for count, block in _raw_blocks(path):
                out.write(block)
                frames += count
        out.write(BLOCK_HEAD.pack(DONE, frames, 0, 0))
    return frames


def _header(path: Path, notes: Mapping[str, Any]) -> bytes:
    with RecordingReader(path), path.open("rb") as file:
        file.readline()
        header = json.loads(file.readline())
    header["notes"] = dict(notes)
    return MAGIC + json.dumps(header, sort_keys=True).encode() + b"\n"


def _raw_blocks(path: Path) -> Iterator[tuple[int, bytes]]:
    """Each block of a whole recording: its number of frames and its bytes, head included."""
    with path.open("rb") as file:
        if file.readline() != MAGIC:
            raise _not_whole(path)
        file.readline()
        yield from _blocks(file, path)


def _blocks(file: BinaryIO, path: Path) -> Iterator[tuple[int, bytes]]:
    while True:
        head = file.read(BLOCK_HEAD.size)
        if len(head) < BLOCK_HEAD.size:
            raise _not_whole(path)
        kind, frames, length, _ = BLOCK_HEAD.unpack(head)
        if kind == DONE:
            return
        body = file.read(length)
        if kind != FRAMES or len(body) < length:
            raise _not_whole(path)
        yield frames, head + body


def _not_whole(path: Path) -> RecordingError:
    return RecordingError(f"A landmark recording is not whole: {path}", "", "Delete it and run again.")
