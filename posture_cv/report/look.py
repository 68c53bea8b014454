"""How states and quantities are called and coloured on the pages."""

from __future__ import annotations

from collections.abc import Mapping
from math import asin, degrees
from types import MappingProxyType
from typing import Any, Final

from posture_cv.assess.types import State
from posture_cv.measure.measure import CLAVICLE_CM

# Distinguishable with the common colour-vision deficiencies when neighbours; unmeasured states are greys.
COLOURS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "good": "#2f9e77",
        "forward_head": "#d1495b",
        "text_neck": "#8e4585",
        "looking_down": "#e3b23c",
        "rounded_shoulders": "#e07a35",
        "shrug": "#4a78c2",
        "slump": "#8a5a3b",
        "leaning_in": "#6fb3b8",
        "reclining": "#93a85a",
        "leaning_sideways": "#b497cf",
        "turned": "#aab2bd",
        "away": "#d5dae0",
        "cannot_tell": "#8b95a1",
    }
)
assert set(COLOURS) == {s.label for s in State}

TITLES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "forward_head_deg": "Forward head (estimate)",
        "head_pitch_deg": "Head pitch (estimate)",
        "shoulder_rounding_deg": "Shoulder rounding (estimate, an index)",
        "shoulder_elevation_cm": "Shoulder elevation (estimate)",
        "shoulder_elevation_left_cm": "Left shoulder elevation (estimate)",
        "shoulder_elevation_right_cm": "Right shoulder elevation (estimate)",
        "trunk_incl_deg": "Trunk inclination (estimate)",
        "lateral_lean_deg": "Lateral lean (estimate)",
        "head_yaw_deg": "Head turn (estimate)",
        "head_roll_deg": "Head tilt (estimate)",
        "trunk_yaw_deg": "Trunk turn (estimate)",
        "head_forward_cm": "Head forward of the trunk (estimate)",
        "protraction_cm": "Shoulder protraction (estimate, an index)",
        "sink_cm": "Drop of the shoulders (estimate)",
        "approach_cm": "Approach to the camera (estimate)",
        "cva_change_deg": "Change of the craniovertebral angle (estimate)",
        "distance_ratio": "Distance to the camera (share of the baseline's, estimate)",
    }
)


def title(quantity: str) -> str:
    """What a quantity is called on the pages; every one is called an estimate."""
    if quantity in TITLES:
        return TITLES[quantity]
    stem = quantity.removesuffix("_deg").removesuffix("_cm")
    return f"{words(stem).capitalize()} (estimate)"


def words(label: str) -> str:
    """A label for people."""
    return label.replace("_", " ")


def limits(settings: Mapping[str, Any]) -> dict[str, list[tuple[float, str]]]:
    """Lines to draw in the timeline of each quantity, from the thresholds that the recording was judged by.

    A forward head is judged by what neither the trunk nor the head's pitch explains of the angle that is drawn.
    """
    th = settings.get("thresholds", {})
    wanted = {
        "forward_head_deg": [
            ("neck_deg", 1, "forward head (neck alone)"),
            ("neck_severe_deg", 1, "severe (neck alone)"),
        ],
        "head_pitch_deg": [("looking_down_deg", 1, "looking down"), ("text_neck_pitch_deg", 1, "text neck")],
        "shoulder_elevation_cm": [("elevation_cm", 1, "shrug"), ("elevation_severe_cm", 1, "severe")],
        "shoulder_elevation_left_cm": [("elevation_one_side_cm", 1, "shrug")],
        "shoulder_elevation_right_cm": [("elevation_one_side_cm", 1, "shrug")],
        "protraction_cm": [("protraction_cm", 1, "rounded"), ("protraction_severe_cm", 1, "severe")],
        "trunk_incl_deg": [("leaning_in_deg", 1, "leaning in"), ("reclining_deg", -1, "reclining")],
        "lateral_lean_deg": [("lateral_deg", 1, "leaning"), ("lateral_deg", -1, "leaning")],
        "head_yaw_deg": [("head_yaw_deg", 1, "turned"), ("head_yaw_deg", -1, "turned")],
        "trunk_yaw_deg": [("trunk_yaw_deg", 1, "turned"), ("trunk_yaw_deg", -1, "turned")],
        "sink_cm": [("slump_sink_cm", 1, "slump")],
        "approach_cm": [("leaning_in_cm", 1, "leaning in")],
    }
    out = {
        quantity: [(sign * float(th[name]), text) for name, sign, text in lines if name in th]
        for quantity, lines in wanted.items()
    }
    rounded = [
        (degrees(asin(min(value / CLAVICLE_CM, 1.0))), text) for value, text in out.get("protraction_cm", [])
    ]
    return {**out, "shoulder_rounding_deg": rounded}
