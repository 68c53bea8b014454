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
# A trunk that leans sideways disturbs the neck's angle in the picture: its limits are taken this much wider (ours).
SIDEWAYS_FACTOR = 4.0
# A value counts as beyond its limit when it is so by this many standard deviations of a single frame's error.
SURENESS = 0.8
FLEXION_DEG_PER_CM = 1.5


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Where each posture begins, against the person's own baseline.

    All ours, chosen on the ground truth's training people (the clinical minimal detectable change of the CVA is
    about 5 deg: Gallego-Izquierdo 2020). `neck_deg` is the loss of craniovertebral angle that is due to the neck
    itself: without what the trunk's inclination and looking down explain. The limits of forward head, rounding and
    shrugging are what must be exceeded beyond `SURENESS` times the value's own uncertainty, so that a frame that
    is hard to see has to show more. `text_neck_flexion_deg` is head pitch plus `FLEXION_DEG_PER_CM` a centimetre
    that the head is carried forward: how far the whole neck is bent.
    """

    neck_deg: float = 1.1
    head_forward_cm: float = 0.35
    neck_severe_deg: float = 14.0
    text_neck_pitch_deg: float = 15.0
    text_neck_flexion_deg: float = 31.7
    text_neck_head_forward_cm: float = 1.9
    looking_down_deg: float = 12.0
    protraction_cm: float = 1.4
    protraction_severe_cm: float = 3.5
    elevation_cm: float = 1.3
    elevation_one_side_cm: float = 1.6
    elevation_severe_cm: float = 3.0
    slump_trunk_deg: float = 2.0
    slump_protraction_cm: float = 0.8
    slump_trunk_most_deg: float = 7.5
    slump_approach_most_cm: float = 8.0
    leaning_in_deg: float = 6.0
    reclining_deg: float = 5.0
    lateral_deg: float = 6.0
    head_yaw_deg: float = 25.0
    trunk_yaw_deg: float = 20.0

    def scaled(self, factor: float) -> Thresholds:
        """Every posture threshold times `factor` (> 1: less sensitive); the validity gates stay."""
        gates = {"head_yaw_deg", "trunk_yaw_deg", "slump_trunk_most_deg", "slump_approach_most_cm"}
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
    """(N, 5) each alerting posture's size as a multiple of its threshold, NaN where it cannot be told.

    A forward head needs both of its signs, the lost angle and the head's way forward of the trunk: a chair rolled
    back or a reclined trunk imitates the one or the other, not both. A slump is a trunk that gives way a little
    while the shoulders come forward; a trunk that comes forward a lot, or a person who comes nearer, leans in.
    """
    pitch, protraction, forward_cm = (
        m.value(name) for name in ("head_pitch_deg", "protraction_cm", "head_forward_cm")
    )
    sideways = np.where(
        np.abs(np.nan_to_num(m.value("lateral_lean_deg"))) >= th.lateral_deg, SIDEWAYS_FACTOR, 1.0
    )
    text_neck = np.minimum.reduce(
        [
            pitch / th.text_neck_pitch_deg,
            (pitch + FLEXION_DEG_PER_CM * forward_cm) / th.text_neck_flexion_deg,
            forward_cm / th.text_neck_head_forward_cm,
        ]
    )
    one_side = np.fmax(
        _times(m, "shoulder_elevation_left_cm", th.elevation_one_side_cm),
        _times(m, "shoulder_elevation_right_cm", th.elevation_one_side_cm),
    )
    shrug = np.fmax(_times(m, "shoulder_elevation_cm", th.elevation_cm), one_side)
    trunk = m.value("trunk_incl_deg")
    slump = np.minimum(trunk / th.slump_trunk_deg, protraction / th.slump_protraction_cm)
    leans = (trunk > th.slump_trunk_most_deg) | (m.value("approach_cm") > th.slump_approach_most_cm)
    slump = np.where(leans, 0.0, slump)
    looks_down = pitch >= th.looking_down_deg
    neck_limit = sideways * th.neck_deg + SURENESS * m.values["cva_change_deg"].sd
    forward_limit = sideways * th.head_forward_cm + SURENESS * m.values["head_forward_cm"].sd
    forward = np.minimum(neck / neck_limit, forward_cm / forward_limit)
    forward = np.where(looks_down, np.minimum(forward, text_neck), forward)
    columns = [
        forward,
        text_neck + 0.01 * looks_down,
        _times(m, "protraction_cm", th.protraction_cm),
        shrug,
        slump,
    ]
    return np.stack([np.maximum(c, 0.0) for c in columns], axis=1)


def _times(m: Measurements, name: str, limit: float) -> Float:
    """(N,) a quantity as a multiple of its limit, which its own uncertainty widens."""
    estimate = m.values[name]
    return np.asarray(estimate.value / (limit + SURENESS * estimate.sd))


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
