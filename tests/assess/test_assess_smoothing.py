"""Trailing means: what they are, and that a stream and a whole recording agree to the last bit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assess_material import every, measurements
from posture_cv.assess.settings import SmoothingSettings
from posture_cv.assess.smoothing import NAMES, BlockSmoother, Smoothed, Smoother, smooth
from posture_cv.measure.types import Estimate, Measurements, Reason

TWO_S = SmoothingSettings()


def _same(a: Smoothed, b: Smoothed, row: int) -> None:
    for name in NAMES:
        whole, one = a.measurements.values[name], b.measurements.values[name]
        assert np.array_equal(whole.value[row : row + 1], one.value, equal_nan=True)
        assert np.array_equal(whole.sd[row : row + 1], one.sd, equal_nan=True)
        assert whole.reason[row] == one.reason[0]
    assert a.measurements.reason[row] == b.measurements.reason[0]
    assert a.measurements.view[row] == b.measurements.view[0]
    assert np.array_equal(a.activity[row : row + 1], b.activity, equal_nan=True)


def test_the_mean_is_taken_over_the_last_two_seconds_only() -> None:
    t_s, labels = every(0.5, ("good", 4), ("forward_head", 4))
    cva = smooth(measurements(t_s, labels), TWO_S).measurements.value("cva_change_deg")
    # (t - 2, t]: 4 frames; the first two of forward head see half of it
    assert cva[7] == 0.0
    assert cva[9] == pytest.approx(-4.0)
    assert cva[11] == cva[15] == pytest.approx(-8.0)


def test_single_frames_of_noise_are_averaged_out() -> None:
    t_s, labels = every(0.1, ("good", 60))
    raw = measurements(t_s, labels, noise=1.0)
    assert smooth(raw, TWO_S).measurements.value("cva_change_deg")[20:].std() < 0.35


def test_a_mostly_invalid_window_withholds_with_the_commonest_reason() -> None:
    t_s, labels = every(0.5, ("good", 2), ("turned", 1.5), ("away", 0.5), ("good", 2))
    out = smooth(measurements(t_s, labels), TWO_S).measurements
    told = out.values["cva_change_deg"]
    assert [Reason(code) for code in told.reason[4:9]] == [
        Reason.OK,
        Reason.OK,
        Reason.HEAD_TURNED,
        Reason.HEAD_TURNED,
        Reason.HEAD_TURNED,
    ]
    assert np.isnan(told.value[7])
    assert told.reason[11] == Reason.OK


def test_one_quantity_may_be_withheld_alone() -> None:
    m = measurements(*every(0.5, ("good", 5)))
    gone = {**m.values, "protraction_cm": Estimate.withheld(len(m), Reason.CONTOUR_NOT_SEEN)}
    out = smooth(replace(m, values=gone), TWO_S).measurements
    assert set(out.values["protraction_cm"].reason) == {Reason.CONTOUR_NOT_SEEN}
    assert set(out.reason) == {Reason.OK}
    assert set(out.values["cva_change_deg"].reason) == {Reason.OK}


def test_moving_shows_as_activity_and_holding_does_not() -> None:
    t_s, labels = every(0.1, ("good", 10), ("leaning_in", 10))
    activity = smooth(measurements(t_s, labels), TWO_S).activity
    assert activity[:100].max(initial=0.0, where=~np.isnan(activity[:100])) == 0.0
    assert np.nanmax(activity[100:120]) == pytest.approx(8.0, abs=0.2)  # 8 cm nearer within the half window
    assert activity[-1] == 0.0


def test_an_empty_recording_stays_empty() -> None:
    out = smooth(measurements([], []), TWO_S)
    assert len(out.measurements) == 0
    assert len(out.activity) == 0


@st.composite
def random_measurements(draw: st.DrawFn) -> Measurements:
    gaps = draw(
        st.lists(st.sampled_from([0.033, 0.1, 0.5, 0.7, 1.0, 1.9, 5.0, 400.0]), min_size=1, max_size=40)
    )
    t_s = draw(st.sampled_from([0.0, 12.345, 1.7e9])) + np.cumsum(gaps)
    labels = draw(
        st.lists(
            st.sampled_from(["good", "slump", "forward_head", "leaning_in", "away", "turned"]),
            min_size=len(gaps),
            max_size=len(gaps),
        )
    )
    m = measurements(
        t_s, labels, noise=draw(st.sampled_from([0.0, 0.7, 300.0])), seed=draw(st.integers(0, 99))
    )
    hidden = draw(st.lists(st.booleans(), min_size=len(gaps), max_size=len(gaps)))
    reason = np.where(hidden & (m.reason == Reason.OK), Reason.OCCLUDED, m.reason).astype(np.int8)
    one = m.values["sink_cm"]
    return replace(m, values={**m.values, "sink_cm": Estimate.of(one.value, one.sd, reason)})


@given(random_measurements(), st.sampled_from([0.0, 0.5, 2.0, 7.0]), st.sampled_from([0.3, 0.5, 1.0]))
def test_the_stream_equals_the_recording_bit_for_bit(m: Measurements, window_s: float, share: float) -> None:
    settings = SmoothingSettings(window_s=window_s, valid_share=share)
    whole, smoother = smooth(m, settings), Smoother(settings)
    for row in range(len(m)):
        _same(whole, smoother.step(m[row : row + 1]).at(m.t_s[row : row + 1]), row)


def jumping(every_s: float, count: int, far: str = "leaning_in") -> Measurements:
    """A person who seems to be in one place and in another in turn."""
    labels = [far if k % 2 else "good" for k in range(count)]
    return measurements(np.arange(count, dtype=np.float64) * every_s, labels)


def test_landmarks_that_jump_make_their_window_unknown() -> None:
    m = Measurements.concat(
        [jumping(0.1, 30), measurements(3.0 + np.arange(40, dtype=np.float64) * 0.1, ["good"] * 40)]
    )
    out = smooth(m, TWO_S).measurements
    # the third frame ends the first jump, the fifth the third; the last jump leaves the window 2 s after frame 30
    assert set(out.reason[:4]) == {Reason.OK}
    assert set(out.reason[4:48]) == {Reason.UNSTABLE}
    assert set(out.reason[48:]) == {Reason.OK}
    told = out.values["cva_change_deg"]
    assert set(told.reason[4:48]) == {Reason.UNSTABLE}
    assert np.isnan(told.value[4:48]).all()


@pytest.mark.parametrize(
    "m",
    [
        jumping(0.5, 40),  # far apart: the person may have gone and come back
        jumping(0.1, 40, "forward_head"),  # not far enough
        measurements(*every(0.1, ("good", 2), ("leaning_in", 2), ("good", 2))),
        measurements(np.arange(40, dtype=np.float64) * 0.1, ["good", "away"] * 20),
    ],
    ids=["seldom", "near", "moving", "unknown"],
)
def test_what_is_no_jump_is_told(m: Measurements) -> None:
    assert Reason.UNSTABLE not in smooth(m, TWO_S).measurements.reason


@given(random_measurements(), st.lists(st.integers(0, 40), max_size=4))
def test_blocks_equal_the_recording_bit_for_bit(m: Measurements, cuts: list[int]) -> None:
    whole, blocks = smooth(m, TWO_S), BlockSmoother(TWO_S)
    ends = [*sorted(min(cut, len(m)) for cut in cuts), len(m)]
    for start, end in zip([0, *ends[:-1]], ends, strict=True):
        part = blocks.push(m[start:end])
        for row in range(end - start):
            one = Smoothed(part.measurements[row : row + 1], part.activity[row : row + 1])
            _same(whole, one, start + row)
