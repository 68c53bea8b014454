"""What a measurement is: quantities with unit, uncertainty, validity and a reason when it cannot be told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]
Codes = NDArray[np.int8]
Mask = NDArray[np.bool_]
Index = NDArray[np.intp]


class View(IntEnum):
    """From where the camera sees the person."""

    UNKNOWN = 0
    FRONT = 1
    SIDE = 2
    OBLIQUE = 3

    @property
    def label(self) -> str:
        """The name used in every table, for example "front"."""
        return self.name.lower()


class Reason(IntEnum):
    """Why a value cannot be told; OK means that it can."""

    OK = 0
    NOBODY = 1
    FACE_NOT_SEEN = 2
    SHOULDERS_NOT_SEEN = 3
    CONTOUR_NOT_SEEN = 4
    HIPS_NOT_SEEN = 5
    HEAD_TURNED = 6
    TRUNK_TURNED = 7
    OUT_OF_PICTURE = 8
    TOO_DARK = 9
    TOO_BRIGHT = 10
    UNSTABLE = 11  # nothing usable, or landmarks that jump
    OTHER_PERSON = 12
    OCCLUDED = 13  # something is in front, mostly a raised hand
    CAMERA_MOVED = 14
    WRONG_VIEW = 15  # a profile against a baseline in front, or the reverse
    NOT_FROM_THIS_VIEW = 16  # the quantity, from where the camera stands
    IMPLAUSIBLE = 17  # beyond what a sitting adult does, or contradicted by other landmarks
    NO_BASELINE = 18
    UNCERTAIN = 19  # its standard deviation is too large
    NO_PICTURE = 20
    MOVING = 21
    OTHER_SHAPE = 22  # of the picture, against the baseline's
    OUTLINE_UNSURE = 23  # it runs into another body or thing

    @property
    def label(self) -> str:
        """The name used in every table, for example "nobody"; empty for OK."""
        return "" if self is Reason.OK else self.name.lower()


# Plain numbers: comparing an array with a member of an enumeration costs several times as much.
_OK: Final = int(Reason.OK)
_UNSTABLE: Final = np.int8(Reason.UNSTABLE)


@dataclass(frozen=True, slots=True)
class Quantity:
    """Name, unit and meaning of one measured quantity; the name carries the unit."""

    name: str
    unit: str
    decimals: int
    meaning: str


_ALL: Final = (
    Quantity(
        "cva_change_deg",
        "deg",
        1,
        "change of the craniovertebral angle against the baseline; negative = head further forward",
    ),
    Quantity(
        "head_forward_cm",
        "cm",
        1,
        "head forward of the trunk against the baseline (forward-head translation)",
    ),
    Quantity("head_pitch_deg", "deg", 1, "head pitch against the baseline; positive = looking down"),
    Quantity("head_yaw_deg", "deg", 1, "head turned against the baseline; positive = to the person's left"),
    Quantity(
        "head_roll_deg",
        "deg",
        1,
        "head tilted sideways against the baseline; positive = to the person's left",
    ),
    Quantity(
        "shoulder_elevation_cm",
        "cm",
        1,
        "mean rise of both shoulders in the thorax frame against the baseline",
    ),
    Quantity("shoulder_elevation_left_cm", "cm", 1, "rise of the left shoulder against the baseline"),
    Quantity("shoulder_elevation_right_cm", "cm", 1, "rise of the right shoulder against the baseline"),
    Quantity(
        "protraction_cm",
        "cm",
        1,
        "mean forward displacement of both acromia in the thorax frame against the baseline",
    ),
    Quantity(
        "trunk_incl_deg",
        "deg",
        1,
        "trunk inclination (hip to C7 against vertical) against the baseline; positive = forward",
    ),
    Quantity("trunk_yaw_deg", "deg", 1, "trunk turned against the baseline; positive = to the person's left"),
    Quantity(
        "lateral_lean_deg",
        "deg",
        1,
        "trunk leaning sideways against the baseline; positive = to the person's left",
    ),
    Quantity("sink_cm", "cm", 1, "drop of the shoulder line against the baseline; positive = lower"),
    Quantity(
        "approach_cm", "cm", 1, "shoulders nearer to the camera than in the baseline; positive = nearer"
    ),
    Quantity(
        "forward_head_deg",
        "deg",
        1,
        "forward-head angle: loss of craniovertebral angle against the baseline; positive = head further forward",
    ),
    Quantity(
        "shoulder_rounding_deg",
        "deg",
        1,
        "shoulder-rounding angle: protraction as a turn of a 15 cm clavicle; positive = forward",
    ),
    Quantity("distance_ratio", "1", 3, "distance of the head to the camera as a share of the baseline's"),
)

QUANTITIES: Final[Mapping[str, Quantity]] = MappingProxyType({q.name: q for q in _ALL})


@dataclass(frozen=True, slots=True, eq=False)
class Estimate:
    """One quantity over N frames.

    Attributes:
        value: (N,) float64, NaN where `reason` is not OK.
        sd: (N,) float64, standard deviation of the error of a single frame, NaN where not OK.
        reason: (N,) int8, `Reason` codes.
    """

    value: Float
    sd: Float
    reason: Codes

    @property
    def valid(self) -> NDArray[np.bool_]:
        """(N,) whether the value can be told."""
        return np.asarray(self.reason == _OK)

    @classmethod
    def withheld(cls, n: int, reason: Reason) -> Estimate:
        """N values that cannot be told, all for the same reason."""
        value, sd = np.full((2, n), np.nan)
        return cls(value, sd, np.full(n, int(reason), np.int8))

    @classmethod
    def of(cls, value: Float, sd: Float | float, reason: Codes | None = None) -> Estimate:
        """Values with their uncertainty; NaN is put wherever `reason` is not OK, and a NaN value is UNSTABLE."""
        value = np.asarray(value, np.float64)
        codes = np.zeros(value.shape, np.int8) if reason is None else reason
        codes = np.where(np.isfinite(value) | (codes != _OK), codes, _UNSTABLE).astype(np.int8)
        ok = codes == _OK
        return cls(np.where(ok, value, np.nan), np.where(ok, sd, np.nan), codes)

    @classmethod
    def chosen(cls, first: NDArray[np.bool_], one: Estimate, other: Estimate) -> Estimate:
        """Frame by frame the one where `first` (N,) is true, the other elsewhere."""
        return cls(
            np.where(first, one.value, other.value),
            np.where(first, one.sd, other.sd),
            np.where(first, one.reason, other.reason),
        )

    def __getitem__(self, index: slice | NDArray[np.bool_] | NDArray[np.intp]) -> Estimate:
        return Estimate(self.value[index], self.sd[index], self.reason[index])


_NOT_KNOWN: Final = np.zeros(0, np.bool_)


@dataclass(frozen=True, slots=True, eq=False)
class Measurements:
    """Every quantity over N frames.

    Attributes:
        t_s: (N,) float64 seconds.
        view: (N,) int8 `View` codes of what the frame shows.
        reason: (N,) int8 `Reason` codes for the frame as a whole: not OK when no state may be named.
        values: quantity name (`QUANTITIES`) -> `Estimate`; every known quantity is present.
        dressed_otherwise: (N,) bool, whether the person wears something else than for the baseline; False also where
            that is not known.
    """

    t_s: Float
    view: Codes
    reason: Codes
    values: Mapping[str, Estimate]
    dressed_otherwise: NDArray[np.bool_] = field(default_factory=lambda: _NOT_KNOWN)

    def __post_init__(self) -> None:
        if self.dressed_otherwise is _NOT_KNOWN:
            object.__setattr__(self, "dressed_otherwise", np.zeros(len(self.t_s), np.bool_))

    def __len__(self) -> int:
        return len(self.t_s)

    def __getitem__(self, index: slice | NDArray[np.bool_] | NDArray[np.intp]) -> Measurements:
        chosen = {name: estimate[index] for name, estimate in self.values.items()}
        told = self.dressed_otherwise[index]
        return Measurements(self.t_s[index], self.view[index], self.reason[index], chosen, told)

    @classmethod
    def concat(cls, parts: Sequence[Measurements]) -> Measurements:
        """The frames of one or more parts, in order."""
        if len(parts) == 1:
            return parts[0]
        values = {
            name: Estimate(
                np.concatenate([part.values[name].value for part in parts]),
                np.concatenate([part.values[name].sd for part in parts]),
                np.concatenate([part.values[name].reason for part in parts]),
            )
            for name in QUANTITIES
        }
        return cls(
            np.concatenate([part.t_s for part in parts]),
            np.concatenate([part.view for part in parts]),
            np.concatenate([part.reason for part in parts]),
            values,
            np.concatenate([part.dressed_otherwise for part in parts]),
        )

    @property
    def somebody(self) -> NDArray[np.bool_]:
        """(N,) whether a person was found; where the light let nobody be seen there is no view."""
        unlit = (self.reason == Reason.TOO_DARK) | (self.reason == Reason.TOO_BRIGHT)
        nobody = (self.reason == Reason.NOBODY) | (unlit & (self.view == View.UNKNOWN))
        return np.asarray(~nobody)

    def value(self, name: str) -> Float:
        """(N,) the values of one quantity, NaN where it cannot be told."""
        return self.values[name].value

    def sd(self, name: str) -> Float:
        """(N,) standard deviations of their errors, likewise."""
        return self.values[name].sd
