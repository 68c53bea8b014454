"""Exposure of the side-view sample against the exposure that its known angles give."""

from __future__ import annotations

import csv
from collections.abc import Sequence

import numpy as np
import pytest

from posture_cv.exposure.groups import rows_of
from posture_cv.exposure.measures import exposure
from posture_cv.exposure.types import Row, Series
from posture_cv.measure.types import QUANTITIES, Estimate, Measurements, Reason
from posture_cv.opendata.folder import Result
from result_material import SAMPLES


def truth(like: Series) -> Series:
    """The same recording with the true angles in place of the estimates, against the same calibration seconds."""
    with (SAMPLES / "desk-side.truth.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    t_s = np.array([float(r["t_s"]) for r in rows])
    calibration = t_s < 6.0
    n = len(t_s)
    values = {name: Estimate.withheld(n, Reason.NOT_FROM_THIS_VIEW) for name in QUANTITIES}
    for name, column, sign in (
        ("forward_head_deg", "cva_deg", -1.0),
        ("trunk_incl_deg", "trunk_incl_deg", 1.0),
        ("head_pitch_deg", "head_pitch_down_deg", 1.0),
    ):
        true = sign * np.array([float(r[column]) for r in rows])
        # with the estimate's own uncertainty: it decides from where on the neck counts as extended
        values[name] = Estimate.of(true - np.median(true[calibration]), like.measured.values[name].sd)
    ok = np.zeros(n, np.int8)
    measured = Measurements(t_s, like.measured.view, ok, values)
    return Series("truth", measured, like.state, ok, like.view)


@pytest.fixture(scope="module")
def both(results: Sequence[Result]) -> tuple[dict[tuple[str, str], Row], dict[tuple[str, str], Row]]:
    found = results[1].series()
    tables = [{(r.measure, r.item): r for r in rows_of(exposure(s))} for s in (found, truth(found))]
    return tables[0], tables[1]


@pytest.mark.parametrize(
    "measure", ["rula_neck", "rula_trunk", "reba_neck", "reba_trunk", "iso_trunk", "iso_neck"]
)
def test_true_shares_lie_in_the_intervals(
    measure: str, both: tuple[dict[tuple[str, str], Row], dict[tuple[str, str], Row]]
) -> None:
    estimated, true = both
    items = [key for key in true if key[0] == measure]
    assert sum(true[key].figure.value for key in items) == pytest.approx(1.0)
    for key in items:
        figure = estimated[key].figure
        assert figure.low - 1e-9 <= true[key].figure.value <= figure.high + 1e-9, key
        assert figure.value == pytest.approx(true[key].figure.value, abs=0.25), key


def test_true_percentiles_lie_in_the_intervals(
    both: tuple[dict[tuple[str, str], Row], dict[tuple[str, str], Row]],
) -> None:
    estimated, true = both
    for percent in ("p10", "p50", "p90"):
        for measure in ("apdf_forward_head_est_deg", "apdf_head_pitch_est_deg", "apdf_trunk_incl_est_deg"):
            figure = estimated[measure, percent].figure
            assert figure.low <= true[measure, percent].figure.value <= figure.high, (measure, percent)
