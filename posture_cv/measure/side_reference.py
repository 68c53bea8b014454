"""A baseline in profile, worked out once: the pieces of its outline, and where they and the person's joints are.

Rough centimetres (`Anchors.unit`), the face to the right of the picture, y downwards.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np

from posture_cv.landmarks.types import CONTOUR_ROWS
from posture_cv.measure.baseline import Baseline
from posture_cv.measure.outline_edges import FRONT, REAR, TOP, Edges, Places
from posture_cv.measure.profile_outline import (
    NEAR_EAR,
    NEAR_HIP,
    NEAR_SHOULDER,
    Anchors,
    find_anchors,
    outline_of,
    points_look_right,
)
from posture_cv.measure.rigid_fit import Complex, Stack, Stretch, stack, stretch
from posture_cv.measure.types import Float

# Where things lie, in cm below the throat (medians of the fitting persons).
_C7_BELOW_THROAT: Final = 2.0
_LOW_BACK_BELOW_THROAT: Final = 22.0
# The tragus lies so far behind the face and above the throat, as shares of the length from crown to throat.
_TRAGUS_BEHIND_FACE, _TRAGUS_ABOVE_THROAT = 0.37, 0.47
# The pose model's ear lies this far before and below the tragus (cm); farther off than the limit it has gone astray.
_EAR_FROM_TRAGUS: Final = np.array([1.2, -0.3])
_EAR_FAR: Final = 4.0
# Turns from which the head's registration starts; the best of them is kept.
HEAD_STARTS: Final = np.radians([-12.0, 0.0, 12.0, 24.0, 36.0])
# Precision of the priors about shift forward (cm), down (cm) and turn (rad): the head is all but free; the back slides
# freely forward, and sinks and turns little.
_HEAD_PRECISION: Final = (1e-6, 1e-6, 1e-2)
_BACK_PRECISION: Final = tuple(1.0 / sd**2 for sd in (30.0, 1.5, 0.14))
_BACK_GAIN: Final = 4.75  # 28 correlated points of 0.15 cm noise count as three
_BACK_STARTS_BELOW_THROAT: Final = 7.0
# Heights below the throat at which throat and chest (16) and nape and back (24) are looked at.
FRONT_CM: Final = np.arange(0.0, 24.0, 1.5)
REAR_CM: Final = np.arange(-10.0, 38.0, 2.0)
# Nose, and ear, shoulder, elbow, wrist and hip of the near side.
STILL_POINTS: Final = (0, 8, 12, 14, 16, 24)
# The person's build (cm): the widest of the head; face to nape at the throat's height; shoulder below the crown; ear to
# shoulder; shoulder to hip.
BUILD: Final = ("head_width", "neck_depth", "height", "neck", "trunk")
# Half the length from ear to shoulder and a quarter of that from shoulder to hip make so many units of the landmarks'
# features, which are thus about centimetres.
_MARK_UNITS: Final = 22.0


@dataclass(frozen=True, slots=True, eq=False)
class Contour:
    """What registration needs of a baseline that shows a head.

    Attributes:
        coarse: the head once for each of `HEAD_STARTS`, then upper and lower back; fine: each of the three once.
        tragus, pivot: tragus and C7 (on the rear edge), cm.
        length: crown to throat, cm.
        top_of_start: (S, 1) height of the highest point of the turned head, from the tragus.
        face_of_start: (S, F) some points of the turned face, from the tragus.
        back_edge: place of the rear edge from which the backs start, at height `back_y`, cm.
        edges: (40,) the front and rear edges that are looked at, from the pivot; places: which of them these are.
        shape: (5,) `BUILD`.
        still: (12,) where `STILL_POINTS` are in the baseline, from the pivot: forward and down of each, cm.
    """

    coarse: Stack
    fine: Stack
    tragus: complex
    pivot: complex
    length: float
    top_of_start: Float
    face_of_start: Complex
    back_edge: float
    back_y: float
    edges: Complex
    places: Places
    shape: Float
    still: Float


@dataclass(frozen=True, slots=True, eq=False)
class SideReference:
    """A baseline in profile, worked out once.

    Attributes:
        looks_right: whether the face looks to the right of the picture.
        cm_wide: width of the picture in centimetres of this person.
        points: (33, 2) pose points, cm.
        mark_unit: centimetres in one unit of the landmarks' features.
        seen: whether the baseline shows a person.
        contour: None where the outline does not show a head.
    """

    looks_right: bool
    cm_wide: float
    points: Float
    mark_unit: float
    seen: bool
    contour: Contour | None


@lru_cache(maxsize=8)
def side_reference(baseline: Baseline) -> SideReference:
    """What measuring needs of a baseline."""
    reference = baseline.as_landmarks()
    looks_right = bool(points_look_right(reference.pose_px())[0])
    base = outline_of(reference, looks_right=looks_right)
    anchors = find_anchors(base)
    ear, shoulder, hip = (base.points[0, k] for k in (NEAR_EAR, NEAR_SHOULDER, NEAR_HIP))
    size = 0.5 * float(np.linalg.norm(ear - shoulder)) + 0.25 * float(np.linalg.norm(shoulder - hip))
    unit = size / _MARK_UNITS if anchors is None else anchors.unit
    cm_wide = baseline.size_px[0] / unit
    edges = Edges.of(reference, looks_right=looks_right, cm_wide=cm_wide)
    contour = None if anchors is None else _contour(edges, anchors)
    seen = bool(np.isfinite(shoulder).all())
    return SideReference(looks_right, cm_wide, edges.points[0], size / _MARK_UNITS / unit, seen, contour)


def _in_cm(a: Anchors) -> Anchors:
    return Anchors(a.crown / a.unit, a.throat / a.unit, a.face / a.unit, a.head_width / a.unit, 1.0)


def _contour(base: Edges, anchors: Anchors) -> Contour | None:
    """None where too little of the face's edge is seen between crown and throat."""
    a = _in_cm(anchors)
    tragus = _tragus(base, a)
    head = _head(base, a, tragus)
    upper = _back(base, a, (-1.0, 22.0, _C7_BELOW_THROAT))
    lower = _back(base, a, (10.0, 36.0, _LOW_BACK_BELOW_THROAT))
    turned = np.exp(1j * HEAD_STARTS)[:, None] * head.offset
    is_top = (head.edge == TOP) & (head.weight > 0)
    tops = np.where(is_top, turned.imag, np.inf if is_top.any() else np.nan).min(axis=1)
    face = np.flatnonzero((head.edge == FRONT) & (head.weight > 0))[6::4]
    if not len(face):
        return None
    back_y = a.throat + _BACK_STARTS_BELOW_THROAT
    heights = np.concatenate([FRONT_CM, REAR_CM]) + a.throat
    places = Places.of(np.repeat([[FRONT, REAR]], [len(FRONT_CM), len(REAR_CM)], axis=1))
    across = base.read(places, base.scale_of(places), heights[None])[0]
    return Contour(
        coarse=stack([head] * len(HEAD_STARTS) + [upper, lower]),
        fine=stack([head, upper, lower]),
        tragus=tragus,
        pivot=upper.centre,
        length=a.throat - a.crown,
        top_of_start=tops[:, None],
        face_of_start=turned[:, face],
        back_edge=_edge(base, REAR, back_y),
        back_y=back_y,
        edges=across + 1j * heights - upper.centre,
        places=places,
        shape=_shape(base, a),
        still=(base.points[0, list(STILL_POINTS)] - (upper.centre.real, upper.centre.imag)).ravel(),
    )


