"""Exposure measures against small cases that were calculated by hand."""

from __future__ import annotations

from math import isnan, nan

import numpy as np
import pytest

from exposure_material import series
from posture_cv.assess.types import State
from posture_cv.exposure.bootstrap import never_certain, never_differed
from posture_cv.exposure.catalogue import MEASURES
from posture_cv.exposure.epochs import NECK, Quantity, epochs_of, frame_seconds
from posture_cv.exposure.groups import (
    NO_INTERVAL,
    ONE_PARTICIPANT,
    TOO_SHORT,
    condition_rows,
    differences,
    pooled,
    rows_of,
    rows_of_cell,
    unmeasured_by_reason,
)
from posture_cv.exposure.holding import head_holding_time_s, holding, trunk_holding_time_s
from posture_cv.exposure.measures import NOT_FROM_VIEW, UNDER_10_MIN, exposure
from posture_cv.exposure.recovery import recovery_s
from posture_cv.exposure.schemes import SCHEMES, Scheme, members
from posture_cv.exposure.sources import SOURCES
from posture_cv.exposure.still import stillness
from posture_cv.exposure.types import Figure, Row, Series, Told
from posture_cv.guidance.catalogue import load_catalogue
from posture_cv.measure.types import View


def table(recording: Series) -> dict[tuple[str, str], Row]:
    return {(row.measure, row.item): row for row in rows_of(exposure(recording))}


def side(neck: list[float], trunk: list[float] | None = None, **extra: object) -> Series:
    """A frame a second, from the side; neck flexion is forward head less trunk."""
    back = np.zeros(len(neck)) if trunk is None else np.array(trunk)
    t_s = np.arange(float(len(neck)))
    return series(t_s, {"forward_head_deg": np.array(neck) + back, "trunk_incl_deg": back}, **extra)  # type: ignore[arg-type]


def test_every_measure_names_a_source_that_exists() -> None:
    assert {m.source for m in MEASURES.values()} <= SOURCES.keys()
    assert {row.measure for row in rows_of(exposure(side([0.0] * 20)))} == set(MEASURES)


def test_posture_shifts_are_quoted_as_the_guidance_quotes_them() -> None:
    """Only at the back did fewer than thirty do; one study, in both."""
    told = load_catalogue().entry("movement_studied")
    assert "30 changes of position an hour did better than 10" in told.text
    assert "20 to 30 for the back" in told.text
    source = SOURCES["shifts"]
    assert "30 an hour did better than 10 at neck and shoulder, 20 to 30 at the back" in source.reference
    assert told.sources == (f"{source.short}, doi {source.doi}",)


def test_neck_classes_of_rula_and_reba() -> None:
    # ten seconds: 2 s at 5, 3 s at 10 (its class takes its upper end), 4 s at 15, 1 s at 25 degrees
    rows = table(side([5.0] * 2 + [10.0] * 3 + [15.0] * 4 + [25.0]))
    shares = {item: rows["rula_neck", item].figure.value for m, item in rows if m == "rula_neck"}
    assert list(shares.values()) == pytest.approx([0.0, 0.5, 0.4, 0.1])
    assert rows["rula_neck", "2: 10-20 deg"].seconds == pytest.approx(4.0)
    assert rows["reba_neck", "1: 0-20 deg"].figure.value == pytest.approx(0.9)
    assert rows["iso_neck", "0-25 deg: acceptable"].figure.value == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("key", "edges_deg"),
    [
        # McAtamney & Corlett 1993; Hignett & McAtamney 2000; ISO 11226:2000
        ("rula_neck", (10.0, 20.0)),
        ("rula_trunk", (20.0, 60.0)),
        ("reba_neck", (20.0,)),
        ("reba_trunk", (-20.0, 20.0, 60.0)),
        ("iso_head", (25.0, 85.0)),
        ("iso_trunk", (20.0, 60.0)),
        ("iso_neck", (25.0,)),
    ],
)
def test_classes_change_at_the_angles_of_the_methods(key: str, edges_deg: tuple[float, ...]) -> None:
    scheme = next(one for one in SCHEMES if one.key == key)
    values = np.array([edge + step for edge in edges_deg for step in (-0.001, 0.001)])
    one = np.ones(len(values))
    inside = members(scheme, Quantity(one, values, 0.0 * one, View.SIDE))
    assert (inside.sum(axis=0) == 1).all()
    first = len(scheme.classes) - 1 - len(edges_deg)  # none, or extension
    steps = [first + k + above for k in range(len(edges_deg)) for above in (0, 1)]
    assert inside.argmax(axis=0).tolist() == steps
    at_edges = members(scheme, Quantity(0.0 * one, values, 0.0 * one, View.SIDE))
    assert not at_edges.any(), "what was never told is in no class"


