"""Head and trunk as a front view shows them: how the face mesh and the pose points have moved in the picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from posture_cv.landmarks import names
from posture_cv.landmarks.types import Landmarks
from posture_cv.measure.expression import Movements
from posture_cv.measure.front_columns import POSE_COLUMNS
from posture_cv.measure.front_reference import CENTROID, EYES, POSE_POINTS, FrontReference, along_axes
from posture_cv.measure.rotation import rotation_and_scale, within_half_turn
from posture_cv.measure.types import Float, Mask

_DEGREES: Final = 180.0 / np.pi
# A face or shoulders that small, as a share of the baseline's, are one point, which no part of a body is (ours).
ONE_POINT: Final = 0.01
_PAIRS: Final = (
    (names.LEFT_EYE, names.RIGHT_EYE),
    (names.LEFT_EAR, names.RIGHT_EAR),
    (names.MOUTH_LEFT, names.MOUTH_RIGHT),
    (names.LEFT_ELBOW, names.RIGHT_ELBOW),
    (names.LEFT_HIP, names.RIGHT_HIP),
)


@dataclass(frozen=True, slots=True, eq=False)
class Head:
    """The head in N frames; nothing changed where no face is seen.

    Attributes:
        seen: (N,) whether it is.
        log_scale: (N,) natural logarithm of its growth.
        angles: (N, 3) pitch down, yaw to the right of the picture and roll clockwise in it, degrees.
        moved: (N, 2) shift of the eyes to the right and down, pixels.
        shape: (N, K) change of shape along the columns of `MeshAxes`, cm.
    """

    seen: Mask
    log_scale: Float
    angles: Float
    moved: Float
    shape: Float


def head_of(lm: Landmarks, reference: FrontReference) -> Head:
    """How N face meshes have turned, grown, moved and changed their shape against the baseline's.

    All sums over a mesh that this takes come out of one product with `FrontReference.weights`.
    """
    sums = np.matmul(lm.face.transpose(0, 2, 1), reference.weights) * reference.unit
    seen = np.isfinite(sums[:, :, CENTROID]).all(axis=1) & lm.person_found
    if not seen.all():
        sums = np.where(seen[:, None, None], sums, reference.sums)
    sums, rotation, scale = _with_own_expression(sums, reference.movements)
    x, y, z = -rotation[:, 0, 2], -rotation[:, 1, 2], -rotation[:, 2, 2]
    roll = np.arctan2(rotation[:, 1, 0], rotation[:, 0, 0])
    angles = np.empty((len(scale), 3))
    angles[:, 0], angles[:, 1] = np.arctan2(y, np.sqrt(x * x + z * z)), np.arctan2(x, -z)
    angles[:, 2] = roll
    angles *= _DEGREES
    shape = (along_axes(sums, roll, scale) - reference.shape) * reference.cm
    eyes = sums[:, :2, EYES]
    return Head(seen, np.log(scale), angles, eyes - reference.eyes, shape)


def _with_own_expression(sums: Float, movements: Movements) -> tuple[Float, Float, Float]:
    """The sums (N, 3, S) with the baseline's expression, and rotation (N, 3, 3) and scale (N,) of these meshes."""
    count = movements.weights.shape[1]
    sums, told = sums[:, :, : sums.shape[2] - count], sums[:, :, sums.shape[2] - count :]
    rotation, scale = rotation_and_scale(sums[:, :, :3])
    if count:
        sums = movements.taken_off(sums, told, rotation, np.maximum(scale, ONE_POINT))
        rotation, scale = rotation_and_scale(sums[:, :, :3])
    return sums, rotation, np.maximum(scale, ONE_POINT)


@dataclass(frozen=True, slots=True, eq=False)
class Trunk:
    """Shoulders and the other pose points in N frames; nothing changed where nobody is seen.

    Attributes:
        body: (N,) whether somebody is.
        middle, moved: (N, 2) of the shoulders and its shift, pixels.
        growth: (N,) natural logarithm of the shoulders' growth.
        tilt_deg: (N,) turn of their line, clockwise in the picture.
        even, odd: (N, 11) changes of the other points, cm: `pose_even` and `pose_odd` of `front_columns`.
    """

    body: Mask
    middle: Float
    moved: Float
    growth: Float
    tilt_deg: Float
    even: Float
    odd: Float


def _combinations() -> tuple[Float, Float]:
    """(50, 11) each, from x and y of 25 points: the nose's height, then mean height and half separation of each pair.

    The odd ones: the nose's place sideways, then half the difference in height and the mean place of each pair.
    """
    even, odd = np.zeros((POSE_POINTS, 2, POSE_COLUMNS)), np.zeros((POSE_POINTS, 2, POSE_COLUMNS))
    even[names.NOSE, 1, 0] = odd[names.NOSE, 0, 0] = 1.0
    for k, (left, right) in enumerate(_PAIRS):
        even[[left, right], 1, 2 * k + 1] = odd[[left, right], 0, 2 * k + 2] = 0.5
        even[left, 0, 2 * k + 2] = odd[left, 1, 2 * k + 1] = 0.5
        even[right, 0, 2 * k + 2] = odd[right, 1, 2 * k + 1] = -0.5
    return even.reshape(-1, POSE_COLUMNS), odd.reshape(-1, POSE_COLUMNS)


_COMBINED: Final = np.hstack(_combinations())


def trunk_of(lm: Landmarks, reference: FrontReference) -> Trunk:
    """How the pose points of N frames have moved against the baseline's; one that is missing counts as unmoved."""
    pose = lm.pose[:, :POSE_POINTS, :2] * reference.picture.size_px
    body = np.isfinite(pose[:, : names.RIGHT_SHOULDER + 1].sum(axis=(1, 2)))
    if not body.all():
        pose = np.where(body[:, None, None], pose, reference.pose)
    moved = pose - reference.pose
    left, right = pose[:, names.LEFT_SHOULDER], pose[:, names.RIGHT_SHOULDER]
    across = left - right
    width = np.maximum(np.sqrt((across * across).sum(axis=1)) / reference.width_px, ONE_POINT)
    tilt = np.arctan2(across[:, 1], across[:, 0]) - reference.tilt
    middle = (left + right) / 2.0
    flat = moved.reshape(len(pose), -1)
    flat = np.where(np.isfinite(flat), flat, 0.0)
    combined = flat @ _COMBINED * reference.cm
    return Trunk(
        body=body,
        middle=middle,
        moved=middle - reference.shoulders,
        growth=np.log(width),
        tilt_deg=within_half_turn(np.degrees(tilt)),
        even=combined[:, :POSE_COLUMNS],
        odd=combined[:, POSE_COLUMNS:],
    )
