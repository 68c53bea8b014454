"""The engine: a stream and a whole recording give the same answer, through gaps, jumps and restarts."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from amounts import amount
from assess_material import baseline, every, measurements
from posture_cv.assess.blocks import BlockEngine
from posture_cv.assess.effects import Level, Notice
from posture_cv.assess.episodes import EpisodeTracker
from posture_cv.assess.policy_state import PolicyState, from_json, to_json
from posture_cv.assess.recording import Assessment, assess_measurements, whole
from posture_cv.assess.settings import AssessSettings, BreakSettings, PolicySettings, TickSettings
from posture_cv.assess.staleness import Sign, StaleWatch
from posture_cv.assess.stream import Step, Stream
from posture_cv.assess.types import Episode, State
from posture_cv.measure.types import Estimate, Measurements, Reason

BASELINE = baseline()
DEFAULT = AssessSettings()
SHORT = AssessSettings(
    policy=PolicySettings(
        window_s=12.0,
        severe_window_s=5.0,
        ambient_after_s=3.0,
        grace_s=4.0,
        cue_cooldown_s=20.0,
        global_cooldown_s=8.0,
    ),
    breaks=BreakSettings(interval_s=40.0, micro_absence_s=5.0, long_absence_s=20.0, still_window_s=30.0),
    ticks=TickSettings(gap_skip_s=60.0),
)


def stream_all(stream: Stream, m: Measurements) -> list[Step]:
    return [stream.push(m[row : row + 1]) for row in range(len(m))]


def same(whole: Assessment, stream: Stream, steps: list[Step]) -> None:
    kept = [step for step in steps if step.accepted]
    assert [int(step.state or 0) for step in kept] == whole.state.tolist()
    assert repr([e for step in steps for e in step.effects]) == repr(list(whole.effects))
    assert repr([r for step in steps for r in step.records]) == repr(list(whole.records))
    assert repr([*(e for step in steps for e in step.episodes), *stream.finish()]) == repr(
        list(whole.episodes)
    )
    assert repr(stream.state) == repr(whole.final)
    assert stream.dropped == whole.dropped
    for row, step in enumerate(kept):
        assert step.states is not None
        assert step.smoothed is not None
        assert np.array_equal(step.states.excess[0], whole.states.excess[row], equal_nan=True)
        assert np.array_equal(step.states.activity[0], whole.states.activity[row], equal_nan=True)
        assert np.array_equal(
            step.smoothed.value("sink_cm")[0], whole.smoothed.value("sink_cm")[row], equal_nan=True
        )


@st.composite
def sessions(draw: st.DrawFn) -> Measurements:
    """Stretches of postures at changing frame rates, with gaps, a clock that jumps both ways, and noise."""
    t_s, labels, now = [], [], draw(st.sampled_from([0.0, 7.77, 1.7e9]))
    for _ in range(draw(st.integers(1, 7))):
        label = draw(
            st.sampled_from(
                ["good", "forward_head", "slump", "shrug", "looking_down", "away", "turned", "text_neck"]
            )
        )
        step = draw(st.sampled_from([0.2, 0.5, 1.0, 2.0]))
        for _ in range(draw(st.integers(1, 25))):
            now += step
            t_s.append(now)
            labels.append(label)
        now += draw(st.sampled_from([0.0, 0.0, 4.0, 30.0, 500.0, -5.0]))
    noise = draw(st.sampled_from([0.0, 0.5, 3.0]))
    return measurements(t_s, labels, noise=noise, seed=draw(st.integers(0, 999)))


@settings(max_examples=amount(30, 60))
@given(sessions())
def test_the_stream_equals_the_recording(m: Measurements) -> None:
    stream = Stream(BASELINE, SHORT)
    same(assess_measurements(m, BASELINE, SHORT), stream, stream_all(stream, m))


@settings(max_examples=amount(30, 60))
@given(sessions(), st.lists(st.integers(0, 180), max_size=4))
def test_blocks_of_any_length_equal_the_recording(m: Measurements, cuts: list[int]) -> None:
    edges = [0, *sorted(min(cut, len(m)) for cut in cuts), len(m)]
    engine = BlockEngine(BASELINE, SHORT)
    blocks = [engine.push(m[start:end]) for start, end in pairwise(edges)]
    joined, once = whole(blocks, engine.finish()), assess_measurements(m, BASELINE, SHORT)
    assert [len(block.kept) for block in blocks] == [len(block.measured) for block in blocks]
    assert np.array_equal(joined.measured.t_s, once.measured.t_s)
    for name in ("state", "tick_t_s", "tick_state", "tick_reason"):
        assert np.array_equal(getattr(joined, name), getattr(once, name)), name
    for name in ("state", "reason", "excess", "severe", "pitch_deg", "activity"):
        assert np.array_equal(getattr(joined.states, name), getattr(once.states, name), equal_nan=True), name
    for name, estimate in once.smoothed.values.items():
        assert np.array_equal(joined.smoothed.value(name), estimate.value, equal_nan=True), name
    for name in ("effects", "records", "episodes", "dropped", "final"):
        assert repr(getattr(joined, name)) == repr(getattr(once, name)), name


def test_the_stream_equals_the_recording_over_half_an_hour_at_the_defaults() -> None:
    day = [
        ("good", 200),
        ("forward_head", 200),
        ("away", 70),
        ("looking_down", 500),
        ("slump", 300),
        ("good", 600),
    ]
    m = measurements(*every(amount(1.0, 0.5), *day), noise=0.8)
    stream, whole = Stream(BASELINE, DEFAULT), assess_measurements(m, BASELINE, DEFAULT)
    same(whole, stream, stream_all(stream, m))
    cues = [r.alert.cue for r in whole.records]
    assert cues == ["forward_head", "text_neck", "slump", "stillness"]


def test_an_earlier_frame_is_dropped_and_counted() -> None:
    m = measurements([0.0, 1.0, 0.5, 1.0, 2.0], ["good"] * 5)
    assert assess_measurements(m, BASELINE, DEFAULT).kept.tolist() == [0, 1, 4]
    stream = Stream(BASELINE, DEFAULT)
    assert [step.accepted for step in stream_all(stream, m)] == [True, True, False, False, True]
    assert stream.dropped == 2


def test_an_empty_recording_and_one_frame() -> None:
    nothing = assess_measurements(measurements([], []), BASELINE, DEFAULT)
    assert (len(nothing.state), nothing.effects, nothing.episodes) == (0, (), ())
    one = assess_measurements(measurements([3.3], ["slump"]), BASELINE, DEFAULT)
    assert one.state.tolist() == [State.SLUMP]
    assert len(one.tick_t_s) == 0  # no tick falls on its time


def test_episodes_cover_the_ticks_without_overlap() -> None:
    labels = [("good", 60), ("forward_head", 60), ("away", 30), ("turned", 20), ("good", 30)]
    whole = assess_measurements(measurements(*every(0.5, *labels)), BASELINE, DEFAULT)
    assert [e.state.label for e in whole.episodes] == ["good", "forward_head", "away", "turned", "good"]
    assert all(a.end_s == b.start_s for a, b in zip(whole.episodes, whole.episodes[1:], strict=False))
    forward, away = whole.episodes[1], whole.episodes[2]
    assert forward.duration_s == pytest.approx(60, abs=2)
    assert forward.peak_excess == pytest.approx(8.0 / DEFAULT.thresholds.neck_deg, abs=0.1)
    assert away.reason is Reason.NOBODY


def test_an_episode_keeps_its_peak() -> None:
    tracker, slump = EpisodeTracker(0.5), PolicyState(posture=State.SLUMP, reason=Reason.OK)
    for tick, size in enumerate((1.0, 3.0, 2.0)):
        assert tracker.push(slump._replace(tick=tick, size=size)) is None
    assert tracker.finish(1.5) == Episode(State.SLUMP, 0.0, 1.5, 3.0)
    assert tracker.finish(2.0) is None


def test_a_record_looks_back_over_blocks_however_short() -> None:
    m = measurements(*every(0.5, ("good", 20), ("slump", 25)), noise=0.5)
    engine, once = BlockEngine(BASELINE, SHORT), assess_measurements(m, BASELINE, SHORT)
    for start in range(0, len(m), 4):
        engine.push(m[start : start + 4])
    told = engine.finish().records
    assert max(record.measured_s for record in told) == SHORT.policy.window_s
    assert repr(told) == repr(once.records)


def test_looking_down_is_shown_as_text_neck_once_the_budget_is_spent() -> None:
    m = measurements(*every(0.5, ("good", 10), ("looking_down", 480)))
    whole = assess_measurements(m, BASELINE, DEFAULT)
    shown = whole.state.tolist()
    assert shown[100] == State.LOOKING_DOWN
    assert shown[-1] == State.TEXT_NECK
    assert whole.states.state[-1] == State.LOOKING_DOWN


def test_a_dead_camera_does_not_stay_good() -> None:
    stream = Stream(BASELINE, DEFAULT)
    stream_all(stream, measurements(*every(0.5, ("good", 20))))
    assert stream.state.ambient.level is Level.GOOD
    step = stream.advance(60.0)
    assert (step.ambient.level, step.ambient.cue) == (Level.UNMEASURED, "no_picture")
    assert stream.push(measurements([61.0], ["good"])).accepted


def test_a_stale_baseline_is_found_while_streaming_as_in_the_recording() -> None:
    t_s, labels = every(0.5, ("good", 60), ("camera_moved", 40), ("good", 60))
    m = measurements(t_s, labels)
    farther = Estimate.of(np.where(t_s > 100, 1.5, 1.0), 0.01)
    m = replace(m, values={**m.values, "distance_ratio": farther})
    quick = [(one.sign, one.t_s) for one in StaleWatch(BASELINE.view).push(m)]
    steps = stream_all(Stream(BASELINE, DEFAULT), m)
    assert [(one.sign, one.t_s) for step in steps for one in step.stale] == quick
    assert [sign for sign, _ in quick] == [Sign.CAMERA_MOVED]
    assert not [step for step in steps if step.stale and step.records]
    still = measurements(np.arange(0.0, 1500.0, 1.0), ["good"] * 1500)
    still = replace(still, values={**still.values, "distance_ratio": Estimate.of(np.full(1500, 1.5), 0.01)})
    found = [one for step in stream_all(Stream(BASELINE, DEFAULT), still) for one in step.stale]
    assert [one.sign for one in found] == [Sign.OTHER_DISTANCE]
    assert found[0].t_s == pytest.approx(1200, abs=1)


def test_answers_reach_the_policy() -> None:
    stream = Stream(BASELINE, DEFAULT)
    stream_all(stream, measurements(*every(0.5, ("slump", 130))))
    stream.respond(1, "snooze", 130.0)
    assert stream.state.ledger.silent_until_s == 130.0 + 1800.0
    stream.snooze(0.0)
    assert stream.state.ledger.silent_until_s == 0.0
    before = stream.state
    stream.postpone()
    assert stream.state == before  # nothing to postpone


def test_a_monitor_resumes_where_it_stopped() -> None:
    m = measurements(*every(0.5, ("good", 130), ("slump", 150)))
    first = Stream(BASELINE, DEFAULT)
    before = stream_all(first, m[:400])
    kept = from_json(json.loads(json.dumps(to_json(first.state))))
    second = Stream(BASELINE, DEFAULT, kept)
    after = stream_all(second, m[400:])
    notices = [e for step in before + after for e in step.effects if isinstance(e, Notice)]
    assert [n.alert.cue for n in notices] == ["slump"]
    assert notices[0].alert.t_s == pytest.approx(130 + 84, abs=3)


def test_records_hold_the_means_of_what_was_measured() -> None:
    m = measurements(*every(0.5, ("good", 130), ("rounded_shoulders", 100)))
    [rec] = assess_measurements(m, BASELINE, replace(DEFAULT, breaks=BreakSettings(enabled=False))).records
    found = rec.found("protraction_cm")
    assert found is not None
    assert found.mean == pytest.approx(0.7 * 2.6, abs=0.05)
    assert found.valid_share == 1.0
    assert found.spread == 0.4
    assert rec.measured_s == 120.0
