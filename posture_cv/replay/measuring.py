"""A landmark recording measured against a baseline: from what was remembered, or block by block."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from posture_cv.coefficients import load_coefficients
from posture_cv.landmarks.recording import RecordingReader
from posture_cv.landmarks.types import Landmarks
from posture_cv.measure.baseline import Baseline
from posture_cv.replay.assessing import measure_blocks
from posture_cv.replay.progress import Progress
from posture_cv.replay.remembered import Remembered, recall, remember, remembered_path


def measured_recording(
    path: Path, baseline: Baseline, *, keep: bool = False, progress: Progress | None = None
) -> Remembered:
    """Measure a recording, or recall what an earlier run with the same baseline has kept beside it.

    Args:
        path: of the landmark recording.
        baseline: to measure against.
        keep: keep the measurements beside the recording (300 bytes a frame).
        progress: told of each block.

    Raises:
        RecordingError: the recording cannot be read. OutputError: the measurements cannot be kept.
    """
    kept_at = remembered_path(path, baseline)
    known = recall(kept_at)
    if known is not None:
        return known
    found = 0

    def counted(reader: RecordingReader) -> Iterator[Landmarks]:
        nonlocal found
        for block in reader.blocks():
            found += int(block.person_found.sum())
            yield block

    with RecordingReader(path) as reader:
        measured = measure_blocks(counted(reader), baseline, load_coefficients(), progress)
        told = Remembered(measured, found, reader.complete, tuple(reader.warnings))
    if keep:
        remember(kept_at, told)
    return told
