"""An alert explained and answered afterwards, with a monitor that runs and without one."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner

from cli_runner import Cli
from history_material import WALL_S, autumn
from posture_cv.assess.policy_state import Ledger, PolicyState
from posture_cv.assess.records import Record
from posture_cv.assess.types import Alert
from posture_cv.atomic import private_folder
from posture_cv.cli import cli
from posture_cv.history.read import Reader
from posture_cv.history.store import History
from posture_cv.monitor import commands as cmd
from posture_cv.monitor.clock import uptime_s
from posture_cv.monitor.control.server import ControlServer
from posture_cv.monitor.lifecycle import Phase
from posture_cv.monitor.moment import Moment
from posture_cv.monitor.remembering import Remembered, as_plain, boot_id, resumption, state_file
from posture_cv.monitor.status import StatusBoard
from posture_cv.paths import runtime_dir
from zones import needs_zones


@needs_zones
def test_explain_says_which_of_two_hours(users: Path) -> None:
    users.unlink()
    autumn(users)
    run = CliRunner().invoke
    assert "25 October, 02:30 UTC+2:" in run(cli, ["explain", "1"]).output
    assert "25 October, 02:30 UTC+1:" in run(cli, ["explain", "2"]).output


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
