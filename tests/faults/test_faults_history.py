"""The history under a running monitor: a full disk, another program, a file deleted, put back or copied over."""

from __future__ import annotations

import io
import os
import shutil
import sqlite3
import stat
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import pytest

from cli_runner import Cli
from faults.conftest import SETTINGS
from faults.trouble import Calling, Remover
from monitor.monitor_material import Desk, stretches
from posture_cv.assess.records import Record
from posture_cv.assess.types import Alert
from posture_cv.cli.status import lines as status_lines
from posture_cv.history import schema, store
from posture_cv.history.figures import by_state
from posture_cv.history.read import Reader
from posture_cv.history.schema import HistoryError, HistoryInUseError, beside
from posture_cv.history.store import History
from posture_cv.monitor import commands as cmd
from posture_cv.monitor.commands import Commands
from posture_cv.monitor.keeping import HistorySink
from posture_cv.monitor.moment import Moment
from posture_cv.monitor.sinks import BaseSink, TerminalSink
from posture_cv.monitor.status import StatusBoard
from posture_cv.output.notify import Delivery
from posture_cv.paths import HOME_VARIABLE

pytestmark = pytest.mark.skipif(os.name != "posix", reason="limits of POSIX")
OFTEN = replace(
    SETTINGS, policy=replace(SETTINGS.policy, cue_cooldown_s=5.0, global_cooldown_s=5.0, cap_per_hour=100)
)


class Locker(BaseSink):
    """Another program holds the history for some seconds."""

    def __init__(self, path: Path, begin_s: float, end_s: float) -> None:
        self._path, self._begin_s, self._end_s = path, begin_s, end_s
        self._held: sqlite3.Connection | None = None

    def show(self, moment: Moment) -> None:
        held = self._begin_s <= moment.t_s < self._end_s
        if held and self._held is None:
            self._held = sqlite3.connect(self._path, isolation_level=None)
            self._held.execute("BEGIN EXCLUSIVE")
        elif not held and self._held is not None:
            self._held.execute("ROLLBACK")
            self._held.close()
            self._held = None


def test_a_history_that_another_program_holds_is_waited_for(home: Path) -> None:
    path = home / "data" / "locked.sqlite3"
    assert "locked" in only_note_of(path, Locker(path, 20.0, 31.0), 60.0)


def only_note_of(path: Path, trouble: BaseSink, duration_s: float) -> str:
    """What a monitor says of a history that it cannot write for a while, and nothing of which is lost."""
    desk = Desk(stretches(("good", 1.0)), duration_s, SETTINGS, rate_hz=2.0)
    parts, notes = desk.parts(), list[str]()
    with HistorySink(History(path), notes.append, source="s", profile="p", days=90) as sink:
        parts.sinks = [trouble, sink]
        desk.run(parts)
    with Reader(path) as reader:
        assert sum(by_state(reader.minutes(0, 99999)).values()) == pytest.approx(duration_s, abs=2.0)
    (note,) = notes
    return note


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 6 MB: SQLite's log may grow to 4 MB."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = shutil.which("mount") and subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=6m,mode=700", "tmpfs", str(place)],
        capture_output=True,
        check=False,
    )
    if not mounted or mounted.returncode != 0:
        pytest.skip("no file system can be mounted here (it takes root)")
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


class Filler(BaseSink):
    """Fills a disk up at one time and frees it at another."""

    def __init__(self, disk: Path, full_s: float, free_s: float) -> None:
        self._ballast, self._full_s, self._free_s = disk / "ballast", full_s, free_s

    def show(self, moment: Moment) -> None:
        if self._full_s <= moment.t_s < self._free_s:
            for size in (65_536, 512):
                with suppress(OSError), self._ballast.open("ab", buffering=0) as file:
                    while file.write(bytes(size)):
                        pass
        else:
            self._ballast.unlink(missing_ok=True)


