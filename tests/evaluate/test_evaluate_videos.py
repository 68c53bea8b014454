"""Holds, windows and delays of videos, on courses made by hand."""

from __future__ import annotations

import numpy as np
import pytest

from posture_cv.assess.types import State, States
from posture_cv.evaluate.videos import _windows, first_lasting, holds


def states(codes: list[State], step_s: float = 0.1) -> States:
    n = len(codes)
    nan = np.full(n, np.nan)
    state = np.array(codes, np.int8)
    t_s = np.arange(n, dtype=np.float64) * step_s
    return States(t_s, state, np.zeros(n, np.int8), np.zeros((n, 5)), np.zeros(n, bool), nan, nan)


def test_a_hold_begins_with_the_move_that_leads_to_it() -> None:
    names = ["upright"] * 20 + ["move"] * 10 + ["shrug"] * 20 + ["upright"] * 5 + ["upright"] * 20
    phases = ["hold"] * 20 + ["move"] * 10 + ["hold"] * 20 + ["move"] * 5 + ["hold"] * 20
    found = holds(np.arange(75) / 10, np.array(names), np.array(phases))
    assert [(h.segment, h.start_s, h.reached_s) for h in found] == [
        ("upright", 0.0, 0.0),
        ("shrug", 2.0, 3.0),
        ("upright", 5.0, 5.5),
    ]


def test_the_way_back_belongs_to_no_later_hold() -> None:
    names = ["look_down"] * 20 + ["look_down"] * 5 + ["slump"] * 20
    phases = ["hold"] * 20 + ["move"] * 5 + ["hold"] * 20
    found = holds(np.arange(45) / 10, np.array(names), np.array(phases))
    assert [(h.segment, h.start_s) for h in found] == [("look_down", 0.0), ("slump", 2.5)]


def test_short_stretches_are_not_asked_for() -> None:
    names = np.array(["upright"] * 5 + ["shrug"] * 20)
    assert [h.segment for h in holds(np.arange(25) / 10, names, np.array(["hold"] * 25))] == ["shrug"]


def test_a_window_holds_the_last_two_seconds_and_no_missing_value() -> None:
    t_s = np.arange(50) / 10
    values = np.where(t_s < 2.5, 0.0, 1.0)
    mean = _windows(t_s, values)
    assert mean[24] == 0.0
    assert mean[25] == pytest.approx(1 / 20)
    assert mean[44] == pytest.approx(1.0)
    values[10] = np.nan
    assert np.isnan(_windows(t_s, values)[10:30]).all()
    assert not np.isnan(_windows(t_s, values)[30])


def test_a_name_counts_from_when_it_lasts() -> None:
    flicker = [State.GOOD] * 5 + [State.SHRUG] * 2 + [State.GOOD] * 3 + [State.SHRUG] * 8
    assert first_lasting(states(flicker), (State.SHRUG,)) == 10
    assert first_lasting(states([State.GOOD] * 9), (State.SHRUG,)) is None
    assert first_lasting(states([State.GOOD, State.SHRUG]), (State.SHRUG,)) == 1


def test_any_right_name_counts() -> None:
    course = [State.GOOD] * 3 + [State.LOOKING_DOWN] * 3 + [State.TEXT_NECK] * 6
    assert first_lasting(states(course), (State.TEXT_NECK, State.LOOKING_DOWN)) == 3
