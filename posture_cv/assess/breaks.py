"""Breaks and stillness: how long somebody has been there, and how often the posture changed meanwhile."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from functools import lru_cache
from math import isnan
from operator import sub
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
# Every tick asks for these, and reaching a member of an enumeration takes longer than comparing it.
_AWAY, _CANNOT_TELL = int(State.AWAY), int(State.CANNOT_TELL)
_OTHER_PERSON, _NOBODY = int(Reason.OTHER_PERSON), int(Reason.NOBODY)
_THERE, _GONE, _UNKNOWN = Presence.THERE, Presence.GONE, Presence.UNKNOWN
# For this share of the stillness window the place must have been told before anything is said of how still somebody
# sat; ours, as for a posture (`PolicySettings.measured_share`).
_TOLD_SHARE: Final = 0.7
_SHORTEST_S: Final = 0.01


def presence(tick: Tick) -> Presence:
    """Whether the person is at the desk, however unmeasurable.

    A gap counts as gone: a suspended or paused computer has nobody working in front of its camera that we
    know of, and a break asked for too late is better than one asked for after two hours of lunch.
    """
    if tick.gap or (tick.state == _AWAY and tick.reason != _OTHER_PERSON):
        return _GONE
    if tick.state in (_AWAY, _CANNOT_TELL) and tick.reason in _BLIND:
        return _UNKNOWN
    return _GONE if tick.reason == _NOBODY else _THERE


class BreakState(NamedTuple):
    """What breaks and stillness remember; every duration in seconds.

    Attributes:
        interval_s: presence since the last break of any kind, or since the last prompt.
        unbroken_s: presence since the last break of any kind, whatever was prompted.
        sitting_s: presence since the last full break.
        absent_s: the absence so far, 0 while there.
        postponed_to_s: value of `interval_s` at which a postponed prompt comes; None: none was.
        can_postpone: the last prompt may still be postponed.
        prompts: how many there were since the last break.
        clock_s: presence since the start, the clock of `shifts`.
        shifts: when the posture shifted, within the stillness window.
        told: a bit a tick of presence within that window, the latest lowest: whether the place was told.
        told_s: for how long it was.
        still_from_s: begin of the time that may be called still.
        anchor: the place held; None before the first.
        candidate, candidate_s: another place and how long it has been held.
    """

    interval_s: float = 0.0
    unbroken_s: float = 0.0
    sitting_s: float = 0.0
    absent_s: float = 0.0
    postponed_to_s: float | None = None
    can_postpone: bool = False
    prompts: int = 0
    clock_s: float = 0.0
    shifts: tuple[float, ...] = ()
    told: int = 0
    told_s: float = 0.0
    still_from_s: float = 0.0
    anchor: Place | None = None
    candidate: Place | None = None
    candidate_s: float = 0.0


@dataclass(frozen=True, slots=True)
class BreakPrompt:
    """What is due now.

    `repeat` is the number of prompts that were sat through since the last break.
    `shifts` is None until a stillness window has passed since it was last begun, and where too little of it was seen.
    """

    due: bool
    long: bool
    still: bool
    unbroken_s: float
    sitting_s: float
    shifts: int | None
    repeat: int


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
    if there is _UNKNOWN:
        return state
    if there is _GONE:
        return absent(state, seconds, settings)
    told = settled and not all(map(isnan, tick.place))
    bits = _told(state.told, seconds, settings, told=told)
    state = BreakState(
        interval_s=state.interval_s + seconds,
        unbroken_s=state.unbroken_s + seconds,
        sitting_s=state.sitting_s + seconds,
        absent_s=0.0,
        postponed_to_s=state.postponed_to_s,
        can_postpone=state.can_postpone,
        prompts=state.prompts,
        clock_s=state.clock_s + seconds,
        shifts=state.shifts,
        told=bits,
        told_s=bits.bit_count() * seconds,
        still_from_s=state.still_from_s,
        anchor=state.anchor,
        candidate=state.candidate,
        candidate_s=state.candidate_s,
    )
    if told:
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
            unbroken_s=0.0,
            postponed_to_s=None,
            can_postpone=False,
            prompts=0,
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
    for apart in map(sub, a, b):
        size = abs(apart)
        if size > furthest:  # noqa: PLR1730  NaN is never larger
            furthest = size
    return furthest


def _told(before: int, seconds: float, settings: BreakSettings, *, told: bool) -> int:
    """Whether a shift could be seen in this tick of presence, and in those before it: see `BreakState.told`."""
    return ((before << 1) | told) & _window(settings.still_window_s, seconds)


@lru_cache(maxsize=8)
def _window(still_window_s: float, seconds: float) -> int:
    """The bits of the ticks within the stillness window."""
    return (1 << max(1, round(still_window_s / max(seconds, _SHORTEST_S)))) - 1


def _place(state: BreakState, place: Place, seconds: float, settings: BreakSettings) -> BreakState:
    """Count a posture shift once another place has been held long enough."""
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
    if not any(map(isnan, held)):
        return held
    fore, head, down, side = (y if isnan(x) else x for x, y in zip(held, seen, strict=True))
    return fore, head, down, side


def prompt(state: BreakState, settings: BreakSettings) -> BreakPrompt | None:
    """What is due; None while nothing is, or nobody is there."""
    if not settings.enabled or state.absent_s > 0.0:
        return None
    due_s = settings.interval_s if state.postponed_to_s is None else state.postponed_to_s
    due = state.interval_s >= due_s
    # Who is turned to another screen, or moves about, is not said to be still.
    told = state.told_s >= _TOLD_SHARE * settings.still_window_s
    looked_back = told and state.clock_s - state.still_from_s >= settings.still_window_s
    still = looked_back and len(state.shifts) < settings.least_shifts
    if not (due or still):
        return None
    return BreakPrompt(
        due=due,
        long=state.sitting_s >= settings.long_after_s,
        still=still,
        unbroken_s=state.unbroken_s,
        sitting_s=state.sitting_s,
        shifts=len(state.shifts) if looked_back else None,
        repeat=state.prompts,
    )


def prompted(state: BreakState, what: BreakPrompt) -> BreakState:
    """The state after the person was told."""
    if what.still:
        state = state._replace(still_from_s=state.clock_s)
    if not what.due:
        return state
    fresh = state.postponed_to_s is None
    return state._replace(interval_s=0.0, postponed_to_s=None, can_postpone=fresh, prompts=state.prompts + 1)


def postpone(state: BreakState, settings: BreakSettings) -> BreakState:
    """Put the last prompt off, once; the state unchanged where that is no longer granted."""
    if not state.can_postpone:
        return state
    return state._replace(postponed_to_s=state.interval_s + settings.postpone_s, can_postpone=False)
