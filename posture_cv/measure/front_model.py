"""The front view's fitted model: which blocks answer which quantities, and the shipped numbers made ready.

Two kinds of regression read the same columns, Gaussian processes and small neural networks. They err differently, so
that their mean errs less than either, and where they disagree less is known.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from posture_cv.measure.baseline import Baseline
from posture_cv.measure.expression import Expression
from posture_cv.measure.front_reading import (
    EVEN_BLOCKS,
    ODD_BLOCKS,
    ROOM_EVEN,
    ROOM_ODD,
    FrontReading,
    room_columns,
)
from posture_cv.measure.front_reference import FrontReference, MeshAxes, front_reference
from posture_cv.measure.front_space import CameraStand
from posture_cv.measure.later import Later
from posture_cv.measure.mirror_kernel import Float32, KernelWeights, MirrorKernels, Projection
from posture_cv.measure.mirror_network import MirrorNetwork
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
WITH_FACE: Final = ("full", "landmarks")
_WITH_CONTOUR: Final = ("full", "faceless")
# Principal components of the wide blocks; the others pass as they are.
COMPONENTS: Final = {
    **dict.fromkeys(("outline_even", "outline_odd", "arms_even", "arms_odd"), 10),
    **dict.fromkeys(("rows_even", "rows_odd"), 12),
    **dict.fromkeys(("head_even", "head_odd"), 6),
}
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
        *("outline_roll", "outline_odd", "rows_odd", "arms_odd", "head_odd"),
        *("outline_ratio", "outline_forward", "outline_up", "outline_forward_gap", "outline_up_gap"),
        *("carried_up_gap", "outline_left", "left_gap"),
    }
)
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
# What the shoulders do is told without the head, or bending it far would be read as a shrug.
HEADLESS_GROUPS: Final = frozenset({"shoulders"})
# What is told as a change since the answer to the baseline itself: on persons left out that takes an error off what
# the head does, and adds one to shoulders and trunk. Trunk yaw is among them: a small one would read as a turn.
SINCE_REST: Final = frozenset({*GROUPS["face"], *GROUPS["head"], *GROUPS["turn"], "trunk_yaw_deg"})
SD_INPUTS: Final = 8
EXPRESSION: Final = "expression"
"""What the names of the arrays of an `Expression` begin with."""


def _widths(blocks: tuple[tuple[str, int], ...], room: tuple[str, ...]) -> dict[str, int]:
    return {name: COMPONENTS.get(name, d) for name, d in blocks} | dict.fromkeys(room, 1)


# Every block and its width after projection, in the order of the columns: first reading, then the room.
EVEN_WIDTHS: Final = _widths(EVEN_BLOCKS, ROOM_EVEN)
ODD_WIDTHS: Final = _widths(ODD_BLOCKS, ROOM_ODD)


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


def columns_of(blocks: tuple[str, ...], widths: Mapping[str, int]) -> NDArray[np.intp]:
    """Indices of the blocks' columns."""
    starts = dict(zip(widths, np.cumsum([0, *widths.values()])[:-1], strict=True))
    return np.concatenate([np.arange(starts[b], starts[b] + widths[b]) for b in blocks])


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """Of N frames and T quantities, (N, T) each.

    Attributes:
        value: in the quantity's unit.
        far: distance from the fitting frames, logarithmic.
        size: of the whole change, logarithmic.
        apart: disagreement of process and network, in standard deviations of the quantity.
    """

    value: Float
    far: Float
    size: Float
    apart: Float


@dataclass(frozen=True, slots=True, eq=False)
class Both:
    """What process and network answer, each by itself: (N, T) of N frames and T quantities; the rest as `Answers`."""

    process: Float
    network: Float
    far: Float
    size: Float

    def since(self, rest: Float) -> Self:
        """Changes since what both, (2, T), answered at rest."""
        return type(self)(self.process - rest[0], self.network - rest[1], self.far, self.size)

    def mixed(self, share: Float, spread: Float) -> Answers:
        """Their weighted means: `share` (T,) of the network, `spread` (T,) the quantities' standard deviations."""
        differ = self.network - self.process
        return Answers(self.process + share * differ, self.far, self.size, np.abs(differ) / spread)


