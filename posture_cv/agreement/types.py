"""What a rater has written down."""

from __future__ import annotations

from dataclasses import dataclass

from posture_cv.errors import InputError


class LabelError(InputError):
    """A file of labels cannot be read or used."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """One labelled stretch of time.

    Attributes:
        start_s, end_s: in seconds since the start of the source.
        name: as the rater wrote it.
        line: of the file, 0 where it has none.
        group: whose or where it is: an observation, a subject, a tier; empty where the format has none.
    """

    start_s: float
    end_s: float
    name: str
    line: int = 0
    group: str = ""


@dataclass(frozen=True, slots=True)
class Labels:
    """All stretches of a file.

    Attributes:
        stretches: in the order of their begin.
        kind: "BORIS tabular events", "BORIS aggregated events", "ELAN tab-delimited", "ELAN .eaf", "CSV".
        points: number of events without duration, which are not used.
    """

    stretches: tuple[Stretch, ...]
    kind: str
    points: int = 0


class Faults:
    """Collects what is wrong with a file, so that all of it is told at once."""

    MOST = 8

    def __init__(self, path: str) -> None:
        self._path = path
        self._found: list[str] = []

    def add(self, line: int, text: str) -> None:
        """One more fault."""
        self._found.append(f"Line {line}: {text}" if line else text)

    def check(self) -> None:
        """Raise LabelError if there were any."""
        if not self._found:
            return
        shown = self._found[: self.MOST]
        if len(self._found) > self.MOST:
            shown.append(f"… and {len(self._found) - self.MOST} more")
        raise LabelError(
            f"The labels cannot be used: {self._path}", "\n".join(shown), "Correct them and export again."
        )
