"""Fitted coefficients of the estimators, shipped as data; `tools/fit_estimators.py` makes them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from importlib import resources
from types import MappingProxyType
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from posture_cv.measure.front_model import front_model
from posture_cv.measure.kernel_model import estimators

VIEWS: Final = ("front", "side", "oblique")


@lru_cache(maxsize=1)
def load_coefficients() -> Mapping[str, Any]:
    """The shipped coefficients of every view, read once per process.

    Returns:
        "front" -> a `FrontModel`; "front_physics" -> arrays of the geometry network;
        "side", "oblique" -> the estimator of each quantity, by name.
    """
    found: dict[str, Any] = {}
    for view in VIEWS:
        arrays = _arrays(view)
        found[view] = front_model(arrays) if view == "front" else estimators(arrays)
    found["front_physics"] = _arrays("front_physics")
    return MappingProxyType(found)


def _arrays(name: str) -> dict[str, NDArray[Any]]:
    file = resources.files(__package__) / f"{name}.npz"
    with file.open("rb") as stream, np.load(stream, allow_pickle=False) as archive:
        return {key: archive[key] for key in archive.files}