def _edge(base: Edges, edge: int, at: float) -> float:
    """Where the edge of one frame is at one height."""
    places = Places.of(np.array([[edge]]))
    return float(base.read(places, base.scale_of(places), np.array([[at]]))[0, 0])


def _tragus(base: Edges, a: Anchors) -> complex:
    """The tragus: the mean of the outline's guess and, where near it, the ear landmark's."""
    length = a.throat - a.crown
    guess = np.array([a.face - _TRAGUS_BEHIND_FACE * length, a.throat - _TRAGUS_ABOVE_THROAT * length])
    ear = base.points[0, NEAR_EAR] - _EAR_FROM_TRAGUS
    near = bool((np.abs(ear - guess) <= _EAR_FAR).all())  # False where the landmark is missing
    x, y = (guess + ear) / 2.0 if near else guess
    return complex(x, y)


def _head(base: Edges, a: Anchors, tragus: complex) -> Stretch:
    """The head's outline: face, back of the head (which counts half) and top; the shares of its length are ours."""
    length = a.throat - a.crown
    head = stretch(
        base,
        (
            (FRONT, np.linspace(a.crown + 0.08 * length, a.throat - 0.04 * length, 40), 1.0),
            (REAR, np.linspace(a.crown + 0.08 * length, a.throat - 0.38 * length, 24), 0.5),
            (TOP, np.linspace(a.face - 0.75 * length, a.face - 0.12 * length, 24), 1.0),
        ),
        tragus,
        _HEAD_PRECISION,
    )
    # Columns that miss the head show the shoulders.
    too_low = (head.edge == TOP) & (head.offset.imag + tragus.imag > a.crown + 0.25 * length)
    head.weight[too_low] = 0.0
    return head


def _back(base: Edges, a: Anchors, cm: tuple[float, float, float]) -> Stretch:
    """The rear edge between the first two heights, which turns about the third; all in cm below the throat."""
    bottom = (CONTOUR_ROWS - 3.0) / float(base.rows[0, 0])
    heights = np.linspace(a.throat + cm[0], min(a.throat + cm[1], bottom), 28)
    pivot = a.throat + cm[2]
    centre = complex(np.nan_to_num(_edge(base, REAR, pivot)), pivot)
    return stretch(base, ((REAR, heights, 1.0),), centre, _BACK_PRECISION, _BACK_GAIN)


def _shape(base: Edges, a: Anchors) -> Float:
    """(5,) the person's `BUILD`."""
    ear, shoulder, hip = base.points[0, NEAR_EAR], base.points[0, NEAR_SHOULDER], base.points[0, NEAR_HIP]
    nape = a.face - _edge(base, REAR, a.throat)
    neck, trunk = float(np.linalg.norm(ear - shoulder)), float(np.linalg.norm(hip - shoulder))
    return np.array([a.head_width, nape, shoulder[1] - a.crown, neck, trunk])
