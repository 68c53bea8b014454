"""Frames of several clips pooled into the figures of a view, a subject or a video."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from posture_cv.assess.types import UNMEASURED, States
from posture_cv.evaluate import metrics, segments
from posture_cv.evaluate.judging import badness
from posture_cv.evaluate.quantities import COMPARED
from posture_cv.evaluate.schema import (
    BudgetResult,
    ClassResult,
    GroupResult,
    QuantityResult,
    SegmentResult,
)
from posture_cv.evaluate.truth import Text
from posture_cv.measure.types import Codes, Estimate, Float, Measurements, Reason
from posture_cv.truth_classes import BAD_CLASSES, HARMLESS_CLASSES

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Frames:
    """Judged frames of any number of clips, side by side (K frames).

    Attributes:
        clip: (K,) number of the clip.
        subject, segment, posture_class: (K,) text of the ground truth.
        present: (K,) whether somebody is in the picture.
        measurements, states: K frames (t_s grows within a clip only).
        truth: quantity -> (K,) true change.
    """

    clip: NDArray[np.intp]
    subject: Text
    segment: Text
    posture_class: Text
    present: Mask
    measurements: Measurements
    states: States
    truth: Mapping[str, Float]

    def __len__(self) -> int:
        return len(self.clip)

    def __getitem__(self, mask: Mask) -> Frames:
        return Frames(
            clip=self.clip[mask],
            subject=self.subject[mask],
            segment=self.segment[mask],
            posture_class=self.posture_class[mask],
            present=self.present[mask],
            measurements=self.measurements[mask],
            states=self.states[mask],
            truth={name: values[mask] for name, values in self.truth.items()},
        )


def group_result(frames: Frames) -> GroupResult:
    """Agreement of every quantity and the names given in every segment."""
    return GroupResult(
        frames=len(frames),
        quantities={name: quantity_result(frames, name) for name in COMPARED},
        segments=segment_results(frames),
    )


def quantity_result(frames: Frames, name: str) -> QuantityResult:
    """One quantity over the frames with a person in them."""
    asked = frames[frames.present]
    estimate, truth = asked.measurements.values[name], asked.truth[name]
    result = metrics.agreement(estimate.value, truth)
    budget = metrics.error_budget(estimate.value - truth, asked.clip, asked.segment)
    return QuantityResult(
        mae=result.mae,
        rmse=result.rmse,
        r=result.r,
        bias=result.bias,
        loa_low=result.loa_low,
        loa_high=result.loa_high,
        n=result.n,
        withheld=float((~estimate.valid).mean()) if len(asked) else None,
        reasons=reason_counts(estimate.reason),
        coverage_90=metrics.coverage(estimate.value, estimate.sd, truth),
        sd_median=_median(estimate),
        error_budget=BudgetResult(clip=budget.clip, posture=budget.posture, frame=budget.frame),
    )


def _median(estimate: Estimate) -> float | None:
    known = estimate.sd[np.isfinite(estimate.sd)]
    return float(np.median(known)) if len(known) else None


def reason_counts(reasons: Codes) -> dict[str, int]:
    """Reason label -> frames, of (N,) `Reason` codes, the most frequent first; OK is left out."""
    counts = Counter(Reason(int(code)).label for code in reasons if code != Reason.OK)
    return dict(counts.most_common())


def segment_results(frames: Frames) -> dict[str, SegmentResult]:
    """What was said in each segment, in the order in which the segments first appear."""
    return {name: _segment_result(frames[frames.segment == name], name) for name in in_order(frames.segment)}


def _segment_result(frames: Frames, name: str) -> SegmentResult:
    state = frames.states.state
    return SegmentResult(
        n=len(frames),
        flagged=float(frames.states.flagged.mean()),
        named=segments.name_counts(state),
        named_right=segments.right_share(name, state),
        withheld=float(np.isin(state, UNMEASURED).mean()),
        reasons=reason_counts(frames.states.reason),
    )


def class_results(posture_class: Text, flagged: Mask) -> dict[str, ClassResult]:
    """Share flagged of each posture class, of (N,) classes and (N,) flags; frames without a class are left out."""
    return {
        name: ClassResult(
            n=int((posture_class == name).sum()), flagged=float(flagged[posture_class == name].mean())
        )
        for name in in_order(posture_class)
        if name
    }


def class_auc(posture_class: Text, score: Float) -> float | None:
    """Area under the curve of (N,) scores: bad and mildly bad frames against good and harmless ones, by class (N,)."""
    bad = np.isin(posture_class, BAD_CLASSES)
    harmless = np.isin(posture_class, HARMLESS_CLASSES)
    return metrics.area_under_curve(score[bad | harmless], bad[bad | harmless])


def view_auc(frames: Frames) -> float | None:
    """The same for our own states."""
    return class_auc(frames.posture_class, badness(frames.states))


def in_order(labels: Text) -> Sequence[str]:
    """The different ones of (N,) labels in the order of their first appearance."""
    return list(dict.fromkeys(labels.tolist()))
