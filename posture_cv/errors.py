"""The one error tree: what is wrong, where, and what to do."""

from __future__ import annotations

from typing import Final

INTERRUPTED: Final = 128 + 2  # the exit code after Ctrl-C, as the shell reports it


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
        return " ".join(part for part in (title, self.detail, self.what_to_do) if part)


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