@dataclass(frozen=True, slots=True, eq=False)
class Stage:
    """Groups of quantities that read the same columns.

    Attributes:
        names: of the T quantities.
        even, odd: columns that are read.
        kernels: of the groups.
        group: (T,) of each quantity among the groups; at: (T,) its place in the kernels' values, groups in a row.
        weights: (De,), (Do,) share of each column's square in the size of a change.
    """

    names: tuple[str, ...]
    even: NDArray[np.intp]
    odd: NDArray[np.intp]
    kernels: MirrorKernels
    group: NDArray[np.intp]
    at: NDArray[np.intp]
    weights: tuple[Float32, Float32]

    def answers(self, even: Float32, odd: Float32) -> tuple[Float, Float, Float]:
        """Values, distance and size (N, T), as in `Answers`, of all projected columns of N frames."""
        even, odd = even[:, self.even], odd[:, self.odd]
        value, near = self.kernels.predict(even, odd)
        far = np.log1p(-np.log(np.minimum(np.maximum(near, 1e-9), 1.0)))
        size = np.log1p(np.sqrt((even * even) @ self.weights[0] + (odd * odd) @ self.weights[1]))
        return (
            value.reshape(len(value), -1).take(self.at, axis=1).astype(np.float64),
            far.take(self.group, axis=1).astype(np.float64),
            np.repeat(size.astype(np.float64)[:, None], len(self.names), axis=1),
        )


@dataclass(frozen=True, slots=True, eq=False)
class Beside:
    """The networks of a variant and the even and odd columns that they read."""

    even: NDArray[np.intp]
    odd: NDArray[np.intp]
    network: MirrorNetwork

    def answers(self, even: Float32, odd: Float32) -> Float:
        """(N, T) of all projected columns of N frames."""
        return self.network.answers(even.take(self.even, axis=1), odd.take(self.odd, axis=1))


@dataclass(frozen=True, slots=True, eq=False)
class FrontModel:
    """All of it.

    Attributes:
        axes: of the face mesh.
        even, odd: projections of the first reading.
        even_room, odd_room: of the room's columns.
        camera_pitch: (6,) weights of the camera's pitch.
        first: variant -> first stage, where it has one; then: variant -> the other groups.
        beside: variant -> its networks.
        spread: variant -> (T,) standard deviation of its quantities in the fitting set.
        sd: variant -> (8, T) weights of log sd: see `sd_terms`.
        share: variant -> (T,) share of the networks in what is answered.
        reach: variant -> (T,) how far from the fitting frames people left out are, but for one frame in a hundred.
    """

    axes: MeshAxes
    even: Projection
    odd: Projection
    even_room: Projection
    odd_room: Projection
    camera_pitch: Float
    first: Mapping[str, Stage]
    then: Mapping[str, Stage]
    beside: Mapping[str, Beside]
    spread: Mapping[str, Float]
    sd: Mapping[str, Float]
    share: Mapping[str, Float]
    reach: Mapping[str, Float]

    def names(self, variant: str) -> tuple[str, ...]:
        """The quantities that a variant answers, in the order of the answers."""
        first = self.first[variant].names if variant in self.first else ()
        return first + self.then[variant].names

    def answers(self, variant: str, reading: FrontReading, view: FrontView) -> Both:
        """Of N frames that show what the variant needs: first stage, then the others, and the networks."""
        even, odd = self.even(reading.even), self.odd(reading.odd)
        none = np.zeros(len(even))
        growth = pitch = none
        head = None
        if variant in self.first:
            head = self.first[variant].answers(even, odd)
            pitch, growth = head[0][:, 0], head[0][:, 1] / -100.0
        room_even, room_odd = room_columns(reading, view.reference, view.stand, growth, pitch)
        even = np.concatenate([even, self.even_room(room_even)], axis=1)
        odd = np.concatenate([odd, self.odd_room(room_odd)], axis=1)
        process, far, size = self.then[variant].answers(even, odd)
        if head is not None:
            pairs = zip(head, (process, far, size), strict=True)
            process, far, size = (np.concatenate(pair, axis=1) for pair in pairs)
        return Both(process, self.beside[variant].answers(even, odd), far, size)

    def at_rest(self, variant: str, rest: FrontReading, view: FrontView) -> Float:
        """(2, T) answers of both to the baseline, as one frame; 0 for what is told without them (`SINCE_REST`)."""
        both = self.answers(variant, rest, view)
        since = [name in SINCE_REST for name in self.names(variant)]
        return np.where(since, np.stack([both.process[0], both.network[0]]), 0.0)


