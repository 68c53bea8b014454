"""What the baseline says about the desk: height of camera and screen, distance, a screen at the side. Pure.

One picture cannot tell a lifted camera from a lowered head. So the direction of the eyes as seen from the
camera is read off the face mesh, on the assumption that the head is held as people hold it at a screen; the
uncertainty that this leaves is stated with every figure.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from posture_cv.measure.baseline import Baseline
from posture_cv.measure.front_space import EYE_DISTANCE_CM
from posture_cv.measure.types import Float, View

FOREHEAD, CHIN = 10, 152  # face mesh, middle line
LEFT_EYE_RING: Final = (263, 362, 386, 374)  # the person's left: outer and inner corner, upper and lower lid
RIGHT_EYE_RING: Final = (33, 133, 159, 145)

# Elevation of the eyes above the camera's height = SLOPE * slant of the forehead-chin line + OFFSET, degrees.
# Least squares over the 37 training people of the rendered ground truth (heads 6 deg down, SD 1.6); one
# person left out: SD 5.2 deg. Real heads are held more variously (SD 5.7 deg: Ruivo 2014), hence the 8 deg.
ELEVATION_SLOPE: Final = -0.918
ELEVATION_OFFSET_DEG: Final = 15.4
ELEVATION_SD_DEG: Final = 8.0
# The field of view of a webcam is not known; 65 deg across is the middle of the usual 55-79 deg. With the spread of
# the eyes' distance (most adults 5.0-7.5 cm: Dodgson 2004) that is 16 % (measured on the same people); twice that is
# stated.
FIELD_OF_VIEW_DEG: Final = 65.0
DISTANCE_SD_SHARE: Final = 0.16

# Where advice begins (ours). Screen work is done at 61 +- 12 cm (Soler 2021); the top edge of the screen
# belongs at or slightly below the eyes, its middle 15-20 deg below (OSHA): a camera on that edge sees the eyes level.
TOO_CLOSE_CM: Final = 45.0
TOO_FAR_CM: Final = 90.0
TOO_LOW_CM: Final = 18.0
TOO_HIGH_CM: Final = -10.0
AT_THE_SIDE_DEG: Final = 20.0


@dataclass(frozen=True, slots=True)
class Setup:
    """The desk as the baseline shows it; NaN where it cannot be told (no face, side view).

    Attributes:
        distance_cm, distance_low_cm, distance_high_cm: from the camera to the eyes, with its 95 % range.
        eye_height_cm, eye_height_sd_cm: eyes above the camera, with its standard deviation.
        camera_pitch_deg: how far the camera is tipped up.
        face_yaw_deg: how far the face is turned from the camera; positive = to the person's left.
    """

    distance_cm: float
    distance_low_cm: float
    distance_high_cm: float
    eye_height_cm: float
    eye_height_sd_cm: float
    camera_pitch_deg: float
    face_yaw_deg: float


@dataclass(frozen=True, slots=True)
class DeskFinding:
    """One result: the check's name in the guidance catalogue ("" for a plain observation), and a sentence."""

    check: str
    text: str


def estimate_setup(baseline: Baseline) -> Setup:
    """Read camera height, distance and direction off the baseline's face mesh."""
    if baseline.view is View.SIDE or bool(np.isnan(baseline.face).any()):
        return Setup(*(float("nan"),) * 7)
    mesh = baseline.as_landmarks().face_px()[0]
    left, right = mesh[list(LEFT_EYE_RING)].mean(axis=0), mesh[list(RIGHT_EYE_RING)].mean(axis=0)
    width, height = baseline.size_px
    focal_px = max(width, height) / 2.0 / np.tan(np.radians(FIELD_OF_VIEW_DEG) / 2.0)
    distance = EYE_DISTANCE_CM * focal_px / max(float(np.linalg.norm(left - right)), 1.0)
    slant = _slant_deg(mesh)
    elevation = ELEVATION_SLOPE * slant + ELEVATION_OFFSET_DEG
    ray = np.degrees(np.arctan2(height / 2.0 - (left + right)[1] / 2.0, focal_px))
    across = left - right
    return Setup(
        distance_cm=distance,
        distance_low_cm=distance * float(np.exp(-2.0 * DISTANCE_SD_SHARE)),
        distance_high_cm=distance * float(np.exp(2.0 * DISTANCE_SD_SHARE)),
        eye_height_cm=distance * float(np.sin(np.radians(elevation))),
        eye_height_sd_cm=distance * float(np.radians(ELEVATION_SD_DEG)),
        camera_pitch_deg=elevation - float(ray),
        face_yaw_deg=float(np.degrees(np.arctan2(across[2], across[0]))),
    )


def _slant_deg(mesh: Float) -> float:
    """Direction of the forehead-chin line, in degrees; positive = chin farther from the camera."""
    down = mesh[CHIN] - mesh[FOREHEAD]
    return float(np.degrees(np.arctan2(down[2], down[1])))


def check_desk(baseline: Baseline) -> tuple[DeskFinding, ...]:
    """What to say about the desk, most important first; nothing where nothing can be told."""
    setup = estimate_setup(baseline)
    if not np.isfinite(setup.distance_cm):
        return ()
    aside = abs(setup.face_yaw_deg) >= AT_THE_SIDE_DEG
    found = [_distance(setup), _at_the_side(setup) if aside else _height(setup)]
    return tuple(sorted(found, key=lambda finding: finding.check == ""))


def _distance(setup: Setup) -> DeskFinding:
    told = (
        f"Your eyes are about {setup.distance_cm:.0f} cm from the camera "
        f"({setup.distance_low_cm:.0f}-{setup.distance_high_cm:.0f} cm: its field of view is not known)"
    )
    if setup.distance_cm < TOO_CLOSE_CM:
        return DeskFinding("too_close", f"{told}; people work at 61 cm on average.")
    if setup.distance_cm > TOO_FAR_CM:
        return DeskFinding("too_far", f"{told}; people work at 61 cm on average.")
    return DeskFinding("", f"{told}.")


def _height(setup: Setup) -> DeskFinding:
    higher = setup.eye_height_cm >= 0
    told = (
        f"Your eyes are about {abs(setup.eye_height_cm):.0f} cm {'above' if higher else 'below'} the camera "
        f"(give or take {setup.eye_height_sd_cm:.0f} cm)"
    )
    if setup.eye_height_cm > TOO_LOW_CM:
        return DeskFinding("screen_too_low", f"{told}. If it sits on top of the screen, the screen is low.")
    if setup.eye_height_cm < TOO_HIGH_CM:
        return DeskFinding("screen_too_high", f"{told}. If it sits on top of the screen, the screen is high.")
    return DeskFinding("", f"{told}: if it sits on top of the screen, the height is about right.")


def _at_the_side(setup: Setup) -> DeskFinding:
    side = "left" if setup.face_yaw_deg < 0 else "right"
    return DeskFinding(
        "laptop_at_the_side",
        f"You look {abs(setup.face_yaw_deg):.0f} degrees past the camera, which stands on your {side}. "
        f"If you read from that screen, your neck is turned each time.",
    )
