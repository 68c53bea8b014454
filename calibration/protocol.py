"""The course of a live calibration: prepare, count down, record. Pure: time is an argument, in seconds."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from calibration.collect import Problem, Stillness

# A picture later than this after the last one is a gap; it does not count as recorded (ours).
_LONGEST_STEP_S: Final = 0.5
# Moving for so long while it is recorded begins it anew; shorter ones only pause it (ours).
_PATIENCE_S: Final = 3.0

INTRODUCTION: Final = (
    "Sit alone in the picture, as you want to sit: ears over shoulders, shoulders low and back, eyes on the screen.",
    "It need not be perfect, and you should be able to keep it: everything later is compared with it.",
)


class Step(StrEnum):
    """Where the calibration stands."""

    PREPARE = "prepare"
    COUNTDOWN = "countdown"
    RECORD = "record"
    DONE = "done"
    GAVE_UP = "gave_up"


@dataclass(frozen=True, slots=True)
class Timing:
    """Lengths in seconds; see the settings' [calibration]."""

    countdown_s: float = 3.0
    still_s: float = 1.5
    duration_s: float = 8.0
    give_up_s: float = 90.0


@dataclass(frozen=True, slots=True)
class Progress:
    """One moment of a calibration.

    Attributes:
        step: where it stands.
        started_s, entered_s, now_s: when it, and this step, began; the time of the last picture.
        recorded_s: how much has been recorded.
        disturbed_s: since when something has been wrong while recording; NaN: nothing is.
        problems: what is wrong now.
    """

    step: Step
    started_s: float
    entered_s: float
    now_s: float
    recorded_s: float = 0.0
    disturbed_s: float = math.nan
    problems: tuple[Problem, ...] = ()

    @classmethod
    def begin(cls, t_s: float) -> Progress:
        """The first moment."""
        return cls(Step.PREPARE, t_s, t_s, t_s)

    @property
    def finished(self) -> bool:
        """No picture will change it any more."""
        return self.step in (Step.DONE, Step.GAVE_UP)


def advance(progress: Progress, t_s: float, stillness: Stillness, timing: Timing) -> Progress:
    """The next moment, after a picture taken at `t_s`."""
    if progress.finished:
        return progress
    if t_s - progress.started_s > timing.give_up_s:
        return replace(progress, step=Step.GAVE_UP, now_s=t_s, problems=stillness.problems)
    if progress.step is Step.RECORD:
        return _record(progress, t_s, stillness, timing)
    return _wait(progress, t_s, stillness, timing)


def _wait(progress: Progress, t_s: float, stillness: Stillness, timing: Timing) -> Progress:
    """Prepare until everything is right, then count down; whatever goes wrong begins the countdown anew."""
    moved_on = replace(progress, now_s=t_s, problems=stillness.problems)
    if not stillness.still:
        return _entered(moved_on, Step.PREPARE)
    if progress.step is Step.PREPARE:
        moved_on = _entered(moved_on, Step.COUNTDOWN)
    if t_s - moved_on.entered_s >= timing.countdown_s:
        return replace(_entered(moved_on, Step.RECORD), recorded_s=0.0, disturbed_s=math.nan)
    return moved_on


def _record(progress: Progress, t_s: float, stillness: Stillness, timing: Timing) -> Progress:
    """Count the seconds in which nothing is wrong."""
    moved_on = replace(progress, now_s=t_s, problems=stillness.problems)
    if stillness.still:
        step_s = min(max(t_s - progress.now_s, 0.0), _LONGEST_STEP_S)
        recorded = replace(moved_on, recorded_s=progress.recorded_s + step_s, disturbed_s=math.nan)
        return replace(recorded, step=Step.DONE) if recorded.recorded_s >= timing.duration_s else recorded
    since = t_s if math.isnan(progress.disturbed_s) else progress.disturbed_s
    if t_s - since > _PATIENCE_S:
        return replace(_entered(moved_on, Step.PREPARE), recorded_s=0.0)
    return replace(moved_on, disturbed_s=since)


def _entered(progress: Progress, step: Step) -> Progress:
    return progress if progress.step is step else replace(progress, step=step, entered_s=progress.now_s)


def prompt(progress: Progress, timing: Timing) -> str:
    """What to tell the person at this moment, in one sentence."""
    if progress.step is Step.DONE:
        return "Done."
    if progress.step is Step.GAVE_UP:
        return f"Given up after {timing.give_up_s:.0f} s."
    if progress.problems:
        paused = "Paused. " if progress.step is Step.RECORD else ""
        return paused + progress.problems[0].prompt
    if progress.step is Step.COUNTDOWN:
        left = math.ceil(timing.countdown_s - (progress.now_s - progress.entered_s))
        return f"Hold still, recording in {max(left, 1)} ..."
    if progress.step is Step.RECORD:
        left = math.ceil(timing.duration_s - progress.recorded_s)
        return f"Recording, {max(left, 1)} s left ..."
    return "Sit as you want to sit."
