"""The table of measurements: the same text as a plain writer gives, value by value."""

from __future__ import annotations

import csv
import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from amounts import amount
from posture_cv.assess.types import State, States
from posture_cv.measure.types import QUANTITIES, Estimate, Measurements, Reason, View
from posture_cv.output import tables
from posture_cv.output.tables import MeasurementTable, measurement_columns


def made(
    n: int, seed: int, scale: float
) -> tuple[Measurements, States, np.ndarray[tuple[int], np.dtype[np.int8]]]:
    """Random measurements of N frames, a third of the values withheld for random reasons."""
    rng = np.random.default_rng(seed)
    values = {}
    for name in QUANTITIES:
        reason = np.where(rng.random(n) < 0.33, rng.integers(1, len(Reason), n), 0).astype(np.int8)
        values[name] = Estimate.of(rng.normal(0, scale, n), rng.random(n) * scale, reason)
    view = rng.integers(0, len(View), n).astype(np.int8)
    t_s = np.cumsum(rng.random(n) * scale)
    m = Measurements(t_s, view, rng.integers(0, len(Reason), n).astype(np.int8), values)
    shown = rng.integers(0, len(State), n).astype(np.int8)
    nan = np.full(n, np.nan)
    states = States(t_s, shown, m.reason, np.full((n, 5), np.nan), rng.random(n) < 0.5, nan, nan)
    return m, states, shown


def plainly(m: Measurements, states: States, shown: np.ndarray[tuple[int], np.dtype[np.int8]]) -> str:
    """What the standard library makes of the same rows."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(measurement_columns())
    for i in range(len(m)):
        row = [f"{m.t_s[i]:.3f}", State(int(shown[i])).label, Reason(int(states.reason[i])).label]
        row += [str(int(states.severe[i])), View(int(m.view[i])).label]
        for name, quantity in QUANTITIES.items():
            e = m.values[name]
            if e.reason[i]:
                row += ["", "", "0", Reason(int(e.reason[i])).label]
                continue
            row += [f"{np.round(e.value[i], quantity.decimals) + 0.0:.{quantity.decimals}f}"]
            row += [f"{np.round(e.sd[i], quantity.decimals + 1) + 0.0:.{quantity.decimals + 1}f}", "1", ""]
        writer.writerow(row)
    return file.getvalue()


def written(
    m: Measurements,
    states: States,
    shown: np.ndarray[tuple[int], np.dtype[np.int8]],
    extra: dict[str, list[str]] | None = None,
) -> str:
    """What the table makes of them."""
    file = io.BytesIO()
    MeasurementTable(file, tuple(extra or ())).write(m, states, shown, extra)
    return file.getvalue().decode()


@settings(max_examples=25, deadline=None)
@given(
    n=st.integers(0, 40), seed=st.integers(0, 2**32 - 1), scale=st.sampled_from([0.01, 1.0, 30.0, 1e5, 1e9])
)
def test_columns_are_written_as_a_plain_writer_writes_rows(n: int, seed: int, scale: float) -> None:
    m, states, shown = made(n, seed, scale)
    assert written(m, states, shown) == plainly(m, states, shown)


def test_the_seams_between_chunks_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "_CHUNK", amount(256, 4096))
    m, states, shown = made(amount(600, 9000), 1, 20.0)
    assert written(m, states, shown) == plainly(m, states, shown)


@pytest.mark.parametrize("sd", [np.inf, np.nan])
def test_an_uncertainty_that_is_no_number_is_written_as_such(sd: float) -> None:
    m, states, shown = made(3, 2, 1.0)
    name = next(iter(QUANTITIES))
    odd = Estimate.of(np.zeros(3), np.full(3, sd))
    text = written(Measurements(m.t_s, m.view, m.reason, {**m.values, name: odd}), states, shown)
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["cva_change_est_sd_deg"] for row in rows] == [str(sd)] * 3


def test_columns_of_the_caller_stand_at_the_end() -> None:
    m, states, shown = made(5, 3, 1.0)
    text = written(m, states, shown, {"camera": ["front", "side", "", "front", "side"]})
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["camera"] for row in rows] == ["front", "side", "", "front", "side"]
    assert list(rows[0])[:-1] == measurement_columns()
