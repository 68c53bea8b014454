"""Rules of other posture monitors, restated from their published descriptions, and three single cues.

Each is judged on the same frames and landmarks as ours, with the same calibration frames where it knows a
baseline. Single frames: dwell times, votes and smoothing over readings are left out, for all alike. Names of the
rules are those of the projects; the sentences say what was restated.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from posture_cv.landmarks import names
from posture_cv.landmarks.types import Landmarks
from posture_cv.measure.types import Float

Score = Callable[[Landmarks, Landmarks], Float]


@dataclass(frozen=True, slots=True)
class Rival:
    """Another rule.

    Attributes:
        key: in the JSON.
        title: for people.
        rule: what is flagged, in one line.
        score: (landmarks of N frames, landmarks of the calibration frames) -> (N,), flagged above 1; NaN
            where the rule has nothing to go by.
    """

    key: str
    title: str
    rule: str
    score: Score


def _y(lm: Landmarks, points: list[int]) -> Float:
    """(N,) mean height of some pose points in the picture, share of its height, down positive."""
    return np.asarray(lm.pose[:, points, 1].mean(axis=1), np.float64)


def _x(lm: Landmarks, points: list[int]) -> Float:
    return np.asarray(lm.pose[:, points, 0].mean(axis=1), np.float64)


def _width(lm: Landmarks, points: list[int]) -> Float:
    """(N,) horizontal distance of a left and a right pose point, share of the width."""
    return np.asarray(np.abs(lm.pose[:, points[0], 0] - lm.pose[:, points[1], 0]), np.float64)


def _mean(values: Float) -> float:
    """Mean of the known calibration values; NaN without any."""
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else float("nan")


def _median(values: Float) -> float:
    known = values[np.isfinite(values)]
    return float(np.median(known)) if len(known) else float("nan")


def _nose_height(lm: Landmarks, cal: Landmarks) -> Float:
    return (_y(lm, [names.NOSE]) - _mean(_y(cal, [names.NOSE]))) / 0.03


def _face_size(lm: Landmarks, cal: Landmarks) -> Float:
    return (_width(lm, names.EARS) / _mean(_width(cal, names.EARS)) - 1.0) / 0.05


def _mesh_width(lm: Landmarks) -> Float:
    return np.asarray(np.ptp(lm.face[:, :, 0], axis=1), np.float64)


def _face_mesh_size(lm: Landmarks, cal: Landmarks) -> Float:
    return (_mesh_width(lm) / _mean(_mesh_width(cal)) - 1.0) / 0.05


def _gap(lm: Landmarks, *, over_width: bool) -> Float:
    """(N,) ears above shoulders in pixels, or as a share of the shoulder width."""
    points = lm.pose_px()
    gap = points[:, names.SHOULDERS, 1].mean(axis=1) - points[:, names.EARS, 1].mean(axis=1)
    return np.asarray(gap / _shoulder_px(lm) if over_width else gap, np.float64)


def _shoulder_px(lm: Landmarks) -> Float:
    points = lm.pose_px()
    return np.asarray(np.abs(points[:, names.SHOULDERS[0], 0] - points[:, names.SHOULDERS[1], 0]), np.float64)


def _ear_shoulder_gap(lm: Landmarks, cal: Landmarks) -> Float:
    # in profile the shoulders lie behind each other, and their distance is no measure of size
    over_width = _median(_shoulder_px(cal)) >= _median(_gap(cal, over_width=False))
    base = _median(_gap(cal, over_width=over_width))
    return (1.0 - _gap(lm, over_width=over_width) / base) / 0.07


def _eye_height(lm: Landmarks, cal: Landmarks) -> Float:
    height = lm.size_px[:, 1].astype(np.float64)
    return np.abs(_y(lm, names.EYES) - _mean(_y(cal, names.EYES))) * height / 25.0


def _lateral_ratios(lm: Landmarks) -> tuple[Float, Float, Float]:
    """pose-nudge's three ratios: eye distance, sideways ear offset, shoulder slope."""
    width = _width(lm, names.SHOULDERS)
    slope = np.abs(lm.pose[:, names.SHOULDERS[0], 1] - lm.pose[:, names.SHOULDERS[1], 1])
    neck = np.abs(_y(lm, names.SHOULDERS) - _y(lm, [names.NOSE]))
    return (
        _width(lm, names.EYES) / width,
        np.abs(_x(lm, names.EARS) - _x(lm, names.SHOULDERS)) / width,
        slope / neck,
    )


def _pose_nudge(lm: Landmarks, cal: Landmarks) -> Float:
    (eyes, offset, slope), base = _lateral_ratios(lm), [_mean(v) for v in _lateral_ratios(cal)]
    shoulder = np.minimum((slope - base[2]) / 0.9, slope / 0.18)
    return np.fmax(np.fmax((eyes - base[0]) / 0.030, (offset - base[1]) / 0.020), shoulder)


def _plane_angle_deg(lm: Landmarks) -> Float:
    """KHU's angle between the ears' middle and the plane through the shoulder line, from x, y and z."""
    left, right = (lm.pose[:, i, :3].astype(np.float64) for i in names.SHOULDERS)
    middle = lm.pose[:, names.EARS, :3].astype(np.float64).mean(axis=1)
    line = right - left
    along = ((middle - left) * line).sum(axis=1) / (line**2).sum(axis=1)
    foot = left + along[:, None] * line
    before = np.stack([middle[:, 0], foot[:, 1], np.ones(len(lm))], axis=1)
    normal = np.cross(line, before - foot)
    to_foot = foot - middle
    size = np.linalg.norm(to_foot, axis=1) * np.linalg.norm(normal, axis=1)
    cosine = np.abs((to_foot * normal).sum(axis=1)) / np.where(size > 0, size, np.nan)
    return np.asarray(90.0 - np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0))), np.float64)


