"""The face mesh as a rigid body: how far, how turned and where against the person's own baseline mesh.

Camera axes throughout: x to the right of the picture, y down, z away from the camera, all in pixels
(MediaPipe gives the mesh's depth at the scale of its x).
"""

from __future__ import annotations

from typing import Final

import numpy as np

from posture_cv.measure.types import Float

RIGHT_EYE_CORNERS: Final = (33, 133)
LEFT_EYE_CORNERS: Final = (362, 263)
FOREHEAD_TOP: Final = 10
NOSE_BRIDGE: Final = 197


def similarity_fit(reference: Float, points: Float) -> tuple[Float, Float, Float]:
    """Scale, rotation and centroid that carry a reference shape onto each of N shapes, least squares.

    Args:
        reference: (P, 3).
        points: (N, P, 3); no NaN.

    Returns:
        scale (N,), rotation (N, 3, 3), centroid of `points` (N, 3):
        points ~ scale * rotation @ (reference - its centroid) + centroid.

    Source: Umeyama 1991, IEEE TPAMI 13:376.
    """
    centred = reference - reference.mean(axis=0)
    centroid = points.mean(axis=1)
    spread = np.einsum("npi,pj->nij", points - centroid[:, None], centred)
    u, singular, vt = np.linalg.svd(spread)
    sign = np.ones((len(points), 3))
    sign[:, 2] = np.where(np.linalg.det(u @ vt) < 0, -1.0, 1.0)
    rotation = np.einsum("nij,nj,njk->nik", u, sign, vt)
    return (singular * sign).sum(axis=1) / (centred**2).sum(), rotation, centroid


def head_angles_deg(rotation: Float) -> tuple[Float, Float, Float]:
    """(N,) pitch (down positive), yaw (to the right of the picture positive), roll (clockwise positive).

    The face looks along -z; pitch and yaw are those of the turned line of sight, degrees.
    """
    sight = -rotation[:, :, 2]
    yaw = np.arctan2(sight[:, 0], -sight[:, 2])
    pitch = np.arctan2(sight[:, 1], np.hypot(sight[:, 0], sight[:, 2]))
    roll = np.arctan2(rotation[:, 1, 0], rotation[:, 0, 0])
    return np.degrees(pitch), np.degrees(yaw), np.degrees(roll)


def eyes_middle(mesh: Float) -> Float:
    """(..., 3) middle of the four eye corners of a mesh (..., 468, 3)."""
    corners = [*RIGHT_EYE_CORNERS, *LEFT_EYE_CORNERS]
    return np.asarray(mesh[..., corners, :].mean(axis=-2))


def eye_distance(mesh: Float) -> float:
    """Distance between the middles of the two eyes of one mesh (468, 3), in its own unit.

    About the distance between the pupils: 6.3 cm in adults (Dodgson 2004, 10.1117/12.529999).
    """
    apart = mesh[list(LEFT_EYE_CORNERS)].mean(axis=0) - mesh[list(RIGHT_EYE_CORNERS)].mean(axis=0)
    return float(np.linalg.norm(apart))


def facing_deg(mesh: Float) -> tuple[float, float]:
    """Pitch and yaw of one mesh (468, 3) against the camera: tilt of the forehead, depth of the eye line.

    Pitch is positive when the face is seen from below, yaw when it looks to the left of the picture.
    """
    right, left = (mesh[list(corners)].mean(axis=0) for corners in (RIGHT_EYE_CORNERS, LEFT_EYE_CORNERS))
    across = (left - right) / np.linalg.norm(left - right)
    up = mesh[FOREHEAD_TOP] - mesh[NOSE_BRIDGE]
    up = up - across * (up @ across)
    return float(np.degrees(np.arctan2(up[2], -up[1]))), float(np.degrees(np.arctan2(across[2], across[0])))


def shape_change(reference: Float, points: Float, scale: Float, roll_deg: Float) -> Float:
    """(N, P, 3) what is left of each shape when place, scale and roll are taken off, minus the reference.

    Turning and nodding stay in it, and so does what the mesh network makes of them.
    """
    angle = np.radians(roll_deg)[:, None]
    centred = (points - points.mean(axis=1, keepdims=True)) / scale[:, None, None]
    x = np.cos(angle) * centred[:, :, 0] + np.sin(angle) * centred[:, :, 1]
    y = np.cos(angle) * centred[:, :, 1] - np.sin(angle) * centred[:, :, 0]
    return np.asarray(np.stack([x, y, centred[:, :, 2]], axis=2) - (reference - reference.mean(axis=0)))
