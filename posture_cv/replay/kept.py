"""Landmark recordings that a run leaves in its folder, and whether a later run can use them again.

Beside NAME.landmarks lies the hidden file .NAME.landmarks.json, with the key of everything the landmarks depend on, the
recording's own checksum and what went wrong when it was made: a recording that is of something else, or that somebody
has changed, is not used.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from posture_cv.atomic import write_atomic
from posture_cv.errors import InputError
from posture_cv.file_facts import json_object, sha256_of_file


def warnings_of_kept(recording: Path, landmarks_key: str) -> tuple[str, ...] | None:
    """What went wrong when the very landmarks of this key were made; None where no run has left them."""
    note = json_object(_note_path(recording)) or {}
    warnings = note.get("warnings")
    if note.get("key") != landmarks_key or not isinstance(warnings, list):
        return None
    with suppress(OSError):  # the recording itself is gone
        if note.get("sha256") == sha256_of_file(recording):
            return tuple(map(str, warnings))
    return None


def require_noted(recording: Path) -> None:
    """See that landmarks which a run would replace were made by a run, of a file: they can be made of it again.

    Raises:
        InputError: somebody else has put them there, or they are of a camera.
    """
    if recording.exists() and not _note_path(recording).exists():
        raise InputError(
            f"Other landmarks are kept already: {recording}",
            "Nothing says that they can be made again, and they would be lost.",
            "Give another --out, or move that file away.",
        )


def note_kept(recording: Path, landmarks_key: str, warnings: Sequence[str]) -> None:
    """Write down what a recording that is whole was made of, and what went wrong.

    Raises:
        OutputError: the folder may not be written to.
    """
    note = {"key": landmarks_key, "sha256": sha256_of_file(recording), "warnings": list(warnings)}
    write_atomic(_note_path(recording), json.dumps(note))


def _note_path(recording: Path) -> Path:
    return recording.with_name(f".{recording.name}.json")