def test_a_history_on_a_disk_that_is_full_for_a_while_loses_nothing(small_disk: Path) -> None:
    """The monitor goes on, says it once, and writes what it kept when there is room again."""
    path = small_disk / "history.sqlite3"
    assert "full" in only_note_of(path, Filler(small_disk, 100.0, 300.0), 400.0)
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_a_history_whose_folder_is_deleted_ends_nothing(home: Path) -> None:
    """Somebody removes the data folder while the monitor watches: it goes on to its end without an error."""
    path = home / "data" / "history.sqlite3"
    desk = Desk(stretches(("good", 1.0)), 60.0, SETTINGS, rate_hz=2.0)
    parts, notes = desk.parts(), list[str]()
    with HistorySink(History(path), notes.append, source="s", profile="p", days=90) as sink:
        parts.sinks = [Remover(path.parent, 30.0), sink]
        outcome = desk.run(parts)
    assert outcome.duration_s >= 59.0
    assert len(notes) <= 1, notes
    with closing(History(path)) as again:  # and the next start begins a new one
        again.begin_session(0.0, "p", "s")


def test_a_history_whose_file_is_deleted_goes_on_in_a_new_one(home: Path) -> None:
    """What is watched afterwards would be lost with the deleted file until the monitor is started anew."""
    path = home / "data" / "history.sqlite3"
    desk = Desk(stretches(("forward_head", 1.0)), 120.0, OFTEN, rate_hz=2.0)
    parts, notes = desk.parts(), list[str]()
    with HistorySink(History(path), notes.append, source="made up", profile="p", days=90) as sink:
        parts.sinks, parts.book = [Remover(path.parent, 30.0), desk.kept, sink], sink
        desk.run(parts)
    told = [said.key for moment in desk.kept.moments for said in moment.said]
    assert [note for note in notes if "deleted" in note and str(path) in note] == notes != []
    with Reader(path) as reader:
        assert sum(by_state(reader.minutes(0, 99999)).values()) == pytest.approx(90.0, abs=6.0)
        kept = [alert.number for alert in reader.alerts(0, 99999)]
        _, sessions = reader.table("sessions")
    assert kept == told[-len(kept) :] != told, "those since, by numbers that were never given before"
    assert len(set(told)) == len(told)
    assert [row[3:] for row in sessions] == [(1, "made up", "made up")], "the same session"


MINUTE = {(0, 0, "good", ""): 5.0}
TOLD = Record(1, Alert(100.0, "slump", "notice", 84.0, 0.8, 120.0, 1.5, 1.0))


def _goes_on_in_what_is_there(history: History, path: Path) -> None:
    """After another file has taken the place of its own: alerts get new numbers, and the file is sound."""
    assert history.alert(TOLD, {}, 9000.0) == 4, "a number that was never given"
    history.save(9000.0, MINUTE, [], [])
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert history.begun_anew == 1


def _holds_the_first_and_the_last(reader: Reader) -> None:
    """What the file held, and what was told since it is there."""
    assert by_state(reader.minutes(0, 99999)) == {"good": 10.0}
    assert [alert.number for alert in reader.alerts(0, 99999)] == [1, 4]


def _put_back(path: Path, *, with_wal: bool) -> list[tuple[Path, Path]]:
    """What somebody kept of a history of 5 s and one alert, and where it goes."""
    other = path.with_name("other")
    with closing(History(other)) as history:
        history.begin_session(0.0, "earlier", "c")
        history.save(10.0, MINUTE, [], [])
        history.alert(TOLD, {}, 10.0)
        if with_wal:
            kept = [(other, path), (other.with_name("other-wal"), path.with_name(f"{path.name}-wal"))]
            return [(Path(shutil.copy(file, f"{file}.kept")), target) for file, target in kept]
    return [(other, path)]


