"""What the ergonomic check at a calibration found, with advice and its source, as lines. Pure."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from posture_cv.guidance.choose import desk_advice
from posture_cv.guidance.entries import DESK_CHECKS, Catalogue

if TYPE_CHECKING:
    from posture_cv.profiles.types import SetupNote


def desk_lines(catalogue: Catalogue, setup: Sequence[SetupNote], width: int, indent: int) -> Iterator[str]:
    """The findings, each with what to change; nothing without findings.

    Args:
        catalogue: where the advice comes from.
        setup: results of the check, as the profile has them.
        width: of the lines, in characters.
        indent: spaces before each.
    """
    if not setup:
        return
    lead = " " * indent
    shown: set[str] = set()
    for note in setup:
        yield from wrapped(note.text, f"{lead}- ", width)
        if note.check not in DESK_CHECKS:
            continue
        for advice in desk_advice(catalogue, note.check):
            if advice.entry_id not in shown:
                shown.add(advice.entry_id)
                yield from wrapped(f"{advice.action} ({advice.citation})", f"{lead}  ", width)
    top_edge = catalogue.entry("screen_top_edge")
    yield from wrapped(f"{top_edge.title}: {top_edge.text}", lead, width)


def wrapped(text: str, lead: str, width: int) -> list[str]:
    """The text in lines of so many characters, under its first one's lead; `posture-cv` is one word."""
    return textwrap.wrap(
        text, width, initial_indent=lead, subsequent_indent=" " * len(lead), break_on_hyphens=False
    )
