"""Who is rendered, how they sit and from where they are seen follows from the seed and is spread as it should be."""

from __future__ import annotations

import gzip
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tools.tool import TOOLS, Load

pytest.importorskip("scipy")
pytestmark = pytest.mark.skipif(not TOOLS.exists(), reason="needs the checkout: tools/ is not installed")
ASSETS = "POSTURE_CV_RENDER_ASSETS"


def test_a_seed_makes_the_same_body_whoever_is_made_before(load: Load) -> None:
    shape_of = load("bodies").shape_of
    alone = shape_of("M", np.random.default_rng([1, 7]))
    for number in range(4):
        shape_of("MF"[number % 2], np.random.default_rng([1, number]))
    assert shape_of("M", np.random.default_rng([1, 7])) == alone
    assert shape_of("M", np.random.default_rng([1, 9])) != alone


def test_macro_targets_are_shared_out_whole(load: Load) -> None:
    bodies = load("bodies")
    for number in range(6):
        shape, _ = bodies.shape_of("MF"[number % 2], np.random.default_rng(number))
        amounts = bodies.macro_targets(shape)
        for kind in ("universal-", "african-", "asian-", "caucasian-"):
            assert any(f"macrodetails/{kind}" in name for name in amounts), kind
        builds = sum(v for k, v in amounts.items() if k.startswith("macrodetails/universal"))
        peoples = sum(v for k, v in amounts.items() if k.split("-")[0].split("/")[-1] in bodies.ETHNICITIES)
        breasts = sum(v for k, v in amounts.items() if k.startswith("breast/"))
        assert (builds, peoples) == pytest.approx((1, 1))
        assert breasts == pytest.approx(1 - shape.male)
    assert bodies.parts(0.75, "low", "", "high") == pytest.approx({"": 0.5, "high": 0.5})
    assert bodies.parts(0.5, "low", "", "high") == {"": 1.0}


@pytest.mark.parametrize(
    ("view", "frames", "kinds"),
    [("front", 50, (6, 20, 6, 8)), ("side", 25, (4, 10, 3, 4)), ("oblique", 44, (6, 12, 8, 4))],
)
def test_frames_of_a_view(load: Load, view: str, frames: int, kinds: tuple[int, int, int, int]) -> None:
    calibration, multi, key, beyond = kinds
    upright = load("posing").Posture(cva=53.0)

    def made(seed: int) -> list[Any]:
        return list(load("postures").postures(view, upright, np.random.default_rng(seed)))

    rows = made(5)
    assert rows == made(5)
    assert rows != made(6)
    names = [segment for segment, _ in rows]
    assert len(rows) == frames
    assert names[:calibration] == ["calibration"] * calibration
    assert names.count("multi") == multi
    keys = [segment for segment in names if segment.startswith("key_")]
    chosen, always = keys[:key], keys[key:]
    assert len(chosen) == len(set(chosen)) == key
    assert always == ["key_forward_head"] * (4 if view == "oblique" else 0)
    for segment, p in rows:
        if segment == "key_forward_head":
            assert 30.0 < p.cva < 50.0
            assert p.protrude == 0.0
    far = [segment for segment in names if segment.startswith("far_")]
    assert names[-len(far) :] == far
    assert len(far) == beyond
    everything = [row for seed in range(60) for row in made(seed)]
    near = [(segment, p) for segment, p in everything if not segment.startswith("far_")]
    for segment, p in near:
        assert abs(p.head_roll) < 15
        assert 0 <= p.protrude <= 2
        if segment == "calibration":
            assert abs(p.cva - 53) < 3
        if segment == "single_loss":
            assert p.cva < 53 - 3
        if segment == "key_trunk_turn":
            assert 5 < abs(p.trunk_yaw) < 27
        assert (p.mode == "rel") == (segment in ("single_lean", "key_lean_in", "key_recline"))
    farther = [p for segment, p in everything if segment.startswith("far_")]
    for name in ("lean", "slump", "head_pitch", "elevate", "protract", "lateral", "tz", "ty"):
        known = max(abs(getattr(p, name)) for _, p in near)
        assert max(abs(getattr(p, name)) for p in farther) > known, "they go beyond what the others do"
    assert {p.mode for p in farther} == {"cva", "rel"}


