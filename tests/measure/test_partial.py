"""What few points tell: no change is no change, a mirror changes signs only, and what is missing has its name."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from posture_cv.coefficients import load_coefficients
from posture_cv.importing.types import COCO_17
from posture_cv.landmarks.names import POSE_MIRRORED
from posture_cv.landmarks.recording import read_recording
from posture_cv.landmarks.types import Landmarks
from posture_cv.measure.baseline import Baseline, nanmean_quiet, nanmedian_quiet
from posture_cv.measure.measure import measure
from posture_cv.measure.partial import is_partial, is_partial_baseline, measure_partial
from posture_cv.measure.types import QUANTITIES, Reason, View
from posture_cv.measure.view import classify_view

SAMPLES = Path(__file__).resolve().parents[2] / "samples"
ODD = ("head_yaw_deg", "head_roll_deg", "trunk_yaw_deg", "lateral_lean_deg")


def few(view: str) -> Landmarks:
    """A clip reduced to x, y and confidence of COCO's points."""
    lm = read_recording(SAMPLES / f"desk-{view}.landmarks").landmarks[:200:4]
    pose = np.full_like(lm.pose, np.nan)
    pose[:, COCO_17, :2] = lm.pose[:, COCO_17, :2]
    pose[:, COCO_17, 3] = lm.pose[:, COCO_17, 3]
    nothing = {name: np.full_like(getattr(lm, name), np.nan) for name in ("face", "rows", "cols", "scene")}
    return replace(lm, pose=pose, **nothing)


def baseline_of(lm: Landmarks, view: View) -> Baseline:
    pose, face, rows, cols = (nanmedian_quiet(part[:12]) for part in (lm.pose, lm.face, lm.rows, lm.cols))
    return Baseline(view, (640, 480), pose, face, rows, cols, frame_count=12, spread={})


def mirrored(lm: Landmarks) -> Landmarks:
    pose = lm.pose[:, POSE_MIRRORED]
    pose[:, :, 0] = 1.0 - pose[:, :, 0]
    return replace(lm, pose=pose)


CASES = [("front", View.FRONT), ("side", View.SIDE)]


@pytest.mark.parametrize(("name", "view"), CASES)
def test_the_view_is_told_without_depth(name: str, view: View) -> None:
    lm = few(name)
    assert set(classify_view(lm)) == {view}
    assert set(classify_view(mirrored(lm))) == {view}


def test_frames_that_lack_a_point_are_measured_by_the_others_and_the_rest_as_usual() -> None:
    whole = read_recording(SAMPLES / "desk-side.landmarks").landmarks[:40]
    baseline, coefficients = baseline_of(whole, View.SIDE), load_coefficients()
    pose = whole.pose.copy()
    pose[20:, 3] = np.nan  # an outer corner of an eye
    mixed = measure(replace(whole, pose=pose), baseline, coefficients).values["trunk_incl_deg"]
    usual = measure(whole, baseline, coefficients).values["trunk_incl_deg"]
    few_points = measure_partial(replace(whole, pose=pose), baseline, coefficients)["trunk_incl_deg"]
    np.testing.assert_array_equal(mixed.value[:20], usual.value[:20])
    np.testing.assert_array_equal(mixed.value[20:], few_points.value[20:])


def test_who_turns_the_back_is_seen_from_no_side() -> None:
    lm = few("front")
    assert set(classify_view(replace(lm, pose=lm.pose[:, POSE_MIRRORED]))) == {View.UNKNOWN}


def test_the_median_says_nothing_of_what_fewer_than_half_of_the_frames_show() -> None:
    values = np.array([[1.0, 1.0, np.nan], [2.0, 2.0, np.nan], [6.0, np.nan, np.nan], [7.0, np.nan, 5.0]])
    np.testing.assert_array_equal(nanmedian_quiet(values), [4.0, 1.5, np.nan])


def test_a_mean_is_of_what_is_known() -> None:
    values = np.array([[1.0, np.nan, np.nan], [4.0, 2.0, np.nan]])
    np.testing.assert_array_equal(nanmean_quiet(values), [2.5, 2.0, np.nan])
    np.testing.assert_array_equal(nanmean_quiet(values, axis=1), [1.0, 3.0])


@pytest.mark.parametrize(("name", "view"), CASES)
def test_no_change_is_no_change(name: str, view: View) -> None:
    lm = few(name)
    baseline = baseline_of(lm, view)
    told = measure(baseline.as_landmarks(), baseline, load_coefficients())
    values = [e.value[0] for e in told.values.values() if e.valid[0]]
    assert len(values) >= 4
    np.testing.assert_allclose(values, 0.0, atol=1e-6)


