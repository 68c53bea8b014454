"""What the monitor says in a line or in a notification. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite
from typing import Final

from posture_cv.assess.effects import Level
from posture_cv.assess.settings import CUES
from posture_cv.assess.types import ALERTING, State
from posture_cv.assess.wording import plain
from posture_cv.local_time import local
from posture_cv.measure.types import Reason
from posture_cv.monitor.lifecycle import Phase
from posture_cv.monitor.margins import nearest, unit_of
from posture_cv.monitor.moment import Moment, Said
from posture_cv.monitor.pause_text import until_text
from posture_cv.output.notify import Message

# Shape beside colour: a third of the red-green blind would not tell them apart otherwise.
SHAPES: Final = {
    Level.STARTING: "…",
    Level.GOOD: "●",
    Level.POOR: "▲",
    Level.SEVERE: "■",
    Level.UNMEASURED: "?",
    Level.AWAY: "○",
}
PAUSE_SHAPE: Final = "‖"
_REASONS: Final = {
    Reason.NOBODY: "nobody is there",
    Reason.FACE_NOT_SEEN: "your face is not seen",
    Reason.SHOULDERS_NOT_SEEN: "your shoulders are not seen",
    Reason.CONTOUR_NOT_SEEN: "your outline is not seen",
    Reason.HIPS_NOT_SEEN: "your hips are not seen",
    Reason.HEAD_TURNED: "your head is turned",
    Reason.TRUNK_TURNED: "you are turned",
    Reason.OUT_OF_PICTURE: "you are partly out of the picture",
    Reason.TOO_DARK: "it is too dark, or the camera is covered",
    Reason.TOO_BRIGHT: "it is too bright",
    Reason.UNSTABLE: "what is seen is not steady",
    Reason.OTHER_PERSON: "this does not look like you at your place",
    Reason.OCCLUDED: "you are partly hidden",
    Reason.CAMERA_MOVED: "the camera was moved, not you",
    Reason.WRONG_VIEW: "the camera sees you from another side than at calibration",
    Reason.IMPLAUSIBLE: "what is seen is not plausible",
    Reason.UNCERTAIN: "it is not certain enough",
    Reason.NO_PICTURE: "the camera's picture stands still",
    Reason.MOVING: "you are moving",
    Reason.OTHER_SHAPE: "the picture has another shape than at calibration",
    Reason.OUTLINE_UNSURE: "your outline runs into somebody or something near you",
}
_WAY_ON: Final = {Reason.CAMERA_MOVED: ": press m in its terminal, or posture-cv recalibrate --moved"}
_PHASES: Final = {
    Phase.ASLEEP: "the system sleeps",
    Phase.LOCKED: "the screen is locked, the camera is off",
    Phase.PAUSED: "paused, the camera is off",
    Phase.CALL: "paused for a call, the camera is off",
    Phase.CAMERA_LOST: "the camera gives no pictures; waiting for it",
    Phase.AWAY: "nobody for a while, the camera is off but for a glance now and then",
}


def reason_text(reason: Reason) -> str:
    """Why nothing can be judged, in words."""
    return _REASONS.get(reason, reason.label.replace("_", " "))


def shape_of(moment: Moment) -> str:
    """One character for the state, told by shape, not by colour alone."""
    return SHAPES[moment.level] if moment.phase.watching else PAUSE_SHAPE


def state_text(moment: Moment) -> str:
    """The state in a few words, and why nothing is measured."""
    if moment.prompt:
        return moment.prompt
    if not moment.phase.watching:
        return " ".join(filter(None, (_PHASES[moment.phase] + ("." if moment.why else ""), moment.why)))
    if moment.state is None:
        return "waiting for the camera"
    if moment.state in (State.CANNOT_TELL, State.TURNED):
        return f"cannot tell: {reason_text(moment.reason)}{_way_on(moment)}"
    if moment.state is State.AWAY:
        return (
            "cannot tell: " + reason_text(moment.reason) if moment.reason is Reason.OTHER_PERSON else "away"
        )
    return plain(moment.state.label)


def _way_on(moment: Moment) -> str:
    """What to do about it; nothing where a recording is played: its camera is no longer there."""
    played = moment.camera is not None and not moment.camera.live
    return "" if played else _WAY_ON.get(moment.reason, "")


def pause_text(moment: Moment) -> str:
    """When a pause that runs ends; nothing without one, and for one until it is resumed."""
    until = moment.paused_until_wall_s
    if moment.prompt or moment.phase is not Phase.PAUSED or until is None or not isfinite(until):
        return ""
    return until_text(local(until).isoformat())


def margin_text(moment: Moment) -> str:
    """How near the nearest posture is to its limit; empty where what is named excuses what is beyond it."""
    margin = nearest(moment.margins) if moment.phase.watching and not moment.prompt else None
    if margin is None or margin.value is None or margin.share is None:
        return ""
    if margin.share >= 1.0 and moment.state not in (State.GOOD, *ALERTING):
        return ""  # a harmless look-alike excuses what it explains
    unit = unit_of(margin.quantity)
    return f"{plain(margin.cue)} {margin.value:+z.1f} of {margin.limit:.1f}{unit} ({margin.share:.0%})"


def hint_message(hint: str) -> Message:
    """The notification for a hint; it has no number, because nothing is written down of it."""
    return Message(0, "Your calibration may be old", hint, (("recalibrate", "Recalibrate"),))


def told_together(said: Sequence[Said]) -> list[tuple[Said, ...]]:
    """What is said at once, by what is one message to a person: a nudge that came with a break goes with it."""
    groups: list[tuple[Said, ...]] = []
    for one in said:
        if one.record.with_break and groups:
            groups[-1] = (*groups[-1], one)
        else:
            groups.append((one,))
    return groups


def message_of(said: Said, *beside: Said) -> Message:
    """The notification for something said; of what is told beside it, only what was seen."""
    cue = said.record.alert.cue
    actions: Sequence[tuple[str, str]] = ()
    if cue in CUES:
        actions = (("right", "Right"), ("wrong", "Wrong"), ("snooze", "Snooze"))
    elif cue == "break":
        actions = (("snooze", "Later"),) if said.record.can_postpone else ()
    elif cue == "recalibrate":
        actions = (("moved", "I sit as before"), ("recalibrate", "Recalibrate"))
    title = str(said.words.get("seen") or plain(cue).capitalize())
    seen = [str(other.words.get("seen") or "") for other in beside]
    body = " ".join(filter(None, [*seen, str(said.words.get("text") or "")]))
    return Message(said.key, title, body, tuple(actions), urgent=said.record.alert.level == "severe")
