"""Fit what a face's own movements do to its mesh: ridge regression on pairs of pictures that differ in the face alone.

Rendered people who make random faces (`tools/render_people.py --faces random`) teach it, and people with neutral faces
in every posture teach it what is none: there nothing shall be taken off. Both halves of the mesh's change, that which
a mirrored face shares and that which it turns round, are learned apart, so that a mirrored picture gives mirrored
answers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from fitting.front import mesh_mirror
from fitting.material import FitClip, clips_of
from posture_cv.coefficients import load_coefficients
from posture_cv.landmarks.types import Landmarks
from posture_cv.measure.baseline import Baseline
from posture_cv.measure.expression import Expression
from posture_cv.measure.face_geometry import eye_distance
from posture_cv.measure.front import measure_front
from posture_cv.measure.front_space import EYE_DISTANCE_CM
from posture_cv.measure.rotation import similarity_fit
from posture_cv.measure.types import View

Float = NDArray[np.float64]
Truth = Mapping[str, Any]
MOVEMENTS: Final = 8
"""Of each half; 12, 20 and 40 did no better on people left out."""
NEUTRAL_WEIGHT: Final = 1.0
"""How much a mean frame with a neutral face weighs against one with another; 2 and 4 did no better."""
RIDGE: Final = 1e-3
"""Of the mean square of the strengths."""
MOST: Final = 1.5
"""How far beyond the largest strength learned one is believed, ours."""
FOLDS: Final = 5
JUDGED: Final = ("cva_change_deg", "head_forward_cm", "head_pitch_deg", "head_yaw_deg")


@dataclass(frozen=True)
class Pairs:
    """Changes of the mesh: (N, 1404) with a face that does something, what it does, (M, 1404) with a neutral one."""

    change: Float
    does: Float
    neutral: Float


def fit_expression(
    lm: Landmarks,
    truth: Truth,
    also: Sequence[tuple[Landmarks, Truth]],
    further: Sequence[tuple[Landmarks, Truth]],
) -> tuple[dict[str, Any], dict[str, str]]:
    """The coefficients, and what people left out of them get.

    Args:
        lm, truth: people with neutral faces.
        also: further such people.
        further: people who make faces.
    """
    neutral = [clip for part in ((lm, truth), *also) for clip in _clips(*part)]
    makers = [clip for part in further for clip in _clips(*part)]
    mirror = mesh_mirror(np.stack([clip.baseline.as_landmarks().face_px()[0] for clip in neutral]))
    people = sorted({clip.subject for clip in makers})
    effects: dict[str, list[list[float]]] = {name: [[], []] for name in JUDGED}
    for k in range(FOLDS):
        held = set(people[k::FOLDS])
        arrays = _fitted([c for c in makers if c.subject not in held], neutral, mirror)
        for clip in makers:
            if clip.subject in held:
                for name, (before, after) in _effects(clip, Expression.from_arrays(arrays)).items():
                    effects[name][0].extend(before)
                    effects[name][1].extend(after)
    lines = {
        name: f"root mean square that a face adds: {_rms(before):.2f}, with what it does taken off {_rms(after):.2f}"
        for name, (before, after) in effects.items()
    }
    return _fitted(makers, neutral, mirror), lines


def _clips(lm: Landmarks, truth: Truth) -> Iterator[FitClip]:
    return (c for c in clips_of(lm, truth, View.FRONT) if np.isfinite(c.baseline.face).all())


def pairs_of(clip: FitClip) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Frames with another face, and for each the one before it with the neutral face in the same posture."""
    faces, neutral, last = [], [], -1
    for k, segment in enumerate(clip.segment):
        if "face_" in segment and last >= 0:
            faces.append(k)
            neutral.append(last)
        elif segment != "calibration":
            last = k
    return np.array(faces, np.intp), np.array(neutral, np.intp)


def _fitted(
    makers: Sequence[FitClip], neutral: Sequence[FitClip], mirror: NDArray[np.intp]
) -> dict[str, Any]:
    pairs = _gathered(makers, neutral)
    halves = [
        _half(*parts)
        for parts in zip(
            *(_halves(x, mirror) for x in (pairs.change, pairs.does, pairs.neutral)), strict=True
        )
    ]
    read = np.hstack([read for read, _ in halves]).astype(np.float16)
    moves = np.vstack([moves for _, moves in halves]).astype(np.float16)
    most = MOST * np.abs(pairs.change @ read.astype(np.float64)).max(axis=0)
    return {"read": read, "moves": moves, "most": most.astype(np.float32)}


