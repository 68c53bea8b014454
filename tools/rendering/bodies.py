"""Bodies of random shape: MakeHuman's macro targets mixed, with details on top."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rendering.assets import Float, Garment, read_base, read_target

ETHNICITIES = ("african", "asian", "caucasian")


@dataclass(frozen=True)
class Shape:
    """Sliders of a body, 0 to 1 (0.5 average), ethnicity as shares; `details` names targets with their amounts."""

    male: float
    age: float
    muscle: float
    weight: float
    height: float
    proportions: float
    ethnicity: tuple[float, float, float]
    cup: float
    firmness: float
    details: Mapping[str, float]


def parts(value: float, low: str, middle: str, high: str) -> dict[str, float]:
    """A slider as shares of the three targets it lies between; "" means none is needed."""
    upper = max(0.0, 2.0 * value - 1.0)
    lower = max(0.0, 1.0 - 2.0 * value)
    return {k: v for k, v in ((low, lower), (middle, 1.0 - upper - lower), (high, upper)) if v > 0}


def shaped(mpfb: Path, shape: Shape) -> Float:
    """The base mesh in this shape: (19158, 3) dm."""
    points = read_base(mpfb).points.copy()
    targets = mpfb / "targets"
    for name, amount in macro_targets(shape).items():
        vertices, moves = read_target(targets / f"{name}.target.gz")
        points[vertices] += amount * moves
    for name, amount in shape.details.items():
        vertices, moves = read_target(targets / f"{name}.target.gz")
        if not len(vertices):
            raise FileNotFoundError(name)
        points[vertices] += amount * moves
    return points


def macro_targets(shape: Shape) -> dict[str, float]:
    """Names of the macro targets and their amounts, as the products of the sliders' shares."""
    sexes = {"male": shape.male, "female": 1.0 - shape.male}
    # children are of no interest here: an age of 0.5 is 25 years, 1 is 90
    ages = {"young": 1.0 - max(0.0, 2.0 * shape.age - 1.0), "old": max(0.0, 2.0 * shape.age - 1.0)}
    muscles = parts(shape.muscle, "minmuscle", "averagemuscle", "maxmuscle")
    weights = parts(shape.weight, "minweight", "averageweight", "maxweight")
    heights = parts(shape.height, "minheight", "", "maxheight")
    proportions = parts(shape.proportions, "uncommonproportions", "", "idealproportions")
    cups = parts(shape.cup, "mincup", "averagecup", "maxcup")
    firmnesses = parts(shape.firmness, "minfirmness", "averagefirmness", "maxfirmness")
    out: dict[str, float] = {}
    for sex, s in sexes.items():
        for age, a in ages.items():
            for ethnicity, e in zip(ETHNICITIES, shape.ethnicity, strict=True):
                out[f"macrodetails/{ethnicity}-{sex}-{age}"] = s * a * e
            for muscle, m in muscles.items():
                for weight, w in weights.items():
                    body = f"{sex}-{age}-{muscle}-{weight}"
                    out[f"macrodetails/universal-{body}"] = s * a * m * w
                    for height, h in heights.items():
                        if height:
                            out[f"macrodetails/height/{body}-{height}"] = s * a * m * w * h
                    for proportion, p in proportions.items():
                        if proportion:
                            out[f"macrodetails/proportions/{body}-{proportion}"] = s * a * m * w * p
                    if sex == "female":
                        for cup, c in cups.items():
                            for firmness, f in firmnesses.items():
                                out[f"breast/{body}-{cup}-{firmness}"] = s * a * m * w * c * f
    return {name: amount for name, amount in out.items() if amount > 0}


def fitted(garment: Garment, points: Float, scale: Float) -> Float:
    """The garment on a body in rest: (V, 3) dm. `scale` (3,) is the body's size over the base mesh's."""
    return np.asarray(
        np.einsum("vk,vkd->vd", garment.weights, points[garment.vertices]) + garment.offsets * scale
    )


HEAD_ENDS = ((5399, 11998), (791, 881), (962, 5320))
"""Vertices at the ends of the head along x, y and z: their distances tell how large what is worn on it must be."""


def head_scale(mpfb: Path, points: Float) -> Float:
    """How much larger than the base mesh's the head of this body is along x, y, z: (3,)."""
    base = read_base(mpfb).points
    return np.array(
        [
            abs(points[a, k] - points[b, k]) / abs(base[a, k] - base[b, k])
            for k, (a, b) in enumerate(HEAD_ENDS)
        ]
    )
