"""Measurements -> the name of the posture, frame by frame; stateless, of one frame or vectorised.

What looks alike is told apart by what moved: the head against the trunk (forward head), the head's own
pitch (looking down), head and trunk together (leaning in, reclining, the chair), the shoulders in the
thorax frame (rounding, shrugging), the trunk sinking into itself (slump).
"""

from __future__ import annotations

import math
from typing import Any, Final, NamedTuple, cast

import numpy as np

from posture_cv.assess.calculus import ARRAYS, Calculus, Readings, Value
from posture_cv.assess.thresholds import Thresholds
from posture_cv.assess.types import ALERTING, State, States
from posture_cv.measure.types import Float, Measurements, Reason

# Looking down tips the whole cervical column: the CVA falls by about a fifth of the head's pitch without the
# head being carried forward (measured on the rendered ground truth: 5.2 deg of CVA for 24.9 deg of pitch).
CVA_PER_PITCH = 0.21
# A trunk that leans forward lowers the CVA by 0.87 deg a degree (same source: lean_in, 10.3 deg for 11.9). A trunk
# that reclines is not credited: a head held upright over it is how people recline.
CVA_PER_TRUNK = 0.87
# A trunk that leans forward straight lowers the shoulders by 0.24 cm a degree (same source: 2.9 cm for 11.9).
SINK_PER_TRUNK = 0.24
# A slump brings the shoulders nearer to a camera in front, by 0.84 cm a degree of the trunk (same source and rendered
# people). Where nearness is not told, as from the side, or more vaguely than this, less is taken for granted (ours).
NEARER_PER_TRUNK = 0.6
NEARNESS_SD_CM: Final = 1.5
# Ours: from the side, people left out of the fit have a shoulder's rise told within half of it.
RELATIVE_ERROR = 0.5
# Ours: what a posture that is called harmless must rule out, a severe forward head. In the key people's good frames the
# neck may be 9.6 deg at most, in those leaning in 14.0; in photographs of real slumps it is mostly more.
NECK_RULED_OUT_DEG: Final = 14.0
ONE_SIDED_95: Final = 1.645  # standard deviations of a normal error
RISES: Final = ("shoulder_elevation_cm", "shoulder_elevation_left_cm", "shoulder_elevation_right_cm")
# Plain numbers: members of an enumeration cost several times as much to compare.
_OK: Final = int(Reason.OK)
_FORWARD_HEAD, _TEXT_NECK = int(State.FORWARD_HEAD), int(State.TEXT_NECK)
_ROUNDED, _SHRUG = int(State.ROUNDED_SHOULDERS), int(State.SHRUG)
_LEANING_IN, _RECLINING = int(State.LEANING_IN), int(State.RECLINING)
_LEANING_SIDEWAYS = int(State.LEANING_SIDEWAYS)
_GOOD, _LOOKING_DOWN, _CANNOT_TELL = int(State.GOOD), int(State.LOOKING_DOWN), int(State.CANNOT_TELL)
_TURNED, _AWAY, _UNCERTAIN = int(State.TURNED), int(State.AWAY), int(Reason.UNCERTAIN)
_HEAD_TURNED, _TRUNK_TURNED = int(Reason.HEAD_TURNED), int(Reason.TRUNK_TURNED)
_NOBODY, _OTHER_PERSON = int(Reason.NOBODY), int(Reason.OTHER_PERSON)
_NOT_FROM_THIS_VIEW: Final = int(Reason.NOT_FROM_THIS_VIEW)
_NAMES: Final = tuple(int(state) for state in ALERTING)
_FIRST: Final = 0.01  # of an excess: what of two equally large ones is to give the name is larger by this


class Name(NamedTuple):
    """The named state of one frame as plain numbers, or of N frames as arrays; see `States`."""

    state: Any
    reason: Any
    excess: list[Any]
    severe: Any
    pitch_deg: Any


def neck_deg(m: Measurements) -> Float:
    """(N,) loss of craniovertebral angle due to the neck itself, in degrees; positive = head carried forward.

    The trunk's inclination and the head's pitch are taken off (see `CVA_PER_PITCH`); a trunk inclination that
    cannot be told counts as unchanged only where the view cannot give it.
    """
    return np.asarray(neck(m, ARRAYS))


