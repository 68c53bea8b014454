"""What the front view's model answers: quantities in groups, from which blocks of columns each, by what was seen."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from posture_cv.measure.front_columns import (
    CONTOUR_BLOCKS,
    EVEN_WIDTHS,
    FACE_BLOCKS,
    ODD_WIDTHS,
    ROOM_EVEN,
    ROOM_ODD,
    columns_of,
)

# Quantities that share a kernel; `asymmetry` is half of left less right shoulder elevation (cm), `log_distance` 100
# times the natural logarithm of the distance ratio. The first group is the first stage: with its answers the columns of
# the room are made, which the other groups read.
GROUPS: Final[dict[str, tuple[str, ...]]] = {
    "face": ("head_pitch_deg", "log_distance"),
    "head": ("cva_change_deg", "head_forward_cm"),
    "turn": ("head_yaw_deg", "head_roll_deg"),
    "shoulders": ("shoulder_elevation_cm", "sink_cm"),
    "protraction": ("protraction_cm",),
    "trunk": ("trunk_incl_deg", "approach_cm"),
    "sideways": ("trunk_yaw_deg", "lateral_lean_deg", "asymmetry"),
}
# Whose quantities a mirrored picture turns round.
ODD_GROUPS: Final = frozenset({"turn", "sideways"})
# What was seen, (face, contour) -> name of the coefficients.
VARIANTS: Final = {
    (True, True): "full",
    (True, False): "landmarks",
    (False, True): "faceless",
    (False, False): "pose",
}
WITH_FACE: Final = ("full", "landmarks")
_WITH_CONTOUR: Final = ("full", "faceless")
# What the first stage reads, and what the others do.
_CAMERA_EVEN: Final = ("camera_pitch", "camera_scale", "camera_height", "camera_breadth", "camera_gap")
_FIRST_EVEN: Final = (
    *("pitch", "log_scale", "eye_v", "scale_ratio", "outline_ratio", "mesh_even", "shoulder_width"),
    *("pose_even", "outline_v", "outline_scale", "head_even", *_CAMERA_EVEN),
)
_FIRST_ODD: Final = ("turn", "tilt", "eye_u", "mesh_odd", "shoulder_tilt", "head_odd", "camera_yaw")
_THEN_EVEN: Final = (
    *("mesh_even", "pose_even", "outline_even", "rows_even", "arms_even", "head_even", *_CAMERA_EVEN),
    *ROOM_EVEN,
)
_THEN_ODD: Final = (
    *("turn", "tilt", "mesh_odd", "shoulder_tilt", "shoulder_u", "pose_odd", "outline_roll", "outline_odd"),
    *("rows_odd", "arms_odd", "head_odd", "camera_yaw", *ROOM_ODD),
)
# What the shoulders do is told without the head: else a head that bends far would be read as a shrug.
HEADLESS_GROUPS: Final = frozenset({"shoulders"})
# From these the answer to the baseline itself is subtracted: on persons left out that makes the error of the head's
# quantities smaller, that of shoulders and trunk larger. Trunk yaw is among them all the same: who sits straight must
# not be read as turned.
SINCE_REST: Final = frozenset({*GROUPS["face"], *GROUPS["head"], *GROUPS["turn"], "trunk_yaw_deg"})


def blocks_of(variant: str, group: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Even and odd blocks that a variant has for a group, in the order of the columns."""
    even, odd = (_FIRST_EVEN, _FIRST_ODD) if group == "face" else (_THEN_EVEN, _THEN_ODD)
    without: frozenset[str] = frozenset()
    if variant not in WITH_FACE or group in HEADLESS_GROUPS:
        without |= FACE_BLOCKS
    if variant not in _WITH_CONTOUR:
        without |= CONTOUR_BLOCKS
    return tuple(b for b in even if b not in without), tuple(b for b in odd if b not in without)


def groups_of(variant: str) -> tuple[str, ...]:
    """The groups that a variant can answer."""
    return tuple(g for g in GROUPS if variant in WITH_FACE or g not in ("face", "head", "turn"))


def used_blocks(variant: str, groups: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Even and odd blocks that any of some groups of a variant reads, in the order of the columns."""
    used = [blocks_of(variant, g) for g in groups]
    even, odd = (
        tuple(b for b in widths if any(b in u[side] for u in used))
        for side, widths in enumerate((EVEN_WIDTHS, ODD_WIDTHS))
    )
    return even, odd


def network_columns(variant: str) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Even and odd columns that the networks of a variant read: all that any of its groups does."""
    even, odd = used_blocks(variant, groups_of(variant))
    return columns_of(even, EVEN_WIDTHS), columns_of(odd, ODD_WIDTHS)
