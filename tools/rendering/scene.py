"""What is drawn and how it is looked at: meshes and pinhole cameras.

World frame as in the shared set: metres, x to the person's left, y up, z forward towards the screen.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Bytes = NDArray[np.uint8]
Colour = tuple[float, float, float]
"""Red, green, blue: sRGB 0 to 1 of a surface, linear of a light."""
Point = tuple[float, float, float]
"""World metres."""

NEAR_M: Final = 0.05
FAR_M: Final = 30.0
"""Depths between which something is drawn: no camera is so near, no room so long."""


@dataclass(frozen=True)
class Mesh:
    """Triangles with one material."""

    points: Floats  # (V, 3) world, metres
    faces: NDArray[np.int32]  # (F, 3)
    uv: Floats | None = None  # (V, 2), v upwards
    texture: Path | Bytes | None = None  # a file, or (H, W, 3 or 4) RGB(A), row 0 at v = 1
    colour: Colour = (1.0, 1.0, 1.0)  # sRGB 0..1, multiplied with the texture
    cutout: bool = False  # the texture's alpha lets through: hair, lashes, brows
    normals: Floats | None = None  # (V, 3); smooth ones are computed where absent
    gloss: float = 0.15  # strength of the highlight
    roughness: float = 0.55  # its width
    glow: float = 0.0  # own light, in units of the colour: panes of a window
    shadow: bool = True  # throws and takes shadows; walls do neither, as under wide lamps


@dataclass(frozen=True)
class Camera:
    """A pinhole: X_cam = R X + t (x right, y down, z forward), u = fx X/Z + cx, v = fy Y/Z + cy.

    Pixel centres lie at halves, so that cx = width / 2 is the middle.
    """

    rotation: NDArray[np.float64]  # (3, 3)
    translation: NDArray[np.float64]  # (3,) m
    fx: float
    fy: float
    cx: float
    cy: float
    width: int = 640
    height: int = 480

    def project(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the pixels (N, 2) of world points (N, 3)."""
        seen = points @ self.rotation.T + self.translation
        return np.stack(
            [self.fx * seen[:, 0] / seen[:, 2] + self.cx, self.fy * seen[:, 1] / seen[:, 2] + self.cy], axis=1
        )

    @property
    def centre(self) -> NDArray[np.float64]:
        """Where the camera stands (3,), world metres."""
        return np.asarray(-self.rotation.T @ self.translation)

    def clip_matrix(self) -> Floats:
        """Return the (4, 4) matrix to clip space, with row 0 of the picture at the bottom, as it is read back."""
        w, h = self.width, self.height
        depth = (FAR_M + NEAR_M) / (FAR_M - NEAR_M)
        lens = np.array(
            [
                [2 * self.fx / w, 0, 2 * self.cx / w - 1, 0],
                [0, 2 * self.fy / h, 2 * self.cy / h - 1, 0],
                [0, 0, depth, -2 * FAR_M * NEAR_M / (FAR_M - NEAR_M)],
                [0, 0, 1, 0],
            ]
        )
        return np.asarray(lens @ rigid(self.rotation, self.translation), np.float32)


def rigid(rotation: NDArray[np.float64], translation: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the (4, 4) matrix of a rotation and a translation."""
    pose = np.eye(4)
    pose[:3, :3] = rotation
    pose[:3, 3] = translation
    return pose


def smooth_normals(points: NDArray[np.floating], faces: NDArray[np.integer]) -> Floats:
    """Return unit normals (V, 3) of vertices (V, 3), those of the faces (F, 3) weighted with their areas."""
    a, b, c = (points[faces[:, i]] for i in range(3))
    flat = np.repeat(np.cross(b - a, c - a), 3, axis=0)
    corners = faces.ravel()
    total = np.stack([np.bincount(corners, flat[:, i], minlength=len(points)) for i in range(3)], axis=1)
    length = np.linalg.norm(total, axis=1, keepdims=True)
    return np.asarray(total / np.maximum(length, 1e-12), np.float32)
