"""What a front view shows of a change of posture, in numbers that a small fit can use.

Lengths are in "centimetres at the face of the baseline". Every column is either even (the same in a mirrored
picture) or odd (of opposite sign), so that a fit can be exactly symmetric. All are changes against the baseline
except those of the camera, which say how the camera stands to the sitting person.

Two stages: `read_front` reads what the picture shows; `room_columns` turns it into displacements in the room with
the face's size and pitch as a first fit has refined them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import lru_cache
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from posture_cv.landmarks import names
from posture_cv.landmarks.types import Landmarks
from posture_cv.measure.expression import Movements
from posture_cv.measure.front_outline import JUMP_CM, Mask, Outlines, register
from posture_cv.measure.front_reference import (
    ARM_OFFSETS,
    CENTROID,
    CROWN_COLUMNS,
    EYES,
    HEAD_ROWS,
    POSE_POINTS,
    ROW_OFFSETS,
    FrontReference,
    along_axes,
)
from posture_cv.measure.front_space import CameraStand
from posture_cv.measure.rotation import rotation_and_scale
from posture_cv.measure.types import Float

MESH_COLUMNS: Final = 12
# Frames read at once: outlines of more make arrays so large that the system takes their pages back after each step, and
# clears them anew for the next, which costs a third of the reading (measured).
READ_AT_ONCE: Final = 64
_R, _A, _H, _C = len(ROW_OFFSETS), len(ARM_OFFSETS), len(HEAD_ROWS), len(CROWN_COLUMNS)
_K = 30
_DEGREES: Final = 180.0 / np.pi
Layout = tuple[tuple[str, int], ...]
# Blocks of columns, in order, and how many each has.
EVEN_BLOCKS: Final[Layout] = (
    ("pitch", 1),
    ("log_scale", 1),
    ("eye_v", 1),
    ("scale_ratio", 1),
    ("outline_ratio", 1),
    ("mesh_even", MESH_COLUMNS),
    ("shoulder_width", 1),
    ("pose_even", 11),
    ("outline_v", 1),
    ("outline_scale", 1),
    ("outline_even", _K),
    ("rows_even", _R),
    ("arms_even", _A),
    ("head_even", _H + _C // 2 + 1),
    ("camera_pitch", 1),
    ("camera_scale", 1),
    ("camera_height", 1),
    ("camera_breadth", 1),
    ("camera_gap", 1),
)
ODD_BLOCKS: Final[Layout] = (
    ("turn", 1),
    ("tilt", 1),
    ("eye_u", 1),
    ("mesh_odd", MESH_COLUMNS),
    ("shoulder_tilt", 1),
    ("shoulder_u", 1),
    ("pose_odd", 11),
    ("outline_roll", 1),
    ("outline_odd", _K),
    ("rows_odd", _R),
    ("arms_odd", _A),
    ("head_odd", _H + _C // 2),
    ("camera_yaw", 1),
)
ROOM_EVEN: Final = (
    *("head_pitch", "head_forward", "head_up", "forward_gap", "outline_forward_gap", "up_gap"),
    *("outline_up_gap", "carried_up_gap", "shoulder_forward", "outline_forward", "shoulder_up", "outline_up"),
)
ROOM_ODD: Final = ("head_left", "left_gap", "outline_left")
# Pose points that contradict face and outline: growth in percent, tilt in degrees (ours).
WIDTH_FROM_FACE_HIGH: Final = 22.0
WIDTH_FROM_OUTLINE_HIGH: Final = 18.0
TILT_HIGH_DEG: Final = 20.0
# A face or shoulders that small, as a share of the baseline's, are one point, which no part of a body is (ours).
_ONE_POINT: Final = 0.01
_PAIRS: Final = (
    (names.LEFT_EYE, names.RIGHT_EYE),
    (names.LEFT_EAR, names.RIGHT_EAR),
    (names.MOUTH_LEFT, names.MOUTH_RIGHT),
    (names.LEFT_ELBOW, names.RIGHT_ELBOW),
    (names.LEFT_HIP, names.RIGHT_HIP),
)


@dataclass(frozen=True, slots=True, eq=False)
class FrontReading:
    """What N frames show.

    Attributes:
        even, odd: (N, D) columns of `EVEN_BLOCKS` and `ODD_BLOCKS`; 0 where not seen.
        yaw_deg: (N,) the head's, as the mesh shows it; NaN without a face.
        face, body, contour: (N,) whether the face, the body and a usable contour were found.
        contradicts: (N,) the pose points cannot be right beside the face and the outline.
        points: (N, 3, 2) middles in pixels: shoulders, shoulders as the outline moved them, eyes.
        growth: (N, 2) logarithm of the growth of the shoulders: by landmarks, by the outline.
    """

    even: Float
    odd: Float
    yaw_deg: Float
    face: Mask
    body: Mask
    contour: Mask
    contradicts: Mask
    points: Float
    growth: Float

    def __len__(self) -> int:
        return len(self.body)

    @property
    def camera(self) -> Float:
        """(N, 2) how the camera stands: the face's pitch to it in tens of degrees, its height over the shoulders."""
        stand = np.maximum(self.even.take(_UNCERTAIN, axis=1) * _STAND_UNIT, _STAND_LOW)
        return np.asarray(np.minimum(stand, _STAND_HIGH))

    def __getitem__(self, index: Mask | slice) -> Self:
        return type(self)(**{f.name: getattr(self, f.name)[index] for f in fields(self)})

    @classmethod
    def concat(cls, parts: Sequence[Self]) -> Self:
        """The frames of one or more parts, in order."""
        return cls(**{f.name: np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(cls)})


