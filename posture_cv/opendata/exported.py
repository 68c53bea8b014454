"""What an export has written into a folder, so that the next one there takes away what it no longer has."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from posture_cv.atomic import json_object, output_error, write_atomic

# Beside the folders and not in them: a BIDS data set holds nothing else.
_LIST: Final = ".exported.json"


def note_written(folder: Path, files: Sequence[str]) -> None:
    """Note the files of a data set, and delete those of the one before that are not among them.

    Only what a list names is deleted, and only below the folder: files of anybody else stay.

    Args:
        folder: of the data set.
        files: all that it consists of, relative to the folder.

    Raises:
        OutputError: the folder may not be written to.
    """
    listed = json_object(folder.parent / _LIST) or {}
    before = listed.get(folder.name)
    for name in before if isinstance(before, list) else []:
        if isinstance(name, str) and name not in files:
            _delete(folder, folder / name)
    plain = {**listed, folder.name: sorted(files)}
    write_atomic(folder.parent / _LIST, json.dumps(plain, indent=2) + "\n")


def _delete(folder: Path, file: Path) -> None:
    if not file.parent.resolve().is_relative_to(folder.resolve()):
        return
    try:
        file.unlink(missing_ok=True)
    except OSError as error:
        raise output_error(file, error) from error
    with suppress(OSError):  # it holds something else, or is the data set's own
        while file.parent != folder:
            file = file.parent
            file.rmdir()
