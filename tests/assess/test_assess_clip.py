"""The engine on the sample clips: real landmarks, real measurement, one frame at a time and all at once."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from calibration.fit import fit_baseline
from posture_cv.assess.engine import Engine
from posture_cv.assess.recording import assess_measurements
from posture_cv.assess.settings import AssessSettings
from posture_cv.assess.types import State
from posture_cv.coefficients import load_coefficients
from posture_cv.landmarks.recording import read_recording
from posture_cv.measure.measure import measure
from posture_cv.measure.types import Reason

SAMPLES = Path(__file__).resolve().parents[2] / "samples"


@pytest.mark.parametrize(("clip", "calibration_end_s"), [("desk-front", 8.0), ("desk-side", 6.0)])
def test_the_engine_streams_what_it_says_of_the_whole_recording(clip: str, calibration_end_s: float) -> None:
    lm = read_recording(SAMPLES / f"{clip}.landmarks").landmarks
    coefficients = load_coefficients()
    baseline = fit_baseline(lm[lm.t_s < calibration_end_s], coefficients, refuse=False).baseline
    settings = AssessSettings()
    settings = replace(settings, policy=settings.policy.alert_after(5.0))
    whole = assess_measurements(measure(lm, baseline, coefficients), baseline, settings)
    engine = Engine(baseline, coefficients, settings)
    steps = [engine.step(lm[i : i + 1]) for i in range(len(lm))]
    assert [int(step.state or 0) for step in steps] == whole.state.tolist()
    told = [record for step in steps for record in step.records]
    assert [(r.alert.t_s, r.alert.cue, r.rule) for r in told] == [
        (r.alert.t_s, r.alert.cue, r.rule) for r in whole.records
    ]
    assert [r.alert.excess for r in told] == pytest.approx([r.alert.excess for r in whole.records], abs=1e-3)
    assert told
    ended = [e for step in steps for e in step.episodes] + list(engine.finish())
    assert [(e.state, e.start_s, e.end_s) for e in ended] == [
        (e.state, e.start_s, e.end_s) for e in whole.episodes
    ]


def test_landmarks_that_jump_between_two_places_are_unmeasured_and_never_an_alert() -> None:
    lm = read_recording(SAMPLES / "desk-front.landmarks").landmarks
    coefficients = load_coefficients()
    baseline = fit_baseline(lm[lm.t_s < 8.0], coefficients, refuse=False).baseline
    settings = AssessSettings()
    settings = replace(settings, policy=settings.policy.alert_after(5.0))
    upright, text_neck = np.flatnonzero(lm.t_s < 8.0)[:60], np.flatnonzero((lm.t_s > 36.5) & (lm.t_s < 39.5))
    order = np.tile(np.stack([upright[:25], text_neck[:25]], axis=1).ravel(), 6)
    wavering = replace(lm[order], t_s=np.arange(len(order), dtype=np.float64) * 0.1)
    found = assess_measurements(measure(wavering, baseline, coefficients), baseline, settings)
    assert set(found.state[10:]) == {State.CANNOT_TELL}
    assert set(found.states.reason[10:]) == {Reason.UNSTABLE}
    assert not found.records
    still = assess_measurements(measure(lm, baseline, coefficients), baseline, settings)
    assert Reason.UNSTABLE not in still.states.reason
