"""A body of thirty-four bones and no skin, made up, on which posing and truth are tested without anybody's assets."""

from __future__ import annotations

from types import ModuleType
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from rendering.posing import Sitter

Bones = dict[str, tuple[str, tuple[float, float, float]]]
MIDDLE: Final[Bones] = {
    "root": ("", (0, 95, 0)),
    "spine03": ("root", (0, 115, 0)),
    "spine02": ("spine03", (0, 125, -2)),
    "spine01": ("spine02", (0, 135, -3)),
    "neck01": ("spine01", (0, 143, -2)),
    "neck02": ("neck01", (0, 147, -1)),
    "neck03": ("neck02", (0, 150, 0)),
    "head": ("neck03", (0, 153, 0.5)),
}
LEFT: Final[Bones] = {
    "eye": ("head", (3, 160, 9)),
    "clavicle": ("spine01", (2, 138, 1)),
    "shoulder01": ("clavicle", (12, 139, -2)),
    "upperarm01": ("shoulder01", (17, 137, -2)),
    "lowerarm01": ("upperarm01", (32, 115, 0)),
    "lowerarm02": ("lowerarm01", (38.5, 106, 5)),
    "wrist": ("lowerarm02", (45, 97, 10)),
    "finger2-1": ("wrist", (49, 91, 16)),
    "finger3-1": ("wrist", (49, 91, 14)),
    "finger5-1": ("wrist", (48, 91, 11)),
    "pelvis": ("root", (4, 96, 0)),
    "upperleg01": ("pelvis", (9, 92, 0)),
    "lowerleg01": ("upperleg01", (10, 50, 1)),
}
"""Bones with their parents and joints in rest, cm: x to the left, y up, z forward."""
CLAVICLE: Final = np.array(LEFT["clavicle"][1], float)
TRAGUS, ACROMION = np.array([7.0, 158, 1]), np.array([18.0, 141, -3])
NOSE, C7 = np.array([0.0, 157, 12]), np.array([0.0, 144, -7])
OTHER_SIDE: Final = np.array([-1.0, 1, 1])


def sitter(assets: ModuleType, posing: ModuleType) -> Sitter:
    """The body, its upright craniovertebral angle 54 degrees."""
    bones = dict(MIDDLE)
    for side, sign in (("L", 1), ("R", -1)):
        for name, (parent, (x, y, z)) in LEFT.items():
            bones[f"{name}.{side}"] = (parent if parent in MIDDLE else f"{parent}.{side}", (sign * x, y, z))
    order = list(bones)
    rig = [
        assets.Bone(name, order.index(parent) if parent else -1, np.array([k]))
        for k, (name, (parent, _)) in enumerate(bones.items())
    ]
    joints = np.array([joint for _, joint in bones.values()], float)
    weights = np.zeros(len(order))
    weights[[order.index("spine01"), order.index("neck01")]] = 0.7, 0.3
    markers = posing.Markers(
        {"L": TRAGUS, "R": TRAGUS * OTHER_SIDE},
        {"L": ACROMION, "R": ACROMION * OTHER_SIDE},
        NOSE,
        C7,
        weights,
    )
    made: Sitter = posing.Sitter(posing.Skeleton(rig, joints), markers, posing.Posture(cva=54.0))
    return made
