"""Random people: body, clothes, hair, camera, and the postures of their frames, as spread in the shared set."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from rendering.assets import (
    BODY_VERTICES,
    Float,
    Garment,
    Surface,
    read_base,
    read_garment,
    read_rig,
    read_skin,
)
from rendering.bodies import ETHNICITIES, Shape, fitted, head_scale, shaped
from rendering.posing import Markers, Posture, Sitter, Skeleton, skinned
from rendering.raster import Camera, Mesh
from scipy import sparse

TRAGUS, ACROMION, NOSE, C7 = 12301, 8236, 307, 1491
"""Vertices of the base mesh, left side, that lie where the shared truth has its markers."""
SUITS = {
    "M": ["male_casualsuit01", "male_casualsuit02", "male_casualsuit03", "male_casualsuit04", "male_casualsuit05",
          "male_casualsuit06", "male_elegantsuit01", "male_elegantsuit01", "male_worksuit01"],
    "F": ["female_casualsuit01", "female_casualsuit02", "female_elegantsuit01", "female_elegantsuit01",
          "female_sportsuit01", "male_casualsuit03", "male_casualsuit04", "male_casualsuit05"],
}  # fmt: skip
HAIR = {
    "M": ["short01", "short02", "short03", "short04", "short04", "afro01", ""],
    "F": [
        "long01",
        "long01",
        "bob01",
        "bob02",
        "ponytail01",
        "ponytail01",
        "Braid01",
        "short02",
        "short04",
        "afro01",
    ],
}
BROWS = [f"eyebrow{k:03d}" for k in range(1, 13)]
LASHES = ["Eyelashes01", "eyelashes02", "eyelashes03", "eyelashes04"]
DETAILS = {
    "head/head-age": 0.3, "head/head-fat": 0.4, "head/head-scale-depth": 0.3, "head/head-scale-horiz": 0.3,
    "head/head-scale-vert": 0.3, "neck/neck-scale-depth": 0.4, "neck/neck-scale-horiz": 0.4,
    "neck/neck-scale-vert": 0.4, "torso/torso-scale-depth": 0.3, "torso/torso-scale-horiz": 0.15,
    "torso/torso-scale-vert": 0.15, "nose/nose-scale-vert": 0.4, "nose/nose-scale-horiz": 0.4,
    "nose/nose-scale-depth": 0.3, "mouth/mouth-scale-horiz": 0.4, "chin/chin-height": 0.4, "chin/chin-width": 0.4,
    "forehead/forehead-scale-vert": 0.3,
}  # fmt: skip
"""Detail targets (`...-decr` and `...-incr`) and how far they go, ours."""
HEAD_SHAPES = ("oval", "round", "square", "rectangular", "triangular", "invertedtriangular", "diamond")
BACKGROUNDS = ("plain", "shelf", "window", "grad")
LIGHTS = ("key_l", "key_r", "warm_top", "screen_dark", "backlit")
WIDTH, HEIGHT = 640, 480
SHIN_DM = 1.0
"""How much of the shin below the knee is drawn."""


@dataclass(frozen=True, eq=False)
class Part:
    """A surface of a person that moves with the bones: `points_cm` (V, 3) in rest and `weights` (V, bones)."""

    points_cm: Float
    weights: sparse.csr_matrix
    surface: Surface
    texture: Path | NDArray[np.uint8] | None
    colour: tuple[float, float, float]
    cutout: bool
    gloss: float


@dataclass(frozen=True, eq=False)
class Person:
    """A dressed body."""

    sex: str
    sitter: Sitter
    parts: list[Part]

    def meshes(self, posed: Float) -> list[Mesh]:
        """What is drawn of the person in a posture."""
        out = []
        for part in self.parts:
            points = skinned(part.weights, part.points_cm, posed) / 100.0
            normals = _normals(points, part.surface)
            source = part.surface.source
            out.append(
                Mesh(
                    points[source].astype(np.float32),
                    part.surface.faces,
                    part.surface.uv,
                    part.texture,
                    part.colour,
                    cutout=part.cutout,
                    normals=normals[source],
                    gloss=part.gloss,
                )
            )
        return out


def _normals(points: Float, surface: Surface) -> NDArray[np.float32]:
    """Smooth normals across the texture's seams."""
    faces = surface.source[surface.faces]
    a, b, c = (points[faces[:, i]] for i in range(3))
    flat = np.cross(b - a, c - a)
    total = np.stack(
        [np.bincount(faces.ravel(), np.repeat(flat[:, k], 3), minlength=len(points)) for k in range(3)],
        axis=1,
    )
    return np.asarray(total / np.maximum(np.linalg.norm(total, axis=1, keepdims=True), 1e-12), np.float32)


