"""Pictures are damaged as the table says, the same ones always alike, and calibrations only by the camera."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from evaluate.conftest import made_up, write_truth
from posture_cv.evaluate.truth import read_truth
from tools.tool import TOOLS, output_of

FRONT = TOOLS.parent / "samples" / "frames" / "p1_f1_000_calibration.jpg"
pytestmark = pytest.mark.skipif(not TOOLS.exists(), reason="needs the checkout: tools/ is not installed")


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("damage_effects", TOOLS / "damage_effects.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    """Pictures of a person whose truth is made up, two of them for calibration's sake."""
    folder = tmp_path / "set"
    rows, _ = made_up("s1", 0)
    (folder / "s1").mkdir(parents=True)
    write_truth(folder, rows)
    for row in rows:
        (folder / row["file"]).write_bytes(FRONT.read_bytes())
    return folder


def picture() -> NDArray[np.uint8]:
    found = cv2.imread(str(FRONT))
    assert found is not None
    return np.asarray(found, np.uint8)


def damaged(tool: ModuleType, name: str) -> NDArray[np.uint8]:
    return np.asarray(tool.KINDS[name].done(picture(), np.random.default_rng(0)), np.uint8)


def test_each_damage_does_what_it_says(tool: ModuleType) -> None:
    plain = picture().astype(float)
    change = {name: damaged(tool, name).astype(float) for name in tool.KINDS}
    assert (change["unchanged"] == plain).all()
    assert change["320 x 240"].shape == (240, 320, 3)
    assert change["1280 x 960"].shape == (960, 1280, 3)
    inner = (plain > 60) & (plain < 195)  # where nothing is cut off
    assert (change["noise"] - plain)[inner].std() == pytest.approx(15.0, abs=0.5)
    assert change["dark"].mean() / plain.mean() == pytest.approx(0.35, abs=0.03)
    assert (change["bright"][plain >= 150] == 255).all()
    blue, _, red = (change["warm light"].mean(axis=(0, 1)) / plain.mean(axis=(0, 1))).tolist()
    assert blue < 0.75
    assert red > 1.1
    for name in ("movement", "strong compression", "bent by the lens"):
        assert 1.0 < np.abs(change[name] - plain).mean() < 30.0, name
    middle = (slice(230, 250), slice(310, 330))
    assert np.abs(change["bent by the lens"] - plain)[middle].mean() < 3.0, "least in the middle"


def test_the_same_pictures_are_damaged_alike_and_calibrations_by_the_camera_alone(
    tool: ModuleType, dataset: Path, tmp_path: Path
) -> None:
    truth = read_truth(dataset)
    for name in ("noise", "320 x 240"):
        for copy in ("first", "second"):
            (tmp_path / name / copy).mkdir(parents=True)
            tool.copy(dataset, truth, tmp_path / name / copy, tool.KINDS[name])
        for file, segment in zip(truth.file.tolist(), truth.segment.tolist(), strict=True):
            first, second = ((tmp_path / name / copy / file).read_bytes() for copy in ("first", "second"))
            assert first == second
            found = cv2.imread(str(tmp_path / name / "first" / file))
            kept = found is not None and found.shape == picture().shape and bool((found == picture()).all())
            assert kept == (name == "noise" and segment == "calibration")


def test_a_line_a_view_is_printed(dataset: Path, tmp_path: Path) -> None:
    said = output_of("damage_effects.py", dataset, "--only", "unchanged", "dark", place=tmp_path).splitlines()
    assert said[0].split() == ["MAE", "r", "in", "90", "%", "withheld", "alerting", "harmless"]
    assert [line.split()[:2] for line in said[1:]] == [["unchanged", "front"], ["dark", "front"]]
    assert all(line.endswith("%") for line in said[1:])
