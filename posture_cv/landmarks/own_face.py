"""Which face is that of the person whose pose was found. Pure."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from posture_cv.landmarks import names

# A face whose middle lies farther than this from the pose's nose, in shoulder widths or, where that is more, in the
# face's own, is another person's; distances are taken in shares of the picture's width and height (ours).
FACE_OFFSET: Final = 0.6


def face_belongs(face: NDArray[np.floating], pose: NDArray[np.floating]) -> bool:
    """Whether a face is that of a pose: the nose of both in about the same place.

    Args:
        face: (M, 2 or more) its points, x and y first, as shares of the picture.
        pose: (33, 2 or more) likewise; NaN for nobody, to whom no face belongs.
    """
    if math.isnan(pose[names.NOSE, 0]):
        return False
    nose, left, right = (
        pose[k, :2].tolist() for k in (names.NOSE, names.LEFT_SHOULDER, names.RIGHT_SHOULDER)
    )
    x, y = (np.add.reduce(face[:, k]).item() / len(face) for k in (0, 1))
    across = face[:, 0]
    size = max(math.dist(left, right), (np.maximum.reduce(across) - np.minimum.reduce(across)).item())
    return bool(math.dist((x, y), nose) <= FACE_OFFSET * size)