@pytest.mark.parametrize(("name", "view"), CASES)
def test_a_mirror_changes_signs_at_most(name: str, view: View) -> None:
    lm, coefficients = few(name), load_coefficients()
    there = measure_partial(lm, baseline_of(lm, view), coefficients)
    back = measure_partial(mirrored(lm), baseline_of(mirrored(lm), view), coefficients)
    for quantity, estimate in there.items():
        sign = -1.0 if view is View.FRONT and quantity in ODD else 1.0
        np.testing.assert_allclose(back[quantity].value, sign * estimate.value, atol=2e-3)


def test_a_picture_of_another_size_measures_alike() -> None:
    lm, coefficients = few("side"), load_coefficients()
    baseline = baseline_of(lm, View.SIDE)
    larger = replace(lm, size_px=2 * lm.size_px)
    one, other = measure_partial(lm, baseline, coefficients), measure_partial(larger, baseline, coefficients)
    np.testing.assert_allclose(other["trunk_incl_deg"].value, one["trunk_incl_deg"].value, atol=1e-3)


@pytest.mark.parametrize(
    ("points", "reason"),
    [((0,), Reason.FACE_NOT_SEEN), ((11, 12), Reason.SHOULDERS_NOT_SEEN), ((0, 11, 12), Reason.NOBODY)],
)
def test_a_missing_part_has_its_name(points: tuple[int, ...], reason: Reason) -> None:
    lm = few("side")
    pose = lm.pose.copy()
    pose[20:, points] = np.nan
    told = measure(replace(lm, pose=pose), baseline_of(lm, View.SIDE), load_coefficients())
    assert set(told.values["cva_change_deg"].reason[20:]) == {reason}
    assert told.values["cva_change_deg"].valid[:12].all()


def test_without_hips_the_rest_is_still_told_less_surely() -> None:
    lm, coefficients = few("side"), load_coefficients()
    hipless = lm.pose.copy()
    hipless[:, [23, 24]] = np.nan
    baseline = baseline_of(lm, View.SIDE)
    whole = measure_partial(lm, baseline, coefficients)["cva_change_deg"]
    less = measure_partial(replace(lm, pose=hipless), baseline, coefficients)["cva_change_deg"]
    assert less.valid[:12].all()
    assert np.median(less.sd[:12]) > np.median(whole.sd[:12])


def test_an_angle_that_is_told_is_sure_or_clearly_a_change() -> None:
    lm = few("side")
    baseline, pose = baseline_of(lm, View.SIDE), np.repeat(baseline_of(lm, View.SIDE).pose[None], 400, axis=0)
    pose[:, [23, 24]] = np.nan
    pose[:, :11, 0] += np.linspace(-0.1, 0.1, 400)[:, None]
    frames = replace(lm[np.zeros(400, np.intp)], t_s=np.arange(400.0), pose=pose.astype(np.float32))
    told = measure_partial(frames, baseline, load_coefficients())["cva_change_deg"]
    value, sd = told.value[told.valid], told.sd[told.valid]
    assert ((sd <= 5.0) | (np.abs(value) >= 1.645 * sd)).all()
    assert (sd > 5.0).any()
    assert set(told.reason[~told.valid]) == {Reason.UNCERTAIN}


def test_every_quantity_is_there_or_says_why() -> None:
    for name, view in CASES:
        lm = few(name)
        told = measure_partial(lm, baseline_of(lm, view), load_coefficients())
        assert set(told) == set(QUANTITIES)
        for estimate in told.values():
            assert (np.isfinite(estimate.value) == estimate.valid).all()
            assert (estimate.sd[estimate.valid] > 0.0).all()


def test_whole_landmarks_take_the_usual_way() -> None:
    lm = read_recording(SAMPLES / "desk-front.landmarks").landmarks[:40]
    assert not is_partial(lm).any()
    assert not is_partial_baseline(baseline_of(lm, View.FRONT))
    assert is_partial(few("front")).all()
    assert is_partial_baseline(baseline_of(few("front"), View.FRONT))
    assert not is_partial(Landmarks.empty(3)).any()


@pytest.mark.parametrize(("name", "view"), CASES)
@pytest.mark.parametrize("ours", [False, True])
def test_points_that_lie_on_each_other_tell_nothing(name: str, view: View, *, ours: bool) -> None:
    """A format that writes one place for several points; a ratio of nought would come out as the largest change."""
    lm = few(name)
    baseline = baseline_of(lm, view)
    one = replace(lm, pose=np.where(np.isnan(lm.pose), np.nan, np.float32(0.5)))
    found = measure_partial(lm, baseline_of(one, view), load_coefficients()) if ours else None
    found = found or measure_partial(one, baseline, load_coefficients())
    assert not any(estimate.valid.any() for estimate in found.values())
