"""Our own words promise nothing and name no illness: load, not harm to the body; no cure."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator

import pytest

from posture_cv.guidance.catalogue import load_catalogue
from posture_cv.guidance.desk import desk_lines, wrapped
from posture_cv.guidance.entries import Catalogue
from posture_cv.guidance.notice import first_run_notice
from posture_cv.profiles.types import SetupNote

FORBIDDEN = {
    "a promise of healing": (
        r"\b(cur(e|es|ed|ing)|heal(s|ed|ing)?|fix(es|ed|ing)?|remed(y|ies)|treat(s|ed|ing|ment)?)\b"
    ),
    "harm to the body": r"\b(damag\w*|injur\w*|harm\w*|wreck\w*|ruin\w*|degenerat\w*|deform\w*)\b",
    "a diagnosis": r"\b(diagnos\w*|syndrome|disorder|dysfunction|pathology)\b",
    "a diagnosis of the reader": r"\byou(r neck| have| suffer from)\b.{0,12}\btext neck\b",
    "a guarantee": r"\b(guarante\w*|proven|always works|perfect(ly)?|for ever)\b",
    "a promise about pain": (
        r"\b(prevent|reliev|reduc|stop|eas|remov|eliminat|end|avoid|rid of|free of|against)\w*\s+"
        r"(?:\w+\s+){0,3}(pains?|aches?|headaches?)\b"
    ),
    "blame": r"\b(bad posture|poor posture|wrong posture|lazy|your fault)\b",
}


def offences(text: str) -> list[str]:
    return [name for name, pattern in FORBIDDEN.items() if re.search(pattern, text, re.IGNORECASE)]


def own_words(catalogue: Catalogue) -> Iterator[tuple[str, str]]:
    """Everything we wrote ourselves, with where it stands; quotations and names of sources are others'."""
    for entry in catalogue.entries:
        for text in (entry.title, entry.text, entry.action or "", *entry.steps):
            yield entry.id, text
    for cue in catalogue.cues:
        for template in cue.seen:
            yield cue.id, template
    for topic in catalogue.topics:
        yield topic.id, topic.title
    notice = first_run_notice(catalogue)
    for text in (notice.title, notice.more, *(part.heading for part in notice.parts)):
        yield "first-run notice", text


def test_our_words_keep_to_load() -> None:
    words = list(own_words(load_catalogue()))
    assert len(words) > 300
    assert [(where, text, offences(text)) for where, text in words if offences(text)] == []


@pytest.mark.parametrize(
    "text",
    [
        "This will cure your neck.",
        "Fix your posture in a week.",
        "Your spine heals at night.",
        "A bent head damages the spine.",
        "Sitting wrecks the back.",
        "We diagnose your posture.",
        "You have text neck.",
        "Guaranteed to work.",
        "Breaks prevent neck pain.",
        "A stretch that relieves pain.",
        "It eases most of your headaches.",
        "Bad posture again!",
    ],
)
def test_the_lint_sees_what_it_is_for(text: str) -> None:
    assert offences(text)


@pytest.mark.parametrize(
    "text",
    [
        "A head held forward is load for the muscles of your neck.",
        "If pain persists, talk to a doctor.",
        "It is load; it is not shown to cause pain.",
        "Regular movement is good for your health.",
    ],
)
def test_the_lint_lets_plain_words_pass(text: str) -> None:
    assert offences(text) == []


def test_the_lint_would_catch_the_documents_own_words() -> None:
    """Some quotations do say such things, which is why the paraphrase stands beside them."""
    assert any(offences(entry.quotation or "") for entry in load_catalogue().entries)


def test_a_changed_paraphrase_is_seen() -> None:
    catalogue = load_catalogue()
    spoilt = dataclasses.replace(catalogue.entries[1], text="This heals your shoulders.")
    changed = dataclasses.replace(catalogue, entries=(catalogue.entries[0], spoilt, *catalogue.entries[2:]))
    assert any(offences(text) for _, text in own_words(changed))


def test_who_walked_about_is_not_told_that_they_have_not_moved() -> None:
    """What is counted are changes of position, up to nine of which still prompt: nothing else may be claimed."""
    assert all("position" in words for words in load_catalogue().cue("stillness").seen)


def test_a_command_is_not_broken_within_its_name() -> None:
    text = (
        "If alerts do not fit: posture-cv recalibrate; or look at posture-cv check --once, which is a look."
    )
    for width in range(20, 100):
        assert sum(line.count("posture-cv") for line in wrapped(text, "  - ", width)) == 2


def test_what_helps_against_two_findings_is_said_once() -> None:
    found = [SetupNote("too_close", "You sit near."), SetupNote("screen_too_high", "The screen is high.")]
    text = " ".join(" ".join(desk_lines(load_catalogue(), found, 80, 2)).split())
    both = load_catalogue().entry("screen_height_and_distance")
    assert set(both.checks) >= {note.check for note in found}
    assert text.count(str(both.action)) == 1
    assert text.index("You sit near.") < text.index("The screen is high.")


def test_a_prompt_does_not_leave_a_documents_claim_of_harm_as_ours() -> None:
    """A notification has no room for what studies say: its own words tell that the claim is the document's."""
    entries = load_catalogue().entries
    claims = re.compile(
        FORBIDDEN["harm to the body"] + "|" + FORBIDDEN["a diagnosis"] + r"|\b(causing|suffering)\b"
    )
    prompted = [entry for entry in entries if entry.triggers and claims.search(entry.quotation or "")]
    assert {"shoulders_drop_forward", "eight_hours"} <= {entry.id for entry in prompted}
    told = re.compile(r"\b(the (document|clinic)\b|studies\b)", re.IGNORECASE)
    assert [entry.id for entry in prompted if not told.search(entry.text)] == []