def read_front(lm: Landmarks, reference: FrontReference) -> FrontReading:
    """All that N frames show, in any picture size with the baseline's aspect."""
    if len(lm) <= READ_AT_ONCE:
        return _read(lm, reference)
    starts = range(0, len(lm), READ_AT_ONCE)
    return FrontReading.concat([_read(lm[k : k + READ_AT_ONCE], reference) for k in starts])


def _read(lm: Landmarks, reference: FrontReference) -> FrontReading:
    head, trunk = _head(lm, reference), _trunk(lm, reference)
    outlines = reference.picture.outline(lm.rows, lm.cols)
    motion, rest, usable = _registered(outlines, reference, trunk)
    scale, width, by_outline = 100.0 * head.log_scale, 100.0 * trunk.growth, 100.0 * motion[:, 2]
    even, odd = _columns(reference, head, trunk, motion)
    even[:, _E["scale_ratio"]] = (scale - width)[:, None]
    even[:, _E["outline_ratio"]] = (scale - by_outline)[:, None]
    even[:, _OUTLINE_EVEN], odd[:, _OUTLINE_ODD] = _outline(reference, outlines, rest, motion, trunk, head)
    points, growth = np.empty((len(lm), 3, 2)), np.empty((len(lm), 2))
    points[:, 0], points[:, 1], points[:, 2] = (
        trunk.middle,
        reference.shoulders + motion[:, :2],
        reference.eyes + head.moved,
    )
    growth[:, 0], growth[:, 1] = trunk.growth, motion[:, 2]
    contour = trunk.body & usable
    contradicts = trunk.body & _contradicts(head.seen, contour, width, scale, by_outline, trunk.tilt_deg)
    seen, yaw_deg = head.seen & trunk.body, head.angles[:, 1]
    if not seen.all():
        yaw_deg = np.where(seen, yaw_deg, np.nan)
    return FrontReading(
        even=even,
        odd=odd,
        yaw_deg=yaw_deg,
        face=head.seen,
        body=trunk.body,
        contour=contour,
        contradicts=contradicts,
        points=points,
        growth=growth,
    )


def _slices(layout: Layout) -> dict[str, slice]:
    stops = np.cumsum([width for _, width in layout]).tolist()
    return {name: slice(stop - width, stop) for (name, width), stop in zip(layout, stops, strict=True)}


