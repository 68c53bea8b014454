"""Where this project keeps its models, and the step that makes sure they are there."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parent.parent
MODELS_FOLDER = ROOT / "posture_cv" / "models"


def pinned_sums() -> dict[str, str]:
    """File name to SHA-256 of the bundles, read from the package without importing it."""
    constants = runpy.run_path(str(MODELS_FOLDER / "__init__.py"))
    return dict(constants["BUNDLED_SHA256"])


def cache_folder() -> Path:
    """Where made bundles are kept for the next build of any checkout on this machine."""
    import platformdirs

    return platformdirs.user_cache_path("posture-cv", appauthor=False) / "models"


def ensure_project_models(say: Callable[[str], None] = lambda _line: None) -> None:
    """Fill `posture_cv/models`; does nothing when both files are there with the right sums."""
    from buildtools.make_models import ensure_models

    ensure_models(MODELS_FOLDER, cache_folder(), pinned_sums(), say)
