"""A landmark recording judged: baseline, measurement, assessment, files. No model and no picture."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from posture_cv.assess.engine import assess_measurements
from posture_cv.capture.base import RateGate
from posture_cv.landmarks.recording import RecordingInfo, RecordingReader, is_recording
from posture_cv.measure.types import Measurements, Reason, View
from posture_cv.replay.baselines import calibrated
from posture_cv.replay.files import write_results
from posture_cv.replay.measuring import measured_recording
from posture_cv.replay.progress import NoProgress, Progress
from posture_cv.replay.remembered import Remembered
from posture_cv.replay.types import BaselineUsed, Provenance, Replayed, ReplayOptions


def judge(
    options: ReplayOptions,
    landmarks: Path,
    *,
    calibration: Path | None = None,
    provenance: Provenance | None = None,
    warnings: tuple[str, ...] = (),
    progress: Progress | None = None,
) -> tuple[Replayed, dict[str, Any]]:
    """Judge a landmark recording and write its results into `options.out`.

    Args:
        options: what to judge by.
        landmarks: the recording.
        calibration: the recording of the seconds to calibrate on; None: they are in `landmarks`.
        provenance: of the result.
        warnings: from making the landmarks.
        progress: told of each stage.

    Returns:
        What came of it, and the summary as written.

    Raises:
        InputError: the interval to calibrate on holds nobody, or lies outside.
        NobodyFoundError: nobody can be calibrated on, in the whole recording.
        PostureError: the recording cannot be read, the baseline is too poor, the results cannot be written.
    """
    progress = progress or NoProgress()
    with RecordingReader(landmarks) as reader:
        info = reader.info
    used = _baseline(options, calibration or landmarks, landmarks)
    progress.stage("Measuring", None)
    told = measured_recording(landmarks, used.baseline, keep=options.remember, progress=progress)
    if is_recording(Path(options.source)):
        told = _chosen(told, options)
    assessment = assess_measurements(told.measurements, used.baseline, options.settings)
    result = Replayed(
        options,
        info,
        landmarks,
        used,
        assessment,
        told.frames_with_person,
        (*warnings, *told.warnings, *used.warnings, *_without_face(options, info, used)),
        provenance or Provenance(),
    )
    return result, write_results(result, progress)


def _without_face(options: ReplayOptions, info: RecordingInfo, used: BaselineUsed) -> tuple[str, ...]:
    """Say so where the face model was left out and the baseline turned out to need it."""
    left_out = options.estimator.face and info.estimator.get("face", "") is None
    if not left_out or used.baseline.view is View.SIDE or is_recording(Path(options.source)):
        return ()
    return ("A first look took this for a profile, so the face model did not run; --record --again runs it",)


def _chosen(told: Remembered, options: ReplayOptions) -> Remembered:
    """The stretch and the rate that are asked for; a video was read that way from the start."""
    capture, m = options.capture, told.measurements
    if capture.start_s == 0.0 and capture.end_s is None and capture.max_rate_hz is None:
        return told
    stop = math.inf if capture.end_s is None else capture.end_s
    gate = RateGate(capture.max_rate_hz)
    kept = np.array([capture.start_s <= t < stop and gate.is_due(t) for t in m.t_s.tolist()], bool)
    chosen: Measurements = m[np.flatnonzero(kept)]
    found = int((chosen.reason != Reason.NOBODY).sum())
    return replace(told, measurements=chosen, frames_with_person=found)


def _baseline(options: ReplayOptions, path: Path, whole: Path) -> BaselineUsed:
    if options.baseline is not None:
        return BaselineUsed(options.baseline, {"profile": options.baseline_name})
    assert options.calibrate_s is not None  # `check_baseline` has seen to it
    return calibrated(path, options.calibrate_s, source=options.source, whole=whole)
