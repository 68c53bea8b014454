"""What outlives a restart: cool-downs, caps, windows and pauses; and what does not."""

from __future__ import annotations

import json
import math
import os
import stat
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.monitor_material import SHORT, Desk, ScriptedJudge, stretches
from posture_cv.assess.policy import Policy
from posture_cv.assess.policy_state import Ledger, PolicyState
from posture_cv.monitor.clock import SystemClock
from posture_cv.monitor.lifecycle import Phase
from posture_cv.monitor.loop import Monitor
from posture_cv.monitor.moment import Moment
from posture_cv.monitor.parts import Options
from posture_cv.monitor.remembering import (
    OLDEST_S,
    Remembered,
    StateSink,
    as_plain,
    policy_for,
    read,
    resumption,
)
from profile_material import a_profile

TICK_S = SHORT.ticks.tick_s


def known(**changes: object) -> Remembered:
    """Something remembered, 1000 s into a run."""
    found = Remembered(
        1000.0, 5e8, 7000.0, "", "desk", TICK_S, PolicyState(tick=2000, started_s=0.0), {3: 17}
    )
    return replace(found, **changes)  # type: ignore[arg-type]


def written(path: Path, found: Remembered) -> Path:
    path.write_text(json.dumps(as_plain(found)))
    return path


def test_a_run_leaves_its_state_for_its_owner_only_and_it_comes_back_whole(tmp_path: Path) -> None:
    path = tmp_path / "state" / "monitor-state.json"
    desk = Desk(stretches(("good", 10.0), ("forward_head", 60.0)), 60.0, SHORT)
    parts = desk.parts()
    with StateSink(path, TICK_S, pytest.fail, up_s=desk.clock.now_s) as sink:
        parts.sinks = [*parts.sinks, sink]
        desk.run(parts)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]
    found = read(path)
    assert found is not None
    assert found.policy == desk.kept.moments[-1].policy
    assert found.policy.ledger.given_s, "there was an alert"
    assert found.keys == {1: 1}
    assert found.profile == "made up"


def test_a_number_that_means_nothing_to_the_next_run_is_not_left_to_it(tmp_path: Path) -> None:
    """An alert that could not be written down yet goes by one below zero."""
    with StateSink(tmp_path / "state.json", TICK_S, pytest.fail) as sink:
        sink.show(Moment(12.0, 5e8, Phase.WATCHING, keys={1: 17, 2: -1}))
    found = read(tmp_path / "state.json")
    assert found is not None
    assert found.keys == {1: 17}


def test_an_alert_is_not_repeated_after_a_restart_within_its_cool_down(tmp_path: Path) -> None:
    script = stretches(("good", 5.0), ("forward_head", 1e6))
    first = Desk(script, 25.0, SHORT)
    parts = first.parts()
    path = tmp_path / "state.json"
    with StateSink(path, TICK_S, pytest.fail, up_s=first.clock.now_s) as sink:
        parts.sinks = [*parts.sinks, sink]
        first.run(parts)
    assert len(first.kept.told()) == 1
    after = read(path)
    assert after is not None
    for remembers in (True, False):
        second = Desk(script, 200.0, SHORT)
        parts = second.parts()
        second.clock.wait(after.t_s + 5.0)
        parts.camera = second.camera = type(second.camera)(second._glimpses(), second.clock, second.lost)
        state = after.policy if remembers else None
        parts.judge = ScriptedJudge(script, SHORT)
        parts.judge.engine.state = state or parts.judge.engine.state
        Monitor(parts, Options(duration_s=25.0)).run()
        assert bool(second.kept.told()) is not remembers


@pytest.mark.parametrize(
    ("wall_s", "up_s", "boot", "begin_s"),
    [
        (5e8 + 60.0, 7060.0, "same", 1060.0),
        (5e8 - 7200.0, 7060.0, "same", 1060.0),  # the clock was set back: uptime tells
        (5e8 + 60.0, 30.0, "other", 1060.0),  # started anew: the wall clock tells
        (5e8 - 60.0, 30.0, "other", 0.0),  # and was set back: nobody can tell
        (5e8 + OLDEST_S + 1.0, 30.0, "other", 0.0),
    ],
)
def test_time_between_two_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wall_s: float, up_s: float, boot: str, begin_s: float
) -> None:
    monkeypatch.setattr("posture_cv.monitor.remembering.boot_id", lambda: boot)
    path = written(tmp_path / "state", known(boot_id="same"))
    found = resumption(path, wall_s, up_s)
    assert found.begin_s == pytest.approx(begin_s)
    assert (found.remembered is not None) == (begin_s > 0)
    clock = SystemClock(found.begin_s)
    assert clock.now_s() == pytest.approx(begin_s, abs=5.0)


def test_a_pause_outlives_what_else_is_too_old(tmp_path: Path) -> None:
    path = written(tmp_path / "state", known(paused_until_wall_s=5e8 + 50_000.0))
    assert resumption(path, 5e8 + 40_000.0, 47_000.0).paused_until_wall_s == 5e8 + 50_000.0
    assert resumption(path, 5e8 + 60_000.0, 67_000.0).paused_until_wall_s is None
    written(path, known(paused_until_wall_s=math.inf))
    assert resumption(path, 5e8 + 60_000.0, 67_000.0).paused_until_wall_s == math.inf


