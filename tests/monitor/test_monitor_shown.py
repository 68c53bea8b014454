"""What the user sees of a state, a pause and a silence: in the terminal, the log, the status."""

from __future__ import annotations

import io
import math
from dataclasses import replace
from datetime import datetime

import pytest

from cli_runner import Cli
from monitor.monitor_material import KeptTerminal
from posture_cv.assess.effects import Ambient, Level
from posture_cv.assess.policy_state import PolicyState
from posture_cv.assess.records import Record
from posture_cv.assess.types import Alert, State
from posture_cv.cli.status import lines
from posture_cv.local_time import local
from posture_cv.monitor import commands as cmd
from posture_cv.monitor.checking import Row, value_text
from posture_cv.monitor.keys import KeyCommands
from posture_cv.monitor.lifecycle import Phase
from posture_cv.monitor.margins import Margin
from posture_cv.monitor.moment import Moment, Said
from posture_cv.monitor.sinks import PauseSink, TerminalSink
from posture_cv.monitor.status import StatusBoard
from posture_cv.monitor.tray.view import view_of
from posture_cv.monitor.words import PAUSE_SHAPE, margin_text, shape_of


def test_a_state_that_is_not_known_yet_has_the_shape_of_none() -> None:
    good = Ambient(Level.GOOD, "", 0.0)
    watching = Moment(1.0, 1.0, Phase.WATCHING, state=State.GOOD, ambient=good)
    assert (shape_of(watching), watching.level) == ("●", Level.GOOD)
    for unknown in (replace(watching, state=None), replace(watching, prompt="Hold still")):
        assert (shape_of(unknown), unknown.level) == ("…", Level.STARTING)
    paused = replace(watching, phase=Phase.PAUSED, state=None)
    assert (shape_of(paused), paused.level) == (PAUSE_SHAPE, Level.GOOD)


def test_a_plain_log_says_when_the_shape_changes_under_the_same_state(
    capsys: pytest.CaptureFixture[str],
) -> None:
    sink = TerminalSink()
    for level in (Level.UNMEASURED, Level.UNMEASURED, Level.GOOD):
        sink.show(Moment(1.0, 1.0, Phase.WATCHING, state=State.GOOD, ambient=Ambient(level, "", 0.0)))
    assert [line[9:] for line in capsys.readouterr().out.splitlines()] == ["? good", "● good"]


def test_a_terminal_that_can_wipe_no_line_gets_plain_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    terminal = KeptTerminal()
    TerminalSink(terminal).show(Moment(1.0, 1.0, Phase.PAUSED))
    assert terminal.getvalue()[8:] == f" {PAUSE_SHAPE} paused, the camera is off\n"


def test_a_pause_is_shown_with_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    until_s = datetime(2026, 11, 29, 14, 30).astimezone().timestamp()
    paused = Moment(1.0, until_s - 60.0, Phase.PAUSED, paused_until_wall_s=until_s)
    terminal = KeptTerminal()
    for moment in (
        paused,
        replace(paused, paused_until_wall_s=math.inf),
        replace(paused, phase=Phase.LOCKED),
    ):
        TerminalSink(terminal).show(moment)
    assert terminal.getvalue().split("\r\x1b[2K")[1:] == [
        f"{PAUSE_SHAPE} paused, the camera is off   until 14:30 (2026-11-29)",
        f"{PAUSE_SHAPE} paused, the camera is off",
        f"{PAUSE_SHAPE} the screen is locked, the camera is off",
    ]


