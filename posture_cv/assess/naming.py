"""Measurements -> the name of the posture, frame by frame; stateless and vectorised.

What looks alike is told apart by what moved: the head against the trunk (forward head), the head's own
pitch (looking down), head and trunk together (leaning in, reclining, the chair), the shoulders in the
thorax frame (rounding, shrugging), the trunk sinking into itself (slump).
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from posture_cv.assess.types import ALERTING, State, States
from posture_cv.measure.types import Codes, Float, Measurements, Reason

# Looking down tips the whole cervical column: the CVA falls by about a fifth of the head's pitch without the
# head being carried forward (measured on the rendered ground truth: 5.2 deg of CVA for 24.9 deg of pitch).
CVA_PER_PITCH = 0.21


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Where each posture begins, against the person's own baseline.

    All ours, chosen on the ground truth's training people (the clinical minimal detectable change of the CVA is
    about 5 deg: Gallego-Izquierdo 2020). `neck_deg` is the loss of craniovertebral angle that is due to the neck
    itself: without what the trunk's inclination and looking down explain.
    """

    neck_deg: float = 4.0
    neck_severe_deg: float = 14.0
    text_neck_pitch_deg: float = 15.0
    text_neck_neck_deg: float = 9.0
    looking_down_deg: float = 12.0
    protraction_cm: float = 1.8
    protraction_severe_cm: float = 3.5
    elevation_cm: float = 1.6
    elevation_one_side_cm: float = 2.2
    elevation_severe_cm: float = 3.0
    slump_trunk_deg: float = 2.0
    slump_protraction_cm: float = 0.8
    leaning_in_deg: float = 6.0
    reclining_deg: float = 5.0
    lateral_deg: float = 6.0
    head_yaw_deg: float = 25.0
    trunk_yaw_deg: float = 20.0

    def scaled(self, factor: float) -> Thresholds:
        """Every posture threshold times `factor` (> 1: less sensitive); the validity gates stay."""
        gates = {"head_yaw_deg", "trunk_yaw_deg"}
        return replace(
            self, **{f.name: getattr(self, f.name) * factor for f in fields(self) if f.name not in gates}
        )


def neck_deg(m: Measurements) -> Float:
    """(N,) loss of craniovertebral angle due to the neck itself, in degrees; positive = head carried forward.

    The trunk's inclination and the head's pitch are taken off (see `CVA_PER_PITCH`); a trunk inclination that
    cannot be told counts as unchanged only where the view cannot give it.
    """
    trunk = np.nan_to_num(m.value("trunk_incl_deg"), nan=0.0)
    pitch = np.nan_to_num(m.value("head_pitch_deg"), nan=0.0)
    return np.asarray(-m.value("cva_change_deg") - trunk - CVA_PER_PITCH * pitch)


def name_states(m: Measurements, thresholds: Thresholds) -> States:
    """Name each frame of `m` on its own (see `States`)."""
    n = len(m)
    neck = neck_deg(m)
    pitch = m.value("head_pitch_deg")
    excess = _excess(m, neck, thresholds)
    state = np.full(n, State.GOOD, np.int8)
    down = pitch >= thresholds.looking_down_deg
    best = np.where(np.isnan(excess), 0.0, excess)
    dominant = np.array(ALERTING, np.int8)[best.argmax(axis=1)]
    flagged = best.max(axis=1) >= 1.0
    state[down] = State.LOOKING_DOWN
    for label, mask in _harmless(m, thresholds):
        state[mask & ~down] = label
    state[flagged] = dominant[flagged]
    reason = m.reason.copy()
    untold = np.isnan(excess).all(axis=1) & (reason == Reason.OK) & (state == State.GOOD)
    reason[untold] = Reason.UNCERTAIN
    state[reason != Reason.OK] = State.CANNOT_TELL
    state[np.isin(reason, (Reason.HEAD_TURNED, Reason.TRUNK_TURNED))] = State.TURNED
    state[np.isin(reason, (Reason.NOBODY, Reason.OTHER_PERSON))] = State.AWAY
    unmeasured = reason != Reason.OK
    excess[unmeasured] = np.nan
    return States(
        t_s=m.t_s,
        state=state,
        reason=reason,
        excess=excess,
        severe=_severe(m, neck, state, thresholds),
        pitch_deg=np.where(unmeasured, np.nan, pitch),
        activity=np.full(n, np.nan),
    )


def _excess(m: Measurements, neck: Float, th: Thresholds) -> Float:
    """(N, 5) each alerting posture's size as a multiple of its threshold, NaN where it cannot be told."""
    pitch, protraction = m.value("head_pitch_deg"), m.value("protraction_cm")
    text_neck = np.minimum(pitch / th.text_neck_pitch_deg, neck / th.text_neck_neck_deg)
    one_side = np.fmax(m.value("shoulder_elevation_left_cm"), m.value("shoulder_elevation_right_cm"))
    shrug = np.fmax(m.value("shoulder_elevation_cm") / th.elevation_cm, one_side / th.elevation_one_side_cm)
    slump = np.minimum(m.value("trunk_incl_deg") / th.slump_trunk_deg, protraction / th.slump_protraction_cm)
    looks_down = pitch >= th.looking_down_deg
    forward = np.where(looks_down, np.minimum(neck / th.neck_deg, text_neck), neck / th.neck_deg)
    columns = [forward, text_neck + 0.01 * looks_down, protraction / th.protraction_cm, shrug, slump]
    return np.stack([np.maximum(c, 0.0) for c in columns], axis=1)


def _harmless(m: Measurements, th: Thresholds) -> list[tuple[State, NDArray[np.bool_]]]:
    """The look-alikes that never alert, weakest claim first."""
    trunk, lateral = m.value("trunk_incl_deg"), np.abs(m.value("lateral_lean_deg"))
    return [
        (State.LEANING_IN, trunk >= th.leaning_in_deg),
        (State.RECLINING, trunk <= -th.reclining_deg),
        (State.LEANING_SIDEWAYS, lateral >= th.lateral_deg),
    ]


def _severe(m: Measurements, neck: Float, state: Codes, th: Thresholds) -> NDArray[np.bool_]:
    """(N,) whether the named posture is beyond its severe threshold."""
    head = np.isin(state, (State.FORWARD_HEAD, State.TEXT_NECK)) & (neck >= th.neck_severe_deg)
    rounded = (state == State.ROUNDED_SHOULDERS) & (m.value("protraction_cm") >= th.protraction_severe_cm)
    shrug = (state == State.SHRUG) & (m.value("shoulder_elevation_cm") >= th.elevation_severe_cm)
    return np.asarray(head | rounded | shrug)
