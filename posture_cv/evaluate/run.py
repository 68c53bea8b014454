"""A data set and something that judges -> the whole result (see `schema`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from posture_cv._version import __version__
from posture_cv.assess.types import States
from posture_cv.evaluate import metrics
from posture_cv.evaluate.dataset import Dataset
from posture_cv.evaluate.errors import EvaluationError
from posture_cv.evaluate.grouping import (
    Frames,
    class_auc,
    class_results,
    group_result,
    in_order,
    view_auc,
)
from posture_cv.evaluate.judging import JudgedClip, Judges, judge_clip
from posture_cv.evaluate.quantities import COMPARED
from posture_cv.evaluate.rivals import RIVALS, Rival
from posture_cv.evaluate.rivals import flagged as rival_flagged
from posture_cv.evaluate.schema import (
    SCHEMA_VERSION,
    CalibrationQuality,
    ClipResult,
    EvaluationResult,
    FitResult,
    RivalSegmentResult,
    RivalViewResult,
    ViewResult,
)
from posture_cv.evaluate.truth import VIEWS, Text, Truth
from posture_cv.evaluate.videos import Course, judge_video
from posture_cv.evaluate.worst import worst_cases
from posture_cv.measure.types import Float, Measurements

_SUBJECT: Final = "subject"


@dataclass(frozen=True, slots=True, eq=False)
class Evaluation:
    """The result, and the frames behind it for plots.

    Attributes:
        result: the document.
        frames: view label -> all judged frames of that view.
        rows: view label -> (K,) rows of the data set they are.
        courses: the videos, smoothed.
        worst_rows: rows of the data set that `result.worst` are; names may be the same in several folders.
    """

    result: EvaluationResult
    frames: dict[str, Frames]
    rows: dict[str, NDArray[np.intp]]
    courses: list[Course]
    worst_rows: list[int]


def evaluate(dataset: Dataset, judges: Judges, split_by: str | None = None, worst: int = 0) -> Evaluation:
    """Judge every clip of a data set and compare with its truth.

    Args:
        dataset: truth and landmarks.
        judges: baseline maker, coefficients, thresholds.
        split_by: "subject" for the figures of each subject as well.
        worst: how many frames that went wrong to list for each view.

    Raises:
        EvaluationError: a split by subject of a data set with one subject only.
    """
    require_split(dataset.name, dataset.truth, split_by)
    judged = [judge_clip(dataset, clip, judges) for clip in dataset.clips]
    views = [view for view in VIEWS if any(j.clip.view == view for j in judged)]
    frames = {view: pooled(dataset, judged, view) for view in views}
    rows = {view: np.concatenate([j.clip.judged for j in judged if j.clip.view == view]) for view in views}
    # A video may be calibration throughout.
    videos = [j for j in judged if j.clip.is_video and len(j.clip.judged)]
    courses = [judge_video(dataset, j, judges.thresholds) for j in videos]
    cases = [case for view in views for case in worst_cases(frames[view], dataset.truth, rows[view], worst)]
    result = EvaluationResult(
        schema_version=SCHEMA_VERSION,
        program="posture-cv",
        version=__version__,
        dataset=dataset.name,
        landmarks_from=dataset.landmarks_from,
        frames=len(dataset.truth),
        views={
            view: _view_result(frames[view], _fit_result(view, judges), by_subject=split_by == _SUBJECT)
            for view in views
        },
        baselines={rival.key: _rival_results(dataset, rival, views) for rival in RIVALS},
        clips=[_clip_result(j) for j in judged],
        videos=[course.result for course in courses],
        worst=[case for _, case in cases],
    )
    return Evaluation(result, frames, rows, courses, [row for row, _ in cases])


def require_split(name: str, truth: Truth, split_by: str | None) -> None:
    """Refuse a split that there is nothing for; pictures need not have been looked at.

    Raises:
        EvaluationError: a split by subject of a data set with one subject only.
    """
    subjects = in_order(truth.subject)
    if split_by == _SUBJECT and len(subjects) < 2:
        raise EvaluationError(
            f"{name} shows one person only ({subjects[0]})",
            "A split by subject compares persons.",
            "Leave --split-by out, or give a data set with several persons.",
        )


def pooled(dataset: Dataset, judged: Sequence[JudgedClip], view: str) -> Frames:
    """All judged frames of one view, clip after clip."""
    chosen = [(number, j) for number, j in enumerate(judged) if j.clip.view == view]
    rows = np.concatenate([j.clip.judged for _, j in chosen])
    truth = dataset.truth
    return Frames(
        clip=np.concatenate([np.full(len(j.clip.judged), number, np.intp) for number, j in chosen]),
        subject=truth.subject[rows],
        segment=truth.segment[rows],
        posture_class=truth.posture_class[rows],
        present=np.concatenate([j.present for _, j in chosen]),
        measurements=Measurements.concat([j.measurements for _, j in chosen]),
        states=States.concat([j.states for _, j in chosen]),
        truth={name: np.concatenate([j.truth[name] for _, j in chosen]) for name in COMPARED},
    )


def _fit_result(view: str, judges: Judges) -> FitResult:
    seen = {subject: without for (where, subject), without in judges.seen.items() if where == view}
    return FitResult(
        in_sample=[subject for subject, without in seen.items() if not without],
        left_out=[subject for subject, without in seen.items() if without],
    )


def _view_result(frames: Frames, fit: FitResult, *, by_subject: bool) -> ViewResult:
    group = group_result(frames)
    subjects = in_order(frames.subject)
    return ViewResult(
        fit=fit,
        frames=group.frames,
        quantities=group.quantities,
        segments=group.segments,
        clips=len(np.unique(frames.clip)),
        subjects=len(subjects),
        classes=class_results(frames.posture_class, frames.states.flagged),
        auc=view_auc(frames),
        by_subject={s: group_result(frames[frames.subject == s]) for s in subjects} if by_subject else None,
    )


def _rival_results(dataset: Dataset, rival: Rival, views: Sequence[str]) -> dict[str, RivalViewResult]:
    results = {}
    for view in views:
        clips = [clip for clip in dataset.clips if clip.view == view]
        with np.errstate(all="ignore"):
            scores = [
                rival.score(dataset.landmarks[clip.judged], dataset.landmarks[clip.calibration])
                for clip in clips
            ]
        rows = np.concatenate([clip.judged for clip in clips])
        truth = dataset.truth
        results[view] = _rival_view(np.concatenate(scores), truth.segment[rows], truth.posture_class[rows])
    return results


def _rival_view(score: Float, segment: Text, posture_class: Text) -> RivalViewResult:
    flags = rival_flagged(score)
    return RivalViewResult(
        segments={
            name: RivalSegmentResult(
                n=int((segment == name).sum()),
                flagged=float(flags[segment == name].mean()),
                withheld=float(np.isnan(score[segment == name]).mean()),
            )
            for name in in_order(segment)
        },
        classes=class_results(posture_class, flags),
        auc=class_auc(posture_class, score),
    )


def _clip_result(judged: JudgedClip) -> ClipResult:
    clip, fitted = judged.clip, judged.fitted
    given = len(clip.calibration)
    if fitted is None:
        quality = CalibrationQuality(
            grade="none",
            findings=[judged.refusal],
            frames_given=given,
            frames_used=0,
            view_found=None,
            expected_error={},
        )
    else:
        quality = CalibrationQuality(
            grade=str(fitted.verdict.grade),
            findings=list(fitted.verdict.reasons),
            frames_given=given,
            frames_used=fitted.baseline.frame_count,
            view_found=fitted.baseline.view.label,
            expected_error={
                name: _finite(fitted.quality.baseline_error.get(name, float("nan"))) for name in COMPARED
            },
        )
    return ClipResult(
        subject=clip.subject,
        camera=clip.camera,
        view=clip.view,
        judged=len(clip.judged),
        baseline=quality,
        mae={
            name: metrics.agreement(judged.measurements.value(name), judged.truth[name]).mae
            for name in COMPARED
        },
    )


def _finite(value: float) -> float | None:
    return value if np.isfinite(value) else None
