"""A recorded session through the whole pipeline: landmarks, baseline, measurement, assessment, files."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from posture_cv.errors import NobodyFoundError
from posture_cv.replay.calibration_watch import of_these_seconds
from posture_cv.replay.judge import judge
from posture_cv.replay.kept import note_kept
from posture_cv.replay.known import note_checksum
from posture_cv.replay.parts import record_part
from posture_cv.replay.plan import CALIBRATION, Plan, check_options, look_of, plan
from posture_cv.replay.progress import NoProgress, Progress
from posture_cv.replay.scan import Scan, scan
from posture_cv.replay.types import Replayed, ReplayOptions
from posture_cv.replay.workplace import (
    begin,
    clear,
    join_parts,
    kept_warnings,
    landmarks_are_kept,
    note_part,
    noted_parts,
)


def replay(
    options: ReplayOptions,
    progress: Progress | None = None,
    *,
    looked: Scan | None = None,
    hold: bool = False,
) -> Replayed:
    """Replay one source in this process and write its results into `options.out`; `replay_told` without the summary."""
    return replay_told(options, progress, looked=looked, hold=hold)[0]


def replay_told(
    options: ReplayOptions,
    progress: Progress | None = None,
    *,
    looked: Scan | None = None,
    hold: bool = False,
) -> tuple[Replayed, dict[str, Any]]:
    """Replay one source in this process and write its results into `options.out`.

    Writes `measurements.csv`, `alerts.jsonl` and, last, `summary.json` (each whole or not at all), on request the
    landmark recording and the annotated video. A run that is cut off leaves the landmarks of whole parts in
    `.parts`, from which the next run with the same source and models goes on.

    Args:
        options: what to replay and how.
        progress: told of stages and frames.
        looked: what `scan` has found, if it has been asked already.
        hold: keep every frame in memory, for `Replayed.assessment`.

    Returns:
        What came of it, and the summary as written.

    Raises:
        InputError: neither or both of a profile and a calibration interval, looks too rare to judge by, a profile of
            another view than the recording.
        NobodyFoundError: no frame shows anybody (the results are written all the same).
        PostureError: the source, a model, the baseline or the output folder fails.
    """
    progress = progress or NoProgress()
    check_options(options)
    made = plan(options, looked or scan(look_of(options)))
    begin(made)
    if made.parts and not landmarks_are_kept(made):
        there = noted_parts(made)
        progress.stage("Finding landmarks", made.scan.frames)
        progress.advance(sum(done.frames for done in there.values()))
        for number in sorted(set(made.parts) - set(there)):
            done = record_part(made.parts[number], made.part_path(number), told=progress.advance)
            note_part(made, number, done)
    result, summary = judge_plan(made, progress, hold=hold)
    if result.frames_with_person == 0:
        raise NobodyFoundError.of(options.source, f"{result.frames} frames were looked at.")
    return result, summary


def judge_plan(
    made: Plan, progress: Progress | None, *, hold: bool = False
) -> tuple[Replayed, dict[str, Any]]:
    """Judge a recording whose parts are all there, and delete them.

    Returns:
        What came of it, and the summary as written.

    Raises:
        PostureError: as `judge`.
    """
    warnings = _landmarks_warnings(made)
    calibration = made.part_path(CALIBRATION) if CALIBRATION in made.parts else None
    if not made.parts:
        landmarks = made.source_path
    elif landmarks_are_kept(made):
        landmarks = made.kept_path
    else:
        landmarks = join_parts(made)
        if made.options.keep_landmarks and made.scan.sha256 is not None:
            note_kept(landmarks, made.provenance.landmarks_key, warnings)
    result, summary = judge(
        made.options,
        landmarks,
        calibration=calibration,
        provenance=replace(made.provenance, landmarks_warnings=warnings),
        warnings=of_these_seconds(warnings, made.options.calibrate_s),
        progress=progress,
        hold=hold,
    )
    clear(made)
    if made.options.remember and made.scan.recording and made.scan.known is not None:
        note_checksum(made.source_path, made.scan.known)
    return result, summary


def _landmarks_warnings(made: Plan) -> tuple[str, ...]:
    """What went wrong when the landmarks were made, in this run or in the one that has kept them."""
    if made.parts and landmarks_are_kept(made):
        return kept_warnings(made) or ()
    notes = noted_parts(made)
    return tuple(dict.fromkeys(w for number in sorted(notes) for w in notes[number].warnings))
