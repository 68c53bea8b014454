"""Measure a data set anew: `python tools/measure_pictures.py DATASET OUT.npz`.

Writes landmarks and contour as `posture_cv` sees them, for `--also DATASET OUT.npz` of `tools/fit_estimators.py`.
With --jitter every person's pictures are turned, scaled, shifted and re-exposed by a small random amount of that
person's own (the same for all, so that calibration and judged frames agree): the fits learn from it how landmarks
and outline scatter. --mirror gives the models another look at each side view, whose true changes stay what they
were; --looks N averages N looks at each picture, as `evaluate` does.
"""

from __future__ import annotations

import argparse
import csv
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from posture_cv.capture.types import Frame
from posture_cv.landmarks.estimator import EstimatorOptions, Mode
from posture_cv.landmarks.mediapipe_estimator import MediaPipeEstimator
from posture_cv.landmarks.types import Landmarks

Picture = NDArray[np.uint8]


def main() -> None:
    """Parse the command line, measure, write."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("dataset", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--view", help="only this view")
    parser.add_argument("--looks", type=int, default=1, choices=range(1, 6), help="at each picture")
    parser.add_argument("--jitter", type=int, help="seed of the small changes")
    parser.add_argument("--mirror", action="store_true", help="mirror the pictures (side views only)")
    chosen = parser.parse_args()
    with (chosen.dataset / "ground_truth.csv").open(newline="", encoding="utf-8") as stream:
        rows = [row for row in csv.DictReader(stream) if chosen.view in (None, row["view"])]
    rows = [row for row in rows if (chosen.dataset / row["file"]).is_file()]
    changes = jitters(sorted({row["subject"] for row in rows}), chosen.jitter)
    parts = []
    with MediaPipeEstimator(EstimatorOptions(mode=Mode.IMAGE, looks=chosen.looks)) as estimator:
        for k, row in enumerate(rows):
            picture = cv2.imread(str(chosen.dataset / row["file"]))
            assert picture is not None, row["file"]
            picture = jittered(np.asarray(picture, np.uint8), changes[row["subject"]])
            picture = picture[:, ::-1] if chosen.mirror else picture
            parts.append(estimator.estimate(Frame(k, float(k), np.ascontiguousarray(picture))))
    write(chosen.out, [row["file"] for row in rows], Landmarks.concat(parts))


def jitters(subjects: list[str], seed: int | None) -> dict[str, NDArray[np.float64] | None]:
    """Turn (deg), scale, shift (px, px) and gamma of every person; None without a seed."""
    if seed is None:
        return dict.fromkeys(subjects)
    rng = np.random.default_rng(100 + seed)
    low, high = (-3.5, 0.85, -30.0, -14.0, 0.7), (3.5, 1.12, 30.0, 14.0, 1.4)
    return {subject: rng.uniform(low, high) for subject in subjects}


def jittered(picture: Picture, change: NDArray[np.float64] | None) -> Picture:
    """One picture, turned and scaled about its middle, shifted, its brightness raised to the power gamma."""
    if change is None:
        return picture
    turn, scale, dx, dy, gamma = (float(v) for v in change)
    height, width = picture.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), turn, scale)
    matrix[:, 2] += np.array([dx, dy])
    moved = cv2.warpAffine(
        picture, matrix, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(np.clip(255.0 * (moved / 255.0) ** gamma, 0, 255), np.uint8)


def write(out: Path, names: list[str], lm: Landmarks) -> None:
    """Write whole or not at all."""
    temporary = out.with_suffix(".tmp.npz")
    arrays: dict[str, Any] = {
        "size": lm.size_px,
        "pose": lm.pose,
        "face": lm.face,
        "rows": lm.rows,
        "cols": lm.cols,
    }
    np.savez_compressed(temporary, name=np.array(names), **arrays)
    temporary.replace(out)


if __name__ == "__main__":
    main()
