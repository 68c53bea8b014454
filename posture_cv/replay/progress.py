"""How a long run tells how far it is; the command line draws it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from posture_cv.replay.batch import Ended


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


class BatchProgress(Protocol):
    """Told by a run over many recordings."""

    def begin(self, recordings: int) -> None:
        """So many recordings are to be done."""

    def expect(self, index: int, frames: int, *, known: bool) -> None:
        """A recording has been looked at, or has failed: so many of its frames are done in all, if that is known."""

    def advance(self, frames: int) -> None:
        """So many more frames are done."""

    def ended(self, index: int, ended: Ended) -> None:
        """A recording has ended."""


class NoBatchProgress:
    """Draws nothing."""

    def begin(self, recordings: int) -> None:
        """Nothing to draw."""

    def expect(self, index: int, frames: int, *, known: bool) -> None:
        """Nothing to draw."""

    def advance(self, frames: int) -> None:
        """Nothing to draw."""

    def ended(self, index: int, ended: Ended) -> None:
        """Nothing to draw."""
