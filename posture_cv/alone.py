"""One run at a time writes to a place: two would take each other's half-made files for their own."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from posture_cv.atomic import OutputError, private_folder
from posture_cv.errors import InputError
from posture_cv.paths import runtime_dir


@contextmanager
def alone_at(place: Path) -> Iterator[None]:
    """Be the only run of this user on this machine that writes to a file or folder, however the run ends.

    Raises:
        InputError: another run is writing there.
    """
    from filelock import FileLock, Timeout

    name = hashlib.sha256(os.fsencode(os.path.realpath(place))).hexdigest()[:32]
    lock = FileLock(runtime_dir() / "writing" / f"{name}.lock", timeout=0, mode=0o600)
    with suppress(OSError, OutputError):  # no place for a lock is no reason not to work
        private_folder(Path(lock.lock_file).parent)
        try:
            lock.acquire()
        except Timeout:
            raise InputError(
                f"Another run is writing to {place}",
                "",
                "Wait until it has ended, or give this one another --out.",
            ) from None
    try:
        yield
    finally:
        lock.release()


def is_held(lock: Path) -> bool:
    """Whether a process holds the lock in that file now."""
    from filelock import FileLock, Timeout

    if not lock.exists():
        return False
    try:
        with FileLock(lock, timeout=0, mode=0o600):
            return False
    except Timeout:
        return True
