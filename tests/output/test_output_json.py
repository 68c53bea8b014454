"""Indented JSON is what the standard library writes, byte for byte."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from posture_cv.output.json_text import indented

SIMPLE = st.none() | st.booleans() | st.integers() | st.floats() | st.text(' ,:{}[]"\\\naß', max_size=6)
ROWS = st.lists(st.dictionaries(st.text(' ,{}\n"', max_size=3), SIMPLE, min_size=1, max_size=3), max_size=4)
PLAIN = st.recursive(
    SIMPLE | ROWS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(st.text(max_size=3), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(PLAIN)
def test_indented_text_is_that_of_the_standard_library(plain: object) -> None:
    assert indented(plain) == json.dumps(plain, indent=2)
