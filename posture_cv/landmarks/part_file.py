"""A file that grows as NAME.part and takes its name in the end: by one run at a time, and never by another's hand."""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path
from typing import BinaryIO, Final

from posture_cv.errors import InputError
from posture_cv.file_facts import file_identity

_NO_FOLLOW: Final = getattr(os, "O_NOFOLLOW", 0)  # Windows has none
_NO_WAIT: Final = getattr(
    os, "O_NONBLOCK", 0
)  # likewise: a pipe laid in the way would be waited for without end
_RENAMES_OPEN_FILES: Final = os.name == "posix"


def open_part(part: Path) -> BinaryIO:
    """Open a new or left-over file for writing, empty and for its owner only; it is locked while it is open.

    One that belongs to another user, who could read it, or that has a second name is left as it is and loses this name.

    Raises:
        InputError: another run is writing to it; it is left alone.
        OSError: it cannot be opened.
    """
    flags = os.O_WRONLY | os.O_CREAT | _NO_FOLLOW | _NO_WAIT
    while True:
        descriptor = os.open(part, flags, 0o600)
        # Unbuffered: what a full disk has refused must not be tried again, and fail again, when the file is closed.
        file = os.fdopen(descriptor, "wb", buffering=0)
        if not _locked(descriptor):
            file.close()
            raise _is_written(part)
        if not _is_named(file, part):
            file.close()  # between opening and locking it has taken its final name: what is whole is not emptied
        elif flags & os.O_EXCL or _is_ours_alone(descriptor):
            os.ftruncate(descriptor, 0)
            return file
        else:
            file.close()
            part.unlink()
            flags |= os.O_EXCL


def _is_ours_alone(descriptor: int) -> bool:
    """Whether it is this user's, and under no other name somebody's own."""
    about = os.fstat(descriptor)
    return about.st_nlink == 1 and (os.name != "posix" or about.st_uid == os.geteuid())


def take_name(file: BinaryIO, part: Path, path: Path) -> None:
    """Close a file that `open_part` has opened and give it its final name.

    Raises:
        OSError: it cannot be renamed, or has lost its name to another run.
    """
    with file:
        file.flush()
        require_named(file, part)
        if _RENAMES_OPEN_FILES:
            part.replace(path)  # while the lock still holds: nobody empties it in between
            return
    part.replace(path)


def require_named(file: BinaryIO, part: Path) -> None:
    """See that what is written to a file that `open_part` has opened can still be found.

    Raises:
        OSError: it was deleted, or has lost its name to another run.
    """
    if not _is_named(file, part):
        how = "Another run has taken its place" if part.exists() else "It was deleted meanwhile"
        raise FileNotFoundError(errno.ENOENT, how, str(part))


def _locked(descriptor: int) -> bool:
    """Lock a file for this opening of it; False: another one has it."""
    if sys.platform == "win32":
        return True
    import fcntl

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a file system without locks is no reason not to work
        return True
    return True


def _is_named(file: BinaryIO, part: Path) -> bool:
    """Whether the open file is still the one of that name."""
    known = os.fstat(file.fileno())
    return file_identity(part) == (known.st_dev, known.st_ino)


def _is_written(part: Path) -> InputError:
    return InputError(
        f"Another run is writing to {part}",
        "",
        "Wait until it has ended, or give this one another name to write.",
    )
