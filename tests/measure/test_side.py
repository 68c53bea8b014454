"""The side view's estimator: what must hold for any person, and what it reaches on rendered ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outline_person import baseline_of, enlarged, mirror, profile
from posture_cv.coefficients import load_coefficients
from posture_cv.landmarks.types import Landmarks
from posture_cv.measure.block_model import BlockModel
from posture_cv.measure.measure import measure
from posture_cv.measure.side import BASELINE_PITCH_SD_DEG, FITTED, measure_side
from posture_cv.measure.types import QUANTITIES, Estimate, Reason, View

SHIFT = st.floats(-4.0, 6.0)


@pytest.fixture(scope="module")
def coefficients() -> Mapping[str, Any]:
    return load_coefficients()


def _measured(
    lm: Landmarks, coefficients: Mapping[str, Any], base: Landmarks | None = None
) -> dict[str, Estimate]:
    return measure_side(lm, baseline_of(base or profile(), View.SIDE), coefficients)


def test_every_quantity_is_answered_and_what_a_profile_hides_is_withheld(
    coefficients: Mapping[str, Any],
) -> None:
    out = _measured(profile(3), coefficients)
    assert set(out) == set(QUANTITIES)
    assert all(out[name].valid.all() for name in FITTED)
    assert (out["lateral_lean_deg"].reason == Reason.NOT_FROM_THIS_VIEW).all()


def test_the_baseline_itself_reads_about_nothing(coefficients: Mapping[str, Any]) -> None:
    out = _measured(profile(1), coefficients)
    for name in FITTED:
        assert abs(out[name].value[0]) < 1.0, name
    assert out["trunk_yaw_deg"].value[0] == pytest.approx(0.0, abs=1e-6)


def test_a_head_that_goes_forward_lowers_the_angle_and_a_trunk_that_leans_does_not_so_much(
    coefficients: Mapping[str, Any],
) -> None:
    head = _measured(profile(1, head_cm=4.0), coefficients)
    whole = _measured(profile(1, back_cm=4.0), coefficients)
    assert head["cva_change_deg"].value[0] < -7.0
    assert head["head_forward_cm"].value[0] > 2.0
    assert abs(whole["cva_change_deg"].value[0]) < 0.4 * abs(head["cva_change_deg"].value[0])


@settings(max_examples=15)
@given(head=SHIFT, back=SHIFT)
def test_a_mirrored_picture_reads_the_same(head: float, back: float) -> None:
    coefficients = load_coefficients()
    lm = profile(1, head, back)
    plain = _measured(lm, coefficients)
    turned = _measured(mirror(lm), coefficients, mirror(profile()))
    for name in FITTED:
        np.testing.assert_allclose(turned[name].value, plain[name].value, atol=0.02)
        np.testing.assert_allclose(turned[name].sd, plain[name].sd, rtol=0.02)
    np.testing.assert_allclose(turned["trunk_yaw_deg"].value, -plain["trunk_yaw_deg"].value, atol=1e-3)


def test_a_trunk_that_turns_away_from_the_camera_turns_to_the_left_or_in_a_mirror_to_the_right(
    coefficients: Mapping[str, Any],
) -> None:
    lm = profile()
    lm.pose[:, 12, 0] += 0.03  # the near shoulder, the right one, comes forward
    lm.pose[:, 11, 0] -= 0.03
    assert 5.0 < _measured(lm, coefficients)["trunk_yaw_deg"].value[0] < 45.0
    assert -45.0 < _measured(mirror(lm), coefficients, mirror(profile()))["trunk_yaw_deg"].value[0] < -5.0


@settings(max_examples=8)
@given(head=SHIFT, back=SHIFT, times=st.sampled_from([2, 3]))
def test_the_size_of_the_picture_does_not_count(head: float, back: float, times: int) -> None:
    coefficients = load_coefficients()
    lm = profile(1, head, back)
    plain = _measured(lm, coefficients)
    for frames, base in ((enlarged(lm, times), enlarged(profile(), times)), (enlarged(lm, times), profile())):
        large = _measured(frames, coefficients, base)
        for name in FITTED:
            np.testing.assert_allclose(large[name].value, plain[name].value, atol=0.02)


def test_a_head_of_another_outline_is_measured_by_its_landmarks(coefficients: Mapping[str, Any]) -> None:
    """Hair that flies, a hood: the registered head no longer fits."""
    lm, bare = profile(1, 3.0), profile(1, 3.0)
    lm.rows[:, 40:90] += np.random.default_rng(0).normal(0.0, 0.02, (1, 50, 2)).astype(np.float32)
    bare.rows[:], bare.cols[:] = np.nan, np.nan
    found, by_landmarks = _measured(lm, coefficients), _measured(bare, coefficients)
    for name in FITTED:
        np.testing.assert_allclose(found[name].value, by_landmarks[name].value)


def test_a_back_that_is_hidden_leaves_the_landmarks(coefficients: Mapping[str, Any]) -> None:
    lm, bare = profile(1, 3.0), profile(1, 3.0)
    lm.rows[:, 100:, 0] = np.nan  # a high backrest in the colour of the pullover
    bare.rows[:], bare.cols[:] = np.nan, np.nan
    found, by_landmarks = _measured(lm, coefficients), _measured(bare, coefficients)
    for name in FITTED:
        np.testing.assert_allclose(found[name].value, by_landmarks[name].value)


def test_a_trunk_turned_too_far_is_not_judged_and_how_far_is_still_told(
    coefficients: Mapping[str, Any],
) -> None:
    lm = profile(2)
    lm.pose[1, 12, 0] += 0.11
    told = measure(lm, baseline_of(profile(), View.SIDE), coefficients)
    assert told.reason.tolist() == [Reason.OK, Reason.TRUNK_TURNED]
    assert 20.0 < told.value("trunk_yaw_deg")[1] < 60.0
    assert told.values["cva_change_deg"].reason[1] == Reason.TRUNK_TURNED


def _a_sliver(lm: Landmarks) -> None:
    lm.rows[:] = 0.45


def _a_comb(lm: Landmarks) -> None:
    lm.rows[:, ::2] += np.float32(0.2)


@pytest.mark.parametrize("spoiled", [_a_sliver, _a_comb])
def test_a_baseline_whose_outline_is_no_head_is_judged_by_its_landmarks(
    coefficients: Mapping[str, Any], spoiled: Callable[[Landmarks], None]
) -> None:
    base = profile()
    spoiled(base)
    none = profile()
    none.rows[:], none.cols[:] = np.nan, np.nan
    found, bare = (
        _measured(profile(1, 3.0), coefficients, base),
        _measured(profile(1, 3.0), coefficients, none),
    )
    for name in FITTED:
        np.testing.assert_allclose(found[name].value, bare[name].value)


def test_frames_at_once_equal_frames_one_at_a_time(coefficients: Mapping[str, Any]) -> None:
    frames = Landmarks.concat([profile(1, h, b) for h, b in ((0.0, 0.0), (3.0, 1.0), (-1.0, 4.0))])
    frames.pose[1, 0] = np.nan
    together = _measured(frames, coefficients)
    for k in range(len(frames)):
        alone = _measured(frames[k : k + 1], coefficients)
        for name in QUANTITIES:
            np.testing.assert_allclose(together[name].value[k], alone[name].value[0], atol=1e-9)
            assert together[name].reason[k] == alone[name].reason[0]


@settings(max_examples=40)
@given(
    what=st.sampled_from(["pose", "rows", "cols", "face"]),
    first=st.integers(0, 239),
    count=st.integers(1, 240),
    column=st.integers(0, 7),
)
def test_gaps_anywhere_never_break_it_and_a_value_always_has_its_uncertainty(
    what: str, first: int, count: int, column: int
) -> None:
    lm = profile(1, 2.0)
    part = getattr(lm, what)[0]
    end = min(first + count, len(part))
    if what == "pose":
        part[first % 33 : first % 33 + count, column] = np.nan
    else:
        part[first:end] = np.nan
    for base in (None, lm):
        for estimate in _measured(lm, load_coefficients(), base).values():
            assert np.isfinite(estimate.value[estimate.valid]).all()
            assert (estimate.sd[estimate.valid] > 0).all()
            assert np.isnan(estimate.value[~estimate.valid]).all()


def test_without_a_contour_landmarks_answer_with_a_larger_uncertainty(
    coefficients: Mapping[str, Any],
) -> None:
    lm, bare = profile(1, 2.0), profile(1, 2.0)
    bare.rows[:], bare.cols[:] = np.nan, np.nan
    full, less = _measured(lm, coefficients), _measured(bare, coefficients)
    assert less["cva_change_deg"].valid.all()
    assert less["cva_change_deg"].sd[0] > full["cva_change_deg"].sd[0]


def test_a_network_has_its_share_in_the_answer_and_none_in_the_uncertainty(
    coefficients: Mapping[str, Any],
) -> None:
    model, lm = coefficients["side"], profile(2, 2.0, 1.0)
    assert set(model.networks) == {"contour", "landmarks"}

    def told(part: float | None) -> dict[str, Estimate]:
        networks = {
            variant: replace(beside, part=np.full(len(beside.names), part))
            for variant, beside in model.networks.items()
            if part is not None
        }
        return _measured(lm, {**coefficients, "side": replace(model, networks=networks)})

    without, none, half, alone = (told(part) for part in (None, 0.0, 0.5, 1.0))
    for name in FITTED:
        np.testing.assert_array_equal(none[name].value, without[name].value)
        np.testing.assert_allclose(
            half[name].value, (without[name].value + alone[name].value) / 2.0, atol=1e-9
        )
        np.testing.assert_array_equal(half[name].sd, without[name].sd)
    assert (without["cva_change_deg"].value != alone["cva_change_deg"].value).all()


def test_a_pitch_is_never_told_more_surely_than_a_baseline_knows_it(coefficients: Mapping[str, Any]) -> None:
    model: BlockModel = coefficients["side"]
    sure = np.array([-99.0, 0.0, 0.0, 0.0, 0.0])
    sds = {variant: {**by_name, "head_pitch_deg": sure} for variant, by_name in model.sd.items()}
    out = _measured(profile(2), {**coefficients, "side": replace(model, sd=sds)})
    assert out["head_pitch_deg"].sd == pytest.approx(BASELINE_PITCH_SD_DEG, rel=0.01)
    told = _measured(profile(2), coefficients)
    assert (told["head_pitch_deg"].sd > BASELINE_PITCH_SD_DEG).all()


def test_nobody_and_a_person_who_turned_round_are_withheld(coefficients: Mapping[str, Any]) -> None:
    out = _measured(Landmarks.concat([Landmarks.empty(1), mirror(profile(1))]), coefficients)
    assert out["cva_change_deg"].reason.tolist() == [Reason.NOBODY, Reason.TRUNK_TURNED]
    assert len(_measured(Landmarks.empty(0), coefficients)["cva_change_deg"].value) == 0
