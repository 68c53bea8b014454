"""When to look next, and with which means: a pure controller.

The time between looks adapts: quick while something is being decided, one a second while somebody is there and
moves, slower when nothing does. Between looks nothing runs. A look is cheap; the models, which are not, run only
on a picture that differs from the one measured last, and while all is well on every other of those, unless it
differs much. Neither the looks nor the models are ever farther apart than two seconds while somebody is there and
moves, so that no posture is noticed later than that, and no alert comes later by more; nor than the assessment's
`hold_max_s`, so that no tick stays without a picture.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from posture_cv.assess.effects import Level
from posture_cv.assess.types import State


class Pace(StrEnum):
    """Why the next look comes when it does."""

    EVERY = "every"  # economy is off
    CLOSE = "close"
    DECIDING = "deciding"
    MOVING = "moving"
    STILL = "still"
    AWAY = "away"
    BLIND = "blind"  # black or frozen pictures


@dataclass(frozen=True, slots=True)
class EconomySettings:
    """Seconds between looks, where the name says nothing else; all ours.

    Attributes:
        enabled: False: every picture at `every_s`, none skipped.
        every_s: without economy.
        close_s: while what counts stands at its limit, so that a picture more or less decides.
        close_for_s: so long after it has crossed the limit, or was near it.
        close_share: of the time at most: what stands at its limit may do so all day.
        close_saved_s: so much of that time can be saved up, and is there at the start: twice the window that decides,
            as what stands at its limit does so for a while before most of a window is beyond it.
        deciding_s: while the state shown does not follow what is seen yet, or a posture lasts that could be told.
        deciding_most_s: what has not been decided after so long is no decision but a posture at its limit.
        moving_s: somebody is there and the picture changes.
        calm_s: while all is well a picture that changed a little is measured so long after the last one.
        still_s: the picture has not changed for `still_after_s`.
        away_s: nobody is there, or nothing can be seen.
        battery_factor: times so much on battery, but never more than `still_s` while somebody is there.
        refresh_s: the models run at least so often on an unchanged picture.
    """

    enabled: bool = True
    every_s: float = 1 / 30
    close_s: float = 0.1
    close_for_s: float = 8.0
    close_share: float = 0.03
    close_saved_s: float = 240.0
    deciding_s: float = 0.5
    deciding_most_s: float = 20.0
    moving_s: float = 1.0
    calm_s: float = 2.0
    still_s: float = 2.0
    still_after_s: float = 6.0
    away_s: float = 2.0
    battery_factor: float = 1.5
    refresh_s: float = 30.0


@dataclass(frozen=True, slots=True)
class Situation:
    """What the pace depends on.

    Attributes:
        level: the ambient level.
        state: of the last look; None before the first.
        nearness: the largest excess of the last look as a share of where it counts (1 = at the limit).
        may_alert: nothing but the posture itself holds an alert back; False during cool-downs and snoozes.
        alert_near: an alert could come within the next ten seconds.
        undecided_s: how long the level shown has not followed the postures seen.
        close: a posture that could be told stands at its limit, and there is time left for that.
        unchanged_s: how long the picture has not changed.
        blind: the last pictures were black or frozen.
        on_battery: see `Surroundings`.
    """

    level: Level = Level.STARTING
    state: State | None = None
    nearness: float = 0.0
    may_alert: bool = True
    alert_near: bool = False
    undecided_s: float = 0.0
    close: bool = False
    unchanged_s: float = 0.0
    blind: bool = False
    on_battery: bool = False


NEAR: Final = 0.8
"""From this share of a limit on a posture is watched more closely; ours."""
_POOR: Final = (Level.POOR, Level.SEVERE)


def undecided(level: Level, nearness: float) -> bool:
    """Whether the level shown and the posture seen say different things."""
    return (nearness >= 1.0) != (level in _POOR)


def pace_of(s: Situation, settings: EconomySettings) -> Pace:
    """Which pace fits the situation."""
    if not settings.enabled:
        return Pace.EVERY
    if s.blind:
        return Pace.BLIND
    if s.state is State.AWAY:
        return Pace.AWAY if s.level is Level.AWAY else Pace.DECIDING
    if s.state is None or s.level is Level.STARTING:
        return Pace.DECIDING
    if s.close or s.unchanged_s >= settings.still_after_s:
        return Pace.CLOSE if s.close else Pace.STILL
    # Every second of what could be told counts, and moments in between that are within the limits do too.
    lasting = s.may_alert and (s.level in _POOR or s.state is State.LOOKING_DOWN)
    deciding = lasting or s.alert_near or 0.0 < s.undecided_s <= settings.deciding_most_s
    return Pace.DECIDING if deciding else Pace.MOVING


def models_after_s(pace: Pace, s: Situation, settings: EconomySettings) -> float:
    """How long after the last run the models look at a picture that has changed, but not much."""
    if pace is not Pace.MOVING:
        return 0.0
    close = s.nearness >= NEAR and s.may_alert
    return settings.moving_s if close else settings.calm_s


def interval_s(pace: Pace, settings: EconomySettings, *, on_battery: bool) -> float:
    """Seconds from one look to the next."""
    known = {
        Pace.EVERY: settings.every_s,
        Pace.CLOSE: settings.close_s,
        Pace.DECIDING: settings.deciding_s,
        Pace.MOVING: settings.moving_s,
        Pace.STILL: settings.still_s,
        Pace.AWAY: settings.away_s,
        Pace.BLIND: settings.away_s,
    }
    seconds = known[pace]
    if on_battery and pace is not Pace.EVERY:
        seconds = min(seconds * settings.battery_factor, max(seconds, settings.still_s))
    return seconds
