"""What the monitor does in general: watch, or wait with the camera closed, and why. Pure; time is an argument.

The phase is not stepped from one to the next but derived anew from the facts each time, so that no order of
events can leave it stuck.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from math import inf


class Phase(StrEnum):
    """What the monitor is doing; the gravest reason not to watch comes first."""

    ASLEEP = "asleep"
    LOCKED = "locked"
    PAUSED = "paused"
    CALL = "call"
    CAMERA_LOST = "camera_lost"
    AWAY = "away"  # nobody for long: the camera is closed and only opened for a glance now and then
    WATCHING = "watching"

    @property
    def watching(self) -> bool:
        """Whether postures are judged."""
        return self is Phase.WATCHING


@dataclass(frozen=True, slots=True)
class LifeSettings:
    """Lengths in seconds; all ours.

    Attributes:
        away_long_s: the camera is closed when nobody was seen for so long.
        peek_every_s: while away, a glance so often; at once when keyboard or mouse are used, where that is known.
        peek_s: how long a glance may take.
        retry_s, retry_most_s: first and longest pause between attempts to get a lost camera back; it doubles.
        pause_in_calls: close the camera while a microphone is being recorded from.
    """

    away_long_s: float = 600.0
    peek_every_s: float = 30.0
    peek_s: float = 4.0
    retry_s: float = 1.0
    retry_most_s: float = 30.0
    pause_in_calls: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    """What decides the phase; times of the monitor's clock, but the end of a pause, which is wall-clock time.

    Attributes:
        locked, asleep, in_call: see `Surroundings`.
        paused_until_wall_s: None: not paused; infinite: until resumed.
        lost_since_s: when the camera was lost; None while it is well.
        lost_why: what was wrong, for people.
        retries: attempts since then that failed.
        tried_s: when the last of them was.
        seen_s: when somebody was last seen, or might have been.
        peeked_s: when the last glance began, while away.
    """

    locked: bool = False
    asleep: bool = False
    in_call: bool = False
    paused_until_wall_s: float | None = None
    lost_since_s: float | None = None
    lost_why: str = ""
    retries: int = 0
    tried_s: float = -inf
    seen_s: float = 0.0
    peeked_s: float = -inf

    def seen(self, t_s: float) -> Facts:
        """Somebody was seen, or a new beginning was made."""
        return replace(self, seen_s=t_s, peeked_s=-inf)

    def lost(self, t_s: float, why: str) -> Facts:
        """The camera was lost, or did not come back."""
        if self.lost_since_s is None:
            return replace(self, lost_since_s=t_s, lost_why=why, retries=0, tried_s=t_s)
        return replace(self, lost_why=why, retries=self.retries + 1, tried_s=t_s)

    def at(self, wall_s: float) -> Facts:
        """A pause that is over is none any more."""
        if self.paused_until_wall_s is None or paused(self, wall_s):
            return self
        return replace(self, paused_until_wall_s=None)

    def found(self) -> Facts:
        """The camera gives pictures."""
        return replace(self, lost_since_s=None, lost_why="", retries=0)


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do now.

    Attributes:
        phase: why.
        camera: whether it is to be open.
        next_s: nothing changes by itself before; at most so long may be waited.
    """

    phase: Phase
    camera: bool
    next_s: float = inf


def plan(facts: Facts, t_s: float, wall_s: float, settings: LifeSettings) -> Plan:
    """What the facts mean at this time."""
    if facts.asleep or facts.locked:
        return Plan(Phase.ASLEEP if facts.asleep else Phase.LOCKED, camera=False)
    if paused(facts, wall_s):
        until = facts.paused_until_wall_s or 0.0
        return Plan(Phase.PAUSED, camera=False, next_s=t_s + until - wall_s)
    if facts.in_call and settings.pause_in_calls:
        return Plan(Phase.CALL, camera=False)
    if facts.lost_since_s is not None:
        retry_s = facts.tried_s + retry_pause_s(facts.retries, settings)
        return Plan(Phase.CAMERA_LOST, camera=t_s >= retry_s, next_s=retry_s)
    if t_s - facts.seen_s >= settings.away_long_s:
        return _away(facts, t_s, settings)
    return Plan(Phase.WATCHING, camera=True)


def _away(facts: Facts, t_s: float, settings: LifeSettings) -> Plan:
    """Closed, but for a glance now and then; the first one comes a whole interval after the camera was closed."""
    closed_s = facts.seen_s + settings.away_long_s - settings.peek_s
    last_s = max(facts.peeked_s, closed_s)
    since_s = t_s - last_s
    if since_s < settings.peek_s:
        return Plan(Phase.AWAY, camera=True, next_s=last_s + settings.peek_s)
    if since_s >= settings.peek_every_s:
        return Plan(Phase.AWAY, camera=True)
    return Plan(Phase.AWAY, camera=False, next_s=last_s + settings.peek_every_s)


def paused(facts: Facts, wall_s: float) -> bool:
    """Whether a pause runs."""
    return facts.paused_until_wall_s is not None and wall_s < facts.paused_until_wall_s


def retry_pause_s(retries: int, settings: LifeSettings) -> float:
    """Seconds before the next attempt after so many that failed."""
    return float(min(settings.retry_most_s, settings.retry_s * 2.0 ** min(retries, 20)))
