"""Arithmetic on one thread: for programs that look at single frames, and for workers that share the processors.

What is done with one frame is over before a second thread has begun; sharing it out makes threads wait for each other
with their processors busy. The models have threads of their own, which this leaves alone. Imports nothing heavy.
"""

from __future__ import annotations

import os
from typing import Final

_SUMS: Final = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
_PICTURES: Final = ("OPENCV_FOR_THREADS_NUM",)


def use_one_thread(*, pictures: bool = True) -> None:
    """Before NumPy and OpenCV are imported; what the user has set stays.

    Args:
        pictures: OpenCV's work on pictures too, not only NumPy's sums.
    """
    for name in (*_SUMS, *(_PICTURES if pictures else ())):
        os.environ.setdefault(name, "1")
