"""The one error tree: what is wrong, where, and what to do."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from typing import Self

INTERRUPTED: Final = 128 + 2  # the exit code after Ctrl-C, as the shell reports it
_MAKE_ROOM: Final = (
    "Close other programs; or raise the limit (ulimit -v), or use fewer --workers, where there are such. "
    "The same command goes on or begins again."
)
_RAISE_THE_LIMIT: Final = "Close other programs, or raise the limit (ulimit -u)."


class PostureError(Exception):
    """An error that a user can act on.

    Args:
        title: what is wrong, in one short line, naming the thing ("No camera 3").
        detail: where and what exactly was found; may be empty.
        what_to_do: the next step for the user; may be empty.

    The command line prints it in one place, without a traceback, and leaves with `exit_code`.
    """

    exit_code = 2

    def __init__(self, title: str, detail: str = "", what_to_do: str = "") -> None:
        super().__init__(title, detail, what_to_do)
        self.title = title
        self.detail = detail
        self.what_to_do = what_to_do

    def __str__(self) -> str:
        return " ".join(part for part in (self.title, self.detail, self.what_to_do) if part)

    @property
    def sentences(self) -> str:
        """All of it in one line, where there are no lines of its own: the title is a sentence there, too."""
        title = self.title if self.title.endswith((".", "!", "?")) else f"{self.title}."
        return " ".join(part for part in (title, self.detail_line, self.what_to_do) if part)

    @property
    def detail_line(self) -> str:
        """The detail in one line: several faults, a line each, stand apart in it."""
        parts = [part for line in self.detail.splitlines() if (part := line.strip())]
        if len(parts) < 2:
            return "".join(parts)
        stops = (*(";" for _ in parts[1:]), ".")
        return " ".join(
            part if part.endswith((".", "!", "?", ":", ";")) else part + stop
            for part, stop in zip(parts, stops, strict=True)
        )


class ShortageError(PostureError):
    """The system gives no more memory, or no more threads."""

    @classmethod
    def of(cls, error: BaseException) -> Self | None:
        """That in words, if it is what `error` means: libraries in C say it in exceptions of their own kinds."""
        said = str(error)
        if isinstance(error, RuntimeError) and "start new thread" in said:
            return cls("The system allows no further thread", "", _RAISE_THE_LIMIT)
        full = isinstance(error, MemoryError) or getattr(error, "errno", 0) == errno.ENOMEM
        if full or "bad_alloc" in said or "Insufficient memory" in said:
            return cls("There is not enough memory", "", _MAKE_ROOM)
        return None


class InputError(PostureError):
    """A file, an argument or a value given by the user cannot be used."""


class NobodyFoundError(PostureError):
    """The run worked and found no person at all (exit code 1: an answer, not a fault)."""

    exit_code = 1

    @classmethod
    def of(cls, source: str, detail: str = "") -> NobodyFoundError:
        """The answer for a recording, or several, that shows nobody."""
        way = "Check that head and shoulders are in the picture and that there is light."
        return cls(f"Nobody was found in {source}", detail, way)
