"""The JSON of `posture-cv evaluate`: the result itself, each field with its meaning (docs/evaluation-schema.md)."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field

SCHEMA_VERSION: Final = 1
Share = Annotated[float, Field(ge=0.0, le=1.0)]
Count = Annotated[int, Field(ge=0)]


class _Part(BaseModel):
    """Frozen; unknown keys are refused, so that a document that validates holds nothing else."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class BudgetResult(_Part):
    """Where an error comes from: standard deviations whose squares add up (nested analysis of variance)."""

    clip: float | None = Field(
        description="constant within a clip: the baseline, and what is special to that person and camera"
    )
    posture: float | None = Field(
        description="constant within a posture of a clip: geometry and the estimator's shape"
    )
    frame: float | None = Field(description="from frame to frame within a posture: the landmarks' noise")


class QuantityResult(_Part):
    """One quantity against the truth, both as change against the clip's calibration. In the quantity's unit."""

    mae: float | None = Field(description="mean absolute error")
    rmse: float | None = Field(description="root of the mean squared error")
    r: float | None = Field(description="Pearson's correlation")
    bias: float | None = Field(description="mean of estimate minus truth")
    loa_low: float | None = Field(
        description="lower 95 % limit of agreement: bias - 1.96 SD of the differences"
    )
    loa_high: float | None = Field(description="upper 95 % limit of agreement")
    n: Count = Field(description="frames compared: judged, a person present, value told")
    withheld: Share | None = Field(
        description="share of the judged frames with a person whose value was not told"
    )
    reasons: dict[str, Count] = Field(description="why values were withheld: reason -> frames")
    coverage_90: Share | None = Field(description="share of the truths inside the stated 90 % interval")
    sd_median: float | None = Field(description="median of the stated standard deviation of the error")
    error_budget: BudgetResult = Field(description="parts of the error")


class SegmentResult(_Part):
    """What was said about the frames of one segment."""

    n: Count = Field(description="frames")
    flagged: Share = Field(description="share named a posture that would alert if it lasted")
    named: dict[str, Count] = Field(description="frames by the state that was named; every state is there")
    named_right: Share | None = Field(description="share named rightly; null where no single name is right")
    withheld: Share = Field(description="share for which no posture was named (cannot_tell, turned, away)")
    reasons: dict[str, Count] = Field(description="why no posture was named: reason -> frames")


class ClassResult(_Part):
    """Frames of one posture class of the ground truth (good, confounder, bad_mild, bad)."""

    n: Count = Field(description="frames")
    flagged: Share = Field(description="share flagged")


class GroupResult(_Part):
    """Quantities and segments of a group of frames."""

    frames: Count = Field(description="judged frames, those without a person included")
    quantities: dict[str, QuantityResult] = Field(description="quantity -> agreement")
    segments: dict[str, SegmentResult] = Field(description="segment -> what was said")


class FitResult(_Part):
    """Who of a view's people was in the fit of its estimators, told by the truth of their frames."""

    in_sample: list[str] = Field(
        description="judged by coefficients that were fitted on them: figures that include them are too good"
    )
    left_out: list[str] = Field(
        description="were in the fit, and are judged by coefficients fitted without them"
    )


class ViewResult(GroupResult):
    """All clips of one view."""

    fit: FitResult = Field(description="who was in the fit; both lists empty: nobody was")

    clips: Count = Field(description="clips (one subject before one camera)")
    subjects: Count = Field(description="different subjects")
    classes: dict[str, ClassResult] = Field(description="posture class -> share flagged")
    auc: Share | None = Field(description="chance that a bad frame is further from good than a harmless one")
    by_subject: dict[str, GroupResult] | None = Field(
        description="with --split-by subject: the same for each"
    )


class RivalSegmentResult(_Part):
    """What another rule said about the frames of one segment."""

    n: Count = Field(description="frames")
    flagged: Share = Field(description="share flagged")
    withheld: Share = Field(
        description="share in which the rule had nothing to go by; they count as not flagged"
    )


class RivalViewResult(_Part):
    """Another rule in one view."""

    segments: dict[str, RivalSegmentResult] = Field(description="segment -> what the rule said")
    classes: dict[str, ClassResult] = Field(description="posture class -> share flagged")
    auc: Share | None = Field(description="of the number the rule compares with its threshold, as above")


