"""The desk hour in pictures and the monitor on a simulated clock: real models, seconds instead of an hour."""

from __future__ import annotations

import math
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
import pytest

from monitor.monitor_material import CountingEyes
from posture_cv.bench.desk_pictures import LASTING, SEGMENTS, desk_hour, plan_hour
from posture_cv.bench.memory import resident_mb
from posture_cv.bench.simulate import Told, delays_s, plain_loop, watch
from posture_cv.monitor.economy import EconomySettings
from posture_cv.profiles.store import load_profile
from posture_cv.settings import load_settings
from source_tree import ROOT

CLIP = ROOT / "samples" / "desk-front.mp4"
PROFILE = ROOT / "samples" / "desk-front.profile.json"
pytestmark = pytest.mark.skipif(not CLIP.exists(), reason="the samples are not in this tree")


def test_the_hour_holds_what_it_must_and_is_the_same_for_a_seed() -> None:
    plan = plan_hour(3)
    assert plan == plan_hour(3)
    assert plan != plan_hour(4)
    assert sum(piece.seconds for piece in plan) == pytest.approx(3600.0)
    assert {piece.kind for piece in plan} == set(SEGMENTS)
    longest = sorted((piece.seconds for piece in plan if piece.kind != "work"), reverse=True)[: len(LASTING)]
    assert longest == sorted((seconds for _, seconds in LASTING), reverse=True)


@pytest.fixture(scope="module")
def pictures() -> list[tuple[float, bytes]]:
    """The first fifteen seconds."""
    return list(islice(desk_hour(CLIP, seconds=240.0), 150))


def test_its_pictures_come_ten_a_second_and_move(pictures: list[tuple[float, bytes]]) -> None:
    assert [t for t, _ in pictures] == pytest.approx([k / 10 for k in range(150)])
    first, second = (cv2.imdecode(np.frombuffer(jpeg, np.uint8), 1) for _, jpeg in pictures[:2])
    assert first is not None
    assert second is not None
    assert first.shape == (480, 640, 3)
    assert not np.array_equal(first, second)


def test_the_monitor_watches_it_with_its_models_and_keeps_a_history(
    tmp_path: Path, pictures: list[tuple[float, bytes]]
) -> None:
    history = tmp_path / "h.sqlite3"
    run = watch(pictures, load_profile(str(PROFILE)), load_settings(None), history=history, memory_every_s=5)
    assert run.simulated_s == pytest.approx(15.0, abs=0.5)
    assert 0 < run.model_runs <= run.looks < 32
    assert run.camera_open_s == pytest.approx(15.0, abs=2.5)
    assert run.cpu_share == run.cpu_s / run.simulated_s > 0
    assert [round(t_s / 5) for t_s, _ in run.memory] == [0, 1, 2]
    assert history.exists()


def test_the_economy_costs_a_small_part_of_looking_at_every_picture(
    pictures: list[tuple[float, bytes]],
) -> None:
    profile, settings = load_profile(str(PROFILE)), load_settings(None)
    frugal, every = (
        watch(pictures, profile, settings, economy=EconomySettings(enabled=e), eyes=CountingEyes())
        for e in (True, False)
    )
    assert every.model_runs == every.looks == 150
    assert frugal.model_runs * 5 < every.model_runs


def test_the_plain_loop_measures_every_picture(pictures: list[tuple[float, bytes]]) -> None:
    run = plain_loop(pictures, load_profile(str(PROFILE)), load_settings(None), seconds=0.5)
    assert run.looks == run.model_runs == 15
    assert run.cpu_share > 0.1


def test_delays_are_those_of_the_same_alert() -> None:
    every = [Told(100.0, "slump", "notice"), Told(900.0, "slump", "notice"), Told(950.0, "shrug", "notice")]
    frugal = [Told(101.5, "slump", "notice"), Told(899.5, "slump", "notice")]
    assert delays_s(frugal, every) == [1.5, -0.5, math.inf]


def test_memory_is_known() -> None:
    mb = resident_mb()
    assert math.isnan(mb) or 20.0 < mb < 5000.0
