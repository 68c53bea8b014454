"""Measurements -> the name of the posture, frame by frame; stateless and vectorised.

What looks alike is told apart by what moved: the head against the trunk (forward head), the head's own
pitch (looking down), head and trunk together (leaning in, reclining, the chair), the shoulders in the
thorax frame (rounding, shrugging), the trunk sinking into itself (slump).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from posture_cv.assess.types import ALERTING, State, States
from posture_cv.measure.types import Codes, Float, Measurements, Reason

# Looking down tips the whole cervical column: the CVA falls by about a fifth of the head's pitch without the
# head being carried forward (measured on the rendered ground truth: 5.2 deg of CVA for 24.9 deg of pitch).
CVA_PER_PITCH = 0.21
# A trunk that leans forward lowers the CVA by 0.87 deg a degree (same source: lean_in, 10.3 deg for 11.9). A trunk
# that reclines is not credited: a head held upright over it is how people recline.
CVA_PER_TRUNK = 0.87
# A trunk that leans forward straight lowers the shoulders by 0.24 cm a degree (same source: 2.9 cm for 11.9).
SINK_PER_TRUNK = 0.24
# Ours: from the side, people left out of the fit have a shoulder's rise told within half of it.
RELATIVE_ERROR = 0.5
_RISES: Final = ("shoulder_elevation_cm", "shoulder_elevation_left_cm", "shoulder_elevation_right_cm")
_OK: Final = int(Reason.OK)
_NAMES: Final = np.array(ALERTING, np.int8)


def _members(codes: Iterable[int], size: int) -> NDArray[np.bool_]:
    """(size,) whether a code is among these: a table to look up in."""
    table = np.zeros(size, bool)
    table[list(codes)] = True
    return table


_TURNED: Final = _members((Reason.HEAD_TURNED, Reason.TRUNK_TURNED), len(Reason))
_AWAY: Final = _members((Reason.NOBODY, Reason.OTHER_PERSON), len(Reason))
_HEAD: Final = _members((State.FORWARD_HEAD, State.TEXT_NECK), len(State))


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Where each posture begins, against the person's own baseline.

    All ours, chosen on the ground truth's training people (the clinical minimal detectable change of the CVA is
    about 5 deg: Gallego-Izquierdo 2020). `neck_deg` is the loss of craniovertebral angle that is due to the neck
    itself: without what the trunk's inclination and looking down explain.

    A change must also exceed its own stated uncertainty: each threshold is at least `*_sd` standard deviations of
    the estimate, so that frames of which little can be told do not alert.

    A small forward head whose trunk has bent with it is a slump: the neck's share stays below
    `slump_like_neck_deg` and `slump_like_per_deg` for each degree of the trunk, which is at least
    `slump_like_trunk_deg`. Leaning sideways swings head and shoulders through the perspective: each degree beyond
    `sideways_from_deg` raises the thresholds of forward head, rounding and slump by `sideways_per_deg`.
    """

    neck_deg: float = 2.3
    neck_severe_deg: float = 14.0
    text_neck_pitch_deg: float = 24.0
    text_neck_neck_deg: float = 8.0
    looking_down_deg: float = 12.0
    protraction_cm: float = 1.5
    protraction_severe_cm: float = 3.5
    elevation_cm: float = 1.2
    elevation_one_side_cm: float = 2.0
    elevation_severe_cm: float = 3.0
    slump_trunk_deg: float = 2.0
    slump_protraction_cm: float = 0.8
    slump_sink_cm: float = 0.5
    slump_neck_deg: float = 2.5
    leaning_in_deg: float = 6.0
    leaning_in_cm: float = 8.0
    reclining_deg: float = 5.0
    lateral_deg: float = 6.0
    slump_like_neck_deg: float = 2.7
    slump_like_per_deg: float = 1.2
    slump_like_trunk_deg: float = 1.0
    sideways_from_deg: float = 2.0
    sideways_per_deg: float = 0.2
    moved_cm: float = 6.0
    moved_factor: float = 2.0
    head_yaw_deg: float = 25.0
    trunk_yaw_deg: float = 20.0
    neck_sd: float = 1.2
    protraction_sd: float = 1.5
    elevation_sd: float = 1.65
    slump_sd: float = 1.65

    def scaled(self, factor: float) -> Thresholds:
        """Every posture threshold times `factor` (> 1: less sensitive); the validity gates stay."""
        gates = {
            "head_yaw_deg",
            "trunk_yaw_deg",
            "slump_like_per_deg",
            "sideways_from_deg",
            "sideways_per_deg",
            "moved_cm",
            "moved_factor",
            "neck_sd",
            "protraction_sd",
            "elevation_sd",
            "slump_sd",
        }
        return replace(
            self, **{f.name: getattr(self, f.name) * factor for f in fields(self) if f.name not in gates}
        )


