"""One monitor per user: a lock that the system lets go of however the process ends."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Final, Self

from posture_cv.alone import lock_file
from posture_cv.atomic import output_error, private_folder
from posture_cv.closing import Closing
from posture_cv.errors import PostureError
from posture_cv.file_facts import file_identity

LOCK_NAME = "monitor.lock"
_PROBED_S: Final = 0.2
"""Somebody who only looks whether a monitor runs holds the lock for much less; ours."""
_ASK_TIMEOUT_S: Final = 1.0


class AlreadyRunningError(PostureError):
    """Another monitor of this user runs."""


class SingleInstance(Closing):
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
        self._lock = FileLock(self.path, timeout=_PROBED_S, mode=0o600)
        self._file: tuple[int, int] | None = None

    def __enter__(self) -> Self:
        from filelock import Timeout

        try:
            self._lock.acquire()
        except Timeout:
            raise _already(self.path.parent) from None
        except OSError as error:
            raise output_error(self.path, error) from error
        self._file = file_identity(self.path)
        return self

    @property
    def holds(self) -> bool:
        """Whether it still keeps others out: a lock whose file was deleted does not."""
        return self._file is not None and file_identity(self.path) == self._file

    def close(self) -> None:
        """Let another hold it."""
        with suppress(OSError):
            self._lock.release()


def _already(folder: Path) -> AlreadyRunningError:
    """The other one is running, or still starting: it may ask for a first profile, or wait for its models."""
    from posture_cv.monitor.control.channel import StartingError
    from posture_cv.monitor.control.client import ask

    try:
        phase = ask("status", folder=folder, timeout_s=_ASK_TIMEOUT_S)["status"].get("phase")
    except StartingError:
        phase = "starting"
    except PostureError:
        phase = None
    does = "starting" if phase == "starting" else "running"
    return AlreadyRunningError(
        f"A monitor is {does} already.", "", "See it: posture-cv status. End it: posture-cv stop"
    )


def is_running(folder: Path) -> bool:
    """Whether a process holds the lock now."""
    path = folder / LOCK_NAME
    if not path.exists():
        return False
    try:
        lock_file(path)()
    except BlockingIOError:
        return True
    return False
