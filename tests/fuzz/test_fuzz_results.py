"""Results that somebody sent: any value of their summary and alerts is read and told of, or refused in words."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fuzz.test_fuzz_files import EXAMPLES, ODD, reads_or_refuses, replaced
from posture_cv.opendata.bids import bids_files
from posture_cv.opendata.files import ALERTS, MEASUREMENTS, SUMMARY
from posture_cv.opendata.folder import read_result
from posture_cv.opendata.frames import ResultError
from posture_cv.report.look import limits
from posture_cv.report.provenance import provenance
from posture_cv.report.thumbnails import moments
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
