"""Motion-BIDS against the rules of the specification and the official validator."""

from __future__ import annotations

import csv
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from posture_cv.opendata.bids import bids_files, places, subjects
from posture_cv.opendata.export import export
from posture_cv.opendata.folder import Result
from posture_cv.opendata.gather import gather

COMPONENTS = {"x", "y", "z", "quat_x", "quat_y", "quat_z", "quat_w", "n/a"}
TYPES = {"ACCEL", "ANGACCEL", "GYRO", "JNTANG", "LATENCY", "MAGN", "MISC", "ORNT", "POS", "VEL"}


@pytest.fixture(scope="module")
def dataset(results: Sequence[Result], tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("bids")
    (folder,) = export(gather(results), ["bids"], out, "Samples")
    return folder


def rows(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file, delimiter="\t"))


def test_names_and_columns_follow_the_specification(dataset: Path, results: Sequence[Result]) -> None:
    motions = sorted(dataset.rglob("*_motion.tsv"))
    assert len(motions) == 2
    for motion, result in zip(motions, results, strict=True):
        pattern = r"sub-([0-9A-Za-z]+)_task-[0-9A-Za-z]+_tracksys-[0-9A-Za-z]+(_run-\d+)?_motion\.tsv"
        found = re.fullmatch(pattern, motion.name)
        assert found
        assert motion.parent == dataset / f"sub-{found[1]}" / "motion"
        stem = motion.name.removesuffix("_motion.tsv")
        header, *channels = rows(motion.with_name(f"{stem}_channels.tsv"))
        assert header[:5] == ["name", "component", "type", "tracked_point", "units"]
        assert len({row[0] for row in channels}) == len(channels)
        assert {row[1] for row in channels} <= COMPONENTS
        assert {row[2] for row in channels} <= TYPES
        data = rows(motion)
        assert {len(row) for row in data} == {len(channels)}  # as many columns as channels, and no header
        assert len(data) == len(result.measured)
        assert float(data[0][0]) == 0.0  # LATENCY counts from the first frame
        assert all(re.fullmatch(r"-?\d+(\.\d+)?|n/a", cell) for row in data[:50] for cell in row)
        about = json.loads(motion.with_suffix(".json").read_text(encoding="utf-8"))
        assert {"TaskName", "SamplingFrequency", "TrackingSystemName"} <= about.keys()
        assert about["MotionChannelCount"] == len(channels)
        assert about["JNTANGChannelCount"] == sum(row[2] == "JNTANG" for row in channels)
        frames = {row[header.index("reference_frame")] for row in channels} - {"n/a"}
        levels = json.loads(motion.with_name(f"{stem}_channels.json").read_text(encoding="utf-8"))
        assert frames == levels["reference_frame"]["Levels"].keys()


def test_values_are_those_of_the_tables(dataset: Path, results: Sequence[Result]) -> None:
    motion = next(dataset.rglob("*sidecam*_motion.tsv"))
    names = [row[0] for row in rows(motion.with_name(motion.name.replace("_motion", "_channels")))[1:]]
    column = [row[names.index("forward_head_est_deg")] for row in rows(motion)]
    assert [float(c) for c in column if c != "n/a"] == pytest.approx(
        [v for v in results[1].measured.value("forward_head_deg") if v == v]  # noqa: PLR0124
    )


def test_events_hold_postures_and_alerts(dataset: Path, results: Sequence[Result]) -> None:
    header, *events = rows(next(dataset.rglob("*frontcam*_events.tsv")))
    assert header[:2] == ["onset", "duration"]
    assert [float(e[0]) for e in events] == sorted(float(e[0]) for e in events)
    assert sum(e[2] == "alert" for e in events) == len(results[0].alerts)


def test_recordings_in_one_place_become_runs(results: Sequence[Result]) -> None:
    stems = [place.stem for place in places([results[0], results[0], results[1]])]
    assert len(set(stems)) == 3
    assert [("run-" in stem) for stem in stems] == [True, True, False]


def test_participants_never_share_a_label(results: Sequence[Result]) -> None:
    named = [
        Result(r.folder, {**r.summary, "participant": p}, ())
        for r in results
        for p in ("Åsa", "Äsa", "sa", "李")
    ]
    labels = subjects(named)
    assert len({text.casefold() for text in labels.values()}) == 4
    assert all(re.fullmatch(r"[0-9A-Za-z]+", text) for text in labels.values())
    assert len({place.stem for place in places(named)}) == len(named)
    clever = [Result(results[0].folder, {"participant": p}, ()) for p in ("p1x3", "p.1", "p 1")]
    assert len(set(subjects(clever).values())) == 3


def test_conditions_never_share_a_label(results: Sequence[Result]) -> None:
    conditions = ("стоя", "сидя", "low-desk", "low desk", "")
    named = [Result(r.folder, {**r.summary, "condition": c}, ()) for r in results[:1] for c in conditions]
    assert len({place.task.casefold() for place in places(named)}) == len(conditions)
    assert all(place.run is None and re.fullmatch(r"[0-9A-Za-z]+", place.task) for place in places(named))


def test_a_name_is_one_cell(results: Sequence[Result]) -> None:
    named = Result(results[0].folder, {**results[0].summary, "participant": "P\t1\n b"}, results[0].alerts)
    table = dict(bids_files([named], "Samples"))["participants.tsv"]
    assert table.splitlines()[1:] == ["sub-P1b\tP 1 b"]


def test_the_official_validator_finds_no_error(dataset: Path) -> None:
    program = Path(sys.executable).with_name("bids-validator-deno")
    if not program.exists() and shutil.which("bids-validator-deno") is None:
        pytest.skip("needs bids-validator-deno")
    command = str(program) if program.exists() else "bids-validator-deno"
    done = subprocess.run([command, "--json", str(dataset)], capture_output=True, text=True, check=False)
    issues = json.loads(done.stdout)["issues"]["issues"]
    assert issues, "it looks at nothing"
    assert [i for i in issues if i["severity"] == "error"] == []
    # what is left is the researcher's: authors, institution, instructions …
    asked = {i.get("subCode") or i["code"] for i in issues}
    assert not {a for a in asked if a.endswith("ChannelCount")}


def test_the_validator_would_notice(dataset: Path, tmp_path: Path) -> None:
    program = Path(sys.executable).with_name("bids-validator-deno")
    if not program.exists():
        pytest.skip("needs bids-validator-deno")
    shutil.copytree(dataset, tmp_path / "b")
    channels = next((tmp_path / "b").rglob("*_channels.tsv"))
    channels.write_text(channels.read_text(encoding="utf-8").replace("JNTANG", "ANGLE"), encoding="utf-8")
    done = subprocess.run(
        [str(program), "--json", str(tmp_path / "b")], capture_output=True, text=True, check=False
    )
    issues = json.loads(done.stdout)["issues"]["issues"]
    assert "TSV_VALUE_INCORRECT_TYPE" in {i["code"] for i in issues if i["severity"] == "error"}
