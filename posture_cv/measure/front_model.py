"""The front view's fitted model: which blocks answer which quantities, and the shipped numbers made ready."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Final

import numpy as np

from posture_cv.measure.forest import Forest
from posture_cv.measure.front_features import (
    CAMERA_EVEN,
    CAMERA_ODD,
    FrontFeatures,
    Mask,
    camera_stand,
    room_blocks,
)
from posture_cv.measure.mirror_kernel import Float32, MirrorKernel, project
from posture_cv.measure.types import Float

# Quantities that share a kernel; `asymmetry` is half the difference of left and right elevation,
# `log_distance` 100 times the logarithm of the distance ratio. The first group is the first stage.
GROUPS: Final[dict[str, tuple[str, ...]]] = {
    "face": ("head_pitch_deg", "log_distance"),
    "head": ("cva_change_deg", "head_forward_cm"),
    "turn": ("head_yaw_deg", "head_roll_deg"),
    "shoulders": ("shoulder_elevation_cm", "sink_cm"),
    "protraction": ("protraction_cm",),
    "trunk": ("trunk_incl_deg", "approach_cm"),
    "sideways": ("trunk_yaw_deg", "lateral_lean_deg", "asymmetry"),
}
ODD_GROUPS: Final = frozenset({"turn", "sideways"})
# What was seen, (face, contour) -> name of the coefficients.
VARIANTS: Final = {
    (True, True): "full",
    (True, False): "landmarks",
    (False, True): "faceless",
    (False, False): "pose",
}
_WITH_FACE: Final = ("full", "landmarks")
# Blocks that need the face, and blocks that need the contour.
FACE_BLOCKS: Final = frozenset(
    {
        *("pitch", "log_scale", "eye_v", "scale_ratio", "outline_ratio", "mesh_even"),
        *("turn", "tilt", "eye_u", "mesh_odd", "head_even", "head_odd"),
        *("head_pitch", "head_forward", "head_up", "forward_gap", "outline_forward_gap", "up_gap"),
        *("outline_up_gap", "carried_up_gap", "head_left", "left_gap"),
    }
)
CONTOUR_BLOCKS: Final = frozenset(
    {
        *("outline_v", "outline_scale", "outline_even", "rows_even", "arms_even", "head_even"),
        *("outline_u", "outline_roll", "outline_odd", "rows_odd", "arms_odd", "head_odd"),
        *("outline_ratio", "outline_forward", "outline_up", "outline_forward_gap", "outline_up_gap"),
        *("carried_up_gap", "outline_left", "left_gap"),
    }
)
# Blocks that come out of the first stage.
REFINED: Final = (
    *("head_pitch", "head_forward", "head_up", "forward_gap", "outline_forward_gap", "up_gap"),
    *("outline_up_gap", "carried_up_gap", "head_left", "left_gap"),
)
_FIRST_EVEN: Final = (
    *("pitch", "log_scale", "eye_v", "shoulder_width", "scale_ratio", "outline_ratio", "outline_v"),
    *("outline_scale", "mesh_even", "pose_even", "head_even", *CAMERA_EVEN),
)
_FIRST_ODD: Final = ("turn", "tilt", "eye_u", "shoulder_tilt", "mesh_odd", "head_odd", *CAMERA_ODD)
_ROOM_EVEN: Final = (
    *("head_pitch", "head_forward", "head_up", "shoulder_forward", "outline_forward", "shoulder_up"),
    *("outline_up", "forward_gap", "outline_forward_gap", "up_gap", "outline_up_gap", "carried_up_gap"),
    *("outline_even", "head_even", "mesh_even", "pose_even", "arms_even", "rows_even", *CAMERA_EVEN),
)
_ROOM_ODD: Final = (
    *("turn", "tilt", "head_left", "outline_left", "left_gap", "outline_roll", "shoulder_tilt"),
    *("shoulder_u", "outline_odd", "head_odd", "mesh_odd", "pose_odd", "arms_odd", "rows_odd", *CAMERA_ODD),
)
EVEN_BLOCKS: Final = tuple(dict.fromkeys((*_FIRST_EVEN, *_ROOM_EVEN)))
ODD_BLOCKS: Final = tuple(dict.fromkeys((*_FIRST_ODD, *_ROOM_ODD)))
# The odd numbers whose size, without its sign, a tree may ask about.
_SIZES: Final = ("turn", "tilt", "outline_roll", "left_gap", "shoulder_tilt")
SD_INPUTS: Final = 6


def blocks_of(variant: str, group: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Even and odd blocks that a variant has for a group."""
    even, odd = (_FIRST_EVEN, _FIRST_ODD) if group == "face" else (_ROOM_EVEN, _ROOM_ODD)
    without: frozenset[str] = frozenset()
    if variant not in _WITH_FACE:
        without |= FACE_BLOCKS
    if variant not in ("full", "faceless"):
        without |= CONTOUR_BLOCKS
    return tuple(b for b in even if b not in without), tuple(b for b in odd if b not in without)


