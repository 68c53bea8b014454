"""Faces that speak and laugh: their vertices move as MakeHuman's face units say, and all else stays."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tools.test_rendered_people import assets
from tools.tool import TOOLS, Load

pytest.importorskip("scipy")
pytestmark = pytest.mark.skipif(not TOOLS.exists(), reason="needs the checkout: tools/ is not installed")


@pytest.fixture
def units(tmp_path: Path) -> Path:
    """A folder `mpfb2` with a few face units beside it."""
    folder = tmp_path / "faceunits01" / "targets" / "faceunits"
    folder.mkdir(parents=True)
    (folder / "jawOpen.target").write_text("# a comment\n3 0 -.5 .1\n4 0 -1 .2\n", encoding="utf-8")
    for side, sign in (("Left", ""), ("Right", "-")):
        (folder / f"mouthSmile{side}.target").write_text(
            f"{5 + (sign == '-')} {sign}.2 .4 0\n", encoding="utf-8"
        )
    return tmp_path / "mpfb2"


def test_units_move_their_vertices_by_their_amount(load: Load, units: Path) -> None:
    faces, points = load("faces"), np.arange(24.0).reshape(8, 3)
    made = faces.moved(points, faces.Guise({"jawOpen": 0.5, "mouthSmile": 0.25}), units)
    change = made - points
    assert change[3] == pytest.approx([0.0, -0.25, 0.05])
    assert change[4] == pytest.approx([0.0, -0.5, 0.1])
    assert change[5] == pytest.approx([0.05, 0.1, 0.0])
    assert change[6] == pytest.approx([-0.05, 0.1, 0.0])
    assert (change[[0, 1, 2, 7]] == 0.0).all()
    assert np.array_equal(faces.moved(points, faces.NEUTRAL, units), points)


def test_a_unit_that_is_not_there_is_no_neutral_face(load: Load, units: Path) -> None:
    faces = load("faces")
    with pytest.raises(FileNotFoundError, match="cheekPuff"):
        faces.moved(np.zeros((8, 3)), faces.Guise({"cheekPuff": 1.0}), units)


def test_faces_are_of_known_units_and_within_their_range(load: Load) -> None:
    faces = load("faces")
    rng = np.random.default_rng(3)
    random = [faces.random_face(rng) for _ in range(200)]
    for face in (*faces.FACES.values(), *random):
        assert all(0.0 < amount <= 1.0 for amount in face.units.values())
    assert len({frozenset(face.units) for face in random}) > 50
    named = {name for face in faces.FACES.values() for name in face.units}
    assert named <= {name for move in faces.MOVES for name in move}, (
        "nothing is judged that could not be learned"
    )
    assert not any(face.worn for face in random), "glasses are judged, never learned from"


def test_a_face_changes_the_picture_and_not_the_truth(load: Load) -> None:
    makehuman, mpfb = assets()
    pytest.importorskip("moderngl")
    frames = load("frames")
    with load("raster").Rasteriser() as raster:
        made = list(frames.face_frames(6, frames.Source(makehuman, mpfb, 1), raster, "front", "named"))
    segments = [row["segment"] for row, _ in made]
    names = list(load("faces").FACES)
    assert segments == [
        *["calibration"] * 6,
        *["upright", *(f"upright_{name}" for name in names)],
        *["forward", *(f"forward_{name}" for name in names)],
    ]
    told = ("cva_deg", "head_pitch_down_deg", "w_TRAG_L_z_m", "w_ACR_R_y_m")
    for first, count in ((6, len(names)), (7 + len(names), len(names))):
        neutral, picture = made[first]
        for row, other in made[first + 1 : first + 1 + count]:
            assert all(row[name] == neutral[name] for name in told)
            changed = np.abs(other.astype(int) - picture).max(axis=2) > 8
            assert 5 < changed.sum() < 0.15 * changed.size, row["segment"]
