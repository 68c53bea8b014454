"""How wide text may be where it is read."""

from __future__ import annotations

import shutil


def text_width(most: int) -> int:
    """Characters of a line: the terminal's, and `most` where it is wider or there is none."""
    return min(most, shutil.get_terminal_size((most, 24)).columns)
