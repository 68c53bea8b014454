"""Pictures of cases that went wrong: the clip's calibration on the left, the frame on the right. Only when asked."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from posture_cv.atomic import private_folder, write_atomic
from posture_cv.evaluate.dataset import Dataset
from posture_cv.evaluate.making import picture_of
from posture_cv.evaluate.run import Evaluation
from posture_cv.evaluate.schema import WorstCase
from posture_cv.landmarks.types import Landmarks

_HEIGHT: Final = 480
_CAPTION: Final = 56
Picture = NDArray[np.uint8]


def save_worst(folder: Path, dataset: Dataset, evaluation: Evaluation) -> int:
    """Save a JPEG of each case in `evaluation.result.worst`, owner-only; frames of videos are left out.

    Returns:
        How many were saved.

    Raises:
        OutputError: the folder cannot be made or written to. EvaluationError: a picture is not there.
    """
    private_folder(folder)
    calibration = {
        int(row): int(clip.calibration[0]) for clip in dataset.clips if not clip.is_video for row in clip.rows
    }
    count = 0
    for row, case in zip(evaluation.worst_rows, evaluation.result.worst, strict=True):
        base = calibration.get(row)
        if base is None:
            continue
        pair = [_drawn(dataset, base), _drawn(dataset, row)]
        count += 1
        name = f"{count:03d}_{case.kind}_{case.subject}_{case.camera}_{Path(case.file).stem}.jpg"
        write_atomic(folder / _safe(name), _jpeg(_captioned(np.hstack(pair), case)))
    return count


def _safe(name: str) -> str:
    return "".join(c if c.isalnum() or c in "._-" else "_" for c in name)


def _drawn(dataset: Dataset, row: int) -> Picture:
    """The picture, 480 rows high, with what was found in it."""
    image = picture_of(dataset.truth.folder[row] / str(dataset.truth.file[row]))
    width = round(image.shape[1] * _HEIGHT / image.shape[0])
    small = np.asarray(cv2.resize(image, (width, _HEIGHT)), np.uint8)
    _draw(small, dataset.landmarks[np.array([row])])
    return small


def _draw(image: Picture, lm: Landmarks) -> None:
    """Outline, shoulders, ears and nose in place."""
    height, width = image.shape[:2]
    for line, edges in enumerate(lm.rows[0]):
        for edge in edges[np.isfinite(edges)]:
            at = (round(float(edge) * width), round((line + 0.5) / len(lm.rows[0]) * height))
            cv2.circle(image, at, 1, (80, 220, 80), -1)
    for point in (0, 7, 8, 11, 12):
        x, y = lm.pose[0, point, :2]
        if np.isfinite(x):
            cv2.circle(image, (round(float(x) * width), round(float(y) * height)), 4, (40, 160, 255), 2)


def _captioned(image: Picture, case: WorstCase) -> Picture:
    strip = np.full((_CAPTION, image.shape[1], 3), 250, np.uint8)
    first = f"{case.file}   {case.segment} named {case.named} ({case.kind.replace('_', ' ')})"
    second = "left: the clip's first calibration frame"
    if case.quantity is not None:
        second = f"{case.quantity}: truth {case.truth:+.1f}, estimate {case.estimate:+.1f}   ({second})"
    for number, text in enumerate((first, second)):
        at = (8, 22 + 24 * number)
        cv2.putText(strip, text, at, cv2.FONT_HERSHEY_SIMPLEX, 0.5, (30, 30, 30), 1, cv2.LINE_AA)
    return np.asarray(np.vstack([image, strip]), np.uint8)


def _jpeg(image: Picture) -> bytes:
    done, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 85])
    assert done
    return data.tobytes()
