"""Random cameras before and beside a person and at an angle, spread as in the shared set.

All ranges are those of the cameras there, taken as even, for the two at an angle wider ones; `eye` is the place between
the upright eyes (world, metres).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from rendering.assets import Float
from rendering.scene import Camera

Name = Literal["front", "side", "oblique"]
VIEWS: Final[tuple[Name, ...]] = ("front", "side", "oblique")
WIDTH: Final = 640
HEIGHT: Final = 480
EYE_ABOVE_JOINT_M: Final = 0.008
"""The place that cameras there are told from lies a little above the joints of the eyes."""
HFOV_DEG: Final = {"front": (54.0, 79.0), "side": (38.0, 52.0), "oblique": (48.0, 66.0)}
DISTANCE_M: Final = {"front": (0.485, 0.835), "side": (1.41, 2.0), "oblique": (0.8, 1.35)}
ABOVE_EYE_M: Final = {"front": (-0.27, 0.08), "side": (-0.2, 0.05), "oblique": (-0.22, 0.06)}
AZIMUTH_DEG: Final = {"front": (-22.0, 22.0), "side": (-5.0, 5.0), "oblique": (-11.0, 11.0)}
"""From straight ahead; the others about either side of `TURNED_DEG`."""
TURNED_DEG: Final = {"front": 0.0, "side": 90.0, "oblique": 45.0}
FRONT_AIM_BELOW_EYE_M: Final = (0.03, 0.15)
SIDE_AIM_BELOW_EYE_M: Final = 0.22
OBLIQUE_AIM_BELOW_EYE_M: Final = (0.1, 0.17)
"""How far below the eyes the camera's axis passes."""
SIDE_AHEAD_M: Final = 0.02
"""Cameras at the side look at a place a little ahead of the eyes."""
OBLIQUE_AHEAD_M: Final = 0.072
"""Cameras at an angle stand about the eyes and look at a place so far ahead of them."""


@dataclass(frozen=True)
class View:
    """A camera and how the columns describe it."""

    camera: Camera
    hfov_deg: float
    dist_m: float  # from the eyes, level
    height_rel_eye_m: float
    azimuth_deg: float  # of the camera as seen from the person, to the left positive


def camera_of(name: Name, eye_m: Float, rng: np.random.Generator) -> View:
    """A random camera of a view about the place between the upright eyes, (3,)."""
    hfov_deg, dist_m = rng.uniform(*HFOV_DEG[name]), rng.uniform(*DISTANCE_M[name])
    height_m = rng.uniform(*ABOVE_EYE_M[name])
    if name == "front":
        azimuth_deg = rng.uniform(*AZIMUTH_DEG[name])
        below_m = rng.uniform(*FRONT_AIM_BELOW_EYE_M)
    else:
        azimuth_deg = float(rng.choice([-1.0, 1.0])) * TURNED_DEG[name] + rng.uniform(*AZIMUTH_DEG[name])
        below_m = SIDE_AIM_BELOW_EYE_M
    if name == "side":
        eye_m = eye_m + np.array([0.0, 0.0, SIDE_AHEAD_M])
    a = np.radians(azimuth_deg)
    centre = eye_m + np.array([dist_m * np.sin(a), height_m, dist_m * np.cos(a)])
    if name == "oblique":
        below_m = rng.uniform(*OBLIQUE_AIM_BELOW_EYE_M)
        eye_m = eye_m + np.array([0.0, 0.0, OBLIQUE_AHEAD_M])
        away = centre - eye_m
        turned_deg = float(np.degrees(np.arctan2(away[0], away[2])))
    else:
        turned_deg = azimuth_deg
    rotation = _level_rotation(eye_m - np.array([0.0, below_m, 0.0]) - centre, turned_deg)
    focal = WIDTH / 2.0 / np.tan(np.radians(hfov_deg / 2.0))
    camera = Camera(rotation, -rotation @ centre, focal, focal, WIDTH / 2.0, HEIGHT / 2.0, WIDTH, HEIGHT)
    return View(camera, hfov_deg, dist_m, height_m, azimuth_deg)


def _level_rotation(forward: Float, azimuth_deg: float) -> Float:
    """Axes right, down and forward (rows) of a camera that does not roll and is turned by its azimuth exactly."""
    a = np.radians(azimuth_deg)
    forward[[0, 2]] = np.array([-np.sin(a), -np.cos(a)]) * np.hypot(forward[0], forward[2])
    forward /= np.linalg.norm(forward)
    right = np.cross(forward, [0.0, 1.0, 0.0])
    right /= np.linalg.norm(right)
    return np.stack([right, np.cross(forward, right), forward])