_E: Final = _slices(EVEN_BLOCKS)
_O: Final = _slices(ODD_BLOCKS)
_OUTLINE_EVEN: Final = slice(_E["outline_even"].start, _E["head_even"].stop)
_OUTLINE_ODD: Final = slice(_O["outline_odd"].start, _O["head_odd"].stop)
_CAMERA_EVEN: Final = slice(_E["camera_pitch"].start, _E["camera_gap"].stop)
# Beyond what laptops and monitors do, a stand says no more about the uncertainty (ours).
_STAND_UNIT, _STAND_LOW, _STAND_HIGH = np.array([0.1, 1.0]), np.array([-1.5, -0.5]), np.array([4.0, 0.5])
_UNCERTAIN: Final = np.array([_E["camera_pitch"].start, _E["camera_gap"].start])
_EVEN_COUNT: Final = _E["camera_gap"].stop
_ODD_COUNT: Final = _O["camera_yaw"].stop


def _columns(reference: FrontReference, head: _Head, trunk: _Trunk, motion: Float) -> tuple[Float, Float]:
    """Even and odd columns of head, landmarks and camera; those of the outline and the ratios are still empty."""
    n, cm = len(motion), reference.cm
    even, odd = np.empty((n, _EVEN_COUNT)), np.empty((n, _ODD_COUNT))
    even[:, _E["pitch"]], odd[:, _O["turn"]], odd[:, _O["tilt"]] = (
        head.angles[:, k : k + 1] for k in range(3)
    )
    even[:, _E["log_scale"]] = 100.0 * head.log_scale[:, None]
    odd[:, _O["eye_u"]], even[:, _E["eye_v"]] = head.moved[:, :1] * cm, head.moved[:, 1:] * cm
    even[:, _E["mesh_even"]], odd[:, _O["mesh_odd"]] = (
        head.shape[:, :MESH_COLUMNS],
        head.shape[:, MESH_COLUMNS:],
    )
    even[:, _E["shoulder_width"]] = 100.0 * trunk.growth[:, None]
    odd[:, _O["shoulder_tilt"]], odd[:, _O["shoulder_u"]] = trunk.tilt_deg[:, None], trunk.moved[:, :1] * cm
    even[:, _E["pose_even"]], odd[:, _O["pose_odd"]] = trunk.even, trunk.odd
    even[:, _E["outline_v"]], even[:, _E["outline_scale"]] = motion[:, 1:2] * cm, 100.0 * motion[:, 2:3]
    odd[:, _O["outline_roll"]] = motion[:, 3:] * _DEGREES
    even[:, _CAMERA_EVEN], odd[:, _O["camera_yaw"]] = reference.camera_even, reference.camera_odd
    return even, odd


@dataclass(frozen=True, slots=True, eq=False)
class _Head:
    """The head in N frames; nothing changed where no face is seen.

    Attributes:
        seen: (N,) whether it is.
        log_scale: (N,) logarithm of its growth.
        angles: (N, 3) pitch, yaw and roll in degrees.
        moved: (N, 2) shift of the eyes, pixels.
        shape: (N, K) change of shape, cm.
    """

    seen: Mask
    log_scale: Float
    angles: Float
    moved: Float
    shape: Float


def _head(lm: Landmarks, reference: FrontReference) -> _Head:
    sums = np.matmul(lm.face.transpose(0, 2, 1), reference.weights) * reference.unit
    seen = np.isfinite(sums[:, :, CENTROID]).all(axis=1) & lm.person_found
    if not seen.all():
        sums = np.where(seen[:, None, None], sums, reference.sums)
    sums, rotation, scale = _with_own_expression(sums, reference.movements)
    x, y, z = -rotation[:, 0, 2], -rotation[:, 1, 2], -rotation[:, 2, 2]
    roll = np.arctan2(rotation[:, 1, 0], rotation[:, 0, 0])
    angles = np.empty((len(scale), 3))
    angles[:, 0], angles[:, 1] = np.arctan2(y, np.sqrt(x * x + z * z)), np.arctan2(x, -z)
    angles[:, 2] = roll
    angles *= _DEGREES
    shape = (along_axes(sums, roll, scale) - reference.shape) * reference.cm
    eyes = sums[:, :2, EYES]
    return _Head(seen, np.log(scale), angles, eyes - reference.eyes, shape)