def shape_of(sex: str, rng: np.random.Generator) -> tuple[Shape, str]:
    """A random body and which ethnicity leads in it."""
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


def person_of(sex: str, makehuman: Path, mpfb: Path, rng: np.random.Generator) -> Person:
    """A random dressed person of a sex, M or F."""
    base = read_base(mpfb)
    bones, weights = read_rig(mpfb)
    shape, ethnicity = shape_of(sex, rng)
    points = shaped(mpfb, shape)
    markers = _markers(base.points, points * 10.0, weights)
    upright = Posture(
        cva=float(rng.uniform(49.5, 58.0)), head_pitch=float(np.clip(rng.normal(5.8, 1.4), 2.5, 8.6))
    )
    sitter = Sitter(Skeleton(bones, points * 10.0), markers, upright)
    proxies = makehuman / "proxies"
    suit = read_garment(proxies / "clothes" / str(rng.choice(SUITS[sex])))
    lengths = head_scale(mpfb, points)
    wide = np.full(3, float(lengths.mean()))
    # no camera sees shins and feet, and they have many triangles
    lowest = float(sitter.skeleton.head("lowerleg01.L")[1]) / 10.0 - SHIN_DM
    parts = [_skin(sex, shape, ethnicity, makehuman, base.skin, suit, points, weights, lowest, rng)]
    parts.append(_part(suit, points, weights, wide, _tint(rng), cutout=False, gloss=0.08, lowest=lowest))
    eyes = read_garment(proxies / "eyes" / "HighPolyEyes")
    texture = str(
        rng.choice(sorted(p.name for p in (proxies / "eyes" / "HighPolyEyes" / "textures").glob("*eye*.png")))
    )
    eyes_texture = proxies / "eyes" / "HighPolyEyes" / "textures" / texture
    parts.append(
        _part(eyes, points, weights, lengths, (1.0, 1.0, 1.0), cutout=True, gloss=0.4, texture=eyes_texture)
    )
    hair_colour = _hair_colour(ethnicity, rng)
    for kind, name in (("eyebrows", str(rng.choice(BROWS))), ("eyelashes", str(rng.choice(LASHES)))):
        parts.append(
            _part(
                read_garment(proxies / kind / name),
                points,
                weights,
                lengths,
                (0.6, 0.6, 0.6),
                cutout=True,
                gloss=0.0,
            )
        )
    hair = str(rng.choice(HAIR[sex]))
    if hair:
        garment = read_garment(proxies / "hair" / hair)
        parts.append(_part(garment, points, weights, lengths, hair_colour, cutout=True, gloss=0.15))
    return Person(sex, sitter, parts)


def _markers(rest: Float, points_cm: Float, weights: sparse.csr_matrix) -> Markers:
    def other(vertex: int) -> int:
        """The vertex on the right side."""
        mirrored = rest[vertex] * np.array([-1.0, 1.0, 1.0])
        return int(np.argmin(((rest[:BODY_VERTICES] - mirrored) ** 2).sum(axis=1)))

    return Markers(
        {"L": points_cm[TRAGUS], "R": points_cm[other(TRAGUS)]},
        {"L": points_cm[ACROMION], "R": points_cm[other(ACROMION)]},
        points_cm[NOSE],
        points_cm[C7],
        np.asarray(weights[C7].todense()).ravel(),
    )


def _skin(
    sex: str,
    shape: Shape,
    ethnicity: str,
    makehuman: Path,
    surface: Surface,
    suit: Garment,
    points: Float,
    weights: sparse.csr_matrix,
    lowest: float,
    rng: np.random.Generator,
) -> Part:
    """The body without what the clothes hide and what lies lower in rest, dm."""
    age = "young" if shape.age < 0.62 else "middleage" if shape.age < 0.75 else "old"
    texture, colour = read_skin(makehuman, f"{age}_{ethnicity}_{'male' if sex == 'M' else 'female'}")
    shown = ~suit.hidden[:BODY_VERTICES] & (points[:BODY_VERTICES, 1] > lowest)
    light = float(rng.uniform(0.85, 1.0))
    return Part(
        points[:BODY_VERTICES] * 10.0,
        weights[:BODY_VERTICES],
        _trimmed(surface, shown),
        texture,
        (light * colour[0], light * colour[1], light * colour[2]),
        cutout=False,
        gloss=0.15,
    )


