"""Breaks and stillness: how long somebody has been there, and how often the posture changed meanwhile."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from math import isnan
from typing import Final, NamedTuple

from posture_cv.assess.settings import BreakSettings
from posture_cv.assess.ticks import Place, Tick
from posture_cv.assess.types import State
from posture_cv.measure.types import Reason


class Presence(Enum):
    """Whether a tick shows somebody at the desk."""

    THERE = auto()
    GONE = auto()
    UNKNOWN = auto()


# The picture says nothing about who is there.
_BLIND: Final = (Reason.TOO_DARK, Reason.TOO_BRIGHT, Reason.OTHER_PERSON, Reason.CAMERA_MOVED)


def presence(tick: Tick) -> Presence:
    """Whether the person is at the desk, however unmeasurable.

    A gap counts as gone: a suspended or paused computer has nobody working in front of its camera that we
    know of, and a break asked for too late is better than one asked for after two hours of lunch.
    """
    if tick.gap or (tick.state == State.AWAY and tick.reason != Reason.OTHER_PERSON):
        return Presence.GONE
    if tick.state in (State.AWAY, State.CANNOT_TELL) and tick.reason in _BLIND:
        return Presence.UNKNOWN
    return Presence.GONE if tick.reason == Reason.NOBODY else Presence.THERE


class BreakState(NamedTuple):
    """What breaks and stillness remember; every duration in seconds.

    Attributes:
        interval_s: presence since the last break of any kind, or since the last prompt.
        sitting_s: presence since the last full break.
        absent_s: the absence so far, 0 while there.
        prompt_at_s: value of `interval_s` at which the next prompt comes.
        can_postpone: the last prompt may still be postponed.
        clock_s: presence since the start, the clock of `shifts`.
        shifts: when the posture shifted, within the stillness window.
        still_from_s: begin of the time that may be called still.
        anchor: the place held; None before the first.
        candidate, candidate_s: another place and how long it has been held.
    """

    interval_s: float = 0.0
    sitting_s: float = 0.0
    absent_s: float = 0.0
    prompt_at_s: float = 0.0
    can_postpone: bool = False
    clock_s: float = 0.0
    shifts: tuple[float, ...] = ()
    still_from_s: float = 0.0
    anchor: Place | None = None
    candidate: Place | None = None
    candidate_s: float = 0.0


@dataclass(frozen=True, slots=True)
class BreakPrompt:
    """What is due now; `shifts` is None until a stillness window has passed since it was last begun."""

    due: bool
    long: bool
    still: bool
    interval_s: float
    sitting_s: float
    shifts: int | None


def begin(settings: BreakSettings) -> BreakState:
    """Nobody has been there yet."""
    return BreakState(prompt_at_s=settings.interval_s)


def advance(
    state: BreakState, tick: Tick, seconds: float, settings: BreakSettings, *, settled: bool
) -> BreakState:
    """The state after one tick that stands for so many seconds.

    Args:
        state: before the tick.
        tick: what it shows.
        seconds: the tick's length.
        settings: intervals and limits.
        settled: whether the tick is measured and not moving, so that its place is one that is held.
    """
    there = presence(tick)
    if there is Presence.UNKNOWN:
        return state
    if there is Presence.GONE:
        return absent(state, seconds, settings)
    state = state._replace(
        interval_s=state.interval_s + seconds,
        sitting_s=state.sitting_s + seconds,
        clock_s=state.clock_s + seconds,
        absent_s=0.0,
    )
    if settled:
        state = _place(state, tick.place, seconds, settings)
    if state.shifts and state.shifts[0] <= state.clock_s - settings.still_window_s:
        return state._replace(shifts=state.shifts[1:])
    return state


def absent(state: BreakState, seconds: float, settings: BreakSettings) -> BreakState:
    """The state after so much absence: a micro-break is credited, a full one resets.

    Having stood up is itself one posture shift.
    """
    before, gone = state.absent_s, state.absent_s + seconds
    state = state._replace(absent_s=gone)
    if before < settings.micro_absence_s <= gone:
        state = state._replace(
            interval_s=0.0,
            prompt_at_s=settings.interval_s,
            can_postpone=False,
            shifts=(*state.shifts, state.clock_s),
            anchor=None,
            candidate=None,
        )
    if before < settings.long_absence_s <= gone:
        state = state._replace(sitting_s=0.0, still_from_s=state.clock_s, shifts=())
    return state


def _apart_cm(a: Place, b: Place) -> float:
    """Largest difference in any direction that both places tell."""
    furthest = 0.0
    for x, y in zip(a, b, strict=True):
        furthest = max(furthest, abs(x - y))  # NaN is never larger
    return furthest


def _place(state: BreakState, place: Place, seconds: float, settings: BreakSettings) -> BreakState:
    """Count a posture shift once another place has been held long enough."""
    if all(isnan(x) for x in place):
        return state
    if state.anchor is None:
        return state._replace(anchor=place)
    if _apart_cm(place, state.anchor) < settings.shift_cm:
        return _stayed(state, _completed(state.anchor, place))
    if state.candidate is None or _apart_cm(place, state.candidate) >= settings.shift_cm:
        return state._replace(candidate=place, candidate_s=0.0)
    held = state.candidate_s + seconds
    if held < settings.shift_hold_s:
        return state._replace(candidate_s=held)
    shifts = (*state.shifts, state.clock_s)
    return state._replace(shifts=shifts, anchor=state.candidate, candidate=None, candidate_s=0.0)


def _stayed(state: BreakState, anchor: Place) -> BreakState:
    """The place is still held, and what was on the way to another one is not."""
    if anchor is state.anchor and state.candidate is None:
        return state
    return state._replace(anchor=anchor, candidate=None, candidate_s=0.0)


def _completed(held: Place, seen: Place) -> Place:
    """The place held, its unknown directions as they are seen now: else a move in one of them would never show."""
    if not any(isnan(x) for x in held):
        return held
    fore, head, down, side = (y if isnan(x) else x for x, y in zip(held, seen, strict=True))
    return fore, head, down, side


def prompt(state: BreakState, settings: BreakSettings) -> BreakPrompt | None:
    """What is due; None while nothing is, or nobody is there."""
    if not settings.enabled or state.absent_s > 0.0:
        return None
    due = state.interval_s >= state.prompt_at_s
    looked_back = state.clock_s - state.still_from_s >= settings.still_window_s
    still = looked_back and len(state.shifts) < settings.least_shifts
    if not (due or still):
        return None
    return BreakPrompt(
        due=due,
        long=state.sitting_s >= settings.long_after_s,
        still=still,
        interval_s=state.interval_s,
        sitting_s=state.sitting_s,
        shifts=len(state.shifts) if looked_back else None,
    )


def prompted(state: BreakState, what: BreakPrompt, settings: BreakSettings) -> BreakState:
    """The state after the person was told."""
    if what.still:
        state = state._replace(still_from_s=state.clock_s)
    if not what.due:
        return state
    fresh = state.prompt_at_s <= settings.interval_s  # not itself a postponed one
    return state._replace(interval_s=0.0, prompt_at_s=settings.interval_s, can_postpone=fresh)


def postpone(state: BreakState, settings: BreakSettings) -> BreakState:
    """Put the last prompt off, once; the state unchanged where that is no longer granted."""
    if not state.can_postpone:
        return state
    left = state.interval_s + settings.postpone_s
    # The postponed prompt is marked by a limit above the interval, so that it cannot be postponed again.
    return state._replace(
        interval_s=settings.interval_s + state.interval_s,
        prompt_at_s=settings.interval_s + left,
        can_postpone=False,
    )
