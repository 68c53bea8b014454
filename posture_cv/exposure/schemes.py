"""The posture classes of RULA, REBA and ISO 11226, each with what one camera can tell of it.

Rules of this module, which are strict on purpose:

- An angle is taken only from a view that shows it. Neck and trunk flexion lie in the sagittal plane: from the
  side they are measured, from the front and obliquely they are not, whatever an estimate may say, and the
  classes are then "not assessable from this view".
- All angles are changes against the person's calibrated posture, which stands for the neutral zero. RULA does
  not define its own (Ankrum & Nemeth 2000); ISO 11226 asks for a reference posture. If that posture is not
  upright, every class is off by as much.
- Where two classes are told apart by something that no angle says (whether the back is supported, what
  "upright" is), they are given together.
- Extension is counted only beyond the uncertainty of the estimate: otherwise half of all neutral time would be
  extension by noise.
- No "+1" for twist or side-bend: neither method states an angle for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from typing import Final

import numpy as np
from numpy.typing import NDArray

from posture_cv.exposure.epochs import NECK, Quantity
from posture_cv.measure.types import Float, View

SURE: Final = 1.645  # standard deviations: 95 % of a normal error lies below


@dataclass(frozen=True, slots=True)
class Class:
    """One class: values above `low` up to `high`, in degrees; the first one of a scheme takes its `low` too."""

    name: str
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Scheme:
    """A division of an angle into classes.

    Attributes:
        key: of the measure.
        title: for people.
        quantity: the angle, a name of `Epochs.quantities`.
        classes: rising, without gaps. A class with `high` 0 is extension, see the module.
        views: from which views the angle is measured.
        source: key of `SOURCES`.
        note: what else to know.
    """

    key: str
    title: str
    quantity: str
    classes: Sequence[Class]
    views: frozenset[View]
    source: str
    note: str


_SIDE: Final = frozenset({View.SIDE})
_BACK: Final = "extension (beyond its uncertainty)"

SCHEMES: Final = (
    Scheme(
        "rula_neck",
        "RULA neck",
        NECK,
        (
            Class(f"4: {_BACK}", -inf, 0.0),
            Class("1: 0-10 deg", 0.0, 10.0),
            Class("2: 10-20 deg", 10.0, 20.0),
            Class("3: over 20 deg", 20.0, inf),
        ),
        _SIDE,
        "rula",
        "Turn of the line C7-tragus less that of the trunk, against the calibrated posture. Twist and side-bend "
        "(+1) are not assessed: RULA states no angle.",
    ),
    Scheme(
        "rula_trunk",
        "RULA trunk",
        "trunk_incl_deg",
        (
            Class("reclined (beyond its uncertainty): no class", -inf, 0.0),
            Class("1 or 2: 0-20 deg", 0.0, 20.0),
            Class("3: 20-60 deg", 20.0, 60.0),
            Class("4: over 60 deg", 60.0, inf),
        ),
        _SIDE,
        "rula",
        "Inclination hip to C7 against the calibrated posture. Whether the back is supported (class 1) cannot be "
        "seen; RULA gives reclining no class.",
    ),
    Scheme(
        "reba_neck",
        "REBA neck",
        NECK,
        (
            Class(f"2: {_BACK}", -inf, 0.0),
            Class("1: 0-20 deg", 0.0, 20.0),
            Class("2: over 20 deg", 20.0, inf),
        ),
        _SIDE,
        "reba",
        "As for RULA; class 2 holds flexion over 20 degrees and extension, given apart.",
    ),
    Scheme(
        "reba_trunk",
        "REBA trunk",
        "trunk_incl_deg",
        (
            Class("3: extension over 20 deg", -inf, -20.0),
            Class("1 or 2: extension 20 to flexion 20 deg", -20.0, 20.0),
            Class("3: flexion 20-60 deg", 20.0, 60.0),
            Class("4: flexion over 60 deg", 60.0, inf),
        ),
        _SIDE,
        "reba",
        "Class 1 is exactly upright, which no measurement with an uncertainty can tell from class 2.",
    ),
    Scheme(
        "iso_head",
        "ISO 11226 head inclination",
        "head_pitch_deg",
        (
            Class("under 0 deg (beyond its uncertainty)", -inf, 0.0),
            Class("0-25 deg: acceptable", 0.0, 25.0),
            Class("25-85 deg: holding time limited", 25.0, 85.0),
            Class("over 85 deg: not recommended", 85.0, inf),
        ),
        frozenset({View.FRONT, View.SIDE}),
        "iso11226",
        "Head pitch against the calibrated posture, as the standard's reference posture asks.",
    ),
    Scheme(
        "iso_trunk",
        "ISO 11226 trunk inclination",
        "trunk_incl_deg",
        (
            Class("under 0 deg (beyond its uncertainty)", -inf, 0.0),
            Class("0-20 deg: acceptable", 0.0, 20.0),
            Class("20-60 deg: holding time limited", 20.0, 60.0),
            Class("over 60 deg: not recommended", 60.0, inf),
        ),
        _SIDE,
        "iso11226",
        "Acceptable below 0 degrees only with the trunk fully supported, which cannot be seen.",
    ),
    Scheme(
        "iso_neck",
        "ISO 11226 neck flexion",
        NECK,
        (
            Class("under 0 deg (beyond its uncertainty): not recommended", -inf, 0.0),
            Class("0-25 deg: acceptable", 0.0, 25.0),
            Class("over 25 deg: not recommended", 25.0, inf),
        ),
        _SIDE,
        "iso11226",
        "Head inclination less trunk inclination, by the line C7-tragus.",
    ),
)


def members(scheme: Scheme, angle: Quantity, shift: float = 0.0) -> NDArray[np.bool_]:
    """(K, E) which epochs lie in which class.

    Args:
        scheme: with K classes.
        angle: over E epochs; epochs never told are in no class.
        shift: so many standard deviations are added to every value (for the bootstrap).
    """
    value: Float = angle.mean + shift * angle.sd
    lows = np.array([_edge(c.low, angle.sd) for c in scheme.classes])
    highs = np.array([_edge(c.high, angle.sd) for c in scheme.classes])
    inside = (value > lows) & (value <= highs)
    inside[1] |= (value == lows[1]) & np.isfinite(value)  # 0 degrees is the begin of flexion
    inside[0] &= ~inside[1]
    return inside & (angle.seconds > 0.0)


def _edge(degrees: float, sd: Float) -> Float:
    """(E,) a class boundary; the one at 0 lies where extension is beyond the uncertainty."""
    if degrees == 0.0:
        return np.asarray(-SURE * sd)
    return np.full(len(sd), degrees)
