"""Settings refuse what makes no sense, naming it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from posture_cv.assess.settings import (
    AssessSettings,
    BreakSettings,
    FeedbackSettings,
    PolicySettings,
    SmoothingSettings,
    TickSettings,
)


@pytest.mark.parametrize(
    ("kind", "name", "value"),
    [
        (PolicySettings, "sensitivity", 3.0),
        (PolicySettings, "sensitivity", float("nan")),
        (PolicySettings, "window_s", 0.0),
        (PolicySettings, "share", 0.2),
        (PolicySettings, "cap_per_hour", -1),
        (BreakSettings, "interval_s", 0.0),
        (BreakSettings, "long_absence_s", 5.0),
        (SmoothingSettings, "valid_share", 0.0),
        (TickSettings, "tick_s", 0.0),
        (FeedbackSettings, "least_precision", 1.5),
    ],
)
def test_a_value_out_of_range_is_named(kind: type, name: str, value: float) -> None:
    with pytest.raises(ValueError, match=name):
        kind(**{name: value})


def test_threshold_factors_are_five_and_never_below_one() -> None:
    with pytest.raises(ValueError, match="expected 5"):
        PolicySettings(threshold_factor=(1.0,))
    with pytest.raises(ValueError, match="shrug"):
        PolicySettings(threshold_factor=(1.0, 1.0, 1.0, 0.9, 1.0))


def test_sensitivity_moves_every_limit_the_same_way() -> None:
    low, mid, high = (replace(PolicySettings(), sensitivity=s) for s in (0.5, 1.0, 2.0))
    assert mid.enter_excess == (1.0,) * 5
    assert mid.enter_share == 0.7
    assert low.enter_excess[0] > mid.enter_excess[0] > high.enter_excess[0]
    assert low.enter_share > mid.enter_share > high.enter_share
    assert low.budget_limit > mid.budget_limit > high.budget_limit


def test_the_defaults_are_the_designs() -> None:
    policy = AssessSettings().policy
    assert (policy.window_s, policy.severe_window_s, policy.share) == (120.0, 30.0, 0.7)
    assert (policy.cue_cooldown_s, policy.global_cooldown_s, policy.cap_per_hour) == (600.0, 300.0, 4)
    assert (policy.exit_ratio, policy.exit_hold_s, policy.grace_s) == (0.7, 10.0, 120.0)


@pytest.mark.parametrize(
    ("sensitivity", "share", "expected"), [(2.0, 0.5, 0.5), (0.5, 0.95, 0.95), (1.0, 0.7, 0.7)]
)
def test_most_of_the_window_is_never_less_than_half_nor_all_of_it(
    sensitivity: float, share: float, expected: float
) -> None:
    assert PolicySettings(sensitivity=sensitivity, share=share).enter_share == pytest.approx(expected)
