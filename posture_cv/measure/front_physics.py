"""The front view by geometry: what a known perspective makes of a moving head and trunk.

A small network learned perspective from nothing but three-dimensional points of rendered people, seen by cameras
thrown at random (distance, height, aim, field of view), with the noise that the landmarks were measured to have.
It never saw a landmark, so it knows what a chair that rolls back looks like to a camera pitched by 20 degrees,
which a fit on few cameras cannot. Its answer and the fit's are averaged (`front_model.py` makes the fit's).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from posture_cv.measure.baseline import Baseline
from posture_cv.measure.front_model import FrontView
from posture_cv.measure.front_reading import read_front
from posture_cv.measure.types import Float

# What the network reads (`FrontReading.geometry`) beside the contour's protraction and elevation: logarithm of the
# face's growth; displacement of the head's and the shoulders' middle (down, right, in cm at the baseline's face);
# logarithm of the shoulders' growth; their tilt; head pitch, yaw and roll (degrees); and how the camera stands:
# height of the head in the picture, head-to-shoulder gap, shoulder width (cm at the face), logarithm of the eye
# distance in pixels of a picture 640 wide, pitch of the baseline's face to the camera.
INPUTS: Final = (
    *("log_scale", "head_down", "head_right", "shoulders_down", "shoulders_right", "log_width", "tilt"),
    *("pitch", "yaw", "roll", "camera_height", "gap", "breadth", "log_eye_px", "facing"),
)
# In the order of the network's outputs.
OUTPUTS: Final = (
    "cva_change_deg",
    "head_forward_cm",
    "trunk_incl_deg",
    "approach_cm",
    "sink_cm",
    "shoulder_elevation_cm",
)
TILT, YAW, ROLL = (INPUTS.index(name) for name in ("tilt", "yaw", "roll"))
# Where the network's share falls to a half: chosen on persons left out, whose pose points slip in tilted frames.
TILT_DEG: Final = 3.0
ROLL_DEG: Final = 10.0
INPUT_LIMIT: Final = 4.0  # inputs are held within so many standard deviations of the synthetic cameras


@dataclass(frozen=True, slots=True, eq=False)
class Network:
    """K networks of one shape, averaged.

    Attributes:
        slope, offset: (15,) the affine map from landmarks to points.
        mean, sd: (17,) of the inputs over the synthetic cameras.
        layers: weights (K, D, D') and offsets (K, 1, D') of each layer.
        scale: (6,) of the outputs.
    """

    slope: Float
    offset: Float
    mean: Float
    sd: Float
    layers: tuple[tuple[NDArray[np.float32], NDArray[np.float32]], ...]
    scale: Float

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Any]) -> Self:
        """From the arrays of `front_physics.npz`."""
        count, layers, layer = int(arrays["networks"]), [], 0
        while f"w0.{layer}" in arrays:
            w = np.stack([np.asarray(arrays[f"w{k}.{layer}"], np.float32) for k in range(count)])
            b = np.stack([np.asarray(arrays[f"b{k}.{layer}"], np.float32) for k in range(count)])
            layers.append((w, b[:, None]))
            layer += 1
        slope, offset, mean, sd, scale = (
            np.asarray(arrays[k], np.float64) for k in ("slope", "offset", "mean", "sd", "output_scale")
        )
        return cls(slope, offset, mean, sd, tuple(layers), scale)

    def answers(self, inputs: Float, shoulders: Float) -> Float:
        """(N, 6) `OUTPUTS`; NaN where an input is.

        Args:
            inputs: (N, 15) `INPUTS`.
            shoulders: (N, 2) protraction and elevation in cm as the contour tells them.
        """
        x = np.concatenate([inputs * self.slope + self.offset, shoulders], axis=1)
        z = (x - self.mean) / self.sd
        h = np.minimum(np.maximum(z, -INPUT_LIMIT), INPUT_LIMIT).astype(np.float32)
        last = len(self.layers) - 1
        for k, (w, b) in enumerate(self.layers):
            h = np.matmul(h, w) + b
            if k < last:
                h = np.maximum(h, np.float32(0.0))
        return np.asarray(h.sum(axis=0) * (self.scale / len(h)))


@lru_cache(maxsize=8)
def at_rest(baseline: Baseline, view: FrontView, network: Network) -> Float:
    """(1, 6) what the network answers to the baseline itself: no change is no change."""
    inputs = read_front(baseline.as_landmarks(), view.reference).geometry
    return network.answers(inputs, np.zeros((1, 2)))


def network_share(inputs: Float, share: Float) -> Float:
    """(N, 6) share of the network, at most `share` (6,): slipped shoulders and a tilted head break its assumptions."""
    level = 1.0 / (1.0 + (inputs[:, TILT] / TILT_DEG) ** 2 + (inputs[:, ROLL] / ROLL_DEG) ** 2)
    return np.asarray(level[:, None] * share)
