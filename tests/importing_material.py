"""Landmarks as other programs write them down."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from posture_cv.importing.types import POSE_NAMES, ImportOptions
from posture_cv.landmarks.types import Landmarks

SIZE = ImportOptions(size_px=(640, 480))


def wide(
    lm: Landmarks, folder: Path, name: str = "{axis}{point}", first: int = 0
) -> tuple[Path, ImportOptions]:
    """MediaPipe's pose as a table with a row a frame, with the options to read it by."""
    path = folder / "wide.csv"
    columns = [(point, axis) for point in range(33) for axis in ("x", "y", "z", "visibility")]
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        titles = [name.format(axis=a, point=p + first, name=POSE_NAMES[p]) for p, a in columns]
        writer.writerow(["t_s", *titles])
        for t, row in zip(lm.t_s, lm.pose[:, :, :4].reshape(len(lm), -1), strict=True):
            writer.writerow([t, *("" if np.isnan(value) else repr(float(value)) for value in row)])
    return path, SIZE
