"""Random people: bodies with clothes, hair and skins, ready to be posed and drawn."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import sparse

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
from rendering.bodies import Shape, fitted, head_scale, shape_of, shaped
from rendering.faces import NEUTRAL, Guise, moved
from rendering.posing import Markers, Posture, Sitter, Skeleton, skinned
from rendering.scene import Colour, Mesh, smooth_normals

TRAGUS: Final = 12301
ACROMION: Final = 8236
NOSE: Final = 307
C7: Final = 1491
"""Vertices of the base mesh, left side, that lie where the shared truth has its markers, to 3 to 9 mm."""
SUITS: Final = {
    "M": ["male_casualsuit01", "male_casualsuit02", "male_casualsuit03", "male_casualsuit04", "male_casualsuit05",
          "male_casualsuit06", "male_elegantsuit01", "male_elegantsuit01", "male_worksuit01"],
    "F": ["female_casualsuit01", "female_casualsuit02", "female_elegantsuit01", "female_elegantsuit01",
          "female_sportsuit01", "male_casualsuit03", "male_casualsuit04", "male_casualsuit05"],
}  # fmt: skip
HAIR: Final = {
    "M": ["short01", "short02", "short03", "short04", "short04", "afro01", ""],
    "F": ["long01", "long01", "bob01", "bob02", "ponytail01", "ponytail01", "Braid01", "short02", "short04", "afro01"],
}  # fmt: skip
"""Clothes and hair seen in the shared pictures, the frequent ones twice; "" is bald."""
BROWS: Final = [f"eyebrow{k:03d}" for k in range(1, 13)]
LASHES: Final = ["Eyelashes01", "eyelashes02", "eyelashes03", "eyelashes04"]
OLDER_FROM: Final = {"young": 0.0, "middleage": 0.62, "old": 0.75}
"""Skins and the slider of age from which they are worn, ours: 0.62 is about 41 years, 0.75 about 58."""
SKIN_GLOSS, CLOTH_GLOSS, EYE_GLOSS, HAIR_GLOSS = 0.15, 0.08, 0.4, 0.15
"""Strengths of the highlight, by eye."""
BROW_COLOUR: Final = (0.6, 0.6, 0.6)
WHITE: Final = (1.0, 1.0, 1.0)
UNDYED: Final = 0.5
"""Share of the clothes that keep their own colour, ours."""
SHIN_DM: Final = 1.0
"""How much of the shin below the knee is drawn: no camera sees more, and feet have many triangles."""
UPRIGHT_CVA_DEG: Final = (49.5, 58.0)
UPRIGHT_PITCH_DEG: Final = (2.5, 8.6, 5.8, 1.4)
"""Upright postures of the shared people: range, and of the head's pitch range, mean and standard deviation."""


@dataclass(frozen=True)
class Material:
    """How a surface looks: `colour` multiplies the texture, with `cutout` its alpha lets light through."""

    texture: Path | None
    colour: Colour
    gloss: float
    cutout: bool = False


@dataclass(frozen=True, eq=False)
class Part:
    """A surface of a person that moves with the bones: `points_cm` (V, 3) in rest and `weights` (V, bones)."""

    points_cm: Float
    weights: sparse.csr_matrix
    surface: Surface
    material: Material


@dataclass(frozen=True, eq=False)
class Person:
    """A dressed body."""

    sex: str
    sitter: Sitter
    parts: list[Part]

    def meshes(self, posed: Float) -> list[Mesh]:
        """What is drawn of the person in a posture, transforms (bones, 3, 4) of `Sitter.pose`."""
        return [_mesh(part, posed) for part in self.parts]


def _mesh(part: Part, posed: Float) -> Mesh:
    points = skinned(part.weights, part.points_cm, posed) / 100.0
    surface, material = part.surface, part.material
    normals = smooth_normals(points, surface.source[surface.faces])  # across the texture's seams
    return Mesh(
        points[surface.source].astype(np.float32),
        surface.faces,
        surface.uv,
        material.texture,
        material.colour,
        cutout=material.cutout,
        normals=normals[surface.source],
        gloss=material.gloss,
    )


@dataclass(frozen=True, eq=False)
class Body:
    """A naked body in rest: `points_dm` (19158, 3), `weights` (19158, bones), and below which y nothing is drawn."""

    sex: str
    shape: Shape
    ethnicity: str
    points_dm: Float
    weights: sparse.csr_matrix
    lowest_dm: float

    def skin(self, surface: Surface, hidden: NDArray[np.bool_], makehuman: Path, light: float) -> Part:
        """What of the body no clothes hide (19158,), lighter or darker by a factor."""
        age = [name for name, start in OLDER_FROM.items() if self.shape.age >= start][-1]
        sex = "male" if self.sex == "M" else "female"
        texture, (r, g, b) = read_skin(makehuman, f"{age}_{self.ethnicity}_{sex}")
        points = self.points_dm[:BODY_VERTICES]
        shown = ~hidden[:BODY_VERTICES] & (points[:, 1] > self.lowest_dm)
        material = Material(texture, (light * r, light * g, light * b), SKIN_GLOSS)
        return Part(points * 10.0, self.weights[:BODY_VERTICES], _trimmed(surface, shown), material)

    def wears(self, garment: Garment, scale: Float, material: Material) -> Part:
        """A garment, weighted as the vertices that it hangs on, so that its offsets turn with them.

        `scale` (3,) is the size of what it is worn on over the base mesh's.
        """
        count = len(garment.vertices)
        rows = np.repeat(np.arange(count), 3)
        # far outside its triangle a garment's vertex may have weights below zero: no bone should push the other way
        shares = np.clip(garment.weights, 0.0, None)
        shares /= shares.sum(axis=1, keepdims=True)
        at = (rows, garment.vertices.ravel())
        mix = sparse.csr_matrix((shares.ravel(), at), (count, len(self.points_dm)))
        rest = fitted(garment, self.points_dm, scale)
        shown = _trimmed(garment.surface, rest[:, 1] > self.lowest_dm)
        return Part(rest * 10.0, sparse.csr_matrix(mix @ self.weights), shown, material)


