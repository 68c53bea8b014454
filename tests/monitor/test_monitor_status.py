"""What `status --json` says is what its documentation says."""

from __future__ import annotations

import json
import re
from dataclasses import fields, replace
from pathlib import Path

import pytest

from assess_material import measurements
from cli_runner import Cli
from monitor.monitor_material import Desk, stretches
from posture_cv.assess.effects import Ambient, Level
from posture_cv.assess.settings import AssessSettings
from posture_cv.assess.smoothing import SmoothedFrame
from posture_cv.assess.types import State
from posture_cv.monitor.economy import Pace
from posture_cv.monitor.lifecycle import Phase
from posture_cv.monitor.margins import margins
from posture_cv.monitor.moment import Moment
from posture_cv.monitor.ports import CameraIdentity
from posture_cv.monitor.status import SCHEMA_VERSION, StatusBoard
from source_tree import ROOT

DOCUMENT = ROOT / "docs" / "status-schema.md"
WATCHING = Moment(1.0, 1.0, Phase.WATCHING, state=State.GOOD, ambient=Ambient(Level.POOR, "slump", 0.0))


@pytest.fixture
def rows() -> dict[str, str]:
    """What is said of each key."""
    if not DOCUMENT.exists():
        pytest.skip("the documentation is not in this tree")
    lines = [
        line.split(" | ", 1) for line in DOCUMENT.read_text(encoding="utf-8").splitlines() if "` | " in line
    ]
    return {key: said for keys, said in lines for key in re.findall(r"`(\w+)`", keys)}


def quoted(text: str) -> set[str]:
    return set(re.findall(r"`(\w+)`", text))


def test_every_key_is_documented_in_the_order_in_which_it_comes(rows: dict[str, str]) -> None:
    board = StatusBoard()
    starting = list(board.snapshot())
    board.show(WATCHING)
    assert set(rows) == set(board.snapshot())
    assert list(rows)[: len(starting)] == starting
    assert str(SCHEMA_VERSION) in rows["schema_version"]


def test_every_word_that_may_stand_there_is_documented(rows: dict[str, str]) -> None:
    assert {phase.value for phase in Phase} | {"starting"} <= quoted(rows["phase"])
    assert {level.value for level in Level} <= quoted(rows["level"])
    assert {pace.value for pace in Pace} <= quoted(rows["pace"])
    assert {state.label for state in State} <= quoted(rows["state"])
    assert {field.name for field in fields(CameraIdentity)} <= quoted(rows["camera"])
    (margin, *_) = margins(SmoothedFrame.of(measurements([0.0], ["good"])), AssessSettings())
    assert set(margin.as_plain()) == quoted(rows["margins"])


def test_a_cue_is_told_of_no_more_than_its_level() -> None:
    board = StatusBoard()
    for moment, level, cue in ((WATCHING, "poor", "slump"), (replace(WATCHING, state=None), "starting", "")):
        board.show(moment)
        status = board.snapshot()
        assert (status["level"], status["cue"]) == (level, cue)


def test_a_prompt_that_was_sat_through_is_no_break() -> None:
    settings = AssessSettings()
    settings = replace(settings, breaks=replace(settings.breaks, interval_s=60.0))
    desk, board = Desk(stretches(("good", 1.0)), 200.0, settings, rate_hz=2.0), StatusBoard()
    parts = desk.parts()
    parts.sinks = [board]
    desk.run(parts)
    status = board.snapshot()
    assert status["prompts"] > 0
    assert status["since_break_s"] == status["sitting_s"] > 190.0


def test_a_script_is_told_that_none_runs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("POSTURE_CV_HOME", str(tmp_path))
    done = Cli().here("status", "--json")
    assert done.returncode == 3
    assert json.loads(done.stdout) == {"schema_version": SCHEMA_VERSION, "running": False}
    assert Cli().here("status").stdout == ""
