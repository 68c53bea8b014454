"""The packages of `tools/`, which are not installed."""

from __future__ import annotations

import importlib

import pytest

from tools.tool import TOOLS, Load


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch) -> Load:
    """Modules of `tools/rendering`, by name."""
    monkeypatch.syspath_prepend(str(TOOLS))
    return lambda name: importlib.import_module(f"rendering.{name}")
