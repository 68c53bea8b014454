"""What the front view's reading needs of a baseline, worked out once.

Lengths are in "centimetres at the face of the baseline": pixels times 6.3 cm over the baseline's eye distance.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from posture_cv.landmarks import names
from posture_cv.measure import face_geometry as face
from posture_cv.measure.baseline import Baseline
from posture_cv.measure.expression import Expression, Movements
from posture_cv.measure.front_outline import (
    LEFT,
    RIGHT,
    TOP,
    Outlines,
    Picture,
    Places,
    ShoulderCurve,
    shoulder_curve,
)
from posture_cv.measure.front_space import EYE_DISTANCE_CM, FOCAL_SHARE
from posture_cv.measure.types import Float

# Rows at which the outline's width is read, in baseline shoulder widths below the middle of the shoulders:
# as they stand, and carried along by the registration.
ROW_OFFSETS: Final = np.linspace(-0.9, 0.75, 34)
ARM_OFFSETS: Final = np.linspace(-0.15, 1.0, 24)
# Rows and columns about the eyes, in baseline eye distances: temples to jaw, and the crown.
HEAD_ROWS: Final = np.linspace(-1.4, 1.6, 9)
CROWN_COLUMNS: Final = np.linspace(-0.9, 0.9, 7)
# Changes beyond these are something else than the body's edge (ours): raised hands, headrests, hair.
ROW_JUMP_CM: Final = 12.0
ARM_JUMP_CM: Final = 10.0
HEAD_JUMP_CM: Final = 4.0
CROWN_JUMP_CM: Final = 5.0
# Share of the baseline's shoulder curve that must be found again, and of it that the baseline must show.
CURVE_SHARE_LOW: Final = 0.7
CURVE_SEEN_LOW: Final = 0.5
_EYES: Final = (*face.RIGHT_EYE_CORNERS, *face.LEFT_EYE_CORNERS)
POSE_POINTS: Final = names.RIGHT_HIP + 1
# What is usual at a desk: distance of the face (63 cm) and shoulder width in eye distances, shoulders below the eyes.
_USUAL_DISTANCE, _USUAL_BREADTH, _USUAL_DEPTH_CM = 10.0, 5.5, 20.0
# Columns of `FrontReference.weights`, of which the mesh's own axes begin at AXES.
CENTROID, EYES, AXES = 3, 4, 5


@dataclass(frozen=True, slots=True, eq=False)
class MeshAxes:
    """Directions of the mesh's change of shape that a fit reads.

    Attributes:
        matrix: (468, 3, K) float; its even, then its odd columns.
        even: number of columns that a mirrored picture leaves alone.
        expression: what faces do besides, which is taken off before.
    """

    matrix: Float
    even: int
    expression: Expression = field(default_factory=Expression.none)


@dataclass(frozen=True, slots=True, eq=False)
class FrontReference:
    """A baseline in pixels, and what is read from each frame against it.

    Attributes:
        picture: its size.
        cm: centimetres a pixel at the face.
        eye_px, width_px: eye distance and shoulder width.
        weights: (468, 5 + 3K + 3J) float32 sums over a mesh that are read: the shape itself (3), centroid, eyes,
            axes, and what the face does.
        sums: (3, 5 + 3K + 3J) those of the baseline's own mesh, pixels.
        movements: what the face does, and what of the other sums is its doing.
        shape: (K,) the baseline's own mesh along the axes.
        pose: (25, 2) pixels; tilt: of the shoulder line, rad.
        eyes, shoulders: (2,) middles in pixels.
        curve: the shoulder outline.
        offsets: (P,) where the outline is read, pixels from the middle of shoulders or eyes.
        places: of these.
        then: (P,) what the baseline shows there, pixels from the middle.
        limit_cm: (P,) of believable changes.
        camera_even: (5,), camera_odd: (1,) how the camera stands: see `camera_numbers`.
        unit: (3, 1) pixels in a unit of the mesh's coordinates.
        curve_points_low: how many points of the curve a frame must show; infinite where the baseline shows too few.
    """

    picture: Picture
    cm: float
    eye_px: float
    width_px: float
    weights: NDArray[np.float32]
    sums: Float
    movements: Movements
    shape: Float
    pose: Float
    tilt: float
    eyes: Float
    shoulders: Float
    curve: ShoulderCurve
    offsets: Float
    places: Places
    then: Float
    limit_cm: Float
    camera_even: Float
    camera_odd: Float
    unit: Float
    curve_points_low: float


@lru_cache(maxsize=8)
def front_reference(baseline: Baseline, axes: MeshAxes) -> FrontReference:
    """The reference of a baseline that shows face and shoulders."""
    lm = baseline.as_landmarks()
    mesh, pose = lm.face_px()[0], lm.pose_px()[0, :POSE_POINTS]
    size = np.array(baseline.size_px, np.float64)
    picture = Picture.of(size)
    eyes, eye_px = face.eyes_middle(mesh)[:2], face.eye_distance(mesh)
    weights = _mesh_weights(mesh, axes)
    movements = Movements.of(axes.expression, mesh, EYE_DISTANCE_CM / eye_px, weights)
    shape = along_axes((mesh.T @ weights)[None], np.zeros(1), np.ones(1))[0]
    weights = np.hstack([weights, movements.weights])
    shoulders, across = _middle(pose), pose[names.LEFT_SHOULDER] - pose[names.RIGHT_SHOULDER]
    width, cm = float(np.hypot(*across)), EYE_DISTANCE_CM / eye_px
    outline = picture.outline(lm.rows, lm.cols)
    offsets, places = _outline_places(width, eye_px, size)
    even, odd = camera_numbers(mesh, size, eyes, shoulders, width)
    curve = shoulder_curve(outline.edges[0], size, shoulders, width, cm)
    low = CURVE_SHARE_LOW * curve.seen.sum() if curve.seen.mean() > CURVE_SEEN_LOW else np.inf
    return FrontReference(
        picture=picture,
        cm=cm,
        eye_px=eye_px,
        width_px=width,
        weights=weights.astype(np.float32),
        sums=mesh.T @ weights,
        movements=movements,
        shape=shape,
        pose=pose,
        tilt=float(np.arctan2(across[1], across[0])),
        eyes=eyes,
        shoulders=shoulders,
        curve=curve,
        offsets=offsets,
        places=places,
        then=_shown(outline, offsets, places, shoulders, eyes),
        limit_cm=np.repeat([ROW_JUMP_CM, ARM_JUMP_CM, HEAD_JUMP_CM, CROWN_JUMP_CM], _COUNTS),
        camera_even=even,
        camera_odd=odd,
        unit=np.array([[size[0]], [size[1]], [size[0]]]),
        curve_points_low=float(low),
    )


_COUNTS: Final = (2 * len(ROW_OFFSETS), 2 * len(ARM_OFFSETS), 2 * len(HEAD_ROWS), len(CROWN_COLUMNS))


def _middle(pose: Float) -> Float:
    return np.asarray((pose[names.LEFT_SHOULDER] + pose[names.RIGHT_SHOULDER]) / 2.0)


def _mesh_weights(mesh: Float, axes: MeshAxes) -> Float:
    """(468, 5 + 3K); the shape's columns give, times a mesh, its spread over the baseline's (Umeyama 1991)."""
    centred = mesh - mesh.mean(axis=0)
    single = np.zeros((len(mesh), 2))
    single[:, 0] = 1.0 / len(mesh)
    single[list(_EYES), 1] = 1.0 / len(_EYES)
    # without their mean, so that the place of the mesh does not matter
    free = axes.matrix - axes.matrix.mean(axis=0)
    return np.hstack([centred / (centred**2).sum(), single, free.reshape(len(mesh), 3 * free.shape[2])])


def along_axes(sums: Float, roll: Float, scale: Float) -> Float:
    """(N, K) meshes along the axes once roll (N,) and scale (N,) are taken off; `sums` (N, 3, 5 + 3K)."""
    part = sums[:, :, AXES:].reshape(len(sums), 3, 3, (sums.shape[2] - AXES) // 3)
    cos, sin = (np.cos(roll) / scale)[:, None], (np.sin(roll) / scale)[:, None]
    return np.asarray(
        cos * (part[:, 0, 0] + part[:, 1, 1])
        + sin * (part[:, 1, 0] - part[:, 0, 1])
        + part[:, 2, 2] / scale[:, None]
    )


def _outline_places(width_px: float, eye_px: float, size: Float) -> tuple[Float, Places]:
    rows, arms, head = ROW_OFFSETS * width_px, ARM_OFFSETS * width_px, HEAD_ROWS * eye_px
    offsets = np.concatenate([rows, rows, arms, arms, head, head, CROWN_COLUMNS * eye_px])
    sides = [np.full(len(part), edge) for part in (rows, arms, head) for edge in (LEFT, RIGHT)]
    edges = np.concatenate([*sides, np.full(len(CROWN_COLUMNS), TOP)])
    return offsets, Places.of(edges, size)


def _shown(outline: Outlines, offsets: Float, places: Places, shoulders: Float, eyes: Float) -> Float:
    """(P,) the baseline's own outline at the places, from the middle of shoulders or eyes."""
    counts = (_COUNTS[0] + _COUNTS[1], _COUNTS[2], _COUNTS[3])
    start = np.repeat([shoulders[1], eyes[1], eyes[0]], counts)
    centre = np.repeat([shoulders[0], eyes[0], eyes[1]], counts)
    return np.asarray(outline.read(places, (start + offsets)[None])[0] - centre)


def camera_numbers(
    mesh: Float, size: Float, eyes: Float, shoulders: Float, width_px: float
) -> tuple[Float, Float]:
    """How the camera stands to the person, from the baseline alone: even (5,) and odd (1,).

    Even: pitch of the face to the camera (deg, seen from below positive), its size (eye distance over focal length),
    its height in the picture (deg below the optical axis), breadth of the shoulders (in eye distances), and how far
    they lie below the eyes (cm). Odd: the face's yaw (deg, to the right of the picture positive).

    Size and breadth are natural logarithms of a share of what is usual, the last is such a share less 1, so that an
    average person before an average camera has about 0 (ours).
    """
    pitch, yaw = face.facing_deg(mesh)
    focal, eye_px = FOCAL_SHARE * float(size.max()), face.eye_distance(mesh)
    even = (
        pitch,
        np.log(eye_px / focal * _USUAL_DISTANCE),
        np.degrees(np.arctan((eyes[1] - size[1] / 2.0) / focal)),
        np.log(width_px / eye_px / _USUAL_BREADTH),
        (shoulders[1] - eyes[1]) * EYE_DISTANCE_CM / eye_px / _USUAL_DEPTH_CM - 1.0,
    )
    return np.array(even), np.array([yaw])
