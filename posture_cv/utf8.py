r"""Text as UTF-8, whatever it holds.

File systems hand over names that are no Unicode, and JSON can hold half a character; UTF-8 has no bytes for either.
Written as an escape, \udcff, they stay legible and distinct, and within JSON what they were.
"""

from __future__ import annotations

from typing import Final

ESCAPED: Final = "backslashreplace"
"""The `errors` of a text file to be written."""


def utf8(text: str) -> bytes:
    r"""The text in UTF-8, with an escape in the place of what it has no bytes for.

    >>> utf8("grö\udcff")
    b'gr\xc3\xb6\\udcff'
    """
    return text.encode("utf-8", ESCAPED)


def legible(text: str) -> str:
    """The text with that escape: what every writer and reader of text takes."""
    return utf8(text).decode("utf-8")
