"""Rooms and lights of the kinds of the shared rendered people: four backgrounds, five lights.

Sizes were measured in the shared pictures (empty rooms, several cameras): walls, window, desk, laptop and chair stand
in the same places in all of them; desk and chair go with the person's wrists and hips. Ranges of colours and strengths
were chosen beside the shared pictures.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from rendering.scene import Bytes, Colour, Floats, Mesh, Point, rigid

BACKGROUNDS: Final = ("plain", "shelf", "window", "grad")
LIGHTS: Final = ("key_l", "key_r", "warm_top", "screen_dark", "backlit")

# read off the shared pictures, whose cameras are known, in metres
SIDE_M: Final = 2.2  # x of the walls
BACK_M, FRONT_M = -1.8, 3.5  # z of the wall behind and of the one that nobody sees
FLOOR_M, CEILING_M = -0.44, 2.05
PANES_M: Final = ((-0.73, -0.123), (-0.052, 0.558))  # x of the window's panes
PANE_FROM_M, PANE_TO_M = 0.56, 1.72  # y
DESK_BELOW_WRIST_M: Final = 0.062
DESK_FROM_M, DESK_TO_M, DESK_HALF_M, DESK_THICK_M = 0.25, 0.95, 0.8, 0.035
BACK_BEHIND_HIP_M, CHAIR_HALF_M, BACK_HIGH_M, BACK_THICK_M = 0.215, 0.22, 0.45, 0.05
SEAT_BELOW_HIP_M, SEAT_THICK_M = 0.065, 0.08
LAPTOP_FROM_M, LAPTOP_TO_M, LAPTOP_HALF_M = 0.337, 0.575, 0.155
SCREEN_HIGH_M, SCREEN_THICK_M, SCREEN_TILT_DEG = 0.22, 0.012, 13.5

SHADOWS_AROUND_M: Final = np.array([0.0, 0.5, 0.1])  # the middle of a seated person
SHADOWS_WIDE_M: Final = 1.2  # to each side of it
SHADOW_GAP_M: Final = 0.018  # what is nearer together throws no shadow on itself; by eye
PANE_GLOW: Final = 3.0  # white whatever the exposure, ours


@dataclass(frozen=True)
class Lamp:
    """A flat lamp: brightest straight ahead, dark behind."""

    at_m: Point
    power: Colour  # linear light on a surface 1 m ahead that faces it
    towards_m: Point = (0.0, 0.72, 0.1)  # what it faces: the person
    beam: float = 1.0  # power of the cosine by which it gets darker to the sides: 1 a flat lamp
    softness: float = 0.3  # how far light reaches around an edge, as a wide lamp's does: 0 a point

    @property
    def aim(self) -> Floats:
        """Which way it faces, a unit vector (3,)."""
        way = np.subtract(self.towards_m, self.at_m)
        return np.asarray(way / np.linalg.norm(way), np.float32)


@dataclass(frozen=True)
class Light:
    """All light of a picture, and what the sensor adds."""

    lamps: tuple[Lamp, ...]  # the first throws a shadow
    from_above: Colour  # linear, from all around
    from_below: Colour
    from_front: Colour = (0.0, 0.0, 0.0)
    exposure: float = 1.0
    shadow_size: float = 0.012  # of the half shade, share of the map
    noise_std: float = 2.0  # grey levels
    raggedness: float = 0.4  # 1: one ray a pixel, 0: the mean of four

    def shadow_clip(self) -> Floats:
        """Return the (4, 4) matrix from world to the depth map of the first lamp, which looks at the person."""
        at = np.asarray(self.lamps[0].at_m)
        forward = SHADOWS_AROUND_M - at
        distance = float(np.linalg.norm(forward))
        forward /= distance
        aside = np.cross(forward, [0.0, 1.0, 0.0] if abs(forward[1]) < 0.95 else [0.0, 0.0, 1.0])
        aside /= np.linalg.norm(aside)
        rotation = np.stack([aside, np.cross(forward, aside), forward])
        wide = min(distance / SHADOWS_WIDE_M, 2.5)
        near, far = self._shadow_range_m(distance)
        lens = np.diag([wide, wide, (far + near) / (far - near), 0.0])
        lens[2, 3] = -2 * far * near / (far - near)
        lens[3, 2] = 1.0
        return np.asarray(lens @ rigid(rotation, -rotation @ at), np.float32)

    @property
    def shadow_bias(self) -> float:
        """How much nearer to the lamp, in depths of the map, something must be to throw a shadow."""
        distance = float(np.linalg.norm(SHADOWS_AROUND_M - np.asarray(self.lamps[0].at_m)))
        near, far = self._shadow_range_m(distance)
        return SHADOW_GAP_M * far * near / ((far - near) * distance**2)

    @staticmethod
    def _shadow_range_m(distance: float) -> tuple[float, float]:
        """Return between which distances from the lamp something can throw a shadow."""
        return max(0.2, distance - 1.0), distance + SHADOWS_WIDE_M


@dataclass(frozen=True)
class Room:
    """Walls and furniture."""

    name: str
    meshes: tuple[Mesh, ...]


@dataclass(frozen=True)
class _Kind:
    """A kind of light: the lamp of its name, the one on the ceiling, and what comes from all around."""

    at_m: Point
    power: Colour
    ceiling: Colour
    above: Colour
    below: Colour
    front: Colour
    beam: float = 1.0


_CEILING_AT_M, _CEILING_TOWARDS_M = (0.05, 2.04, 1.0), (0.05, 0.0, 0.7)
# fitted to walls, ceilings and faces of the shared pictures, with walls of linear albedo 0.45
_KINDS = {
    "key_l": _Kind(
        at_m=(1.1, 1.3, 1.25),
        power=(2.6, 2.5, 2.33),
        ceiling=(1.4, 1.42, 1.45),
        above=(0.26, 0.26, 0.27),
        below=(0.56, 0.57, 0.6),
        front=(0.02, 0.02, 0.02),
    ),
    "key_r": _Kind(
        at_m=(-1.0, 1.1, 1.2),
        power=(1.65, 1.58, 1.5),
        ceiling=(1.3, 1.3, 1.32),
        above=(0.21, 0.21, 0.22),
        below=(0.51, 0.51, 0.52),
        front=(0.03, 0.03, 0.03),
    ),
    "warm_top": _Kind(
        at_m=(-0.08, 1.98, 1.0),
        power=(1.9, 1.56, 1.23),
        ceiling=(0.14, 0.12, 0.1),
        above=(0.04, 0.033, 0.028),
        below=(0.26, 0.22, 0.18),
        front=(0.2, 0.165, 0.135),
    ),
    "screen_dark": _Kind(
        at_m=(-0.2, 0.66, 0.9),
        power=(1.2, 1.25, 1.38),
        ceiling=(0.28, 0.29, 0.31),
        above=(0.09, 0.095, 0.105),
        below=(0.13, 0.135, 0.155),
        front=(0.03, 0.03, 0.03),
        beam=4.0,  # or it lights the desk more than the face
    ),
    "backlit": _Kind(
        at_m=(-0.47, 1.2, -1.43),
        power=(4.0, 4.2, 4.5),
        ceiling=(0.78, 0.8, 0.84),
        above=(0.02, 0.02, 0.02),
        below=(0.23, 0.24, 0.26),
        front=(0.34, 0.35, 0.37),
    ),
}


def light_of(name: str, rng: np.random.Generator) -> Light:
    """Return a light of a kind of `LIGHTS`, varied a little in place and strength."""
    if name not in _KINDS:
        raise ValueError(f"no light {name!r}: {', '.join(LIGHTS)}")
    kind = _KINDS[name]
    x, y, z = (np.asarray(kind.at_m) + rng.normal(0, 0.06, 3)).tolist()
    lamp = Lamp((x, min(y, CEILING_M - 0.03), z), kind.power, beam=kind.beam)
    return Light(
        (lamp, Lamp(_CEILING_AT_M, kind.ceiling, _CEILING_TOWARDS_M)),
        kind.above,
        kind.below,
        kind.front,
        exposure=float(np.exp(rng.normal(0, 0.06))),
        noise_std=float(rng.uniform(1.2, 2.6)),
    )


def room_of(
    name: str,
    rng: np.random.Generator,
    *,
    hip_m: tuple[float, float] = (0.13, 0.0),
    wrist_y_m: float = 0.39,
    laptop: bool = False,
) -> Room:
    """Return a room with a background of `BACKGROUNDS`, desk and chair.

    Args:
        name: The background.
        rng: Draws colours and books.
        hip_m: y and z of the middle of the person's hips when upright, for the chair.
        wrist_y_m: Height of the wrists on the keyboard, for the desk.
        laptop: Whether one stands on the desk, as beside and at an angle; in front it would hide the person.
    """
    if name not in BACKGROUNDS:
        raise ValueError(f"no background {name!r}: {', '.join(BACKGROUNDS)}")
    meshes = [*_walls(name, rng), *_chair(hip_m, rng), *_desk(wrist_y_m - DESK_BELOW_WRIST_M, rng)]
    if laptop:
        meshes += _laptop(wrist_y_m - DESK_BELOW_WRIST_M)
    return Room(name, tuple(meshes))


def _walls(name: str, rng: np.random.Generator) -> list[Mesh]:
    """Return the sides of the room; all walls carry the same picture, but the window is in one only."""
    picture: Bytes | None = None
    wall: Colour = (1.0, 1.0, 1.0)
    back: Colour | None = None
    if name == "plain":
        grey = rng.uniform(0.55, 0.72)
        tint = rng.normal(0, 0.035, 3)
        wall = _colour(grey + tint)
    elif name == "window":
        wall, back = _colour(rng.uniform(0.6, 0.7) + rng.normal(0, 0.03, 3)), (0.40, 0.39, 0.38)
    elif name == "shelf":
        picture = shelf_picture(rng)
    else:
        picture = gradient_picture(rng)
    ceiling, floor = (0.85, 0.85, 0.85), (0.52, 0.46, 0.42)
    x, y0, y1, z0, z1 = SIDE_M, FLOOR_M, CEILING_M, BACK_M, FRONT_M
    faces = [
        _quad(
            [[-x, y0, z0], [x, y0, z0], [x, y1, z0], [-x, y1, z0]], back or wall, None if back else picture
        ),
        _quad([[-x, y0, z1], [-x, y0, z0], [-x, y1, z0], [-x, y1, z1]], wall, picture),
        _quad([[x, y0, z0], [x, y0, z1], [x, y1, z1], [x, y1, z0]], wall, picture),
        _quad([[-x, y1, z0], [x, y1, z0], [x, y1, z1], [-x, y1, z1]], ceiling),
        _quad([[-x, y0, z1], [x, y0, z1], [x, y0, z0], [-x, y0, z0]], floor),
    ]
    if name == "window":
        low, high, z = PANE_FROM_M, PANE_TO_M, BACK_M + 0.004
        faces += [
            _quad([[a, low, z], [b, low, z], [b, high, z], [a, high, z]], (1.0, 1.0, 1.0), glow=PANE_GLOW)
            for a, b in PANES_M
        ]
    return faces


def _colour(values: NDArray[np.float64]) -> Colour:
    """Return numbers as a colour."""
    r, g, b = np.clip(values, 0, 1).tolist()
    return (r, g, b)


def _quad(
    corners: list[list[float]], colour: Colour, picture: Bytes | None = None, *, glow: float = 0.0
) -> Mesh:
    """Return a rectangle from its corners: lower left, lower right, upper right, upper left as seen."""
    points = np.array(corners, np.float32)
    return Mesh(
        points,
        np.array([[0, 1, 2], [0, 2, 3]], np.int32),
        np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.float32),
        picture,
        colour,
        gloss=0.0,
        glow=glow,
        shadow=False,
    )


def _box(low: NDArray[np.float64], high: NDArray[np.float64], colour: Colour, gloss: float = 0.1) -> Mesh:
    """Return an upright box, its edges sharp."""
    points: list[NDArray[np.float64]] = []
    normals: list[NDArray[np.float64]] = []
    faces: list[list[int]] = []
    for axis in range(3):
        for sign in (-1, 1):
            u, v = (axis + 1) % 3, (axis + 2) % 3
            square = np.zeros((4, 3))
            square[:, axis] = high[axis] if sign > 0 else low[axis]
            square[:, u] = np.array([low[u], high[u], high[u], low[u]])[:: 1 if sign > 0 else -1]
            square[:, v] = np.array([low[v], low[v], high[v], high[v]])[:: 1 if sign > 0 else -1]
            first = 4 * len(points)
            faces += [[first, first + 1, first + 2], [first, first + 2, first + 3]]
            points.append(square)
            normals.append(np.tile(np.eye(3)[axis] * sign, (4, 1)))
    return Mesh(
        np.concatenate(points).astype(np.float32),
        np.array(faces, np.int32),
        colour=colour,
        normals=np.concatenate(normals).astype(np.float32),
        gloss=gloss,
    )


def _chair(hip_m: tuple[float, float], rng: np.random.Generator) -> list[Mesh]:
    """Return back, seat and pole."""
    hip_y, hip_z = hip_m
    colour = _colour(rng.uniform(0.2, 0.48) + rng.normal(0, 0.035, 3))
    seat = hip_y - SEAT_BELOW_HIP_M
    front = hip_z - BACK_BEHIND_HIP_M
    half = CHAIR_HALF_M
    dark: Colour = (0.2, 0.2, 0.2)
    return [
        _box(
            np.array([-half, hip_y, front - BACK_THICK_M]),
            np.array([half, hip_y + BACK_HIGH_M, front]),
            colour,
        ),
        _box(
            np.array([-half, seat - SEAT_THICK_M, front + 0.03]), np.array([half, seat, front + 0.5]), colour
        ),
        _box(
            np.array([-0.03, FLOOR_M, front + 0.25]),
            np.array([0.03, seat - SEAT_THICK_M, front + 0.31]),
            dark,
        ),
    ]


def _desk(top_m: float, rng: np.random.Generator) -> list[Mesh]:
    """Return the desk's top."""
    colour = _colour(np.array([0.77, 0.71, 0.62]) + rng.normal(0, 0.07) + rng.normal(0, 0.03, 3))
    return [
        _box(
            np.array([-DESK_HALF_M, top_m - DESK_THICK_M, DESK_FROM_M]),
            np.array([DESK_HALF_M, top_m, DESK_TO_M]),
            colour,
            gloss=0.3,
        )
    ]


