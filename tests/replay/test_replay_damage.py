"""Real-life damage through the whole replay: each recording is judged as far as it goes, or refused in one line."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from damage_material import CALIBRATE_S, make_all
from once import made_once
from posture_cv.replay.batch import replay_many
from posture_cv.replay.pool import ProcessPool
from posture_cv.replay.types import Labels, ReplayOptions


def run(folder: Path) -> None:
    """Replay every kind of damage."""
    out = folder / "out"
    asked = [
        ReplayOptions(str(path), out / name, calibrate_s=CALIBRATE_S, labels=Labels(name))
        for name, path in make_all(folder).items()
    ]
    with ProcessPool(1) as pool:
        replay_many(asked, pool, table=out)


class Damaged:
    """What a run over every kind of damage has left."""

    def __init__(self, folder: Path) -> None:
        self.out = folder / "out"
        with (self.out / "recordings.csv").open(newline="") as file:
            self.rows = {row["recording"]: row for row in csv.DictReader(file)}

    def measured(self, name: str) -> list[dict[str, str]]:
        with (self.out / name / "measurements.csv").open(newline="") as file:
            return list(csv.DictReader(file))

    def warnings(self, name: str) -> str:
        return " ".join(json.loads((self.out / name / "summary.json").read_text())["warnings"])


@pytest.fixture(scope="module")
def damaged(tmp_path_factory: pytest.TempPathFactory) -> Damaged:
    return Damaged(made_once(tmp_path_factory, "damage", run))


REFUSED = {
    "without_index": "index (moov) is missing",
    "sound_only": "No video in",
    "zero_length": "is empty",
    "unreadable": "is not a video that can be read",
    "one_picture": "too few usable frames",
}
HANDLED = {
    "whole": 12,
    "variable_rate": 12,
    "turned": 11,
    "portrait": 11,
    "huge": 6,
    "slow": 8,
    "coming_and_going": 35,
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_recording_is_refused_in_one_line(name: str, damaged: Damaged) -> None:
    row = damaged.rows[name]
    assert row["status"] == "failed"
    assert REFUSED[name] in row["problem"]
    assert "\n" not in row["problem"]
    assert not (damaged.out / name / "summary.json").exists()


@pytest.mark.parametrize("name", HANDLED)
def test_what_is_one_is_judged_to_its_last_frame(name: str, damaged: Damaged) -> None:
    row = damaged.rows[name]
    assert (row["status"], row["view"]) == ("done", "front"), row
    assert int(row["frames"]) == HANDLED[name]
    valid = [m["forward_head_est_valid"] for m in damaged.measured(name)]
    assert valid.count("1") >= 0.6 * int(row["frames_with_person"])


def test_a_truncated_file_is_used_as_far_as_it_goes(damaged: Damaged) -> None:
    row = damaged.rows["truncated"]
    assert row["status"] == "done"
    assert 10 <= int(row["frames"]) < 30
    assert "truncated" in damaged.warnings("truncated")


def test_variable_rates_keep_their_times(damaged: Damaged) -> None:
    times = [float(m["t_s"]) for m in damaged.measured("variable_rate")]
    assert times[:5] == pytest.approx([0.0, 0.02, 0.07, 0.27, 0.303], abs=2e-3)


def test_a_turned_recording_stands_upright(damaged: Damaged) -> None:
    """Upright, it measures like the recording that never was turned."""
    turned, whole = (damaged.measured(name) for name in ("turned", "whole"))
    for a, b in zip(turned, whole, strict=False):
        if a["lateral_lean_est_deg"] and b["lateral_lean_est_deg"]:
            assert float(a["lateral_lean_est_deg"]) == pytest.approx(
                float(b["lateral_lean_est_deg"]), abs=3.0
            )


def test_somebody_leaves_and_comes_back(damaged: Damaged) -> None:
    rows = damaged.measured("coming_and_going")
    gone = [row for row in rows if 1.6 <= float(row["t_s"]) < 2.3]
    back = [row for row in rows if float(row["t_s"]) >= 2.8]
    assert {row["forward_head_est_valid"] for row in gone} == {"0"}
    assert sum(row["forward_head_est_valid"] == "1" for row in back) >= 0.7 * len(back)


def test_an_empty_room_is_an_answer_and_no_failure(damaged: Damaged) -> None:
    assert damaged.rows["empty"]["status"] == "nobody"
