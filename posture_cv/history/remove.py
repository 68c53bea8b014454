"""Deletes from the history, whether or not a monitor is writing it."""

from __future__ import annotations

import time
from contextlib import suppress

from posture_cv.atomic import output_error
from posture_cv.history.schema import HistoryError, HistoryInUseError, beside, history_file
from posture_cv.history.store import History


def delete_older(days: int) -> None:
    """Delete what is older than so many days. Raises HistoryError."""
    if history_file().exists():
        _in_place(time.time() - days * 86400.0)


def delete_all() -> None:
    """Delete everything: the rows, so that a running monitor goes on writing into the same file.

    A file that cannot be read any more, or that there is no room to change, is removed as it is.

    Raises:
        HistoryInUseError: another process holds it. OutputError: it cannot be removed.
    """
    path = history_file()
    if not path.exists():
        return
    try:
        _in_place(float("inf"))
    except HistoryInUseError:
        raise
    except HistoryError:
        for file in (path, *beside(path)):
            try:
                with suppress(FileNotFoundError):
                    file.unlink()
            except OSError as error:
                raise output_error(path, error) from error


def _in_place(before_s: float) -> None:
    history = History(history_file())
    try:
        history.delete_before(before_s)
        history.compact()
    finally:
        history.close()
