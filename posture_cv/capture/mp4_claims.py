"""Looks at an MP4 or QuickTime file's tables before the demuxer builds an index of what they claim.

A file of a few kilobytes can claim a hundred million samples of one byte each, and FFmpeg then allocates
gigabytes for their index. Layout: ISO/IEC 14496-12, boxes `stsz` and `trun`.
"""

from __future__ import annotations

import os
import struct
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_CONTAINERS = frozenset({b"moov", b"trak", b"mdia", b"minf", b"stbl", b"moof", b"traf"})
_FIRST_BOXES = frozenset({b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"styp", b"pnot"})
_MOST_BOXES = 500_000


def is_mp4(head: bytes) -> bool:
    """Whether the first 8 bytes of a file look like an MP4 or QuickTime file."""
    return head[4:8] in _FIRST_BOXES


def whole_boxes(path: Path) -> set[bytes]:
    """The types of the file's outermost boxes that end within the file."""
    with path.open("rb") as file:
        end = file.seek(0, os.SEEK_END)
        return {kind for kind, _, _, is_whole in _boxes(file, 0, end) if is_whole}


def false_claim(path: Path) -> str | None:
    """Say what an MP4 file claims beyond what its size can hold; None if there is nothing of the sort."""
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(0)
        if not is_mp4(file.read(8)):
            return None
        fragments = 0
        for kind, start, length in _walk(file, size):
            if kind == b"stsz":
                each, count = _numbers(file, start + 4, length - 4)
                if max(each, 1) * count > size:
                    return _claim(count, size)
            elif kind == b"trun":
                fragments += _numbers(file, start, length)[1]
                if fragments > size:
                    return _claim(fragments, size)
    return None


def _claim(count: int, size: int) -> str:
    return f"It claims {count:,} samples, more than its {size:,} bytes can hold."


def _numbers(file: BinaryIO, start: int, length: int) -> tuple[int, int]:
    """The two 32-bit numbers at `start`; zeros when the box is too short for them."""
    if length < 8:
        return 0, 0
    file.seek(start)
    data = file.read(8)
    return struct.unpack(">II", data) if len(data) == 8 else (0, 0)


def _walk(file: BinaryIO, size: int) -> Iterator[tuple[bytes, int, int]]:
    """All boxes that can hold sample tables, outside in, at most half a million of them."""
    spans = [(0, size)]
    seen = 0
    while spans and seen < _MOST_BOXES:
        start, end = spans.pop()
        for kind, body, length, _ in _boxes(file, start, end):
            seen += 1
            yield kind, body, length
            if kind in _CONTAINERS:
                spans.append((body, body + length))
            if seen >= _MOST_BOXES:
                return


def _boxes(file: BinaryIO, start: int, end: int) -> Iterator[tuple[bytes, int, int, bool]]:
    """Type, start and length of the content of each box between two places, and whether it ends there."""
    at = start
    while at + 8 <= end:
        file.seek(at)
        head = file.read(16)
        if len(head) < 8:
            return
        length, kind = struct.unpack_from(">I4s", head)
        header = 8
        if length == 1 and len(head) == 16:
            length, header = struct.unpack_from(">Q", head, 8)[0], 16
        elif length == 0:
            length = end - at
        if length < header:
            return
        yield kind, at + header, min(length, end - at) - header, at + length <= end
        at += length