def _with_own_expression(sums: Float, movements: Movements) -> tuple[Float, Float, Float]:
    """The sums (N, 3, S) with the baseline's expression, and rotation (N, 3, 3) and scale (N,) of these meshes."""
    count = movements.weights.shape[1]
    sums, told = sums[:, :, : sums.shape[2] - count], sums[:, :, sums.shape[2] - count :]
    rotation, scale = rotation_and_scale(sums[:, :, :3])
    if count:
        sums = movements.taken_off(sums, told, rotation, np.maximum(scale, _ONE_POINT))
        rotation, scale = rotation_and_scale(sums[:, :, :3])
    return sums, rotation, np.maximum(scale, _ONE_POINT)


@dataclass(frozen=True, slots=True, eq=False)
class _Trunk:
    """Shoulders and the other pose points in N frames; nothing changed where nobody is seen.

    Attributes:
        body: (N,) whether somebody is.
        middle, moved: (N, 2) of the shoulders and its shift, pixels.
        growth: (N,) logarithm of the shoulders' growth.
        tilt_deg: (N,) of their line.
        even, odd: (N, 11) changes of the other points, cm.
    """

    body: Mask
    middle: Float
    moved: Float
    growth: Float
    tilt_deg: Float
    even: Float
    odd: Float


def _combinations() -> tuple[Float, Float]:
    """(50, 11) each: mean height and half separation of the pairs, nose first, and their odd counterparts."""
    even, odd = np.zeros((POSE_POINTS, 2, 11)), np.zeros((POSE_POINTS, 2, 11))
    even[names.NOSE, 1, 0] = odd[names.NOSE, 0, 0] = 1.0
    for k, (left, right) in enumerate(_PAIRS):
        even[[left, right], 1, 2 * k + 1] = odd[[left, right], 0, 2 * k + 2] = 0.5
        even[left, 0, 2 * k + 2] = odd[left, 1, 2 * k + 1] = 0.5
        even[right, 0, 2 * k + 2] = odd[right, 1, 2 * k + 1] = -0.5
    return even.reshape(-1, 11), odd.reshape(-1, 11)


_COMBINED: Final = np.hstack(_combinations())


def _trunk(lm: Landmarks, reference: FrontReference) -> _Trunk:
    pose = lm.pose[:, :POSE_POINTS, :2] * reference.picture.size_px
    body = np.isfinite(pose[:, : names.RIGHT_SHOULDER + 1].sum(axis=(1, 2)))
    if not body.all():
        pose = np.where(body[:, None, None], pose, reference.pose)
    moved = pose - reference.pose
    left, right = pose[:, names.LEFT_SHOULDER], pose[:, names.RIGHT_SHOULDER]
    across = left - right
    width = np.maximum(np.sqrt((across * across).sum(axis=1)) / reference.width_px, _ONE_POINT)
    tilt = np.arctan2(across[:, 1], across[:, 0]) - reference.tilt
    middle = (left + right) / 2.0
    flat = moved.reshape(len(pose), -1)
    flat = np.where(np.isfinite(flat), flat, 0.0)
    combined = flat @ _COMBINED * reference.cm
    return _Trunk(
        body,
        middle,
        middle - reference.shoulders,
        np.log(width),
        (np.degrees(tilt) + 180.0) % 360.0 - 180.0,
        combined[:, :11],
        combined[:, 11:],
    )


def _registered(outlines: Outlines, reference: FrontReference, trunk: _Trunk) -> tuple[Float, Float, Mask]:
    """Motion (N, 4) of the shoulders' outline, what remains of it (N, 60) in cm, whether it is usable."""
    start = np.empty((len(trunk.body), 4))
    start[:, :2], start[:, 2], start[:, 3] = trunk.moved, trunk.growth, trunk.tilt_deg / _DEGREES
    motion, rest = register(reference.curve, outlines, start)
    believable = np.abs(rest) <= JUMP_CM  # false for NaN
    usable = believable.sum(axis=1) >= reference.curve_points_low
    return motion, np.where(believable, rest, 0.0), usable


