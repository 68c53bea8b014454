"""Landmarks as OpenSim markers (`.trc`): tab-separated positions in metres on a regular time grid.

What the positions are: MediaPipe's world landmarks, which are the model's guess of metric positions about the
middle of the hips from one camera. They are relative to the hips, not to the room; hips that are out of the
picture are guessed, and the depth (X here) is the weakest of the three. Good enough to look at a posture in
OpenSim, not for inverse kinematics of record.

Axes, as OpenSim has them, right-handed: X towards the camera, Y up, Z to the left edge of the picture (for
somebody who faces the camera: X forward, Z to their right).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final, TextIO

import numpy as np

from posture_cv.errors import InputError
from posture_cv.file_facts import head_of
from posture_cv.landmarks.types import Landmarks
from posture_cv.measure.types import Float

MARKERS: Final = (
    "Nose",
    *("LEyeInner", "LEye", "LEyeOuter", "REyeInner", "REye", "REyeOuter"),
    *("LEar", "REar", "MouthL", "MouthR", "LShoulder", "RShoulder", "LElbow", "RElbow"),
    *("LWrist", "RWrist", "LPinky", "RPinky", "LIndex", "RIndex", "LThumb", "RThumb"),
    *("LHip", "RHip", "LKnee", "RKnee", "LAnkle", "RAnkle", "LHeel", "RHeel", "LFoot", "RFoot"),
)
_MARK: Final = "PathFileType"  # the first word of the format
_LABELS: Final = "Frame#\tTime\t" + "\t\t\t".join(MARKERS) + "\t\t\n"
_HEAD_BYTES: Final = 4096
LEAST_VISIBILITY: Final = 0.5  # ours: below it the model rather guesses than sees
_REGULAR: Final = 0.01  # share of a step by which frames may be off the grid before they are put on one
_LONGEST_GAP_STEPS: Final = 2.5  # frames farther apart than this are not joined


def to_opensim(world_m: Float) -> Float:
    """(…, 3) MediaPipe axes (x right, y down, z away) to OpenSim's (x to the camera, y up, z to the left)."""
    return np.stack([-world_m[..., 2], -world_m[..., 1], -world_m[..., 0]], axis=-1)


def markers_m(lm: Landmarks) -> Float:
    """(N, 33, 3) positions in metres, NaN where a point is not seen."""
    seen = lm.pose[..., 3] >= LEAST_VISIBILITY
    world = lm.pose[..., 5:8].astype(np.float64)
    return np.where(seen[..., None], to_opensim(world), np.nan)


def regular(t_s: Float, points: Float) -> tuple[float, Float, Float]:
    """Rate, times and positions on a regular grid, which the format asks for.

    Args:
        t_s: (N,) rising times, s.
        points: (N, M, 3).

    Frames that are on a grid already are left as they are; others are interpolated linearly to the median
    rate, and stay empty where no frame is near.
    """
    step = float(np.median(np.diff(t_s)))
    rate = 1.0 / step
    rate = round(rate) if abs(rate - round(rate)) < _REGULAR * rate else rate
    place = (t_s - t_s[0]) * rate
    nearest = np.rint(place).astype(np.intp)
    if np.abs(place - nearest).max() <= 0.1 and len(np.unique(nearest)) == len(nearest):
        grid = np.arange(nearest[-1] + 1)
        out = np.full((len(grid), *points.shape[1:]), np.nan)
        out[nearest] = points
        return rate, t_s[0] + grid / rate, out
    grid = np.arange(int(place[-1]) + 1)
    after = np.clip(np.searchsorted(place, grid), 1, len(place) - 1)
    before = after - 1
    share = np.clip((grid - place[before]) / (place[after] - place[before]), 0.0, 1.0)[:, None, None]
    joined = (1.0 - share) * points[before] + share * points[after]
    near = (place[after] - place[before] <= _LONGEST_GAP_STEPS)[:, None, None]
    return rate, t_s[0] + grid / rate, np.where(near, joined, np.nan)


def is_markers(path: Path) -> bool:
    """Whether a file begins as `write_trc` does: with our markers, not those of somebody's motion capture."""
    head = head_of(path, _HEAD_BYTES)
    return head.startswith(_MARK.encode()) and _LABELS.encode() in head


def write_trc(file: TextIO, name: str, lm: Landmarks) -> None:
    """Write a marker file.

    Args:
        file: open for text with `newline=""`.
        name: of the file, for its first line.
        lm: N frames.

    Raises:
        InputError: fewer than two frames have no rate.
    """
    if len(lm) < 2:
        raise InputError(
            f"Markers need at least two frames: {name}",
            f"The recording holds {len(lm)}.",
            "Leave this recording out.",
        )
    rate, t_s, points = regular(lm.t_s, markers_m(lm))
    file.write(f"{_MARK}\t4\t(X/Y/Z)\t{name}\n")
    file.write(
        "DataRate\tCameraRate\tNumFrames\tNumMarkers\tUnits\tOrigDataRate\tOrigDataStartFrame\tOrigNumFrames\n"
    )
    file.write(f"{rate:.6g}\t{rate:.6g}\t{len(t_s)}\t{len(MARKERS)}\tm\t{rate:.6g}\t1\t{len(t_s)}\n")
    file.write(_LABELS)
    file.write("\t\t" + "\t".join(f"X{k}\tY{k}\tZ{k}" for k in range(1, len(MARKERS) + 1)) + "\n\n")
    file.writelines(_rows(t_s, points))


def _rows(t_s: Float, points: Float) -> Iterator[str]:
    for k, (t, row) in enumerate(zip(t_s.tolist(), points.reshape(len(t_s), -1).tolist(), strict=True), 1):
        cells = "\t".join("" if v != v else f"{v:.4f}" for v in row)  # noqa: PLR0124 - NaN is empty
        yield f"{k}\t{t:.6f}\t{cells}\n"