class CalibrationQuality(_Part):
    """How far the baseline of a clip can be trusted."""

    grade: str = Field(
        description="accept, warn, refuse; none: no baseline could be made, the clip is withheld"
    )
    findings: list[str] = Field(description="what speaks against it")
    frames_given: Count = Field(description="calibration frames of the ground truth")
    frames_used: Count = Field(description="those that belong together")
    view_found: str | None = Field(description="the view that the program saw")
    expected_error: dict[str, float | None] = Field(
        description="quantity -> standard error of the baseline itself"
    )


class ClipResult(_Part):
    """One subject before one camera."""

    subject: str = Field(description="as in the ground truth")
    camera: str = Field(description="as in the ground truth")
    view: str = Field(description="as in the ground truth")
    judged: Count = Field(description="judged frames")
    baseline: CalibrationQuality = Field(description="quality of the calibration")
    mae: dict[str, float | None] = Field(description="quantity -> mean absolute error in this clip")


class ChangeResult(_Part):
    """One change of posture in a video, and when the program named it. Judged on the mean over 2 s."""

    segment: str = Field(description="the posture that was taken")
    t_start_s: float = Field(description="when the person began to move towards it")
    t_reached_s: float = Field(description="when it was reached")
    t_end_s: float = Field(description="when it was left")
    named: str | None = Field(description="the right name that was given first; null: never")
    t_named_s: float | None = Field(description="since when it was given for at least half a second")
    delay_s: float | None = Field(description="t_named_s - t_reached_s; below 0: named on the way")
    delay_from_start_s: float | None = Field(description="t_named_s - t_start_s")


class VideoResult(_Part):
    """One video: what the monitor acts on, the mean over the last 2 s."""

    subject: str = Field(description="as in the ground truth")
    camera: str = Field(description="as in the ground truth")
    view: str = Field(description="as in the ground truth")
    duration_s: float = Field(description="from the first frame to the last")
    window_s: float = Field(description="length of the mean")
    mean: GroupResult = Field(
        description="means of estimates against means of truths over the same window; segments: only frames "
        "whose whole window lies in one held posture"
    )
    changes: list[ChangeResult] = Field(description="changes of posture in the order of time")


class WorstCase(_Part):
    """One frame that went wrong."""

    file: str = Field(description="as in the ground truth")
    subject: str = Field(description="as in the ground truth")
    camera: str = Field(description="as in the ground truth")
    view: str = Field(description="as in the ground truth")
    segment: str = Field(description="as in the ground truth")
    named: str = Field(description="the state that was named")
    kind: str = Field(description="false_alarm, missed, misnamed, or error: named rightly, yet far off")
    quantity: str | None = Field(description="the quantity whose error stands out most")
    truth: float | None = Field(description="its true change")
    estimate: float | None = Field(description="the estimated change")
    error_ratio: float | None = Field(
        description="size of its error as a multiple of that quantity's rmse in this view"
    )


class EvaluationResult(_Part):
    """The whole document."""

    schema_version: int = Field(
        description=f"of this document; {SCHEMA_VERSION} now, larger when a field goes or changes its meaning"
    )
    program: str = Field(description="posture-cv")
    version: str = Field(description="of the program")
    dataset: str = Field(description="name of the folder")
    landmarks_from: str = Field(
        description="pictures (with the number of looks at each, if there were several), video, landmarks.npz, or "
        "landmarks.npz without contour; then what --without took away"
    )
    frames: Count = Field(description="rows of the ground truth")
    views: dict[str, ViewResult] = Field(description="front, side, oblique: those that the data set has")
    baselines: dict[str, dict[str, RivalViewResult]] = Field(
        description="other rules on the same frames: rule -> view -> result; nose_height, face_size, "
        "ear_shoulder_gap and restated rules of other monitors"
    )
    clips: list[ClipResult] = Field(description="every clip and the quality of its calibration")
    videos: list[VideoResult] = Field(description="for frames of videos only")
    worst: list[WorstCase] = Field(description="with --worst N: frames that went wrong, the worst first")
