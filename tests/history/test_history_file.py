"""The file itself: exported, deleted so that nothing can be read, damaged, in use by others."""

from __future__ import annotations

import csv
import json
import os
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner

from cli_runner import Cli
from history_material import DAY, WALL_S
from posture_cv.assess.records import Record
from posture_cv.assess.settings import CUES
from posture_cv.assess.types import Alert
from posture_cv.cli import cli
from posture_cv.history.read import TABLES, Reader
from posture_cv.history.remove import delete_all
from posture_cv.history.schema import HistoryError, HistoryShutError, history_file
from posture_cv.history.store import History


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
