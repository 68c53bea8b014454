"""Where the eyes of a face mesh are, and how the face is turned to the camera.

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

    Pitch is positive when the face is seen from below, yaw when it looks to the right of the picture.
    """
    right, left = (mesh[list(corners)].mean(axis=0) for corners in (RIGHT_EYE_CORNERS, LEFT_EYE_CORNERS))
    across = (left - right) / np.linalg.norm(left - right)
    up = mesh[FOREHEAD_TOP] - mesh[NOSE_BRIDGE]
    up = up - across * (up @ across)
    return float(np.degrees(np.arctan2(up[2], -up[1]))), float(np.degrees(np.arctan2(across[2], across[0])))
