"""One run at a time writes to a place: two would take each other's half-made files for their own."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
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
    name = hashlib.sha256(os.fsencode(os.path.realpath(place))).hexdigest()[:32]
    with ExitStack() as held:
        with suppress(OSError, OutputError):  # no place for a lock is no reason not to work
            folder = private_folder(runtime_dir() / "writing")
            try:
                held.callback(lock_file(folder / f"{name}.lock"))
            except BlockingIOError:
                raise InputError(
                    f"Another run is writing to {place}",
                    "",
                    "Wait until it has ended, or give this one another --out.",
                ) from None
        yield


def lock_file(path: Path) -> Callable[[], object]:
    """Lock a file, made if it is not there, until the process ends or what is returned is called.

    It is the lock that filelock takes, which is slow to load: only where locks are made otherwise is it asked for one.

    Raises:
        BlockingIOError: another process holds it. OSError: it cannot be locked.
    """
    if sys.platform == "win32":
        from filelock import FileLock, Timeout

        lock = FileLock(path, timeout=0)
        try:
            lock.acquire()
        except Timeout as error:
            raise BlockingIOError(str(error)) from error
        return lock.release
    import fcntl

    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(file)
        raise
    return partial(os.close, file)


def is_held(path: Path) -> bool:
    """Whether a process holds the lock in that file now. Raises OSError: it cannot be looked at."""
    if not path.exists():
        return False
    try:
        lock_file(path)()
    except BlockingIOError:
        return True
    return False
