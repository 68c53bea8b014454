"""Which calibration frames belong together: glances, reaches and jumps are left out of the baseline."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from calibration.mesh import turns_deg
from posture_cv.landmarks import names
from posture_cv.landmarks.types import Landmarks
from posture_cv.measure.baseline import nanmean_quiet
from posture_cv.measure.types import Float

Mask = NDArray[np.bool_]

# All ours. A head that turns by 10 deg weighs as much as a shift by a tenth of the body's scale (about 4 cm).
_TURN_WEIGHT: Final = 0.01
# The least distance that can be an outlier: 0.08 of the body's scale is about 3 cm, or 8 deg of the head.
_LEAST_LIMIT: Final = 0.08
_SIGMAS: Final = 4.0
# A median distance of points scattered normally in about five directions is 2.1 sigma.
_MEDIAN_PER_SIGMA: Final = 2.1
_MOST_CENTRES: Final = 600


def posture_features(lm: Landmarks) -> Float:
    """(N, 8) what describes the posture of a frame, in shares of the body's scale.

    Nose (2), middle of the shoulders (2), length of the shoulder line, turn of the head (3: zero where no
    face was found). NaN where nobody was found.
    """
    points = lm.pose_px()
    scale = body_scale_px(lm)
    shoulders = points[:, names.SHOULDERS]
    width = np.linalg.norm(shoulders[:, 0] - shoulders[:, 1], axis=1)
    turned = np.nan_to_num(turns_deg(lm.face_px())) * _TURN_WEIGHT
    places = [points[:, names.NOSE] / scale, shoulders.mean(axis=1) / scale, width[:, None] / scale]
    return np.concatenate([*places, turned], axis=1)


def body_scale_px(lm: Landmarks) -> float:
    """Size of the person in pixels, median: shoulder width, or twice the ear-to-shoulder distance if larger.

    About 40 cm either way, so that shares of it mean the same in every view.
    """
    points = lm.pose_px()
    width = np.linalg.norm(points[:, names.SHOULDERS[0]] - points[:, names.SHOULDERS[1]], axis=1)
    ear = nanmean_quiet(points[:, names.EARS], axis=1)  # a far ear may be hidden
    gap = np.linalg.norm(ear - points[:, names.SHOULDERS].mean(axis=1), axis=1)
    gap = np.where(np.isfinite(ear).all(axis=1), gap, 0.0)
    return max(float(np.median(np.maximum(width, 2.0 * gap))), 1.0)


def belonging(features: Float) -> Mask:
    """(N,) the frames that belong to the densest half: its centre, and all within four of its own sigmas.

    The centre is the frame that is nearest to half of all frames, so that up to half of them may be anything.

    Args:
        features: (N, D) without NaN.
    """
    n = len(features)
    if n < 3:
        return np.ones(n, bool)
    candidates = np.unique(np.linspace(0, n - 1, min(n, _MOST_CENTRES)).round().astype(int))
    squared = ((features[candidates, None, :] - features[None, candidates, :]) ** 2).sum(axis=2)
    half = len(candidates) // 2
    nearest = np.partition(squared, half, axis=1)[:, half]
    # two frames may be each other's nearest: whichever came first must not decide
    centre = np.median(features[candidates[nearest == nearest.min()]], axis=0)
    distance = np.linalg.norm(features - centre, axis=1)
    inner = features[distance <= np.median(distance)]
    centre = np.median(inner, axis=0)
    distance = np.linalg.norm(features - centre, axis=1)
    limit = max(_SIGMAS * float(np.median(distance)) / _MEDIAN_PER_SIGMA, _LEAST_LIMIT)
    return np.asarray(distance <= limit)