@pytest.mark.parametrize("scheme", [s for s in SCHEMES if s.key != "reba_trunk"], ids=lambda s: s.key)
def test_extension_begins_where_nineteen_of_twenty_errors_lie_below(scheme: Scheme) -> None:
    one = np.ones(3)
    angle = Quantity(one, np.array([0.0, -1.64, -1.65]) * 4.0, 4.0 * one, View.SIDE)
    assert members(scheme, angle)[0].tolist() == [False, False, True]
    assert members(scheme, angle)[1].tolist() == [True, True, False]


def test_trunk_is_taken_off_the_neck() -> None:
    rows = table(side([8.0] * 10, [30.0] * 10))
    assert rows["rula_neck", "1: 0-10 deg"].figure.value == 1.0
    assert rows["rula_trunk", "3: 20-60 deg"].figure.value == 1.0
    assert rows["reba_trunk", "3: flexion 20-60 deg"].figure.value == 1.0


def test_noise_about_neutral_is_no_extension() -> None:
    rows = table(side([-1.0, 1.0] * 10, sd=1.0))
    assert rows["rula_neck", "1: 0-10 deg"].figure.value == 1.0
    back = table(side([-1.0, -5.0] * 10, sd=1.0))
    name = "4: extension (beyond its uncertainty)"
    assert back["rula_neck", name].figure.value == pytest.approx(0.5)  # -5 < -1.645 * sqrt(2), -1 is not


@pytest.mark.parametrize("view", [View.FRONT, View.OBLIQUE])
def test_neck_and_trunk_classes_are_withheld_from_other_views(view: View) -> None:
    rows = table(side([5.0] * 20, view=view))
    for (measure, _), row in rows.items():
        if measure.startswith(("rula_neck", "rula_trunk", "reba_", "iso_trunk", "iso_neck", "hold_trunk")):
            assert not row.assessable
            assert row.reason == NOT_FROM_VIEW
            assert isnan(row.figure.value)
            assert row.unmeasured_s == pytest.approx(20.0)


def test_raised_shoulder_from_the_front_only() -> None:
    lift = {"shoulder_elevation_cm": [0.0] * 5 + [2.0] * 5}
    rows = table(series(np.arange(10.0), lift, view=View.FRONT))
    assert rows["rula_shoulder_raised", "raised"].figure.value == pytest.approx(0.5)
    assert not table(series(np.arange(10.0), lift, view=View.SIDE))[
        "rula_shoulder_raised", "raised"
    ].assessable


def test_unmeasured_time_is_beside_every_share() -> None:
    rows = table(side([5.0] * 6 + [nan] * 4))
    row = rows["rula_neck", "1: 0-10 deg"]
    assert [row.measured_s, row.unmeasured_s] == pytest.approx([6.0, 4.0])
    assert row.figure.value == 1.0


def test_a_gap_without_frames_is_unmeasured() -> None:
    # frames at 0, 1, 2 and 60, 61: the frame at 2 stands for 3.5 s at most
    recording = series(
        [0.0, 1.0, 2.0, 60.0, 61.0], {"forward_head_deg": [5.0] * 5, "trunk_incl_deg": [0.0] * 5}
    )
    assert frame_seconds(recording.measured.t_s).tolist() == [1.0, 1.0, 3.5, 1.0, 1.0]
    epochs = epochs_of(recording)
    assert epochs.total_s == pytest.approx(62.0)
    assert epochs.quantities[NECK].seconds.sum() == pytest.approx(7.5)
    assert unmeasured_by_reason([exposure(recording)]) == {"no_picture": pytest.approx(54.5)}


