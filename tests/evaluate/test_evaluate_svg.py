"""The plots are well-formed, finite, and put values where they belong."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from posture_cv.evaluate import svg
from posture_cv.report.svg import ticks


def dots(n: int) -> svg.Dots:
    noise = np.random.default_rng(n)
    return svg.Dots("bad", noise.normal(0, 5, n), noise.normal(0, 5, n))


@given(st.floats(-1e4, 1e4), st.floats(1e-3, 1e4))
def test_ticks_are_round_evenly_spaced_and_inside(low: float, span: float) -> None:
    found = ticks(low, low + span)
    assert len(found) <= 7
    assert all(low - 1e-6 * span <= tick <= low + span * (1 + 1e-6) for tick in found)
    steps = np.diff(found)
    assert len(steps) == 0 or np.allclose(steps, steps[0])


@pytest.mark.parametrize("n", [0, 1, 2, 50])
def test_every_plot_is_xml_without_nan(n: int) -> None:
    plots = [
        svg.agreement_plot("a < b", "deg", [dots(n), svg.Dots("harmless", np.array([]), np.array([]))]),
        svg.bland_altman_plot("b", "cm", [dots(n)], (-1.0, 0.2, 1.4)),
        svg.bland_altman_plot("b", "cm", [dots(n)], None),
        svg.share_bar(0.4, "hit"),
    ]
    for plot in plots:
        ET.fromstring(plot)
        assert "nan" not in plot
        assert "inf" not in plot


def test_equal_values_lie_on_the_line_of_equality() -> None:
    axes = svg.Axes(-10, 10, -10, 10, width=300, height=300)
    left, right = axes.u(-10), axes.u(10)
    bottom, top = axes.v(-10), axes.v(10)
    assert left < right
    assert top < bottom  # the picture's rows count downwards
    assert axes.u(0) == pytest.approx((left + right) / 2)


def test_a_curve_breaks_where_a_value_is_missing() -> None:
    t_s = np.arange(5.0)
    plot = svg.time_plot("t", "deg", t_s, [svg.Dots("estimate", t_s, np.array([1.0, 2.0, np.nan, 3.0, 4.0]))])
    path = next(e for e in ET.fromstring(plot).iter() if e.get("class") == "curve estimate")
    assert (path.get("d") or "").count("M") == 2


def test_no_difference_lies_in_the_middle_and_bias_and_limits_where_they_belong() -> None:
    few = svg.Dots("bad", np.array([0.0, 1.0]), np.array([3.0, 4.5]))
    plot = ET.fromstring(svg.bland_altman_plot("b", "cm", [few], (2.0, 3.25, 4.5)))
    rows: dict[str, list[float]] = {kind: [] for kind in ("zero", "bias", "limit")}
    for line in plot.iter():
        if line.get("class") in rows:
            assert line.get("y1") == line.get("y2")
            rows[str(line.get("class"))].append(float(line.get("y1") or "nan"))
    (zero,), (bias,), (low, high) = rows.values()
    grid = next(line for line in plot.iter() if line.get("class") == "grid")  # the first are upright
    top, bottom = (float(grid.get(end) or "nan") for end in ("y1", "y2"))
    assert top < bottom
    assert zero == pytest.approx((top + bottom) / 2.0, abs=0.1)
    assert high < bias < low < zero
    assert (zero - bias) / (zero - low) == pytest.approx(3.25 / 2.0, abs=0.01)
