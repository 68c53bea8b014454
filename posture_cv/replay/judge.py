"""A landmark recording judged: baseline, measurement, assessment, files. No model and no picture."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from posture_cv.assess.blocks import Assessed, BlockEngine
from posture_cv.assess.recording import whole
from posture_cv.assess.ticks import PICTURE_S
from posture_cv.capture.base import RateGate
from posture_cv.errors import InputError
from posture_cv.landmarks.recording import RecordingInfo, RecordingReader, every_frame, is_recording
from posture_cv.measure.types import Float, View
from posture_cv.replay.baselines import calibrated
from posture_cv.replay.files import ResultWriter
from posture_cv.replay.known import known_baseline, note_baseline
from posture_cv.replay.measuring import Measuring
from posture_cv.replay.pictures import NOTE, nothing_told, of_pictures, one_by_one, without_order
from posture_cv.replay.progress import NoProgress, Progress
from posture_cv.replay.types import BaselineUsed, Provenance, Replayed, ReplayOptions


def judge(
    options: ReplayOptions,
    landmarks: Path,
    *,
    calibration: Path | None = None,
    provenance: Provenance | None = None,
    warnings: tuple[str, ...] = (),
    progress: Progress | None = None,
    hold: bool = False,
) -> tuple[Replayed, dict[str, Any]]:
    """Judge a landmark recording, a block of frames at a time, and write its results into `options.out`.

    Args:
        options: what to judge by.
        landmarks: the recording.
        calibration: the recording of the seconds to calibrate on; None: they are in `landmarks`.
        provenance: of the result.
        warnings: from making the landmarks.
        progress: told of each stage.
        hold: keep every frame in memory, for `Replayed.assessment` (1.7 kB a frame).

    Returns:
        What came of it, and the summary as written.

    Raises:
        InputError: the interval to calibrate on holds nobody, or lies outside; there is no frame to judge.
        NobodyFoundError: nobody can be calibrated on, in the whole recording.
        PostureError: the recording cannot be read, the baseline is too poor, the results cannot be written.
    """
    progress = progress or NoProgress()
    with RecordingReader(landmarks) as reader:
        info = reader.info
    alone = of_pictures(info)
    if alone:
        options, warnings = replace(options, settings=one_by_one(options.settings)), (*warnings, NOTE)
    used = _baseline(options, calibration or landmarks, landmarks)
    progress.stage("Measuring", None)
    measuring = Measuring(landmarks, used.baseline, keep=_remembers(options), progress=progress)
    chosen = _Choice(options) if is_recording(Path(options.source)) else None
    engine = BlockEngine(used.baseline, options.settings)
    held: list[Assessed] = []
    with ResultWriter(options, used.baseline, single_s=PICTURE_S if alone else 0.0) as results:
        for found, rows in _assessed(measuring, engine, chosen):
            block = without_order(found) if alone else found
            results.add(block, made=rows)
            if hold:
                held.append(block)
        if results.times.frames == 0:  # no answer: not that nobody was there
            raise _no_frame(options.source, None if chosen is None else chosen.seen_s)
        outcome, told = engine.finish(), measuring.told
        outcome = nothing_told(outcome) if alone else outcome
        with_person = told.frames_with_person if chosen is None or chosen.all else chosen.frames_with_person
        result = Replayed(
            options=options,
            recording=info,
            landmarks_path=landmarks,
            baseline=used,
            outcome=outcome,
            frames=results.times.frames,
            frames_with_person=with_person,
            warnings=(*warnings, *told.warnings, *used.warnings, *_without_face(options, info, used)),
            provenance=provenance or Provenance(),
            held=whole(held, outcome) if hold else None,
        )

        def again() -> Iterator[Assessed]:
            afresh = BlockEngine(used.baseline, options.settings)
            blocks = (block for block, _ in _assessed(measuring, afresh, None))
            return map(without_order, blocks) if alone else blocks

        return result, results.finish(result, progress, again)


def _no_frame(source: str, seen_s: tuple[float, float] | None) -> InputError:
    """Nothing is left to judge; `seen_s`: the times of the frames of a recording that were left out."""
    if seen_s is not None:
        return InputError(
            f"No frame of {source} lies in the chosen stretch of time.",
            f"Its frames are of {seen_s[0]:.1f} to {seen_s[1]:.1f} s.",
            "Choose another start or end.",
        )
    return InputError(
        f"No frame of {source} can be read.",
        "It was cut off before its first frame ends, or nothing of it was asked for.",
        "Make it again, or choose another interval.",
    )


def _assessed(
    measuring: Measuring, engine: BlockEngine, chosen: _Choice | None
) -> Iterator[tuple[Assessed, bytes | None]]:
    """Each block with the rows of its measurements, where these are at hand and all its frames are accepted."""
    for block in measuring.blocks(rows=True, chosen=every_frame if chosen is None else chosen.due):
        m = block.measurements
        if chosen is not None:
            chosen.frames_with_person += int(m.somebody.sum())
        assessed = engine.push(m)
        yield assessed, block.rows if len(assessed.kept) == len(m) else None


def _without_face(options: ReplayOptions, info: RecordingInfo, used: BaselineUsed) -> tuple[str, ...]:
    """Say so where the face model was left out and the baseline turned out to need it."""
    left_out = options.estimator.face and info.estimator.get("face", "") is None
    if not left_out or used.baseline.view is View.SIDE or is_recording(Path(options.source)):
        return ()
    return ("A first look took this for a profile, so the face model did not run; --record --again runs it",)


class _Choice:
    """The stretch and the rate that are asked for; a video was read that way from the start."""

    def __init__(self, options: ReplayOptions) -> None:
        capture = options.capture
        self._start_s = capture.start_s
        self._end_s = math.inf if capture.end_s is None else capture.end_s
        self._gate = RateGate(capture.max_rate_hz)
        self.all = capture.start_s == 0.0 and capture.end_s is None and capture.max_rate_hz is None
        self.frames_with_person = 0
        self.seen_s: tuple[float, float] | None = None  # of all frames, chosen or not

    def due(self, t_s: Float) -> NDArray[np.bool_]:
        """(N,) which of the next frames are asked for, by their times."""
        if self.all:
            return every_frame(t_s)
        if len(t_s):
            first_s = float(t_s[0]) if self.seen_s is None else self.seen_s[0]
            self.seen_s = first_s, float(t_s[-1])
        due = [self._start_s <= t < self._end_s and self._gate.is_due(t) for t in t_s.tolist()]
        return np.array(due, bool)


def _baseline(options: ReplayOptions, path: Path, whole: Path) -> BaselineUsed:
    if options.baseline is not None:
        return BaselineUsed(options.baseline, {"profile": options.baseline_name})
    assert options.calibrate_s is not None  # `check_options` has seen to it
    known = known_baseline(path, options.calibrate_s)
    if known is not None:
        return known
    used = calibrated(path, options.calibrate_s, source=options.source, whole=whole)
    if path == whole and _remembers(options):
        note_baseline(path, options.calibrate_s, used)
    return used


def _remembers(options: ReplayOptions) -> bool:
    """Whether numbers are kept beside the landmark recording: where it stays itself."""
    return options.remember and (options.keep_landmarks or is_recording(Path(options.source)))
