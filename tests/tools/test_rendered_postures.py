"""Rendered people sit as their parameters say, and their truth is what was done to them."""

from __future__ import annotations

import importlib
import json
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, replace
from types import ModuleType
from typing import TYPE_CHECKING

import numpy as np
import pytest
from numpy.typing import NDArray

from shared_material import shared_path
from source_tree import ROOT
from tools import made_up_sitter
from tools.tool import TOOLS

if TYPE_CHECKING:
    from rendering.posing import Posture

pytest.importorskip("scipy")
pytestmark = pytest.mark.skipif(not TOOLS.exists(), reason="needs the checkout: tools/ is not installed")


class Bench:
    """A made-up person, and the modules that seat and measure it."""

    def __init__(self, load: Callable[[str], ModuleType]) -> None:
        self.posing: ModuleType = load("posing")
        self.truth: ModuleType = load("truth")
        self.views: ModuleType = load("views")
        self.sitter = made_up_sitter.sitter(load("assets"), self.posing)
        self.upright = self.sitter.upright

    def changed(self, changes: dict[str, float | str]) -> Posture:
        made: Posture = self.posing.Posture(**(asdict(self.upright) | changes))
        return made

    def truth_of(self, **changes: float | str) -> dict[str, float]:
        p = self.changed(changes)
        before = self.sitter.pose(self.upright)
        return dict(self.truth.angles(self.sitter, p, self.sitter.pose(p), before))

    def places_of(self, **changes: float | str) -> dict[str, NDArray[np.float64]]:
        return dict(self.truth.places_cm(self.sitter, self.sitter.pose(self.changed(changes))))


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Bench:
    monkeypatch.syspath_prepend(str(TOOLS))
    return Bench(lambda name: importlib.import_module(f"rendering.{name}"))


def test_the_craniovertebral_angle_of_known_places(bench: Bench) -> None:
    angle = bench.posing.craniovertebral_deg
    assert angle(np.array([0.0, 10, -4]), np.array([3.0, 20, 6])) == pytest.approx(45)
    assert angle(np.zeros(3), np.array([0.0, 1, 0])) == pytest.approx(90)


@pytest.mark.parametrize("cva", [38.0, 50.0, 55.0])
@pytest.mark.parametrize("more", [{}, {"slump": 20.0, "lean": -8.0}, {"head_pitch": 8.0, "trunk_yaw": 10.0}])
def test_the_neck_is_bent_to_the_angle_that_is_wanted(
    bench: Bench, cva: float, more: dict[str, float]
) -> None:
    told = bench.truth_of(cva=cva, **more)
    assert told["cva_deg"] == pytest.approx(cva, abs=1e-3)
    assert told["neck_flex_rel_trunk_deg"] == pytest.approx(90 - cva - told["trunk_incl_deg"], abs=1e-3)


def test_a_neck_bends_and_extends_only_so_far_from_upright(bench: Bench) -> None:
    def bend_deg(**changes: float | str) -> float:
        return float(bench.sitter.neck_deg(bench.changed(changes)))

    low, high = bench.posing.NECK_LIMITS_DEG
    upright = bend_deg()
    assert bend_deg(cva=10.0) - upright == pytest.approx(high)
    assert bend_deg(cva=85.0) - upright == pytest.approx(low)
    slumped = low - 20.0 * bench.posing.NECK_LIMIT_PER_SLUMP
    assert bend_deg(cva=85.0, slump=20.0) - upright == pytest.approx(slumped), "a slump lets it extend more"
    back, ahead = (bend_deg(mode="rel", lean=lean) - upright for lean in (-8.0, 8.0))
    assert 0 < ahead < back < 8, "leaning, it almost keeps its bend"


def test_a_head_that_comes_forward_sinks_unless_it_is_protruded(bench: Bench) -> None:
    bent = bench.truth_of(cva=42.0)
    assert bent["head_fwd_rel_trunk_delta_cm"] > 1
    assert bent["head_up_delta_cm"] < -0.3
    before, pushed = (bench.truth_of(mode="rel", protrude=cm) for cm in (0.0, 2.0))
    assert pushed["head_fwd_delta_cm"] - before["head_fwd_delta_cm"] == pytest.approx(2, abs=1e-6)
    assert pushed["head_up_delta_cm"] - before["head_up_delta_cm"] == pytest.approx(0, abs=1e-6)


def test_the_head_is_turned_as_told_whatever_is_below_it(bench: Bench) -> None:
    p = replace(
        bench.upright, head_pitch=25.8, head_yaw=15.0, slump=20.0, lean=6.0, trunk_yaw=12.0, lateral=4.0
    )
    head = bench.sitter.pose(p)[bench.sitter.skeleton.at["head"], :, :3]
    looks = head @ np.array([0.0, 0, 1])  # in rest it looks ahead, 5.8 degrees down
    assert np.degrees(np.arcsin(-looks[1])) == pytest.approx(20)
    assert np.degrees(np.arctan2(looks[0], looks[2])) == pytest.approx(15), "to the person's left"
    tipped = bench.posing.about("z", 90.0) @ np.array([0.0, 1, 0])
    assert tipped == pytest.approx([-1, 0, 0], abs=1e-12), "rolled to the right shoulder"


