"""How much of the machine's processors is used: processes, and threads of each. Imports nothing heavy."""

from __future__ import annotations

import os
from typing import Final

_SUMS: Final = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
_PICTURES: Final = ("OPENCV_FOR_THREADS_NUM",)


def processors() -> int:
    """Processors that this process may use, at least 1: so many processes work where nobody says how many."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def use_one_thread(*, pictures: bool = True) -> None:
    """Calculate on one thread; to be called before NumPy and OpenCV are imported. What the user has set stays.

    For programs that look at single frames, and for workers that share the processors: what is done with one frame is
    over before a second thread has begun, and sharing it out makes threads wait for each other with their processors
    busy. The models have threads of their own, which this leaves alone.

    Args:
        pictures: OpenCV's work on pictures too, not only NumPy's sums.
    """
    for name in (*_SUMS, *(_PICTURES if pictures else ())):
        os.environ.setdefault(name, "1")
