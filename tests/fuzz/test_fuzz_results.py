"""Results that somebody sent: any value of their summary and alerts is read and told of, or refused in words."""

from __future__ import annotations

import json
import shutil
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fuzz.test_fuzz_files import EXAMPLES, ODD, reads_or_refuses, replaced
from posture_cv.opendata.bids import bids_files
from posture_cv.opendata.export import export
from posture_cv.opendata.files import ALERTS, MEASUREMENTS, SUMMARY
from posture_cv.opendata.folder import read_result
from posture_cv.opendata.frames import ResultError, read_frames
from posture_cv.opendata.gather import gather
from posture_cv.report.look import limits
from posture_cv.report.provenance import provenance
from posture_cv.report.thumbnails import moments
from posture_cv.report.write import write_recording
from result_material import sample_folders


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy to be spoilt, without the checksums that would show it."""
    folder = tmp_path_factory.mktemp("spoilt") / "results"
    shutil.copytree(sample_folders(tmp_path_factory)[0], folder)
    summary = json.loads((folder / SUMMARY).read_text())
    summary["run"].pop("files")
    (folder / SUMMARY).write_text(json.dumps(summary))
    return folder


@pytest.fixture
def summary(results: Path) -> Iterator[dict[str, Any]]:
    whole = (results / SUMMARY).read_text()
    yield json.loads(whole)
    (results / SUMMARY).write_text(whole)


def tell(folder: Path) -> None:
    """What pages and open data say of a result."""
    result = read_result(folder)
    bids_files([result], "set")
    provenance(result)
    moments(result)
    limits(result.summary.get("settings", {}))
    result.series()


@settings(max_examples=2 * EXAMPLES)
@given(places=st.lists(st.floats(0, 0.999), min_size=1, max_size=4), value=ODD)
def test_any_value_in_a_summary(places: list[float], value: object, results: Path) -> None:
    path = results / SUMMARY
    whole = path.read_text()
    try:
        path.write_text(json.dumps(replaced(json.loads(whole), places, value)), encoding="utf-8")
        reads_or_refuses(tell, results)
    finally:
        path.write_text(whole)


@settings(max_examples=2 * EXAMPLES)
@given(places=st.lists(st.floats(0, 0.999), min_size=1, max_size=2), value=ODD)
def test_any_value_in_an_alert(places: list[float], value: object, results: Path) -> None:
    path = results / ALERTS
    whole = path.read_text()
    first, *others = whole.splitlines()
    try:
        path.write_text("\n".join([json.dumps(replaced(json.loads(first), places, value)), *others]))
        reads_or_refuses(tell, results)
    finally:
        path.write_text(whole)


CELLS = st.sampled_from(
    [
        "",
        "0",
        "-5",
        "1",
        "nan",
        "inf",
        "-inf",
        "1e18",
        "1e308",
        "1e6",
        "1e-320",
        "good",
        "nobody",
        "side",
        "\0",
        "é",
    ]
)


@pytest.fixture(scope="module")
def short(results: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A few seconds of the results."""
    folder = tmp_path_factory.mktemp("short") / "results"
    shutil.copytree(results, folder)
    lines = (folder / MEASUREMENTS).read_text().splitlines()
    (folder / MEASUREMENTS).write_text("\n".join(lines[:60]) + "\n")
    return folder


def reckon(folder: Path) -> None:
    """Everything that is made of the table."""
    read_frames.cache_clear()  # the table read last is remembered
    study = gather([read_result(folder)], lambda _: None)
    write_recording(study.results[0], study.exposures[0], folder / "page")
    export(study, ["csv", "bids"], folder / "open", "set")


@settings(max_examples=EXAMPLES)
@given(places=st.lists(st.tuples(st.floats(0, 0.999), st.floats(0, 0.999), CELLS), min_size=1, max_size=3))
def test_any_cell_in_the_measurements(places: list[tuple[float, float, str]], short: Path) -> None:
    path = short / MEASUREMENTS
    whole = path.read_text()
    rows = [line.split(",") for line in whole.splitlines()]
    for down, right, cell in places:
        row = rows[1 + int(down * (len(rows) - 1))]
        row[int(right * len(row))] = cell
    try:
        path.write_text("\n".join(",".join(row) for row in rows) + "\n")
        reads_or_refuses(reckon, short)
    finally:
        path.write_text(whole)


