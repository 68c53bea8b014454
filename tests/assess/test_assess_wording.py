"""What postures are called where people read of them."""

from __future__ import annotations

import pytest

from posture_cv.assess.settings import CUES
from posture_cv.assess.types import State
from posture_cv.assess.wording import label_of, plain

LABELS = [state.label for state in State]


def test_each_posture_is_found_by_its_label_and_by_the_words_for_it() -> None:
    for label in LABELS:
        assert {label_of(words, LABELS) for words in (label, plain(label), plain(label).title())} == {label}
    assert len({plain(label) for label in LABELS}) == len(LABELS)


def test_words_for_another_posture_are_none_of_those_that_can_be_meant() -> None:
    assert label_of("raised-shoulders", CUES) == "shrug"
    assert label_of("leaning in", CUES) is None
    assert label_of("", LABELS) is None


@pytest.mark.parametrize("label", LABELS)
def test_what_is_read_has_no_underscore(label: str) -> None:
    assert "_" not in plain(label)
