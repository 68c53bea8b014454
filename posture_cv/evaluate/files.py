"""Files that evaluation writes: whole or not at all, readable by their owner only."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from posture_cv.evaluate.errors import EvaluationError
from posture_cv.file_facts import json_object


def require_writable(file: Path) -> None:
    """Find out before the work whether `file` could be written after it.

    Raises:
        EvaluationError: the folder is missing or not writable, or a folder has that name.
    """
    handle, temporary = _made_beside(file)
    os.close(handle)
    temporary.unlink(missing_ok=True)
    if file.is_dir():
        raise EvaluationError(f"Cannot write {file}", "It is a folder.", "Name a file.")


def write_owner_only(file: Path, content: bytes) -> None:
    """Write `content` under that name in one step (mode 0600).

    Raises:
        EvaluationError: the folder is missing or not writable, the disk is full.
    """
    handle, temporary = _made_beside(file)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
        temporary.replace(file)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise _not_written(file, error) from error
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _made_beside(file: Path) -> tuple[int, Path]:
    """An open hidden file in the same folder, and its name. Raises EvaluationError."""
    try:
        handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name[:40]}.")
    except OSError as error:
        raise _not_written(file, error) from error
    return handle, Path(name)


def is_result(file: Path) -> bool:
    """Whether a file is a JSON document that evaluation has written."""
    return {"schema_version", "dataset"} <= (json_object(file) or {}).keys()


def _not_written(file: Path, error: OSError) -> EvaluationError:
    return EvaluationError(
        f"Cannot write {file}", error.strerror or str(error), "Name a place you may write to."
    )
