"""From what a user names on the command line to items: files, folders, globs, a manifest."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final, Protocol

from posture_cv.errors import InputError
from posture_cv.landmarks.recording import SUFFIX
from posture_cv.paths import user_path
from posture_cv.replay.earlier import own_recordings
from posture_cv.replay.items import Item, identity_of_file, named
from posture_cv.replay.manifest import conflicts, read_manifest

VIDEO_SUFFIXES: Final = frozenset(
    f".{kind}"
    for kind in (
        *("mp4", "mov", "m4v", "mkv", "webm", "avi", "mpg", "mpeg", "ts", "mts", "m2ts"),
        *("wmv", "asf", "flv", "3gp", "ogv", "mxf", "mjpeg", "mjpg", "h264"),
    )
)
MANIFEST_SUFFIX: Final = ".csv"
_MOST_SHOWN: Final = 20


class Sight(Protocol):
    """Who looks for files: this machine, or another that sees other disks."""

    def exists(self, path: str) -> bool:
        """Whether there is such a file or folder."""

    def files_of(self, path: str, out: Path) -> list[str]:
        """The recordings that a path, folder or pattern means; none if there are none."""


class OwnSight:
    """This machine's files."""

    def exists(self, path: str) -> bool:
        """Whether there is such a file or folder."""
        return os.path.exists(path)  # noqa: PTH110  the path may be anything

    def files_of(self, path: str, out: Path) -> list[str]:
        """The recordings that a path, folder or pattern means; none if there are none."""
        return files_of(path, out)


def find_items(paths: Sequence[str], out: Path, sight: Sight | None = None) -> list[Item]:
    """The recordings that the paths name, in a fixed order, each once, with the names of their folders.

    Args:
        paths: files, folders (all videos and landmark recordings below them, or one folder of pictures), patterns
            such as `day1/*.mp4`, addresses, or manifests (CSV).
        out: the folder of the results; what lies in it is no input.
        sight: who looks for the files; None: this machine.

    Raises:
        InputError: a path that is not there, a pattern or folder without recordings (all of them at once), a
            manifest with faults, manifests that say different things of one recording.
    """
    sight = sight or OwnSight()
    faults: list[str] = []
    items: list[Item] = []
    listed: dict[str, list[Item]] = {}
    for path in paths:
        if not path:  # would mean all below the folder that one is in
            faults.append("a path is empty")
            continue
        if path.lower().endswith(MANIFEST_SUFFIX):
            listed[path] = read_manifest(Path(path), sight.exists)
            items += listed[path]
            continue
        found = [Item(file) for file in sight.files_of(path, Path(os.path.realpath(out)))]
        items += found
        if not found:
            faults.append(_nothing(path))
    if contradictions := conflicts(listed):
        raise InputError(
            "The manifests contradict each other.",
            "\n".join(contradictions[:_MOST_SHOWN]),
            "Name each recording, or each stretch of it, in one line of one manifest.",
        )
    if faults:
        raise InputError(
            f"{'Some inputs hold' if len(faults) > 1 else 'An input holds'} nothing to replay",
            "\n".join(faults[:_MOST_SHOWN]),
            "Name videos, folders of them, patterns, landmark recordings or a manifest (CSV).",
        )
    return named(_once(items))


def _once(items: Iterable[Item]) -> list[Item]:
    """Items named twice (a folder and a file in it) are replayed once.

    What a manifest says of a file, and of which stretches of it, holds: the whole would count them twice.
    """
    given = list(items)
    listed = {identity_of_file(item.file) for item in given if item.place}
    kept: dict[object, Item] = {}
    for item in given:
        if item.place or identity_of_file(item.file) not in listed:
            kept.setdefault(item.identity, item)
    return list(kept.values())


def _nothing(path: str) -> str:
    if Path(path).is_dir():
        return (
            f"{path}: a folder without videos, landmark recordings or pictures other than results of replay"
        )
    return f"{path}: no file matches" if _is_pattern(path) else f"{path}: not found"


def _is_pattern(path: str) -> bool:
    return glob.has_magic(path) and not os.path.lexists(path)


def files_of(path: str, out: Path) -> list[str]:
    """What `OwnSight` sees, for another process to look."""
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]*:(//)?", path) and not Path(path).exists():
        return [path]  # an address, or webcam:…
    if re.fullmatch(r"\d{1,4}", path) and not Path(path).exists():
        return [path]
    if _is_pattern(path):
        matches = sorted(glob.glob(path, recursive=True))  # noqa: PTH207  patterns may be absolute
        return [file for found in matches for file in _below(Path(found), out)]
    return _below(user_path(path), out)


def _below(path: Path, out: Path) -> list[str]:
    if not path.is_dir():
        return [str(path)] if os.path.lexists(path) else []
    recordings = sorted(str(file) for file in _walk(path, out))
    if recordings:
        return recordings
    from posture_cv.capture.picture_header import SUFFIXES

    has_pictures = any(entry.suffix.lower() in SUFFIXES for entry in path.iterdir())
    return [str(path)] if has_pictures else []


def _walk(folder: Path, out: Path) -> Iterator[Path]:
    """Videos and landmark recordings at any depth, without hidden ones and without those that earlier runs made.

    Links to folders are followed, into no folder twice: one may lead back to where the walk came from. A folder that
    may not be looked into is named itself, so that it fails in words instead of being missing in silence.
    """
    passed, shut = {out, folder.resolve()}, list[OSError]()
    for root, folders, files in os.walk(folder, onerror=shut.append, followlinks=True):
        here = Path(root)
        folders[:] = [
            name for name in sorted(folders) if not name.startswith(".") and _is_new(here / name, passed)
        ]
        recordings = [file for file in files if Path(file).suffix.lower() in VIDEO_SUFFIXES | {SUFFIX}]
        results = own_recordings(here) if recordings else frozenset()
        for file in recordings:
            if not file.startswith(".") and file not in results:
                yield here / file
    yield from (Path(error.filename) for error in shut)


def _is_new(folder: Path, passed: set[Path]) -> bool:
    """Whether a folder has not been passed by whatever path; from now on it has."""
    real = folder.resolve()
    if real in passed:
        return False
    passed.add(real)
    return True
