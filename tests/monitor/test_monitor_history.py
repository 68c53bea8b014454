"""The history: nothing lost, nothing doubled, days are the user's own, and what is deleted is gone."""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import sqlite3
import stat
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from cli_runner import Cli
from monitor.monitor_material import Desk, stretches
from posture_cv.assess.answers import Response
from posture_cv.assess.policy_state import Ledger, PolicyState
from posture_cv.assess.records import Record
from posture_cv.assess.settings import CUES, AssessSettings, BreakSettings
from posture_cv.assess.types import Alert, Episode, State
from posture_cv.atomic import private_folder
from posture_cv.cli import cli
from posture_cv.guidance.adviser import Adviser
from posture_cv.guidance.catalogue import load_catalogue
from posture_cv.history.days import day_lines, day_summaries
from posture_cv.history.figures import best_and_worst_hour, by_state, hour_lengths_s, spans, total
from posture_cv.history.gather import LONGEST_STEP_S, Gatherer
from posture_cv.history.read import TABLES, Minute, Reader
from posture_cv.history.remove import delete_all
from posture_cv.history.report import material, render
from posture_cv.history.schema import (
    HistoryError,
    HistoryInUseError,
    HistoryShutError,
    connect,
    history_file,
)
from posture_cv.history.store import History
from posture_cv.local_time import offset_s
from posture_cv.measure.types import Reason
from posture_cv.monitor import commands as cmd
from posture_cv.monitor.assembling import adviser_for
from posture_cv.monitor.backlog import Backlog
from posture_cv.monitor.clock import uptime_s
from posture_cv.monitor.control.server import ControlServer
from posture_cv.monitor.keeping import HistorySink
from posture_cv.monitor.lifecycle import Phase
from posture_cv.monitor.loop import Monitor
from posture_cv.monitor.moment import Moment
from posture_cv.monitor.parts import Options
from posture_cv.monitor.ports import Surroundings
from posture_cv.monitor.remembering import Remembered, as_plain, boot_id, resumption, state_file
from posture_cv.monitor.status import StatusBoard
from posture_cv.output.notify import Delivery
from posture_cv.paths import runtime_dir, settings_file
from zones import BERLIN, needs_zones, zone

SETTINGS = AssessSettings()
SETTINGS = replace(
    SETTINGS, policy=SETTINGS.policy.alert_after(10.0), breaks=replace(SETTINGS.breaks, enabled=False)
)
WALL_S = 1_700_000_000.0
DAY = date(2023, 11, 14)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "history.sqlite3"


def recorded(path: Path, desk: Desk, days: int = 90) -> list[str]:
    """Run the desk with a history; what was noted."""
    notes: list[str] = []
    parts = desk.parts()
    sink = HistorySink(History(path), notes.append, source="made up", profile="p", days=days)
    with sink:
        parts.sinks = [desk.kept, sink]
        parts.book = sink
        desk.run(parts)
        sink.delivered(1, Delivery(by="test server"))
    return notes


def test_a_run_is_written_down_to_the_second(path: Path) -> None:
    desk = Desk(
        stretches(("good", 30.0), ("forward_head", 40.0), ("good", 30.0), ("away", 90.0), ("good", 20.0)),
        210.0,
        SETTINGS,
    )
    assert recorded(path, desk) == []
    with Reader(path) as reader:
        minutes = reader.minutes(0, 99999)
        alerts = reader.alerts(0, 99999)
        breaks = reader.breaks(0, 99999)
        _, sessions = reader.table("sessions")
        _, episodes = reader.table("episodes")
    sums = by_state(minutes)
    assert sum(sums.values()) == pytest.approx(210.0, abs=3.0)
    assert sums["forward_head"] == pytest.approx(40.0, abs=4.0)
    assert sums["away"] == pytest.approx(90.0, abs=5.0)
    assert all(minute.seconds <= 60.0 + 1e-6 for minute in minutes)
    alert = alerts[0]
    assert (alert.cue, alert.delivered) == ("forward_head", "test server")
    recovered = [a.recovered_s for a in alerts if a.cue == "forward_head"]
    assert None not in recovered, "every notification of the bout"
    assert all(after is not None and 0.0 < after < 40.0 for after in recovered)
    left_s = {round(a.time_s + a.recovered_s) for a in alerts if a.recovered_s is not None}
    assert max(left_s) - min(left_s) <= 1, "one posture, left once"
    assert alert.record["cue"] == "forward_head"
    (pause,) = breaks
    assert pause.seconds == pytest.approx(90.0, abs=5.0)
    assert [row[3] for row in sessions] == [1], "it ended in good order"
    assert {row[2] for row in episodes} >= {"good", "forward_head", "away"}
    assert episodes[-1][2] == "good", "the one that was open at the end, too"
    assert sum(row[5] - row[4] for row in episodes) == pytest.approx(210.0, abs=1.0)


def test_only_the_owner_can_read_it_and_a_link_is_not_followed(path: Path, tmp_path: Path) -> None:
    with closing(History(path)) as history:
        history.begin_session(WALL_S, "p", "c")
        for file in path.parent.iterdir():
            assert stat.S_IMODE(file.stat().st_mode) == 0o600, file
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    victim = tmp_path / "victim"
    victim.write_text("mine")
    link = tmp_path / "data" / "link.sqlite3"
    link.symlink_to(victim)
    with pytest.raises(Exception, match="Cannot write"):
        History(link)
    assert victim.read_text() == "mine"


@pytest.mark.skipif(os.name != "posix", reason="rights as POSIX systems have them")
def test_a_history_that_others_may_read_is_closed_to_them(path: Path) -> None:
    with closing(History(path)) as history:
        history.begin_session(WALL_S, "p", "c")
    path.chmod(0o644)
    with closing(History(path)):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_session_does_not_end_before_it_began_where_the_clock_is_set_back(path: Path) -> None:
    with closing(History(path)) as history:
        history.begin_session(WALL_S, "p", "c")
        history.save(WALL_S + 60.0, {}, [], [])
        history.save(WALL_S - 3600.0, {}, [], [])
    with Reader(path) as reader:
        columns, rows = reader.table("sessions")
    assert [row[columns.index("ended_s")] for row in rows] == [WALL_S + 60.0]


def test_wrong_answers_raise_a_threshold_in_the_running_monitor(path: Path) -> None:
    settings = replace(
        SETTINGS, policy=replace(SETTINGS.policy, cue_cooldown_s=5.0, global_cooldown_s=5.0, cap_per_hour=100)
    )
    desk = Desk(stretches(("forward_head", 1.0)), 120.0, settings)
    parts = desk.parts()
    sink = HistorySink(History(path), lambda _: None, source="made up", profile="p", days=90)
    with sink:
        parts.sinks = [desk.kept, sink]
        parts.book = sink

        class Annoyed(type(desk.kept)):  # type: ignore[misc]
            def show(self, moment: object) -> None:
                for said in moment.said:  # type: ignore[attr-defined]
                    parts.commands.put(cmd.Answer(said.key, "wrong"))

        parts.sinks.append(Annoyed())
        desk.run(parts)
        factor = parts.judge.settings.policy.threshold_factor[CUES.index("forward_head")]
        assert factor > 1.0
        assert parts.judge.settings.thresholds.neck_severe_deg == pytest.approx(14.0 * factor)
        with closing(History(path)) as history:
            assert history.factors(desk.clock.wall_s())[CUES.index("forward_head")] == factor
            history.reset_factors()
            assert history.factors(desk.clock.wall_s()) == (1.0,) * len(CUES)
        parts.commands.put(cmd.ResetFeedback())
        Monitor(parts, Options(duration_s=0.0)).run()
        assert parts.judge.settings.policy.threshold_factor == (1.0,) * len(CUES)
        assert parts.judge.settings.thresholds.neck_severe_deg == 14.0


