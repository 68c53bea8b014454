"""What the results of two cameras say besides those of one: from which view each number comes, and the offset."""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np

from posture_cv.landmarks.recording import RecordingInfo
from posture_cv.measure.types import QUANTITIES, View
from posture_cv.output.tables import column_stem
from posture_cv.replay.pairing import Paired
from posture_cv.replay.sync import Offset

_LABELS: Final = {int(view): view.label for view in View} | {int(View.UNKNOWN): ""}


def columns_of(paired: Paired) -> dict[str, list[str]]:
    """For each quantity the view that it comes from, frame by frame."""
    return {
        f"{column_stem(quantity)[0]}_view": [_LABELS[code] for code in paired.origin[name].tolist()]
        for name, quantity in QUANTITIES.items()
    }


def figures_of(paired: Paired, offset: Offset, side: RecordingInfo) -> dict[str, Any]:
    """What the summary says of two cameras: how they were brought together, and which saw what best.

    Args:
        paired: the frames of both.
        offset: between their clocks.
        side: the side's recording.
    """
    quantities = {}
    for name in QUANTITIES:
        told = paired.origin[name]
        quantities[name] = {
            "preferred": paired.preferred[name].label if paired.preferred[name] else None,
            "sd_front": _plain(paired.expected_sd[name][0]),
            "sd_side": _plain(paired.expected_sd[name][1]),
            "share_front": round(float(np.mean(told == View.FRONT)), 4) if len(told) else None,
            "share_side": round(float(np.mean(told == View.SIDE)), 4) if len(told) else None,
        }
    return {
        "side_source": dict(side.source),
        "side_estimator": dict(side.estimator),
        "offset_s": round(offset.offset_s, 4),
        "offset_sd_s": round(offset.sd_s, 4) if offset.found else None,
        "offset_drift_s": _plain(offset.drift_s),
        "offset_found": offset.found,
        "agreement": _plain(offset.agreement),
        "both_share": round(paired.both_share, 4),
        "quantities": quantities,
    }


def _plain(value: float) -> float | None:
    return round(value, 4) if math.isfinite(value) else None