def _outline(
    reference: FrontReference, outlines: Outlines, rest: Float, motion: Float, trunk: _Trunk, head: _Head
) -> tuple[Float, Float]:
    """Changes of the outline (N, 101) and (N, 100) in cm: along shoulders, rows, arms, head and crown."""
    # middle of the shoulders, of the outline's shoulders, of the eyes; along the outline and across it
    middles = np.empty((len(rest), 7))
    middles[:, 0:2], middles[:, 2:4] = trunk.middle, reference.shoulders + motion[:, :2]
    middles[:, 4:6], middles[:, 6] = reference.eyes + head.moved, np.exp(motion[:, 2])
    start, centre = middles.take(_ALONG, axis=1), middles.take(_ACROSS, axis=1)
    grown = np.ones(start.shape)
    grown[:, _ARMS] = middles[:, 6:]
    found = (outlines.read(reference.places, start + reference.offsets * grown) - centre) / grown
    change = (found - reference.then) * reference.cm
    change = np.where(np.abs(change) <= reference.limit_cm, change, 0.0)  # 0 for NaN too
    return _combined(rest, change)


_POINTS: Final = (2 * _R, 2 * _A, 2 * _H, _C)
_ALONG: Final = np.repeat([1, 3, 5, 4], _POINTS)
_ACROSS: Final = np.repeat([0, 2, 4, 5], _POINTS)
_ARMS: Final = slice(2 * _R, 2 * _R + 2 * _A)


def _pairs() -> tuple[NDArray[np.intp], NDArray[np.intp], Float]:
    """(201,) the columns of shoulders (60) and places (141) that make up each even, then each odd one, and the sign."""
    stops = np.cumsum([0, _K, _K, _R, _R, _A, _A, _H, _H])
    left, right, signs = [], [], []
    for sign in (1.0, -1.0):
        for k in range(4):
            width = int(stops[2 * k + 1] - stops[2 * k])
            at = np.arange(width)
            first, second = stops[2 * k] + at, stops[2 * k + 1] + at
            # along the shoulders both shifts point outward; elsewhere left and right edge part when they grow
            left.append(first if k == 0 else second)
            right.append(second if k == 0 else first)
            signs.append(np.full(width, sign if k == 0 else -sign))
        crown = np.arange(_C // 2 + (1 if sign > 0 else 0))
        left.append(stops[-1] + crown)
        right.append(stops[-1] + _C - 1 - crown)
        signs.append(np.full(len(crown), sign))
    return np.concatenate(left), np.concatenate(right), np.concatenate(signs) / 2.0


_FIRST, _SECOND, _SIGN = _pairs()
_EVEN_OUTLINE: Final = _K + _R + _A + _H + _C // 2 + 1


def _combined(rest: Float, change: Float) -> tuple[Float, Float]:
    """The even and the odd part of the two sides' changes."""
    both = np.concatenate([rest, change], axis=1)
    out = both.take(_FIRST, axis=1) * 0.5 + both.take(_SECOND, axis=1) * _SIGN
    return out[:, :_EVEN_OUTLINE], out[:, _EVEN_OUTLINE:]


def _contradicts(
    face: Mask, contour: Mask, width: Float, scale: Float, outline_scale: Float, tilt_deg: Float
) -> Mask:
    from_face = face & (np.abs(width - scale) > WIDTH_FROM_FACE_HIGH)
    from_outline = contour & (np.abs(width - outline_scale) > WIDTH_FROM_OUTLINE_HIGH)
    one_point = width <= 100.0 * np.log(_ONE_POINT)
    return np.asarray(from_face | from_outline | one_point | (np.abs(tilt_deg) > TILT_HIGH_DEG))


def room_columns(
    reading: FrontReading, reference: FrontReference, stand: CameraStand, growth: Float, pitch_deg: Float
) -> tuple[Float, Float]:
    """Displacements in the room, cm: (N, 12) `ROOM_EVEN` and (N, 3) `ROOM_ODD`.

    Args:
        reading: of N frames.
        reference: the baseline.
        stand: of the camera.
        growth: (N,) logarithm of the head's growth, refined; 0 without a face.
        pitch_deg: (N,) of the head, refined; 0 without a face.
    """
    grown = np.empty((len(growth), 4))
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


_ROOM_POINTS: Final = np.array([0, 1, 1, 2])


@lru_cache(maxsize=8)
def _at_rest(reference: FrontReference, stand: CameraStand) -> Float:
    """(4, 3) where the points of the room stand in the baseline."""
    shoulders, far = reference.shoulders, stand.shoulders_cm
    then = np.array([shoulders, shoulders, shoulders, reference.eyes])
    return stand.points(then, np.array([far, far, far, stand.eyes_cm]))
