"""A history that somebody copied another one over while it was open: seen, and saved from what lies beside it.

SQLite keeps the latest in a file beside the history. Pages of the old one among those of the new one damage it.
"""

from __future__ import annotations

import shutil
import sqlite3
import struct
import time
from contextlib import closing
from pathlib import Path
from typing import Final

from posture_cv.atomic import atomic_path
from posture_cv.history.schema import HistoryInUseError

_SETTLED_S: Final = 3.0
"""What was written this long ago is not being copied any more; ours."""


def stamp(path: Path) -> tuple[int, int] | None:
    """Size and time of change of a file: other ones mean that somebody wrote in it. None: it is gone."""
    try:
        known = path.stat()
    except OSError:
        return None
    return known.st_size, known.st_mtime_ns


def is_whole(path: Path) -> bool:
    """Whether the changed history and what lies beside it belong together: another process of ours wrote in it."""
    try:
        if _waits_beside(path):
            return False
        with closing(sqlite3.connect(path)) as db:
            in_use = db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
            found: object = db.execute("PRAGMA integrity_check(1)").fetchone()
            return in_use and found == ("ok",)
    except (OSError, sqlite3.DatabaseError):
        return False


def _waits_beside(path: Path) -> bool:
    """Whether something lies beside the history of which SQLite has written nothing into it yet.

    Read where SQLite's description of its files has it ("the WAL-index file format": mxFrame, nBackfill).
    """
    with path.with_name(f"{path.name}-shm").open("rb") as index:
        head = index.read(100)
    pages, written = (struct.unpack_from("=I", head, place)[0] for place in (16, 96))
    return bool(pages and not written)


def save_from_beside(path: Path) -> None:
    """Make what was copied over a history a file of its own, which nothing that lies beside belongs to.

    Raises:
        HistoryInUseError: it is being written. OutputError: there is no room.
    """
    if abs(time.time() - path.stat().st_mtime) < _SETTLED_S:
        raise HistoryInUseError(f"The history is being copied: {path}", "Another program writes in it.")
    with atomic_path(path) as part:
        shutil.copyfile(path, part)
