"""Feeds pictures of many sizes to the models, tracked and one by one, in a process of its own; says each size before.

A size that aborts inside the C library ends this process: the last line names it.

    python sizes_child.py PICTURE WIDTHxHEIGHT...
"""

from __future__ import annotations

import sys

import cv2
import numpy as np

from posture_cv.capture.types import Frame
from posture_cv.landmarks.estimator import EstimatorOptions, Mode
from posture_cv.landmarks.mediapipe_estimator import MediaPipeEstimator


def main() -> None:
    """Look at the picture in each size."""
    picture = cv2.imread(sys.argv[1])
    assert picture is not None
    with (
        MediaPipeEstimator(EstimatorOptions(mode=Mode.VIDEO)) as tracked,
        MediaPipeEstimator(EstimatorOptions(mode=Mode.IMAGE)) as single,
    ):
        for number, size in enumerate(sys.argv[2:]):
            width, height = (int(part) for part in size.split("x"))
            print(size, flush=True)  # noqa: T201 - a program
            image = np.asarray(cv2.resize(picture, (width, height)), np.uint8)
            for estimator in (tracked, single):
                lm = estimator.estimate(Frame(number, number / 10, image))
                assert tuple(lm.size_px[0]) == (width, height), size
    print("done", flush=True)  # noqa: T201 - likewise


if __name__ == "__main__":
    main()