def groups_of(variant: str) -> tuple[str, ...]:
    """The groups that a variant can answer."""
    return tuple(g for g in GROUPS if variant in _WITH_FACE or g not in ("face", "head", "turn"))


def has_forest(variant: str, group: str) -> bool:
    """Whether a forest stands beside the kernel."""
    return variant in _WITH_FACE and group not in ODD_GROUPS


def tree_inputs(blocks: Mapping[str, Float32], even: tuple[str, ...], odd: tuple[str, ...]) -> Float32:
    """(N, D) what the trees may ask about; the same in a mirrored picture."""
    sizes = [np.abs(blocks[b]) for b in odd if b in _SIZES]
    return np.hstack([*(blocks[b] for b in even), *sizes])


@dataclass(frozen=True, slots=True, eq=False)
class GroupModel:
    """Kernel, forest and uncertainty of one group.

    Attributes:
        kernel: the Gaussian process.
        forest: its companion, or None.
        share: the forest's share of the answer, 0-1.
        spread: (T,) standard deviation of the quantities in the fitting set.
        sd: (T, 6) weights of log sd on `uncertainty_inputs`.
    """

    kernel: MirrorKernel
    forest: Forest | None
    share: float
    spread: Float
    sd: Float

    def answer(self, blocks: Mapping[str, Float32]) -> tuple[Float, Float]:
        """(N, T) values and standard deviations."""
        value, nearness = self.kernel.predict(blocks)
        apart = np.zeros_like(value)
        if self.forest is not None:
            trees = self.forest.predict(tree_inputs(blocks, self.kernel.even, self.kernel.odd))
            apart = np.abs(trees - value) / self.spread
            value = (1.0 - self.share) * value + self.share * trees
        size = change_size(blocks, self.kernel)
        sd = np.empty_like(value)
        for k, weights in enumerate(self.sd):
            inputs = uncertainty_inputs(nearness, size, value[:, k] / self.spread[k], apart[:, k])
            sd[:, k] = self.spread[k] * np.exp(np.clip(inputs @ weights, -5.0, 3.0))
        return value, sd


def change_size(blocks: Mapping[str, Float32], kernel: MirrorKernel) -> Float:
    """(N,) root mean square over the blocks that are no camera numbers."""
    moving = [b for b in (*kernel.even, *kernel.odd) if not b.startswith("camera")]
    squares = np.mean([(blocks[b] ** 2).sum(axis=1) for b in moving], axis=0)
    return np.asarray(np.sqrt(squares), np.float64)


def uncertainty_inputs(nearness: Float, size: Float, value: Float, apart: Float) -> Float:
    """(N, 6) what log sd is linear in.

    1, distance from the fitting frames, size of the whole change, size of the quantity, disagreement of kernel
    and forest (both in standard deviations of the quantity), its square root.
    """
    far = np.log1p(-np.log(np.clip(nearness, 1e-9, 1.0)))
    columns = [np.ones(len(far)), far, np.log1p(size), np.log1p(np.abs(value)), apart, np.sqrt(apart)]
    return np.stack(columns, axis=1)


