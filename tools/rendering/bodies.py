"""Bodies of random shape: MakeHuman's macro targets mixed, with details on top."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Final

import numpy as np

from rendering.assets import Float, Garment, read_base, read_target

ETHNICITIES: Final = ("african", "asian", "caucasian")
DETAILS: Final = {
    "head/head-age": 0.3, "head/head-fat": 0.4, "head/head-scale-depth": 0.3, "head/head-scale-horiz": 0.3,
    "head/head-scale-vert": 0.3, "neck/neck-scale-depth": 0.4, "neck/neck-scale-horiz": 0.4,
    "neck/neck-scale-vert": 0.4, "torso/torso-scale-depth": 0.3, "torso/torso-scale-horiz": 0.15,
    "torso/torso-scale-vert": 0.15, "nose/nose-scale-vert": 0.4, "nose/nose-scale-horiz": 0.4,
    "nose/nose-scale-depth": 0.3, "mouth/mouth-scale-horiz": 0.4, "chin/chin-height": 0.4, "chin/chin-width": 0.4,
    "forehead/forehead-scale-vert": 0.3,
}  # fmt: skip
"""Detail targets (`...-decr` and `...-incr`) and how far they go, ours."""
HEAD_SHAPES: Final = ("oval", "round", "square", "rectangular", "triangular", "invertedtriangular", "diamond")
HEAD_ENDS: Final = ((5399, 11998), (791, 881), (962, 5320))
"""Vertices at the ends of the head along x, y and z: their distances tell how large what is worn on it must be."""


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
    out: dict[str, float] = {}
    # children are of no interest here: an age of 0.5 is 25 years, 1 is 90
    old = max(0.0, 2.0 * shape.age - 1.0)
    muscles = parts(shape.muscle, "minmuscle", "averagemuscle", "maxmuscle")
    weights = parts(shape.weight, "minweight", "averageweight", "maxweight")
    for (sex, s), (age, a) in product(
        (("male", shape.male), ("female", 1.0 - shape.male)), (("young", 1.0 - old), ("old", old))
    ):
        for ethnicity, e in zip(ETHNICITIES, shape.ethnicity, strict=True):
            out[f"macrodetails/{ethnicity}-{sex}-{age}"] = s * a * e
        for (muscle, m), (weight, w) in product(muscles.items(), weights.items()):
            out |= dict(_of_a_build(shape, f"{sex}-{age}-{muscle}-{weight}", s * a * m * w))
    return {name: amount for name, amount in out.items() if amount > 0}


def _of_a_build(shape: Shape, build: str, share: float) -> Iterator[tuple[str, float]]:
    """The targets of one `SEX-AGE-MUSCLE-WEIGHT` and their amounts."""
    yield f"macrodetails/universal-{build}", share
    for height, h in parts(shape.height, "minheight", "", "maxheight").items():
        if height:
            yield f"macrodetails/height/{build}-{height}", share * h
    for proportion, p in parts(shape.proportions, "uncommonproportions", "", "idealproportions").items():
        if proportion:
            yield f"macrodetails/proportions/{build}-{proportion}", share * p
    if build.startswith("female"):
        cups = parts(shape.cup, "mincup", "averagecup", "maxcup")
        firmnesses = parts(shape.firmness, "minfirmness", "averagefirmness", "maxfirmness")
        for (cup, c), (firmness, f) in product(cups.items(), firmnesses.items()):
            yield f"breast/{build}-{cup}-{firmness}", share * c * f


def shape_of(sex: str, rng: np.random.Generator) -> tuple[Shape, str]:
    """A random body of a sex, M or F, and which ethnicity leads in it.

    Heights and proportions were chosen so that the places of shoulders, hips, eyes and ears spread about as the shared
    people's; the other ranges are ours: grown-ups, neither very thin nor very heavy.
    """
    leading = int(rng.integers(3))
    shares = rng.dirichlet(np.where(np.arange(3) == leading, 4.0, 0.4))
    leading = int(np.argmax(shares))
    male = sex == "M"
    details = {}
    for name, most in DETAILS.items():
        amount = float(rng.normal(0.0, most / 2.0))
        details[f"{name}-{'incr' if amount > 0 else 'decr'}"] = min(abs(amount), most)
    details[f"head/head-{rng.choice(HEAD_SHAPES)}"] = float(rng.uniform(0.0, 0.5))
    shape = Shape(
        male=float(rng.uniform(0.85, 1.0) if male else rng.uniform(0.0, 0.15)),
        age=float(rng.uniform(0.5, 0.85)),
        muscle=float(rng.uniform(0.35, 0.8)),
        weight=float(rng.uniform(0.3, 0.85)),
        height=float(np.clip(rng.normal(0.575, 0.05) if male else rng.normal(0.47, 0.085), 0.3, 0.72)),
        proportions=float(rng.uniform(0.75, 1.0) if male else rng.uniform(0.3, 0.9)),
        ethnicity=(float(shares[0]), float(shares[1]), float(shares[2])),
        cup=float(rng.uniform(0.3, 0.7)),
        firmness=float(rng.uniform(0.4, 0.7)),
        details=details,
    )
    return shape, ETHNICITIES[leading]


def fitted(garment: Garment, points: Float, scale: Float) -> Float:
    """The garment on a body in rest: (V, 3) dm. `scale` (3,) is the body's size over the base mesh's."""
    return np.asarray(
        np.einsum("vk,vkd->vd", garment.weights, points[garment.vertices]) + garment.offsets * scale
    )


def head_scale(mpfb: Path, points: Float) -> Float:
    """How much larger than the base mesh's the head of this body is along x, y, z: (3,)."""
    base = read_base(mpfb).points
    return np.array(
        [
            abs(points[a, k] - points[b, k]) / abs(base[a, k] - base[b, k])
            for k, (a, b) in enumerate(HEAD_ENDS)
        ]
    )
