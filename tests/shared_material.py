"""The ground truth that lies beside a checkout on some machines; where it does not, its tests skip."""

from __future__ import annotations

from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parent.parent.parent / "shared"


def shared_path(*parts: str) -> Path:
    """The path of shared material, for example `shared_path("ground-truth", "clips")`; skips when absent."""
    path = SHARED.joinpath(*parts)
    if not path.exists():
        pytest.skip(f"needs {Path('..', 'shared', *parts)} beside the checkout, which is not there")
    return path
