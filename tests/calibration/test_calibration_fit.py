from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calibration.errors import CalibrationError, NobodySeenError
from calibration.fit import DECIMALS, fit_baseline
from calibration.verdict import Grade
from calibration_material import (
    head_turned,
    nobody_where,
    photograph,
    shifted,
    sitting_still,
    where,
    with_scene,
)
from posture_cv.coefficients import load_coefficients
from posture_cv.landmarks.types import Landmarks
from posture_cv.measure.baseline import UNMOVED, Background
from posture_cv.measure.measure import measure
from posture_cv.measure.types import QUANTITIES, Reason, View
from posture_cv.profiles import format as profile_format
from posture_cv.profiles import plain as profile_plain
from profile_material import a_profile

COEFFICIENTS = load_coefficients()


def codes(lm: Landmarks) -> set[str]:
    return {finding.code for finding in fit_baseline(lm, COEFFICIENTS, refuse=False).verdict.findings}


def test_a_person_who_sits_still_is_accepted() -> None:
    result = fit_baseline(sitting_still(80), COEFFICIENTS)
    assert result.verdict.grade is Grade.ACCEPT
    assert result.baseline.view is View.FRONT
    assert result.used.sum() == result.baseline.frame_count >= 76
    assert result.baseline.size_px == (512, 512)
    assert set(result.baseline.spread) <= set(QUANTITIES)
    assert 0 < result.baseline.spread["cva_change_deg"] < 3
    assert (
        0 < result.quality.baseline_error["cva_change_deg"] < result.quality.expected_error["cva_change_deg"]
    )


@settings(max_examples=12)
@given(
    seed=st.integers(0, 999), odd=st.floats(0, 0.3), gone=st.floats(0, 0.25), how=st.sampled_from(range(4))
)
def test_outliers_and_gaps_do_not_move_the_baseline(seed: int, odd: float, gone: float, how: int) -> None:
    rng, lm = np.random.default_rng(seed), sitting_still(60, seed)
    outliers, gaps = rng.uniform(size=60) < odd, rng.uniform(size=60) < gone
    other = [shifted(lm, 60, 20), shifted(lm, -15, -40), head_turned(lm, 0, 20), head_turned(lm, 1, -25)][how]
    mixed = nobody_where(gaps, where(outliers, other, lm))
    result = fit_baseline(mixed, COEFFICIENTS, refuse=False)
    assert not result.used[outliers | gaps].any()
    assert (result.reasons[gaps] == Reason.NOBODY).all()
    assert (result.reasons[outliers & ~gaps] == Reason.UNSTABLE).all()
    one, found = photograph(), result.baseline.as_landmarks()
    assert np.abs(found.pose_px() - one.pose_px()).max() < 1.0
    assert np.abs(found.face_px()[:, :, :2] - one.face_px()[:, :, :2]).max() < 1.0
    assert np.nanmax(np.abs(found.rows_px() - one.rows_px())) < 1.5


def test_the_baseline_itself_measures_as_unchanged() -> None:
    baseline = fit_baseline(sitting_still(), COEFFICIENTS).baseline
    measured = measure(baseline.as_landmarks(), baseline, COEFFICIENTS)
    assert abs(measured.value("cva_change_deg")[0]) < 0.5
    assert abs(measured.value("head_pitch_deg")[0]) < 0.5


def test_a_saved_baseline_measures_exactly_like_the_fresh_one() -> None:
    lm = with_scene(sitting_still(seed=3), outline_unsure=0.0123456)
    fresh = fit_baseline(lm, COEFFICIENTS).baseline
    saved = profile_format.profile_to_json(a_profile(baseline=fresh))
    loaded = profile_format.profile_from_json(saved, "x.json", "x").baseline
    once, again = measure(lm, fresh, COEFFICIENTS), measure(lm, loaded, COEFFICIENTS)
    for name in QUANTITIES:
        np.testing.assert_array_equal(again.value(name), once.value(name))
    assert DECIMALS == profile_plain.DECIMALS


def test_frames_in_which_the_background_is_seen_say_where_it_was() -> None:
    lm = with_scene(sitting_still(), bg_dx=0.004, bg_dy=-0.002, bg_scale=1.01, bg_support=0.9)
    seen = Background(0.004, -0.002, 1.01)
    assert fit_baseline(lm, COEFFICIENTS).baseline.background == pytest.approx(seen, abs=1e-6)
    turned = fit_baseline(with_scene(lm, bg_roll_deg=1.25), COEFFICIENTS).baseline.background
    assert turned == pytest.approx(seen._replace(roll_deg=1.25), abs=1e-6)
    unseen = with_scene(lm, bg_support=0.1)
    assert fit_baseline(unseen, COEFFICIENTS).baseline.background == UNMOVED


def test_how_unsure_the_mask_was_is_known_from_the_frames_that_tell_it() -> None:
    lm = with_scene(sitting_still(), outline_unsure=np.nan)
    assert np.isnan(fit_baseline(lm, COEFFICIENTS).baseline.outline_unsure)
    share = np.where(np.arange(len(lm)) % 3, np.linspace(0.01, 0.012, len(lm)), np.nan)
    found = fit_baseline(with_scene(lm, outline_unsure=share), COEFFICIENTS).baseline.outline_unsure
    assert found == pytest.approx(0.011, abs=2e-4)


def test_the_spread_is_that_of_the_frames() -> None:
    lm = sitting_still(150)
    baseline = fit_baseline(lm, COEFFICIENTS).baseline
    measured = measure(lm, baseline, COEFFICIENTS)
    ratios = [spread / np.nanstd(measured.value(name)) for name, spread in baseline.spread.items()]
    assert np.median(ratios) == pytest.approx(1.0, abs=0.15)


