"""The baseline: what one person looks like to one camera when sitting as they want to sit."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from posture_cv.landmarks.types import Landmarks
from posture_cv.measure.types import Float, View


class Background(NamedTuple):
    """Where a background stands against a reference frame, turned and grown about the picture's middle.

    Attributes:
        dx, dy: shift to the right and downwards, shares of the width and the height.
        scale: growth, 1 = unchanged.
        roll_deg: turn, clockwise.
    """

    dx: float
    dy: float
    scale: float
    roll_deg: float = 0.0


UNMOVED: Final = Background(0.0, 0.0, 1.0)


@dataclass(frozen=True, slots=True, eq=False)
class Baseline:
    """Median landmarks of a calibration.

    Attributes:
        view: from where the camera sees the person.
        size_px: (width, height) of the calibration pictures.
        pose: (33, 8) as in `Landmarks.pose`.
        face: (468, 3) as in `Landmarks.face`; NaN where the view shows no face.
        rows: (240, 2) as in `Landmarks.rows`.
        cols: (320,) as in `Landmarks.cols`.
        frame_count: number of frames behind the medians.
        spread: standard deviation of each quantity over the calibration frames, by quantity name.
        background: where the background (`SCENE_FIELDS`) stood when the baseline was taken, against the
            reference frame of the same source; `UNMOVED` for a source that starts afresh.
        outline_unsure: as in `SCENE_FIELDS`; NaN where it is not known.
        dress: (6,) likewise, from `chest_light` to `crown_blue`.
    """

    view: View
    size_px: tuple[int, int]
    pose: Float
    face: Float
    rows: Float
    cols: Float
    frame_count: int
    spread: dict[str, float]
    background: Background = UNMOVED
    outline_unsure: float = math.nan
    dress: Float = field(default_factory=lambda: np.full(6, np.nan))

    def as_landmarks(self) -> Landmarks:
        """The baseline as a recording of one frame, so that the same functions measure both."""
        lm = Landmarks.empty(1)
        return Landmarks(
            t_s=lm.t_s,
            size_px=np.array([self.size_px], np.int32),
            pose=self.pose[None].astype(np.float32),
            face=self.face[None].astype(np.float32),
            rows=self.rows[None].astype(np.float32),
            cols=self.cols[None].astype(np.float32),
            scene=lm.scene,
        )


def nanmedian_quiet(values: NDArray[np.floating]) -> Float:
    """Median over axis 0; NaN where fewer than half of the frames hold a value (ours)."""
    present = ~np.isnan(values)
    filled = np.where(present.any(axis=0), values, 0.0)
    median = np.nanmedian(filled, axis=0)
    return np.where(present.mean(axis=0) >= 0.5, median, np.nan).astype(np.float64)


def nanmean_quiet(values: NDArray[np.floating], axis: int = 0) -> Float:
    """Mean over an axis of the values that are known; NaN where none is."""
    known = np.isfinite(values)
    count = known.sum(axis=axis)
    total = np.where(known, values, 0.0).sum(axis=axis)
    return np.asarray(np.where(count > 0, total / np.maximum(count, 1), np.nan))
