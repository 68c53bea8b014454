"""Text that others have written (the name of a file, a profile somebody sent) on a terminal."""

from __future__ import annotations

import re
from typing import Final

# Control characters, and those that turn the direction of writing: they would steer the terminal, or end the line.
_STEERING: Final = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")


def one_line(text: str) -> str:
    """The text with a question mark in the place of each character that is not to be seen but to be obeyed."""
    return _STEERING.sub("?", text)