@dataclass(frozen=True, slots=True, eq=False)
class FrontModel:
    """All of it.

    Attributes:
        projections: block -> (D, d).
        camera_pitch: (6,) weights of the camera's pitch.
        groups: variant -> group -> model.
    """

    projections: Mapping[str, Float]
    camera_pitch: Float
    groups: Mapping[str, Mapping[str, GroupModel]]

    def answers(self, variant: str, features: FrontFeatures, chosen: Mask) -> dict[str, tuple[Float, Float]]:
        """Values and standard deviations of each group for the chosen frames: first stage, then the others."""
        models = self.groups[variant]
        part = take(features, chosen)
        wanted = {b for m in models.values() for b in (*m.kernel.even, *m.kernel.odd)}
        matrices = {k: v for k, v in self.projections.items() if k in wanted}
        blocks = project({**part.even, **part.odd}, matrices)
        out: dict[str, tuple[Float, Float]] = {}
        growth = pitch = None
        if "face" in models:
            out["face"] = models["face"].answer(blocks)
            pitch, growth = out["face"][0][:, 0], -out["face"][0][:, 1] / 100.0
        even, odd = room_blocks(part, camera_stand(part, self.camera_pitch), growth, pitch)
        blocks |= project({**even, **odd}, matrices)
        return out | {group: m.answer(blocks) for group, m in models.items() if group != "face"}


def take(features: FrontFeatures, chosen: Mask) -> FrontFeatures:
    """The chosen frames."""
    scene = features.scene
    picture = replace(
        scene,
        mesh=scene.mesh[chosen],
        pose=scene.pose[chosen],
        contour=type(scene.contour)(
            **{f.name: getattr(scene.contour, f.name)[chosen] for f in fields(scene.contour)}
        ),
    )
    flags = {k: getattr(features, k)[chosen] for k in ("face", "body", "contour", "contradicts", "motion")}
    even, odd = ({k: v[chosen] for k, v in part.items()} for part in (features.even, features.odd))
    return replace(features, even=even, odd=odd, scene=picture, **flags)


def front_model(arrays: Mapping[str, Any]) -> FrontModel:
    """Make the shipped arrays ready for use; the work of some milliseconds, so keep the result."""
    groups = {
        variant: {group: _group_model(arrays, variant, group) for group in groups_of(variant)}
        for variant in VARIANTS.values()
    }
    projections = {b: np.asarray(arrays[f"project.{b}"], np.float64) for b in (*EVEN_BLOCKS, *ODD_BLOCKS)}
    return FrontModel(projections, np.asarray(arrays["camera_pitch"], np.float64), groups)


def _group_model(arrays: Mapping[str, Any], variant: str, group: str) -> GroupModel:
    even, odd = blocks_of(variant, group)
    key = f"{variant}.{group}"
    a, r = np.asarray(arrays[f"{key}.weights"], np.float64)
    blocks = (*even, *odd)
    points = {b: np.asarray(arrays[points_key(variant, b)], np.float32) for b in blocks}
    kernel = MirrorKernel.build(
        points,
        even,
        odd,
        is_odd=group in ODD_GROUPS,
        a=dict(zip(blocks, a, strict=True)),
        r=dict(zip(blocks, r, strict=True)),
        s=float(arrays[f"{key}.s"]),
        alpha=np.asarray(arrays[f"{key}.alpha"], np.float64),
    )
    forest = Forest.from_arrays(arrays, f"{key}.forest") if f"{key}.forest.roots" in arrays else None
    spread, sd = (np.asarray(arrays[f"{key}.{part}"], np.float64) for part in ("spread", "sd"))
    return GroupModel(kernel, forest, float(arrays[f"{key}.share"]), spread, sd)


def points_key(variant: str, block: str) -> str:
    """Name of the array that holds a block of the fitting frames."""
    return f"points.{variant}.{block}" if block in REFINED else f"points.{block}"
