"""The grid: which frame each tick holds, alike for a stream and a recording."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from assess_material import measurements
from posture_cv.assess.naming import name_states
from posture_cv.assess.settings import SmoothingSettings, TickSettings
from posture_cv.assess.smoothing import smooth
from posture_cv.assess.thresholds import Thresholds
from posture_cv.assess.ticks import Columns, Tick, Ticker, columns, grid, held_ticks, ticks
from posture_cv.assess.types import State


def _columns(t_s: list[float]) -> Columns:
    m = measurements(t_s, ["good"] * len(t_s))
    smoothed = smooth(m, SmoothingSettings())
    return columns(smoothed, name_states(smoothed.measurements, Thresholds()))


def _one(cols: Columns, row: int) -> Columns:
    s = cols.states
    picked = type(s)(*(getattr(s, name)[row : row + 1] for name in s.__slots__))
    return Columns(cols.t_us[row : row + 1], picked, cols.place[row : row + 1])


def _held(t_s: list[float], settings: TickSettings | None = None) -> list[tuple[int, int]]:
    chosen = grid(_columns(t_s).t_us, settings or TickSettings())
    return list(zip(chosen.index.tolist(), chosen.frame.tolist(), strict=True))


def test_a_tick_holds_the_latest_frame_and_one_at_its_very_time_is_the_latest() -> None:
    assert _held([0.0, 0.4, 1.0, 1.1]) == [(0, 0), (1, 1), (2, 2)]


def test_the_first_tick_comes_with_the_first_frame() -> None:
    assert _held([10.2, 10.6, 11.0]) == [(21, 0), (22, 2)]


def test_a_frame_too_old_makes_a_gap() -> None:
    held = _held([0.0, 5.0])
    assert held[7] == (7, 0)  # 3.5 s old
    assert held[8] == (8, -1)
    assert held[10] == (10, 1)


def test_ticks_stop_in_a_long_gap_and_start_again_with_the_next_frame() -> None:
    held = _held([0.0, 50_000.0], TickSettings(gap_skip_s=20.0))
    assert [number for number, _ in held] == [*range(41), 100_000]
    made = list(ticks(_columns([0.0, 50_000.0]), grid(_columns([0.0, 50_000.0]).t_us, TickSettings())))
    assert len(made) == 1802
    assert made[-2].gap
    assert made[-2].state == State.CANNOT_TELL


def test_no_frame_no_tick() -> None:
    assert _held([]) == []
    assert Ticker(TickSettings()).until(10**9) == []


@given(
    st.lists(st.sampled_from([0.02, 0.25, 0.5, 1.0, 3.6, 30.0, 2000.0]), min_size=1, max_size=25),
    st.sampled_from([0.0, 0.31, 86400.0]),
    st.sampled_from([TickSettings(), TickSettings(tick_s=0.3, hold_max_s=1.0, gap_skip_s=12.0)]),
)
def test_the_stream_gives_the_ticks_of_the_recording(
    gaps: list[float], start_s: float, settings: TickSettings
) -> None:
    cols = _columns((start_s + np.cumsum(gaps)).tolist())
    ticker = Ticker(settings)
    streamed = [tick for row in range(len(gaps)) for tick in _held_by(ticker, _one(cols, row))]
    assert _comparable(streamed) == _comparable(list(ticks(cols, grid(cols.t_us, settings))))


def test_a_frame_from_before_a_tick_that_the_clock_has_made_does_not_make_it_again() -> None:
    cols, ticker = _columns([0.0, 3.2, 6.1]), Ticker(TickSettings())
    numbers = [tick.number for tick in _held_by(ticker, _one(cols, 0))]
    numbers += [tick.number for tick in ticker.until(5_000_000)]
    numbers += [tick.number for row in (1, 2) for tick in _held_by(ticker, _one(cols, row))]
    assert numbers == list(range(13))


def _held_by(ticker: Ticker, frame: Columns) -> list[Tick]:
    return ticker.hold(int(frame.t_us[0]), next(held_ticks(frame, np.array([0]), np.array([0]))))


def _comparable(made: list[Tick]) -> list[str]:
    return [repr(tick) for tick in made]  # NaN equals NaN as text