def _part(
    garment: Garment,
    points: Float,
    weights: sparse.csr_matrix,
    scale: Float,
    colour: tuple[float, float, float],
    *,
    cutout: bool,
    gloss: float,
    texture: Path | None = None,
    lowest: float | None = None,
) -> Part:
    """A garment on a body, weighted as the vertices that it hangs on, so that its offsets turn with them."""
    count = len(garment.vertices)
    rows = np.repeat(np.arange(count), 3)
    # far outside its triangle a garment's vertex may have weights below zero: no bone should push the other way
    shares = np.clip(garment.weights, 0.0, None)
    shares /= shares.sum(axis=1, keepdims=True)
    mix = sparse.csr_matrix((shares.ravel(), (rows, garment.vertices.ravel())), (count, len(points)))
    rest = fitted(garment, points, scale)
    return Part(
        rest * 10.0,
        sparse.csr_matrix(mix @ weights),
        garment.surface if lowest is None else _trimmed(garment.surface, rest[:, 1] > lowest),
        texture or garment.texture,
        colour,
        cutout,
        gloss,
    )


def _trimmed(surface: Surface, kept: NDArray[np.bool_]) -> Surface:
    """The triangles of which every vertex is kept, and what they use."""
    faces = surface.faces[kept[surface.source][surface.faces].all(axis=1)]
    used, numbers = np.unique(faces, return_inverse=True)
    return Surface(surface.source[used], numbers.reshape(-1, 3).astype(np.int32), surface.uv[used])


def _tint(rng: np.random.Generator) -> tuple[float, float, float]:
    """Clothes keep their colour or are dyed, ours."""
    if rng.random() < 0.5:
        return (1.0, 1.0, 1.0)
    hsv = np.array([[[rng.uniform(0, 179), rng.uniform(20, 110), rng.uniform(170, 255)]]], np.uint8)
    r, g, b = (cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB)[0, 0] / 255.0).tolist()
    return (r, g, b)


def _hair_colour(ethnicity: str, rng: np.random.Generator) -> tuple[float, float, float]:
    """A shade over the texture's own."""
    low = 0.5 if ethnicity == "caucasian" else 0.35
    light = float(rng.uniform(low, 1.0))
    return (light, light * float(rng.uniform(0.85, 1.0)), light * float(rng.uniform(0.75, 1.0)))


@dataclass(frozen=True)
class View:
    """A camera and how its columns describe it."""

    camera: Camera
    hfov_deg: float
    dist_m: float
    height_rel_eye_m: float
    azimuth_deg: float


FRONT_AIM_BELOW_M = (0.03, 0.15)
SIDE_AIM_BELOW_M, SIDE_AHEAD_M = 0.22, 0.02
EYE_ABOVE_JOINT_M = 0.008
"""Cameras are placed about a point between the eyes, a little above their joints; the side one about one ahead."""


def camera_of(view: str, eye_m: Float, rng: np.random.Generator) -> View:
    """A random camera of a view, front or side, about the place between the upright eyes."""
    if view == "front":
        hfov, dist = rng.uniform(54.0, 79.0), rng.uniform(0.485, 0.835)
        height, azimuth, below = (
            rng.uniform(-0.27, 0.08),
            rng.uniform(-22.0, 22.0),
            rng.uniform(*FRONT_AIM_BELOW_M),
        )
    else:
        hfov, dist = rng.uniform(38.0, 52.0), rng.uniform(1.41, 2.0)
        height, below = rng.uniform(-0.2, 0.05), SIDE_AIM_BELOW_M
        eye_m = eye_m + np.array([0.0, 0.0, SIDE_AHEAD_M])
        azimuth = rng.choice([-1.0, 1.0]) * 90.0 + rng.uniform(-5.0, 5.0)
    a = np.radians(azimuth)
    centre = eye_m + np.array([dist * np.sin(a), height, dist * np.cos(a)])
    aim = eye_m - np.array([0.0, below, 0.0])
    forward = aim - centre
    forward[[0, 2]] = np.array([-np.sin(a), -np.cos(a)]) * np.hypot(forward[0], forward[2])
    forward /= np.linalg.norm(forward)
    right = np.cross(forward, [0.0, 1.0, 0.0])
    right /= np.linalg.norm(right)
    rotation = np.stack([right, np.cross(forward, right), forward])
    focal = WIDTH / 2.0 / np.tan(np.radians(hfov / 2.0))
    camera = Camera(rotation, -rotation @ centre, focal, focal, WIDTH / 2.0, HEIGHT / 2.0, WIDTH, HEIGHT)
    return View(camera, float(hfov), float(dist), float(height), float(azimuth))