@pytest.mark.parametrize(
    ("column", "cell", "said"),
    [
        ("t_s", "nan", "a number that no measurement can be"),
        ("head_pitch_est_deg", "inf", "a number that no measurement can be"),
        (
            "head_pitch_est_sd_deg",
            "",
            "In row 31 nothing says why head_pitch_est or its uncertainty is missing",
        ),
        ("t_s", "0.5", "Its times do not rise at row 31"),
    ],
)
def test_a_cell_that_cannot_be_is_named(column: str, cell: str, said: str, short: Path) -> None:
    path = short / MEASUREMENTS
    whole = path.read_text()
    rows = [line.split(",") for line in whole.splitlines()]
    rows[30][rows[0].index(column)] = cell
    try:
        path.write_text("\n".join(",".join(row) for row in rows) + "\n")
        with pytest.raises(ResultError, match=said):
            reckon(short)
    finally:
        path.write_text(whole)


def test_a_value_far_beyond_all_others_fills_no_memory(short: Path) -> None:
    path = short / MEASUREMENTS
    whole = path.read_text()
    rows = [line.split(",") for line in whole.splitlines()]
    rows[30][rows[0].index("head_pitch_est_deg")] = "1e8"
    tracemalloc.start()
    try:
        path.write_text("\n".join(",".join(row) for row in rows) + "\n")
        reckon(short)
        assert tracemalloc.get_traced_memory()[1] < 300_000_000
    finally:
        tracemalloc.stop()
        path.write_text(whole)


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("source", None, r"\(source: it should be an object"),
        ("estimator", {"face": {"sha256": "x"}}, r"\(estimator\.face\.name: it is missing"),
        ("episodes", [{"state": "good"}], r"\(episodes\[0\]\.start_s: it is missing"),
        (
            "settings",
            {"thresholds": {"neck_deg": float("nan")}},
            r"\(settings\.thresholds\.neck_deg: input should be a finite number",
        ),
        (
            "settings",
            {"policy": {"exit_hold_s": 10**400}},
            r"\(settings\.policy\.exit_hold_s: input should be a valid number",
        ),
        (
            "baseline",
            {"calibrated_s": ["0", 8]},
            r"\(baseline\.calibrated_s\[0\]: input should be a valid number",
        ),
        ("pair", {"quantities": []}, r"\(pair\.quantities: it should be an object"),
        ("participant", ["x"], r"\(participant: input should be a valid string"),
    ],
)
def test_a_fault_of_a_summary_is_named_with_its_place(
    key: str, value: object, said: str, results: Path, summary: dict[str, Any]
) -> None:
    (results / SUMMARY).write_text(json.dumps({**summary, key: value}))
    with pytest.raises(ResultError, match=said):
        read_result(results)


@pytest.mark.parametrize(
    "alert", [{"t_s": "1", "cue": "slump", "level": "notice"}, {"t_s": 1, "cue": 5, "level": "x"}]
)
def test_a_fault_of_an_alert_is_named_with_its_line(alert: object, results: Path) -> None:
    whole = (results / ALERTS).read_text()
    try:
        (results / ALERTS).write_text(json.dumps(alert) + "\n")
        with pytest.raises(ResultError, match=r"Line 1 is no alert \((t_s|cue): input should be"):
            read_result(results)
    finally:
        (results / ALERTS).write_text(whole)


def test_a_time_that_is_years_away_is_said(results: Path, tmp_path: Path) -> None:
    folder = tmp_path / "results"  # a place of its own: the table read last is remembered
    shutil.copytree(results, folder)
    path = folder / MEASUREMENTS
    head, _, last = path.read_text().rstrip("\n").rpartition("\n")
    path.write_text(f"{head}\n1e9,{last.partition(',')[2]}\n")
    with pytest.raises(ResultError, match=r"to 1e\+09 s; 31 days are the most"):
        tell(folder)
