"""`posture-cv guidance` reads well in a narrow terminal, without colour, in a pipe and as JSON."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys

import pytest
from click.testing import CliRunner, Result

from amounts import FULL
from posture_cv.cli.guidance import command, find_page
from posture_cv.errors import InputError
from posture_cv.guidance.catalogue import load_catalogue
from posture_cv.guidance.entries import Catalogue
from posture_cv.output.text import READING_WIDTH

COLOUR = re.compile(r"\x1b\[[0-9;]*3[0-7]m")


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load_catalogue()


def run(*arguments: str, columns: int = 60, **env: str) -> Result:
    return CliRunner().invoke(command, list(arguments), env={"COLUMNS": str(columns), **env})


def words(text: str) -> str:
    return " ".join(text.split())


def names(catalogue: Catalogue) -> list[str]:
    return [topic.id for topic in catalogue.topics] + [cue.id for cue in catalogue.cues] + ["all", "sources"]


@pytest.mark.parametrize("columns", [40, 60, 80, 200] if FULL else [40, 200])
def test_every_page_fits_the_terminal(catalogue: Catalogue, columns: int) -> None:
    for name in names(catalogue):
        result = run(name, columns=columns)
        assert result.exit_code == 0, name
        lines = result.output.splitlines()
        assert max(map(len, lines)) <= min(columns, READING_WIDTH), name
        assert all(line == line.rstrip() for line in lines), name


def test_the_overview_lists_every_topic_with_its_size(catalogue: Catalogue) -> None:
    output = run().output
    for topic in catalogue.topics:
        count = len(catalogue.for_topic(topic.id))
        assert re.search(rf"^{topic.id}\s.*\b{count}\b", output, re.MULTILINE), topic.id
    assert words(catalogue.safety_line) in words(output)


def test_all_prints_every_text_and_quotation(catalogue: Catalogue) -> None:
    output = words(run("all").output)
    for entry in catalogue.entries:
        assert entry.text in output
        assert words(entry.quotation or "") in output
        assert catalogue.citation(entry) in output


def test_every_exercise_is_printed_with_dose_and_pain_limit(catalogue: Catalogue) -> None:
    for exercise in catalogue.of_kind("exercise"):
        output = words(run(exercise.id).output)
        assert exercise.dose is not None
        assert exercise.dose.as_text() in output
        assert catalogue.safety_line in output
        assert all(step in output for step in exercise.steps)
        assert ("our choice" in output) == (exercise.dose.source == "ours")


def test_a_topic_is_typed_as_it_is_called_too() -> None:
    assert run("text", "neck").output == run("text-neck").output
    assert "No guidance topic 'text books'" in str(run("text", "books").exception)


def test_the_note_that_disagrees_stands_on_the_same_page() -> None:
    output = words(run("text-neck").output)
    assert "The weight of a bent head [1] [2]" in output
    assert "[1] The 60-pound figure" in output
    assert "[2] Text neck is not shown to cause pain" in output


def test_urgent_red_flags_come_first() -> None:
    output = run("red-flags").output
    assert output.index("Sudden weakness") < output.index("Worse at night")
    assert output.rindex("- urgent") < output.index("Severe headache")


@pytest.mark.parametrize("name", ["red_flags", "RED-FLAGS", "red flags"])
def test_names_are_taken_as_typed(name: str) -> None:
    assert run(name).output == run("red-flags").output


def test_a_posture_is_called_as_the_monitor_calls_it() -> None:
    assert run("slumping").output == run("slump").output
    assert run("shrug").output.startswith("When the program says: raised shoulders\n")


def test_sources_name_the_five_files(catalogue: Catalogue) -> None:
    output = run("sources").output
    for document in catalogue.documents:
        assert document.file in output
        assert document.title in output


def test_colour_comes_only_where_it_is_wanted() -> None:
    plain = run("shrug").output
    assert "\x1b" not in plain
    coloured = run("shrug", FORCE_COLOR="1", TERM="xterm-256color").output
    assert COLOUR.search(coloured)
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == plain
    assert not COLOUR.search(run("shrug", FORCE_COLOR="1", NO_COLOR="1", TERM="xterm-256color").output)


@pytest.mark.parametrize(
    ("name", "suggestion"),
    [
        ("txt-neck", "text-neck"),
        ("forwardhead", "forward-head"),
        ("exercize", "exercises"),
        ("neck", "text-neck"),
    ],
)
def test_a_misspelt_topic_is_answered_with_what_is_near(name: str, suggestion: str) -> None:
    result = run(name)
    assert isinstance(result.exception, InputError)
    assert result.exception.exit_code == 2
    assert repr(name) in result.exception.title
    assert suggestion in result.exception.detail


@pytest.mark.parametrize("name", ["xyzzy", "", "-_-"])
def test_an_unknown_topic_is_answered_with_all_topics(catalogue: Catalogue, name: str) -> None:
    with pytest.raises(InputError) as refused:
        find_page(catalogue, name)
    assert all(topic.id in refused.value.detail for topic in catalogue.topics)


def test_json_holds_the_catalogue(catalogue: Catalogue) -> None:
    everything = json.loads(run("all", "--json").output)
    assert {row["id"] for row in everything["entries"]} == {entry.id for entry in catalogue.entries}
    for row in everything["entries"]:
        entry = catalogue.entry(row["id"])
        assert (row["text"], row["quotation"], row["document"]) == (
            entry.text,
            entry.quotation,
            entry.document,
        )
        assert (row["safety_line"] == catalogue.safety_line) == (entry.kind == "exercise")
    assert [document["id"] for document in everything["documents"]] == ["000", "001", "002", "003", "004"]


def test_json_of_a_topic_brings_its_evidence() -> None:
    page = json.loads(run("text-neck", "--json").output)
    assert page["topic"] == "text-neck"
    assert {"sixty_pounds_model", "text_neck_and_pain"} <= {note["id"] for note in page["evidence"]}


def test_json_of_the_overview_and_the_sources(catalogue: Catalogue) -> None:
    overview = json.loads(run("--json").output)
    assert [topic["id"] for topic in overview["topics"]] == [topic.id for topic in catalogue.topics]
    assert json.loads(run("sources", "--json").output) == {"documents": overview["documents"]}


def test_the_shell_completes_topics() -> None:
    env = {"_GUIDANCE_COMPLETE": "bash_complete", "COMP_WORDS": "guidance r", "COMP_CWORD": "1"}
    output = (
        CliRunner().invoke(command, prog_name="guidance", env=env, complete_var="_GUIDANCE_COMPLETE").output
    )
    assert output.splitlines() == ["plain,rounded-shoulders", "plain,raised-shoulders", "plain,red-flags"]


@pytest.mark.parametrize("encoding", ["ascii", "utf-8"])
def test_it_prints_in_any_encoding_and_into_a_closed_pipe(encoding: str) -> None:
    script = "from posture_cv.cli.guidance import command; command(['all'])"
    done = subprocess.run(
        f'"{sys.executable}" -c "{script}" | "{sys.executable}" -c "print(input())"',
        shell=True,
        check=False,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONIOENCODING": encoding},
    )
    assert done.stdout.strip() == "All guidance"
    assert "Traceback" not in done.stderr