@pytest.mark.parametrize("name", ["front", "side"])
def test_cameras_see_the_eyes_where_their_columns_say(load: Load, name: str) -> None:
    views = load("views")
    eye = np.array([0.0, 0.75, 0.12])
    for seed in range(12):
        view = views.camera_of(name, eye, np.random.default_rng(seed))
        camera = view.camera
        about = eye + np.array([0, 0, views.SIDE_AHEAD_M * (name == "side")])
        away = camera.centre - about
        assert np.hypot(away[0], away[2]) == pytest.approx(view.dist_m)
        assert away[1] == pytest.approx(view.height_rel_eye_m)
        assert np.degrees(np.arctan2(away[0], away[2])) == pytest.approx(view.azimuth_deg)
        assert camera.rotation @ camera.rotation.T == pytest.approx(np.eye(3), abs=1e-12)
        assert camera.rotation[0, 1] == pytest.approx(0, abs=1e-12), "it does not roll"
        assert 2 * np.degrees(np.arctan(320 / camera.fx)) == pytest.approx(view.hfov_deg)
        u, v = camera.project(about[None])[0]
        assert u == pytest.approx(320), "it is turned to them"
        assert 0 < v < 240, "and looks a little below them"
        above = camera.project(about[None] + [0, 0.05, 0])[0]
        assert above[1] < v
        if name == "front":
            assert camera.project(about[None] + [0.03, 0, 0])[0][0] > u, "the left eye is on the right"


def test_cameras_at_an_angle_look_ahead_of_the_face(load: Load) -> None:
    views = load("views")
    eye = np.array([0.0, 0.75, 0.12])
    sides = set()
    for seed in range(12):
        view = views.camera_of("oblique", eye, np.random.default_rng(seed))
        camera = view.camera
        away = camera.centre - eye
        assert np.hypot(away[0], away[2]) == pytest.approx(view.dist_m)
        assert np.degrees(np.arctan2(away[0], away[2])) == pytest.approx(view.azimuth_deg)
        assert 33 < abs(view.azimuth_deg) < 57
        sides.add(np.sign(view.azimuth_deg))
        assert camera.rotation @ camera.rotation.T == pytest.approx(np.eye(3), abs=1e-12)
        assert camera.rotation[0, 1] == pytest.approx(0, abs=1e-12), "it does not roll"
        place = eye + np.array([0.0, 0.0, views.OBLIQUE_AHEAD_M])
        (u, v), (eye_u, _) = camera.project(np.stack([place, eye]))
        assert u == pytest.approx(320)
        assert 0 < v < 240
        assert (eye_u - 320) * view.azimuth_deg > 0, "from the left, the eyes are right of the middle"
    assert sides == {-1.0, 1.0}


