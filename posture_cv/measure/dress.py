"""Whether the person is dressed otherwise than for the baseline, and how much less can be told then.

Other clothes, other hair or a hat change the outline, and pull the shoulders' points along. Of 128 pictures of 16
rendered people who sat upright so, whom no fit had seen, 34 were called a poor posture; other light changed nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from posture_cv.landmarks.types import DRESS, Landmarks
from posture_cv.measure.baseline import Baseline
from posture_cv.measure.types import Estimate, Float

# Changes of a logarithm (`SCENE_FIELDS`) beyond which chest or crown are dressed otherwise: of the chest's brightness,
# of the crown's, of the colour of either. In the same clothes, 2 of 276 pictures of the key people go beyond one of
# them, and 2 of 100 in which the light is another.
CHEST_LIGHT: Final = 0.5
CROWN_LIGHT: Final = 0.9
COLOUR: Final = 0.37
# By how much other clothes, hair and hats changed each quantity in front (root mean square, that of the kind which
# changed it most), and half as much again for people unlike these (ours).
_ADDED: Final = {
    "cva_change_deg": 5.0,
    "head_forward_cm": 1.3,
    "head_pitch_deg": 3.4,
    "shoulder_elevation_cm": 0.7,
    "shoulder_elevation_left_cm": 0.75,
    "shoulder_elevation_right_cm": 0.75,
    "protraction_cm": 1.9,
    "trunk_incl_deg": 2.5,
    "sink_cm": 1.1,
    "approach_cm": 2.4,
}


def dressed_otherwise(lm: Landmarks, baseline: Baseline) -> NDArray[np.bool_]:
    """(N,) whether chest or crown have other colours than in the baseline; False where that is not known.

    Args:
        lm: landmarks of N frames.
        baseline: of the same person and camera.
    """
    change: Float = np.abs(lm.scene[:, DRESS] - baseline.dress)
    chest = (change[:, 0] > CHEST_LIGHT) | (np.hypot(change[:, 1], change[:, 2]) > COLOUR)
    crown = (change[:, 3] > CROWN_LIGHT) | (np.hypot(change[:, 4], change[:, 5]) > COLOUR)
    return np.asarray(chest | crown)  # NaN is no change


def less_sure(values: Mapping[str, Estimate], where: NDArray[np.bool_]) -> dict[str, Estimate]:
    """The estimates of a front view with the uncertainty that other clothes add, in the frames (N,) given."""
    if not where.any():
        return dict(values)
    return {
        name: Estimate(e.value, np.where(where, np.hypot(e.sd, _ADDED[name]), e.sd), e.reason)
        if name in _ADDED
        else e
        for name, e in values.items()
    }