def test_shares_are_weighted_by_time_not_by_frames() -> None:
    # ten frames in the first second (25 deg), then one frame a second (5 deg) for nine seconds
    t_s = np.concatenate([np.arange(10) / 10.0, np.arange(1.0, 10.0)])
    neck = np.concatenate([np.full(10, 25.0), np.full(9, 5.0)])
    rows = table(series(t_s, {"forward_head_deg": neck, "trunk_incl_deg": np.zeros(19)}))
    assert rows["rula_neck", "3: over 20 deg"].figure.value == pytest.approx(
        1.0 / 9.1
    )  # the last stands 0.1 s


def test_holding_times_of_the_standard() -> None:
    assert head_holding_time_s(np.array([24.9, 25.0, 55.0, 85.0, 86.0])).tolist() == [np.inf, 480, 270, 60, 0]
    assert trunk_holding_time_s(np.array([19.9, 20.0, 40.0, 60.0, 61.0])).tolist() == [
        np.inf,
        240,
        150,
        60,
        0,
    ]


def test_holding_time_is_exceeded_after_it_is_spent() -> None:
    # 55 degrees may be held for 270 s: of 300 s held, 30 s are beyond
    recording = series(np.arange(300.0), {"head_pitch_deg": np.full(300, 55.0)})
    found = holding(epochs_of(recording).quantities["head_pitch_deg"], head_holding_time_s)
    assert found.beyond_s.sum() == pytest.approx(30.0)
    assert (found.times, found.held_s) == (1, 300.0)


def test_what_may_not_be_held_at_all_is_beyond_from_the_first_second() -> None:
    recording = series(np.arange(20.0), {"trunk_incl_deg": np.append(np.full(8, 70.0), np.zeros(12))})
    found = holding(epochs_of(recording).quantities["trunk_incl_deg"], trunk_holding_time_s)
    assert found.beyond_s.sum() == pytest.approx(8.0)
    assert found.times == 1


def test_recovery_takes_three_times_the_time_held() -> None:
    # 200 s at 55 deg spend 200/270; 300 of the 600 s owed give back half; 100 s more spend 100/270 = 0.741 in all
    pitch = np.concatenate([np.full(200, 55.0), np.zeros(300), np.full(100, 55.0)])
    recording = series(np.arange(600.0), {"head_pitch_deg": pitch})
    angle = epochs_of(recording).quantities["head_pitch_deg"]
    assert holding(angle, head_holding_time_s).times == 0
    straight = series(np.arange(300.0), {"head_pitch_deg": np.full(300, 55.0)})
    assert holding(epochs_of(straight).quantities["head_pitch_deg"], head_holding_time_s).times == 1


def test_what_may_not_be_held_at_all_is_beyond_from_its_first_second() -> None:
    one = np.ones(3)
    angle = Quantity(one, np.array([0.0, 90.0, 90.0]), 0.0 * one, View.SIDE)
    assert holding(angle, head_holding_time_s).beyond_s.tolist() == [0.0, 1.0, 1.0]
    assert holding(angle, trunk_holding_time_s).beyond_s.tolist() == [0.0, 1.0, 1.0]


def test_percentiles_are_over_time() -> None:
    # 0 to 99 degrees/2 for a second each: the smallest value with 10 % of the time at or below it is 4.5
    rows = table(series(np.arange(100.0), {"head_pitch_deg": np.arange(100.0) / 2.0}))
    found = [rows["apdf_head_pitch_est_deg", p].figure.value for p in ("p10", "p50", "p90")]
    assert found == pytest.approx([4.5, 24.5, 44.5])


def test_dose_counts_degrees_beyond_the_uncertainty() -> None:
    # an hour: 30 min at 10 deg and 30 min at 1 deg with sd 1 (within 1.645): 10 deg * 30 min = 300 deg*min/h
    neck = np.concatenate([np.full(1800, 10.0), np.full(1800, 1.0)])
    rows = table(series(np.arange(3600.0), {"forward_head_deg": neck}, sd=1.0))
    row = rows["dose_forward_head", ""]
    assert row.figure.value == pytest.approx(300.0, rel=1e-6)
    assert row.figure.low < 300.0 < row.figure.high


