"""One monitor per user: a lock that the system lets go of however the process ends."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from posture_cv.atomic import output_error, private_folder
from posture_cv.errors import PostureError

LOCK_NAME = "monitor.lock"


class AlreadyRunningError(PostureError):
    """Another monitor of this user runs."""


class SingleInstance:
    """Holds the lock while it is entered.

    Args:
        folder: the runtime folder; made for its owner only.

    Raises:
        AlreadyRunningError: another process holds it. OutputError: the folder cannot be used.
    """

    def __init__(self, folder: Path) -> None:
        from filelock import FileLock

        self.path = folder / LOCK_NAME
        private_folder(folder)
        self._lock = FileLock(self.path, timeout=0, mode=0o600)

    def __enter__(self) -> Self:
        from filelock import Timeout

        try:
            self._lock.acquire()
        except Timeout:
            raise AlreadyRunningError(
                "A monitor is running already.",
                "",
                "See it: posture-cv status. End it: posture-cv stop",
            ) from None
        except OSError as error:
            raise output_error(self.path, error) from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(OSError):
            self._lock.release()


def is_running(folder: Path) -> bool:
    """Whether a process holds the lock now."""
    from filelock import FileLock, Timeout

    path = folder / LOCK_NAME
    if not path.exists():
        return False
    try:
        with FileLock(path, timeout=0, mode=0o600):
            return False
    except Timeout:
        return True
