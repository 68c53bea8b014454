"""How much of the mask is undecided is compared at the person's size, which no posture may shorten."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from calibration.fit import fit_baseline
from calibration_material import rotation, with_scene
from posture_cv.coefficients import load_coefficients
from posture_cv.landmarks import names
from posture_cv.landmarks.recording import read_recording
from posture_cv.landmarks.types import Landmarks
from posture_cv.measure.baseline import Baseline
from posture_cv.measure.types import View
from posture_cv.measure.unsure import outline_unsure

SAMPLES = Path(__file__).resolve().parents[2] / "samples"
THEN = 0.012


def sitting(view: str) -> tuple[Landmarks, Baseline]:
    """A second of sitting upright, as sure as its baseline."""
    lm = read_recording(SAMPLES / f"desk-{view}.landmarks").landmarks
    lm = with_scene(lm[lm.t_s < 1.0], outline_unsure=THEN)
    return lm, fit_baseline(lm, load_coefficients(), refuse=False).baseline


FRONT, SIDE = sitting("front"), sitting("side")


@given(share=st.floats(0.0, 1.0), most=st.floats(1.05, 3.0))
@pytest.mark.parametrize("sitting", [FRONT, SIDE], ids=["front", "side"])
def test_more_than_so_much_is_unsure(sitting: tuple[Landmarks, Baseline], share: float, most: float) -> None:
    lm, baseline = sitting
    below, above = (with_scene(lm, outline_unsure=THEN * most * k) for k in (0.93 * share, 1.07 + share))
    assert not outline_unsure(below, baseline, most).any()
    assert outline_unsure(above, baseline, most).all()


def test_what_is_not_known_is_not_unsure() -> None:
    lm, baseline = FRONT
    assert not outline_unsure(with_scene(lm, outline_unsure=np.nan), baseline, 1.35).any()
    for then in (np.nan, 0.0):
        assert not outline_unsure(lm, replace(baseline, outline_unsure=then), 0.1).any()
    assert not outline_unsure(Landmarks.empty(2), baseline, 1.35).any()


def test_in_profile_a_bowed_head_is_as_large_as_before() -> None:
    lm, baseline = SIDE
    assert baseline.view is View.SIDE
    head = [*range(names.LEFT_SHOULDER)]
    pose = lm.pose.copy()
    points = pose[:, head, :2] * lm.size_px[:, None]
    ears = points[:, names.EARS].mean(axis=1, keepdims=True)
    shoulders = (pose[:, names.SHOULDERS, :2] * lm.size_px[:, None]).mean(axis=1, keepdims=True)
    bowed = (points - ears) @ rotation(2, 40.0)[:2, :2].T + ears + 0.25 * (shoulders - ears)
    pose[:, head, :2] = bowed / lm.size_px[:, None]
    assert not outline_unsure(replace(lm, pose=pose), baseline, 1.2).any()


def test_in_front_narrowed_shoulders_are_as_large_as_before() -> None:
    lm, baseline = FRONT
    pose = lm.pose.copy()
    across = pose[:, names.LEFT_SHOULDER, 0] - pose[:, names.RIGHT_SHOULDER, 0]
    pose[:, names.LEFT_SHOULDER, 0] -= 0.1 * across
    pose[:, names.RIGHT_SHOULDER, 0] += 0.1 * across
    assert not outline_unsure(replace(lm, pose=pose), baseline, 1.2).any()
