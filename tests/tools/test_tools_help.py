"""Every tool says what it does when it is asked, and does nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from source_tree import ROOT
from tools.tool import TOOLS, help_of

NAMES = sorted(path.name for path in TOOLS.glob("*.py"))
WRITTEN = ("docs", "samples", "posture_cv/report", "posture_cv/coefficients")
pytestmark = pytest.mark.skipif(not NAMES, reason="needs the checkout: tools/ is not installed")


def contents() -> dict[str, tuple[int, int]]:
    """Time and size of everything that a tool could write over."""
    files = [path for folder in WRITTEN for path in (ROOT / folder).rglob("*") if path.is_file()]
    return {
        str(path): (path.stat().st_mtime_ns, path.stat().st_size)
        for path in files
        if "__pycache__" not in path.parts
    }


@pytest.mark.parametrize("name", NAMES)
def test_help_is_shown_and_nothing_is_written(name: str, tmp_path: Path) -> None:
    before = contents()
    said = help_of(name, tmp_path)
    assert said.startswith("usage:")
    assert len(said.splitlines()) > 3, "what it does, and with what"
    assert contents() == before
    assert not list(tmp_path.iterdir())
