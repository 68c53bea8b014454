"""What is said about an exercise: instructions, why nothing can be seen, and what was seen in the end. Pure."""

from __future__ import annotations

from typing import Final

from posture_cv.exercise.guide import Cue, Stage
from posture_cv.exercise.plan import Item, Plan
from posture_cv.exercise.types import Direction, ExerciseReport, Phase, Progress, Repetition
from posture_cv.guidance.entries import PAIN_LIMIT_ID, CameraCheck, Catalogue
from posture_cv.measure.types import Reason

_WAY: Final[dict[CameraCheck, tuple[str, str, str]]] = {
    "shoulder_raise": ("Shoulders up", "Hold them up", "All the way down"),
    "arms_overhead": ("Arms up, fingers interlocked", "Stay, arms behind your ears", "Arms down"),
    "shoulder_blade_squeeze": ("Shoulder blades together, elbows back", "Hold the squeeze", "Let go"),
}
_WAY_OTHERWISE: Final = ("Get into the position", "Hold", "Let go")
_DO: Final = {
    "neck_circles": "Circle your head slowly",
    "neck_range_of_motion": "Look left, right, up and down",
    "breathing": "Breathe in, and out for longer",
    "arm_circles": "Circle both arms",
}
_WHY: Final[dict[Reason, str]] = {
    Reason.NOBODY: "nobody in the picture",
    Reason.SHOULDERS_NOT_SEEN: "shoulders out of the picture",
    Reason.TRUNK_TURNED: "turned away from the camera",
    Reason.IMPLAUSIBLE: "nearer, farther or turned: not as at the start",
    Reason.FACE_NOT_SEEN: "face not seen",
    Reason.CONTOUR_NOT_SEEN: "outline not seen",
    Reason.NO_BASELINE: "waiting for a still second to compare with",
    Reason.UNSTABLE: "picture too unsteady",
    Reason.OCCLUDED: "one arm not seen",
    Reason.NO_PICTURE: "no picture",
}
_OUT_OF_PICTURE: Final[dict[CameraCheck, str]] = {
    "arms_overhead": "hands out of the picture, as at rest",
    "shoulder_blade_squeeze": "outline cut by the edge of the picture",
}
_THING: Final[dict[CameraCheck, tuple[str, str]]] = {
    "shoulder_raise": ("raise", "raises"),
    "arms_overhead": ("repetition", "repetitions"),
    "shoulder_blade_squeeze": ("squeeze", "squeezes"),
    "neck_circles": ("turn", "turns"),
}
SQUEEZE_NOTE: Final = (
    "One camera in front hardly sees the shoulder blades: a squeeze changes the shoulders' width in the picture "
    "by little more than the picture's own noise."
)
SELDOM_S: Final = 0.4  # with 2 pictures a second half of quick movements go uncounted, with 3 none; ours
NEITHER: Final = "Time that could not be seen counts neither as done nor as not done."


def safety_lines(catalogue: Catalogue) -> tuple[str, str]:
    """What is said before every exercise: our words, and the document's with where it stands."""
    entry = catalogue.entry(PAIN_LIMIT_ID)
    return entry.text, f'"{entry.quotation}" ({catalogue.citation(entry)})'


def why_unseen(reason: Reason, check: CameraCheck) -> str:
    """Why the camera cannot judge the exercise, in a few words."""
    if reason is Reason.OUT_OF_PICTURE:
        return _OUT_OF_PICTURE.get(check, "out of the picture")
    return _WHY.get(reason, reason.label.replace("_", " "))


def camera_note(plan: Plan, *, with_camera: bool = True) -> str:
    """What the camera can do for this exercise."""
    if plan.check is None:
        return "The camera cannot see this exercise: it is timed only, nothing is counted."
    if not with_camera:
        return "Without a camera it is timed only: nothing is counted."
    if plan.check == "shoulder_blade_squeeze":
        return f"{SQUEEZE_NOTE} It counts only what stands out, and says so when it cannot tell."
    if plan.check == "neck_circles":
        return "The camera counts whole turns, round the place where your nose was at rest."
    return "The camera counts what it sees, and says when it cannot see."


def instruction(cue: Cue, plan: Plan) -> str:
    """What to do now."""
    into, hold, out = _WAY.get(plan.check, _WAY_OTHERWISE) if plan.check else _WAY_OTHERWISE
    side = cue.item.side if cue.item else ""
    turn = f", {side}" if plan.check == "neck_circles" else ""
    return {
        Stage.READY: _ready(plan.check if cue.left_s is None else None),  # by the clock nobody is looked at
        Stage.MOVE: into,
        Stage.HOLD: hold,
        Stage.RELEASE: out,
        Stage.DO: _DO.get(plan.entry.id, "Do it once, slowly") + turn,
        Stage.SIDE_PAUSE: f"Change: {side}",
        Stage.SET_PAUSE: "Rest before the next set",
        Stage.DONE: "Done",
    }[cue.stage]


