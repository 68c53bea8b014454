"""A job that is done elsewhere: what it is, what is told of it on the way, and how it ends.

Imports nothing heavy: a worker process begins with it.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from posture_cv.errors import PostureError, ShortageError


@dataclass(frozen=True, slots=True)
class Told:
    """A job has done so many more frames."""

    number: int
    frames: int


@dataclass(frozen=True, slots=True)
class Done:
    """A job has ended well."""

    number: int
    result: Any


@dataclass(frozen=True, slots=True)
class Failed:
    """A job has failed, and would fail again."""

    number: int
    error: PostureError


Event = Told | Done | Failed


class Work(Protocol):
    """What a worker process can be given: a value that can be sent to it."""

    def run(self, told: Callable[[int], None]) -> object:
        """Do it, telling how many more frames are done. Raises PostureError."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a job ended, before it is known by its number."""

    result: Any = None
    error: PostureError | None = None

    def __call__(self, number: int) -> Event:
        """The event of the job with this number."""
        return Done(number, self.result) if self.error is None else Failed(number, self.error)


def outcome(job: Work, told: Callable[[int], None]) -> Outcome:
    """Do a job; whatever goes wrong is part of its outcome."""
    try:
        return Outcome(job.run(told))
    except PostureError as error:
        return Outcome(error=_plain(error))
    except Exception as error:  # noqa: BLE001 - one recording's surprise must not end the others
        short = ShortageError.of(error)
        return Outcome(error=_surprise(error) if short is None else _plain(short))


def _plain(error: PostureError) -> PostureError:
    """The same without its class, which another process may not be able to rebuild."""
    plain = PostureError(error.title, error.detail, error.what_to_do)
    plain.exit_code = error.exit_code
    return plain


def _surprise(error: Exception) -> PostureError:
    import traceback

    where = traceback.extract_tb(error.__traceback__)[-1]
    place = f"{os.path.basename(where.filename)}:{where.lineno}"  # noqa: PTH119  no path is needed
    return PostureError(
        f"Something unforeseen happened: {type(error).__name__}: {error}",
        f"At {place}.",
        "Please report this.",
    )
