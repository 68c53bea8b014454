"""The six quantities that are compared, and how the ground truth's columns give each of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import numpy as np

from posture_cv.evaluate.dataset import Clip
from posture_cv.evaluate.truth import Truth
from posture_cv.measure.types import Float


@dataclass(frozen=True, slots=True)
class Compared:
    """One quantity of `posture_cv.measure.types.QUANTITIES` and the truth columns whose mean it estimates.

    `title` is for plots, `short` for narrow tables.
    """

    name: str
    title: str
    short: str
    unit: str
    columns: tuple[str, ...]


_ALL: Final = (
    Compared("cva_change_deg", "craniovertebral angle, change", "CVA", "deg", ("cva_deg",)),
    Compared(
        "head_forward_cm", "head forward of the trunk", "head forward", "cm", ("head_fwd_rel_trunk_delta_cm",)
    ),
    Compared("head_pitch_deg", "head pitch (down positive)", "head pitch", "deg", ("head_pitch_down_deg",)),
    Compared(
        "shoulder_elevation_cm",
        "shoulder elevation, mean of both",
        "shoulder elevation",
        "cm",
        ("elevation_delta_cm_L", "elevation_delta_cm_R"),
    ),
    Compared(
        "protraction_cm",
        "shoulder protraction, mean of both",
        "protraction",
        "cm",
        ("protraction_delta_cm_L", "protraction_delta_cm_R"),
    ),
    Compared(
        "trunk_incl_deg",
        "trunk inclination (forward positive)",
        "trunk inclination",
        "deg",
        ("trunk_incl_deg",),
    ),
)

COMPARED: Final[Mapping[str, Compared]] = MappingProxyType({q.name: q for q in _ALL})


def true_changes(truth: Truth, clip: Clip, quantity: Compared) -> Float:
    """(M,) what really changed in each judged row, against the median over the clip's calibration rows."""
    absolute = np.mean([truth.values[column] for column in quantity.columns], axis=0)
    return np.asarray(absolute[clip.judged] - np.median(absolute[clip.calibration]), np.float64)
