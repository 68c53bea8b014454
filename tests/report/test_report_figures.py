"""What the figures show, looked at in a real browser: every word is inside, every colour has its name."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.browser import Browser
from posture_cv.assess.types import State
from posture_cv.opendata.folder import Result
from posture_cv.opendata.gather import gather
from posture_cv.report.figures import apart
from posture_cv.report.look import COLOURS
from posture_cv.report.write import write_study

SCREEN, LAPTOP = "external screen with a riser", "laptop on the kitchen table"
FRONT = "front1"


def _taken(result: Result, participant: int, condition: str) -> Result:
    """A result as one recording of a study with long names."""
    named = {
        "recording": f"{result.name}{participant}",
        "participant": f"cohort_of_the_north_participant_{participant}",
        "condition": condition,
    }
    source = {  # of one source the same time would count twice
        "run": {**result.run, "source_sha256": f"{participant} {condition}"}
    }
    return replace(result, folder=result.folder.resolve(), summary={**result.summary, **named, **source})


@pytest.fixture(scope="module")
def study(results: Sequence[Result], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its page; three participants, two conditions."""
    taken = [_taken(results[k], who, name) for who in (1, 2, 3) for k, name in enumerate((SCREEN, LAPTOP))]
    return write_study(gather(taken), tmp_path_factory.mktemp("study"), "study")


def test_no_word_of_a_figure_is_cut_off(browser: Browser, study: Path) -> None:
    browser.open(study)
    assert browser.cut_off() == []
    files = [*study.parent.glob("figures/*.svg"), *(study.parent / FRONT).rglob("*.svg")]
    assert {"postures.svg", "state_good.svg"} <= {path.name for path in files}
    assert any(path.name.startswith("agreement_") for path in files)
    for path in files:
        browser.open(path)
        assert browser.cut_off() == [], path.name


def test_no_limit_of_the_timeline_is_written_above_its_canvas(browser: Browser, study: Path) -> None:
    page = study.parent / FRONT / "report.html"
    assert "shrug" in page.read_text(encoding="utf-8")
    browser.watch_canvases()
    browser.open(page)
    assert browser.above_canvases() == []


def _named_colours(path: Path) -> dict[str, str]:
    """Name -> colour of the legend that stands in a figure."""
    legend = r'"swatch" fill="([^"]+)"[^>]*/><text[^>]*>([^<]+)'
    return {name: colour for colour, name in re.findall(legend, path.read_text(encoding="utf-8"))}


def test_a_figure_that_is_a_file_names_its_colours(study: Path, results: Sequence[Result]) -> None:
    assert _named_colours(study.parent / "figures" / "state_good.svg").keys() == {SCREEN, LAPTOP}
    shown = {State(code).label for code in results[0].series().state.tolist()}
    named = _named_colours(study.parent / FRONT / "figures" / "postures.svg")
    assert named == {label.replace("_", " "): COLOURS[label] for label in shown}


@given(st.lists(st.floats(10.0, 430.0), min_size=1, max_size=3).map(sorted))
def test_names_of_marks_that_lie_together_stand_beside_each_other(places: list[float]) -> None:
    named = apart(places, 12.0, 428.0)
    assert min(named) >= 12.0 - 1e-9
    assert max(named) <= 428.0 + 1e-9
    assert all(b - a >= 24.0 - 1e-9 for a, b in pairwise(named))
    if all(b - a >= 24.0 for a, b in pairwise([-12.0, *places, 452.0])):
        assert named == places


def test_the_table_of_conditions_fits_the_page(browser: Browser, study: Path) -> None:
    browser.open(study)
    assert browser.hidden_columns() == []
    text = study.read_text(encoding="utf-8")
    assert "percentage points" in text
    assert not re.search(r"<td[^>]*>[+-]0(\.0*)?[ °]", text), "nought has no sign"
