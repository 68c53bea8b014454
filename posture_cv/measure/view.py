"""From where the camera sees the person: front, side or oblique, judged by the trunk, not the head."""

from __future__ import annotations

from typing import Final

import numpy as np

from posture_cv.landmarks import names
from posture_cv.landmarks.types import Landmarks
from posture_cv.measure.baseline import nanmean_quiet
from posture_cv.measure.face_geometry import facing_deg
from posture_cv.measure.types import Codes, Float, View

# The score adds the shoulder line's angle in the world landmarks and in the picture's own depth, each in parts of
# what separates front from oblique (ours). On rendered persons, medians over calibration frames: front cameras up
# to 22 degrees off axis 0.1-2.0, oblique ones at 42 and 45 degrees 2.3-2.6, side ones within 5 degrees 4.6-5.7.
_PARTS_DEG: Final = (22.0, 53.0)
OBLIQUE_FROM: Final = 2.2
SIDE_FROM: Final = 3.4
# A calibration in which the face is seen, turned by no more than this, counts as oblique up to a higher score: of 176
# rendered persons before cameras at 33 to 57 degrees all but one score less, of 40 before side ones none does (4.8 and
# more). Up to there the oblique estimators err less than those of the side, on persons whom neither has seen.
FACE_TURNED_DEG: Final = 58.0
CLEAR_SIDE: Final = 4.75
# Beyond this angle the landmarks read as a person seen from behind.
_BEHIND_DEG: Final = 115.0
# Without depth: see `_flat_score`. The scores are the middles of their views.
_WIDE_FRONT: Final = 1.1
_WIDE_SIDE: Final = 0.75
_FLAT_FRONT: Final = 1.0
_FLAT_SIDE: Final = 5.0
# Depth and width in the world, then in the picture: places in `POSE_FIELDS`.
_DEPTHS: Final = np.array([7, 2])
_WIDTHS: Final = np.array([5, 0])


def shoulder_line_deg(lm: Landmarks) -> Float:
    """(N, 2) angle of the shoulder line to the picture plane, 0-180 degrees, from world and from picture landmarks.

    0 faces the camera, 90 is profile, 180 turns the back.
    """
    across = lm.pose[:, names.LEFT_SHOULDER].astype(np.float64) - lm.pose[:, names.RIGHT_SHOULDER]
    return np.asarray(
        np.degrees(np.arctan2(np.abs(across.take(_DEPTHS, axis=1)), across.take(_WIDTHS, axis=1)))
    )


def view_score(lm: Landmarks) -> Float:
    """(N,) 0 = front to about 5.8 = profile; NaN where nobody is found or the person is seen from behind."""
    angle = shoulder_line_deg(lm)
    folded = np.minimum(angle, 180.0 - angle) / _PARTS_DEG
    score = folded[:, 0] + folded[:, 1]
    score[(angle > _BEHIND_DEG).all(axis=1)] = np.nan
    flat = np.isnan(across_depth(lm))
    return np.where(flat & lm.person_found, _flat_score(lm), score) if flat.any() else score


def across_depth(lm: Landmarks) -> Float:
    """(N,) depth between the shoulders, of picture and world added up; NaN where the landmarks lack either."""
    across = lm.pose[:, names.LEFT_SHOULDER] - lm.pose[:, names.RIGHT_SHOULDER]
    return np.asarray(across[:, 2] + across[:, 7], np.float64)


def _flat_score(lm: Landmarks) -> Float:
    """(N,) the score of landmarks without depth, by shoulder width over ear-to-shoulder distance; NaN between.

    Rendered persons: front and oblique 1.3 and more in 99 of 100 frames, side 0.6 and less. A front view is thus
    told from a profile, not from an oblique one.
    """
    points = lm.pose_px()
    ear, shoulders = nanmean_quiet(points[:, names.EARS], axis=1), points[:, names.SHOULDERS]
    up = np.linalg.norm(ear - shoulders.mean(axis=1), axis=1)
    wide = (shoulders[:, 0, 0] - shoulders[:, 1, 0]) / np.maximum(up, 1.0)
    score = np.where(wide > _WIDE_FRONT, _FLAT_FRONT, np.nan)
    return np.where(np.abs(wide) < _WIDE_SIDE, _FLAT_SIDE, score)


def classify_view(lm: Landmarks) -> Codes:
    """(N,) int8 `View` codes; UNKNOWN where nobody is found or the person is seen from behind.

    A head turned in a front view stays a front view: only the trunk counts.
    """
    return _codes(view_score(lm))


def baseline_view(lm: Landmarks) -> View:
    """The view of a calibration: that of the median score of its frames; UNKNOWN when no frame has one."""
    score = _median_score(lm)
    if np.isnan(score):
        return View.UNKNOWN
    return View.FRONT if score < OBLIQUE_FROM else View.OBLIQUE if score < _side_from(lm) else View.SIDE


def view_margin(lm: Landmarks) -> float:
    """How far the median score of a calibration is from that of another view.

    0 when no frame has one, and where a trunk between oblique and profile has to count as a profile: the estimators of
    the side know profiles, and err by 2 degrees and more there.
    """
    score, side_from = _median_score(lm), _side_from(lm)
    if np.isnan(score) or side_from <= score < CLEAR_SIDE:
        return 0.0
    return min(abs(score - OBLIQUE_FROM), abs(score - side_from))


def _median_score(lm: Landmarks) -> float:
    scores = view_score(lm)
    scores = scores[np.isfinite(scores)]
    return float(np.median(scores)) if len(scores) else float("nan")


def _side_from(lm: Landmarks) -> float:
    """The score from which a calibration is a profile."""
    meshes = lm.face_px()[lm.face_found]
    if len(meshes) <= 0.5 * len(lm):
        return SIDE_FROM
    turned_deg = abs(facing_deg(np.median(meshes, axis=0))[1])
    return CLEAR_SIDE if turned_deg <= FACE_TURNED_DEG else SIDE_FROM


_FROM: Final = np.array([OBLIQUE_FROM, SIDE_FROM, np.inf])
_CODES: Final = np.array([View.FRONT, View.OBLIQUE, View.SIDE, View.UNKNOWN], np.int8)


def _codes(score: Float) -> Codes:
    return np.asarray(_CODES[np.searchsorted(_FROM, score, side="right")])  # NaN lies behind them all
