"""From landmarks to the few lengths that show an exercise: vectorised, in pixels, with a reason where unseen.

Sizes below are shares of the shoulder width as the pose model sees it (about 32 to 36 cm). Measured on 37
rendered people, front view: raising the shoulders by 1 cm lifts the model's shoulder points by 1.7 % of it,
against 0.9 % of scatter between frames of one posture; moving them forward by 1 cm widens the pose's shoulders
by 0.6 % and the outline below them by 0.9 % of the face's size, against a scatter of 1.2 %.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from posture_cv.guidance.entries import CameraCheck
from posture_cv.landmarks import names
from posture_cv.landmarks.types import CONTOUR_ROWS, POSE_FIELDS, Landmarks
from posture_cv.measure.gates import shoulders_out_of_picture
from posture_cv.measure.types import Codes, Float, Reason

_VISIBILITY: Final = POSE_FIELDS.index("visibility")
_PRESENCE: Final = POSE_FIELDS.index("presence")
_ELBOWS: Final = [names.LEFT_ELBOW, names.RIGHT_ELBOW]
_WRISTS: Final = [names.LEFT_WRIST, names.RIGHT_WRIST]
_HEAD: Final = slice(names.NOSE, names.MOUTH_RIGHT + 1)
# Facing the camera the shoulders are at least 1.4 times as wide as the head is above them (rendered people,
# 1.15 with the arms up); in profile about 0.2 times. The limit is ours.
_LEAST_WIDTH_OVER_GAP: Final = 0.8
_SEEN: Final = 0.5  # of visibility or presence (ours)
_OUTLINE_BELOW: Final = 0.2  # of the shoulder width, below the shoulder points


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """The lengths of N frames.

    Attributes:
        values: (N, k) float64; column 0 is the shoulder width in pixels, the others are the check's own.
        reason: (N,) int8 `Reason` codes: why the body as a whole cannot be judged.
    """

    values: Float
    reason: Codes


def extract(lm: Landmarks, check: CameraCheck) -> Rows:
    """The lengths that show one exercise.

    Columns after the shoulder width, in pixels unless said otherwise, y downwards:

    - `shoulder_raise`: height of the head's middle, height of the shoulders' middle;
    - `arms_overhead`: left and right hand above the nose (NaN: that arm cannot be judged);
    - `neck_circles`: nose right of and below the middle of the shoulders;
    - `shoulder_blade_squeeze`: width of the outline below the shoulders, size of the face, nose right of the
      middle of the shoulders.
    """
    points = lm.pose_px()
    columns, reason = _COLUMNS[check](lm, points)
    values = np.column_stack([_shoulder_width_px(points), *columns])
    first = _body_reason(lm, points)
    return Rows(values, np.where(first != Reason.OK, first, reason).astype(np.int8))


_Columns = tuple[list[Float], Codes]


def _ok(lm: Landmarks) -> Codes:
    return np.zeros(len(lm), np.int8)


def _shoulder_width_px(points: Float) -> Float:
    return np.asarray(np.linalg.norm(points[:, names.SHOULDERS[0]] - points[:, names.SHOULDERS[1]], axis=1))


def _body_reason(lm: Landmarks, points: Float) -> Codes:
    gap = points[:, names.SHOULDERS, 1].mean(axis=1) - points[:, _HEAD, 1].mean(axis=1)
    turned = lm.person_found & (_shoulder_width_px(points) < _LEAST_WIDTH_OVER_GAP * gap)
    codes = _ok(lm)
    codes[turned] = Reason.TRUNK_TURNED
    codes[shoulders_out_of_picture(lm)] = Reason.SHOULDERS_NOT_SEEN
    codes[~lm.person_found] = Reason.NOBODY
    return codes


def _raise_columns(lm: Landmarks, points: Float) -> _Columns:
    return [points[:, _HEAD, 1].mean(axis=1), points[:, names.SHOULDERS, 1].mean(axis=1)], _ok(lm)


def _neck_columns(lm: Landmarks, points: Float) -> _Columns:
    nose = points[:, names.NOSE] - points[:, names.SHOULDERS].mean(axis=1)
    reason = _ok(lm)
    reason[lm.pose[:, names.NOSE, _VISIBILITY] < _SEEN] = Reason.FACE_NOT_SEEN
    return [nose[:, 0], nose[:, 1]], reason


def _seen(lm: Landmarks, indices: list[int]) -> NDArray[np.bool_]:
    """(N, 2) the model claims to see the point, or at least that it lies in the picture.

    On upright arms the two disagree (visibility 0.3 with presence 0.9, and the reverse); on hands below the
    picture both stay under 0.5.
    """
    return np.asarray(lm.pose[:, indices][:, :, [_VISIBILITY, _PRESENCE]].max(axis=2) >= _SEEN)


def _arm_columns(lm: Landmarks, points: Float) -> _Columns:
    nose_y = points[:, names.NOSE, 1][:, None]
    wrist = nose_y - points[:, _WRISTS, 1]
    elbow = nose_y - points[:, _ELBOWS, 1]
    shoulder = nose_y - points[:, names.SHOULDERS, 1]
    seen_elbow = _seen(lm, _ELBOWS)
    # Hands leave many pictures at the top: an elbow at the nose or above it with the hand beyond the upper
    # edge is an arm overhead. An elbow below the shoulder is none, wherever the hand may be.
    beyond = seen_elbow & (elbow >= 0) & (lm.pose[:, _WRISTS, 1] < 0)
    low = seen_elbow & (elbow < shoulder)
    height = np.where(_seen(lm, _WRISTS) | beyond, wrist, np.where(low, elbow, np.nan))
    return [height[:, 0], height[:, 1]], _ok(lm)


def _squeeze_columns(lm: Landmarks, points: Float) -> _Columns:
    face = lm.face_px()
    face_px = np.sqrt(((face - face.mean(axis=1, keepdims=True)) ** 2).sum(axis=2).mean(axis=1))
    outline_px, cut = _outline_width_px(lm, points)
    off = points[:, names.NOSE, 0] - points[:, names.SHOULDERS, 0].mean(axis=1)
    reason = _ok(lm)
    reason[cut] = Reason.OUT_OF_PICTURE
    reason[np.isnan(outline_px)] = Reason.CONTOUR_NOT_SEEN
    reason[~lm.face_found] = Reason.FACE_NOT_SEEN
    return [outline_px, face_px, off], reason


def _outline_width_px(lm: Landmarks, points: Float) -> tuple[Float, NDArray[np.bool_]]:
    """(N,) width of the person's outline a little below the shoulders, and (N,) whether the picture cuts it."""
    y_px = points[:, names.SHOULDERS, 1].mean(axis=1) + _OUTLINE_BELOW * _shoulder_width_px(points)
    share = np.nan_to_num(y_px / lm.size_px[:, 1], nan=2.0)
    inside = (share >= 0) & (share < 1)
    row = np.clip(share * CONTOUR_ROWS, 0, CONTOUR_ROWS - 1).astype(np.intp)
    edges = lm.rows[np.arange(len(lm)), row].astype(np.float64)
    width = np.where(inside, (edges[:, 1] - edges[:, 0]) * lm.size_px[:, 0], np.nan)
    return np.where(width > 0, width, np.nan), (edges[:, 0] < 0.005) | (edges[:, 1] > 0.995)


_COLUMNS: Final[dict[CameraCheck, Callable[[Landmarks, Float], _Columns]]] = {
    "shoulder_raise": _raise_columns,
    "arms_overhead": _arm_columns,
    "neck_circles": _neck_columns,
    "shoulder_blade_squeeze": _squeeze_columns,
}
