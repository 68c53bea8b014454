"""The tables of the history file, and how it is opened."""

from __future__ import annotations

import math
import os
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from posture_cv.atomic import output_error, private_folder
from posture_cv.errors import PostureError
from posture_cv.paths import ELSEWHERE

FILE_NAME: Final = "history.sqlite3"
VERSION: Final = 1
_BUSY_TIMEOUT_S: Final = 2.0

# Times are seconds since 1970 (UTC). A day and an hour are the user's own, by the offset kept beside them.
_TABLES: Final = """
CREATE TABLE sessions (
    id INTEGER PRIMARY KEY,
    started_s REAL NOT NULL,
    ended_s REAL NOT NULL,          -- last sign of life
    clean INTEGER NOT NULL DEFAULT 0,
    profile TEXT NOT NULL,
    camera TEXT NOT NULL
);
CREATE TABLE minutes (
    minute_s INTEGER NOT NULL,      -- begin of the minute
    offset_s INTEGER NOT NULL,      -- local time minus UTC
    state TEXT NOT NULL,            -- a posture state, or what the monitor did instead of watching
    reason TEXT NOT NULL,           -- why nothing could be judged; empty otherwise
    seconds REAL NOT NULL,
    PRIMARY KEY (minute_s, offset_s, state, reason)
) WITHOUT ROWID;
CREATE TABLE episodes (
    id INTEGER PRIMARY KEY,
    session INTEGER NOT NULL,
    state TEXT NOT NULL,
    reason TEXT NOT NULL,
    start_s REAL NOT NULL,
    end_s REAL NOT NULL,
    peak_excess REAL                -- multiple of the threshold; NULL where it cannot be told
);
CREATE TABLE alerts (
    id INTEGER PRIMARY KEY AUTOINCREMENT,  -- a number is never given twice
    session INTEGER NOT NULL,
    time_s REAL NOT NULL,
    offset_s INTEGER NOT NULL,
    cue TEXT NOT NULL,
    level TEXT NOT NULL,
    lasted_s REAL NOT NULL,
    repeat INTEGER NOT NULL,
    words TEXT NOT NULL,            -- JSON
    record TEXT NOT NULL,           -- JSON, why it came
    delivered TEXT,                 -- by whom it was shown; empty: nobody; NULL: not known
    problem TEXT,                   -- why it was not
    recovered_s REAL                -- how long after it the posture was left
);
CREATE TABLE answers (
    id INTEGER PRIMARY KEY,
    alert INTEGER NOT NULL,
    time_s REAL NOT NULL,
    answer TEXT NOT NULL
);
CREATE TABLE breaks (
    id INTEGER PRIMARY KEY,
    session INTEGER NOT NULL,
    start_s REAL NOT NULL,
    end_s REAL NOT NULL,
    offset_s INTEGER NOT NULL
);
CREATE TABLE thresholds (
    cue TEXT PRIMARY KEY,
    factor REAL NOT NULL,           -- what answers have raised the cue's threshold by
    since_s REAL NOT NULL
);
CREATE INDEX alerts_time ON alerts (time_s);
CREATE INDEX episodes_end ON episodes (end_s);
CREATE INDEX breaks_end ON breaks (end_s);
CREATE INDEX answers_alert ON answers (alert);
"""


class HistoryError(PostureError):
    """The history cannot be used."""


class HistoryInUseError(HistoryError):
    """Another process holds the history; a moment later it may not."""


class HistoryShutError(HistoryError):
    """The history cannot be opened where it is, and may be sound; a moment later it may be open."""


class HistoryFullError(HistoryError):
    """There is no room for the history; later there may be."""


def history_error(path: Path, error: Exception) -> HistoryError:
    """The error for what SQLite says of the history at `path`, saying what to do about this cause."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the rest of the number is detail
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return HistoryInUseError(
            f"The history is in use: {path}",
            f"{error}.",
            "Try again, or end the monitor first: posture-cv stop",
        )
    if code in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR):
        return HistoryFullError(
            f"The history cannot be written: {path}",
            f"{error}.",
            "Make room on the disk, or see what is wrong with it.",
        )
    if code in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM):
        # SQLite makes files beside it for readers too: what is at fault is the place, so nobody is told to delete it.
        return HistoryShutError(
            f"The history cannot be opened: {path}",
            f"{error}.",
            "Check that its disk and folder can be written to, which reading needs too. It is left as it is. "
            f"To go on without it, {ELSEWHERE}.",
        )
    return unusable(path, f"{error}.")


def unusable(path: Path, why: str) -> HistoryError:
    """The error for a history that no waiting makes whole; `why` in a sentence."""
    return HistoryError(
        f"The history cannot be used: {path}",
        why,
        "Move the file away; a new one is begun. Or delete it: posture-cv history delete --all",
    )


def finite(value: float | str) -> float:
    """The number in a column. Raises ValueError for what is none, or endless: SQLite keeps whatever it is given."""
    number = float(value)
    if not math.isfinite(number):
        raise ValueError(f"{number} is no time and no amount")
    return number


def history_file() -> Path:
    """Where the user's history is."""
    from posture_cv.paths import data_dir

    return data_dir() / FILE_NAME


def beside(path: Path) -> tuple[Path, ...]:
    """The files that SQLite keeps beside the history at `path` while it is open: what is not in it yet, and locks."""
    return path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm")


def connect(path: Path, *, create: bool) -> sqlite3.Connection:
    """Open the history, for its owner only.

    Args:
        path: the file.
        create: make it if it is missing.

    Raises:
        HistoryError: it is missing, damaged, of a later version, held by another process, or there is no room.
        OutputError: it cannot be made.
    """
    if create:
        private_folder(path.parent)
        _make_private(path)
    elif not path.exists():
        raise HistoryError("There is no history yet.", f"It would be at {path}.", "Run: posture-cv monitor")
    try:
        connection = sqlite3.connect(
            path, timeout=_BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False
        )
        try:
            _prepare(connection, path)
        except BaseException:
            connection.close()
            raise
    except (sqlite3.Error, UnicodeDecodeError) as error:  # a damaged file's own words may be no text
        raise history_error(path, error) from error
    return connection


def _make_private(path: Path) -> None:
    """Create the file 0600; a link in its place is refused. SQLite gives its companions the same rights."""
    try:
        flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)
        descriptor = os.open(path, flags, 0o600)
        try:
            if os.name == "posix" and stat.S_IMODE(os.fstat(descriptor).st_mode) & 0o077:
                os.fchmod(descriptor, 0o600)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise output_error(path, error) from error


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")  # in WAL mode a crash costs the latest, never the file
    connection.execute("PRAGMA secure_delete = ON")  # what is deleted is overwritten
    connection.execute("PRAGMA journal_size_limit = 1048576")
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version == 0:
        _create(connection)
    elif version != VERSION:
        raise HistoryError(
            f"The history has version {version}: {path}",
            f"This program reads version {VERSION}.",
            "Use the version that wrote it, or move the file away.",
        )


def _create(connection: sqlite3.Connection) -> None:
    """All tables or none, once, whoever comes first."""
    with transaction(connection):
        if connection.execute("PRAGMA user_version").fetchone()[0] == 0:
            for statement in _TABLES.split(";\n"):
                if statement.strip():
                    connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {VERSION:d}")


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """All of it or nothing."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield connection
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:  # a full disk has ended it already
            connection.execute("ROLLBACK")
        raise
