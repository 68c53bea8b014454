"""From pixels to displacements in the room: forward, up and to the side, in centimetres, from one camera.

Depth comes from size: a thing that grows by a factor g has come nearer by the share 1 - 1/g of its distance.
The distance of the eyes in the baseline follows from their distance from each other (6.3 cm) and an assumed
field of view; camera pitch and yaw are estimated from the baseline. Their errors scale or turn every
displacement of a clip in the same way; the fit that follows learns from the camera's numbers what it can.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from posture_cv.measure.types import Float

EYE_DISTANCE_CM: Final = 6.3  # between the pupils of adults (Dodgson 2004, 10.1117/12.529999)
# Focal length over the picture's longer side for a horizontal field of view of 66 degrees, the middle of
# laptop cameras (54-79 degrees in the rendered set).
FOCAL_SHARE: Final = 0.77
# From the tragus to the eyes, and from the acromia to the eyes, in an upright adult (ours, rounded).
EYES_BEFORE_TRAGUS_CM: Final = 7.0
EYES_BEFORE_ACROMIA_CM: Final = 9.0
EYES_ABOVE_ACROMIA_CM: Final = 21.0
YAW_LIMIT_DEG: Final = 30.0


@dataclass(frozen=True, slots=True, eq=False)
class CameraStand:
    """How the camera stands to the sitting person, from the baseline.

    Attributes:
        focal_px: assumed focal length.
        centre: (2,) middle of the picture, pixels.
        eyes_cm, shoulders_cm: distance of the eyes and of the acromia along the optical axis.
        axes: (3, 3) the person's axes forward, up and left, a column each, in the camera's (x right, y down, z away).
    """

    focal_px: float
    centre: Float
    eyes_cm: float
    shoulders_cm: float
    axes: Float

    @classmethod
    def of(cls, size_px: Float, eye_distance_px: float, pitch_deg: float, yaw_deg: float) -> CameraStand:
        """From the picture's size, the baseline's eye distance and how the camera stands.

        Args:
            size_px: (2,) width and height.
            eye_distance_px: of the baseline's face.
            pitch_deg: of the camera, looking up positive.
            yaw_deg: of the face to the camera, to the right of the picture positive.
        """
        focal = FOCAL_SHARE * float(max(size_px))
        pitch = np.radians(pitch_deg)
        yaw = np.radians(np.clip(yaw_deg, -YAW_LIMIT_DEG, YAW_LIMIT_DEG))
        up = np.array([0.0, -np.cos(pitch), np.sin(pitch)])
        forward = np.array([np.sin(yaw), -np.sin(pitch) * np.cos(yaw), -np.cos(pitch) * np.cos(yaw)])
        left = -np.cross(forward, up)
        eyes = focal * EYE_DISTANCE_CM / eye_distance_px
        shoulders = eyes - forward[2] * EYES_BEFORE_ACROMIA_CM - up[2] * EYES_ABOVE_ACROMIA_CM
        axes = np.stack([forward, up, left], axis=1)
        return cls(focal, np.asarray(size_px, np.float64) / 2.0, float(eyes), float(shoulders), axes)

    def displacements(self, now_px: Float, base: Float, log_growth: Float) -> Float:
        """(N, P, 3) forward, up and to the left in cm.

        Args:
            now_px: (N, P, 2) points.
            base: (P, 3) where they stood, from `points`.
            log_growth: (N, P) by how much they have grown since.
        """
        moved = self.points(now_px, base[:, 2] * np.exp(-log_growth)) - base
        return np.asarray(moved @ self.axes)

    def points(self, px: Float, depth_cm: Float) -> Float:
        """(..., 3) points in the camera's axes, cm, of pixels (..., 2) at a distance (...)."""
        out = np.empty((*depth_cm.shape, 3))
        out[..., :2] = (px - self.centre) * (depth_cm / self.focal_px)[..., None]
        out[..., 2] = depth_cm
        return out

    @staticmethod
    def of_tragus(forward: Float, up: Float, pitch_deg: Float) -> tuple[Float, Float]:
        """The tragi's displacement forward and up, given that of the eyes and the head's pitch (down positive)."""
        pitch = np.radians(pitch_deg)
        return forward + EYES_BEFORE_TRAGUS_CM * (1.0 - np.cos(pitch)), up + EYES_BEFORE_TRAGUS_CM * np.sin(
            pitch
        )
