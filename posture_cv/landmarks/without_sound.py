"""MediaPipe is imported without the library by which it would record sound."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

_RECORDER: Final = "sounddevice"


@contextmanager
def without_sound() -> Iterator[None]:
    """Within this, MediaPipe's import finds no recorder of sound.

    Importing `sounddevice` opens the system's sound devices, which a monitor of posture has no business with; where
    there are none, a search for them runs a compiler and a linker, a third of a second at each start. MediaPipe takes
    its absence as a reason not to record, and whoever else wants it can import it afterwards.
    """
    if _RECORDER in sys.modules:
        yield
        return
    sys.modules[_RECORDER] = None  # type: ignore[assignment]  # how Python is told: none
    try:
        yield
    finally:
        del sys.modules[_RECORDER]