def _laptop(desk_m: float) -> list[Mesh]:
    """Return keyboard and screen of a laptop."""
    colour: Colour = (0.66, 0.66, 0.69)
    half = LAPTOP_HALF_M
    base = _box(
        np.array([-half, desk_m + 0.002, LAPTOP_FROM_M]),
        np.array([half, desk_m + 0.02, LAPTOP_TO_M]),
        colour,
        0.4,
    )
    screen = _box(np.array([-half, 0.0, 0.0]), np.array([half, SCREEN_HIGH_M, SCREEN_THICK_M]), colour, 0.4)
    tilt = np.deg2rad(SCREEN_TILT_DEG)
    turn = np.array([[1, 0, 0], [0, np.cos(tilt), -np.sin(tilt)], [0, np.sin(tilt), np.cos(tilt)]])
    points = screen.points @ turn.T + [0, desk_m + 0.012, 0.572]
    assert screen.normals is not None
    return [
        base,
        Mesh(
            points.astype(np.float32),
            screen.faces,
            colour=colour,
            normals=(screen.normals @ turn.T).astype(np.float32),
            gloss=0.4,
        ),
    ]


def shelf_picture(rng: np.random.Generator, width: int = 1024, height: int = 576) -> Bytes:
    """Return the picture of a wall of books, (H, W, 3) RGB."""
    picture = np.full((height, width, 3), (80, 51, 30), np.uint8)
    row = 115
    for bottom in range(height - 12, 0, -row):
        x = int(rng.integers(0, 12))
        while x < width:
            wide, high = int(rng.integers(12, 44)), int(rng.integers(50, 98))
            if rng.random() < 0.78:
                colour = rng.integers(5, 178, 3)
                picture[max(0, bottom - high) : bottom, x : x + wide] = colour
                x += wide + int(rng.integers(0, 3))
            else:
                x += int(rng.integers(10, 64))
    return picture


def gradient_picture(rng: np.random.Generator, width: int = 256, height: int = 256) -> Bytes:
    """Return the picture of a wall whose colour changes from top to bottom, with the faintest clouds, (H, W, 3) RGB."""
    top, bottom = (rng.uniform(0.12, 0.7, 3) for _ in range(2))
    share = np.linspace(0, 1, height)[:, None, None]
    clouds = cv2.GaussianBlur(rng.normal(0, 1, (height, width)).astype(np.float32), (0, 0), 8)
    faint = 0.007 / max(float(clouds.std()), 1e-6)
    picture = top * (1 - share) + bottom * share + faint * clouds[..., None]
    return np.asarray(np.clip(255 * picture, 0, 255), np.uint8)
