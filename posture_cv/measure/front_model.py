"""The front view's fitted model: two stages of Gaussian processes, small networks beside them, and their uncertainty.

Two kinds of regression read the same columns, Gaussian processes and small neural networks. They err differently, so
that their mean errs less than either, and where they disagree less is known.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from posture_cv.landmarks.types import Float32
from posture_cv.measure.baseline import Baseline
from posture_cv.measure.front_groups import SINCE_REST
from posture_cv.measure.front_reading import FrontReading
from posture_cv.measure.front_reference import FrontReference, MeshAxes, front_reference
from posture_cv.measure.front_room import room_columns
from posture_cv.measure.front_space import CameraStand
from posture_cv.measure.mirror_kernel import ColumnProjection, MirrorKernels
from posture_cv.measure.mirror_network import MirrorNetwork
from posture_cv.measure.types import Float

SD_INPUTS: Final = 8
# Limits of log sd, in standard deviations of the quantity: 0.7 % and twenty times of it (ours).
LOG_SD_LOW, LOG_SD_HIGH = -5.0, 3.0
_NEAREST: Final = 1e-9  # nearness below which a frame is as far from the fitting frames as any


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """Of N frames and T quantities, (N, T) each.

    Attributes:
        value: in the quantity's unit.
        far: log(1 + d^2 / 2) of the distance d from the nearest fitting frame, in the kernel's lengths.
        size: log(1 + size of the whole change); a change as large as is usual in the fit has about size 1.
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
        group: (T,) of each quantity among the groups.
        at: (T,) its place in the kernels' values, groups in a row.
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
        far = np.log1p(-np.log(np.minimum(np.maximum(near, _NEAREST), 1.0)))
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
    """All that answers in front; `front_arrays.front_model` makes it.

    Attributes:
        axes: of the face mesh.
        even, odd: projections of the first reading.
        even_room, odd_room: of the room's columns.
        camera_pitch: (6,) weights of the camera's pitch in degrees: see `camera_stand`.
        first: variant -> first stage, where it has one.
        then: variant -> the other groups.
        beside: variant -> its networks.
        spread: variant -> (T,) standard deviation of its quantities in the fitting set.
        sd: variant -> (8, T) weights of log sd: see `sd_terms`.
        share: variant -> (T,) share of the networks in what is answered.
        reach: variant -> (T,) how far from the fitting frames people left out are, but for one frame in a hundred.
    """

    axes: MeshAxes
    even: ColumnProjection
    odd: ColumnProjection
    even_room: ColumnProjection
    odd_room: ColumnProjection
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
    sd = np.exp(np.minimum(np.maximum(log_sd, LOG_SD_LOW), LOG_SD_HIGH))
    return np.asarray(spread * sd * np.maximum(answers.far / reach, 1.0))
