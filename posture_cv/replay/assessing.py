"""Landmark recording + baseline -> measurements, states, episodes and alerts, whatever the recording's length."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from posture_cv.landmarks.types import Landmarks
from posture_cv.measure.baseline import Baseline
from posture_cv.measure.measure import measure
from posture_cv.measure.types import QUANTITIES, Estimate, Measurements
from posture_cv.replay.progress import NoProgress, Progress


def frames_between(blocks: Iterable[Landmarks], start_s: float, end_s: float) -> Landmarks:
    """The frames with `start_s <= t_s < end_s`."""
    chosen = []
    for block in blocks:
        if len(block) and block.t_s[0] >= end_s:
            break
        chosen.append(block[(block.t_s >= start_s) & (block.t_s < end_s)])
    return Landmarks.concat(chosen)


def measure_blocks(
    blocks: Iterable[Landmarks],
    baseline: Baseline,
    coefficients: Mapping[str, Any],
    progress: Progress | None = None,
) -> Measurements:
    """Measure a recording block by block; only the measurements (some 300 bytes a frame) are kept."""
    progress = progress or NoProgress()
    parts = []
    for block in blocks:
        parts.append(measure(block, baseline, coefficients))
        progress.advance(len(block))
    return concatenated(parts) if parts else measure(Landmarks.empty(0), baseline, coefficients)


def concatenated(parts: list[Measurements]) -> Measurements:
    """The frames of all parts, in order."""
    values = {
        name: Estimate(
            np.concatenate([p.values[name].value for p in parts]),
            np.concatenate([p.values[name].sd for p in parts]),
            np.concatenate([p.values[name].reason for p in parts]),
        )
        for name in QUANTITIES
    }
    return Measurements(
        np.concatenate([p.t_s for p in parts]),
        np.concatenate([p.view for p in parts]),
        np.concatenate([p.reason for p in parts]),
        values,
    )
