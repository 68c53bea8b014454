"""The first-run notice holds every red flag and the disclaimer, at any width."""

from __future__ import annotations

import pytest

from posture_cv.guidance.catalogue import load_catalogue
from posture_cv.guidance.entries import Catalogue
from posture_cv.guidance.notice import first_run_notice


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load_catalogue()


def test_every_red_flag_is_in_it_once_urgent_ones_first(catalogue: Catalogue) -> None:
    notice = first_run_notice(catalogue)
    flags = [entry for part in notice.parts[1:] for entry in part.entries]
    assert sorted(e.id for e in flags) == sorted(e.id for e in catalogue.of_kind("red_flag"))
    urgent = [entry.urgency == "urgent" for entry in flags]
    assert urgent == sorted(urgent, reverse=True)
    assert {entry.document for entry in flags} == {"000", "001", "002", "003", "004"}


def test_it_says_what_the_program_is_not(catalogue: Catalogue) -> None:
    text = first_run_notice(catalogue).as_text()
    assert "not a medical device" in " ".join(text.split())
    assert "common sense" in text
    assert catalogue.safety_line in " ".join(text.split())


@pytest.mark.parametrize("width", [30, 40, 60, 72, 120])
def test_it_keeps_within_the_terminal(catalogue: Catalogue, width: int) -> None:
    notice = first_run_notice(catalogue)
    text = notice.as_text(width)
    assert max(len(line) for line in text.splitlines()) <= width
    words = " ".join(text.replace("\n  - ", "\n").split())
    assert all(entry.text in words for part in notice.parts for entry in part.entries)