def _gathered(makers: Sequence[FitClip], neutral: Sequence[FitClip]) -> Pairs:
    change, does, at_rest = [], [], []
    for clip in makers:
        faces, own = pairs_of(clip)
        found = mesh_change(clip.lm, clip.baseline)
        change.append(found[faces])
        does.append(mesh_against(clip.lm[faces], clip.lm[own], clip.baseline))
        at_rest.append(found[np.unique(own)])
    at_rest += [mesh_change(clip.lm, clip.baseline)[~clip.calibration] for clip in neutral]
    both = np.isfinite(np.concatenate(does)).all(axis=1)
    rest = np.concatenate(at_rest)
    return Pairs(
        np.concatenate(change)[both], np.concatenate(does)[both], rest[np.isfinite(rest).all(axis=1)]
    )


def _own(baseline: Baseline) -> tuple[Float, float]:
    """A baseline's mesh in pixels (468, 3), and centimetres a pixel."""
    mesh = baseline.as_landmarks().face_px()[0]
    return mesh, EYE_DISTANCE_CM / eye_distance(mesh)


def mesh_change(lm: Landmarks, baseline: Baseline) -> Float:
    """(N, 1404) cm: how faces differ from the baseline's in the head's own frame; NaN without a face."""
    own, cm = _own(baseline)
    seen = lm.face_found
    mesh = np.where(seen[:, None, None], lm.face_px(), own)
    scale, rotation, middle = similarity_fit(own, mesh)
    local = (mesh - middle[:, None]) @ rotation / scale[:, None, None]
    change = (local - (own - own.mean(axis=0))) * cm
    return np.where(seen[:, None], change.reshape(len(lm), -1), np.nan)


def mesh_against(lm: Landmarks, other: Landmarks, baseline: Baseline) -> Float:
    """(N, 1404) cm: N faces less N others at the same posture, in the own frames of those; NaN without both."""
    own, cm = _own(baseline)
    seen = lm.face_found & other.face_found
    then = np.where(seen[:, None, None], other.face_px(), own)
    scale, rotation, _ = similarity_fit(own, then)
    apart = np.where(seen[:, None, None], lm.face_px() - then, np.nan)
    return np.asarray(((apart @ rotation) * (cm / scale)[:, None, None]).reshape(len(lm), -1))


def _halves(x: Float, mirror: NDArray[np.intp]) -> tuple[Float, Float]:
    """What a mirrored face shares, and what it turns round, of changes (N, 1404)."""
    mesh = x.reshape(len(x), -1, 3)
    mirrored = (mesh[:, mirror] * np.array([-1.0, 1.0, 1.0])).reshape(x.shape)
    return (x + mirrored) / 2.0, (x - mirrored) / 2.0


def _half(change: Float, does: Float, neutral: Float) -> tuple[Float, Float]:
    """(1404, J) and (J, 1404) of one half."""
    axes, to = _leading(change), _leading(does)
    strength, none = change @ axes, neutral @ axes
    square = strength.T @ strength / len(strength)
    ridge = RIDGE * np.trace(square) / MOVEMENTS * np.eye(MOVEMENTS)
    weighed = square + NEUTRAL_WEIGHT * none.T @ none / len(none) + ridge
    return axes, np.linalg.solve(weighed, strength.T @ (does @ to) / len(strength)) @ to.T


def _leading(x: Float) -> Float:
    """(1404, J) leading components."""
    return np.asarray(np.linalg.svd(x, full_matrices=False)[2][:MOVEMENTS].T)


def _effects(clip: FitClip, expression: Expression) -> dict[str, tuple[list[float], list[float]]]:
    """What another face adds to each quantity, before and after."""
    faces, own = pairs_of(clip)
    front = load_coefficients()["front"]
    out: dict[str, tuple[list[float], list[float]]] = {name: ([], []) for name in JUDGED}
    for k, used in enumerate((Expression.none(), expression)):
        model = replace(front, axes=replace(front.axes, expression=used))
        told = measure_front(clip.lm, clip.baseline, {"front": model})
        for name in JUDGED:
            out[name][k].extend((told[name].value[faces] - told[name].value[own]).tolist())
    return out


def _rms(values: Sequence[float]) -> float:
    return float(np.sqrt(np.nanmean(np.square(values))))
