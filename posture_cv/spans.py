"""Stretches of time against a recording: how much of what is labelled lies outside it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Protocol

STATED_FROM_S: Final = 0.5  # ours: less is the rounding of a label's end about the last frame


class Span(Protocol):
    """Anything from `start_s` to `end_s`, in seconds."""

    @property
    def start_s(self) -> float:
        """Where it begins."""
        ...

    @property
    def end_s(self) -> float:
        """Where it ends."""
        ...


def length_s(span: Span, begin_s: float, end_s: float) -> float:
    """Seconds of a stretch between two times; 0 where it lies outside them."""
    return max(0.0, min(span.end_s, end_s) - max(span.start_s, begin_s))


def outside_s(spans: Iterable[Span], begin_s: float, end_s: float) -> float:
    """Seconds of all stretches that do not lie between two times."""
    return sum(span.end_s - span.start_s - length_s(span, begin_s, end_s) for span in spans)
