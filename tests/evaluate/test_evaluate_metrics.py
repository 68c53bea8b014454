"""Agreement, coverage, area under the curve and the error budget against what they are defined to be."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from posture_cv.evaluate.metrics import Z_90, agreement, area_under_curve, coverage, error_budget

numbers = st.floats(-100.0, 100.0)
pairs = st.integers(2, 40).flatmap(
    lambda n: st.tuples(arrays(np.float64, n, elements=numbers), arrays(np.float64, n, elements=numbers))
)


@given(pairs)
def test_agreement_follows_bland_and_altman(pair: tuple[np.ndarray, np.ndarray]) -> None:
    estimate, truth = pair
    found = agreement(estimate, truth)
    error = estimate - truth
    assert found.n == len(estimate)
    assert found.mae == pytest.approx(np.abs(error).mean())
    assert found.bias == pytest.approx(error.mean())
    assert found.loa_high is not None
    assert found.loa_low is not None
    assert found.loa_high - found.loa_low == pytest.approx(2 * 1.96 * error.std(ddof=1))
    assert found.r is None or -1.0 - 1e-9 <= found.r <= 1.0 + 1e-9


@given(pairs, st.floats(-10, 10))
def test_a_constant_offset_is_all_bias(pair: tuple[np.ndarray, np.ndarray], offset: float) -> None:
    truth = pair[0]
    found = agreement(truth + offset, truth)
    assert found.bias == pytest.approx(offset, abs=1e-9)
    assert found.mae == pytest.approx(abs(offset), abs=1e-9)


def test_missing_values_are_left_out_and_never_counted_as_zero() -> None:
    found = agreement(np.array([1.0, np.nan, 3.0, 5.0]), np.array([2.0, 100.0, 4.0, np.nan]))
    assert (found.n, found.mae, found.bias) == (2, 1.0, -1.0)
    nothing = agreement(np.array([np.nan]), np.array([1.0]))
    assert (nothing.n, nothing.mae, nothing.r, nothing.loa_low) == (0, None, None, None)


def test_one_pair_has_an_error_and_no_spread() -> None:
    found = agreement(np.array([3.0]), np.array([1.0]))
    assert (found.n, found.mae, found.rmse, found.bias) == (1, 2.0, 2.0, 2.0)
    assert (found.r, found.loa_low, found.loa_high) == (None, None, None)


def test_correlation_needs_variation() -> None:
    assert agreement(np.array([1.0, 2.0, 3.0]), np.array([1.0, 1.0, 1.0])).r is None
    assert agreement(np.array([1.0, 2.0, 3.0]), np.array([2.0, 4.0, 6.0])).r == pytest.approx(1.0)


@given(
    arrays(np.float64, st.integers(1, 25), elements=st.integers(0, 6).map(float)),
    arrays(np.float64, st.integers(1, 25), elements=st.integers(0, 6).map(float)),
)
def test_area_under_the_curve_is_the_share_of_pairs_in_order(high: np.ndarray, low: np.ndarray) -> None:
    wins = sum((a > b) + 0.5 * (a == b) for a in high for b in low) / (len(high) * len(low))
    score = np.concatenate([high, low])
    positive = np.arange(len(score)) < len(high)
    assert area_under_curve(score, positive) == pytest.approx(wins)


def test_area_under_the_curve_needs_both_kinds_and_skips_what_is_not_known() -> None:
    assert area_under_curve(np.array([1.0, 2.0]), np.array([True, True])) is None
    score = np.array([np.nan, 2.0, 1.0])
    assert area_under_curve(score, np.array([True, True, False])) == 1.0


def test_coverage_of_a_right_uncertainty_is_nine_in_ten() -> None:
    noise = np.random.default_rng(1)
    truth, sd = noise.normal(size=20_000), np.full(20_000, 0.7)
    found = coverage(truth + noise.normal(0, 0.7, 20_000), sd, truth)
    assert found == pytest.approx(0.90, abs=0.01)
    assert coverage(np.array([0.0]), np.array([1.0]), np.array([Z_90 + 0.01])) == 0.0
    assert coverage(np.array([np.nan]), np.array([1.0]), np.array([0.0])) is None


def test_error_budget_finds_the_parts_an_error_was_made_of() -> None:
    noise = np.random.default_rng(2)
    clip = np.repeat(np.arange(60), 100)
    posture = np.tile(np.repeat(np.arange(20), 5), 60)
    error = (
        noise.normal(0, 2.0, 60)[clip]
        + noise.normal(0, 1.0, (60, 20))[clip, posture]
        + noise.normal(0, 0.5, len(clip))
    )
    found = error_budget(error, clip, posture)
    assert found.clip == pytest.approx(2.0, rel=0.25)
    assert found.posture == pytest.approx(1.0, rel=0.08)
    assert found.frame == pytest.approx(0.5, rel=0.05)


def test_error_budget_of_uneven_clips_follows_from_projections() -> None:
    """By linear algebra instead of sums: mean squares equated with what they are expected to be."""
    noise = np.random.default_rng(4)
    clip = np.repeat(np.arange(7), [3, 9, 4, 12, 2, 7, 5])
    posture = noise.integers(0, 4, len(clip))
    cell = np.unique(4 * clip + posture, return_inverse=True)[1]
    of_clip, of_cell = (np.eye(labels.max() + 1)[labels] for labels in (clip, cell))
    error = 3.0 * noise.normal(size=7)[clip] + noise.normal(size=cell.max() + 1)[cell]
    error += 0.3 * noise.normal(size=len(clip))
    one, clips, cells = (z @ np.linalg.pinv(z) for z in (np.ones((len(clip), 1)), of_clip, of_cell))

    def mean_square(between: np.ndarray) -> tuple[float, float, float]:
        freedom = np.trace(between)
        of_cells, of_clips = (float(np.trace(between @ z @ z.T) / freedom) for z in (of_cell, of_clip))
        return float(error @ between @ error / freedom), of_cells, of_clips

    within, *_ = mean_square(np.eye(len(clip)) - cells)
    between_cells, k1, _ = mean_square(cells - clips)
    between_clips, k2, k3 = mean_square(clips - one)
    posture_var = (between_cells - within) / k1
    clip_var = (between_clips - within - k2 * posture_var) / k3
    assert min(posture_var, clip_var) > 0.0
    found = error_budget(error, clip, posture)
    expected = pytest.approx((clip_var**0.5, posture_var**0.5, within**0.5))
    assert (found.clip, found.posture, found.frame) == expected


@pytest.mark.filterwarnings("error")
def test_error_budget_of_a_single_clip_or_of_clips_of_one_posture_cannot_be_told() -> None:
    halves, alike = np.repeat(np.arange(5), 2), np.zeros(10, np.intp)
    for clip, posture in ((alike, halves), (halves, alike), (halves, np.arange(10))):
        found = error_budget(np.arange(10.0), clip, posture)
        assert (found.clip, found.posture, found.frame) == (None, None, None)


def test_error_budget_of_pure_noise_has_no_clip_part() -> None:
    noise = np.random.default_rng(3)
    clip, posture = np.repeat(np.arange(30), 40), np.tile(np.repeat(np.arange(8), 5), 30)
    found = error_budget(noise.normal(0, 1.0, 1200), clip, posture)
    assert found.clip is not None
    assert found.clip < 0.15
    assert found.frame == pytest.approx(1.0, rel=0.06)
