"""The look-down budget against the published holding times."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from posture_cv.assess.lookdown import Budget, holding_time_s


@pytest.mark.parametrize(
    ("head_deg", "minutes"),
    # ISO 11226:2000, maximum holding times for head inclination
    [(25, 8), (35, 6 + 50 / 60), (45, 5 + 40 / 60), (55, 4.5), (65, 3 + 20 / 60), (75, 2 + 10 / 60), (85, 1)],
)
def test_the_curve_passes_through_the_standards_table(head_deg: float, minutes: float) -> None:
    assert holding_time_s(head_deg) == pytest.approx(60 * minutes)


def test_upright_has_no_limit_and_unknown_stays_unknown() -> None:
    assert np.array_equal(
        holding_time_s(np.array([0.0, 24.9, np.nan, 95.0])), [np.inf, np.inf, np.nan, 60.0], True
    )


@given(st.floats(25.0, 85.0))
def test_a_held_angle_spends_the_budget_in_its_holding_time(pitch_deg: float) -> None:
    budget, seconds = Budget(), 0.0
    while budget.spent < 1.0:
        budget, seconds = budget.after(pitch_deg, 0.5), seconds + 0.5
    assert seconds == pytest.approx(float(holding_time_s(pitch_deg)), abs=0.51)


def test_recovery_takes_three_times_as_long_as_holding() -> None:
    budget = Budget()
    for _ in range(480):
        budget = budget.after(45.0, 0.5)
    assert budget.held_s == 240.0
    spent = budget.spent
    for _ in range(720):
        budget = budget.after(5.0, 0.5)
    assert budget.spent == pytest.approx(spent / 2)
    assert budget.held_s == pytest.approx(120.0)
    assert budget.accepted_s == pytest.approx(float(holding_time_s(45.0)))
    for _ in range(720):
        budget = budget.after(5.0, 0.5)
    assert budget == Budget()


def test_a_day_of_looking_down_is_recovered_from_as_one_half_more_than_is_accepted() -> None:
    budget = Budget()
    for _ in range(7200):
        budget = budget.after(45.0, 0.5)
    assert 1.49 < budget.spent <= 1.5
    assert budget.owed_s == pytest.approx(3.0 * 1.5 * float(holding_time_s(45.0)), abs=2.0)
    assert budget.held_s == 3600.0


def test_looking_down_often_and_briefly_adds_up_and_pauses_long_enough_forgive() -> None:
    often, rarely = Budget(), Budget()
    for _ in range(30):
        for _ in range(40):
            often, rarely = often.after(45.0, 0.5), rarely.after(45.0, 0.5)
        for _ in range(20):
            often = often.after(0.0, 0.5)
        for _ in range(140):
            rarely = rarely.after(0.0, 0.5)
    assert often.spent > 1.0
    assert rarely.spent < 0.1


@given(st.lists(st.tuples(st.floats(-30.0, 120.0), st.floats(0.1, 30.0)), max_size=60))
def test_the_budget_stays_bounded_and_never_negative(run: list[tuple[float, float]]) -> None:
    budget = Budget()
    for pitch_deg, seconds in run:
        budget = budget.after(pitch_deg, seconds)
        assert 0.0 <= budget.spent <= 1.5
        assert budget.owed_s >= 0.0
