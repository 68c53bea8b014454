"""How a long run tells how far it is; the command line draws it."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Told by a run; all counts are in frames."""

    def stage(self, title: str, total: int | None) -> None:
        """A new stage begins; `total` is None where the source does not say how long it is."""

    def advance(self, count: int = 1) -> None:
        """So many more frames are done."""


class NoProgress:
    """Draws nothing."""

    def stage(self, title: str, total: int | None) -> None:
        """Nothing to draw."""

    def advance(self, count: int = 1) -> None:
        """Nothing to draw."""
