"""Files that are there whole or not at all, and that only their owner can read."""

from __future__ import annotations

import errno
import os
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from posture_cv.errors import InputError, PostureError
from posture_cv.file_facts import NO_FILE, is_stream
from posture_cv.paths import ELSEWHERE, is_own
from posture_cv.utf8 import utf8

_FULL: Final = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_PART: Final = ".part"
_FORBIDDEN: Final = {errno.EACCES, errno.EPERM, errno.EROFS}


class OutputError(PostureError):
    """A file or a folder cannot be written."""


def is_full(error: OSError) -> bool:
    """Whether it is for want of room, so that it may go well later."""
    return error.errno in _FULL


def output_error(path: Path, error: OSError) -> OutputError:
    """The error for a file or folder that cannot be written, saying what to do about this cause.

    One of the program's own folders cannot be chosen on the command line: then the way to name another is said.
    """
    own = is_own(path)
    another = ELSEWHERE if own else "choose another folder"
    if is_full(error):
        what_to_do = f"Make room on the disk, or {another}."
    elif error.errno in _FORBIDDEN:
        what_to_do = f"Make it writable, or {another}." if own else "Choose a folder that you may write to."
    elif error.errno == errno.ENAMETOOLONG:
        what_to_do = "Choose a shorter name."
    else:
        what_to_do = f"Check the path, or {another}."
    reason = error.strerror or str(error)
    return OutputError(f"Cannot write: {path}", f"{reason}.", what_to_do)


def check_target(
    path: Path, inputs: Iterable[str | Path] = (), *, kind: str, is_kind: Callable[[Path], bool]
) -> None:
    """See, before any work, that a named output file takes nothing away from the user.

    Args:
        path: the file to be written.
        inputs: what is read: files, folders, addresses.
        kind: what is written, in words with an article.
        is_kind: whether an existing file is of that kind, and so may be written anew.

    Raises:
        InputError: the file is one of the inputs, by whatever path, or something else than what is written.
        OutputError: a pipe, a socket or a device has its name.
    """
    check_no_input(path, inputs)
    _check_place(path)
    if _holds_something(path) and not is_kind(path):
        raise InputError(
            f"There is another file of that name: {path}",
            f"It is not {kind} and would be lost.",
            "Give the output another name, or move the file away.",
        )


def check_no_input(path: Path, inputs: Iterable[str | Path]) -> None:
    """See that a file to be written is none of the inputs, by whatever path.

    Raises:
        InputError: it is one.
    """
    for source in inputs:
        if _same_file(path, Path(source)):
            raise InputError(
                f"The output would replace its own input: {source}",
                f"{path} is the same file.",
                "Give the output another name.",
            )


def check_writable(path: Path) -> None:
    """See, before any work, that a file of that name could be written after it.

    Raises:
        OutputError: the folder is missing or may not be written to; a folder, a pipe, a socket or a device has that
            name.
    """
    _check_place(path)
    if path.is_dir():
        raise OutputError(f"Cannot write: {path}", "It is a folder.", "Name a file.")
    _part_beside(path).unlink(missing_ok=True)


def _holds_something(path: Path) -> bool:
    try:
        return path.is_file() and path.stat().st_size > 0
    except (OSError, ValueError):  # a name that no file can have: said when it is written
        return False


def _check_place(path: Path) -> None:
    """See that nothing has the name that a file could only take by removing it: for root, `/dev/null` itself."""
    if is_stream(path):
        raise OutputError(
            f"Cannot write: {path}",
            f"{NO_FILE}, which a file would replace.",
            "Give the output the name of a file.",
        )


