"""What postures are called where people read of them. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

_CALLED: Final = {"shrug": "raised shoulders", "slump": "slumping"}


def plain(label: str) -> str:
    """A state's or cue's label in words."""
    return _CALLED.get(label, label.replace("_", " "))


def label_of(words: str, labels: Iterable[str]) -> str | None:
    """Which of the labels somebody typed: itself, or the words for it; None: none of them."""
    typed = " ".join(words.lower().replace("-", " ").replace("_", " ").split())
    return next((known for known in labels if typed in (known.replace("_", " "), plain(known))), None)
