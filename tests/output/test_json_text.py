"""JSON for people to read is what Python writes with an indent of two."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posture_cv.assess.types import State
from posture_cv.output.json_text import indented

_PLAIN = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
_ANY = st.recursive(
    _PLAIN, lambda inner: st.lists(inner) | st.tuples(inner, inner) | st.dictionaries(st.text(), inner)
)


@given(_ANY)
def test_it_is_what_python_writes(plain: object) -> None:
    assert indented(plain) == json.dumps(plain, indent=2)


def test_codes_are_numbers() -> None:
    plain = {"state": State.GOOD, "rows": [{"a": [], "b": {}, "state": State.AWAY}, {"c": ({},)}]}
    assert indented(plain) == json.dumps(plain, indent=2)


@given(st.lists(st.dictionaries(st.text(), _PLAIN)) | st.lists(_PLAIN))
def test_rows_are_what_python_writes(rows: list[object]) -> None:
    assert indented({"rows": rows}) == json.dumps({"rows": rows}, indent=2)


def test_what_looks_like_the_end_of_a_row_is_none() -> None:
    plain = [{"a": "},\n    {", "},\n    {": 1}, {"b": '"},\n    {"'}]
    assert indented(plain) == json.dumps(plain, indent=2)


def test_what_json_cannot_hold_is_refused() -> None:
    with pytest.raises(TypeError, match="bytes"):
        indented({"a": [b""]})
