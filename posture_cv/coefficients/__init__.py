"""Fitted coefficients of the estimators, shipped as data; `tools/fit_estimators.py` makes them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from importlib import resources
from types import MappingProxyType
from typing import Any, Final

import numpy as np

from posture_cv.measure.front import front_model

VIEWS: Final = ("front", "side", "oblique")


@lru_cache(maxsize=1)
def load_coefficients() -> Mapping[str, Any]:
    """The shipped coefficients of every view, read once per process.

    Returns:
        "front" -> a `FrontModel`; "side", "oblique" -> the arrays of the view's file, by name. A view without
        a file is absent.
    """
    found: dict[str, Any] = {}
    for view in VIEWS:
        file = resources.files(__package__) / f"{view}.npz"
        if not file.is_file():
            continue
        with file.open("rb") as stream, np.load(stream, allow_pickle=False) as archive:
            arrays = {key: archive[key] for key in archive.files}
        found[view] = front_model(arrays) if view == "front" else MappingProxyType(arrays)
    return MappingProxyType(found)
