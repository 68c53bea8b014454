"""What holds of the exposure of any recording."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from exposure_material import series
from posture_cv.assess.types import State
from posture_cv.exposure.bootstrap import block_length, resampling
from posture_cv.exposure.groups import rows_of
from posture_cv.exposure.measures import exposure
from posture_cv.exposure.types import Row, Series

SEEDS = st.integers(0, 10_000)
FEW = settings(max_examples=4)


def wandering(
    seed: int, frames: int, rate_hz: float
) -> tuple[NDArray[np.float64], dict[str, NDArray[np.float64]]]:
    """Somebody who holds postures of some seconds, with noise from frame to frame and lost stretches."""
    random = np.random.default_rng(seed)
    t_s = np.arange(frames) / rate_hz
    held = np.repeat(
        random.normal(8.0, 9.0, frames), random.integers(int(3 * rate_hz), int(25 * rate_hz), frames)
    )
    trunk = np.repeat(
        random.normal(2.0, 8.0, frames), random.integers(int(5 * rate_hz), int(40 * rate_hz), frames)
    )
    neck = held[:frames] + random.normal(0.0, 1.5, frames)
    lost = np.repeat(random.random(frames) < 0.1, random.integers(1, int(8 * rate_hz), frames))[:frames]
    neck[lost] = np.nan
    incl = trunk[:frames] + random.normal(0.0, 1.0, frames)
    return t_s, {"forward_head_deg": neck, "trunk_incl_deg": incl, "head_pitch_deg": 2.0 * neck}


def recording(
    seed: int, step: int = 1, frames: int = 3000, rate_hz: float = 10.0, shift_s: float = 0.0
) -> Series:
    t_s, values = wandering(seed, frames, rate_hz)
    state = np.where(np.isnan(values["forward_head_deg"]), State.CANNOT_TELL, State.GOOD).astype(np.int8)
    state[values["forward_head_deg"] > 9.0] = State.FORWARD_HEAD
    chosen = {name: column[::step] for name, column in values.items()}
    return series(t_s[::step] + shift_s, chosen, sd=1.5, state=state[::step])


def keyed(found: Series) -> dict[tuple[str, str], Row]:
    return {(r.measure, r.item): r for r in rows_of(exposure(found)) if r.assessable}


@FEW
@given(SEEDS, st.sampled_from([2, 5]))
def test_a_lower_frame_rate_changes_no_share_by_more_than_its_interval(seed: int, step: int) -> None:
    full, thinned = keyed(recording(seed)), keyed(recording(seed, step))
    assert full.keys() == thinned.keys()
    compared = 0
    for key, row in full.items():
        if row.figure.has_interval:
            assert row.figure.low - 1e-9 <= thinned[key].figure.value <= row.figure.high + 1e-9, key
            compared += 1
    assert compared > 20


@FEW
@given(SEEDS)
def test_shares_of_a_scheme_make_one_and_lie_in_their_intervals(seed: int) -> None:
    rows = keyed(recording(seed))
    for measure in (
        "rula_neck",
        "rula_trunk",
        "reba_neck",
        "reba_trunk",
        "iso_head",
        "iso_trunk",
        "iso_neck",
        "state",
    ):
        found = [row for (name, _), row in rows.items() if name == measure]
        assert sum(row.figure.value for row in found) == pytest.approx(1.0)
        for row in found:
            assert 0.0 <= row.figure.low <= row.figure.value <= row.figure.high <= 1.0
            assert row.measured_s + row.unmeasured_s == pytest.approx(300.0)
            assert row.seconds == pytest.approx(row.figure.value * row.measured_s)


@FEW
@given(SEEDS, st.integers(1, 100_000))
def test_a_recording_that_begins_later_has_the_same_exposure(seed: int, shift_s: int) -> None:
    early, late = keyed(recording(seed)), keyed(recording(seed, shift_s=float(shift_s)))
    for key, row in early.items():
        assert late[key].figure.value == pytest.approx(row.figure.value, abs=1e-6, nan_ok=True), key


@FEW
@given(SEEDS)
def test_unmeasured_time_changes_no_share(seed: int) -> None:
    found = recording(seed)
    m = found.measured
    values = {n: np.append(m.value(n), [np.nan] * 50) for n in ("forward_head_deg", "trunk_incl_deg")}
    more = series(np.append(m.t_s, 300.0 + np.arange(50.0) / 10.0), values, sd=1.5)
    before = keyed(series(m.t_s, {n: m.value(n) for n in values}, sd=1.5))
    after = keyed(more)
    for item in ("1: 0-10 deg", "3: over 20 deg"):
        one, other = before["rula_neck", item], after["rula_neck", item]
        assert other.figure.value == pytest.approx(one.figure.value)
        assert other.unmeasured_s == pytest.approx(one.unmeasured_s + 5.0)


def test_the_interval_is_the_same_whatever_else_is_in_the_study() -> None:
    first = repr(keyed(recording(3)))  # as text: what is not told equals itself there
    keyed(recording(4))
    assert repr(keyed(recording(3))) == first


def test_block_length_follows_the_memory_of_the_series() -> None:
    random = np.random.default_rng(1)
    white = random.normal(size=2000)
    slow = np.zeros(2000)
    for k in range(1, 2000):
        slow[k] = 0.9 * slow[k - 1] + random.normal()
    assert block_length(white) < 4.0
    # Politis & White: (2 (2 rho / (1 - rho^2))^2 * 3/4 * N)^(1/3) for an AR(1) of rho = 0.9, about 51
    expected = (1.5 * (2.0 * 0.9 / (1.0 - 0.81)) ** 2 * 2000) ** (1.0 / 3.0)
    assert block_length(slow) == pytest.approx(expected, rel=0.4)


def test_bootstrap_covers_the_truth_about_as_often_as_it_says() -> None:
    """An AR(1) about 0 with memory; the share above 0 is one half."""
    random = np.random.default_rng(7)
    hits = 0
    for k in range(40):
        x = np.zeros(600)
        for i in range(1, 600):
            x[i] = 0.8 * x[i - 1] + random.normal()
        found = keyed(series(np.arange(600.0), {"head_pitch_deg": x * 10.0}, name=f"r{k}"))
        row = found["iso_head", "0-25 deg: acceptable"]
        above = found["iso_head", "under 0 deg (beyond its uncertainty)"]
        assert row.figure.value > 0.0
        hits += above.figure.low <= 0.5 <= above.figure.high
    assert 33 <= hits <= 40  # 95 % of 40 is 38


def test_blocks_keep_neighbours_together() -> None:
    drawn = resampling("x", 100, 10.0, replicates=50)
    assert (drawn.counts.sum(axis=1) == 100.0).all()
    together = (drawn.counts[:, 1:] == drawn.counts[:, :-1]).mean()
    assert together > 0.7
