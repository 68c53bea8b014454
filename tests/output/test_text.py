"""Lines that a terminal need not break, and that a pipe gets whole."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calibration.protocol import Timing
from calibration.ui import TerminalUi
from monitor.terminal import Terminal
from posture_cv.output.text import lines_for


class Shown(io.StringIO):
    """A terminal."""

    def isatty(self) -> bool:
        return True


@given(
    st.lists(st.from_regex(r"[a-z:/.-]{1,60}", fullmatch=True), min_size=1, max_size=40), st.integers(0, 6)
)
def test_on_a_terminal_the_same_words_stand_in_lines_that_fit(words: list[str], indent: int) -> None:
    line = " " * indent + " ".join(words)
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("COLUMNS", "40")
        parts = lines_for(Shown(), line)
    assert " ".join(parts).split() == words
    assert all(len(part) <= 40 or len(part.split()) == 1 for part in parts)
    assert all(part.startswith(" " * (indent + 2)) for part in parts[1:])
    assert lines_for(io.StringIO(), line) == [line]


@pytest.mark.parametrize("columns", [40, 80, 200])
def test_the_first_words_of_a_calibration_fit_the_terminal(
    monkeypatch: pytest.MonkeyPatch, columns: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    shown = Shown()
    TerminalUi(Timing(), shown)
    assert max(map(len, shown.getvalue().splitlines())) <= min(columns, 88)


def test_an_error_fits_the_terminal(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path, "monitor", "no-such-thing", columns=60)
    assert terminal.code() == 2
    assert "A source is a camera (0, webcam:NAME), a video file," in terminal.said
    assert max(map(len, terminal.said.splitlines())) <= 60