def test_the_same_answers_given_again_raise_nothing_again(path: Path) -> None:
    with closing(History(path)) as history:
        history.begin_session(WALL_S, "p", "c")
        told = Alert(100.0, "slump", "notice", 84.0, 0.8, 120.0, 1.5, 1.0)
        keys = [history.alert(Record(number, told), {}, WALL_S + number) for number in range(4)]

        def factor(answer: Response, at_s: float) -> float:
            for key in keys:
                history.answer(key, answer, WALL_S + at_s)
            return history.factors(WALL_S + at_s)[CUES.index("slump")]

        once = factor("wrong", 100.0)
        assert once > 1.0
        assert factor("wrong", 200.0) == once
        factor("right", 300.0)
        assert factor("wrong", 400.0) == once, "what was taken back and said again is no news"
    with Reader(path) as reader:
        assert [reader.alert(key).answers for key in keys] == [("wrong",)] * 4


def test_thresholds_are_put_back_and_other_answers_stay(path: Path) -> None:
    with closing(History(path)) as history:
        history.begin_session(WALL_S, "p", "c")
        told = Alert(100.0, "slump", "notice", 84.0, 0.8, 120.0, 1.5, 1.0)
        for number in range(4):
            key = history.alert(Record(number, told), {}, WALL_S + number)
            history.answer(key, "ignored", WALL_S + number)
            history.answer(key, "wrong", WALL_S + number)
        assert history.factors(WALL_S + 10.0)[CUES.index("slump")] > 1.0
        history.reset_factors()
        assert history.factors(WALL_S + 20.0) == (1.0,) * len(CUES)
    with Reader(path) as reader:
        assert [row[3] for row in reader.table("answers")[1]] == ["ignored"] * 4


