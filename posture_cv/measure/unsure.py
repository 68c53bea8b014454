"""Whether the mask is less sure of the outline than it was of this person's: another body begins right behind.

Alone a person has an edge a few cells wide, which grows with the person's size in the picture. Of pictures in which
somebody looked out from behind, those that were called a poor posture had half as much again, or twice that (ours).
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from posture_cv.landmarks import names
from posture_cv.landmarks.types import SCENE_FIELDS, Landmarks
from posture_cv.measure.baseline import Baseline
from posture_cv.measure.types import Float, View

_UNSURE: Final = SCENE_FIELDS.index("outline_unsure")
_EARS_TO_SHOULDERS: Final = slice(names.LEFT_EAR, names.RIGHT_SHOULDER + 1)
_LEFT_EAR, _RIGHT_EAR, _LEFT, _RIGHT = (
    point - names.LEFT_EAR
    for point in (names.LEFT_EAR, names.RIGHT_EAR, names.LEFT_SHOULDER, names.RIGHT_SHOULDER)
)


def outline_unsure(lm: Landmarks, baseline: Baseline, most: float) -> NDArray[np.bool_]:
    """(N,) the mask is undecided over more of the picture than for the baseline's person at this distance.

    Light, noise, blur, chairs, hoods and headphones change that little.

    Args:
        lm: landmarks of N frames.
        baseline: of the same person and camera.
        most: as a multiple of the baseline's share.

    Returns:
        False also where frame or baseline do not tell it.
    """
    share, then = lm.scene[:, _UNSURE], baseline.outline_unsure
    if not then > 0.0:  # true for NaN
        return np.zeros(len(lm), np.bool_)
    growth = (_lengths(lm, baseline.view) / _lengths_then(baseline)).max(axis=0)
    return np.asarray(share > most * then * growth**2)


@lru_cache(maxsize=8)
def _lengths_then(baseline: Baseline) -> Float:
    return _lengths(baseline.as_landmarks(), baseline.view)


def _lengths(lm: Landmarks, view: View) -> Float:
    """(2, N) two lengths of the body as shares of the picture's width, of which no posture shortens both.

    From the ears to the shoulders, which bowing the head shortens; and across the shoulders, which turning does, or
    from the side, where they hide each other, from the ears to the nose.
    """
    size = lm.size_px / lm.size_px[:, :1]
    points = lm.pose[:, _EARS_TO_SHOULDERS, :2] * size[:, None]
    ears = (points[:, _LEFT_EAR] + points[:, _RIGHT_EAR]) / 2.0
    left, right = points[:, _LEFT], points[:, _RIGHT]
    other = lm.pose[:, names.NOSE, :2] * size - ears if view is View.SIDE else left - right
    up = ears - (left + right) / 2.0
    return np.stack([np.hypot(up[:, 0], up[:, 1]), np.hypot(other[:, 0], other[:, 1])])
