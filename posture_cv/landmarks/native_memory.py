"""Give memory that C libraries have freed back to the system."""

from __future__ import annotations

import ctypes
import sys
from contextlib import suppress


def freed_memory_returned() -> None:
    """Return what the allocator holds free; does nothing where the C library cannot (all but glibc).

    Each landmarker brings threads of its own, and glibc keeps the memory that a thread has freed for the next one:
    opened and closed forty times, a process of 200 MB grows to 470 MB, of which 250 MB are free (measured).
    """
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).malloc_trim(0)