@pytest.mark.skipif(os.name != "posix", reason="elsewhere an open file cannot be replaced")
@pytest.mark.parametrize("with_wal", [False, True])
def test_a_history_that_is_put_back_while_it_is_open_is_whole_and_goes_on(
    tmp_path: Path, *, with_wal: bool
) -> None:
    """What lay beside the file that was there is not written over it."""
    path = tmp_path / "history.sqlite3"
    kept = _put_back(path, with_wal=with_wal)
    with closing(History(path)) as history:
        history.begin_session(100.0, "later", "c")
        for k in range(300):
            history.save(200.0 + k, {(60 * k, 0, "poor", "x" * 50): 5.0}, [], [])
        assert [history.alert(TOLD, {}, 600.0) for _ in range(3)] == [1, 2, 3]
        for source, target in kept:
            source.replace(target)
        _goes_on_in_what_is_there(history, path)
    with Reader(path) as reader:
        _holds_the_first_and_the_last(reader)
        _, sessions = reader.table("sessions")
    assert [row[4] for row in sessions] == ["earlier", "later"]


@pytest.mark.skipif(os.name != "posix", reason="elsewhere an open file cannot be replaced")
def test_a_history_that_is_put_back_and_held_is_gone_on_with_when_it_is_free(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite3"
    ((source, target),) = _put_back(path, with_wal=False)
    with closing(History(path)) as history:
        history.begin_session(100.0, "later", "c")
        assert [history.alert(TOLD, {}, 600.0) for _ in range(3)] == [1, 2, 3]
        source.replace(target)
        for leftover in beside(path):
            leftover.unlink()
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(HistoryInUseError):
                history.alert(TOLD, {}, 9000.0)
            other.execute("ROLLBACK")
        assert (history.alert(TOLD, {}, 9000.0), history.begun_anew) == (4, 1)


@pytest.mark.skipif(os.name != "posix", reason="elsewhere an open file cannot be replaced")
def test_a_history_that_is_put_back_and_held_for_long_loses_nothing_of_who_holds_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the other has written stands beside the file, and is no leftover of the one before."""
    monkeypatch.setattr(schema, "_BUSY_TIMEOUT_S", 0.05)
    path = tmp_path / "history.sqlite3"
    ((source, target),) = _put_back(path, with_wal=False)
    with closing(History(path)) as history:
        history.begin_session(100.0, "later", "c")
        source.replace(target)
        for leftover in beside(path):
            leftover.unlink()
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("INSERT INTO thresholds VALUES ('slump', 1.5, 10.0)")
            other.execute("BEGIN IMMEDIATE")
            for _ in range(3):
                with pytest.raises(HistoryInUseError):
                    history.save(200.0, MINUTE, [], [])
            other.execute("ROLLBACK")
        history.save(200.0, MINUTE, [], [])
        assert history.begun_anew == 1
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert db.execute("SELECT * FROM thresholds").fetchall() == [("slump", 1.5, 10.0)]
        assert db.execute("SELECT sum(seconds) FROM minutes").fetchall() == [(10.0,)]


def test_of_a_write_that_fails_nothing_stays_and_the_next_one_goes_well(tmp_path: Path) -> None:
    whole = ("good", "", 0.0, 5.0, None)
    half = ("good", "", 0.0, None, None)
    with closing(History(tmp_path / "history.sqlite3")) as history:
        history.begin_session(0.0, "p", "c")
        with pytest.raises(HistoryError, match="cannot be used"):
            history.save(5.0, MINUTE, [whole, half], [])  # type: ignore[list-item]
        history.save(10.0, MINUTE, [whole], [])
    with Reader(history.path) as reader:
        assert by_state(reader.minutes(0, 99999)) == {"good": 5.0}
        assert len(reader.table("episodes")[1]) == 1


def test_a_history_that_is_copied_over_the_open_one_is_whole_and_goes_on(tmp_path: Path) -> None:
    """As `cp` does: it is the same file, and SQLite would write what lies beside it into it."""
    path = tmp_path / "history.sqlite3"
    ((source, _),) = _put_back(path, with_wal=False)
    with closing(History(path)) as history:
        history.begin_session(100.0, "later", "c")
        for k in range(900):  # more than SQLite leaves beside the file
            history.save(200.0 + k, {(60 * k, 0, "poor", "x" * 50): 5.0}, [], [])
        assert [history.alert(TOLD, {}, 600.0) for _ in range(3)] == [1, 2, 3]
        shutil.copyfile(source, path)
        with pytest.raises(HistoryInUseError, match="being copied"):
            history.alert(TOLD, {}, 9000.0)
        os.utime(path, (0, 0))  # it is a while since
        _goes_on_in_what_is_there(history, path)
    with Reader(path) as reader:
        _holds_the_first_and_the_last(reader)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("saves", [1, 40, 250, 400, 1300])
def test_a_copy_counts_however_much_lay_beside_the_file(tmp_path: Path, saves: int) -> None:
    path = tmp_path / "history.sqlite3"
    ((source, _),) = _put_back(path, with_wal=False)
    with closing(History(path)) as history:
        history.begin_session(100.0, "later", "c")
        for k in range(saves):
            history.save(200.0 + k, {(60 * k, 0, "poor", "x" * 50): 5.0}, [], [])
        shutil.copyfile(source, path)
        os.utime(path, (0, 0))
        history.save(9000.0, MINUTE, [], [])
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    with Reader(path) as reader:
        assert by_state(reader.minutes(0, 99999)) == {"good": 10.0}


def test_what_another_process_of_ours_writes_meanwhile_is_no_copy(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite3"
    with closing(History(path)) as history:
        history.begin_session(100.0, "p", "c")
        for k in range(300):
            history.save(200.0 + k, {(60 * k, 0, "poor", "x" * 50): 5.0}, [], [])
        with closing(History(path)) as other:
            other.delete_before(200.0 * 60)
            other.compact()
        history.save(9000.0, {(0, 0, "good", ""): 5.0}, [], [])
        assert history.begun_anew == 0
    with Reader(path) as reader:
        assert by_state(reader.minutes(0, 99999)) == {"poor": 500.0, "good": 5.0}


def test_an_answer_to_an_alert_that_nobody_knows_is_none(tmp_path: Path) -> None:
    with closing(History(tmp_path / "history.sqlite3")) as history:
        history.begin_session(0.0, "p", "c")
        known = history.alert(TOLD, {}, 10.0)
        for number in (known, known + 1):
            history.answer(number, "wrong", 20.0)
    with Reader(history.path) as reader:
        assert [row[1:] for row in reader.table("answers")[1]] == [(known, 20.0, "wrong")]


@pytest.mark.parametrize(
    "command",
    ["feedback wrong", "feedback reset", "history delete --older-than 1 --yes", "history delete --all --yes"],
)
def test_a_history_that_another_program_holds_is_said_and_left_whole(
    command: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(HOME_VARIABLE, str(home))
    monkeypatch.setattr(schema, "_BUSY_TIMEOUT_S", 0.01)
    path = home / "data" / "history.sqlite3"
    with closing(sqlite3.connect(path, isolation_level=None)) as held:
        held.execute("BEGIN EXCLUSIVE")
        Cli().fails(*command.split(), said="The history is in use")
    with Reader(path) as reader:
        assert reader.minutes(0, 99999)


def test_a_history_for_which_there_is_no_room_at_the_start_is_begun_when_there_is(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, full = home / "data" / "late.sqlite3", [True]

    def connect(path: Path, *, create: bool) -> sqlite3.Connection:
        if full:
            raise schema.HistoryFullError("The history cannot be written.", "database or disk is full.")
        return schema.connect(path, create=create)

    monkeypatch.setattr(store, "connect", connect)
    with pytest.raises(schema.HistoryFullError):
        History(path)
    desk = Desk(stretches(("good", 1.0)), 60.0, SETTINGS, rate_hz=2.0)
    parts, notes = desk.parts(), list[str]()
    with HistorySink(History(path, wait=True), notes.append, source="s", profile="p", days=90) as sink:
        parts.sinks = [Calling(lambda: full.clear() if desk.clock.now_s() > 30.0 else None), sink]
        desk.run(parts)
    assert notes == ["(the history cannot be written: database or disk is full; it is tried again)"]
    with Reader(path) as reader:
        assert sum(by_state(reader.minutes(0, 99999)).values()) == pytest.approx(60.0, abs=2.0)
        assert len(reader.table("sessions")[1]) == 1


class FullWhile(History):
    """A history on a disk that is full while `full`."""

    full = False

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        if self.full:
            raise sqlite3.OperationalError("database or disk is full")
        with super()._writing() as db:
            yield db


class Fill(BaseSink):
    """Fills that disk for a while, and answers everything at once."""

    def __init__(self, history: FullWhile, commands: Commands, begin_s: float, end_s: float) -> None:
        self._history, self._commands, self._begin_s, self._end_s = history, commands, begin_s, end_s

    def show(self, moment: Moment) -> None:
        self._history.full = self._begin_s <= moment.t_s < self._end_s
        for said in moment.said:
            self._commands.put(cmd.Answer(said.key, "right"))


@pytest.mark.parametrize("begin_s", [0.0, 10.0])
def test_alerts_and_answers_on_a_full_disk_are_written_when_there_is_room(home: Path, begin_s: float) -> None:
    path = home / "data" / "full.sqlite3"
    desk = Desk(stretches(("forward_head", 40.0), ("good", 1e6)), 120.0, OFTEN, rate_hz=2.0)
    parts, notes, shown, terminal = desk.parts(), list[str](), list[str](), io.StringIO()
    history, board = FullWhile(path), StatusBoard()
    history.full = begin_s == 0.0
    with HistorySink(history, notes.append, source="made up", profile="p", days=90) as sink:
        board.trouble = lambda: sink.trouble
        filler = Fill(history, parts.commands, begin_s, 80.0)
        looker = Calling(lambda: shown.extend(status_lines(board.snapshot())))
        parts.sinks = [filler, TerminalSink(terminal), desk.kept, sink, board, looker]
        parts.book = sink
        desk.run(parts)
        for moment in desk.kept.moments:
            for said in moment.said:
                sink.delivered(said.key, Delivery(by="test server"))
        assert sink.trouble == ""
    told = [(moment.wall_s, said.key) for moment in desk.kept.moments for said in moment.said]
    assert told
    assert min(key for _, key in told) < 0
    assert "#-" not in terminal.getvalue() + "".join(shown), "a number by which nothing can be found"
    assert len(notes) == 1, notes
    assert "  the history cannot be written: database or disk is full; it is tried again" in shown
    with Reader(path) as reader:
        alerts = reader.alerts(0, 99999)
        _, sessions = reader.table("sessions")
        assert sum(by_state(reader.minutes(0, 99999)).values()) == pytest.approx(120.0, abs=2.0)
    assert [alert.time_s for alert in alerts] == pytest.approx([wall_s for wall_s, _ in told])
    assert [alert.number for alert in alerts] == list(range(1, len(told) + 1)), "in the order they came"
    assert {(alert.answers, alert.delivered) for alert in alerts} == {(("right",), "test server")}
    assert all(alert.recovered_s is not None for alert in alerts)
    ((_, started_s, _, clean, *names),) = sessions
    assert (started_s, clean, names) == (desk.kept.moments[0].wall_s, 1, ["made up", "made up"])


def test_an_answer_by_the_number_that_was_given_late_is_one(home: Path) -> None:
    history = FullWhile(home / "data" / "full.sqlite3")
    desk = Desk(stretches(("forward_head", 1e6)), 60.0, SETTINGS, rate_hz=2.0)
    parts = desk.parts()
    with HistorySink(history, lambda _: None, source="s", profile="p", days=90) as sink:

        def later() -> None:
            history.full = desk.clock.now_s() < 40.0
            if 50.0 < desk.clock.now_s() <= 51.0:
                parts.commands.put(cmd.Answer(1, "wrong"))  # as `posture-cv feedback wrong 1` does

        parts.sinks, parts.book = [Calling(later), desk.kept, sink], sink
        desk.run(parts)
    first, *_ = (said.key for moment in desk.kept.moments for said in moment.said)
    last = desk.kept.moments[-1]
    assert (first, last.keys[1]) == (-1, 1)
    assert min(last.keys.values()) > 0, "what the next run goes on with"
    assert (1, "wrong") in last.policy.ledger.settled
