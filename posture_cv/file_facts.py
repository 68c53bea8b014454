"""What a file holds, and which one it is."""

from __future__ import annotations

import errno
import hashlib
import json
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, TextIO

MOST_JSON_BYTES: Final = 1 << 26
"""Of a document that is read whole; those of a long day have a few million."""
NO_FILE: Final = "It is a pipe, a socket or a device"
_PAGE: Final = b"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src '"""
LONGEST_LINE: Final = 1 << 22
"""Characters; a wide table of all points of a face has some ten thousand a row."""


def is_stream(path: Path) -> bool:
    """Whether it is a pipe, which may never begin, a device, which may never end, or a socket."""
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError):  # not there, or no name of a file
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


def refuse_stream(path: Path) -> None:
    """See that what is read there begins and ends.

    Raises:
        OSError: it is a pipe, a socket or a device; `strerror` says so.
    """
    if is_stream(path):
        raise OSError(errno.EINVAL, NO_FILE, str(path))


def bytes_of(path: Path, most: int) -> bytes:
    """What a file holds, `most` bytes at most, also while it grows.

    Raises:
        OSError: it holds more, is no file, or cannot be read; `strerror` says so.
    """
    refuse_stream(path)
    size = path.stat().st_size
    with path.open("rb") as file:
        raw = file.read(most + 1) if size <= most else b""
    if max(size, len(raw)) > most:
        raise OSError(errno.EFBIG, f"It is larger than {most:,} bytes", str(path))
    return raw


def lines_of(file: TextIO) -> Iterator[str]:
    """The lines of a text file, none of which fills the memory.

    Raises:
        OSError: one is longer than any table or list of ours has; `strerror` says so.
    """
    while line := file.readline(LONGEST_LINE + 1):
        if len(line) > LONGEST_LINE:
            raise OSError(errno.EFBIG, f"A line is longer than {LONGEST_LINE:,} characters")
        yield line


def json_object(path: Path) -> dict[str, Any] | None:
    """What a JSON file holds; None where there is no such file, or it holds something else than an object."""
    try:
        plain = json.loads(bytes_of(path, MOST_JSON_BYTES))
    except (OSError, ValueError, RecursionError):  # the last: nested too deeply to be anything of ours
        return None
    return plain if isinstance(plain, dict) else None


def is_document(path: Path, *keys: str) -> bool:
    """Whether a file is a JSON object that has these keys, by which one that the program has written is known."""
    return set(keys) <= (json_object(path) or {}).keys()


def sha256_of_file(path: Path) -> str:
    """SHA-256 of a file's content.

    Raises:
        OSError: it cannot be read, or is a pipe, a socket or a device.
    """
    refuse_stream(path)
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def is_page(path: Path) -> bool:
    """Whether a file begins as every HTML page of ours does, and hardly anybody else's."""
    return head_of(path, len(_PAGE)) == _PAGE


def head_of(path: Path, count: int) -> bytes:
    """The first `count` bytes of a file, fewer where there are no more; none where it cannot be read."""
    try:
        refuse_stream(path)
        with path.open("rb") as file:
            return file.read(count)
    except OSError:
        return b""


def file_identity(path: Path) -> tuple[int, int] | None:
    """Tells a file that is open from another one that takes its name; None: it is gone.

    The number of a file that nobody has open may be given to the next one.
    """
    try:
        known = path.stat()
    except OSError:
        return None
    return known.st_dev, known.st_ino


def delimiter_of(header: str) -> str:
    """What stands between a table's columns: comma, semicolon or tab, whichever its header has most of."""
    return max(",;\t", key=header.count)
