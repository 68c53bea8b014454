"""What a front view's picture shows of a change of posture, in the columns that a small fit can use.

Lengths are in "centimetres at the face of the baseline".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from posture_cv.landmarks.types import Landmarks
from posture_cv.measure.front_columns import EVEN_BLOCKS, MESH_COLUMNS, ODD_BLOCKS, slices_of
from posture_cv.measure.front_outline import ALONG, JUMP_CM, Outlines, register
from posture_cv.measure.front_parts import ONE_POINT, Head, Trunk, head_of, trunk_of
from posture_cv.measure.front_reference import (
    ARM_OFFSETS,
    CROWN_COLUMNS,
    HEAD_ROWS,
    ROW_OFFSETS,
    FrontReference,
)
from posture_cv.measure.types import Float, Mask

# Frames read at once: outlines of more make arrays so large that the system takes their pages back after each step, and
# clears them anew for the next, which costs a third of the reading (measured).
READ_AT_ONCE: Final = 64
# Points of the outline on one side (of the crown: in all), and of the shoulder's curve.
_R, _A, _H, _C = len(ROW_OFFSETS), len(ARM_OFFSETS), len(HEAD_ROWS), len(CROWN_COLUMNS)
_K: Final = len(ALONG)
_DEGREES: Final = 180.0 / np.pi
# Shoulders by landmarks cannot be right whose growth (100 times its natural logarithm) differs so much from that of the
# face or the outline, or which are tilted so far (ours).
WIDTH_FROM_FACE_HIGH: Final = 22.0
WIDTH_FROM_OUTLINE_HIGH: Final = 18.0
TILT_HIGH_DEG: Final = 20.0


@dataclass(frozen=True, slots=True, eq=False)
class FrontReading:
    """What N frames show.

    Attributes:
        even, odd: (N, D) columns of `EVEN_BLOCKS` and `ODD_BLOCKS`; 0 where not seen.
        yaw_deg: (N,) the head's, as the mesh shows it; NaN without a face.
        face, body, contour: (N,) whether the face, the body and a usable contour were found.
        contradicts: (N,) the pose points cannot be right beside the face and the outline.
        points: (N, 3, 2) middles in pixels: shoulders, shoulders as the outline moved them, eyes.
        growth: (N, 2) natural logarithm of the growth of the shoulders: by landmarks, by the outline.
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
        """(N, 2) how the camera stands: the face's pitch to it in tens of degrees, and the column `camera_gap`."""
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
    head, trunk = head_of(lm, reference), trunk_of(lm, reference)
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


_E: Final = slices_of(EVEN_BLOCKS)
_O: Final = slices_of(ODD_BLOCKS)
_OUTLINE_EVEN: Final = slice(_E["outline_even"].start, _E["head_even"].stop)
_OUTLINE_ODD: Final = slice(_O["outline_odd"].start, _O["head_odd"].stop)
_CAMERA_EVEN: Final = slice(_E["camera_pitch"].start, _E["camera_gap"].stop)
# The columns of `FrontReading.camera`: their units, and the limits beyond which a stand, other than that of any laptop
# or monitor, says no more about the uncertainty (ours).
_STAND_UNIT, _STAND_LOW, _STAND_HIGH = np.array([0.1, 1.0]), np.array([-1.5, -0.5]), np.array([4.0, 0.5])
_UNCERTAIN: Final = np.array([_E["camera_pitch"].start, _E["camera_gap"].start])
_EVEN_COUNT: Final = _E["camera_gap"].stop
_ODD_COUNT: Final = _O["camera_yaw"].stop


def _columns(reference: FrontReference, head: Head, trunk: Trunk, motion: Float) -> tuple[Float, Float]:
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


def _registered(outlines: Outlines, reference: FrontReference, trunk: Trunk) -> tuple[Float, Float, Mask]:
    """Motion (N, 4) of the shoulders' outline, what remains of it (N, 60) in cm, whether it is usable."""
    start = np.empty((len(trunk.body), 4))
    start[:, :2], start[:, 2], start[:, 3] = trunk.moved, trunk.growth, trunk.tilt_deg / _DEGREES
    motion, rest = register(reference.curve, outlines, start)
    believable = np.abs(rest) <= JUMP_CM  # false for NaN
    usable = believable.sum(axis=1) >= reference.curve_points_low
    return motion, np.where(believable, rest, 0.0), usable


def _outline(
    reference: FrontReference, outlines: Outlines, rest: Float, motion: Float, trunk: Trunk, head: Head
) -> tuple[Float, Float]:
    """Changes of the outline, even (N, 101) and odd (N, 100), in cm: along shoulders, rows, arms, head and crown."""
    middles = np.empty((len(rest), 7))
    middles[:, :_BY_OUTLINE_X], middles[:, _BY_OUTLINE_X:_EYES_X] = (
        trunk.middle,
        reference.shoulders + motion[:, :2],
    )
    middles[:, _EYES_X:_GROWTH], middles[:, _GROWTH] = reference.eyes + head.moved, np.exp(motion[:, 2])
    start, centre = middles.take(_ALONG, axis=1), middles.take(_ACROSS, axis=1)
    grown = np.ones(start.shape)
    grown[:, _ARMS] = middles[:, _GROWTH:]
    found = (outlines.read(reference.places, start + reference.offsets * grown) - centre) / grown
    change = (found - reference.then) * reference.cm
    change = np.where(np.abs(change) <= reference.limit_cm, change, 0.0)  # 0 for NaN too
    return _combined(rest, change)


# Middles about which the outline is read: of the shoulders by landmarks, by the outline, of the eyes; the growth.
_SHOULDERS_X, _SHOULDERS_Y, _BY_OUTLINE_X, _BY_OUTLINE_Y, _EYES_X, _EYES_Y, _GROWTH = range(7)
_POINTS: Final = (2 * _R, 2 * _A, 2 * _H, _C)
# Side edges are read at heights and tell places across; the upper edge (the crown) the other way round.
_ALONG: Final = np.repeat([_SHOULDERS_Y, _BY_OUTLINE_Y, _EYES_Y, _EYES_X], _POINTS)
_ACROSS: Final = np.repeat([_SHOULDERS_X, _BY_OUTLINE_X, _EYES_X, _EYES_Y], _POINTS)
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
    """(N,) whether the shoulders' landmarks cannot be right; growths (N,) in 100 times their natural logarithm."""
    from_face = face & (np.abs(width - scale) > WIDTH_FROM_FACE_HIGH)
    from_outline = contour & (np.abs(width - outline_scale) > WIDTH_FROM_OUTLINE_HIGH)
    one_point = width <= 100.0 * np.log(ONE_POINT)
    return np.asarray(from_face | from_outline | one_point | (np.abs(tilt_deg) > TILT_HIGH_DEG))