def test_shifts_and_static_spells() -> None:
    # 700 s here, then 5 cm forward for 500 s: one shift once held for 5 s, spells of about 700 and 500 s
    head = np.concatenate([np.zeros(700), np.full(500, 5.0)])
    recording = series(np.arange(1200.0), {"head_forward_cm": head})
    found = stillness(epochs_of(recording))
    assert found.shifts.sum() == 1.0
    assert max(found.spells_s) == pytest.approx(705.0)
    assert found.static_s.sum() == pytest.approx(705.0)  # only the first is longer than ten minutes
    rows = table(recording)
    assert rows["shifts", ""].figure.value == pytest.approx(3.0)
    assert rows["longest_static", ""].figure.value == pytest.approx(705.0)
    assert isnan(rows["longest_static", ""].figure.high)


@pytest.mark.parametrize(("length_s", "told"), [(90, False), (600, False), (601, True)])
def test_no_share_of_long_spells_in_a_recording_too_short_for_one(length_s: int, told: bool) -> None:
    still = series(np.arange(float(length_s)), {"head_forward_cm": np.zeros(length_s)})
    rows = table(still)
    row = rows["rula_static", "over 10 min"]
    assert (row.assessable, row.reason) == ((True, "") if told else (False, UNDER_10_MIN))
    assert row.figure.value == pytest.approx(1.0) if told else isnan(row.figure.value)
    assert rows["longest_static", ""].figure.value == pytest.approx(float(length_s))
    assert rows["shifts", ""].figure.value == 0.0


def test_a_glance_is_no_shift_and_leaving_ends_a_spell() -> None:
    head = np.zeros(300)
    head[100:103] = 9.0
    head[200:260] = nan
    state = np.where(np.isnan(head), State.AWAY, State.GOOD).astype(np.int8)
    found = stillness(epochs_of(series(np.arange(300.0), {"head_forward_cm": head}, state=state)))
    assert [round(s) for s in found.spells_s] == [200, 40]
    assert found.shifts.sum() == 1.0  # standing up for a minute


def test_leaving_straight_after_a_shift_is_one_more() -> None:
    head = np.concatenate([np.zeros(100), np.full(6, 5.0), np.full(70, nan), np.zeros(50)])
    state = np.where(np.isnan(head), State.AWAY, State.GOOD).astype(np.int8)
    found = stillness(epochs_of(series(np.arange(226.0), {"head_forward_cm": head}, state=state)))
    assert np.flatnonzero(found.shifts).tolist() == [105, 165]


def test_recovery_after_alerts() -> None:
    state = np.full(60, State.GOOD, np.int8)
    state[10:30] = State.FORWARD_HEAD  # told at 15, left at 30
    state[40:60] = State.FORWARD_HEAD  # told at 50, never left
    state[22] = State.GOOD  # out for one second only
    told = (Told(15.0, "forward_head"), Told(50.0, "forward_head"))
    recording = series(np.arange(60.0), {}, state=state, told=told, hold_s=2.0)
    found = recovery_s(recording)
    assert found[0] == pytest.approx(15.0)
    assert isnan(found[1])
    rows = table(recording)
    assert rows["recovery", "median"].figure.value == pytest.approx(15.0)
    assert rows["recovery", "recovered"].figure.value == pytest.approx(0.5)


def test_a_posture_that_was_told_again_had_not_been_left() -> None:
    state = np.full(40, State.GOOD, np.int8)
    state[10:20] = State.FORWARD_HEAD
    told = (Told(12.0, "forward_head"), Told(13.0, "slump"), Told(20.0, "forward_head"))
    first, other, again = recovery_s(series(np.arange(40.0), {}, state=state, told=told, hold_s=1.0))
    assert isnan(first), "it was left only with the next notification"
    assert (other, again) == (0.0, 0.0)


def test_what_is_held_for_long_asks_for_long_blocks_however_much_is_untold() -> None:
    """Postures of half a minute each: blocks of a few seconds would make every interval too narrow."""
    neck = np.repeat(np.random.default_rng(3).normal(8.0, 9.0, 20), 30)
    whole = exposure(side(neck.tolist()))
    neck[:20] = nan
    neck[-20:] = nan
    assert whole.block_s > 15.0
    assert exposure(side(neck.tolist())).block_s == pytest.approx(whole.block_s, rel=0.3)