@pytest.mark.parametrize("later_s", [1800.0, 3700.0, 20_000.0])
def test_a_silence_outlives_a_restart_to_its_end(tmp_path: Path, later_s: float) -> None:
    before = known(policy=PolicyState(tick=2000, started_s=0.0, ledger=Ledger(silent_until_s=11_000.0)))
    found = resumption(written(tmp_path / "state", before), 5e8 + later_s, 7000.0 + later_s)
    going_on = policy_for(found.remembered, a_profile("desk"), SHORT, found.lasting)
    silent_s = 0.0 if going_on is None else going_on.ledger.silent_until_s - found.begin_s
    assert max(0.0, silent_s) == pytest.approx(max(0.0, 11_000.0 - before.t_s - later_s))


@pytest.mark.parametrize("later_s", [1800.0, 3700.0, 50_000.0])
def test_back_off_outlives_a_night_and_what_else_is_too_old_does_not(tmp_path: Path, later_s: float) -> None:
    state = PolicyState(tick=2000, started_s=0.0)
    ledger = state.ledger._replace(next_id=9, unheeded=(0, 1, 0, 0, 0), backoff=(4, 1, 1, 1, 8))
    path = written(tmp_path / "state", known(policy=state._replace(ledger=ledger)))
    found = resumption(path, 5e8 + later_s, 7000.0 + later_s)
    going_on = policy_for(found.remembered, a_profile("desk"), SHORT, found.lasting)
    assert going_on is not None
    assert (going_on.ledger.unheeded, going_on.ledger.backoff) == (ledger.unheeded, ledger.backoff)
    if later_s > OLDEST_S:
        begun = Policy.of(SHORT.policy, SHORT.breaks, TICK_S).begin()
        assert going_on._replace(ledger=begun.ledger) == begun
        assert going_on.ledger.next_id == 1


def test_a_remembered_pause_keeps_the_camera_off_from_the_first_moment() -> None:
    desk = Desk(stretches(("good", 1.0)), 60.0)
    parts = desk.parts()
    parts.paused_until_wall_s = parts.clock.wall_s() + 30.0
    desk.run(parts)
    assert desk.kept.moments[0].phase is Phase.PAUSED
    assert desk.open_seconds(0.0, 29.0) == 0.0
    assert desk.kept.moments[-1].phase is Phase.WATCHING


def test_windows_begin_anew_with_another_profile_or_one_made_since_and_what_was_told_stays() -> None:
    state = PolicyState(tick=10, started_s=1.0)
    state = state._replace(ledger=state.ledger._replace(next_id=9, given_s=(3.0,)))
    made = replace(a_profile("desk"), created="1980-01-01T00:00:00+00:00")
    same = policy_for(known(policy=state), made, SHORT)
    assert same == state
    for other in (replace(made, name="home"), replace(made, created="2020-01-01T00:00:00+00:00")):
        new = policy_for(known(policy=state), other, SHORT)
        assert new is not None
        assert new.ledger == state.ledger
        assert new.started_s is None
    assert policy_for(known(policy=state, tick_s=1.0), made, SHORT) is None
    assert policy_for(None, made, SHORT) is None


@pytest.mark.parametrize(
    "content",
    [
        "",
        "null",
        "[]",
        "{}",
        '{"version": 2}',
        "not json",
        json.dumps({**as_plain(known()), "t_s": "soon"}),
        json.dumps({**as_plain(known()), "t_s": -5}),
        json.dumps({**as_plain(known(policy=PolicyState())), "t_s": -5}),
        json.dumps({**as_plain(known()), "t_s": 3.0}),
        json.dumps({**as_plain(known()), "wall_s": math.nan}),
        json.dumps({**as_plain(known()), "policy": {"version": 1}}),
        json.dumps({**as_plain(known()), "keys": 7}),
    ],
)
def test_a_damaged_file_is_as_none(tmp_path: Path, content: str) -> None:
    path = tmp_path / "state"
    path.write_text(content)
    assert read(path) is None
    assert resumption(path).begin_s == 0.0


def test_no_file_a_folder_and_a_huge_one_are_as_none(tmp_path: Path) -> None:
    assert read(tmp_path / "none") is None
    assert read(tmp_path) is None
    huge = written(tmp_path / "huge", known())
    assert read(huge) is not None
    huge.write_text(huge.read_text() + " " * 1_000_000)
    assert read(huge) is None


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes with a name")
def test_a_pipe_into_which_nobody_writes_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert read(tmp_path / "pipe") is None


@settings(max_examples=60)
@given(st.data())
def test_a_file_cut_or_changed_anywhere_never_raises(data: st.DataObject) -> None:
    import tempfile

    text = json.dumps(as_plain(known()))
    place = data.draw(st.integers(0, len(text) - 1))
    changed = text[:place] + data.draw(st.sampled_from(["", "9", '"', "}", "null", "1e999"]))
    changed += text[place + data.draw(st.integers(0, 3)) :] if data.draw(st.booleans()) else ""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "state")
        path.write_text(changed)
        found = read(path)
        assert found is None or math.isfinite(found.t_s)


def test_a_file_that_cannot_be_written_is_said_once(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("in the way")
    said: list[str] = []
    desk = Desk(stretches(("good", 1.0)), 40.0, SHORT)
    parts = desk.parts()
    parts.sinks = [StateSink(tmp_path / "state" / "file", TICK_S, said.append, up_s=desk.clock.now_s)]
    desk.run(parts)
    assert len(said) == 1
    assert "restart" in said[0]
