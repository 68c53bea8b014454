"""The memory of C libraries: whether there is room for what they take, and what they have freed."""

from __future__ import annotations

import ctypes
import mmap
import sys
from contextlib import suppress
from typing import Final

from posture_cv.errors import ShortageError

ROOM_BYTES: Final = 1 << 30
"""Address space that both models, their threads and OpenCV's come to take: 0.95 GB with two processors (measured)."""


def check_room() -> None:
    """See that the models find room, before anything is begun: they end the process where there is none.

    Only Linux holds a process to an address space (`ulimit -v`, a cluster's limit for a job). What is asked for is
    given back at once, and is never written to, so that it takes no memory.

    Raises:
        ShortageError: the limit leaves no room for them.
    """
    if sys.platform == "linux":
        try:
            mmap.mmap(-1, ROOM_BYTES, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, mmap.PROT_READ).close()
        except OSError as error:
            raise ShortageError(
                "There is not enough memory for the models",
                f"They take {ROOM_BYTES / 1e9:.1f} GB of address space; less is left of what the process may have.",
                "Raise the limit (ulimit -v, or that of the cluster's job), or use fewer --workers.",
            ) from error


def freed_memory_returned() -> None:
    """Return what the allocator holds free; does nothing where the C library cannot (all but glibc).

    Each landmarker brings threads of its own, and glibc keeps the memory that a thread has freed for the next one:
    opened and closed forty times, a process of 200 MB grows to 470 MB, of which 250 MB are free (measured).
    """
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).malloc_trim(0)