def test_a_recording_of_two_blocks_has_no_interval() -> None:
    row = table(side([5.0, 5.0]))["rula_neck", "1: 0-10 deg"]
    assert not row.figure.has_interval
    assert row.reason == TOO_SHORT


def test_what_was_never_seen_is_not_certain() -> None:
    row = table(side([5.0] * 60))["rula_neck", "3: over 20 deg"]
    assert row.figure.value == row.figure.low == 0.0
    assert 0.0 < row.figure.high < 0.2


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_a_few_uncertain_frames_make_no_interval_narrower(value: float) -> None:
    seen = Figure(value, min(value, 0.999), max(value, 0.001))
    exact = never_certain(Figure(value, value, value), "1", 7.0, 1.0)
    assert never_certain(seen, "1", 7.0, 1.0) == exact
    assert exact.high - exact.low == pytest.approx(1.0 - 0.025 ** (1.0 / 7.0))
    wide = Figure(value, min(value, 0.1), max(value, 0.9))
    assert never_certain(wide, "1", 7.0, 1.0) == wide


def test_a_difference_of_what_nobody_showed_has_a_limit_and_its_view() -> None:
    views = {"before": View.SIDE, "after": View.FRONT}
    cells = {
        condition: [
            pooled(who, condition, [exposure(side([5.0] * 700, view=view, name=who + condition))])
            for who in "abcd"
        ]
        for condition, view in views.items()
    }
    found = {(d.measure, d.item): d for d in differences(cells["before"], cells["after"])}
    static = found["rula_static", "over 10 min"]
    limit = 1.0 - 0.025 ** (1.0 / 4.0)
    assert [static.mean.value, static.mean.low, static.mean.high] == pytest.approx([0.0, -limit, limit])
    assert all(isnan(bound) for bound in static.agreement)
    assert (static.view, static.reason) == ("mixed", "")
    one = differences(cells["before"][:1], cells["before"][:1])
    assert {(d.view, d.reason) for d in one if d.mean.has_interval} == {("side", ONE_PARTICIPANT)}
    shifts = found["shifts", ""].mean
    assert shifts.high == -shifts.low > 0.0


@pytest.mark.parametrize("chance", [0.3, 0.5, 0.7])
def test_the_limit_of_an_unseen_difference_covers_the_truth(chance: float) -> None:
    # 6 participants; each shows the posture all the time in the second condition with this chance, else never
    shown = np.random.default_rng(1).random((2000, 6)) < chance
    limit = never_differed(Figure(0.0, 0.0, 0.0), "1", 6, (1.0, 1.0)).high
    wrong = (~shown.any(axis=1)) & (chance > limit)
    assert wrong.mean() <= 0.03
    assert isnan(never_differed(Figure(0.0, 0.0, 0.0), "count", 6, (1.0, 1.0)).low)


def test_an_empty_recording_says_so() -> None:
    rows = table(series([], {}))
    assert all(not row.assessable for row in rows.values())


def test_recordings_of_a_participant_are_pooled_by_time() -> None:
    # 2 of 10 s and 12 of 30 s over 20 deg: 14 of 40 s, not the mean of the shares
    short = exposure(side([25.0] * 2 + [5.0] * 8, name="a", participant="p"))
    long = exposure(side([25.0] * 12 + [5.0] * 18, name="b", participant="p"))
    rows = {(r.measure, r.item): r for r in rows_of_cell(pooled("p", "", [short, long]))}
    row = rows["rula_neck", "3: over 20 deg"]
    assert row.figure.value == pytest.approx(14.0 / 40.0)
    assert (row.n, row.of) == (2, "recordings")
    assert row.measured_s == pytest.approx(40.0)
    assert rows["longest_static", ""].figure.value == pytest.approx(30.0)
    assert rows["longest_static", ""].reason == NO_INTERVAL


def test_a_front_and_a_side_recording_are_pooled_where_they_can() -> None:
    front = exposure(side([5.0] * 30, view=View.FRONT, name="f", participant="p"))
    flank = exposure(side([25.0] * 10 + [5.0] * 10, name="s", participant="p"))
    for order in ([front, flank], [flank, front]):
        rows = {(r.measure, r.item): r for r in rows_of_cell(pooled("p", "", order))}
        row = rows["rula_neck", "3: over 20 deg"]
        assert row.figure.value == pytest.approx(0.5)
        assert [row.measured_s, row.unmeasured_s] == pytest.approx([20.0, 30.0])
        assert row.n == 1
        assert rows["state", "good"].n == 2


