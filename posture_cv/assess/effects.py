"""What the policy wants done, as data; the drivers do it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from posture_cv.assess.types import Alert


class Level(StrEnum):
    """The ambient cue: what a colour or a status line shows without a sound."""

    STARTING = "starting"
    GOOD = "good"
    POOR = "poor"
    SEVERE = "severe"
    UNMEASURED = "unmeasured"
    AWAY = "away"


class Rule(StrEnum):
    """Why a posture notification came."""

    WINDOW = "window"  # one posture made most of the window
    MIXED = "mixed"  # several did together; the alert is named after the most frequent
    SEVERE = "severe"  # most of the short window was beyond the severe threshold
    BUDGET = "budget"  # looking down used up the holding time of ISO 11226


@dataclass(frozen=True, slots=True)
class Ambient:
    """The ambient cue changed.

    Attributes:
        level: what it is now.
        cue: state label while poor or severe ("forward_head"); the reason's label while unmeasured; else
            empty.
        t_s: since when.
    """

    level: Level
    cue: str
    t_s: float


@dataclass(frozen=True, slots=True)
class Notice:
    """A posture notification.

    Attributes:
        id: counts up from 1; answers (`policy.respond`) name it.
        alert: what is told.
        rule: which rule made it.
        shares: share of the window's measured time named each cue, by cue, only those that occurred.
        spent: share of the look-down budget used, 1 = all of it.
        measured_s: measured time that was looked back upon.
    """

    id: int
    alert: Alert
    rule: Rule
    shares: dict[str, float]
    spent: float
    measured_s: float


@dataclass(frozen=True, slots=True)
class BreakDue:
    """A break is due.

    Attributes:
        id, alert: as in `Notice`; `alert.cue` is "break", `alert.lasted_s` the presence since the last break,
            whatever was prompted meanwhile.
        long: a long break is due (no full break for about an hour), else a micro-break.
        sitting_s: presence since the last full break.
        shifts: posture shifts within the stillness window; None until so much presence has been seen, and where
            too little of it was measured to say.
        can_postpone: whether `policy.postpone` will be granted.
    """

    id: int
    alert: Alert
    long: bool
    sitting_s: float
    shifts: int | None
    can_postpone: bool


@dataclass(frozen=True, slots=True)
class StillnessNudge:
    """The person hardly moved.

    Attributes:
        id, alert: as in `Notice`; `alert.cue` is "stillness", `alert.lasted_s` the presence looked back upon.
        shifts: posture shifts in that time.
        with_break: a break prompt came at the same moment; show one message for both.
    """

    id: int
    alert: Alert
    shifts: int
    with_break: bool


@dataclass(frozen=True, slots=True)
class Recalibrate:
    """The camera was moved; `alert.cue` is "recalibrate"."""

    id: int
    alert: Alert


@dataclass(frozen=True, slots=True)
class Recovered:
    """The bout of an earlier notification is over; each notification of the bout has one of its own.

    Attributes:
        id, cue: of the notification.
        t_s: when the person had left it: seen in it last, before the held exit.
        after_s: how long after the notification.
    """

    id: int
    cue: str
    t_s: float
    after_s: float


Effect = Ambient | Notice | BreakDue | StillnessNudge | Recalibrate | Recovered
Told = Notice | BreakDue | StillnessNudge | Recalibrate


def alerts(effects: tuple[Effect, ...] | list[Effect]) -> list[Told]:
    """Those that a person is told about."""
    return [e for e in effects if isinstance(e, Told)]