def person_of(
    sex: str, makehuman: Path, mpfb: Path, rng: np.random.Generator, face: Guise = NEUTRAL
) -> Person:
    """A random dressed person of a sex, M or F; with the same `rng` the same one, whatever the face."""
    base = read_base(mpfb)
    bones, weights = read_rig(mpfb)
    shape, ethnicity = shape_of(sex, rng)
    points_dm = shaped(mpfb, shape)
    low, high, mean, sd = UPRIGHT_PITCH_DEG
    upright = Posture(
        cva=rng.uniform(*UPRIGHT_CVA_DEG), head_pitch=float(np.clip(rng.normal(mean, sd), low, high))
    )
    skeleton = Skeleton(bones, points_dm * 10.0)
    sitter = Sitter(skeleton, _markers(base.points, points_dm * 10.0, weights), upright)
    lowest_dm = float(skeleton.head("lowerleg01.L")[1]) / 10.0 - SHIN_DM
    body = Body(sex, shape, ethnicity, moved(points_dm, face, mpfb), weights, lowest_dm)
    clothes = makehuman / "proxies" / "clothes"
    suit = read_garment(clothes / _another(str(rng.choice(SUITS[sex])), SUITS[sex], face.suit))
    of_head = head_scale(mpfb, points_dm)
    parts = [
        body.skin(base.skin, suit.hidden, makehuman, light=rng.uniform(0.85, 1.0)),
        body.wears(suit, np.full(3, of_head.mean()), Material(suit.texture, _tint(rng), CLOTH_GLOSS)),
        *_head_parts(body, of_head, makehuman / "proxies", rng, face.hair),
    ]
    for name in face.worn:
        worn = read_garment(clothes / name)
        parts.append(body.wears(worn, of_head, Material(worn.texture, WHITE, CLOTH_GLOSS, cutout=True)))
    return Person(sex, sitter, parts)


def _another(own: str, among: list[str], further: int) -> str:
    """The garment that comes so many later among those that can be worn."""
    names = sorted(set(among))
    return names[(names.index(own) + further) % len(names)]


def _head_parts(
    body: Body, scale: Float, proxies: Path, rng: np.random.Generator, further: int
) -> list[Part]:
    """Eyes, brows, lashes and hair."""
    eyes = proxies / "eyes" / "HighPolyEyes"
    iris = str(rng.choice(sorted(file.name for file in (eyes / "textures").glob("*eye*.png"))))
    worn = [(eyes, Material(eyes / "textures" / iris, WHITE, EYE_GLOSS, cutout=True))]
    hair_colour = _hair_colour(body.ethnicity, rng)
    brows, lashes = str(rng.choice(BROWS)), str(rng.choice(LASHES))
    worn += [
        (folder, Material(read_garment(folder).texture, BROW_COLOUR, 0.0, cutout=True))
        for folder in (proxies / "eyebrows" / brows, proxies / "eyelashes" / lashes)
    ]
    hair = _another(str(rng.choice(HAIR[body.sex])), HAIR[body.sex], further)
    if hair:
        folder = proxies / "hair" / hair
        worn.append((folder, Material(read_garment(folder).texture, hair_colour, HAIR_GLOSS, cutout=True)))
    return [body.wears(read_garment(folder), scale, material) for folder, material in worn]


def _markers(rest: Float, points_cm: Float, weights: sparse.csr_matrix) -> Markers:
    """Where the truth is measured on a body; `rest` is the base mesh, which is symmetric."""

    def both(vertex: int) -> dict[str, Float]:
        """A place and that on the right side."""
        mirrored = rest[vertex] * np.array([-1.0, 1.0, 1.0])
        other = int(np.argmin(((rest[:BODY_VERTICES] - mirrored) ** 2).sum(axis=1)))
        return {"L": points_cm[vertex], "R": points_cm[other]}

    c7_weights = np.asarray(weights[C7].todense()).ravel()
    return Markers(both(TRAGUS), both(ACROMION), points_cm[NOSE], points_cm[C7], c7_weights)


def _trimmed(surface: Surface, kept: NDArray[np.bool_]) -> Surface:
    """The triangles of which every vertex is kept (V,), and what they use."""
    faces = surface.faces[kept[surface.source][surface.faces].all(axis=1)]
    used, numbers = np.unique(faces, return_inverse=True)
    return Surface(surface.source[used], numbers.reshape(-1, 3).astype(np.int32), surface.uv[used])


def _tint(rng: np.random.Generator) -> Colour:
    """The colour that clothes are dyed in: pale and light, ours."""
    if rng.random() < UNDYED:
        return WHITE
    hsv = np.array([[[rng.uniform(0, 179), rng.uniform(20, 110), rng.uniform(170, 255)]]], np.uint8)
    r, g, b = (cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB)[0, 0] / 255.0).tolist()
    return (r, g, b)


def _hair_colour(ethnicity: str, rng: np.random.Generator) -> Colour:
    """A shade over the texture's own, ours."""
    low = 0.5 if ethnicity == "caucasian" else 0.35
    light = rng.uniform(low, 1.0)
    return (light, light * rng.uniform(0.85, 1.0), light * rng.uniform(0.75, 1.0))
