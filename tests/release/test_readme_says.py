"""What README.md says besides its commands: how they are found, extras, completion, the figures of the accuracy."""

from __future__ import annotations

import csv
import re
import shutil
import tomllib

import numpy as np
import pytest

from cli_runner import Cli
from posture_cv.report.accuracy import measured
from shared_material import shared_path
from source_tree import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
FOR_DEVELOPERS = {"test", "fit", "render", "release", "dev"}
QUANTITIES = {
    "craniovertebral angle": "cva_change_deg",
    "head forward of the trunk": "head_forward_cm",
    "head pitch": "head_pitch_deg",
    "shoulder elevation": "shoulder_elevation_cm",
    "protraction (an index)": "protraction_cm",
    "trunk inclination": "trunk_incl_deg",
}
ROUNDED = 0.00501  # half of the last digit shown; a half may go either way


def test_the_environment_is_active_before_a_command_of_it_is_shown() -> None:
    shown = re.search(r"^posture-cv ", README, re.MULTILINE)
    assert shown
    assert 0 < README.find("`. .venv/bin/activate`") < shown.start()


def test_it_says_how_every_extra_is_installed() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    said = re.search(r"`pip install '\.\[([a-z,]+)\]'`", README)
    assert said
    assert set(said[1].split(",")) == set(project["optional-dependencies"]) - FOR_DEVELOPERS


@pytest.mark.skipif(shutil.which("bash") is None, reason="click asks bash for its version")
def test_shells_complete_as_it_says(monkeypatch: pytest.MonkeyPatch) -> None:
    variable, first = re.findall(r"eval \"\$\((\w+)=(\w+_source) posture-cv\)\"", README)[0]
    for shell in {first, *re.findall(r"`(\w+_source)`", README)}:
        monkeypatch.setenv(variable, shell)
        done = Cli().here()
        assert done.returncode == 0, done.stderr
        assert variable in done.stdout
        assert "posture-cv" in done.stdout


def test_its_table_of_accuracy_is_what_the_reports_quote() -> None:
    rows = re.findall(
        r"^\| (front|side|oblique) \| ([^|]+) \| ([\d.]+)(?:°| cm), ([\d.]+) \|", README, re.MULTILINE
    )
    quoted = {
        (view, quantity): (row["mae"], row["r"])
        for view, told in measured()["views"].items()
        for quantity, row in told["quantities"].items()
    }
    said = {(view, QUANTITIES[name]): (float(mae), float(r)) for view, name, mae, r in rows}
    assert len(said) == 3 * len(QUANTITIES)
    for key, figures in said.items():
        assert figures == pytest.approx(quoted[key], abs=ROUNDED), key


@pytest.mark.parametrize(
    ("named", "segment", "columns"),
    [
        ("mild forward head", "fhp_mild", ["head_fwd_rel_trunk_delta_cm"]),
        ("rounded shoulders, mild", "rounded_mild", ["protraction_delta_cm_L", "protraction_delta_cm_R"]),
    ],
)
def test_mild_postures_are_as_large_as_it_says(named: str, segment: str, columns: list[str]) -> None:
    """On average over the people seen from the front and from the side, of whom its table tells."""
    with shared_path("ground-truth", "public", "ground_truth.csv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["view"] in ("front", "side")]
    sizes = []
    for camera in {(row["subject"], row["camera"]) for row in rows}:
        of = {
            name: [
                np.mean([float(row[column]) for column in columns])
                for row in rows
                if (row["subject"], row["camera"], row["segment"]) == (*camera, name)
            ]
            for name in ("calibration", segment)
        }
        sizes += [size - np.median(of["calibration"]) for size in of[segment]]
    said = re.search(rf"\| {named} \(([\d.]+) cm\)", README)
    assert said
    assert float(said[1]) == pytest.approx(np.mean(sizes), abs=0.05)
