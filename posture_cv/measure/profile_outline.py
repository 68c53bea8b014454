"""The person's outline in profile, mirrored so that the face always looks to the right of the picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from posture_cv.landmarks import names
from posture_cv.landmarks.types import Landmarks
from posture_cv.measure.types import Float

# After mirroring the person looks right, so the camera sees the right side: these are the near side's points.
NEAR_EAR: Final = names.RIGHT_EAR
NEAR_SHOULDER: Final = names.RIGHT_SHOULDER
NEAR_HIP: Final = names.RIGHT_HIP
_FACE_POINTS: Final = [0, 1, 2, 3, 4, 5, 6, 9, 10]
# Crown to throat of an adult in centimetres (median of the fitting persons); turns pixels into rough centimetres.
CROWN_TO_THROAT_CM: Final = 25.5
# Where parts of a profile are looked for (ours): the widest of the head within a share of crown to shoulder, where no
# shoulder is seen of so many contour rows; the nose below the crown, and the throat below the nose, in head widths.
_HEAD_SHARE: Final = 0.55
_CROWN_TO_SHOULDER_ROWS: Final = 60.0
_NOSE_BELOW_CROWN: Final = (0.35, 1.25)
_THROAT_BELOW_NOSE: Final = (0.25, 0.95)
_LEAST_ROWS: Final = 40  # of an outline that shows a head
_LEAST_HEAD_ROWS: Final = 10


@dataclass(frozen=True, slots=True, eq=False)
class Outline:
    """Outline and pose points of N frames in pixels, the face to the right.

    Attributes:
        points: (N, 33, 2) pose points.
        rear: (N, 240) edge behind the person in each contour row, NaN where none.
        front: (N, 240) edge in front of the person.
        top: (N, 320) upper edge in each contour column.
        v0, dv: (N,) height of the first contour row's centre and the spacing of rows.
    """

    points: Float
    rear: Float
    front: Float
    top: Float
    v0: Float
    dv: Float


def points_look_right(points: Float) -> NDArray[np.bool_]:
    """(N,) whether the nose, eyes and mouth of pose points (N, 33, 2), in any unit, lie right of the ears."""
    return np.asarray(points[:, _FACE_POINTS, 0].mean(axis=1) >= points[:, names.EARS, 0].mean(axis=1))


def outline_of(lm: Landmarks, *, looks_right: bool) -> Outline:
    """The outline of all frames, mirrored unless the person looks to the right already."""
    width = lm.size_px[:, 0].astype(np.float64)
    points, rows, top = lm.pose_px(), lm.rows_px(), lm.cols_px()
    if not looks_right:
        points = points[:, names.POSE_MIRRORED].copy()
        points[:, :, 0] = width[:, None] - points[:, :, 0]
        rows = width[:, None, None] - rows[:, :, ::-1]
        top = top[:, ::-1]
    v = lm.row_v_px()
    return Outline(points, rows[:, :, 0], rows[:, :, 1], top, v[:, 0], v[:, 1] - v[:, 0])


@dataclass(frozen=True, slots=True)
class Anchors:
    """Places on the baseline's outline that need no landmark, in pixels.

    Attributes:
        crown: height of the top of the head.
        throat: height where the outline lies farthest back between chin and chest.
        face: place of the foremost point of the face.
        head_width: widest stretch of the head, hair included.
        unit: pixels that make about one centimetre of this person.
    """

    crown: float
    throat: float
    face: float
    head_width: float
    unit: float


def find_anchors(base: Outline) -> Anchors | None:
    """Crown, throat and face of the baseline (one frame); None where the outline does not show a head."""
    front, rear, step = base.front[0], base.rear[0], float(base.dv[0])
    shoulder_y = float(base.points[0, NEAR_SHOULDER, 1])
    seen = np.isfinite(front) & np.isfinite(rear)
    tops = base.top[0][np.isfinite(base.top[0])]
    if seen.sum() < _LEAST_ROWS or not len(tops):
        return None
    first, crown = int(np.argmax(seen)), float(tops.min())
    head_px = shoulder_y - crown if np.isfinite(shoulder_y) else _CROWN_TO_SHOULDER_ROWS * step
    width = _finite(front - rear)[first : first + max(_LEAST_HEAD_ROWS, int(_HEAD_SHARE * head_px / step))]
    head_width = float(width.max())
    begin, end = (first + int(share * head_width / step) for share in _NOSE_BELOW_CROWN)
    if not begin < end <= len(front):
        return None
    nose = begin + int(np.argmax(_finite(front[begin:end])))
    low, high = (nose + int(share * head_width / step) for share in _THROAT_BELOW_NOSE)
    if high >= len(front) or high <= low or not np.isfinite(front[low:high]).all():
        return None
    throat = low + int(np.argmin(front[low:high]))
    throat_y = float(base.v0[0] + throat * step)
    unit = (throat_y - crown) / CROWN_TO_THROAT_CM
    return Anchors(crown, throat_y, float(_finite(front[begin:throat]).max()), head_width, unit)


def _finite(values: Float) -> Float:
    return np.where(np.isfinite(values), values, -np.inf)