def test_frames_in_a_glare_are_not_used() -> None:
    lm, bright = sitting_still(20), np.arange(20) < 5
    result = fit_baseline(with_scene(lm, person_luma=np.where(bright, 0.99, 0.5)), COEFFICIENTS)
    assert set(result.reasons[bright]) == {Reason.TOO_BRIGHT}
    assert result.used[~bright].all()


@pytest.mark.parametrize(("faces", "kept"), [(9, False), (12, True)])
def test_a_face_is_kept_where_more_than_half_of_the_frames_show_one(faces: int, *, kept: bool) -> None:
    lm = sitting_still(20)
    lm.face[faces:] = np.nan
    baseline = fit_baseline(lm, COEFFICIENTS, refuse=False).baseline
    assert bool(np.isfinite(baseline.face).all()) is kept
    assert bool(np.isnan(baseline.face).all()) is not kept


def test_nobody() -> None:
    with pytest.raises(NobodySeenError) as caught:
        fit_baseline(Landmarks.empty(20), COEFFICIENTS)
    assert caught.value.exit_code == 1
    with pytest.raises(NobodySeenError):
        fit_baseline(Landmarks.empty(0), COEFFICIENTS)


def test_nobody_for_want_of_light_says_so() -> None:
    dark = with_scene(Landmarks.empty(20), luma_mean=0.03)
    with pytest.raises(NobodySeenError) as caught:
        fit_baseline(dark, COEFFICIENTS)
    assert caught.value.detail == "20 frames were looked at, and they are too dark."
    assert caught.value.what_to_do == "Switch on a light in front of you."


def test_too_few_frames_say_what_was_wrong_with_the_others() -> None:
    lm = sitting_still(20)
    with pytest.raises(CalibrationError) as caught:
        fit_baseline(nobody_where(np.arange(20) > 1, lm), COEFFICIENTS)
    assert caught.value.detail == "2 of 20 frames can be used, 3 are needed at least: nobody in 18."
    assert caught.value.what_to_do
    with pytest.raises(CalibrationError, match="too dark in 20"):
        fit_baseline(with_scene(lm, person_luma=0.001), COEFFICIENTS)
    with pytest.raises(CalibrationError, match="shoulders not seen in 20"):
        fit_baseline(shifted(lm, 0, 500), COEFFICIENTS)


def test_pictures_of_different_sizes() -> None:
    lm = sitting_still(10)
    size_px = lm.size_px.copy()
    size_px[:5] = (640, 480)
    with pytest.raises(CalibrationError, match="different sizes") as caught:
        fit_baseline(replace(lm, size_px=size_px), COEFFICIENTS)
    assert "512x512, 640x480" in caught.value.detail


def test_a_person_from_behind_has_no_view() -> None:
    lm = sitting_still(20)
    pose = lm.pose.copy()
    pose[:, [11, 12]] = pose[:, [12, 11]]
    with pytest.raises(CalibrationError, match="view of you cannot be told"):
        fit_baseline(replace(lm, pose=pose), COEFFICIENTS)


def test_a_front_view_without_a_face_is_refused() -> None:
    lm = sitting_still(20)
    faceless = replace(lm, face=np.full_like(lm.face, np.nan))
    with pytest.raises(CalibrationError, match="too poor") as caught:
        fit_baseline(faceless, COEFFICIENTS)
    assert "The face was found in 0%" in caught.value.detail
    assert fit_baseline(faceless, COEFFICIENTS, refuse=False).verdict.grade is Grade.REFUSE


def test_a_camera_that_moves_is_refused() -> None:
    drift = np.linspace(0.0, 0.05, 60)
    lm = with_scene(sitting_still(), bg_dx=drift, bg_dy=0.0, bg_scale=1.0, bg_support=0.95)
    with pytest.raises(CalibrationError, match="camera moved"):
        fit_baseline(lm, COEFFICIENTS)


def test_reservations_are_told() -> None:
    lm = sitting_still()
    assert codes(sitting_still(8)) == {"few_frames"}
    assert "dark" in codes(with_scene(lm, person_luma=0.05))
    assert "face_gaps" in codes(
        replace(lm, face=np.where(np.arange(60)[:, None, None] % 3 == 0, np.nan, lm.face))
    )
    assert "contour_gaps" in codes(replace(lm, rows=np.full_like(lm.rows, np.nan)))
    assert "some_left_out" in codes(where(np.arange(60) % 5 < 2, shifted(lm, 80, 0), lm))


def test_nodding_all_the_time_is_refused_or_at_least_told() -> None:
    lm = sitting_still(60)
    angles = np.sin(np.arange(60) / 3) * 14
    nodding = Landmarks.concat(
        [head_turned(lm[i : i + 1], 0, a) for i, a in zip(np.arange(60), angles, strict=True)]
    )
    verdict = fit_baseline(nodding, COEFFICIENTS, refuse=False).verdict
    assert verdict.grade is not Grade.ACCEPT
    assert verdict.advice


def test_noise_raises_the_error_that_is_expected() -> None:
    expected = [
        fit_baseline(sitting_still(60, noise_px=noise), COEFFICIENTS, refuse=False).quality.baseline_error
        for noise in (0.2, 1.0, 4.0)
    ]
    for name in ("cva_change_deg", "head_pitch_deg"):
        errors = [error[name] for error in expected]
        assert errors == sorted(errors)
        assert errors[2] > 3 * errors[0]
