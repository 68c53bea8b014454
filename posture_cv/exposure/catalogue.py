"""What every exposure measure is, and where it comes from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from posture_cv.assess.thresholds import Thresholds
from posture_cv.exposure.schemes import SCHEMES
from posture_cv.measure.types import QUANTITIES


@dataclass(frozen=True, slots=True)
class Measure:
    """What a measure is.

    Attributes:
        key: name in every table.
        title: for people.
        source: key of `posture_cv.exposure.sources.SOURCES`.
        note: the definition, and what else to know.
    """

    key: str
    title: str
    source: str
    note: str


def _apdf(name: str) -> Measure:
    return Measure(
        f"apdf_{estimate_name(name)}",
        f"Amplitude distribution, {TITLES[name]}",
        "apdf",
        f"10th, 50th and 90th percentile over time of the {QUANTITIES[name].meaning}.",
    )


def estimate_name(name: str) -> str:
    """A quantity's name with the word that it is an estimate, unit last: "forward_head_est_deg"."""
    for unit in ("_deg", "_cm"):
        if name.endswith(unit):
            return f"{name.removesuffix(unit)}_est{unit}"
    return f"{name}_est"


TITLES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "forward_head_deg": "forward-head angle",
        "head_pitch_deg": "head pitch",
        "trunk_incl_deg": "trunk inclination",
        "shoulder_rounding_deg": "shoulder rounding",
        "shoulder_elevation_cm": "shoulder elevation",
    }
)
_HOLD_NOTE: Final = (
    "Every second spends 1/T of what is acceptable, T being the standard's holding time at that inclination; "
    "recovery takes three times the time held. Items: share of the time beyond the acceptable, and how often it "
    "was exceeded."
)
_DOSE_NOTE: Final = (
    "Degrees beyond the baseline times minutes, per measured hour. A second whose value is within its own "
    "uncertainty (1.645 standard deviations) of the baseline counts nothing."
)

_ALL: Final = (
    Measure(
        "state",
        "Time by posture",
        "ours",
        "Share of the measured time in each posture, as the monitor names it.",
    ),
    *(Measure(s.key, s.title, s.source, s.note) for s in SCHEMES),
    Measure(
        "rula_shoulder_raised",
        "RULA/REBA shoulder raised (+1)",
        "rula",
        f"Mean elevation of both shoulders of {Thresholds().elevation_cm} cm or more and beyond its uncertainty; "
        "the method states no figure, this one is ours. Seen from the front only.",
    ),
    Measure("rula_upper_arm", "RULA/REBA upper arm", "rula", "The angle of the upper arm is not measured."),
    Measure(
        "rula_static",
        "RULA static posture (muscle use +1)",
        "rula",
        "Share of the time in spells of more than 10 minutes without a posture shift.",
    ),
    Measure("hold_head", "ISO 11226 holding time, head", "iso11226", _HOLD_NOTE),
    Measure("hold_trunk", "ISO 11226 holding time, trunk", "iso11226", _HOLD_NOTE),
    *(_apdf(name) for name in TITLES),
    Measure(
        "shifts",
        "Posture shifts",
        "shifts",
        "Changes of the place of head or trunk by 3 cm or more (ours), held for 5 s, per hour in which it was "
        "told.",
    ),
    Measure(
        "longest_static",
        "Longest static spell",
        "ours",
        "Longest time between two posture shifts; ends when the person leaves or cannot be measured for more "
        "than 5 s. No interval: the bootstrap does not hold for a maximum.",
    ),
    Measure("dose_forward_head", "Forward-head exposure", "ours", _DOSE_NOTE),
    Measure("dose_shoulder_rounding", "Shoulder-rounding exposure", "ours", _DOSE_NOTE),
    Measure(
        "recovery",
        "Recovery after alerts",
        "ours",
        "Median time from a posture notification to the begin of the first lasting exit, and the share of the "
        "notifications that were followed by one.",
    ),
)
MEASURES: Final[Mapping[str, Measure]] = MappingProxyType({m.key: m for m in _ALL})
