"""Arithmetic on one thread, for programs that look at single frames.

What is done with one frame is over before a second thread has begun; sharing it out makes threads wait for each other
with their processors busy. The models have threads of their own, which this leaves alone.
"""

from __future__ import annotations

import os
from typing import Final

_VARIABLES: Final = (
    *("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"),
    "OPENCV_FOR_THREADS_NUM",
)


def use_one_thread() -> None:
    """Before NumPy and OpenCV are imported; what the user has set stays."""
    for name in _VARIABLES:
        os.environ.setdefault(name, "1")
