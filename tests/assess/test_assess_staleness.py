"""A baseline grows stale by evidence only, is hinted at once, and is never changed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from posture_cv.assess.staleness import Evidence, Glance, Sign, Stale, StaleWatch, glances, speaking, weigh
from posture_cv.measure.types import QUANTITIES, Estimate, Measurements, Reason, View


def minutes(
    count: float,
    *,
    distance: float = 1.0,
    reason: Reason = Reason.OK,
    view: View = View.FRONT,
    start_s: float = 0.0,
    dressed_otherwise: bool = False,
) -> Measurements:
    """A frame a second of one kind."""
    n = int(60 * count)
    values = {name: Estimate.of(np.zeros(n), 1.0) for name in QUANTITIES}
    values["distance_ratio"] = Estimate.of(np.full(n, distance), 0.01)
    codes = np.full(n, int(reason), np.int8)
    t_s, otherwise = start_s + np.arange(n, dtype=np.float64), np.full(n, dressed_otherwise)
    return Measurements(t_s, np.full(n, int(view), np.int8), codes, values, otherwise)


def joined(*parts: Measurements) -> Measurements:
    whole = np.concatenate([p.view for p in parts])
    values = {
        name: Estimate(
            *(np.concatenate([getattr(p.values[name], k) for p in parts]) for k in ("value", "sd", "reason"))
        )
        for name in QUANTITIES
    }
    reason = np.concatenate([p.reason for p in parts])
    otherwise = np.concatenate([p.dressed_otherwise for p in parts])
    return Measurements(np.arange(len(whole), dtype=np.float64), whole, reason, values, otherwise)


def signs(m: Measurements, view: View = View.FRONT) -> list[Sign]:
    return [stale.sign for stale in StaleWatch(view).push(m)]


@pytest.mark.parametrize(
    ("m", "expected"),
    [
        (minutes(120), []),
        (minutes(120, distance=1.1), []),
        (minutes(30, distance=1.4), [Sign.OTHER_DISTANCE]),
        (minutes(30, distance=0.7), [Sign.OTHER_DISTANCE]),
        (minutes(10, distance=1.4), []),
        (minutes(2, reason=Reason.CAMERA_MOVED), [Sign.CAMERA_MOVED]),
        (minutes(0.3, reason=Reason.CAMERA_MOVED), []),
        (minutes(5, view=View.SIDE), [Sign.OTHER_VIEW]),
        (minutes(0.1, reason=Reason.OTHER_SHAPE, view=View.SIDE), [Sign.OTHER_SHAPE]),
        (minutes(5, view=View.OBLIQUE), []),
        (minutes(1.2, dressed_otherwise=True), [Sign.DRESSED_OTHERWISE]),
        (minutes(0.9, dressed_otherwise=True), []),
        (minutes(60, dressed_otherwise=True, reason=Reason.NOBODY), []),
        (minutes(60, dressed_otherwise=True, reason=Reason.HEAD_TURNED), []),
        (minutes(60, reason=Reason.NOBODY, distance=1.4, view=View.SIDE), []),
        (minutes(60, reason=Reason.OTHER_PERSON, distance=1.4), []),
    ],
)
def test_each_sign_needs_its_time(m: Measurements, expected: list[Sign]) -> None:
    assert signs(m) == expected


def test_leaning_in_for_a_while_is_no_other_distance() -> None:
    lean = [minutes(5, distance=0.7), minutes(6)]
    assert signs(joined(*lean * 12)) == []


@pytest.mark.parametrize(("trunk_deg", "distance"), [(9.0, 0.75), (-9.0, 1.3)])
def test_who_leans_for_long_is_not_told_to_calibrate_so(trunk_deg: float, distance: float) -> None:
    """The hint is for a chair that was moved; it comes once the person sits upright there."""
    still = minutes(60, distance=distance)
    leaning = {**still.values, "trunk_incl_deg": Estimate.of(np.full(len(still), trunk_deg), 2.0)}
    assert signs(replace(still, values=leaning)) == []
    assert signs(joined(replace(still, values=leaning), still)) == [Sign.OTHER_DISTANCE]
    untold = {**still.values, "trunk_incl_deg": Estimate.withheld(len(still), Reason.UNCERTAIN)}
    assert signs(replace(still, values=untold)) == [Sign.OTHER_DISTANCE]


def test_a_bad_posture_for_a_day_says_nothing_against_the_baseline() -> None:
    day = minutes(480)
    slumped = dict(day.values)
    for name, value in (
        ("head_forward_cm", 6.0),
        ("protraction_cm", 4.0),
        ("sink_cm", 5.0),
        ("cva_change_deg", -20.0),
    ):
        slumped[name] = Estimate.of(np.full(len(day), value), 0.5)
    assert signs(replace(day, values=slumped)) == []


def test_a_hint_comes_once_and_again_only_after_the_evidence_has_gone() -> None:
    moved, well = minutes(10, reason=Reason.CAMERA_MOVED), minutes(10)
    assert signs(moved) == [Sign.CAMERA_MOVED]
    assert signs(joined(moved, well, moved)) == [Sign.CAMERA_MOVED] * 2
    brief = minutes(0.2)
    assert signs(joined(moved, brief, moved)) == [Sign.CAMERA_MOVED]


def test_a_jacket_that_comes_and_goes_is_told_once_in_hours() -> None:
    on, off = minutes(2, dressed_otherwise=True), minutes(2)
    assert signs(joined(on, off, on, off, on)) == [Sign.DRESSED_OTHERWISE]
    assert signs(joined(on, minutes(250), on)) == [Sign.DRESSED_OTHERWISE] * 2
    assert signs(joined(minutes(500, dressed_otherwise=True))) == [Sign.DRESSED_OTHERWISE]


def test_a_long_gap_is_not_evidence() -> None:
    evidence = Evidence()
    for t_s in (0.0, 3600.0, 7200.0):
        evidence, found = weigh(evidence, Glance(t_s, {Sign.CAMERA_MOVED: True}))
        assert found == ()
    assert evidence.seconds[Sign.CAMERA_MOVED] == pytest.approx(10.0)


@settings(max_examples=30)
@given(
    steps=st.lists(st.tuples(st.floats(0.1, 20.0), st.sampled_from([True, False, None])), max_size=60),
    cut=st.integers(0, 60),
)
def test_evidence_can_be_put_away_and_taken_up_again(
    steps: list[tuple[float, bool | None]], cut: int
) -> None:
    """Streaming in two sittings gives what one sitting gives, and never more seconds than have passed."""
    t_s, evidence = 0.0, Evidence()
    kept = Evidence()
    for k, (step, speaks) in enumerate(steps):
        t_s += step
        glance = Glance(t_s, {} if speaks is None else {Sign.OTHER_VIEW: speaks})
        evidence, found = weigh(evidence, glance)
        if k < cut:
            kept = evidence
        else:
            kept, again = weigh(kept, glance)
            assert again == found
        assert 0.0 <= evidence.seconds.get(Sign.OTHER_VIEW, 0.0) <= t_s


def test_glances_say_nothing_of_distance_while_the_camera_is_elsewhere() -> None:
    (one,) = glances(minutes(1 / 60, reason=Reason.CAMERA_MOVED, distance=1.6), View.FRONT)
    assert one.signs == {Sign.CAMERA_MOVED: True, Sign.OTHER_SHAPE: False}
    assert all(sign.hint for sign in Sign)


KINDS = st.builds(
    minutes,
    st.sampled_from((0.05, 0.5, 2.0, 25.0)),
    distance=st.sampled_from((1.0, 1.4, 0.7, np.nan)),
    reason=st.sampled_from(list(Reason)),
    view=st.sampled_from(list(View)),
    dressed_otherwise=st.booleans(),
)


@given(st.lists(KINDS, min_size=1, max_size=4), st.sampled_from(list(View)), st.integers(1, 900))
@settings(max_examples=25, deadline=None)
def test_stretches_that_say_nothing_are_passed_over_without_a_difference(
    parts: list[Measurements], view: View, size: int
) -> None:
    m, evidence = joined(*parts), Evidence()
    one_by_one: list[Stale] = []
    given_each = glances(m, view)
    for glance in given_each:
        evidence, clear = weigh(evidence, glance)
        one_by_one += clear
    watch = StaleWatch(view)
    assert [stale for k in range(0, len(m), size) for stale in watch.push(m[k : k + size])] == one_by_one
    assert speaking(m, view).tolist() == [any(glance.signs.values()) for glance in given_each]
