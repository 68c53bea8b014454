"""The few figures that a list of measurements becomes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Spread:
    """Median and 95th percentile of `count` measurements, in milliseconds."""

    median_ms: float
    p95_ms: float
    count: int


def spread(seconds: Sequence[float]) -> Spread:
    """Of measurements in seconds.

    Raises:
        ValueError: there is none.
    """
    if not seconds:
        raise ValueError("nothing was measured")
    median, p95 = (1000.0 * np.percentile(seconds, [50.0, 95.0])).tolist()
    return Spread(round(median, 3), round(p95, 3), len(seconds))