def test_words_are_not_broken_by_a_narrow_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "60")
    words = {
        "seen": "Your head has come out in front of your shoulders for 2 min, 3rd time today.",
        "text": "Let your head rest on top of your neck instead of hanging out in front of it.",
        "quotation": "Try to ensure that your head is over the top of your neck and body, not out in front.",
        "citation": "document 004, What's causing your upper back muscle pain?",
    }
    alert = Alert(1.0, "forward_head", "notice", 120.0, 1.0, 120.0, 2.0, 1.0)
    said = Said(Record(1, alert), words, 7)
    terminal = KeptTerminal()
    sink = TerminalSink(terminal, states=False)
    sink.show(Moment(1.0, 1.0, Phase.WATCHING, said=(said,), hints=(f"{words['seen']} {words['text']}",)))
    sink.note("      (not shown as a desktop notification: there is no session bus on this machine)")
    lines = terminal.getvalue().splitlines()
    assert max(map(len, lines)) <= 60
    assert " ".join(" ".join(lines).split()).count(" ".join(words["text"].split())) == 2, "nothing is lost"
    assert lines[-2:] == [
        "      (not shown as a desktop notification: there is no",
        "      session bus on this machine)",
    ]
    piped = io.StringIO()
    TerminalSink(piped).note("word " * 40)
    assert piped.getvalue() == "word " * 40 + "\n", "a log keeps its lines"


def test_a_log_of_days_tells_the_day_and_a_terminal_the_time() -> None:
    shown = {}
    for states in (True, False):
        stream = io.StringIO()
        TerminalSink(stream, states=states).show(Moment(1.0, 1.0, Phase.WATCHING, hints=("A hint.",)))
        shown[states] = stream.getvalue().splitlines()[0]
    day = local(1.0)
    assert shown == {True: f"{day:%H:%M:%S} A hint.", False: f"{day:%Y-%m-%d %H:%M:%S} A hint."}


def test_nothing_is_nothing_in_either_direction() -> None:
    margin = Margin("shrug", "shoulder_elevation_cm", -0.04, 0.2, 1.2)
    told = Moment(1.0, 1.0, Phase.WATCHING, state=State.GOOD, margins=(margin,))
    assert margin_text(told) == "raised shoulders +0.0 of 1.2 cm (0%)"
    status = {"phase": "watching", "level": "good", "margins": [margin.as_plain()]}
    assert [gauge.text for gauge in view_of(status).gauges] == ["+0.0 of 1.2 cm"]
    row = Row("shoulder_elevation_cm", "cm", "", -0.04, 0.2, 0.1, "", (margin,))
    assert value_text(row) == "+0.0 ± 0.4 cm"


def test_one_key_begins_and_ends_a_silence() -> None:
    keys = KeyCommands(cmd.Commands())
    sink = PauseSink(keys)
    ledger = PolicyState().ledger._replace(silent_until_s=1000.0)
    silent = Moment(10.0, 10.0, Phase.WATCHING, policy=PolicyState()._replace(ledger=ledger))
    assert keys.command("z") == cmd.Snooze(1800.0)
    sink.show(silent)
    assert keys.command("z") == cmd.Snooze(0.0)
    sink.show(replace(silent, t_s=1000.0))
    assert keys.command("z") == cmd.Snooze(1800.0)


def test_a_silence_that_was_asked_for_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = PolicyState().ledger._replace(silent_until_s=1000.0)
    moment = Moment(
        10.0, 10.0, Phase.WATCHING, state=State.GOOD, policy=PolicyState()._replace(ledger=ledger)
    )
    monkeypatch.setenv("TERM", "xterm")
    terminal, board = KeptTerminal(), StatusBoard()
    TerminalSink(terminal).show(moment)
    board.show(moment)
    assert "good   silent for 17 min" in terminal.getvalue()
    for other in (replace(moment, prompt="Hold still"), replace(moment, phase=Phase.PAUSED)):
        TerminalSink(terminal).show(other)
    assert terminal.getvalue().count("silent") == 1
    assert "  silent for 17 min (posture-cv resume ends it)" in lines(board.snapshot())


@pytest.mark.parametrize(
    ("phase", "text", "said"),
    [
        ("watching", "good", "Watching again."),
        ("locked", "the screen is locked", "No pause runs any more; but the screen is locked"),
    ],
)
def test_resume_says_what_it_does_now(
    monkeypatch: pytest.MonkeyPatch, phase: str, text: str, said: str
) -> None:
    monkeypatch.setattr("posture_cv.monitor.control.client.ask_and_wait", lambda *_: True)
    answer = {"status": {"phase": phase, "text": text}}
    monkeypatch.setattr("posture_cv.monitor.control.client.ask", lambda *_: answer)
    assert Cli().here("resume").stdout == f"{said}\n"
