"""What postures are called where people read of them. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

_CALLED: Final = {"shrug": "raised shoulders", "slump": "slumping"}


def plain(label: str) -> str:
    """A state's or cue's label in words."""
    return _CALLED.get(label, label.replace("_", " "))


def words_of(name: str) -> str:
    """A name as small words with one blank between: `_`, `-` and capitals make no difference to who types it."""
    return " ".join(name.lower().replace("-", " ").replace("_", " ").split())


def label_of(words: str, labels: Iterable[str]) -> str | None:
    """Which of the labels somebody typed: itself, or the words for it; None: none of them."""
    typed = words_of(words)
    return next((known for known in labels if typed in (words_of(known), plain(known))), None)
