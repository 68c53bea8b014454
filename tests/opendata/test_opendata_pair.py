"""Results of two cameras: a measure takes its values from the view that may tell it, and from no other."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from posture_cv.exposure.groups import rows_of
from posture_cv.exposure.measures import NOT_FROM_VIEW, exposure
from posture_cv.measure.types import QUANTITIES, View
from posture_cv.opendata.bids import bids_files
from posture_cv.opendata.folder import read_result
from posture_cv.opendata.gather import gather, study_exposure_table
from posture_cv.opendata.sidecar import sidecar
from posture_cv.opendata.tables import series_table
from posture_cv.output.tables import column_stem


@pytest.fixture
def paired(folders: Sequence[Path], tmp_path: Path) -> Path:
    """The side sample as if every other frame's values had come from a front camera."""
    folder = tmp_path / "pair"
    shutil.copytree(folders[1], folder)
    with (folder / "measurements.csv").open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    names = [f"{column_stem(q)[0]}_view" for q in QUANTITIES.values()]
    with (folder / "measurements.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([*header, *names])
        writer.writerows([*row, *(("front", "side")[k % 2] for _ in names)] for k, row in enumerate(rows))
    summary = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    summary["baseline"]["view"] = "front"
    summary["pair"] = {
        "quantities": {n: {"preferred": "front" if n.startswith("head") else "side"} for n in QUANTITIES}
    }
    del summary["run"]["files"]["measurements.csv"]  # it is another now
    (folder / "summary.json").write_text(json.dumps(summary), encoding="utf-8")
    return folder


def test_classes_come_from_the_side_frames_only(paired: Path, folders: Sequence[Path]) -> None:
    result = read_result(paired)
    series = result.series()
    assert series.view_for("trunk_incl_deg") is View.SIDE
    assert series.view_for("head_pitch_deg") is View.FRONT
    told = series.measured.values["forward_head_deg"].valid
    assert (
        told.sum()
        == np.flatnonzero(read_result(folders[1]).measured.values["forward_head_deg"].valid)[1::2].size
    )
    rows = {(r.measure, r.item): r for r in rows_of(exposure(series))}
    neck = rows["rula_neck", "1: 0-10 deg"]
    assert neck.assessable
    assert neck.measured_s == pytest.approx(12.5, abs=0.2)  # half of 25 s; the rest is unmeasured
    assert neck.unmeasured_s == pytest.approx(12.5, abs=0.2)
    assert rows["rula_shoulder_raised", "raised"].reason == NOT_FROM_VIEW


def test_nothing_says_that_one_camera_saw_what_two_did(paired: Path) -> None:
    result = read_result(paired)
    table = study_exposure_table(gather([result]))
    names = [field.name for field in table.fields]
    assert set(table.columns[names.index("view")]) == {"mixed"}
    assert sidecar(result)["pair"]["quantities"]["trunk_incl_deg"]["preferred"] == "side"
    files = dict(bids_files([result], "data"))
    about = json.loads(
        next(text for path, text in files.items() if path.endswith("frontsidecam_motion.json"))
    )
    assert about["View"] == "front and side"
    assert "two cameras" in about["TaskDescription"]


def test_the_table_says_which_camera(paired: Path) -> None:
    table = series_table(read_result(paired))
    names = [field.name for field in table.fields]
    column = table.columns[names.index("trunk_incl_est_view")]
    assert list(column[:4]) == ["front", "side", "front", "side"]
