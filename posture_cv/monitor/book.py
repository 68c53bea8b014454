"""Where alerts and answers are written down: a port, and the book of a monitor that keeps none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from posture_cv.assess.answers import Response
from posture_cv.assess.records import Record


class Book(Protocol):
    """Alerts with their words, what was answered, and the thresholds that follow."""

    def alert(self, record: Record, words: Mapping[str, Any], wall_s: float) -> int:
        """Write something told down; its number."""

    def number(self, key: int) -> int:
        """The number by which it is known now: what was written late has got one since."""

    def answer(self, key: int, response: Response, wall_s: float) -> None:
        """Write an answer to number `key` down."""

    def recovered(self, key: int, after_s: float) -> None:
        """The posture of number `key` was over so long after."""

    def factors(self, wall_s: float) -> tuple[float, ...]:
        """Threshold factors in the order of `CUES`, from the answers of the last days."""


class NoBook:
    """Numbers what is told and forgets it."""

    def __init__(self) -> None:
        self._count = 0

    def alert(self, record: Record, words: Mapping[str, Any], wall_s: float) -> int:  # noqa: ARG002 - see Book
        """Its number."""
        self._count += 1
        return self._count

    def number(self, key: int) -> int:
        """The same."""
        return key

    def answer(self, key: int, response: Response, wall_s: float) -> None:
        """Forgotten."""

    def recovered(self, key: int, after_s: float) -> None:
        """Forgotten."""

    def factors(self, wall_s: float) -> tuple[float, ...]:  # noqa: ARG002 - see Book
        """Nothing is raised."""
        from posture_cv.assess.settings import CUES

        return (1.0,) * len(CUES)