def neck(r: Readings[Value], c: Calculus[Value]) -> Value:
    """The same of one frame or of N, see `neck_deg`."""
    trunk = c.fmax(r.value("trunk_incl_deg"), 0.0)
    pitch = c.fmax(r.value("head_pitch_deg"), 0.0)
    return -r.value("cva_change_deg") - CVA_PER_TRUNK * trunk - CVA_PER_PITCH * pitch


def _neck_at_most(r: Readings[Value], bent: Value, c: Calculus[Value]) -> Value:
    """What the neck may have given at most (chance 95 %); `bent`: what it gave by the estimates, see `neck`.

    The trunk's inclination is told with an error, too, and what it takes off the neck is nothing at least.
    """
    trunk, trunk_sd = (c.fmax(x, 0.0) for x in (r.value("trunk_incl_deg"), r.sd("trunk_incl_deg")))
    by_trunk = CVA_PER_TRUNK * c.minimum(trunk, ONE_SIDED_95 * trunk_sd)
    by_head = ONE_SIDED_95 * r.sd("cva_change_deg")
    return bent + c.sqrt(by_trunk * by_trunk + by_head * by_head)


def name_states(m: Measurements, thresholds: Thresholds) -> States:
    """Name each frame of `m` on its own (see `States`)."""
    found = name(m, m.reason, m.values["cva_change_deg"].reason, thresholds, ARRAYS)
    return States(
        t_s=m.t_s,
        state=found.state.astype(np.int8),
        reason=found.reason.astype(np.int8),
        excess=np.stack(found.excess, axis=1),
        severe=found.severe,
        pitch_deg=found.pitch_deg,
        activity=np.full(len(m), np.nan),
    )


def name(r: Readings[Value], reason: Any, why: Any, th: Thresholds, c: Calculus[Value]) -> Name:  # noqa: ANN401  code or codes
    """Name one frame or N frames, each on its own.

    Args:
        r: what was measured.
        reason: `Reason` of the frame as a whole, a code or (N,).
        why: why the change of craniovertebral angle cannot be told, likewise.
        th: where postures begin.
        c: of numbers or arrays.
    """
    bent, pitch = neck(r, c), r.value("head_pitch_deg")
    excess = _excess(r, bent, th, c)
    down = pitch >= th.looking_down_deg
    state = c.where(down, _LOOKING_DOWN, _GOOD)
    vague: Any = False
    for label, size, limit, sd in _harmless(r, th):
        leaning = (size >= limit) & c.negated(down)
        state, vague = c.where(leaning, label, state), c.where(leaning, size < ONE_SIDED_95 * sd, vague)
    largest, posture = c.fmax(excess[0], 0.0), _NAMES[0]
    for label, size in zip(_NAMES[1:], excess[1:], strict=True):
        beyond = size > largest
        largest, posture = c.where(beyond, size, largest), c.where(beyond, label, posture)
    state = c.where(largest >= 1.0, posture, state)
    harmless = (reason == _OK) & (largest < 1.0) & c.negated(down)
    # Not good where nothing could be told. Nor is anything harmless where a head far forward is not ruled out, least of
    # all by a head that was hidden or not to be placed (its NaN is below no limit); what a view or a file never tells
    # is no doubt. Looking down has its own budget.
    nothing = state == _GOOD
    for size in excess:
        nothing = nothing & c.isnan(size)
    ruled_out = (_neck_at_most(r, bent, c) < NECK_RULED_OUT_DEG) | (why == _NOT_FROM_THIS_VIEW)
    # A lean that is told keeps its name where the head was seen, only too vaguely to be placed; one that may as well be
    # none (chance 5 %) explains nothing away. Nor is it good that shoulders have sunk.
    leans = (state != _GOOD) & (why == _UNCERTAIN)
    untold = harmless & (nothing | vague | _may_slump(r, th, c) | c.negated(ruled_out | leans))
    # a part that is missing, or nothing in particular
    reason = c.where(untold, c.where(why == _OK, _UNCERTAIN, why), reason)
    unmeasured = reason != _OK
    state = c.where(unmeasured, _CANNOT_TELL, state)
    state = c.where((reason == _HEAD_TURNED) | (reason == _TRUNK_TURNED), _TURNED, state)
    state = c.where((reason == _NOBODY) | (reason == _OTHER_PERSON), _AWAY, state)
    return Name(
        state,
        reason,
        [c.where(unmeasured, math.nan, size) for size in excess],
        _severe(r, bent, state, th),
        c.where(unmeasured, math.nan, pitch),
    )