@dataclass(frozen=True, slots=True, eq=False)
class FrontView:
    """A baseline as a model sees it."""

    reference: FrontReference
    stand: CameraStand


@lru_cache(maxsize=8)
def front_view(baseline: Baseline, model: FrontModel) -> FrontView:
    """The reference of a baseline and how the camera stands to it."""
    reference = front_reference(baseline, model.axes)
    return FrontView(reference, camera_stand(reference, model.camera_pitch))


def camera_stand(reference: FrontReference, pitch_weights: Float) -> CameraStand:
    """The camera's stand; its pitch is linear in the camera's even numbers, constant first."""
    pitch = float(pitch_weights[0] + pitch_weights[1:] @ reference.camera_even)
    return CameraStand.of(reference.picture.size_px, reference.eye_px, pitch, float(reference.camera_odd[0]))


def sd_terms(answers: Answers, spread: Float, camera: Float) -> list[Float]:
    """What log sd is linear in beside a constant, (N, T) or (N, 1) each.

    Distance from the fitting frames, size of the whole change and of the quantity, disagreement of process and network
    and its square root, and how the camera stands (N, 2), from below or above: `FrontReading.camera`.
    """
    value = np.log1p(np.abs(answers.value) / spread)
    return [
        answers.far,
        answers.size,
        value,
        answers.apart,
        np.sqrt(answers.apart),
        camera[:, :1],
        camera[:, 1:],
    ]


def stated_sd(answers: Answers, spread: Float, weights: Float, camera: Float, reach: Float) -> Float:
    """(N, T) standard deviation of the error of a single frame.

    Args:
        answers: of N frames.
        spread: (T,) standard deviation of the quantities.
        weights: (8, T) of log sd, constant first.
        camera: (N, 2) how it stands.
        reach: (T,) distance from the fitting frames within which the weights were learned. Beyond it the standard
            deviation grows in proportion to the distance (ours).
    """
    log_sd = weights[0]
    for term, w in zip(sd_terms(answers, spread, camera), weights[1:], strict=True):
        log_sd = log_sd + term * w
    sd = np.exp(np.minimum(np.maximum(log_sd, -5.0), 3.0))
    return np.asarray(spread * sd * np.maximum(answers.far / reach, 1.0))


def expression_of(arrays: Mapping[str, Any]) -> Expression:
    """The face's own movements, where the arrays hold any: they are fitted apart and shipped in a file of their own."""
    names = ("read", "moves", "most")
    if f"{EXPRESSION}.read" not in arrays:
        return Expression.none()
    return Expression.from_arrays({name: arrays[f"{EXPRESSION}.{name}"] for name in names})


def front_model(arrays: Mapping[str, Any]) -> FrontModel:
    """Make the shipped arrays ready for use, each variant when it is first asked for; so keep the result."""
    first_even, first_odd = ({name: w[name] for name, _ in b} for w, b in _PARTS)
    projections = {
        side: Projection.of(np.asarray(arrays[f"project.{side}"], np.float64), list(widths.values()))
        for side, widths in (("even", first_even), ("odd", first_odd))
    }
    rooms = {
        side: Projection.of(np.diag(np.asarray(arrays[f"room.{side}"], np.float64)), [1] * len(names))
        for side, names in (("even", ROOM_EVEN), ("odd", ROOM_ODD))
    }
    variants = VARIANTS.values()
    axes = MeshAxes(
        np.asarray(arrays["mesh"], np.float64), int(arrays["mesh"].shape[2]) // 2, expression_of(arrays)
    )
    return FrontModel(
        axes,
        projections["even"],
        projections["odd"],
        rooms["even"],
        rooms["odd"],
        np.asarray(arrays["camera_pitch"], np.float64),
        Later(WITH_FACE, lambda v: stage_of(arrays, v, ("face",))),
        Later(variants, lambda v: stage_of(arrays, v, tuple(g for g in groups_of(v) if g != "face"))),
        Later(variants, lambda v: beside_of(arrays, v)),
        {v: _joined(arrays, v, "spread") for v in variants},
        {v: np.ascontiguousarray(_joined(arrays, v, "sd").T) for v in variants},
        {v: np.asarray(arrays[f"{v}.share"], np.float64) for v in variants},
        {v: np.asarray(arrays[f"{v}.reach"], np.float64) for v in variants},
    )


