"""Errors in one line, where there are no lines of their own."""

from __future__ import annotations

import pytest

from posture_cv.errors import PostureError


@pytest.mark.parametrize(
    ("detail", "said"),
    [
        ("", "Cannot write: a. Try again."),
        ("No room.", "Cannot write: a. No room. Try again."),
        ("a: too large\n  b: unknown key", "Cannot write: a. a: too large; b: unknown key. Try again."),
        ("It is old.\nIt is torn.", "Cannot write: a. It is old. It is torn. Try again."),
    ],
)
def test_all_of_an_error_in_one_line(detail: str, said: str) -> None:
    assert PostureError("Cannot write: a", detail, "Try again.").sentences == said