def _same_file(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except (OSError, ValueError):  # one of them is not there
        return False


def private_folder(path: Path) -> Path:
    """Make sure that a folder exists; it and its missing parents are made for their owner only.

    Raises:
        OutputError: it cannot be made, something else has its name, or it is a link that another user has laid.
    """
    try:
        refuse_laid(path)
        missing = [part for part in (path, *path.parents) if not part.exists()]
        for part in reversed(missing):
            part.mkdir(mode=0o700, exist_ok=True)
        path.mkdir(exist_ok=True)  # complains about a file of that name
    except OSError as error:
        raise output_error(path, error) from error
    return path


def refuse_laid(folder: Path) -> None:
    """See that no other user, except the administrator, has put a link in a folder's place, be it since it was made.

    Raises:
        OutputError: it is a link that another user has laid.
    """
    if os.name == "posix" and folder.is_symlink() and folder.lstat().st_uid not in (0, os.geteuid()):
        raise OutputError(
            f"Cannot write: {folder}",
            "It is a link of another user.",
            "Remove it, or name the folder that it leads to.",
        )


@contextmanager
def atomic_path(path: Path, *, durable: bool = True) -> Iterator[Path]:
    """A hidden file beside `path` to write to; on leaving without an error it takes the name `path`.

    It is made anew and for its owner only (0600), so that a link laid in its way is not followed; a link at
    `path` itself is replaced, not written through. After an error, or Ctrl-C, nothing is left behind.

    Args:
        path: the file.
        durable: wait for the disk; False for what may be lost when the power fails, but must not wake the disk.

    Raises:
        OutputError: the folder is missing or may not be written to, the disk is full; a pipe, a socket or a device
            has that name.
    """
    _check_place(path)
    part = _part_beside(path)
    try:
        yield part
        if durable:
            _settle(part, path)
        else:
            part.replace(path)
    except OSError as error:
        if error.filename not in (None, str(part), str(path), part, path):
            raise  # of the caller's own doing
        raise output_error(path, error) from error
    finally:
        with suppress(OSError):
            part.unlink()


def _part_beside(path: Path) -> Path:
    """A hidden file beside `path`, made anew, for its owner only. Raises OutputError."""
    try:
        descriptor, name = tempfile.mkstemp(prefix=_part_prefix(path), suffix=_PART, dir=path.parent)
        os.close(descriptor)
    except OSError as error:
        raise output_error(path, error) from error
    return Path(name)


def _part_prefix(path: Path) -> str:
    return f".{path.name[:60]}."


def drop_left_parts(path: Path, idle_s: float = 0.0) -> None:
    """Delete what killed runs have left of `path` beside it: an annotated video may be gigabytes, out of sight.

    What belongs to another user stays: his run may be at it.

    Args:
        path: the file, or the folder, that was being made.
        idle_s: only what has not been written to for so long. The part of a run under way looks the same: 0 is for
            who is alone there.
    """
    ours = re.compile(rf"{re.escape(_part_prefix(path))}[a-z0-9_]{{8}}{re.escape(_PART)}")
    with suppress(OSError):
        for entry in list(path.parent.iterdir()):
            if ours.fullmatch(entry.name) and _is_left(entry.lstat(), idle_s):
                _remove(entry)


def _is_left(about: os.stat_result, idle_s: float) -> bool:
    own = os.name != "posix" or about.st_uid == os.geteuid()
    return own and time.time() - about.st_mtime >= idle_s


def _remove(entry: Path) -> None:
    """A file, a link or a whole folder; a link is not followed."""
    if entry.is_dir() and not entry.is_symlink():
        shutil.rmtree(entry)
    else:
        entry.unlink()


def _settle(part: Path, path: Path) -> None:
    """Bring the bytes to the disk, then the name."""
    with part.open("rb+") as file:
        os.fsync(file.fileno())
    part.replace(path)
    if os.name == "posix":
        with suppress(OSError):  # some file systems cannot sync a folder
            folder = os.open(path.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)


def write_atomic(path: Path, data: bytes | str, *, durable: bool = True) -> None:
    """Write a whole file, text as UTF-8, for its owner only; the old content stays until the new is complete.

    `durable`: see `atomic_path`.

    Raises:
        OutputError: the folder is missing or may not be written to, the disk is full.
    """
    raw = utf8(data) if isinstance(data, str) else data
    with atomic_path(path, durable=durable) as part:
        part.write_bytes(raw)
