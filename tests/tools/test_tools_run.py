"""The tools behind the README's figures still run, on very little material, and their tables add up."""

from __future__ import annotations

import csv
import importlib.util
import math
from pathlib import Path

import cv2
import numpy as np
import pytest

from amounts import FULL
from evaluate.conftest import made_up, write_landmarks, write_truth
from shared_material import shared_path
from tools.tool import TOOLS, figures, output_of, started

SAMPLES = TOOLS.parent / "samples"
pytestmark = pytest.mark.skipif(not TOOLS.exists(), reason="needs the checkout: tools/ is not installed")

long = pytest.mark.skipif(not FULL, reason="takes a quarter of a minute: POSTURE_CV_FULL=1")


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    """A made-up person with pictures of nothing."""
    folder = tmp_path / "set"
    rows, frames = made_up("s1", 0)
    (folder / "s1").mkdir(parents=True)
    write_truth(folder, rows)
    write_landmarks(folder, rows, frames)
    for row in rows:
        cv2.imwrite(str(folder / row["file"]), np.full((48, 64, 3), 128, np.uint8))
    return folder


def test_a_desk_day_counts_what_was_planned(dataset: Path, tmp_path: Path) -> None:
    words = ("--view", "front", "--rate", "1", "--no-sweep")
    told = output_of("desk_day.py", dataset, *words, "--hours", "4", place=tmp_path)
    assert "| s1/c1 " in told
    assert " of 3 " in told, "a shrug, a strong forward head, and that for an hour"
    assert "| strong_forward_head, an hour |" in told
    short = started(str(TOOLS / "desk_day.py"), str(dataset), *words, "--hours", "1", place=tmp_path)
    assert short.returncode == 1
    assert (
        short.stderr
        == "1 h are too short for 4 lasting postures and all that lies between: give more --hours\n"
    )


def test_the_parts_of_the_error_make_up_the_whole(dataset: Path, tmp_path: Path) -> None:
    table = output_of("error_parts.py", dataset, place=tmp_path)
    for name in ("head_pitch_deg", "trunk_incl_deg"):  # necks and shoulders like these are not told
        whole, *parts = figures(table, name)
        assert whole > 0.1
        assert math.hypot(*parts) == pytest.approx(whole, abs=0.02)


def test_failing_cases_are_drawn(dataset: Path, tmp_path: Path) -> None:
    said = output_of("failing_cases.py", dataset, tmp_path / "cases.jpg", place=tmp_path)
    picture = cv2.imread(str(tmp_path / "cases.jpg"))
    assert picture is not None
    count = int(said.split(": ")[1].split()[0])
    assert count > 0
    assert picture.size > 10_000


@long
def test_replay_is_measured_against_the_bare_models(tmp_path: Path) -> None:
    if not (SAMPLES / "desk-front.mp4").exists():
        pytest.skip("the samples are not in this tree")
    words = ("speed", "--minutes", "0.05", "--rounds", "1", "--segment", "10")
    table = output_of("replay_speed.py", *words, place=tmp_path)
    assert "30 frames (0.05 min at 10 a second)" in table
    for name in ("bare loop", "one worker", "two workers"):
        per_second, cpu_ms, *_ = figures(table, name)
        assert per_second > 0
        assert cpu_ms > 1
    assert figures(table, "bare loop ")[2:] == [1.0, 1.0]


def test_longer_recordings_are_measured(tmp_path: Path) -> None:
    if not (SAMPLES / "desk-front.landmarks").exists():
        pytest.skip("the samples are not in this tree")
    code = ["import os, replay_speed"]
    if not FULL:  # bytecode that others have made: to make all of it anew takes as long as the rest
        code.append("replay_speed.environment = lambda: dict(os.environ)")
    code.append("replay_speed.again((0.1,), rounds=1); replay_speed.length('2hz', (0.05,))")
    done = started("-c", "\n".join(code), place=tmp_path, paths=(TOOLS,))
    assert done.returncode == 0, done.stderr
    assert figures(done.stdout, "(another baseline) 0.1 ")[0] == 180
    assert figures(done.stdout, "(other settings) 0.1 ")[0] == 180
    assert figures(done.stdout, "(another baseline, a frame a second) 0.1 ")[0] == 6
    assert figures(done.stdout, "(another baseline, the last minute) 0.1 ")[0] == 180
    assert figures(done.stdout, "0.05 ")[0] == 6
    assert figures(done.stdout, "(other settings) 0.1 ")[4] > 10, "megabytes"


def some_of_the_training_set(out: Path) -> Path:
    """Seven people before their front cameras, a third of their frames: two groups of people to leave out."""
    train = shared_path("ground-truth", "train")
    people = {f"t{k:02d}" for k in range(1, 8)}
    with (train / "ground_truth.csv").open(newline="") as file:
        reader = csv.DictReader(file)
        columns = list(reader.fieldnames or ())
        rows = [row for row in reader if row["subject"] in people and row["view"] == "front"]
    rows = [row for k, row in enumerate(rows) if row["segment"] == "calibration" or k % 3 == 0]
    out.mkdir()
    with (out / "ground_truth.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(rows)
    with np.load(train / "landmarks.npz") as arrays:
        kept = np.isin(arrays["name"], [row["file"] for row in rows])
        np.savez(out / "landmarks.npz", **{name: arrays[name][kept] for name in arrays.files})
    return out


@pytest.mark.skipif(importlib.util.find_spec("sklearn") is None, reason="needs the extra `fit`")
@long
def test_the_error_budget_of_few_people(tmp_path: Path) -> None:
    table = output_of("error_budget.py", some_of_the_training_set(tmp_path / "train"), place=tmp_path)
    whole = figures(table, "all of it")
    constant = figures(table, "constant of a clip (baseline, what is special to that person and camera)")
    assert 1.0 < whole[0] < 15.0, "degrees, of people left out of a fit on six"
    assert constant[0] < whole[0]
    mae, r, *_ = figures(table, "nothing")
    assert 1.0 < mae < 15.0
    assert r > 0.4
    assert figures(table, "the contour (and the networks)")[6] > figures(table, "nothing")[6], (
        "elevation's MAE"
    )
