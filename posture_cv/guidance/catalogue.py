"""Reads the catalogue from the package's data files: the only place in `guidance` that touches a file."""

from __future__ import annotations

import functools
from typing import Any

from posture_cv.guidance.entries import Catalogue
from posture_cv.guidance.parse import CatalogueError, parse_catalogue

ENTRY_FILES = ("000", "001", "002", "003", "004", "evidence")


@functools.cache
def load_catalogue() -> Catalogue:
    """The catalogue that ships with the program, read once.

    Raises:
        CatalogueError: a data file is missing, unreadable or faulty; every fault is named.
    """
    return parse_catalogue(_read("frame"), {name: _read(name) for name in ENTRY_FILES})


def _read(name: str) -> dict[str, Any]:
    import tomllib
    from importlib import resources

    file = resources.files("posture_cv.guidance").joinpath("data", f"{name}.toml")
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise CatalogueError(
            "The guidance catalogue cannot be read.", f"{name}.toml: {error}.", "Install posture-cv again."
        ) from error
