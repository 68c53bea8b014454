"""What a running monitor writes down: nothing is lost, nothing doubled, and what has grown old goes."""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from history_material import DAY, SETTINGS, WALL_S, recorded
from monitor.monitor_material import Desk, stretches
from posture_cv.assess.answers import Response
from posture_cv.assess.records import Record
from posture_cv.assess.settings import CUES
from posture_cv.assess.types import Alert, Episode, State
from posture_cv.guidance.adviser import Adviser
from posture_cv.guidance.catalogue import load_catalogue
from posture_cv.history.figures import by_state
from posture_cv.history.read import Reader
from posture_cv.history.schema import HistoryInUseError
from posture_cv.history.store import History
from posture_cv.measure.types import Reason
from posture_cv.monitor import commands as cmd
from posture_cv.monitor.assembling import adviser_for
from posture_cv.monitor.backlog import Backlog
from posture_cv.monitor.keeping import HistorySink
from posture_cv.monitor.lifecycle import Phase
from posture_cv.monitor.loop import Monitor
from posture_cv.monitor.moment import Moment
from posture_cv.monitor.parts import Options
from posture_cv.monitor.ports import Surroundings


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


def test_a_session_goes_on_after_everything_was_deleted(path: Path) -> None:
    with closing(History(path)) as running:
        running.begin_session(WALL_S, "p", "c")
        with closing(History(path)) as other:
            other.delete_before(float("inf"))
        running.save(WALL_S + 60.0, {}, [("good", "", WALL_S, WALL_S + 50.0, None)], [])
    with Reader(path) as reader:
        (session,), (episode,) = reader.table("sessions")[1], reader.table("episodes")[1]
    assert session[:5] == (episode[1], WALL_S + 60.0, WALL_S + 60.0, 0, "p"), "and says nothing of before"