def neck_deg(m: Measurements) -> Float:
    """(N,) loss of craniovertebral angle due to the neck itself, in degrees; positive = head carried forward.

    The trunk's inclination and the head's pitch are taken off (see `CVA_PER_PITCH`); a trunk inclination that
    cannot be told counts as unchanged only where the view cannot give it.
    """
    trunk = np.fmax(m.value("trunk_incl_deg"), 0.0)
    pitch = np.fmax(m.value("head_pitch_deg"), 0.0)
    return np.asarray(-m.value("cva_change_deg") - CVA_PER_TRUNK * trunk - CVA_PER_PITCH * pitch)


def name_states(m: Measurements, thresholds: Thresholds) -> States:
    """Name each frame of `m` on its own (see `States`)."""
    n = len(m)
    neck = neck_deg(m)
    pitch = m.value("head_pitch_deg")
    excess = _excess(m, neck, thresholds)
    state = np.full(n, State.GOOD, np.int8)
    down = pitch >= thresholds.looking_down_deg
    best = np.fmax(excess, 0.0)
    flagged = best.max(axis=1) >= 1.0
    state[down] = State.LOOKING_DOWN
    for label, mask in _harmless(m, thresholds):
        state[mask & ~down] = label
    state[flagged] = _NAMES[best[flagged].argmax(axis=1)]
    reason = m.reason.copy()
    untold = np.isnan(excess).all(axis=1) & (reason == _OK) & (state == State.GOOD)
    why = m.values["cva_change_deg"].reason[untold]  # a part that is missing, or nothing in particular
    reason[untold] = np.where(why == _OK, np.int8(Reason.UNCERTAIN), why)
    state[reason != _OK] = State.CANNOT_TELL
    state[_TURNED[reason]] = State.TURNED
    state[_AWAY[reason]] = State.AWAY
    unmeasured = reason != _OK
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


def _over(value: Float, threshold: float, sds: float, sd: Float) -> Float:
    """(N,) value as a multiple of its threshold, which is at least `sds` of its standard deviations."""
    return np.asarray(value / np.fmax(sds * sd, threshold), np.float64)


def limiting_sd(name: str, value: Float, sd: Float) -> Float:
    """(N,) the standard deviation by which the limits of a quantity widen.

    That of a shoulder's rise grows with the rise itself, and is told better from nothing than in its amount: a
    relative error of up to `RELATIVE_ERROR` says nothing against there being a rise at all, and is left out.
    """
    if name not in _RISES:
        return sd
    return np.asarray(np.sqrt(np.fmax(sd**2 - (RELATIVE_ERROR * value) ** 2, 0.0)))


