"""Values made on demand."""

from __future__ import annotations

import pytest

from posture_cv.measure.later import Later


def test_a_value_is_made_once_and_only_when_it_is_asked_for() -> None:
    made: list[str] = []

    def make(name: str) -> str:
        made.append(name)
        return name.upper()

    values = Later(("a", "b"), make)
    assert (list(values), len(values), "a" in values, made) == (["a", "b"], 2, True, ["a"])
    assert (values["a"], values["a"], values["b"]) == ("A", "A", "B")
    assert made == ["a", "b"]


def test_an_unknown_name_is_no_key() -> None:
    with pytest.raises(KeyError):
        Later(("a",), str)["b"]
