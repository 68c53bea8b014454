"""A desk day made of the sample recordings: what is shipped must be right when it speaks, in both views."""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from calibration.fit import fit_baseline
from posture_cv.assess.settings import AssessSettings
from posture_cv.coefficients import load_coefficients
from posture_cv.evaluate.desk_day import DeskDayResult, build_desk_day, run_desk_day
from posture_cv.evaluate.desk_people import make_person
from posture_cv.landmarks.recording import read_recording

SAMPLES = Path(__file__).parents[2] / "samples"
# Frames between two postures of the clip belong to neither.
SETTLED_DEG = 1.0
CALIBRATION_S = {"front": 8.0, "side": 6.0}
SEED, HOURS = 3, 4.5


@cache
def day(view: str) -> DeskDayResult:
    """Some hours of the person of one sample, as shipped."""
    recording = read_recording(SAMPLES / f"desk-{view}.landmarks").landmarks
    with (SAMPLES / f"desk-{view}.truth.csv").open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    segment = np.array([row["segment"] for row in rows])
    angle = np.array([float(row["cva_deg"] or "nan") for row in rows])
    moves = np.abs(np.gradient(angle)) * 10.0 > SETTLED_DEG
    upright = (segment == "upright") & (recording.t_s < CALIBRATION_S[view])
    coefficients = load_coefficients()
    baseline = fit_baseline(recording[upright], coefficients, refuse=False).baseline
    segments = {str(name): recording[(segment == name) & ~moves] for name in np.unique(segment)}
    person = make_person(f"sample, {view}", baseline, segments, coefficients)
    made = build_desk_day(person, SEED, hours=HOURS, rate_hz=1.0)
    [result] = run_desk_day(made, coefficients, AssessSettings(), SEED, (1.0,))
    return result


@pytest.mark.parametrize("view", ["front", "side"])
def test_it_speaks_when_it_should_rightly_named_and_else_is_silent(view: str) -> None:
    result = day(view)
    assert result.wrong == ()
    assert len(result.asked) >= 2
    assert result.in_time_and_named == len(result.asked), result.answered
    assert result.measured_share > 0.85


@pytest.mark.parametrize("view", ["front", "side"])
def test_a_posture_held_for_an_hour_is_reminded_within_the_cap(view: str) -> None:
    held = day(view).held_hour
    assert held is not None
    assert 2 <= held.reminders <= 4
    assert day(view).most_an_hour <= 4
