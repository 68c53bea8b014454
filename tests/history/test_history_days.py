"""Seconds gathered to minutes, days that are the user's own, and their figures."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from history_material import DAY, WALL_S, noted
from posture_cv.history.days import day_summaries
from posture_cv.history.figures import best_and_worst_hour, hour_lengths_s, spans, total
from posture_cv.history.gather import LONGEST_STEP_S, Gatherer
from posture_cv.history.read import Minute, Reader
from posture_cv.history.store import History


@given(st.lists(st.floats(0.0, 20.0), max_size=60), st.integers(-50_000, 50_000))
def test_gathered_seconds_are_those_that_were_watched(steps: list[float], offset_s: int) -> None:
    gatherer, t_s = Gatherer(), 0.0
    gatherer.moment(0.0, WALL_S, offset_s, ("good", ""), away=False)
    for step in steps:
        t_s += step
        gatherer.moment(t_s, WALL_S + t_s, offset_s, ("good", ""), away=False)
    minutes, _ = gatherer.take()
    assert sum(minutes.values()) == pytest.approx(sum(s for s in steps if s <= LONGEST_STEP_S))
    assert gatherer.take() == ({}, [])


def test_a_step_over_the_end_of_a_minute_belongs_where_most_of_it_lies() -> None:
    gatherer, minute_s = Gatherer(), int(WALL_S) // 60 * 60
    for t_s in (58.0, 61.0, 119.0, 121.5):
        gatherer.moment(t_s, minute_s + t_s, 0, ("good", ""), away=False)
    minutes, _ = gatherer.take()
    assert minutes == {(minute_s, 0, "good", ""): 3.0, (minute_s + 120, 0, "good", ""): 2.5}


def test_a_wall_clock_that_jumps_doubles_and_loses_nothing() -> None:
    gatherer = Gatherer()
    for t_s in range(100):
        jump_s = -7200.0 if 30 <= t_s < 60 else 0.0
        gatherer.moment(float(t_s), WALL_S + t_s + jump_s, 0, ("good", ""), away=False)
    minutes, _ = gatherer.take()
    assert sum(minutes.values()) == pytest.approx(99.0)


def test_days_are_the_users_own(path: Path) -> None:
    """A minute before midnight in Kiritimati (UTC+14) belongs to that day, not to UTC's."""
    local = datetime(2023, 11, 14, 23, 59, tzinfo=UTC).timestamp()
    with closing(History(path)) as history:
        history.begin_session(WALL_S, "p", "c")
        history.save(WALL_S, {(int(local) - 50_400, 50_400, "good", ""): 60.0}, [], [])
    day = (DAY - date(1970, 1, 1)).days
    with Reader(path) as reader:
        assert len(reader.minutes(day, day)) == 1
        assert not reader.minutes(day - 1, day - 1)


def test_figures() -> None:
    minutes = [Minute(h * 3600, "good", "", 1800.0) for h in (9, 10)]
    minutes += [
        Minute(9 * 3600, "forward_head", "", 1800.0),
        Minute(10 * 3600, "turned", "head_turned", 600.0),
    ]
    whole = total(minutes)
    assert (whole.good, whole.poor, whole.untold) == (3600.0, 1800.0, 600.0)
    assert whole.share_good == pytest.approx(2 / 3)
    assert best_and_worst_hour(minutes) == ((10, 1.0), (9, 0.5))
    little = Minute(11 * 3600, "slump", "", 599.0)
    assert best_and_worst_hour([*minutes, little]) == ((10, 1.0), (9, 0.5)), "too little to be the worst"
    alike = [Minute(h * 3600, state, "", 1800.0) for h in (9, 10) for state in ("good", "slump")]
    assert best_and_worst_hour(alike) is None, "neither is better"
    assert list(spans(minutes, 3600)) == [9, 10]


def test_the_hour_that_autumn_repeats_is_as_long_as_two() -> None:
    summer, winter = Minute(7200, "good", "", 60.0, 7200), Minute(7200, "good", "", 60.0, 3600)
    assert hour_lengths_s([summer, winter, replace(winter, local_s=10800)]) == {2: 7200, 3: 3600}


def test_an_absence_over_a_flight_began_on_the_clock_at_home() -> None:
    gatherer = Gatherer()
    gatherer.moment(0.0, WALL_S, 9 * 3600, ("good", ""), away=False)
    gatherer.moment(40_000.0, WALL_S + 40_000.0, -8 * 3600, ("good", ""), away=False)
    assert gatherer.take()[1] == [(WALL_S, WALL_S + 40_000.0, 9 * 3600)]


def test_so_many_days_end_with_today(path: Path) -> None:
    today = date(2026, 5, 3)
    with closing(History(path)) as history:
        history.begin_session(WALL_S, "p", "c")
        for day in (1, 2, 3):
            noon_s = int(datetime(2026, 5, day, 12, tzinfo=UTC).timestamp())
            history.save(WALL_S, {(noon_s, 0, "good", ""): 60.0}, [], [])
    with Reader(path) as reader:
        assert [day["day"] for day in day_summaries(reader, today, 2)] == ["2026-05-03", "2026-05-02"]


@pytest.mark.parametrize(
    ("steps", "count"), [((1.0, 2700.0, 1.0), 1), ((1.0, 40.0, 1.0), 0), ((1.0, 2700.0), 1)]
)
def test_a_suspended_system_is_a_break(steps: tuple[float, ...], count: int) -> None:
    gatherer, t_s = Gatherer(), 0.0
    gatherer.moment(0.0, WALL_S, 0, ("good", ""), away=False)
    for step in steps:
        t_s += step
        gatherer.moment(t_s, WALL_S + t_s, 0, ("good", ""), away=False)
    _, breaks = gatherer.take()
    assert [end_s - start_s for start_s, end_s, _ in breaks] == [2700.0] * count


def test_ten_years_are_read_at_once(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A question a day took minutes."""
    noted(path, ("slump", 0, None))
    asked: list[tuple[int, int]] = []
    minutes = Reader.minutes

    def counted(reader: Reader, first_day: int, last_day: int) -> list[Minute]:
        asked.append((first_day, last_day))
        return minutes(reader, first_day, last_day)

    monkeypatch.setattr(Reader, "minutes", counted)
    with Reader(path) as reader:
        (day,) = day_summaries(reader, DAY, 3650)
    assert (day["day"], day["posture_alerts"], day["measured_s"]) == ("2023-11-14", 1, 60.0)
    assert len(asked) == 1
