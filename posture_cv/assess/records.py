"""The record of why something was told: complete in itself, written with the alert, read by `explain`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from posture_cv.assess.calculus import NUMBERS
from posture_cv.assess.effects import BreakDue, Notice, Rule, StillnessNudge, Told
from posture_cv.assess.naming import limiting_sd, neck_deg, severities
from posture_cv.assess.settings import CUES, AssessSettings
from posture_cv.assess.smoothing import NAMES
from posture_cv.assess.thresholds import Thresholds
from posture_cv.assess.typed import finite, typed, typed_rows
from posture_cv.assess.types import Alert, State
from posture_cv.measure.baseline import Baseline, nanmean_quiet
from posture_cv.measure.types import Estimate, Float, Measurements, Reason


@dataclass(frozen=True, slots=True)
class Evidence:
    """One quantity over the measured time that was looked back upon.

    Attributes:
        name: of the quantity, with its unit; "neck_deg" is the loss of craniovertebral angle due to the neck.
        mean: over that time, against the baseline.
        sd: standard deviation of the error of a single frame.
        valid_share: share of the measured time in which it could be told, 0-1.
        spread: its standard deviation within the calibration; None where the baseline does not say.
    """

    name: str
    mean: float
    sd: float
    valid_share: float
    spread: float | None


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit that the named posture is judged by: the quantity's name and where the posture begins."""

    name: str
    value: float


@dataclass(frozen=True, slots=True)
class Record:
    """Why something was told.

    Attributes:
        id: as in the effect; answers name it.
        alert: what was told.
        rule: `Rule` of a posture notification; empty for nudges.
        shares: share of the measured time named each cue.
        spent: share of the look-down budget used.
        measured_s: measured time that was looked back upon.
        needed_share: share of it that had to be beyond the limits.
        enter_excess: multiple of the limits from which time counted (1 at sensitivity 1 without feedback).
        limits: of the quantities that decide this cue, before that multiple.
        severe_from: where the first of them becomes severe, of an alert that came for that; else 0.
        evidence: every quantity that could be told.
        baseline_frames, baseline_view: of the calibration it is judged against.
        baseline_name: its profile's name, where several may be in use; else empty.
        shifts, long, sitting_s, can_postpone, with_break: of nudges, see `BreakDue` and `StillnessNudge`.
    """

    id: int
    alert: Alert
    rule: str = ""
    shares: Mapping[str, float] | None = None
    spent: float = 0.0
    measured_s: float = 0.0
    needed_share: float = 0.0
    enter_excess: float = 1.0
    limits: tuple[Limit, ...] = ()
    severe_from: float = 0.0
    evidence: tuple[Evidence, ...] = ()
    baseline_frames: int = 0
    baseline_view: str = ""
    baseline_name: str = ""
    shifts: int | None = None
    long: bool = False
    sitting_s: float = 0.0
    can_postpone: bool = False
    with_break: bool = False

    @property
    def long_due_s(self) -> float:
        """Presence without a long break where one is due, in seconds; else 0."""
        return self.sitting_s if self.long else 0.0

    def found(self, name: str) -> Evidence | None:
        """The evidence of one quantity, None where it could not be told."""
        return next((e for e in self.evidence if e.name == name), None)


def limits(
    cue: str, thresholds: Thresholds, uncertainty: Mapping[str, float] | None = None
) -> tuple[Limit, ...]:
    """The limits by which a cue is named, by quantity.

    A slump is a bent trunk whose shoulders have come forward or sunk; that of sinking is for what they sink beyond
    the bend (`naming.SINK_PER_TRUNK`).

    Args:
        cue: label of an alerting state.
        thresholds: of the naming.
        uncertainty: `limiting_sd` by quantity; limits that it widens are widened (see `Thresholds`).
    """
    th, sds = thresholds, uncertainty or {}
    known = {
        "forward_head": [("neck_deg", th.neck_deg, th.neck_sd)],
        "text_neck": [
            ("head_pitch_deg", th.text_neck_pitch_deg, 0.0),
            ("neck_deg", th.text_neck_neck_deg, 0.0),
        ],
        "rounded_shoulders": [("protraction_cm", th.protraction_cm, th.protraction_sd)],
        "shrug": [
            ("shoulder_elevation_cm", th.elevation_cm, th.elevation_sd),
            ("shoulder_elevation_left_cm", th.elevation_one_side_cm, th.elevation_sd),
            ("shoulder_elevation_right_cm", th.elevation_one_side_cm, th.elevation_sd),
        ],
        "slump": [
            ("trunk_incl_deg", th.slump_trunk_deg, th.slump_sd),
            ("protraction_cm", th.slump_protraction_cm, th.slump_sd),
            ("sink_cm", th.slump_sink_cm, 0.0),
        ],
    }
    return tuple(Limit(name, max(value, wide * sds.get(name, 0.0))) for name, value, wide in known[cue])


