"""The rasteriser of rendered people draws things where the camera's numbers say, in front of what is behind them."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from types import ModuleType

import numpy as np
import pytest
from numpy.typing import NDArray

from tools.tool import TOOLS

pytest.importorskip("moderngl")
pytestmark = pytest.mark.skipif(not TOOLS.exists(), reason="needs the checkout: tools/ is not installed")

WHITE = (1.0, 1.0, 1.0)
Picture = NDArray[np.uint8]


class Bench:
    """A rasteriser with a camera that looks a little down."""

    def __init__(self, raster: ModuleType, rooms: ModuleType) -> None:
        self.raster, self.rooms = raster, rooms
        pitch = np.deg2rad(8.0)
        turn = [[1, 0, 0], [0, np.cos(pitch), -np.sin(pitch)], [0, np.sin(pitch), np.cos(pitch)]]
        rotation = np.array(turn) @ np.diag([1.0, -1.0, -1.0])
        place = np.array([0.05, 0.7, 0.8])
        self.camera = raster.Camera(rotation, -rotation @ place, 510.0, 510.0, 320.0, 240.0)
        self.drawer = raster.Rasteriser(640, 480)

    def square(self, centre: NDArray[np.float64], half: float, **material: object) -> object:
        corners = np.array([[-1, -1, 0], [1, -1, 0], [1, 1, 0], [-1, 1, 0]])
        faces = np.array([[0, 1, 2], [0, 2, 3]], np.int32)
        return self.raster.Mesh((centre + half * corners).astype(np.float32), faces, gloss=0.0, **material)

    def in_even_light(self, *meshes: object) -> Picture:
        """A picture without room, shade and noise."""
        lamp = self.rooms.Lamp((0.0, 1.0, 2.0), (0.0, 0.0, 0.0))
        light = self.rooms.Light((lamp,), WHITE, WHITE, noise_std=0.0, raggedness=0.0)
        return np.asarray(self.drawer.render(list(meshes), self.camera, self.rooms.Room("", ()), light))

    def of_a_room(self, background: str, light: str) -> Picture:
        rng = np.random.default_rng(3)
        room = self.rooms.room_of(background, rng, laptop=True)
        return np.asarray(self.drawer.render([], self.camera, room, self.rooms.light_of(light, rng)))


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    monkeypatch.syspath_prepend(str(TOOLS))
    raster, rooms = (importlib.import_module(f"rendering.{name}") for name in ("raster", "rooms"))
    try:
        made = Bench(raster, rooms)
    except Exception as error:  # noqa: BLE001 # whatever a machine without EGL says
        pytest.skip(f"no OpenGL without a display here: {error}")
    yield made
    made.drawer.close()


def test_a_point_is_drawn_where_the_camera_projects_it(bench: Bench) -> None:
    rows, columns = np.mgrid[:480, :640] + 0.5
    for place in np.random.default_rng(0).uniform([-0.2, 0.45, -0.2], [0.2, 0.7, 0.2], (12, 3)):
        seen = bench.in_even_light(bench.square(place, 0.006))[..., 1].astype(float)
        found = np.array([(seen * columns).sum(), (seen * rows).sum()]) / seen.sum()
        assert np.abs(found - bench.camera.project(place[None])[0]).max() < 0.5


def test_what_is_nearer_hides_and_alpha_lets_through(bench: Bench) -> None:
    glass = np.full((4, 4, 4), (255, 0, 0, 102), np.uint8)
    corners = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.float32)
    veil = bench.square(np.array([0.0, 0.6, 0.2]), 0.5, uv=corners, texture=glass, cutout=True)
    blue = bench.square(np.array([0.0, 0.6, 0.1]), 0.5, colour=(0.0, 0.0, 1.0))
    green = bench.square(np.array([0.0, 0.6, 0.0]), 0.5, colour=(0.0, 1.0, 0.0))
    middle = bench.in_even_light(veil, blue, green)[200:280, 280:360]
    assert np.abs(middle.mean(axis=(0, 1)) - [153, 0, 102]).max() < 3


@pytest.mark.parametrize("background", ["plain", "shelf", "window", "grad"])
@pytest.mark.parametrize("light", ["key_l", "key_r", "warm_top", "screen_dark", "backlit"])
def test_every_room_in_every_light_can_be_seen(bench: Bench, background: str, light: str) -> None:
    picture = bench.of_a_room(background, light)
    assert np.array_equal(picture, bench.of_a_room(background, light))
    assert 10 < picture.mean() < 200