def _excess(m: Measurements, neck: Float, th: Thresholds) -> Float:
    """(N, 5) each alerting posture's size as a multiple of its threshold, NaN where it cannot be told."""
    pitch, sd = m.value("head_pitch_deg"), m.values["cva_change_deg"].sd
    looks_down = pitch >= th.looking_down_deg
    # the farther down, the less the neck needs to give: the mean of both
    text_neck = (pitch / th.text_neck_pitch_deg + neck / th.text_neck_neck_deg) / 2.0
    text_neck = np.where(looks_down, text_neck, np.minimum(text_neck, 0.0))
    lateral = np.fmax(np.abs(m.value("lateral_lean_deg")) - th.sideways_from_deg, 0.0)
    sideways = 1.0 + th.sideways_per_deg * lateral
    # another distance to the camera moves head and shoulders alike: more is asked for
    moved = np.where(np.abs(m.value("approach_cm")) >= th.moved_cm, th.moved_factor, 1.0)
    forward = _over(neck, th.neck_deg, th.neck_sd, sd) / np.maximum(sideways, moved)
    forward = np.where(looks_down, np.minimum(forward, text_neck), forward)
    rounded = m.values["protraction_cm"]
    rounding = _over(rounded.value, th.protraction_cm, th.protraction_sd, rounded.sd)
    slump = _slump(m, neck, forward, th) / sideways
    slump = np.where(_slump_like(m, neck, th), np.fmax(slump, forward + 0.01), slump)
    columns = [
        forward,
        text_neck + 0.01 * looks_down,
        rounding / np.maximum(sideways, moved),
        _shrug(m, th),
        slump,
    ]
    return np.asarray(np.maximum(np.stack(columns, axis=1), 0.0))


def _slump_like(m: Measurements, neck: Float, th: Thresholds) -> NDArray[np.bool_]:
    """(N,) a neck that gives little, on a trunk that bends with it and does not lean in as a whole."""
    trunk = np.fmax(m.value("trunk_incl_deg"), 0.0)
    little = neck < th.slump_like_neck_deg + th.slump_like_per_deg * trunk
    return np.asarray(little & (trunk >= th.slump_like_trunk_deg) & ~_leaning_in(m, th))


def _shrug(m: Measurements, th: Thresholds) -> Float:
    """(N,) both shoulders, or one of them, against their thresholds."""
    limits = (th.elevation_cm, th.elevation_one_side_cm, th.elevation_one_side_cm)
    found = []
    for name, limit in zip(_RISES, limits, strict=True):
        rise = m.values[name]
        sd = limiting_sd(name, rise.value, rise.sd)
        found.append(_over(rise.value, limit, th.elevation_sd, sd))
    return np.asarray(np.fmax.reduce(found))


def _slump(m: Measurements, neck: Float, forward: Float, th: Thresholds) -> Float:
    """(N,) a trunk that bends forward and sinks or rounds, without moving towards the screen as a whole."""
    trunk, rounded = m.values["trunk_incl_deg"], m.values["protraction_cm"]
    sunk = np.where(
        forward >= 1.0, 0.0, _over(neck, th.slump_neck_deg, th.slump_sd, m.values["cva_change_deg"].sd)
    )
    bent = np.fmax(_over(rounded.value, th.slump_protraction_cm, th.slump_sd, rounded.sd), sunk)
    sunk_by_itself = m.value("sink_cm") - SINK_PER_TRUNK * np.fmax(trunk.value, 0.0)
    bent = np.fmax(bent, sunk_by_itself / th.slump_sink_cm)
    excess = np.minimum(_over(trunk.value, th.slump_trunk_deg, th.slump_sd, trunk.sd), bent)
    return np.where(_leaning_in(m, th), np.minimum(excess, 0.0), excess)


def _leaning_in(m: Measurements, th: Thresholds) -> NDArray[np.bool_]:
    """(N,) the trunk as a whole has come nearer; by its inclination where the distance cannot be told."""
    approach, trunk = m.value("approach_cm"), m.value("trunk_incl_deg")
    return np.where(np.isfinite(approach), approach >= th.leaning_in_cm, trunk >= th.leaning_in_deg)


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
    head = _HEAD[state] & (neck >= th.neck_severe_deg)
    rounded = (state == State.ROUNDED_SHOULDERS) & (m.value("protraction_cm") >= th.protraction_severe_cm)
    shrug = (state == State.SHRUG) & (m.value("shoulder_elevation_cm") >= th.elevation_severe_cm)
    return np.asarray(head | rounded | shrug)
