"""A baseline as plain values, for a profile's file and beside the results that were judged against it."""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from posture_cv.measure.baseline import Baseline

DECIMALS: Final = 6  # of the baseline's coordinates: 0.001 px in a picture 1000 px wide


def baseline_to_json(baseline: Baseline) -> dict[str, Any]:
    """The baseline as plain values; NaN becomes null, coordinates have six decimals."""
    no_face = bool(np.isnan(baseline.face).any())
    return {
        "frame_count": baseline.frame_count,
        "spread": {name: round(value, 4) for name, value in baseline.spread.items()},
        "pose": _listed(baseline.pose),
        "face": None if no_face else _listed(baseline.face),
        "rows": _listed(baseline.rows),
        "cols": _listed(baseline.cols),
        "outline_unsure": None
        if math.isnan(baseline.outline_unsure)
        else round(baseline.outline_unsure, DECIMALS),
        "dress": None if np.isnan(baseline.dress).all() else _listed(baseline.dress),
    }


def _listed(values: NDArray[np.floating]) -> list[Any]:
    """Nested lists with six decimals and None for NaN."""
    rounded = np.round(values.astype(np.float64), DECIMALS) + 0.0  # no negative zero
    listed = rounded.astype(object)
    listed[np.isnan(rounded)] = None
    plain: list[Any] = listed.tolist()
    return plain
