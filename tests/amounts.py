"""How much of a long test is run: a little each time, all of it with POSTURE_CV_FULL=1."""

from __future__ import annotations

import os
from typing import Final, TypeVar

Number = TypeVar("Number", int, float)
FULL: Final = os.environ.get("POSTURE_CV_FULL", "") not in ("", "0")


def amount(small: Number, full: Number) -> Number:
    """`small` in everyday runs, `full` where the whole is asked for."""
    return full if FULL else small
