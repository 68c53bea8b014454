"""Landmark indices of MediaPipe pose (33 points) and face mesh (468 points).

Sources: MediaPipe `docs/solutions/pose.md` and `canonical_face_model.obj`. "Left" is the person's left.
"""

from __future__ import annotations

from typing import Final

import numpy as np

NOSE: Final = 0
LEFT_EYE_INNER, LEFT_EYE, LEFT_EYE_OUTER = 1, 2, 3
RIGHT_EYE_INNER, RIGHT_EYE, RIGHT_EYE_OUTER = 4, 5, 6
LEFT_EAR, RIGHT_EAR = 7, 8
MOUTH_LEFT, MOUTH_RIGHT = 9, 10
LEFT_SHOULDER, RIGHT_SHOULDER = 11, 12
LEFT_ELBOW, RIGHT_ELBOW = 13, 14
LEFT_WRIST, RIGHT_WRIST = 15, 16
LEFT_HIP, RIGHT_HIP = 23, 24

# Both of each, left first, to take them out of an array of points.
EYES: Final = [LEFT_EYE, RIGHT_EYE]
EARS: Final = [LEFT_EAR, RIGHT_EAR]
SHOULDERS: Final = [LEFT_SHOULDER, RIGHT_SHOULDER]

POSE_COUNT: Final = 33
FACE_COUNT: Final = 468

_PAIRS: Final = ((1, 4), (2, 5), (3, 6), *((k, k + 1) for k in (7, *range(9, 33, 2))))
POSE_MIRRORED: Final = np.arange(POSE_COUNT)
"""(33,) for each pose point the one that takes its place in a mirrored picture."""
for _left, _right in _PAIRS:
    POSE_MIRRORED[_left], POSE_MIRRORED[_right] = _right, _left
