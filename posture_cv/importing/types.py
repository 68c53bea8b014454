"""What an import takes and gives."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from posture_cv.errors import InputError
from posture_cv.landmarks import names
from posture_cv.landmarks.types import Landmarks

Float = NDArray[np.float64]

MOST_BYTES: Final = 4_000_000_000
MOST_FRAMES: Final = 20_000_000  # a week at 30 frames a second
MOST_SIDE_PX: Final = 100_000
FAR: Final = 3.5  # widths or heights outside the picture; a recording holds up to 4 (`quantise`)
MOST_FAULTS: Final = 20
HELP: Final = "docs/import.md lists the columns and fields of every format."

# MediaPipe's own names of its 33 points, in their order.
POSE_NAMES: Final = (
    *("nose", "left_eye_inner", "left_eye", "left_eye_outer", "right_eye_inner", "right_eye"),
    *("right_eye_outer", "left_ear", "right_ear", "mouth_left", "mouth_right", "left_shoulder"),
    *("right_shoulder", "left_elbow", "right_elbow", "left_wrist", "right_wrist", "left_pinky"),
    *("right_pinky", "left_index", "right_index", "left_thumb", "right_thumb", "left_hip", "right_hip"),
    *("left_knee", "right_knee", "left_ankle", "right_ankle", "left_heel", "right_heel"),
    *("left_foot_index", "right_foot_index"),
)
# The places of COCO's 17 keypoints among them: nose, eyes, ears, shoulders, elbows, wrists, hips, knees, ankles.
COCO_17: Final = (0, 2, 5, 7, 8, 11, 12, 13, 14, 15, 16, 23, 24, 25, 26, 27, 28)


class ImportingError(InputError):
    """Landmarks made elsewhere cannot be read as what they are said to be."""


def unreadable(path: Path, error: OSError) -> ImportingError:
    """The error for a file that the system does not let be read, or that has no end."""
    return ImportingError(f"The file cannot be read: {path}", f"{error.strerror or error}.", HELP)


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """What the files themselves may not say.

    Attributes:
        size_px: width and height of the pictures; None: the file says it.
        rate_hz: frames a second; None: the file holds times.
        pixels: whether the pose's x and y are pixels; None: found out from their size, as the face's always is.
    """

    size_px: tuple[int, int] | None = None
    rate_hz: float | None = None
    pixels: bool | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Raw:
    """Points as a file gives them, in MediaPipe's order; NaN is missing.

    Attributes:
        frame: (N,) frame numbers, or None where `t_s` is known.
        t_s: (N,) seconds, since the start or a clock's, or None.
        xy: (N, 33, 2), pixels or shares of the picture.
        z: (N, 33) in the unit of x; NaN where the model gives no depth.
        visibility, presence: (N, 33), 0-1.
        world_m: (N, 33, 3) metres.
        face: (N, 468, 3), x and y in pixels or shares, whatever `xy` is in, z in the unit of x; or None.
        size_px: (2,) or None.
        notes: what was passed over.
    """

    format: str
    frame: Float | None
    t_s: Float | None
    xy: Float
    z: Float
    visibility: Float
    presence: Float
    world_m: Float
    face: Float | None = None
    size_px: tuple[int, int] | None = None
    notes: tuple[str, ...] = ()

    @classmethod
    def empty(cls, n: int, format_name: str) -> Raw:
        """N frames without a point."""
        points = np.full((n, names.POSE_COUNT), np.nan)
        return cls(
            format_name,
            None,
            None,
            np.full((n, names.POSE_COUNT, 2), np.nan),
            points,
            points.copy(),
            points.copy(),
            np.full((n, names.POSE_COUNT, 3), np.nan),
        )


@dataclass(frozen=True, slots=True, eq=False)
class Imported:
    """Landmarks ready to be recorded.

    Attributes:
        landmarks: of N frames; without scene, and without contour.
        format: which of the known formats it was.
        missing: the parts that the source does not hold, and what cannot be told without each.
        notes: what was passed over, in sentences.
    """

    landmarks: Landmarks
    format: str
    missing: tuple[str, ...]
    notes: tuple[str, ...]


def listed(faults: list[str]) -> str:
    """Faults as lines, the first twenty of them."""
    more = [f"... and {len(faults) - MOST_FAULTS} more"] if len(faults) > MOST_FAULTS else []
    return "\n".join(faults[:MOST_FAULTS] + more)
