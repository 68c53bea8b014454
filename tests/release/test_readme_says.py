"""What README.md says besides its commands: how they are found, extras, completion, the figures of the accuracy."""

from __future__ import annotations

import csv
import re
import shutil
import tomllib
from collections.abc import Iterator
from pathlib import Path

import click
import numpy as np
import pytest

from cli_runner import Cli
from posture_cv.cli import cli
from posture_cv.report.accuracy import measured
from shared_material import shared_path
from source_tree import ROOT
from tools.tool import TOOLS, help_of

README = (ROOT / "README.md").read_text(encoding="utf-8")
FOR_DEVELOPERS = {"test", "fit", "render", "release", "dev"}
QUANTITIES = {
    "craniovertebral angle": "cva_change_deg",
    "head forward of the trunk": "head_forward_cm",
    "head pitch": "head_pitch_deg",
    "shoulder elevation": "shoulder_elevation_cm",
    "protraction (an index)": "protraction_cm",
    "trunk inclination": "trunk_incl_deg",
}
ROUNDED = 0.00501  # half of the last digit shown; a half may go either way


def test_the_environment_is_active_before_a_command_of_it_is_shown() -> None:
    shown = re.search(r"^posture-cv ", README, re.MULTILINE)
    assert shown
    assert 0 < README.find("`. .venv/bin/activate`") < shown.start()


def test_it_says_how_every_extra_is_installed() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    said = re.search(r"`pip install '\.\[([a-z,]+)\]'`", README)
    assert said
    assert set(said[1].split(",")) == set(project["optional-dependencies"]) - FOR_DEVELOPERS


def commands(
    group: click.Group, before: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every command with the words that it is called by."""
    for name in group.list_commands(click.Context(group)):
        found = group.get_command(click.Context(group), name)
        assert found is not None
        yield (*before, name), found
        if isinstance(found, click.Group):
            yield from commands(found, (*before, name))


def options_of(command: click.Command) -> set[str]:
    given = command.get_params(click.Context(command))
    return {name for one in given for name in (*one.opts, *one.secondary_opts)}


TOOL = re.compile(r"`(?:python )?tools/(\w+\.py)([^`]*)`")
PROSE = re.sub(r"^```.*?^```", "", README, flags=re.MULTILINE | re.DOTALL)
SPANS = [" ".join(span.split()) for span in re.findall(r"`([^`]+)`", PROSE)]
OF_TOOLS = {"--view", "--people", "--first"}  # in brackets behind the tool that they are of


def test_every_option_that_its_prose_names_is_there() -> None:
    known = set().union(*(options_of(command) for _, command in commands(cli)))
    alone = [span.split() for span in SPANS if span.startswith("--")]
    named = {word for words in alone for word in words if word.startswith("--")}
    assert len(named) > 10
    assert named - known <= OF_TOOLS


def test_a_command_that_its_prose_names_without_the_program_is_there() -> None:
    known = dict(commands(cli))
    named = [span.split() for span in SPANS if (span.split()[0],) in known and " " in span]
    assert len(named) >= 3
    for words in named:
        called = max(
            (known_words for known_words in known if tuple(words[: len(known_words)]) == known_words), key=len
        )
        command = known[called]
        assert not isinstance(command, click.Group) or words[len(called)].startswith("-"), words
        command.make_parser(click.Context(command)).parse_args(words[len(called) :])


@pytest.mark.skipif(not TOOLS.exists(), reason="needs the checkout: tools/ is not installed")
@pytest.mark.parametrize(
    ("tool", "rest"), sorted({(name, " ".join(rest.split())) for name, rest in TOOL.findall(README)})
)
def test_a_tool_takes_the_words_that_it_shows(tool: str, rest: str, tmp_path: Path) -> None:
    words = rest.split()
    first = next((k for k, word in enumerate(words) if word.startswith("-")), len(words))
    told = help_of(tool, tmp_path, words[:first])
    for word in words[first:]:
        if word.startswith("-"):
            assert re.search(rf"{word}\b", told), word


@pytest.mark.skipif(shutil.which("bash") is None, reason="click asks bash for its version")
def test_shells_complete_as_it_says(monkeypatch: pytest.MonkeyPatch) -> None:
    variable, first = re.findall(r"eval \"\$\((\w+)=(\w+_source) posture-cv\)\"", README)[0]
    for shell in {first, *re.findall(r"`(\w+_source)`", README)}:
        monkeypatch.setenv(variable, shell)
        done = Cli().here()
        assert done.returncode == 0, done.stderr
        assert variable in done.stdout
        assert "posture-cv" in done.stdout


def test_its_table_of_accuracy_is_what_the_reports_quote() -> None:
    rows = re.findall(
        r"^\| (front|side|oblique) \| ([^|]+) \| ([\d.]+)(?:°| cm), ([\d.]+) \|", README, re.MULTILINE
    )
    quoted = {
        (view, quantity): (row["mae"], row["r"])
        for view, told in measured()["views"].items()
        for quantity, row in told["quantities"].items()
    }
    said = {(view, QUANTITIES[name]): (float(mae), float(r)) for view, name, mae, r in rows}
    assert len(said) == 3 * len(QUANTITIES)
    for key, figures in said.items():
        assert figures == pytest.approx(quoted[key], abs=ROUNDED), key


@pytest.mark.parametrize(
    ("named", "segment", "columns"),
    [
        ("mild forward head", "fhp_mild", ["head_fwd_rel_trunk_delta_cm"]),
        ("rounded shoulders, mild", "rounded_mild", ["protraction_delta_cm_L", "protraction_delta_cm_R"]),
    ],
)
def test_mild_postures_are_as_large_as_it_says(named: str, segment: str, columns: list[str]) -> None:
    """On average over the people seen from the front and from the side, of whom its table tells."""
    with shared_path("ground-truth", "public", "ground_truth.csv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["view"] in ("front", "side")]
    sizes = []
    for camera in {(row["subject"], row["camera"]) for row in rows}:
        of = {
            name: [
                np.mean([float(row[column]) for column in columns])
                for row in rows
                if (row["subject"], row["camera"], row["segment"]) == (*camera, name)
            ]
            for name in ("calibration", segment)
        }
        sizes += [size - np.median(of["calibration"]) for size in of[segment]]
    said = re.search(rf"\| {named} \(([\d.]+) cm\)", README)
    assert said
    assert float(said[1]) == pytest.approx(np.mean(sizes), abs=0.05)
