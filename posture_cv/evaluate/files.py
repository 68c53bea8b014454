"""Files that evaluation writes: whole or not at all, readable by their owner only."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path

from posture_cv.evaluate.errors import EvaluationError


def write_owner_only(file: Path, content: bytes) -> None:
    """Write `content` under that name in one step (mode 0600).

    Raises:
        EvaluationError: the folder is missing or not writable, the disk is full.
    """
    try:
        handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name[:40]}.")
    except OSError as error:
        raise _not_written(file, error) from error
    temporary = Path(name)
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


def is_result(file: Path) -> bool:
    """Whether a file is a JSON document that evaluation has written."""
    try:
        plain = json.loads(file.read_bytes())
    except (OSError, ValueError):
        return False
    return isinstance(plain, dict) and {"schema_version", "dataset"} <= plain.keys()


def _not_written(file: Path, error: OSError) -> EvaluationError:
    return EvaluationError(
        f"Cannot write {file}", error.strerror or str(error), "Name a place you may write to."
    )
