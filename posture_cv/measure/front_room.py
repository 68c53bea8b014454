"""What a front view shows, turned into displacements in the room: the second half of the columns.

It takes the face's size and pitch as the model's first stage has refined them.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import numpy as np

from posture_cv.measure.front_columns import ROOM_EVEN, ROOM_ODD
from posture_cv.measure.front_reading import FrontReading
from posture_cv.measure.front_reference import FrontReference
from posture_cv.measure.front_space import CameraStand
from posture_cv.measure.types import Float

# Of `FrontReading.points`: shoulders by landmarks, by the outline, the same to be carried with the head, eyes.
_ROOM_POINTS: Final = np.array([0, 1, 1, 2])


def room_columns(
    reading: FrontReading, reference: FrontReference, stand: CameraStand, growth: Float, pitch_deg: Float
) -> tuple[Float, Float]:
    """Displacements in the room, cm: (N, 12) `ROOM_EVEN` and (N, 3) `ROOM_ODD`.

    Args:
        reading: of N frames.
        reference: the baseline.
        stand: of the camera.
        growth: (N,) natural logarithm of the head's growth, refined; 0 without a face.
        pitch_deg: (N,) of the head, down, refined; 0 without a face.
    """
    grown = np.empty((len(growth), 4))
    # a shoulder that comes as much nearer as the head, in cm, grows by less: it is farther off
    grown[:, :2], grown[:, 2], grown[:, 3] = (
        reading.growth,
        growth * (stand.eyes_cm / stand.shoulders_cm),
        growth,
    )
    moved = stand.displacements(reading.points.take(_ROOM_POINTS, axis=1), _at_rest(reference, stand), grown)
    forward, up, left = moved[:, :, 0], moved[:, :, 1], moved[:, :, 2]
    even, odd = np.empty((len(growth), len(ROOM_EVEN))), np.empty((len(growth), len(ROOM_ODD)))
    even[:, 0] = pitch_deg
    even[:, 1], even[:, 2] = stand.of_tragus(forward[:, 3], up[:, 3], pitch_deg)
    even[:, 3:5], even[:, 5:8] = even[:, 1:2] - forward[:, :2], even[:, 2:3] - up[:, :3]
    even[:, 8:10], even[:, 10:] = forward[:, :2], up[:, :2]
    odd[:, 0], odd[:, 1], odd[:, 2] = left[:, 3], left[:, 3] - left[:, 1], left[:, 1]
    return even, odd


@lru_cache(maxsize=8)
def _at_rest(reference: FrontReference, stand: CameraStand) -> Float:
    """(4, 3) where the points of the room stand in the baseline."""
    shoulders, far = reference.shoulders, stand.shoulders_cm
    then = np.array([shoulders, shoulders, shoulders, reference.eyes])
    return stand.points(then, np.array([far, far, far, stand.eyes_cm]))
