"""The frames of one person: rows of the truth and pictures, front and side."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from rendering.assets import Float
from rendering.faces import CLOTHES, FACES, LIT, NEUTRAL, Guise, random_face
from rendering.people import Person, person_of
from rendering.postures import before_a_face, postures
from rendering.raster import Rasteriser
from rendering.rooms import BACKGROUNDS, LIGHTS, Light, Room, light_of, room_of
from rendering.scene import Bytes
from rendering.truth import params_of, places_cm, row_of
from rendering.views import EYE_ABOVE_JOINT_M, VIEWS, Name, View, camera_of

KINDS: Final = {"named": FACES, "clothes": CLOTHES, "lit": LIT}
RANDOM_FACES, RANDOM_POSTURES = 8, 2
"""Faces and postures of a person who is rendered to learn from, beside the neutral and the upright ones."""


@dataclass(frozen=True)
class Source:
    """What people are made of, and from which seed."""

    makehuman: Path
    mpfb: Path
    seed: int


@dataclass(frozen=True)
class Surroundings:
    """Where a person is seen: camera, room and light of a view."""

    view: View
    room: Room
    light: Light
    light_name: str


def person_frames(
    number: int, source: Source, raster: Rasteriser, only: str | None = None
) -> Iterator[tuple[dict[str, Any], Bytes]]:
    """Rows and pictures (H, W, 3) BGR of a person; men have odd numbers.

    With `only` one view is given, with the same frames as among both.
    """
    person = _person(number, source)
    upright = person.sitter.pose(person.sitter.upright)
    frame = 0
    for k, name in enumerate(VIEWS):
        rng = np.random.default_rng([source.seed, number, 1 + k])
        around = surroundings_of(name, places_cm(person.sitter, upright), rng)
        for segment, p in postures(name, person.sitter.upright, rng):
            if only in (None, name):
                posed = person.sitter.pose(p)
                row = _named(number, name, frame, segment)
                row |= row_of(person.sitter, p, posed, upright, around.view)
                row |= _of_surroundings(around, person) | {"params": params_of(p)}
                yield row, picture_of(person, posed, around, raster)
            frame += 1


def face_frames(
    number: int, source: Source, raster: Rasteriser, view: Name, kind: str
) -> Iterator[tuple[dict[str, Any], Bytes]]:
    """Rows and pictures of a person who looks otherwise in some: "named" `FACES`, "random" ones, or in other "clothes".

    After the upright frames come a few postures, each with a neutral face and with every other, and nothing else
    changed: what is measured otherwise is the face's doing.
    """
    rng = np.random.default_rng([source.seed, number, 1])
    chance = kind == "random"
    faces = {f"face_{k}": random_face(rng) for k in range(RANDOM_FACES)} if chance else KINDS[kind]
    neutral = _person(number, source)
    people = {name: _person(number, source, face) for name, face in faces.items()}
    sitter = neutral.sitter
    upright = sitter.pose(sitter.upright)
    own = surroundings_of(view, places_cm(sitter, upright), rng)
    frame = 0
    for segment, p in before_a_face(sitter.upright, rng, several=RANDOM_POSTURES if chance else 0):
        posed = sitter.pose(p)
        shown = {segment: neutral}
        if segment != "calibration":
            shown |= {f"{segment}_{name}": person for name, person in people.items()}
        for called, person in shown.items():
            light = faces[called.removeprefix(f"{segment}_")].light if called != segment else ""
            around = _lit(own, light, [source.seed, number, frame])
            row = _named(number, view, frame, called) | row_of(sitter, p, posed, upright, around.view)
            row |= _of_surroundings(around, person) | {"params": params_of(p)}
            yield row, picture_of(person, posed, around, raster)
            frame += 1


def _lit(around: Surroundings, light: str, seed: list[int]) -> Surroundings:
    """The same room in another light, or in its own."""
    if not light:
        return around
    return replace(around, light=light_of(light, np.random.default_rng(seed)), light_name=light)


def _person(number: int, source: Source, face: Guise = NEUTRAL) -> Person:
    rng = np.random.default_rng([source.seed, number])
    return person_of("MF"[(number - 1) % 2], source.makehuman, source.mpfb, rng, face)


def _named(number: int, view: Name, frame: int, segment: str) -> dict[str, Any]:
    """The columns that say which frame it is."""
    return {
        "file": f"r{number:03d}_{view[0]}/{frame:03d}_{segment}.jpg",
        "split": "rendered",
        "subject": f"r{number:03d}",
        "camera": view[0],
        "view": view,
        "frame": frame,
        "segment": segment,
    }


def _of_surroundings(around: Surroundings, person: Person) -> dict[str, Any]:
    return {"background": around.room.name, "light": around.light_name, "sex": person.sex}


def surroundings_of(name: Name, at_cm: dict[str, Float], rng: np.random.Generator) -> Surroundings:
    """A random camera, room and light about an upright person, whose places are given."""
    eye_m = (at_cm["EYE_L"] + at_cm["EYE_R"]) / 200.0 + np.array([0.0, EYE_ABOVE_JOINT_M, 0.0])
    eye_m[0] = 0.0
    view = camera_of(name, eye_m, rng)
    background, light_name = str(rng.choice(BACKGROUNDS)), str(rng.choice(LIGHTS))
    hip_m = (at_cm["HIP_L"] + at_cm["HIP_R"]) / 200.0
    room = room_of(
        background,
        rng,
        hip_m=(float(hip_m[1]), float(hip_m[2])),
        wrist_y_m=float(at_cm["WRI_L"][1] / 100.0),
        laptop=name != "front",
    )
    return Surroundings(view, room, light_of(light_name, rng), light_name)


def picture_of(person: Person, posed: Float, around: Surroundings, raster: Rasteriser) -> Bytes:
    """The picture (H, W, 3) BGR of a posed person."""
    return raster.render(person.meshes(posed), around.view.camera, around.room, around.light)
