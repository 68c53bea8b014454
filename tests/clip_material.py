"""Clips of rendered people that the tests of the front's estimators read: `.npz` files beside them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from posture_cv.landmarks.types import Landmarks
from posture_cv.measure.baseline import Baseline, nanmedian_quiet
from posture_cv.measure.types import View


def arrays_of(file: Path) -> Mapping[str, NDArray[Any]]:
    with np.load(file, allow_pickle=False) as stored:
        return {key: stored[key] for key in stored.files}


def landmarks_of(archive: Mapping[str, NDArray[Any]]) -> Landmarks:
    parts = {key: archive[key] for key in ("pose", "face", "rows", "cols", "size_px")}
    return replace(Landmarks.empty(len(archive["pose"])), **parts)


def median_baseline(lm: Landmarks) -> Baseline:
    """Of calibration frames seen from the front, all of them used."""
    return Baseline(
        view=View.FRONT,
        size_px=(int(lm.size_px[0, 0]), int(lm.size_px[0, 1])),
        pose=nanmedian_quiet(lm.pose),
        face=nanmedian_quiet(lm.face),
        rows=nanmedian_quiet(lm.rows),
        cols=nanmedian_quiet(lm.cols),
        frame_count=len(lm),
        spread={},
    )