@pytest.mark.parametrize(
    "more", [{}, {"lean": 10.0, "trunk_yaw": 15.0, "slump": 18.0, "lateral": 5.0, "tz": 0.1}]
)
def test_shoulders_move_in_the_frame_of_the_thorax(bench: Bench, more: dict[str, float]) -> None:
    x, y, z = made_up_sitter.ACROMION - made_up_sitter.CLAVICLE
    for protract, asym in ((10.0, 0.0), (6.0, 4.0)):
        told = bench.truth_of(protract=protract, protract_asym=asym, **more)
        for side, amount in (("L", protract + asym), ("R", protract - asym)):
            turn = np.radians(bench.posing.PROTRACT_GAIN * amount)
            ahead = x * np.sin(turn) + z * (np.cos(turn) - 1)
            assert told[f"protraction_delta_cm_{side}"] == pytest.approx(ahead, abs=1e-6)
            assert told[f"elevation_delta_cm_{side}"] == pytest.approx(0, abs=1e-6)
    told = bench.truth_of(elevate=7.0, **more)
    up = x * np.sin(np.radians(7)) + y * (np.cos(np.radians(7)) - 1)
    assert told["elevation_delta_cm_L"] == pytest.approx(up, abs=1e-6)
    assert told["elevation_delta_cm_R"] == pytest.approx(up, abs=1e-6)


def test_trunk_and_chair_move_as_their_columns_say(bench: Bench) -> None:
    rest, leant = bench.truth_of(), bench.truth_of(lean=10.0)
    assert leant["trunk_incl_deg"] - rest["trunk_incl_deg"] == pytest.approx(10, abs=0.6), (
        "hips lie off the pivot"
    )
    assert bench.truth_of(trunk_yaw=12.0)["trunk_yaw_deg"] == pytest.approx(12)
    assert bench.truth_of(lateral=5.0)["lateral_lean_deg"] == pytest.approx(5, abs=0.6), (
        "to the person's left"
    )
    before, after = bench.places_of(), bench.places_of(tx=0.02, tz=-0.1)
    for name in ("TRAG_L", "C7", "ACR_R", "HIP_L"):
        assert after[name] - before[name] == pytest.approx([2, 0, -10], abs=1e-6)


def test_hands_stay_at_the_keyboard(bench: Bench) -> None:
    wrists = bench.sitter.hands()
    for changes in ({}, {"lean": 8.0, "protract": 12.0}, {"slump": 10.0, "elevate": 4.0, "tz": 0.05}):
        places = bench.places_of(**changes)
        for side, sign in (("L", 1), ("R", -1)):
            assert places[f"WRI_{side}"] == pytest.approx(wrists[side], abs=1e-6)
            assert sign * (places[f"ELB_{side}"] - places[f"SHJ_{side}"])[0] > 0, "elbows point outward"
            assert places[f"ELB_{side}"][1] < places[f"SHJ_{side}"][1]


def test_skin_follows_the_bones_that_weigh_on_it(bench: Bench) -> None:
    sparse = importlib.import_module("scipy.sparse")
    still = np.tile(np.eye(3, 4), (2, 1, 1))
    moved = still.copy()
    moved[1, :, 3] = 0, 4, 0
    weights = sparse.csr_matrix([[1.0, 0.0], [0.5, 0.5], [0.0, 1.0]])
    points = np.arange(9.0).reshape(3, 3)
    assert bench.posing.skinned(weights, points, still) == pytest.approx(points)
    assert (bench.posing.skinned(weights, points, moved) - points)[:, 1] == pytest.approx([0, 2, 4])


def test_classes_and_parameters_of_a_row(bench: Bench) -> None:
    rest = dict.fromkeys(
        ("protraction_delta_cm_L", "protraction_delta_cm_R", "head_fwd_rel_trunk_delta_cm"), 0.0
    )
    assert bench.truth.class_of(rest) == "good"
    assert bench.truth.class_of(rest | {"head_fwd_rel_trunk_delta_cm": 2.0}) == "bad_mild"
    assert (
        bench.truth.class_of(rest | {"protraction_delta_cm_L": 3.2, "protraction_delta_cm_R": 3.2}) == "bad"
    )
    told = json.loads(bench.truth.params_of(replace(bench.upright, slump=1.23456)))
    assert (told["cva"], told["slump"], told["mode"]) == (54.0, 1.235, "cva")


def test_the_columns_are_those_of_the_shared_set(bench: Bench) -> None:
    posed = bench.sitter.pose(bench.upright)
    view = bench.views.camera_of("front", np.array([0.0, 1.6, 0.1]), np.random.default_rng(0))
    made = list(bench.truth.row_of(bench.sitter, bench.upright, posed, posed, view))
    with shared_path("ground-truth", "train", "ground_truth.csv").open(encoding="utf-8") as stream:
        columns = stream.readline().strip().split(",")
    assert made == columns[columns.index("posture_class") : columns.index("background")]


def test_a_person_has_as_many_pictures_as_the_documentation_says(bench: Bench) -> None:
    made = importlib.import_module("rendering.postures")
    random = np.random.default_rng(0)
    kinds = ("calibration", "single", "multi", "key", "far")
    counts = {
        view: Counter(segment.split("_")[0] for segment, _ in made.postures(view, bench.upright, random))
        for view in ("front", "side", "oblique")
    }
    text = " ".join((ROOT / "docs" / "rendered-people.md").read_text(encoding="utf-8").split())
    front = [
        int(n) for n in re.findall(r"(\d+) (?:upright|with|key|that go)", text.split("a front camera")[1])[:5]
    ]
    others = [
        [int(n) for n in found.split(",")] for found in re.findall(r"\((\d+, \d+, \d+, \d+, \d+)[;)]", text)
    ]
    said = dict(zip(counts, (front, *others), strict=True))
    assert said == {view: [found[kind] for kind in kinds] for view, found in counts.items()}
    assert f"A person's {sum(map(sum, said.values()))} pictures" in text
