"""Whether a baseline is degenerate: two parts of the body by whose distance all lengths are told lie in one place."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Final

import numpy as np

from posture_cv.landmarks import names
from posture_cv.measure.baseline import Baseline
from posture_cv.measure.face_geometry import eye_distance
from posture_cv.measure.oblique_features import CHIN, FOREHEAD, RIGID
from posture_cv.measure.profile_outline import points_look_right
from posture_cv.measure.types import Float, View

_HIPS: Final = (names.LEFT_HIP, names.RIGHT_HIP)
_LEAST_PX: Final = 1.0  # within which two places are one (ours)


@lru_cache(maxsize=8)
def collapsed(baseline: Baseline) -> str:
    """What of a baseline lies in one place and must not, in words; empty where nothing does.

    What is missing does not lie anywhere: landmarks with parts missing are measured by the others.
    """
    return next((what for what, length_px in _lengths_px(baseline) if length_px < _LEAST_PX), "")


def _lengths_px(baseline: Baseline) -> Iterator[tuple[str, float]]:
    """What each view's estimator divides by; NaN where a part is missing."""
    lm = baseline.as_landmarks()
    pose, mesh = lm.pose_px()[0], lm.face_px()[0]
    if baseline.view is View.FRONT:
        yield "both eyes of the face", eye_distance(mesh)
        yield "both shoulders", _apart(pose, names.LEFT_SHOULDER, names.RIGHT_SHOULDER)
    elif baseline.view is View.SIDE:
        right = bool(points_look_right(pose[None])[0])  # then the near side is the right one
        ear, shoulder, hip = (pair[int(right)] for pair in (names.EARS, names.SHOULDERS, _HIPS))
        yield "ear, shoulder and hip", _apart(pose, ear, shoulder) + _apart(pose, shoulder, hip)
    elif baseline.view is View.OBLIQUE:
        yield "forehead and chin", _apart(mesh[:, :2], FOREHEAD, CHIN)
        yield "all points of the face", float(np.ptp(mesh[list(RIGID)], axis=0).max())


def _apart(points: Float, one: int, other: int) -> float:
    return float(np.linalg.norm(points[one] - points[other]))