def _over(value: Value, threshold: float, sds: float, sd: Value, c: Calculus[Value]) -> Value:
    """The value as a multiple of its threshold, which is at least `sds` of its standard deviations."""
    return value / c.fmax(sds * sd, threshold)


def limiting_sd(name: str, value: Value, sd: Value, c: Calculus[Value]) -> Value:
    """The standard deviation by which the limits of a quantity widen.

    That of a shoulder's rise grows with the rise itself, and is told better from nothing than in its amount: a
    relative error of up to `RELATIVE_ERROR` says nothing against there being a rise at all, and is left out.
    """
    if name not in RISES:
        return sd
    relative = RELATIVE_ERROR * value
    return c.sqrt(c.fmax(sd * sd - relative * relative, 0.0))


def _excess(r: Readings[Value], bent: Value, th: Thresholds, c: Calculus[Value]) -> list[Value]:
    """Each alerting posture's size as a multiple of its threshold, NaN where it cannot be told; `bent`: the neck."""
    pitch = r.value("head_pitch_deg")
    looks_down = pitch >= th.looking_down_deg
    # the farther down, the less the neck needs to give: the mean of both
    text_neck = (pitch / th.text_neck_pitch_deg + bent / th.text_neck_neck_deg) / 2.0
    text_neck = c.where(looks_down, text_neck, c.minimum(text_neck, 0.0))
    asked, sideways = asked_for(r, th, c)
    forward = _over(bent, th.neck_deg, th.neck_sd, r.sd("cva_change_deg"), c) / asked
    forward = c.where(looks_down, c.minimum(forward, text_neck), forward)
    rounded, sd = r.value("protraction_cm"), r.sd("protraction_cm")
    rounding = _over(rounded, th.protraction_cm, th.protraction_sd, sd, c)
    slump = _slump(r, bent, forward, th, c) / sideways
    slump = c.where(_slump_like(r, bent, th, c), c.fmax(slump, forward + _FIRST), slump)
    sizes = [forward, text_neck + _FIRST * looks_down, rounding / asked, _shrug(r, th, c), slump]
    return [c.maximum(size, 0.0) for size in sizes]


def asked_for(r: Readings[Value], th: Thresholds, c: Calculus[Value]) -> tuple[Value, Value]:
    """How many times their thresholds a forward head or rounding, and a slump, must reach; 1 or more each.

    More is asked for of who leans sideways or, of the first two, sits at another distance: that moves head and
    shoulders alike.
    """
    lateral = c.fmax(abs(r.value("lateral_lean_deg")) - th.sideways_from_deg, 0.0)
    sideways = 1.0 + th.sideways_per_deg * lateral
    moved = c.where(abs(r.value("approach_cm")) >= th.moved_cm, th.moved_factor, 1.0)
    return c.maximum(sideways, moved), sideways


def _slump_like(r: Readings[Value], bent: Value, th: Thresholds, c: Calculus[Value]) -> Any:  # noqa: ANN401  mask
    """Whether the neck gives little, on a trunk that bends with it and does not lean in as a whole."""
    trunk = c.fmax(r.value("trunk_incl_deg"), 0.0)
    told = c.minimum(c.maximum(r.value("approach_cm"), 0.0), th.slump_like_most_cm)
    nearer = c.where(r.sd("approach_cm") <= NEARNESS_SD_CM, told, NEARER_PER_TRUNK * trunk)
    bends = th.slump_like_per_deg * trunk + th.slump_like_per_cm * nearer
    little = bent < th.slump_like_neck_deg + bends
    return little & (trunk >= th.slump_like_trunk_deg) & c.negated(_leaning_in(r, th, c))


def _shrug(r: Readings[Value], th: Thresholds, c: Calculus[Value]) -> Value:
    """Both shoulders, or one of them, against their thresholds."""
    both, *sides = (
        _over(r.value(rise), limit, th.elevation_sd, limiting_sd(rise, r.value(rise), r.sd(rise), c), c)
        for rise, limit in zip(
            RISES, (th.elevation_cm, th.elevation_one_side_cm, th.elevation_one_side_cm), strict=True
        )
    )
    return c.fmax(c.fmax(both, sides[0]), sides[1])


