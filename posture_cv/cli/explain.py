"""`posture-cv explain [ALERT]`: why an alert came."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from posture_cv.cli.options import UserPath, Whole, json_option
from posture_cv.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from posture_cv.assess.records import Record

_WHICH_FILE: Final = "Give the alerts.jsonl that posture-cv replay has written."


@click.command(short_help="Why an alert came.")
@click.argument("alert", type=Whole(1), required=False)
@click.option(
    "--from",
    "file",
    type=UserPath(dir_okay=False),
    metavar="FILE",
    help="An alerts.jsonl of posture-cv replay. [default: the monitor's history]",
)
@json_option
def command(alert: int | None, file: Path | None, *, as_json: bool) -> None:
    """Say why ALERT came (its number; without one, the last): what was measured, for how long, against what."""
    from posture_cv.assess.explain import explain
    from posture_cv.assess.records import to_json
    from posture_cv.cli.echo import echo_json, echo_sentences

    number, head, record, words = _from_file(file, alert) if file is not None else _from_history(alert)
    text = explain(record)
    if file is None:  # there the wall clock says when; the time since the monitor's start says nothing
        text = text.partition("\n")[2]
    text = "\n".join([text, *_advice(words)])
    if as_json:
        echo_json({"alert": number, "text": f"{head}\n{text}", "record": to_json(record)})
        return
    echo_sentences(head, *text.split("\n"))


def _advice(words: Mapping[str, Any]) -> list[str]:
    """What was advised, in whose words, and what studies say where they qualify them; nothing if none was kept."""
    from posture_cv.guidance.catalogue import load_catalogue

    text, quotation, citation = (words.get(key) for key in ("text", "quotation", "citation"))
    if not isinstance(text, str) or not isinstance(citation, str):
        return []
    source = f"“{quotation}” — {citation}" if isinstance(quotation, str) else citation
    lines = [f"Advised: {text}", f"Source: {source}"]
    catalogue = load_catalogue()
    with suppress(KeyError):  # an alert of another version of the catalogue
        notes = catalogue.evidence_for(catalogue.entry(str(words.get("entry_id"))))
        lines += [f"What studies say: {note.text} ({catalogue.citation(note)})" for note in notes]
    return lines


def _from_history(number: int | None) -> tuple[int, str, Record, Mapping[str, Any]]:
    """Its number, what is said of it first, the record, and what was advised."""
    from posture_cv.assess.records import from_json
    from posture_cv.assess.wording import plain
    from posture_cv.history.figures import clock_changed
    from posture_cv.history.read import Reader
    from posture_cv.history.schema import HistoryError, history_file
    from posture_cv.local_time import time_text

    with Reader(history_file()) as reader:
        row = reader.alert(number)
        ambiguous = clock_changed(reader.minutes(row.day, row.day), [row])
    when = time_text(row.local_s, row.offset_s, "%A %d %B, %H:%M", ambiguous=ambiguous)
    head = f"Alert #{row.number}, {when}: {plain(row.cue)} ({row.level}). {row.words.get('seen', '')}"
    try:
        return row.number, head, from_json(row.record), row.words
    except ValueError as error:
        raise HistoryError(f"The record of alert {row.number} cannot be read.", f"{error}.") from error


def _from_file(path: Path, number: int | None) -> tuple[int, str, Record, Mapping[str, Any]]:
    from posture_cv.assess.records import from_json

    rows = _rows(path)
    chosen = [row for row in rows if number is None or row.get("id") == number]
    if not rows:
        raise InputError(f"{path} holds no alert.", "None came in that recording.")
    if not chosen:
        there = ", ".join(str(row["id"]) for row in rows if "id" in row)
        raise InputError(f"{path} holds no alert {number}.", f"It holds: {there}.", "Choose one of them.")
    row = chosen[-1]
    try:
        record = from_json(row.get("record", row))
    except ValueError as error:
        raise InputError(f"{path} holds something else than alerts.", f"{error}.", _WHICH_FILE) from error
    return record.id, f"Alert {record.id}. {row.get('seen', '')}".strip(), record, row


def _rows(path: Path) -> list[dict[str, Any]]:
    from posture_cv.file_facts import lines_of, refuse_stream

    try:
        refuse_stream(path)
        with path.open(encoding="utf-8") as file:
            lines = list(lines_of(file))
    except OSError as error:
        raise InputError(f"Cannot read {path}", f"{error.strerror}.", "Check the path.") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is no list of alerts.", "It is no text.", _WHICH_FILE) from error
    rows = [_row(line, path, number) for number, line in enumerate(lines, start=1) if line.strip()]
    return [row for row in rows if isinstance(row, dict)]


def _row(line: str, path: Path, number: int) -> Any:  # noqa: ANN401 - whatever JSON holds
    import json

    try:
        return json.loads(line)
    except (ValueError, RecursionError) as error:
        raise InputError(
            f"{path} is no list of alerts.", f"Line {number} is no JSON.", _WHICH_FILE
        ) from error
