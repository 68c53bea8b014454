"""Angles as seen in the picture, in pixels: what a protractor on the screen would read. No baseline, no fit."""

from __future__ import annotations

from typing import Final

import numpy as np

from posture_cv.landmarks import names
from posture_cv.landmarks.types import Landmarks
from posture_cv.measure.profile_outline import faces_right
from posture_cv.measure.types import Float

# Hips below this visibility are guessed by the pose model (0.00 in head-and-shoulder pictures, about 1.0 when seen).
HIP_VISIBILITY: Final = 0.5


def neck_inclination_deg(lm: Landmarks) -> Float:
    """(N,) near ear over near shoulder against the vertical, degrees; positive = ear in front of the shoulder.

    Side view only. The picture's own vertical counts, so a camera that is tilted sideways shifts it.
    """
    ear = _near(lm, names.LEFT_EAR, names.RIGHT_EAR)
    shoulder = _near(lm, names.LEFT_SHOULDER, names.RIGHT_SHOULDER)
    return _from_vertical(shoulder, ear, lm)


def torso_inclination_deg(lm: Landmarks) -> Float:
    """(N,) near shoulder over near hip against the vertical, degrees; positive = leaning forward.

    NaN where the near hip is not seen (visibility below 0.5) or lies outside the picture.
    """
    hip = _near(lm, names.LEFT_HIP, names.RIGHT_HIP)
    shoulder = _near(lm, names.LEFT_SHOULDER, names.RIGHT_SHOULDER)
    right = faces_right(lm)
    index = np.where(right, names.RIGHT_HIP, names.LEFT_HIP)
    point = lm.pose[np.arange(len(lm)), index]
    seen = (point[:, 3] >= HIP_VISIBILITY) & (point[:, 1] <= 1.0) & (point[:, 1] >= 0.0)
    return np.where(seen, _from_vertical(hip, shoulder, lm), np.nan)


def _near(lm: Landmarks, left: int, right: int) -> Float:
    """(N, 2) the point on the camera's side in pixels: a face that looks to the right shows its right side."""
    points = lm.pose_px()
    return np.where(faces_right(lm)[:, None], points[:, right], points[:, left])


def _from_vertical(low: Float, high: Float, lm: Landmarks) -> Float:
    forward = np.where(faces_right(lm), 1.0, -1.0) * (high[:, 0] - low[:, 0])
    return np.asarray(np.degrees(np.arctan2(forward, low[:, 1] - high[:, 1])))
