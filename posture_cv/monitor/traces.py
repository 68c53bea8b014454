"""What the program has stored, where, and for what; and its removal."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from posture_cv.atomic import output_error

Part = Literal["settings", "profiles", "history", "reports", "state", "cache", "runtime"]
PARTS: Final[dict[Part, str]] = {
    "settings": "what you set",
    "profiles": "median landmarks and outline of how you want to sit; no picture",
    "history": "minutes per state, alerts, answers, breaks; no picture, no landmark",
    "reports": "pages made of the history",
    "state": "the background monitor's log and what it goes on with after a restart; that the notice was shown",
    "cache": "what can be made again",
    "runtime": "lock and control channel of the running monitor, locks of runs that write",
}
# What the program writes into the folder of a part. A user's own folder may have such a name below POSTURE_CV_HOME,
# so that nothing else in it is ours to count or to delete.
_WRITTEN: Final[dict[Part, tuple[str, ...]]] = {
    "profiles": ("*.json",),
    "reports": ("*.html",),
    "state": ("notice-shown", "monitor-state.json", "monitor.log", "monitor.log.1"),
    "cache": (),  # nothing so far
    "runtime": ("monitor.lock", "control.sock", "control.json", "writing/*.lock"),
}
_CUT_OFF: Final = ".*.part"  # of a write that was cut off


@dataclass(frozen=True, slots=True)
class Trace:
    """One part: where it is, how many files and bytes, who may read it (octal mode; empty: nothing there)."""

    part: Part
    path: Path
    files: int
    size_bytes: int
    mode: str


def place_of(part: Part) -> Path:
    """File or folder of a part."""
    from posture_cv import paths
    from posture_cv.history.schema import history_file

    return {
        "settings": paths.settings_file,
        "profiles": paths.profiles_dir,
        "history": history_file,
        "reports": lambda: paths.data_dir() / "reports",
        "state": paths.state_dir,
        "cache": paths.cache_dir,
        "runtime": paths.runtime_dir,
    }[part]()


def traces() -> list[Trace]:
    """Every part, whether or not anything is there."""
    return [_trace(part) for part in PARTS]


def _trace(part: Part) -> Trace:
    place = place_of(part)
    files = list(_files(part, place))
    size = sum(_size(file) for file in files)
    mode = f"{place.lstat().st_mode & 0o777:04o}" if os.path.lexists(place) else ""
    return Trace(part, place, len(files), size, mode)


def _files(part: Part, place: Path) -> Iterator[Path]:
    if part == "history":
        # The last where a file system knows no WAL: left by a kill, it would be rolled back into the next history.
        companions = (place.with_name(place.name + end) for end in ("", "-wal", "-shm", "-journal"))
        yield from (file for file in companions if os.path.lexists(file))
    elif place.is_dir() and not place.is_symlink():
        for pattern in (*_WRITTEN.get(part, ()), _CUT_OFF):
            yield from (file for file in place.glob(pattern) if file.is_symlink() or not file.is_dir())
    else:
        if os.path.lexists(place):
            yield place
        yield from place.parent.glob(f".{place.name}{_CUT_OFF[1:]}")


def _size(file: Path) -> int:
    try:
        return file.lstat().st_size
    except OSError:
        return 0


def delete(part: Part) -> None:
    """Remove what the program wrote of a part; harmless when nothing is there. Links are removed, not followed.

    Raises:
        OutputError: it cannot be removed.
    """
    place = place_of(part)
    try:
        for file in list(_files(part, place)):
            with suppress(FileNotFoundError):
                file.unlink()
        if part == "runtime":
            _remove_if_empty(place / "writing")
        if part != "history":
            _remove_if_empty(place)
    except OSError as error:
        raise output_error(place, error) from error


def _remove_if_empty(folder: Path) -> None:
    with suppress(OSError):  # not empty, not there, or not ours to remove
        folder.rmdir()


def remove_empty_folders() -> None:
    """Remove the program's folders in which nothing is left."""
    from posture_cv.paths import FOLDER_KINDS, folder

    for kind in reversed(FOLDER_KINDS):  # the runtime folder may lie within that of the state
        _remove_if_empty(folder(kind))
