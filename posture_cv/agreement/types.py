"""What a rater has written down."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

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
        begins_s: media file -> the time in it at which the labels' clock begins; empty where the format has none.
    """

    stretches: tuple[Stretch, ...]
    kind: str
    points: int = 0
    begins_s: Mapping[str, float] = field(default_factory=dict)


class Faults:
    """Collects what is wrong with a file, so that all of it is told at once.

    Args:
        path: for messages.
        coding: the only group that is asked for: what is wrong elsewhere does not matter then. None: all count.
    """

    MOST = 8

    def __init__(self, path: str, coding: str | None = None) -> None:
        self._path, self._coding = path, coding
        self._found: list[str] = []
        self._in_group = False

    def add(self, line: int, text: str, group: str = "") -> None:
        """One more fault, in that group; faults of none are everybody's."""
        if group and self._coding not in {None, group}:
            return
        self._in_group |= bool(group)
        self._found.append(f"Line {line}: {text}" if line else text)

    def check(self) -> None:
        """Raise LabelError if there were any."""
        if not self._found:
            return
        shown = self._found[: self.MOST]
        if len(self._found) > self.MOST:
            shown.append(f"… and {len(self._found) - self.MOST} more")
        help_text = "Correct them and export again."
        if self._in_group and self._coding is None:
            help_text += " Or choose the tier, subject or observation with --coding: others may be faulty."
        raise LabelError(f"The labels cannot be used: {self._path}", "\n".join(shown), help_text)
