"""Text on a terminal: how wide it may be, and what others have written (a file's name, a profile somebody sent)."""

from __future__ import annotations

import re
import shutil
import textwrap
from typing import Final, TextIO

READING_WIDTH: Final = 88
# Control characters, and those that turn the direction of writing: they would steer the terminal, or end the line.
_STEERING: Final = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")


def one_line(text: str) -> str:
    """The text with a question mark in the place of each character that is not to be seen but to be obeyed."""
    return _STEERING.sub("?", text)


def text_width(most: int) -> int:
    """Characters of a line: the terminal's, and `most` where it is wider or there is none."""
    return min(most, shutil.get_terminal_size((most, 24)).columns)


def lines_for(stream: TextIO, line: str) -> list[str]:
    """The line as it is; for a terminal in parts that it need not break within a word, the further ones indented.

    Addresses and paths stay whole.
    """
    if not stream.isatty():
        return [line]
    lead = line[: len(line) - len(line.lstrip())]
    parts = textwrap.wrap(
        line,
        text_width(READING_WIDTH),
        subsequent_indent=f"{lead}  ",
        break_long_words=False,
        break_on_hyphens=False,
    )
    return parts or [line]