def evidence(values: Float, sds: Float, baseline: Baseline) -> tuple[Evidence, ...]:
    """What was measured, averaged.

    Args:
        values: (T, Q) smoothed values at the measured ticks, columns as `NAMES`, NaN where not told.
        sds: (T, Q) their uncertainties.
        baseline: whose spread is quoted.
    """
    if len(values) == 0:
        return ()
    mean, sd, share = nanmean_quiet(values), nanmean_quiet(sds), (~np.isnan(values)).mean(axis=0)
    found = [
        Evidence(name, float(mean[i]), float(sd[i]), float(share[i]), baseline.spread.get(name))
        for i, name in enumerate(NAMES)
        if share[i] > 0.0
    ]
    neck = neck_deg(_one_row(mean, sd))[0]
    if not np.isnan(neck):
        angle = next(e for e in found if e.name == "cva_change_deg")
        found.append(Evidence("neck_deg", float(neck), angle.sd, angle.valid_share, angle.spread))
    return tuple(found)


def _one_row(mean: Float, sd: Float) -> Measurements:
    ok: NDArray[np.int8] = np.zeros(1, np.int8)
    values = {
        name: Estimate.of(mean[i : i + 1], sd[i : i + 1], np.where(np.isnan(mean[i]), Reason.UNCERTAIN, ok))
        for i, name in enumerate(NAMES)
    }
    return Measurements(np.zeros(1), ok, ok, values)


def record(told: Told, values: Float, sds: Float, baseline: Baseline, settings: AssessSettings) -> Record:
    """The record of something told.

    Args:
        told: the effect.
        values, sds: (T, Q), see `evidence`; the last rows of measured time, no more than `measured_s` holds.
        baseline: what it was judged against.
        settings: with which.
    """
    if isinstance(told, Notice):
        found = evidence(values, sds, baseline)
        return Record(
            id=told.id,
            alert=told.alert,
            rule=str(told.rule),
            shares=told.shares,
            spent=told.spent,
            measured_s=told.measured_s,
            needed_share=settings.policy.enter_share,
            enter_excess=settings.policy.enter_excess[CUES.index(told.alert.cue)],
            limits=limits(told.alert.cue, settings.thresholds, {e.name: _limiting(e) for e in found}),
            severe_from=_severe_from(told, values, sds, settings.thresholds),
            evidence=found,
            baseline_frames=baseline.frame_count,
            baseline_view=baseline.view.label,
        )
    if isinstance(told, BreakDue):
        return Record(
            told.id,
            told.alert,
            shifts=told.shifts,
            long=told.long,
            sitting_s=told.sitting_s,
            can_postpone=told.can_postpone,
        )
    if isinstance(told, StillnessNudge):
        return Record(told.id, told.alert, shifts=told.shifts, with_break=told.with_break)
    return Record(told.id, told.alert)


def _severe_from(told: Notice, values: Float, sds: Float, thresholds: Thresholds) -> float:
    if told.rule is not Rule.SEVERE or len(values) == 0:
        return 0.0
    row = _one_row(nanmean_quiet(values), nanmean_quiet(sds))
    known = {State(code).label: limit for code, _, limit in severities(row, neck_deg(row), thresholds)}
    return float(np.nan_to_num(known.get(told.alert.cue, np.zeros(1)))[0])


def _limiting(found: Evidence) -> float:
    return limiting_sd(found.name, found.mean, found.sd, NUMBERS)


def to_json(rec: Record) -> dict[str, Any]:
    """The record as one flat object for `json`: time, cue and level first."""
    data = asdict(rec)
    alert = data.pop("alert")
    lead = {name: alert.pop(name) for name in ("t_s", "cue", "level")}
    return {**lead, "id": data.pop("id"), **alert, **data}


def from_json(data: Mapping[str, Any]) -> Record:
    """The record that `to_json` wrote; further keys are ignored.

    Raises:
        ValueError: a value is missing or of the wrong kind.
    """
    try:
        parts = {
            "alert": typed(Alert, data),
            "shares": _shares(data.get("shares")),
            "limits": typed_rows(Limit, data.get("limits")),
            "evidence": typed_rows(Evidence, data.get("evidence")),
        }
        rec = typed(Record, data, **parts)
    except (ValueError, TypeError) as error:
        raise ValueError(f"not the record of an alert: {error}") from None
    if not rec.alert.cue or min(rec.enter_excess, *(limit.value for limit in rec.limits), 1.0) <= 0.0:
        raise ValueError("not the record of an alert: its posture or a limit is empty")
    return rec


def _shares(plain: object) -> dict[str, float] | None:
    if plain is None:
        return None
    if not isinstance(plain, dict):
        raise TypeError(f"shares is a {type(plain).__name__}")
    return {str(cue): finite(f"the share of {cue}", share) for cue, share in plain.items()}
