"""A baseline made anew in seconds keeps the person's posture, and says when they sit otherwise."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from amounts import amount
from calibration.errors import CalibrationError
from calibration.fit import fit_baseline
from calibration.rebaseline import (
    Proportions,
    differences,
    moved_with_camera,
    proportions,
    quick_baseline,
)
from calibration.verdict import Grade
from calibration_material import shifted, sitting_still
from posture_cv.coefficients import load_coefficients
from posture_cv.landmarks import names
from posture_cv.landmarks.recording import read_recording
from posture_cv.landmarks.types import CONTOUR_COLS, CONTOUR_ROWS, Landmarks
from posture_cv.measure.baseline import UNMOVED, Background, Baseline
from posture_cv.measure.measure import measure
from posture_cv.measure.turning import centres, cut_off, read_at
from posture_cv.measure.types import Reason, View
from posture_cv.profiles.format import profile_from_json, profile_to_json
from posture_cv.profiles.store import read_profile

SAMPLES = Path(__file__).resolve().parents[2] / "samples"


@pytest.fixture(scope="module")
def old() -> Baseline:
    return fit_baseline(sitting_still(), load_coefficients()).baseline


def seen_by_moved_camera(right: int, down: int) -> tuple[Landmarks, Background]:
    """The same person and posture after the camera was moved, by contour columns and rows; and the background."""
    lm = sitting_still(6, seed=5)
    dx, dy = right / CONTOUR_COLS, down / CONTOUR_ROWS
    width, height = lm.size_px[0]
    lm = shifted(lm, dx * width, dy * height)
    scene = lm.scene.copy()
    scene[:, 4:8] = (dx, dy, 1.0, 0.95)
    rows, cols = np.roll(lm.rows, down, axis=1), np.roll(lm.cols, right, axis=1)
    return replace(lm, scene=scene, rows=rows, cols=cols), Background(dx, dy, 1.0)


@pytest.mark.parametrize(("right", "down"), [(16, 8), (-12, 10)])
def test_the_same_posture_before_a_moved_camera_reads_as_no_change(
    old: Baseline, right: int, down: int
) -> None:
    lm, background = seen_by_moved_camera(right, down)
    measured = measure(lm, moved_with_camera(old, background), load_coefficients())
    assert set(measured.reason.tolist()) == {Reason.OK}
    assert np.abs(measured.value("head_forward_cm")).max() < 1.0
    assert np.abs(measured.value("sink_cm")).max() < 1.0


@pytest.mark.parametrize(("session", "at_right"), [("front", -0.3), ("front", 0.3), ("side", 0.3)])
def test_what_the_border_cut_off_is_not_taken_for_the_outline_once_the_camera_has_moved(
    session: str, at_right: float
) -> None:
    lm = read_recording(SAMPLES / f"desk-{session}.landmarks").landmarks
    lm, further = lm[lm.t_s < 4.5], -0.06 if at_right > 0 else 0.06
    baseline = fit_baseline(at_the_border(lm, at_right), load_coefficients()).baseline
    assert cut_off(baseline.rows).sum() > 50
    moved = moved_with_camera(baseline, Background(further, 0.0, 1.0))
    measured = measure(at_the_border(lm, at_right + further), moved, load_coefficients())
    for name in ("cva_change_deg", "protraction_cm", "shoulder_elevation_cm", "trunk_incl_deg"):
        assert np.median(measured.value(name)) == pytest.approx(0.0, abs=0.4), name


def at_the_border(lm: Landmarks, right: float) -> Landmarks:
    """The same farther to the right by a share of the width, in pictures that cut off what leaves them."""
    pose, face = lm.pose.copy(), lm.face.copy()
    pose[:, :, 0] += right
    face[:, :, 0] += right
    cols = read_at(lm.cols, np.broadcast_to(centres(CONTOUR_COLS) - right, lm.cols.shape))
    scene = np.full_like(lm.scene, np.nan)
    rows = np.clip(lm.rows + np.float32(right), 0.0, 1.0)
    return replace(lm, pose=pose, face=face, rows=rows, cols=cols.astype(np.float32), scene=scene)


@lru_cache
def at_a_place(session: str, right: float) -> Baseline:
    """Of a sample, in pictures in which the person sits farther to the right by a share of the width."""
    lm = read_recording(SAMPLES / f"desk-{session}.landmarks").landmarks
    return fit_baseline(at_the_border(lm[lm.t_s < 4.5], right), load_coefficients()).baseline


@given(
    session=st.sampled_from(["front", "side"]),
    right=st.sampled_from([-0.3, 0.0, 0.3]),
    dx=st.floats(-0.055, 0.055),
    dy=st.floats(-0.055, 0.055),
    scale=st.floats(0.91, 1.09),
    roll_deg=st.just(0.0) | st.floats(-4.9, 4.9),
)
@settings(deadline=None, max_examples=amount(40, 400))
@example(session="front", right=0.0, dx=0.0, dy=0.055, scale=1.0, roll_deg=0.0)  # shoulders leave it below
@example(session="side", right=0.3, dx=-0.055, dy=0.0, scale=1.0, roll_deg=0.0)  # a back that was cut off
def test_a_profile_that_went_along_with_the_camera_is_read_again_as_it_was(
    session: str, right: float, dx: float, dy: float, scale: float, roll_deg: float
) -> None:
    profile = read_profile(SAMPLES / "desk-front.profile.json")
    moved = moved_with_camera(at_a_place(session, right), Background(dx, dy, scale, roll_deg))
    again = profile_from_json(profile_to_json(replace(profile, baseline=moved)), "here", "default").baseline
    for field in ("pose", "face", "rows", "cols"):
        np.testing.assert_allclose(getattr(again, field), getattr(moved, field), atol=1e-6, err_msg=field)


def test_without_it_the_camera_is_blamed_and_never_the_person(old: Baseline) -> None:
    measured = measure(seen_by_moved_camera(16, 12)[0], old, load_coefficients())
    assert set(measured.reason.tolist()) == {Reason.CAMERA_MOVED}


@pytest.mark.parametrize(
    "away",
    [
        Background(0.03, -0.04, 1.02),
        Background(0.0, 0.0, 1.0, 4.0),
        Background(0.01, -0.01, 1.01, -2.5),
    ],
)
def test_moving_there_and_back_is_no_move(old: Baseline, away: Background) -> None:
    there = moved_with_camera(old, away)
    back = moved_with_camera(there, UNMOVED)
    np.testing.assert_allclose(back.pose[:, :2], old.pose[:, :2], atol=2e-3)
    both = np.isfinite(back.rows) & np.isfinite(old.rows)
    assert both.mean() > 0.3
    assert np.median(np.abs(back.rows - old.rows)[both]) < 2e-3


def test_depths_grow_with_the_picture_and_what_is_unsure_with_its_area(old: Baseline) -> None:
    nearer = moved_with_camera(replace(old, outline_unsure=0.02), Background(0.0, 0.0, 1.05))
    assert nearer.outline_unsure == pytest.approx(0.02 * 1.05**2)
    np.testing.assert_allclose(nearer.pose[:, 2], 1.05 * old.pose[:, 2])
    np.testing.assert_allclose(nearer.face[:, 2], 1.05 * old.face[:, 2])


@pytest.mark.parametrize(
    ("background", "how_far"),
    [
        (Background(0.3, 0.0, 1.0), "moved by 30 % of the picture and changed its size by 0 %"),
        (Background(0.0, 0.0, 1.4), "moved by 0 % of the picture and changed its size by 40 %"),
        (Background(0.0, 0.0, 0.8), "changed its size by 20 %"),
        (Background(0.0, 0.0, 1.0, 8.0), "It turned by 8 degrees"),
        (Background(0.0, 0.0, -1.0), "picture is mirrored now"),
        (Background(0.0, 0.0, 1.0, float("nan")), "How far cannot be told"),
        (Background(float("nan"), 0.0, float("nan")), "How far cannot be told"),
        (Background(float("nan"), 0.0, 1.0), "How far cannot be told"),
    ],
)
def test_a_camera_that_stands_elsewhere_needs_a_calibration(
    old: Baseline, background: Background, how_far: str
) -> None:
    with pytest.raises(CalibrationError, match="too far") as caught:
        moved_with_camera(old, background)
    assert how_far in caught.value.detail
    assert caught.value.what_to_do.endswith("posture-cv recalibrate"), "the monitor that runs has the camera"


def test_a_quick_baseline_keeps_the_known_face_and_is_accepted_in_the_same_posture(old: Baseline) -> None:
    result = quick_baseline(old, sitting_still(30, seed=9), load_coefficients())
    assert not {"head_forward", "other_gap"} & {f.code for f in result.verdict.findings}
    assert np.median(np.abs(result.baseline.face - old.face)) < 3e-3
    assert proportions(result.baseline).head == pytest.approx(proportions(old).head, rel=0.02)


def test_a_head_that_has_come_nearer_is_not_taken_silently(old: Baseline) -> None:
    lm = sitting_still(30, seed=9)
    face = lm.face.copy()
    middle = face.mean(axis=1, keepdims=True)
    face[:] = middle + 1.09 * (face - middle)
    result = quick_baseline(old, replace(lm, face=face), load_coefficients())
    assert result.verdict.grade is not Grade.ACCEPT
    assert "head_forward" in {f.code for f in result.verdict.findings}


def test_shrugged_shoulders_are_not_taken_silently(old: Baseline) -> None:
    lm = sitting_still(30, seed=9)
    pose = lm.pose.copy()
    pose[:, names.SHOULDERS, 1] -= 0.05
    result = quick_baseline(old, replace(lm, pose=pose), load_coefficients())
    [found] = [f for f in result.verdict.findings if f.code == "other_gap"]
    assert "higher" in found.text


@pytest.mark.parametrize(("head", "told"), [(0.23, []), (0.3, ["head_forward"]), (0.1, [])])
def test_in_profile_a_head_farther_before_the_shoulder_is_said(head: float, told: list[str]) -> None:
    found = differences(Proportions(0.2, 1.0), Proportions(head, 1.0), View.SIDE)
    assert [finding.code for finding in found] == told


def test_another_view_needs_a_calibration(old: Baseline) -> None:
    with pytest.raises(CalibrationError, match="from the side"):
        quick_baseline(replace(old, view=View.SIDE), sitting_still(30), load_coefficients())
