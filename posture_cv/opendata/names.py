"""Names that formats allow, made of names that people give: no two of them ever become one."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from itertools import count


def file_name(text: str) -> str:
    """A file name made of a text, in any script."""
    return re.sub(r"[^\w.-]+", "-", text).strip(".-") or "recording"


def file_names(texts: Iterable[str]) -> dict[str, str]:
    """Each text's own file name."""
    return distinct(texts, file_name, "-")


def resource_name(text: str) -> str:
    """A name as Frictionless Data asks for: lower-case Latin letters, digits, dots, hyphens and underscores."""
    return re.sub(r"[^0-9a-z._-]+", "-", text.lower()).strip(".-") or "data"


def distinct(texts: Iterable[str], name: Callable[[str], str], mark: str) -> dict[str, str]:
    """Text -> its name; where two would have the same, the later one is numbered.

    Args:
        texts: in an order that does not change; the same text twice is one.
        name: makes a name of a text.
        mark: stands between name and number.
    """
    out: dict[str, str] = {}
    taken: set[str] = set()
    for text in dict.fromkeys(texts):
        wanted = name(text)
        tries = (wanted if number == 1 else f"{wanted}{mark}{number}" for number in count(1))
        out[text] = next(found for found in tries if as_seen(found) not in taken)
        taken.add(as_seen(out[text]))
    return out


def as_seen(name: str) -> str:
    """As file systems may see a name: letters' case and the way an accent is written aside."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())