_PARTS: Final = ((EVEN_WIDTHS, EVEN_BLOCKS), (ODD_WIDTHS, ODD_BLOCKS))


def _joined(arrays: Mapping[str, Any], variant: str, what: str) -> Float:
    return np.concatenate(
        [np.asarray(arrays[f"{variant}.{g}.{what}"], np.float64) for g in groups_of(variant)]
    )


def points_of(arrays: Mapping[str, Any], variant: str) -> tuple[Float32, Float32]:
    """(M, D) all even and odd columns of the fitting frames as a variant sees them."""
    even, odd = (
        np.hstack([arrays[f"points.{side}"], arrays[f"points.{variant}.{side}"]]).astype(np.float32)
        for side in ("even", "odd")
    )
    return even, odd


def beside_of(arrays: Mapping[str, Any], variant: str) -> Beside:
    """The networks of a variant."""
    is_odd = np.array([group in ODD_GROUPS for group in groups_of(variant) for _ in GROUPS[group]])
    return Beside(*network_columns(variant), MirrorNetwork.from_arrays(arrays, f"{variant}.network", is_odd))


def network_columns(variant: str) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Even and odd columns that the networks of a variant read: all that any of its groups does."""
    even, odd = used_blocks(variant, groups_of(variant))
    return columns_of(even, EVEN_WIDTHS), columns_of(odd, ODD_WIDTHS)


def used_blocks(variant: str, groups: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Even and odd blocks that any of some groups of a variant reads, in the order of the columns."""
    used = [blocks_of(variant, g) for g in groups]
    even, odd = (
        tuple(b for b in widths if any(b in u[side] for u in used))
        for side, widths in enumerate((EVEN_WIDTHS, ODD_WIDTHS))
    )
    return even, odd


def stage_of(arrays: Mapping[str, Any], variant: str, groups: tuple[str, ...]) -> Stage:
    """One stage of a variant."""
    even, odd = used_blocks(variant, groups)
    columns = columns_of(even, EVEN_WIDTHS), columns_of(odd, ODD_WIDTHS)
    weights = [_weights(arrays, variant, g, even, odd) for g in groups]
    # A fit without a person: that person's frames weigh nothing, and are none that a frame could be near to.
    weighing = np.any([(w.alpha != 0.0).any(axis=1) for w in weights], axis=0)
    weights = [replace(w, alpha=w.alpha[weighing]) for w in weights]
    points = [part[weighing] for part in points_of(arrays, variant)]
    kernels = MirrorKernels.build(points[0][:, columns[0]], points[1][:, columns[1]], weights)
    places = [(k, j) for k, g in enumerate(groups) for j in range(len(GROUPS[g]))]
    group, place = np.array(places, np.intp).T
    at = group * kernels.alpha.shape[2] + place
    moving = [b for b in (*even, *odd) if not b.startswith("camera")]
    shares = [
        np.repeat(
            [0.0 if b.startswith("camera") else 1.0 / len(moving) for b in blocks],
            [widths[b] for b in blocks],
        )
        for blocks, widths in ((even, EVEN_WIDTHS), (odd, ODD_WIDTHS))
    ]
    names = tuple(q for g in groups for q in GROUPS[g])
    return Stage(
        names, *columns, kernels, group, at, (shares[0].astype(np.float32), shares[1].astype(np.float32))
    )


def _weights(
    arrays: Mapping[str, Any], variant: str, group: str, even: tuple[str, ...], odd: tuple[str, ...]
) -> KernelWeights:
    """A group's weights on the stage's columns, 0 on blocks it does not read; arrays hold a and r of each it does."""
    key = f"{variant}.{group}"
    known = [b for part in blocks_of(variant, group) for b in part]
    a, r = (dict(zip(known, part, strict=True)) for part in np.asarray(arrays[f"{key}.weights"], np.float64))

    def columns(weight: Mapping[str, float]) -> tuple[Float, Float]:
        first, second = (
            np.repeat([weight.get(b, 0.0) for b in blocks], [widths[b] for b in blocks])
            for blocks, widths in ((even, EVEN_WIDTHS), (odd, ODD_WIDTHS))
        )
        return first, second

    alpha = np.asarray(arrays[f"{key}.alpha"], np.float64)
    return KernelWeights(columns(a), columns(r), float(arrays[f"{key}.s"]), alpha, group in ODD_GROUPS)