def _slump(r: Readings[Value], bent: Value, forward: Value, th: Thresholds, c: Calculus[Value]) -> Value:
    """A trunk that bends forward and sinks or rounds, without moving towards the screen as a whole."""
    trunk = r.value("trunk_incl_deg")
    loss = _over(bent, th.slump_neck_deg, th.slump_sd, r.sd("cva_change_deg"), c)
    sunk = c.where(forward >= 1.0, 0.0, loss)
    rounded = r.value("protraction_cm"), r.sd("protraction_cm")
    given = c.fmax(_over(rounded[0], th.slump_protraction_cm, th.slump_sd, rounded[1], c), sunk)
    sunk_by_itself = _sunk_by_itself(r, c)
    given = c.fmax(given, sunk_by_itself / th.slump_sink_cm)
    excess = c.minimum(_over(trunk, th.slump_trunk_deg, th.slump_sd, r.sd("trunk_incl_deg"), c), given)
    return cast("Value", c.where(_leaning_in(r, th, c), c.minimum(excess, 0.0), excess))


def _sunk_by_itself(r: Readings[Value], c: Calculus[Value]) -> Value:
    """How far the shoulders have sunk beyond what a trunk that leans straight takes them, cm."""
    return r.value("sink_cm") - taken_down_cm(r.value("trunk_incl_deg"), c)


def taken_down_cm(trunk_deg: Value, c: Calculus[Value]) -> Value:
    """How far a trunk that leans straight takes the shoulders down, which is no sinking; nothing if not told."""
    return SINK_PER_TRUNK * c.fmax(trunk_deg, 0.0)


def _may_slump(r: Readings[Value], th: Thresholds, c: Calculus[Value]) -> Any:  # noqa: ANN401  mask
    """Whether the shoulders have surely sunk, and too little is told of the trunk to call it a slump or none."""
    sunk = _sunk_by_itself(r, c) - ONE_SIDED_95 * r.sd("sink_cm") >= th.slump_sink_cm
    bends = r.value("trunk_incl_deg") + ONE_SIDED_95 * r.sd("trunk_incl_deg") >= th.slump_trunk_deg
    return sunk & bends & c.negated(_leaning_in(r, th, c))


def _leaning_in(r: Readings[Value], th: Thresholds, c: Calculus[Value]) -> Any:  # noqa: ANN401  mask
    """Whether the trunk as a whole has come nearer; by its inclination where the distance cannot be told."""
    approach, trunk = r.value("approach_cm"), r.value("trunk_incl_deg")
    return c.where(c.isnan(approach), trunk >= th.leaning_in_deg, approach >= th.leaning_in_cm)


def _harmless(r: Readings[Value], th: Thresholds) -> list[tuple[int, Value, float, Value]]:
    """The look-alikes that never alert, weakest claim first: label, size, where it begins, standard deviation."""
    trunk, trunk_sd = r.value("trunk_incl_deg"), r.sd("trunk_incl_deg")
    return [
        (_LEANING_IN, trunk, th.leaning_in_deg, trunk_sd),
        (_RECLINING, -trunk, th.reclining_deg, trunk_sd),
        (_LEANING_SIDEWAYS, abs(r.value("lateral_lean_deg")), th.lateral_deg, r.sd("lateral_lean_deg")),
    ]


def _severe(r: Readings[Value], bent: Value, state: Any, th: Thresholds) -> Any:  # noqa: ANN401  code and mask
    """Whether the named posture is beyond its severe threshold."""
    severe = False
    for posture, size, limit in severities(r, bent, th):
        severe = severe | ((state == posture) & (size >= limit))
    return severe


def severities(r: Readings[Value], bent: Value, th: Thresholds) -> tuple[tuple[int, Value, Value], ...]:
    """`State` code, size and limit of what makes that posture severe; `bent`: the neck."""
    neck_limit = _surely(th.neck_severe_deg, r.sd("cva_change_deg"), th)
    rounded, rise = "protraction_cm", "shoulder_elevation_cm"
    return (
        (_FORWARD_HEAD, bent, neck_limit),
        (_TEXT_NECK, bent, neck_limit),
        (_ROUNDED, r.value(rounded), _surely(th.protraction_severe_cm, r.sd(rounded), th)),
        (_SHRUG, r.value(rise), _surely(th.elevation_severe_cm, r.sd(rise), th)),
    )


def _surely(limit: float, sd: Value, th: Thresholds) -> Value:
    """What a size must reach for it to be beyond the severe limit as surely as is asked for."""
    return limit + th.severe_sd * sd
