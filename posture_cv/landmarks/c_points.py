"""Points of MediaPipe's C results as arrays: building an object for each of 544 points costs a millisecond a frame."""

from __future__ import annotations

import ctypes
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

# Of MediaPipe's C struct of a landmark: x, y, z, whether there is a visibility, it, whether there is a presence, it,
# and a name. In 32-bit words: where the numbers stand.
PLACE: Final = slice(0, 3)
SURENESS: Final = slice(4, 7, 2)


def points(landmarks: Any) -> NDArray[np.float32]:  # noqa: ANN401  a ctypes struct that ships no types
    """(N, W) the words of a C list of landmarks: `PLACE` are x, y and z, `SURENESS` visibility and presence; a copy.

    Args:
        landmarks: struct with `landmarks`, a pointer to the first, and `landmarks_count`.
    """
    words = ctypes.sizeof(landmarks.landmarks._type_) // ctypes.sizeof(ctypes.c_float)
    count = int(landmarks.landmarks_count)
    raw = ctypes.string_at(landmarks.landmarks, count * words * ctypes.sizeof(ctypes.c_float))
    return np.frombuffer(raw, np.float32).reshape(count, words)
