"""A data set takes its place in a folder, in the place of the one that an earlier export has left there.

It is written beside the folder first. So an export that fails leaves the earlier data set whole, and what somebody else
has put there, or added to a file of ours (the authors of a BIDS data set, say), is seen before anything is replaced.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from posture_cv.alone import alone_at
from posture_cv.atomic import drop_left_parts, output_error, private_folder, write_atomic
from posture_cv.errors import InputError
from posture_cv.file_facts import json_object, sha256_of_file

# Beside the folders and not in them: a BIDS data set holds nothing else.
_LIST: Final = ".exported.json"
_MOST_NAMED: Final = 5


@contextmanager
def published(folder: Path) -> Iterator[Path]:
    """A hidden folder to write a data set to; on leaving without an error its files take their places in `folder`.

    Raises:
        InputError: `folder` holds files of such names that no export wrote, or that were changed since; or another
            export is writing there.
        OutputError: a folder may not be written to.
    """
    private_folder(folder)
    with alone_at(folder):
        drop_left_parts(folder)
        yield from _made_beside(folder)


def _made_beside(folder: Path) -> Iterator[Path]:
    try:
        made = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", suffix=".part", dir=folder.parent))
    except OSError as error:
        raise output_error(folder, error) from error
    try:
        yield made
        _take_place(made, folder)
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _take_place(made: Path, folder: Path) -> None:
    try:
        files = sorted(path.relative_to(made).as_posix() for path in made.rglob("*") if path.is_file())
        _require_own(folder, files)
        noted = {name: sha256_of_file(made / name) for name in files}
        for name in files:
            private_folder((folder / name).parent)
            (made / name).replace(folder / name)
    except OSError as error:
        raise output_error(folder, error) from error
    note_written(folder, noted)


def _require_own(folder: Path, files: list[str]) -> None:
    before = _noted(folder)
    foreign = [name for name in files if name not in before and (folder / name).exists()]
    foreign += [name for name, sha256 in before.items() if sha256 and _is_another(folder / name, sha256)]
    if foreign:
        more = f" and {len(foreign) - _MOST_NAMED} more" if len(foreign) > _MOST_NAMED else ""
        raise InputError(
            f"There are files of somebody else where the data set would be: {folder}",
            f"Not written by an export, or changed since: {', '.join(foreign[:_MOST_NAMED])}{more}.",
            "Give another folder with --out, or move these files away.",
        )


def _is_another(file: Path, sha256: str) -> bool:
    return file.is_file() and sha256_of_file(file) != sha256


def _noted(folder: Path) -> dict[str, str]:
    """File -> SHA-256 of the data set that an export has left there; empty for those of a list without them."""
    before = _listed(folder).get(folder.name)
    if isinstance(before, list):
        before = dict.fromkeys((name for name in before if isinstance(name, str)), "")
    pairs = before.items() if isinstance(before, dict) else ()
    return {name: str(sha256) for name, sha256 in pairs if _is_below(folder, folder / name)}


def _listed(folder: Path) -> dict[str, Any]:
    """Folder -> files, as exports have noted; empty if the list is neither root's, this user's nor the folder owner's.

    Whoever else may write beside a shared folder could otherwise have anybody's files in it deleted.
    """
    place = folder.parent / _LIST
    with suppress(OSError):  # there is none
        owner = place.lstat().st_uid
        if os.name != "posix" or owner in (0, os.geteuid(), folder.stat().st_uid):
            return json_object(place) or {}
    return {}


def _is_below(folder: Path, file: Path) -> bool:
    return file.parent.resolve().is_relative_to(folder.resolve())


def note_written(folder: Path, files: Mapping[str, str]) -> None:
    """Note the files of a data set, and delete those of the one before that are not among them.

    Only what a list names is deleted, and only below the folder: files of anybody else stay.

    Args:
        folder: of the data set.
        files: all that it consists of, relative to the folder, with the SHA-256 of each.

    Raises:
        OutputError: the folder may not be written to.
    """
    for name in _noted(folder):
        if name not in files:
            _delete(folder, folder / name)
    plain = {**_listed(folder), folder.name: dict(sorted(files.items()))}
    write_atomic(folder.parent / _LIST, json.dumps(plain, indent=2) + "\n")


def _delete(folder: Path, file: Path) -> None:
    try:
        file.unlink(missing_ok=True)
    except OSError as error:
        raise output_error(file, error) from error
    with suppress(OSError):  # it holds something else, or is the data set's own
        while file.parent != folder:
            file = file.parent
            file.rmdir()