def postures(view: str, upright: Posture, rng: np.random.Generator) -> Iterator[tuple[str, Posture]]:
    """Segment and posture of each frame of a person in a view, as they are spread in the shared set."""
    for _ in range(6 if view == "front" else 4):
        yield "calibration", _at_rest(upright, rng)
    if view == "front":
        singles = ["loss", "loss", "pitch", "protract", "slump", "elevate", "lean", "tz"]
        singles += sorted(rng.choice(["roll", "lateral", "yaw"], 2, replace=False).tolist())
    else:
        singles = [["loss", "loss", "slump", "elevate"], ["loss", "pitch", "protract", "lean"]][
            int(rng.integers(2))
        ]
    for kind in singles:
        yield f"single_{kind}", _changed(_at_rest(upright, rng), [kind], rng, alone=True)
    for _ in range(20 if view == "front" else 10):
        kinds = [kind for kind, share in SHARES.items() if rng.random() < share]
        while len(kinds) < 2:
            kinds = sorted({*kinds, str(rng.choice(list(SHARES)))})
        yield "multi", _changed(_at_rest(upright, rng), kinds, rng, alone=False)


SHARES = {
    "loss": 0.45, "pitch": 0.42, "yaw": 0.3, "roll": 0.27, "protract": 0.45, "elevate": 0.43, "slump": 0.47,
    "lean": 0.48, "lateral": 0.34, "tz": 0.48,
}  # fmt: skip
"""How often each is changed among several, as counted in the shared set."""


def _at_rest(p: Posture, rng: np.random.Generator) -> Posture:
    """The upright posture with the scatter of calibration frames."""
    spread = {
        "cva": 0.6, "head_pitch": 1.2, "head_yaw": 1.6, "head_roll": 1.0, "protract": 0.5, "protract_asym": 0.75,
        "elevate": 0.4, "elevate_asym": 0.58, "slump": 0.7, "lean": 0.5, "trunk_yaw": 1.15, "lateral": 0.4,
        "tx": 0.005, "tz": 0.004,
    }  # fmt: skip
    return replace(p, **{name: getattr(p, name) + float(rng.normal(0.0, sd)) for name, sd in spread.items()})


def _changed(p: Posture, kinds: list[str], rng: np.random.Generator, *, alone: bool) -> Posture:
    """The posture with some quantities changed."""
    for kind in kinds:
        match kind:
            case "loss":
                p = replace(p, cva=p.cva - rng.uniform(6.0, 22.0))
                if rng.random() < 0.36:
                    p = replace(p, protrude=float(rng.uniform(1.0, 2.0)))
            case "pitch":
                p = replace(p, head_pitch=p.head_pitch + rng.uniform(-11.0, 33.5))
            case "yaw":
                p = replace(p, head_yaw=p.head_yaw + rng.uniform(-15.5, 15.5))
            case "roll":
                p = replace(p, head_roll=p.head_roll + rng.uniform(-8.0, 8.0))
            case "protract":
                p = replace(p, protract=p.protract + rng.uniform(4.0, 16.0))
            case "elevate":
                p = replace(p, elevate=p.elevate + rng.uniform(3.3, 12.0))
            case "slump":
                slump = rng.uniform(8.5, 30.0)
                p = replace(p, slump=p.slump + slump, cva=p.cva - 0.19 * slump)
            case "lean":
                lean = rng.uniform(-10.0, 14.0)
                p = replace(p, lean=p.lean + lean, cva=p.cva - (0.55 if lean > 0 else 0.9) * lean)
                if alone:
                    p = replace(p, mode="rel", rel=1.0)
            case "lateral":
                p = replace(p, lateral=p.lateral + rng.uniform(-7.5, 7.5))
            case "tz":
                p = replace(p, tz=p.tz + rng.uniform(-0.115, 0.115))
    return p
