"""Landmarks and outlines of pictures, measured as they are made, so that hundreds of people need no disk."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from measure_pictures import write
from numpy.typing import NDArray

from posture_cv.capture.types import Frame
from posture_cv.landmarks.estimator import EstimatorOptions, Mode
from posture_cv.landmarks.mediapipe_estimator import MediaPipeEstimator
from posture_cv.landmarks.types import Landmarks
from rendering.scene import Bytes
from rendering.views import HEIGHT, WIDTH


class Measured:
    """What MediaPipe finds in pictures of 640x480, one after another."""

    def __init__(self) -> None:
        self._estimator = MediaPipeEstimator(EstimatorOptions(mode=Mode.IMAGE))
        self._names: list[str] = []
        self._found: list[Landmarks] = []

    def see(self, name: str, picture: Bytes) -> None:
        """Measure a picture (H, W, 3) BGR."""
        k = len(self._names)
        self._names.append(name)
        self._found.append(self._estimator.estimate(Frame(k, float(k), np.ascontiguousarray(picture))))

    def write(self, folder: Path) -> None:
        """Write `measured.npz`, as `measure_pictures.py` does, and `landmarks.npz`, as the shared set has it."""
        lm = Landmarks.concat(self._found)
        write(folder / "measured.npz", self._names, lm)
        rows, cols = contour_in_pixels(lm.rows, lm.cols)
        arrays: dict[str, Any] = {
            "size": lm.size_px,
            "pose": lm.pose,
            "face": lm.face,
            "rows": rows,
            "cols": cols,
        }
        np.savez_compressed(folder / "landmarks.npz", name=np.array(self._names), **arrays)
        self._estimator.close()


def contour_in_pixels(
    rows: NDArray[np.float32], cols: NDArray[np.float32]
) -> tuple[NDArray[np.int16], NDArray[np.int16]]:
    """Contour as shares, (N, 240, 2) and (N, 320), as whole pixels of 640x480: (N, 480, 2) and (N, 640), -1 for none.

    Each line becomes two whose mean it is, to a quarter of a pixel.
    """
    edges = rows.astype(np.float64) * WIDTH - np.array(
        [0.0, 1.0]
    )  # the last column is the one before its edge
    return _pairs(edges), _pairs(cols.astype(np.float64) * HEIGHT)


def _pairs(values: NDArray[np.float64]) -> NDArray[np.int16]:
    """Values (N, K, ...) as (N, 2 K, ...) whole numbers whose means in pairs they are."""
    twice = np.round(2.0 * np.where(np.isnan(values), -1.0, np.maximum(values, 0.0))).astype(np.int16)
    both = np.stack([twice // 2, twice - twice // 2], axis=2)
    return np.asarray(both.reshape(values.shape[0], 2 * values.shape[1], *values.shape[2:]))