def test_a_recording_that_cannot_tell_a_measure_has_no_part_in_its_interval() -> None:
    front = exposure(side([5.0, 5.0], view=View.FRONT, name="f", participant="p"))
    flank = exposure(side([25.0, 5.0] * 30, name="s", participant="p"))
    assert not front.enough
    row = {(r.measure, r.item): r for r in rows_of_cell(pooled("p", "", [front, flank]))}[
        "rula_neck", "3: over 20 deg"
    ]
    alone = table(side([25.0, 5.0] * 30, name="s"))["rula_neck", "3: over 20 deg"]
    assert row.figure == alone.figure
    assert row.figure.has_interval
    assert row.block_s == alone.block_s
    cells = [pooled(who, "", [front, flank]) for who in "pq"]
    over = {(r.measure, r.item): r for r in condition_rows(cells)}["rula_neck", "3: over 20 deg"]
    assert over.figure.has_interval
    change = {(d.measure, d.item): d for d in differences(cells, cells)}["rula_neck", "3: over 20 deg"]
    assert change.mean.has_interval
    assert change.view == "side"


def test_the_time_of_a_class_is_told_whoever_is_the_first_participant() -> None:
    front = pooled("p", "", [exposure(side([5.0] * 30, view=View.FRONT, name="f", participant="p"))])
    flank = pooled("q", "", [exposure(side([25.0] * 10 + [5.0] * 10, name="s", participant="q"))])
    for order in ([front, flank], [flank, front]):
        row = {(r.measure, r.item): r for r in condition_rows(order)}["rula_neck", "3: over 20 deg"]
        assert [row.seconds, row.measured_s, row.unmeasured_s] == pytest.approx([10.0, 20.0, 30.0])


def test_time_without_an_alert_is_measured_time_of_recovery_in_any_order() -> None:
    state = np.full(30, State.GOOD, np.int8)
    state[5:10] = State.FORWARD_HEAD
    told = (Told(7.0, "forward_head"),)
    alerted = exposure(series(np.arange(30.0), {}, state=state, told=told, name="a", participant="p"))
    calm = exposure(series(np.arange(20.0), {}, name="c", participant="p"))
    for order in ([alerted, calm], [calm, alerted]):
        rows = {(r.measure, r.item): r for r in rows_of_cell(pooled("p", "", order))}
        row = rows["recovery", "median"]
        assert [row.figure.value, row.measured_s, row.unmeasured_s] == pytest.approx([3.0, 50.0, 0.0])
        cells = [pooled(str(k), "", [one]) for k, one in enumerate(order)]
        over = {(r.measure, r.item): r for r in condition_rows(cells)}["recovery", "median"]
        assert [over.figure.value, over.measured_s, over.n] == pytest.approx([3.0, 50.0, 1])


def test_conditions_weigh_participants_equally_and_are_compared_in_pairs() -> None:
    shares = {"a": (0.2, 0.4), "b": (0.4, 0.5), "c": (0.0, 0.3)}
    cells = {
        condition: [
            pooled(
                who,
                condition,
                [exposure(side([25.0] * int(60 * s[k]) + [5.0] * int(60 * (1 - s[k])), name=f"{who}{k}"))],
            )
            for who, s in shares.items()
        ]
        for k, condition in enumerate(("before", "after"))
    }
    rows = {(r.measure, r.item): r for r in condition_rows(cells["before"])}
    row = rows["rula_neck", "3: over 20 deg"]
    assert row.figure.value == pytest.approx(0.2)
    assert (row.n, row.of) == (3, "participants")
    assert row.figure.low <= 0.2 <= row.figure.high
    found = {(d.measure, d.item): d for d in differences(cells["before"], cells["after"])}
    change = found["rula_neck", "3: over 20 deg"]
    assert [p[0] for p in change.pairs] == ["a", "b", "c"]
    assert change.mean.value == pytest.approx(0.2)  # 0.2, 0.1, 0.3
    assert list(change.agreement) == pytest.approx([0.2 - 0.196, 0.2 + 0.196])  # SD 0.1