def test_a_garment_hangs_on_three_vertices(load: Load, tmp_path: Path) -> None:
    assets, bodies = load("assets"), load("bodies")
    folder = tmp_path / "cap"
    folder.mkdir()
    described = {
        "ref_vIdxs": [[0, 1, 2]] * 4,
        "weights": [[1, 0, 0], [0, 1, 0], [0, 0, 1], [0.5, 0.5, 0]],
        "offsets": [[0, 0, 1]] * 4,
        "uvs": [[0, 0, 1, 0, 1, 1, 0, 1]],
        # a quad with a material and places in the texture, and a triangle with nothing
        "faces": [1 | 2 | 8, 0, 1, 2, 3, 0, 3, 2, 1, 0, 0, 0, 1, 2],
        "materials": [{"mapDiffuse": "textures/cap.png", "colorDiffuse": [1.0, 0.5, 0.25]}],
        "metadata": {"deleteVerts": [False, True]},
    }
    (folder / "cap.json").write_text(json.dumps(described), encoding="utf-8")
    garment = assets.read_garment(folder)
    assert garment.texture == folder / "textures" / "cap.png"
    assert garment.colour == (1.0, 0.5, 0.25)
    assert np.flatnonzero(garment.hidden).tolist() == [1]
    corners = garment.surface.source[garment.surface.faces].tolist()
    assert corners == [[0, 1, 2], [0, 2, 3], [0, 1, 2]]
    assert garment.surface.uv[garment.surface.faces[0]].tolist() == [[0, 1], [1, 1], [1, 0]]
    points = np.array([[0.0, 0, 0], [2, 0, 0], [0, 2, 0]])
    worn = bodies.fitted(garment, points, np.array([1.0, 1.0, 2.0]))
    assert worn.tolist() == [[0, 0, 2], [2, 0, 2], [0, 2, 2], [1, 0, 2]]


def test_targets_that_are_absent_move_nothing(load: Load, tmp_path: Path) -> None:
    read = load("assets").read_target
    with gzip.open(tmp_path / "wide.target.gz", "wt") as stream:
        stream.write("# a comment\n3 .5 0 -1\n7 0 0 .25\n")
    vertices, moves = read(tmp_path / "wide.target.gz")
    assert vertices.tolist() == [3, 7]
    assert moves.tolist() == [[0.5, 0, -1], [0, 0, 0.25]]
    assert not len(read(tmp_path / "none.target.gz")[0])


def test_the_contour_is_written_as_in_the_shared_set(load: Load) -> None:
    rows = np.full((1, 240, 2), np.nan, np.float32)
    rows[0, 100] = 0.25, 0.75
    cols = np.full((1, 320), np.nan, np.float32)
    cols[0, 7] = 0.5 + 0.5 / 480
    rows_px, cols_px = load("measured").contour_in_pixels(rows, cols)
    assert (rows_px.shape, cols_px.shape) == ((1, 480, 2), (1, 640))
    assert rows_px[0, 200:202].tolist() == [[160, 479], [160, 479]], "first and last column"
    assert sorted(cols_px[0, 14:16].tolist()) == [240, 241], "two columns whose mean it is"
    assert (rows_px[0, :200] == -1).all()
    assert (cols_px[0, 16:] == -1).all()


def assets() -> list[Path]:
    """The two folders that POSTURE_CV_RENDER_ASSETS names, as in PATH; skips without."""
    folders = [Path(name) for name in os.environ.get(ASSETS, "").split(os.pathsep) if name]
    if len(folders) != 2:
        pytest.skip(f"{ASSETS} does not name the folders MAKEHUMAN and MPFB, see docs/rendered-people.md")
    return folders


def test_two_frames_of_a_person(load: Load) -> None:
    makehuman, mpfb = assets()
    pytest.importorskip("moderngl")
    frames = load("frames")
    source = frames.Source(makehuman, mpfb, 1)
    with load("raster").Rasteriser() as raster:
        made = frames.person_frames(7, source, raster)
        first, second = next(made), next(made)
        again = next(frames.person_frames(7, source, raster, "front"))
    assert first[0] == again[0]
    assert np.array_equal(first[1], again[1])
    assert not np.array_equal(first[1], second[1])
    for k, (row, picture) in enumerate((first, second)):
        assert row["file"] == f"r007_f/{k:03d}_calibration.jpg"
        assert picture.shape == (480, 640, 3)
        assert 10 < picture.mean() < 200
        assert row["cva_deg"] == pytest.approx(json.loads(row["params"])["cva"], abs=0.002)
        assert 0 < row["px_EYE_R_u"] < row["px_EYE_L_u"] < 640
        assert all(np.isfinite(v) for v in row.values() if isinstance(v, float))