def test_what_is_old_goes_and_what_is_young_stays(path: Path) -> None:
    with closing(History(path)) as history:
        history.begin_session(WALL_S, "p", "c")
        for age_days in (0, 10, 40, 100):
            key = (int(WALL_S - age_days * 86400) // 60 * 60, 0, "good", "")
            history.save(WALL_S, {key: 5.0}, [], [(key[0], key[0] + 70.0, 0)])
        history.prune(WALL_S, 30)
    with Reader(path) as reader:
        assert len(reader.minutes(0, 99999)) == 2
        assert len(reader.breaks(0, 99999)) == 2


def test_what_has_grown_old_cannot_be_read_in_the_file_any_more(path: Path) -> None:
    words, told = (
        {"text": "nobody is to read this"},
        Alert(100.0, "slump", "notice", 84.0, 0.8, 120.0, 1.5, 1.0),
    )
    with closing(History(path)) as history:
        history.begin_session(WALL_S, "p", "c")
        for _ in range(200):
            history.alert(Record(1, told), words, WALL_S)
    assert words["text"].encode() in path.read_bytes()
    with closing(History(path)) as history:
        history.prune(WALL_S + 86400.0 * 31, 30)
    assert [file.name for file in path.parent.iterdir()] == [path.name]
    assert words["text"].encode() not in path.read_bytes()


@pytest.mark.parametrize(("hours", "kept_s"), [(0.5, 5.0), (3.0, 0.0)])
def test_a_clock_set_ahead_for_a_moment_makes_nothing_old(path: Path, hours: float, kept_s: float) -> None:
    """Somebody tries another date, or the clock is wrong until the network is there."""
    with HistorySink(History(path), pytest.fail, source="s", profile="p", days=90) as sink:
        for second in range(0, 6 * 3600, 60):
            ahead_s = 86400.0 * 365 if 3600 <= second < 3600 + hours * 3600 else 0.0
            sink.show(Moment(float(second), WALL_S + second + ahead_s, Phase.WATCHING))
            if second == 0:
                with closing(History(path)) as history:
                    history.save(WALL_S, {(int(WALL_S) // 60 * 60 - 86400, 0, "good", ""): 5.0}, [], [])
    with Reader(path) as reader:
        assert by_state(reader.minutes(0, 99999)).get("good", 0.0) == kept_s


def test_thresholds_stay_raised_while_the_history_cannot_be_read(path: Path) -> None:
    class Held(History):
        held = False

        def factors(self, wall_s: float) -> tuple[float, ...]:
            if self.held:
                raise HistoryInUseError("The history is in use.", "database is locked.")
            return super().factors(wall_s)

    with closing(History(path)) as history:
        history.begin_session(WALL_S, "p", "c")
        for number in range(10):
            told = Alert(100.0, "slump", "notice", 84.0, 0.8, 120.0, 1.5, 1.0)
            history.answer(history.alert(Record(number, told), {}, WALL_S), "wrong", WALL_S + 1.0)
    held, notes = Held(path), list[str]()
    with HistorySink(held, notes.append, source="s", profile="p", days=90) as sink:
        raised = sink.factors(WALL_S + 2.0)
        held.held = True
        assert sink.factors(WALL_S + 3.0) == raised
    assert max(raised) > 1.0
    assert notes == ["(the history cannot be written: database is locked; it is tried again)"]


def test_a_full_disk_is_noted_once_and_nothing_is_lost_when_it_is_free_again(path: Path) -> None:
    desk = Desk(stretches(("good", 1.0)), 60.0, SETTINGS)
    parts = desk.parts()
    notes: list[str] = []
    history = History(path)
    save, calls = history.save, []

    def failing(*args: object, **more: object) -> None:
        calls.append(1)
        if 2 <= len(calls) <= 6:
            raise sqlite3.OperationalError("database or disk is full")
        save(*args, **more)  # type: ignore[arg-type]

    history.save = failing  # type: ignore[method-assign]
    with HistorySink(history, notes.append, source="s", profile="p", days=90) as sink:
        parts.sinks = [sink]
        desk.run(parts)
    assert len(notes) == 1
    assert "disk is full" in notes[0]
    with Reader(path) as reader:
        assert sum(by_state(reader.minutes(0, 99999)).values()) == pytest.approx(60.0, abs=2.0)


def test_a_disk_that_is_full_is_said_again_where_the_clock_was_set_back(path: Path) -> None:
    class Full(History):
        def save(self, *_: object, **__: object) -> None:
            raise sqlite3.OperationalError("database or disk is full")

    notes = list[str]()
    with HistorySink(Full(path), notes.append, source="s", profile="p", days=90) as sink:
        for second, wall_s in ((0.0, WALL_S), (10.0, WALL_S + 10.0), (20.0, WALL_S - 86400.0)):
            sink.show(Moment(second, wall_s, Phase.WATCHING))
    assert len(notes) == 2


def test_of_acts_that_wait_the_latest_are_kept() -> None:
    done: list[int] = []
    may = [False]

    def attempt(act: Callable[[], object]) -> bool:
        if may[0]:
            act()
        return may[0]

    backlog = Backlog(attempt)
    for number in range(6000):
        assert not backlog.do(partial(done.append, number))
    may[0] = True
    assert backlog.do(partial(done.append, 6000))
    assert done == [*range(1000, 6000), 6000]


def test_a_session_that_could_not_be_written_at_once_is_begun_later(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    history, begin, notes = History(path), History.begin_session, list[str]()
    tries = iter([sqlite3.OperationalError("database is locked")])

    def held_at_first(self: History, *what: object) -> None:
        for error in tries:
            raise error
        begin(self, *what)  # type: ignore[arg-type]

    monkeypatch.setattr(History, "begin_session", held_at_first)
    desk = Desk(stretches(("good", 1.0)), 20.0, SETTINGS, rate_hz=2.0)
    parts = desk.parts()
    with HistorySink(history, notes.append, source="s", profile="p", days=90) as sink:
        parts.sinks = [sink]
        desk.run(parts)
    assert len(notes) == 1
    with Reader(path) as reader:
        _, sessions = reader.table("sessions")
    assert len(sessions) == 1


def test_of_episodes_that_cannot_be_written_for_days_the_latest_are_kept(path: Path) -> None:
    class Held(History):
        held = True

        def begin_session(self, wall_s: float, profile: str, camera: str) -> None:
            if self.held:
                raise HistoryInUseError("The history is in use.", "database is locked.")
            super().begin_session(wall_s, profile, camera)

    held = Held(path)
    with HistorySink(held, lambda _: None, source="s", profile="p", days=90) as sink:
        for k in range(6000):
            over = Episode(State.GOOD, float(k), k + 1.0, 0.5, Reason.OK)
            sink.show(Moment(k + 1.0, WALL_S + k + 1.0, Phase.WATCHING, episodes=(over,)))
        held.held = False
    with Reader(path) as reader:
        columns, rows = reader.table("episodes")
    starts = sorted(row[columns.index("start_s")] - WALL_S for row in rows)
    assert starts == [float(k) for k in range(1000, 6000)]


@given(st.lists(st.floats(0.0, 20.0), max_size=60), st.integers(-50_000, 50_000))
def test_gathered_seconds_are_those_that_were_watched(steps: list[float], offset_s: int) -> None:
    gatherer, t_s = Gatherer(), 0.0
    gatherer.moment(0.0, WALL_S, offset_s, ("good", ""), away=False)
    for step in steps:
        t_s += step
        gatherer.moment(t_s, WALL_S + t_s, offset_s, ("good", ""), away=False)
    minutes, _ = gatherer.take()
    assert sum(minutes.values()) == pytest.approx(sum(s for s in steps if s <= LONGEST_STEP_S))
    assert gatherer.take() == ({}, [])


def test_a_step_over_the_end_of_a_minute_belongs_where_most_of_it_lies() -> None:
    gatherer, minute_s = Gatherer(), int(WALL_S) // 60 * 60
    for t_s in (58.0, 61.0, 119.0, 121.5):
        gatherer.moment(t_s, minute_s + t_s, 0, ("good", ""), away=False)
    minutes, _ = gatherer.take()
    assert minutes == {(minute_s, 0, "good", ""): 3.0, (minute_s + 120, 0, "good", ""): 2.5}


def test_a_wall_clock_that_jumps_doubles_and_loses_nothing() -> None:
    gatherer = Gatherer()
    for t_s in range(100):
        jump_s = -7200.0 if 30 <= t_s < 60 else 0.0
        gatherer.moment(float(t_s), WALL_S + t_s + jump_s, 0, ("good", ""), away=False)
    minutes, _ = gatherer.take()
    assert sum(minutes.values()) == pytest.approx(99.0)


def test_days_are_the_users_own(path: Path) -> None:
    """A minute before midnight in Kiritimati (UTC+14) belongs to that day, not to UTC's."""
    local = datetime(2023, 11, 14, 23, 59, tzinfo=UTC).timestamp()
    with closing(History(path)) as history:
        history.begin_session(WALL_S, "p", "c")
        history.save(WALL_S, {(int(local) - 50_400, 50_400, "good", ""): 60.0}, [], [])
    day = (DAY - date(1970, 1, 1)).days
    with Reader(path) as reader:
        assert len(reader.minutes(day, day)) == 1
        assert not reader.minutes(day - 1, day - 1)


def test_figures() -> None:
    minutes = [Minute(h * 3600, "good", "", 1800.0) for h in (9, 10)]
    minutes += [
        Minute(9 * 3600, "forward_head", "", 1800.0),
        Minute(10 * 3600, "turned", "head_turned", 600.0),
    ]
    whole = total(minutes)
    assert (whole.good, whole.poor, whole.untold) == (3600.0, 1800.0, 600.0)
    assert whole.share_good == pytest.approx(2 / 3)
    assert best_and_worst_hour(minutes) == ((10, 1.0), (9, 0.5))
    little = Minute(11 * 3600, "slump", "", 599.0)
    assert best_and_worst_hour([*minutes, little]) == ((10, 1.0), (9, 0.5)), "too little to be the worst"
    alike = [Minute(h * 3600, state, "", 1800.0) for h in (9, 10) for state in ("good", "slump")]
    assert best_and_worst_hour(alike) is None, "neither is better"
    assert list(spans(minutes, 3600)) == [9, 10]


def test_the_hour_that_autumn_repeats_is_as_long_as_two() -> None:
    summer, winter = Minute(7200, "good", "", 60.0, 7200), Minute(7200, "good", "", 60.0, 3600)
    assert hour_lengths_s([summer, winter, replace(winter, local_s=10800)]) == {2: 7200, 3: 3600}


def test_the_share_of_good_stands_over_the_middle_of_its_hour_where_enough_was_measured(path: Path) -> None:
    day_s = int(datetime(2023, 11, 14, tzinfo=UTC).timestamp())
    watched = {"good": ((9, 30.0), (18, 59.0)), "slump": ((9, 30.0), (18, 0.5))}
    minutes = {
        (day_s + 3600 * hour, 0, state, ""): seconds
        for state, hours in watched.items()
        for hour, seconds in hours
    }
    with closing(History(path)) as history:
        history.begin_session(WALL_S, "p", "c")
        history.save(WALL_S, minutes, [], [])
    with Reader(path) as reader:
        page = render(material(reader, "today", DAY), datetime(2023, 11, 14, 23, tzinfo=UTC))
    found = re.findall(r'<circle cx="([^"]*)" cy="([^"]*)"[^>]*><title>([^<]*)</title>', page)
    ((x, y, text),) = found
    assert (float(x), float(y)) == pytest.approx((50 + 840 * 9.5 / 24, 100.0), abs=0.1)
    assert text == "09:00: 50 % good"


def autumn(path: Path) -> None:
    """The night in which Berlin sets its clocks back, half of it watched in each of the two hours, by the minute."""
    utc_s = datetime(2026, 10, 24, 23, tzinfo=UTC).timestamp()
    gatherer, told = Gatherer(), Alert(100.0, "slump", "notice", 84.0, 0.8, 120.0, 1.5, 1.0)
    with zone(BERLIN), closing(History(path)) as history:
        history.begin_session(utc_s, "p", "c")
        for k in range(0, 4 * 3600, 5):
            label = ("good", "") if k < 2 * 3600 else ("slump", "")
            gatherer.moment(float(k), utc_s + k, offset_s(utc_s + k), label, away=False)
        for number, hour in enumerate((1, 2)):
            history.alert(Record(number, told), {}, utc_s + hour * 3600 + 1800)
        minutes, breaks = gatherer.take()
        history.save(utc_s, minutes, [], breaks)


@needs_zones
def test_the_hour_that_autumn_repeats_is_shown_twice(path: Path) -> None:
    autumn(path)
    with Reader(path) as reader:
        day = material(reader, "today", date(2026, 10, 25))
        page = render(day, datetime(2026, 10, 25, 23, tzinfo=UTC))
        week = render(material(reader, "week", date(2026, 10, 25)), datetime(2026, 10, 25, 23, tzinfo=UTC))
        shown = day_summaries(reader, date(2026, 10, 25), 1)
    labels = re.findall(r">(\d\d:00[^<]*)</text>", page.partition("Share of good posture")[0])
    assert labels == ["01:00 UTC+2", "02:00 UTC+2", "02:00 UTC+1", "03:00 UTC+1"], (
        "as they came, nothing else"
    )
    assert page.count("<title>02:15 UTC+2 good</title>") == 1
    assert page.count("<title>02:15 UTC+1 slumping</title>") == 1
    assert len(re.findall("<title>0", page.partition("Time per state")[0])) == 240, "a cell a minute"
    for text in ("Sun 02:30 UTC+2", "Sun 02:30 UTC+1"):
        assert text in page
    assert [alert["at"] for alert in shown[0]["alerts"]] == [
        "2026-10-25T02:30:00+02:00",
        "2026-10-25T02:30:00+01:00",
    ]
    assert [line.split()[1:3] for line in day_lines(shown)[1:]] == [["02:30", "UTC+2"], ["02:30", "UTC+1"]]
    heights = [float(h) / 31 for h in re.findall(r'x="130" y="[^"]*" width="33" height="([^"]*)"', week)]
    assert heights == pytest.approx([0.5, 0.5], abs=0.01), "both hours within the cell of their day"


@needs_zones
def test_explain_says_which_of_two_hours(users: Path) -> None:
    users.unlink()
    autumn(users)
    run = CliRunner().invoke
    assert "25 October, 02:30 UTC+2:" in run(cli, ["explain", "1"]).output
    assert "25 October, 02:30 UTC+1:" in run(cli, ["explain", "2"]).output


def test_an_hour_that_somebody_made_longer_stays_in_its_cell(path: Path) -> None:
    """The clock was set back by hand: two hours that cannot be told apart."""
    minutes = {(int(WALL_S) // 3600 * 3600 + 60 * k, 0, "good", ""): 120.0 for k in range(60)}
    with closing(History(path)) as history:
        history.begin_session(WALL_S, "p", "c")
        history.save(WALL_S, minutes, [], [])
    with Reader(path) as reader:
        page = render(material(reader, "week", DAY), datetime(2023, 11, 14, 23, tzinfo=UTC))
    assert max(float(h) for h in re.findall(r'width="33" height="([^"]*)"', page)) <= 31.0


def test_an_absence_over_a_flight_began_on_the_clock_at_home() -> None:
    gatherer = Gatherer()
    gatherer.moment(0.0, WALL_S, 9 * 3600, ("good", ""), away=False)
    gatherer.moment(40_000.0, WALL_S + 40_000.0, -8 * 3600, ("good", ""), away=False)
    assert gatherer.take()[1] == [(WALL_S, WALL_S + 40_000.0, 9 * 3600)]


def test_a_day_of_which_only_an_alert_is_known_is_shown(path: Path) -> None:
    """A monitor that is killed may have written no more of the day."""
    told = Alert(100.0, "slump", "notice", 84.0, 0.8, 120.0, 1.5, 1.0)
    with closing(History(path)) as history:
        history.begin_session(WALL_S, "p", "c")
        history.alert(Record(1, told), {"seen": "You slump."}, WALL_S)
    with Reader(path) as reader:
        assert [day["posture_alerts"] for day in day_summaries(reader, DAY, 1)] == [1]
        page = render(material(reader, "today", DAY), datetime(2023, 11, 14, 23, tzinfo=UTC))
        lines = day_lines(day_summaries(reader, DAY, 1))
    assert "You slump." in page
    assert "<td>slumping (notice)" in page
    assert lines[1].endswith(" slumping (notice)"), "as everywhere else"


def noted(path: Path, *told: tuple[str, int, float | None]) -> str:
    """The page of a day with these alerts: cue, number of the reminder, seconds until the posture was left."""
    with closing(History(path)) as history:
        history.begin_session(WALL_S, "p", "c")
        history.save(WALL_S, {(int(WALL_S) // 60 * 60, 0, "good", ""): 60.0}, [], [])
        for number, (cue, repeat, after_s) in enumerate(told):
            alert = Alert(100.0, cue, "notice", 84.0, 0.8, 120.0, 1.5, 1.0, repeat)
            key = history.alert(Record(number, alert), {}, WALL_S + number)
            if after_s is not None:
                history.recovered(key, after_s)
    with Reader(path) as reader:
        return render(material(reader, "today", DAY), datetime(2023, 11, 14, 23, tzinfo=UTC))


def test_so_many_days_end_with_today(path: Path) -> None:
    today = date(2026, 5, 3)
    with closing(History(path)) as history:
        history.begin_session(WALL_S, "p", "c")
        for day in (1, 2, 3):
            noon_s = int(datetime(2026, 5, day, 12, tzinfo=UTC).timestamp())
            history.save(WALL_S, {(noon_s, 0, "good", ""): 60.0}, [], [])
    with Reader(path) as reader:
        assert [day["day"] for day in day_summaries(reader, today, 2)] == ["2026-05-03", "2026-05-02"]


def test_the_time_to_recover_is_measured_from_the_first_alert_of_a_bout(path: Path) -> None:
    page = noted(
        path,
        ("slump", 0, 1800.0),
        ("slump", 1, 1200.0),
        ("slump", 2, 20.0),
        ("shrug", 0, 600.0),
        ("slump", 0, None),
    )
    assert "<b>20 min</b>median time to recover" in page, "between 10 and 30"


@pytest.mark.parametrize(
    ("answers", "after_s", "meant"),
    [
        (("ignored",), None, ("ignored",)),
        (("ignored",), 200.0, ("ignored",)),
        (("ignored",), 15.0, ()),
        (("ignored", "wrong"), 200.0, ("wrong",)),
        (("dismissed",), 15.0, ("dismissed",)),
    ],
)
def test_an_expiry_is_not_shown_as_ignored_where_the_user_said_or_did_otherwise(
    path: Path, answers: tuple[Response, ...], after_s: float | None, meant: tuple[str, ...]
) -> None:
    noted(path, ("slump", 0, after_s))
    with closing(History(path)) as history:
        for answer in answers:
            history.answer(1, answer, WALL_S + 10.0)
    with Reader(path) as reader:
        assert reader.alert(1).meant == meant
        assert day_summaries(reader, DAY, 1)[0]["alerts"][0]["answers"] == list(meant)


def test_prompts_are_no_alerts_about_a_posture(users: Path, path: Path) -> None:
    page = noted(path, ("stillness", 0, None), ("break", 0, None))
    assert "<b>0</b>alerts about a posture" in page
    assert "<b>2</b>prompts" in page
    with Reader(path) as reader:
        found = day_summaries(reader, DAY, 1)
        with pytest.raises(HistoryError, match="no alert about a posture"):
            reader.alert(None, CUES)
    assert (found[0]["posture_alerts"], found[0]["prompts"]) == (0, 2)
    assert "0 alerts, 2 prompts, 0 breaks" in day_lines(found)[0]


def test_what_the_policy_takes_for_a_break_is_one_on_the_page(path: Path) -> None:
    asleep = Desk(
        stretches(("good", 1e6)),
        1200.0,
        SETTINGS,
        rate_hz=2.0,
        around=lambda t: Surroundings(asleep=100.0 < t < 900.0),
    )
    recorded(path, asleep)
    assert asleep.kept.moments[-1].policy.breaks.sitting_s == pytest.approx(300.0, abs=5.0), "a full break"
    with Reader(path) as reader:
        (pause,) = reader.breaks(0, 99999)
    assert pause.seconds == pytest.approx(800.0, abs=10.0)


@pytest.mark.parametrize(
    ("steps", "count"), [((1.0, 2700.0, 1.0), 1), ((1.0, 40.0, 1.0), 0), ((1.0, 2700.0), 1)]
)
def test_a_suspended_system_is_a_break(steps: tuple[float, ...], count: int) -> None:
    gatherer, t_s = Gatherer(), 0.0
    gatherer.moment(0.0, WALL_S, 0, ("good", ""), away=False)
    for step in steps:
        t_s += step
        gatherer.moment(t_s, WALL_S + t_s, 0, ("good", ""), away=False)
    _, breaks = gatherer.take()
    assert [end_s - start_s for start_s, end_s, _ in breaks] == [2700.0] * count


def test_breaks_are_as_long_as_the_settings_say(path: Path) -> None:
    gatherer = Gatherer(break_s=20.0)
    for t_s, away in ((0.0, False), (5.0, True), (35.0, False), (40.0, True), (140.0, False), (145.0, True)):
        for step in range(5):  # moments come at least every ten seconds
            gatherer.moment(t_s + step, WALL_S + t_s + step, 0, ("good", ""), away=away)
    with closing(History(path)) as history:
        history.begin_session(WALL_S, "p", "c")
        minutes, breaks = gatherer.take()
        history.save(WALL_S, minutes, [], breaks)
    lengths = BreakSettings(micro_absence_s=20.0, long_absence_s=90.0)
    with Reader(path) as reader:
        page = render(material(reader, "today", DAY, lengths), datetime(2023, 11, 14, 23, tzinfo=UTC))
    assert "2 of 20 s or more, 1 of them full (1 min 30 s or more)" in page
    assert page.count("(full)") == 1
    assert "<b>2</b>breaks of 20 s or more" in page


def test_the_report_knows_the_settings(users: Path) -> None:
    with closing(History(users)) as history:
        history.save(time.time(), {(int(time.time()) // 60 * 60, 0, "good", ""): 60.0}, [], [])
    private_folder(settings_file().parent)
    settings_file().write_text("[breaks]\nmicro_absence_s = 200\nlong_absence_s = 400\n")
    done = CliRunner().invoke(cli, ["report", "today", "--no-open"])
    assert done.exit_code == 0, done.output
    assert "breaks of 3 min 20 s or more" in (users.parent / "reports" / "today.html").read_text("utf-8")


def test_what_is_much_is_summed_up_and_folded(path: Path) -> None:
    few = noted(path, ("slump", 0, 600.0), ("slump", 0, 60.0), ("shrug", 0, None))
    with closing(History(path)) as history:
        history.answer(1, "right", WALL_S)
    assert "<details open>" in few
    assert '<td>slumping</td><td class="n">2</td><td class="n">5 min 30 s</td>' in few
    many = noted(path, *[("slump", 0, None)] * 13)
    assert '<td class="n">15</td>' in many
    assert '<td class="n">1</td><td class="n">\N{EN DASH}</td></tr>' in many, (
        "one was called right, none wrong"
    )
    assert "<details open>" not in many


def test_ten_years_are_read_at_once(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A question a day took minutes."""
    noted(path, ("slump", 0, None))
    asked: list[tuple[int, int]] = []
    minutes = Reader.minutes

    def counted(reader: Reader, first_day: int, last_day: int) -> list[Minute]:
        asked.append((first_day, last_day))
        return minutes(reader, first_day, last_day)

    monkeypatch.setattr(Reader, "minutes", counted)
    with Reader(path) as reader:
        (day,) = day_summaries(reader, DAY, 3650)
    assert (day["day"], day["posture_alerts"], day["measured_s"]) == ("2023-11-14", 1, 60.0)
    assert len(asked) == 1


@needs_zones
def test_a_month_has_several_mondays(path: Path) -> None:
    told = Alert(100.0, "slump", "notice", 84.0, 0.8, 120.0, 1.5, 1.0)
    day_s = datetime(2023, 11, 14, 10, 30, tzinfo=UTC).timestamp()
    with closing(History(path)) as history, zone("UTC0"):
        history.begin_session(day_s, "p", "c")
        for weeks in range(3):
            history.alert(Record(weeks, told), {}, day_s - weeks * 7 * 86400)
            history.save(day_s, {}, [], [(day_s - weeks * 7 * 86400, day_s - weeks * 7 * 86400 + 70, 0)])
    now = datetime(2023, 11, 14, 23, tzinfo=UTC)
    with Reader(path) as reader:
        month, week = (render(material(reader, period, DAY), now) for period in ("month", "week"))
    for day in ("Tue 31 Oct", "Tue 07 Nov", "Tue 14 Nov"):
        assert month.count(f"{day} 10:30") == 2, "an alert and a break"
    assert week.count("Tue 10:30") == 2


@pytest.mark.parametrize("period", ["today", "week", "month"])
def test_the_page_is_self_contained(path: Path, period: str) -> None:
    desk = Desk(
        stretches(("good", 60.0), ("forward_head", 60.0), ("turned", 60.0), ("good", 60.0)), 240.0, SETTINGS
    )
    recorded(path, desk)
    with Reader(path) as reader:
        page = render(material(reader, period, DAY), datetime(2023, 11, 14, 23, tzinfo=UTC))  # type: ignore[arg-type]
    assert not re.search(r"https?://|src=|@import|url\(", page), "nothing is loaded from anywhere"
    for text in ("forward head", "Timeline", "Breaks", "Not measured", "head turned", "<svg"):
        assert text in page


def test_words_of_an_alert_cannot_become_markup(path: Path) -> None:
    desk = Desk(stretches(("forward_head", 1.0)), 30.0, SETTINGS)
    recorded(path, desk)
    with closing(connect(path, create=False)) as db:
        db.execute("UPDATE alerts SET words = ?", (json.dumps({"seen": "<script>alert(1)</script>"}),))
    with Reader(path) as reader:
        page = render(material(reader, "today", DAY), datetime(2023, 11, 14, tzinfo=UTC))
    assert "<script>" not in page


def test_a_restart_knows_what_was_said_today(path: Path) -> None:
    told = Alert(100.0, "slump", "notice", 84.0, 0.8, 120.0, 1.5, 1.0)
    morning = Adviser(load_catalogue())
    with closing(History(path)) as history:
        history.begin_session(WALL_S, "p", "c")
        for number, repeat in enumerate((0, 1, 0)):
            alert = replace(told, repeat=repeat)
            history.alert(Record(number, alert), morning.words(alert, DAY.toordinal()), WALL_S + number)
        history.alert(Record(9, replace(told, cue="recalibrate")), {"seen": "moved"}, WALL_S + 9.0)
    with HistorySink(History(path), pytest.fail, source="s", profile="p", days=90) as sink:
        again = adviser_for(sink, WALL_S + 60.0, pytest.fail)
        tomorrow = adviser_for(sink, WALL_S + 86400.0, pytest.fail)
    straight_on = morning.words(told, DAY.toordinal())
    assert again.words(told, DAY.toordinal()) == straight_on
    assert "3rd time today" in straight_on["seen"]
    assert "time today" not in tomorrow.words(told, DAY.toordinal() + 1)["seen"]


@pytest.fixture(scope="module")
def a_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The history of one run; to be copied."""
    path = tmp_path_factory.mktemp("run") / "data" / "history.sqlite3"
    recorded(path, Desk(stretches(("good", 30.0), ("forward_head", 60.0)), 80.0, SETTINGS))
    return path


@pytest.fixture
def users(a_run: Path) -> Path:
    """Such a run as the user's own history, a new one for each test."""
    private_folder(history_file().parent)
    for file in a_run.parent.iterdir():
        shutil.copy(file, history_file().parent)
    return history_file()


def test_export_holds_everything(users: Path, tmp_path: Path) -> None:
    run = CliRunner().invoke
    assert run(cli, ["history", "export", "--out", str(tmp_path / "h.json")]).exit_code == 0
    plain = json.loads((tmp_path / "h.json").read_text())
    assert plain["alerts"][0]["record"]["cue"] == "forward_head"
    assert stat.S_IMODE((tmp_path / "h.json").stat().st_mode) == 0o600
    assert run(cli, ["history", "export", "--format", "csv", "--out", str(tmp_path / "c")]).exit_code == 0
    with (tmp_path / "c" / "minutes.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert sum(float(row["seconds"]) for row in rows) == pytest.approx(80.0, abs=2.0)


@pytest.mark.parametrize("command", [("history", "export"), ("report", "today")])
def test_what_is_written_replaces_its_like_only(
    command: tuple[str, str], users: Path, tmp_path: Path
) -> None:
    """The second time it takes the place of the first; the history itself, or any other file, is left alone."""
    whole = users.read_bytes()
    for _ in range(2):
        done = Cli().here(*command, "--out", str(tmp_path / "again"))
        assert done.returncode == 0, done.stderr
    Cli().fails(*command, "--out", str(users), said="another file of that name")
    assert users.read_bytes() == whole


def test_a_table_of_the_export_replaces_its_like_only(users: Path, tmp_path: Path) -> None:
    """A folder may hold tables of somebody else with so plain a name; then nothing at all is written."""
    command = ("history", "export", "--format", "csv", "--out", str(tmp_path / "mine"))
    assert Cli().here(*command).returncode == 0
    assert Cli().here(*command).returncode == 0, "its own ones are written anew"
    for name in ("alerts.csv", "sessions.csv"):
        (tmp_path / "mine" / name).unlink()
    (tmp_path / "mine" / "sessions.csv").write_text("participant,condition\n1,laptop\n")
    Cli().fails(*command, said="sessions.csv")
    assert (tmp_path / "mine" / "sessions.csv").read_text() == "participant,condition\n1,laptop\n"
    assert not (tmp_path / "mine" / "alerts.csv").exists()


def test_delete_leaves_nothing_readable(users: Path) -> None:
    assert CliRunner().invoke(cli, ["history", "delete", "--all", "--yes"]).exit_code == 0
    for file in users.parent.glob("history*"):
        assert b"forward_head" not in file.read_bytes(), file


def test_delete_leaves_nothing_readable_while_a_monitor_runs(users: Path) -> None:
    with closing(History(users)) as running:
        running.begin_session(WALL_S, "p", "c")
        slump = Alert(100.0, "slump", "notice", 84.0, 0.8, 120.0, 1.5, 1.0)
        for number in range(4):
            key = running.alert(Record(number, slump), {"text": "nobody is to read this"}, WALL_S)
            running.answer(key, "wrong", WALL_S)
        assert running.factors(WALL_S)[CUES.index("slump")] > 1.0
        assert CliRunner().invoke(cli, ["history", "delete", "--all", "--yes"]).exit_code == 0
        for file in users.parent.glob("history*"):
            content = file.read_bytes()
            assert b"forward_head" not in content, file
            assert b"nobody is to read this" not in content, file
        with Reader(users) as reader:
            assert {name: reader.table(name)[1] for name in TABLES} == {name: [] for name in TABLES}
        assert running.factors(WALL_S) == (1.0,) * len(CUES)


def test_a_session_goes_on_after_everything_was_deleted(path: Path) -> None:
    with closing(History(path)) as running:
        running.begin_session(WALL_S, "p", "c")
        with closing(History(path)) as other:
            other.delete_before(float("inf"))
        running.save(WALL_S + 60.0, {}, [("good", "", WALL_S, WALL_S + 50.0, None)], [])
    with Reader(path) as reader:
        (session,), (episode,) = reader.table("sessions")[1], reader.table("episodes")[1]
    assert session[:5] == (episode[1], WALL_S + 60.0, WALL_S + 60.0, 0, "p"), "and says nothing of before"


@pytest.mark.parametrize("text", ["{", "[" * 100_000])
def test_explain_names_a_file_that_is_no_list_of_alerts(text: str, tmp_path: Path) -> None:
    (tmp_path / "alerts.jsonl").write_text(text)
    Cli().fails("explain", "--from", str(tmp_path / "alerts.jsonl"), said="is no list of alerts")


def test_explain_and_feedback_read_it(users: Path) -> None:
    run = CliRunner().invoke
    told = run(cli, ["explain"])
    assert told.exit_code == 0
    assert "Alert #" in told.output
    assert "baseline of 24 frames (profile made up)" in " ".join(told.output.split())
    assert run(cli, ["explain", "99"]).exit_code == 2
    answered = run(cli, ["feedback", "wrong"])
    assert answered.exit_code == 0
    assert "Forward head in 14 days: 0 right, 1 wrong (0% right); threshold x1, pause x1." in answered.output
    shown = json.loads(run(cli, ["feedback", "show", "--json"]).output)
    assert (shown["days"], shown["right"], shown["wrong"], shown["precision"]) == (14.0, 0, 1, 0.0)
    assert next(row for row in shown["postures"] if row["cue"] == "forward_head")["wrong"] == 1
    assert run(cli, ["feedback", "right"]).exit_code == 0
    assert "last 14 days: 1 right, 0 wrong (100% right)" in run(cli, ["feedback", "show"]).output
    assert run(cli, ["feedback", "snooze"]).exit_code == 3, "nobody runs who could be silent"


def prompted(path: Path, *, can_postpone: bool) -> None:
    """A break prompt after everything else."""
    told = Alert(100.0, "break", "nudge", 1800.0, 0.0, 1800.0, 0.0, 1.0)
    with closing(History(path)) as history:
        history.alert(Record(9, told, can_postpone=can_postpone), {}, WALL_S + 100.0)


def test_a_break_prompt_is_neither_right_nor_wrong(users: Path) -> None:
    run = CliRunner().invoke
    prompted(users, can_postpone=True)
    with Reader(users) as reader:
        number = reader.alert(None).number
    assert "(forward head)" in run(cli, ["feedback", "wrong"]).output, "the last one about a posture"
    refused = run(cli, ["feedback", "right", str(number)])
    assert refused.exit_code == 2
    assert "not about a posture" in refused.output
    assert json.loads(run(cli, ["feedback", "show", "--json"]).output)["wrong"] == 1


LONG = PolicyState(ledger=Ledger(unheeded=(1, 0, 0, 0, 0), backoff=(4, 1, 1, 1, 8)))


def left_behind(policy: PolicyState, keys: Mapping[int, int] | None = None) -> None:
    """What a monitor that has just ended leaves for the next."""
    private_folder(state_file().parent)
    known = Remembered(10.0, time.time(), uptime_s(), boot_id(), "p", 0.5, policy, keys or {})
    state_file().write_text(json.dumps(as_plain(known)))


def test_without_a_monitor_pauses_are_shortened_for_the_next(users: Path) -> None:
    run = CliRunner().invoke
    left_behind(LONG)
    rows = json.loads(run(cli, ["feedback", "show", "--json"]).output)["postures"]
    assert [row["backoff"] for row in rows] == [4, 1, 1, 1, 8]
    shown = run(cli, ["feedback", "show"]).output.splitlines()
    assert max(map(len, shown)) <= 80
    assert shown[1].endswith("threshold x1, pause x4")
    done = run(cli, ["feedback", "sooner", "--posture", "Slump"])
    assert done.output == "Pauses between alerts are halved: slumping x4.\n"
    assert run(cli, ["feedback", "sooner", "--posture", "slumping"]).output.endswith("halved: slumping x2.\n")
    assert run(cli, ["feedback", "sooner", "--posture", "forward head"]).exit_code == 0
    assert resumption(state_file()).remembered.policy.ledger.backoff == (2, 1, 1, 1, 2)  # type: ignore[union-attr]
    assert run(cli, ["feedback", "reset"]).exit_code == 0
    assert resumption(state_file()).remembered.policy == PolicyState()  # type: ignore[union-attr]
    assert "No pause" in run(cli, ["feedback", "sooner"]).output


def test_without_a_monitor_two_wrong_ones_double_the_pause_of_the_next(users: Path) -> None:
    run = CliRunner().invoke
    told = Alert(100.0, "forward_head", "notice", 84.0, 0.8, 120.0, 1.5, 1.0)
    with closing(History(users)) as history:
        keys = {number: history.alert(Record(number, told), {}, WALL_S + number) for number in (3, 4)}
    ledger = Ledger(next_id=5, recent=((3, "forward_head"), (4, "forward_head")))
    left_behind(PolicyState(ledger=ledger), keys)
    pauses = []
    for key in (
        keys[3],
        keys[3],
        1,
        keys[4],
    ):  # the same twice counts once; of 1 the last monitor did not tell
        assert run(cli, ["feedback", "wrong", str(key)]).exit_code == 0
        pauses.append(resumption(state_file()).lasting.backoff[0])
    assert pauses == [1, 1, 1, 2]


def test_the_running_monitor_is_told_to_shorten_its_pauses(users: Path) -> None:
    run = CliRunner().invoke
    left_behind(LONG)
    with listening() as commands:
        assert run(cli, ["feedback", "sooner"]).exit_code == 0
        assert commands.take() == cmd.Sooner(("forward_head", "slump"))
        assert run(cli, ["feedback", "reset"]).exit_code == 0
        assert commands.take() == cmd.ResetFeedback()
    assert resumption(state_file()).remembered.policy == LONG, "it writes that itself"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "words",
    [["reset", "3"], ["sooner", "1"], ["reset", "--posture", "slump"], ["sooner", "--posture", "bad"]],
)
def test_what_cannot_be_meant_is_refused(users: Path, words: list[str]) -> None:
    assert CliRunner().invoke(cli, ["feedback", *words]).exit_code == 2


@contextmanager
def listening(silent_s: float | None = None) -> Iterator[cmd.Commands]:
    """The control channel of a monitor that does nothing else; one that has done all, and is silent for so long."""
    commands, board = cmd.Commands(), StatusBoard()
    if silent_s is not None:
        ledger = Ledger(silent_until_s=silent_s)
        board.show(Moment(0.0, WALL_S, Phase.WATCHING, policy=PolicyState(ledger=ledger), obeyed=1000))
    private_folder(runtime_dir())
    with ControlServer(runtime_dir(), board, commands, lambda: 0.0):
        yield commands


def test_silence_can_be_asked_for_with_and_without_an_alert(users: Path) -> None:
    run = CliRunner().invoke
    with Reader(users) as reader:
        last = reader.alert(None).number
    with listening(silent_s=1740.0) as commands:
        assert "From now on: silent for 29 min;" in run(cli, ["feedback", "snooze"]).output
        assert commands.take() == cmd.Answer(last, "snooze")
        prompted(users, can_postpone=False)
        again = run(cli, ["feedback", "snooze"])
        assert again.exit_code == 2
        assert "put off once already" in again.output
        run(cli, ["history", "delete", "--all", "--yes"])
        assert "Silent for 30 min" in run(cli, ["feedback", "snooze"]).output
        assert commands.take() == cmd.Snooze(1800.0)
        assert run(cli, ["feedback", "snooze", "3"]).exit_code == 2
    assert run(cli, ["feedback", "snooze"]).exit_code == 3, "nobody runs who could be silent"


def test_later_means_the_break_of_a_message_that_told_of_stillness_too(users: Path) -> None:
    prompted(users, can_postpone=True)
    still = Alert(100.0, "stillness", "nudge", 1800.0, 1.0, 1800.0, 0.0, 1.0)
    with closing(History(users)) as history:
        number = history.alert(Record(10, still, shifts=0, with_break=True), {}, WALL_S + 100.0)
    run = CliRunner().invoke
    with listening(silent_s=0.0) as commands:
        assert run(cli, ["feedback", "snooze"]).output.endswith(
            "with snooze. The prompt comes again later.\n"
        )
        assert commands.take() == cmd.Answer(number - 1, "snooze")
        assert run(cli, ["feedback", "snooze", str(number)]).exit_code == 0
        assert commands.take() == cmd.Answer(number, "snooze")


def test_a_damaged_file_is_an_error_and_can_be_deleted(users: Path) -> None:
    for name in (f"{users.name}-wal", f"{users.name}-shm"):
        users.with_name(name).unlink(missing_ok=True)
    users.write_bytes(os.urandom(5000))
    with pytest.raises(HistoryError, match="cannot be used"):
        Reader(users)
    done = CliRunner().invoke(cli, ["report", "today", "--no-open"])
    assert done.exit_code == 2
    assert CliRunner().invoke(cli, ["history", "delete", "--all", "--yes"]).exit_code == 0
    assert not users.exists()


def test_a_file_that_is_damaged_inside_is_an_error_and_can_be_deleted(users: Path) -> None:
    with closing(sqlite3.connect(users)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        page = db.execute("SELECT rootpage FROM sqlite_master WHERE name = 'minutes'").fetchone()[0]
        size = db.execute("PRAGMA page_size").fetchone()[0]
    raw = bytearray(users.read_bytes())
    raw[(page - 1) * size : page * size] = os.urandom(size)
    users.write_bytes(raw)
    Cli().fails("history", "delete", "--older-than", "3", "--yes", said="The history cannot be used")
    assert Cli().here("history", "delete", "--all", "--yes").returncode == 0
    assert not users.exists()


def test_a_history_that_another_process_holds_is_not_taken_from_under_it(
    users: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("posture_cv.history.schema._BUSY_TIMEOUT_S", 0.0)
    whole = users.stat().st_ino
    with closing(sqlite3.connect(users, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(HistoryError, match="in use"):
            delete_all()
        done = CliRunner().invoke(cli, ["feedback", "wrong"])
        assert isinstance(done.exception, SystemExit), done.exception
        assert "The history is in use" in done.output
    assert users.stat().st_ino == whole
    with Reader(users) as reader:
        assert reader.alerts(DAY.toordinal() - 719163, DAY.toordinal() - 719163)


def test_a_history_that_cannot_be_opened_where_it_is_is_not_called_damaged(users: Path) -> None:
    """On a disk that is read-only, in a folder of other rights: nobody is told to delete what is sound."""
    with closing(sqlite3.connect(users)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    in_its_way = users.with_name(f"{users.name}-wal")  # holds root up too, as a read-only disk would
    in_its_way.unlink(missing_ok=True)
    in_its_way.mkdir()
    done = Cli().fails("report", "today", "--no-open", said="The history cannot be opened")
    assert "delete" not in done.stderr
    with pytest.raises(HistoryShutError):
        History(users)
    with closing(History(users, wait=True)) as history:
        in_its_way.rmdir()
        history.begin_session(0.0, "p", "c")
        assert history.session > 1


@pytest.mark.parametrize(
    ("change", "commands"),
    [
        ("UPDATE minutes SET seconds = 9e999", ("history show", "report today", "history export")),
        ("UPDATE breaks SET end_s = 9e999", ("report today", "history export")),
        ("UPDATE breaks SET offset_s = -90000", ("report week",)),
        ("UPDATE alerts SET offset_s = -90000", ("history show --json", "explain")),
        ("UPDATE alerts SET time_s = 9e999", ("explain",)),
        ("UPDATE alerts SET time_s = -1e11", ("explain",)),
        ("UPDATE alerts SET recovered_s = 9e999", ("report today",)),
        ("UPDATE answers SET time_s = 'noon'", ("feedback show", "history export", "feedback wrong")),
        ("UPDATE thresholds SET factor = x'ff'", ("feedback show", "history export", "feedback wrong")),
        ("UPDATE sessions SET camera = x'ff'", ("history export",)),
    ],
)
def test_a_column_that_holds_something_else_is_damage(
    change: str, commands: tuple[str, ...], users: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("posture_cv.local_time.time.time", lambda: WALL_S)
    with closing(sqlite3.connect(users)) as db, db:
        db.execute("INSERT INTO answers (alert, time_s, answer) VALUES (1, ?, 'right')", (WALL_S,))
        db.execute("INSERT INTO thresholds VALUES ('forward_head', 1.2, ?)", (WALL_S,))
        db.execute("INSERT INTO breaks VALUES (99, 1, ?, ?, 0)", (WALL_S, WALL_S + 60.0))
        assert db.execute(change).rowcount > 0
    more = {
        "report today": ["--no-open"],
        "report week": ["--no-open"],
        "history export": ["--out", str(tmp_path / "e.json")],
    }
    for command in commands:
        Cli().fails(*command.split(), *more.get(command, []), said="It is damaged")


def test_an_answer_that_is_no_text_is_shown_all_the_same(
    users: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("posture_cv.local_time.time.time", lambda: WALL_S)
    with closing(sqlite3.connect(users)) as db, db:
        db.execute("INSERT INTO answers (alert, time_s, answer) VALUES (1, 0, x'41')")
    done = Cli().here("history", "show")
    assert (done.returncode, "b'A'" in done.stdout) == (0, True), done.stdout + done.stderr


def test_words_of_the_history_do_not_steer_the_terminal(users: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("posture_cv.local_time.time.time", lambda: WALL_S)
    with closing(sqlite3.connect(users)) as db, db:
        db.execute("UPDATE alerts SET level = ?", ("\x1b]0;mine\x07\n#9 severe",))
    for command in (["history", "show"], ["explain"]):
        done = Cli().here(*command)
        assert (done.returncode, "]0;mine??#9 severe" in done.stdout) == (0, True), done.stdout + done.stderr


def test_an_alert_whose_words_are_damaged_is_named_by_the_export(users: Path, tmp_path: Path) -> None:
    with closing(sqlite3.connect(users)) as db, db:
        db.execute("UPDATE alerts SET words = '{'")
    Cli().fails("history", "export", "--out", str(tmp_path / "e.json"), said="It is damaged")


def test_a_later_version_is_left_alone(users: Path) -> None:
    with closing(sqlite3.connect(users)) as db:
        db.execute("PRAGMA user_version = 7")
    with pytest.raises(HistoryError, match="version 7"):
        History(users)


@pytest.mark.parametrize("which", [("--all",), ("--older-than", "30")])
def test_what_is_not_there_is_deleted_without_beginning_it(
    which: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POSTURE_CV_HOME", str(tmp_path))
    assert Cli().here("history", "delete", *which, "--yes").returncode == 0
    assert not history_file().exists()


def test_nothing_recorded_is_said(tmp_path: Path) -> None:
    done = CliRunner().invoke(cli, ["report", "today"])
    assert done.exit_code == 2
    assert "There is no history yet" in done.output


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["today", "week"], "one at a time"),
        (["week", "."], "one at a time"),
        (["yesterday"], "'yesterday' is neither a folder of results nor one of today, week, month."),
    ],
)
def test_a_period_that_is_none_is_not_taken_for_a_folder(users: Path, words: list[str], said: str) -> None:
    Cli().fails("report", "--no-open", *words, said=said)