def _ready(check: CameraCheck | None) -> str:
    if check is None:
        return "Get ready"
    if check == "shoulder_blade_squeeze":
        return "Arms up, elbows bent, facing the camera, and keep still"
    return "Sit as at rest, facing the camera, and keep still"


def position(item: Item) -> str:
    """Where in the exercise one is: "set 2 of 3, 4 of 10"."""
    parts = [f"set {item.set_number} of {item.sets}"] if item.sets > 1 else []
    parts += [item.side] if item.side else []
    parts += [f"{item.repetition} of {item.repetitions}"] if item.repetitions > 1 else []
    return ", ".join(parts)


def seen_note(progress: Progress | None, cue: Cue, check: CameraCheck | None) -> str:
    """What the camera makes of it at this moment; empty without a camera."""
    if progress is None or check is None:
        return ""
    note = f"seen {progress.count}"
    if progress.reason is not Reason.OK:
        note += f"; cannot see: {why_unseen(progress.reason, check)}"
    elif check == "neck_circles" and progress.phase is Phase.ACTIVE:
        note += f"; {progress.level:.0%} of a turn"
    return f"{note}; going by the clock" if cue.by_clock else note


def report_lines(report: ExerciseReport, plan: Plan, led_through: int | None = None) -> list[str]:
    """What was seen, and what could not be, in sentences.

    Args:
        report: the counter's.
        plan: what was to do.
        led_through: repetitions that the guide led through; None for a recording, which nobody led.
    """
    lines = [] if led_through is None else [led_line(plan, led_through, counted=True)]
    if not report.person_seen:
        return [*lines, "The camera saw nobody: it cannot say whether anything was done."]
    lines.append(_counted(report, plan))
    if report.partly_seen:
        lines.append(f"Begun or ended unseen, not counted: {len(report.partly_seen)}.")
    if report.count == 0:
        lines.append(_none_seen(report))
    lines += _seldom_lines(report)
    lines += _unseen_lines(report)
    return lines


def led_line(plan: Plan, led_through: int, *, counted: bool) -> str:
    """How much of the plan one was led through, and whether anything was counted."""
    one = "repetition" if len(plan.items) == 1 else "repetitions"
    how = "." if counted else " by the clock; nothing was counted."
    return f"Led through {led_through} of {len(plan.items)} {one}{how}"


def repetition_line(number: int, repetition: Repetition) -> str:
    """One repetition: its number where it is counted, when, and how long held or which way."""
    times = f"{clock(repetition.start_s)} to {clock(repetition.end_s)}"
    what = str(repetition.direction) or f"held {repetition.hold_s:.1f} s"
    whole = "" if repetition.whole else " (begun or ended unseen, not counted)"
    counted = str(number) if repetition.whole else "-"
    return f"{counted:>3}  {times}  {what}{whole}"


def clock(t_s: float) -> str:
    """Minutes and seconds, "2:05.3"."""
    tenths = round(t_s * 10)
    return f"{tenths // 600}:{tenths % 600 / 10:04.1f}"


def _counted(report: ExerciseReport, plan: Plan) -> str:
    one, many = _THING[report.check]
    text = f"The camera saw {report.count} {one if report.count == 1 else many}"
    dose = plan.entry.dose
    if report.check == "neck_circles":
        each = [f"{report.count_of(d)} {d}" for d in (Direction.CLOCKWISE, Direction.COUNTER_CLOCKWISE)]
        text += f": {' and '.join(each)}" if report.count else ""
    elif dose and dose.hold_s and report.count:
        text += f", {report.held(dose.hold_s)} of them held for {dose.hold_s:g} s or longer"
    return f"{text}."


def _none_seen(report: ExerciseReport) -> str:
    if report.check == "shoulder_blade_squeeze":
        return f"It could not see surely. {SQUEEZE_NOTE}"
    if report.unseen_s >= report.watched_s - 1e-6:
        return "Not a moment of it could be judged: it cannot say whether anything was done."
    if report.strongest <= 0:
        return "It saw no movement of this kind."
    if report.strongest >= 1:
        return "A movement was large enough, but not seen whole from start to end."
    return f"The largest movement came to {report.strongest:.0%} of what counts."


def _seldom_lines(report: ExerciseReport) -> list[str]:
    """What falls between two pictures was not seen, and neither was when a hold began and ended."""
    if report.every_s <= SELDOM_S:
        return []
    each = f"A picture came only every {report.every_s:.1f} s"
    return [f"{each}: quicker movements may be missing, and times are no finer than that."]


def _unseen_lines(report: ExerciseReport) -> list[str]:
    reasons = report.unseen_by_reason()
    if not reasons:
        return []
    each = ", ".join(f"{why_unseen(reason, report.check)} {_s(s)}" for reason, s in reasons.items())
    return [f"It could not see for {_s(report.unseen_s)} of {_s(report.watched_s)}: {each}.", NEITHER]


def _s(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds >= 9.95 else f"{seconds:.1f} s"
