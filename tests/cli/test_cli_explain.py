"""`posture-cv explain --from FILE`, and what it says of a file that holds no alerts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from assess_material import baseline, every, measurements
from cli_runner import Cli
from monitor.terminal import Terminal
from posture_cv.assess.recording import assess_measurements
from posture_cv.assess.records import to_json
from posture_cv.assess.settings import AssessSettings
from posture_cv.guidance.catalogue import load_catalogue


@pytest.fixture
def alerts(tmp_path: Path) -> Path:
    """Two nudges of an hour without a break, as replay writes them."""
    found = assess_measurements(measurements(*every(0.5, ("good", 1810))), baseline(), AssessSettings())
    path = tmp_path / "alerts.jsonl"
    path.write_text("".join(json.dumps(to_json(record)) + "\n" for record in found.records))
    return path


def test_the_last_alert_or_the_one_asked_for(cli: Cli, alerts: Path) -> None:
    assert "Sitting still" in cli.here("explain", "--from", str(alerts)).stdout
    assert "Time for a break" in cli.here("explain", "--from", str(alerts), "1").stdout


def test_as_json_it_is_the_record_with_the_words(cli: Cli, alerts: Path) -> None:
    told = json.loads(cli.here("explain", "--from", str(alerts), "1", "--json").stdout)
    assert told["alert"] == 1
    assert told["text"] + "\n" == cli.here("explain", "--from", str(alerts), "1").stdout
    assert told["record"] == json.loads(alerts.read_text().splitlines()[0])


def test_a_terminal_gets_lines_that_it_need_not_break_and_a_pipe_whole_ones(
    alerts: Path, tmp_path: Path
) -> None:
    whole = Cli()("explain", "--from", str(alerts)).stdout
    assert max(map(len, whole.splitlines())) > 100
    terminal = Terminal(tmp_path, "explain", "--from", str(alerts), columns=60)
    assert terminal.code() == 0
    assert max(map(len, terminal.said.splitlines())) <= 60
    assert terminal.said.split() == whole.split()


def test_what_is_no_number_is_told_in_words(cli: Cli) -> None:
    cli.fails("explain", "abc", said="'abc' is not a valid whole number.")
    cli.fails("monitor", "--duration", "abc", said="'abc' is not a valid number.")


def test_what_there_is_instead_and_what_to_give(cli: Cli, alerts: Path, tmp_path: Path) -> None:
    done = cli.fails("explain", "--from", str(alerts), "9", said="holds no alert 9")
    assert "It holds: 1, 2." in done.stderr
    assert "Choose one of them." in done.stderr
    for content, said in [
        (b"", "holds no alert."),
        (b"{}\n", "holds something else than alerts"),
        (b'{"id": 1}\nt_s,state\n', "Line 2 is no JSON."),
        (b"\xff\xfe", "It is no text."),
    ]:
        other = tmp_path / "other.jsonl"
        other.write_bytes(content)
        done = cli.fails("explain", "--from", str(other), said=said)
        assert "alerts.jsonl that posture-cv replay" in done.stderr or not content


def test_what_was_advised_and_what_studies_say_of_it(cli: Cli, alerts: Path) -> None:
    catalogue = load_catalogue()
    entry = next(entry for entry in catalogue.entries if entry.evidence and entry.action and entry.quotation)
    row = json.loads(alerts.read_text().splitlines()[0])
    words = {"seen": "Seen.", "text": "Look up.", "quotation": "look up", "citation": "document 001"}
    told: dict[str, list[str]] = {}
    for entry_id in (entry.id, "of_another_version"):
        alerts.write_text(json.dumps({"id": 1, **words, "entry_id": entry_id, "record": row}) + "\n")
        told[entry_id] = cli.here("explain", "--from", str(alerts)).stdout.splitlines()
    assert told["of_another_version"][-2:] == ["Advised: Look up.", "Source: “look up” — document 001"]
    studies = [f"What studies say: {note.text}" for note in catalogue.evidence_for(entry)]
    assert all(any(line.startswith(said) for line in told[entry.id]) for said in studies)
