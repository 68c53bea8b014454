"""What a file holds, and which one it is."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any


def json_object(path: Path) -> dict[str, Any] | None:
    """What a JSON file holds; None where there is no such file, or it holds something else than an object."""
    try:
        plain = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):  # the last: nested too deeply to be anything of ours
        return None
    return plain if isinstance(plain, dict) else None


def sha256_of_file(path: Path) -> str:
    """SHA-256 of a file's content.

    Raises:
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def is_page(path: Path) -> bool:
    """Whether a file begins like an HTML page of ours."""
    mark = b"<!doctype html"
    return head_of(path, len(mark)).lower() == mark


def head_of(path: Path, count: int) -> bytes:
    """The first `count` bytes of a file, fewer where there are no more; none where it cannot be read."""
    try:
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