def _khu(lm: Landmarks, _cal: Landmarks) -> Float:
    return 1.0 + (48.0 - _plane_angle_deg(lm)) / 48.0


def _learnopencv(lm: Landmarks, _cal: Landmarks) -> Float:
    """Neck 40 deg: left shoulder to left ear against the vertical, in pixels."""
    points = lm.pose_px()
    step = points[:, names.LEFT_EAR] - points[:, names.LEFT_SHOULDER]
    return np.degrees(np.arctan2(np.abs(step[:, 0]), -step[:, 1])) / 40.0


def _hack_baro(lm: Landmarks, cal: Landmarks) -> Float:
    """Pitch 12 deg lower and either the ears' sideways offset or the face size beyond its limit.

    Its own offset is |x| of the ears' middle against the shoulders'; the pitch is that of the face mesh.
    """
    pitch = _mesh_pitch_deg(lm, cal) / 12.0
    offset = (_offset(lm) - _mean(_offset(cal))) / 0.18
    size = (_mesh_size(lm) / _mean(_mesh_size(cal)) - 1.0) / 0.12
    return np.minimum(pitch, np.fmax(offset, size))


def _offset(lm: Landmarks) -> Float:
    return np.asarray(
        np.abs(_x(lm, names.EARS) - _x(lm, names.SHOULDERS)) / _width(lm, names.SHOULDERS), np.float64
    )


def _mesh_size(lm: Landmarks) -> Float:
    points = lm.face_px()
    return np.asarray(np.sqrt(np.ptp(points[:, :, 0], axis=1) * np.ptp(points[:, :, 1], axis=1)), np.float64)


def _mesh_pitch_deg(lm: Landmarks, cal: Landmarks) -> Float:
    """(N,) turn of the face mesh about the picture's horizontal against the calibration's; down positive.

    Rotation by orthogonal Procrustes (Kabsch 1976).
    """
    faces = cal.face_px()[cal.face_found]
    if len(faces) == 0:
        return np.full(len(lm), np.nan)
    base = np.median(faces, axis=0)
    base = base - base.mean(axis=0)
    mesh = np.where(lm.face_found[:, None, None], lm.face_px(), base)
    u, _, vt = np.linalg.svd((mesh - mesh.mean(axis=1, keepdims=True)).transpose(0, 2, 1) @ base)
    mirrored = np.linalg.det(u @ vt) < 0
    u[mirrored, :, -1] *= -1.0
    turn = u @ vt
    pitch = np.degrees(np.arctan2(turn[:, 2, 1], turn[:, 2, 2]))
    return np.where(lm.face_found, pitch, np.nan)


def _uprightly(lm: Landmarks, _cal: Landmarks) -> Float:
    points = lm.pose_px()
    slope = np.abs(points[:, names.SHOULDERS[0], 1] - points[:, names.SHOULDERS[1], 1]) / 30.0
    side = (points[:, names.EARS, 0].mean(axis=1) - points[:, names.SHOULDERS, 0].mean(axis=1)) / 20.0
    tilt = np.abs(points[:, names.EARS[0], 1] - points[:, names.EARS[1], 1]) / 20.0
    return np.asarray(np.max([slope, side, tilt], axis=0), np.float64)


def _slouch_stoppah(lm: Landmarks, cal: Landmarks) -> Float:
    """Top and height of the face box; the box of the face mesh stands in for its own detector's."""
    top, height = _face_box(lm)
    base_top, base_height = (_mean(v) for v in _face_box(cal))
    return np.maximum(top - base_top, height - base_height) / 0.04


def _face_box(lm: Landmarks) -> tuple[Float, Float]:
    y = lm.face[:, :, 1].astype(np.float64)
    return y.min(axis=1), np.ptp(y, axis=1)


RIVALS: Final = (
    Rival("nose_height", "nose height alone", "nose lower by 3 % of the picture (dorso-linux)", _nose_height),
    Rival("face_size", "face size alone", "ears 5 % farther apart in the pose (Dorso)", _face_size),
    Rival(
        "ear_shoulder_gap",
        "ear-shoulder gap alone",
        "gap over shoulder width below 0.93 of the baseline's",
        _ear_shoulder_gap,
    ),
    Rival("face_mesh_size", "face size, from the mesh", "face mesh 5 % wider", _face_mesh_size),
    Rival("eye_height", "Posture! Posture! Posture!", "eyes 25 px higher or lower", _eye_height),
    Rival(
        "pose_nudge", "pose-nudge", "eye distance, sideways offset or slope over shoulder width", _pose_nudge
    ),
    Rival("khu", "KHU turtle neck", "plane angle at most 48 deg, no baseline", _khu),
    Rival("learnopencv", "LearnOpenCV", "neck 40 deg or more, no baseline", _learnopencv),
    Rival(
        "hack_baro",
        "Hack-Baro",
        "pitch 12 deg lower and face 12 % larger or ears offset sideways",
        _hack_baro,
    ),
    Rival("uprightly", "UpRightly", "slopes of 30 and 20 px, sideways offset 20 px, no baseline", _uprightly),
    Rival(
        "slouch_stoppah",
        "slouch-stoppah",
        "face box 4 points of the picture lower or taller",
        _slouch_stoppah,
    ),
)


def flagged(score: Float) -> NDArray[np.bool_]:
    """(N,) whether a rule flags; a frame in which it has nothing to go by is not flagged."""
    return np.nan_to_num(score, nan=-np.inf) > 1.0
