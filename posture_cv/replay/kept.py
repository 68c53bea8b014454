"""Landmark recordings that a run leaves in its folder, and whether a later run can use them again.

Beside NAME.landmarks lies the hidden file .NAME.landmarks.json, with the key of everything the landmarks depend on and
the recording's own checksum: a recording that is of something else, or that somebody has changed, is not used.
"""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

from posture_cv.atomic import write_atomic
from posture_cv.file_facts import json_object, sha256_of_file


def is_kept(recording: Path, landmarks_key: str) -> bool:
    """Whether an earlier run has left the very landmarks of this key."""
    note = json_object(_note_path(recording))
    with suppress(OSError):  # the recording itself is gone
        return note is not None and note == {"key": landmarks_key, "sha256": sha256_of_file(recording)}
    return False


def note_kept(recording: Path, landmarks_key: str) -> None:
    """Write down what a recording that is whole was made of.

    Raises:
        OutputError: the folder may not be written to.
    """
    note = {"key": landmarks_key, "sha256": sha256_of_file(recording)}
    write_atomic(_note_path(recording), json.dumps(note))


def _note_path(recording: Path) -> Path:
    return recording.with_name(f".{recording.name}.json")
