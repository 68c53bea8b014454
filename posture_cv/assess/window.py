"""The trailing window of the policy: one bit a tick, counted over measured time only."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import ceil

from posture_cv.assess.lookdown import SHORTEST_S
from posture_cv.assess.policy_state import Window
from posture_cv.assess.settings import PolicySettings

Sizes = tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Counts:
    """The settings in ticks, worked out once; sensitivity moves `enter`, `leave`, `share`, `budget_limit`.

    Attributes:
        tick_s: length of a tick.
        window, severe, ambient: measured ticks that are looked back upon: for a notification, for a severe one, for the
            ambient cue.
        age, severe_age, ambient_age: ticks, measured or not, beyond which nothing counts for these.
        enter, leave: excess of each of `CUES` from which time counts, and below which a bout ends.
        share: share of the measured ticks that must be beyond.
        ambient_need: so many of the ambient ticks.
        budget_limit: spent share of the look-down budget that makes text neck.
        minute: ticks in the shortest holding time of the standard.
        recent: the latest measured ticks, of which half must be beyond: a quarter of the window (ours), or the ambient
            window where that is longer.
    """

    tick_s: float
    window: int
    severe: int
    ambient: int
    age: int
    severe_age: int
    ambient_age: int
    enter: Sizes
    leave: Sizes
    share: float
    ambient_need: int
    budget_limit: float
    minute: int
    recent: int

    @classmethod
    def of(cls, settings: PolicySettings, tick_s: float) -> Counts:
        """The windows of these settings in ticks of `tick_s`."""

        def ticks(seconds: float) -> int:
            return max(1, round(seconds / tick_s))

        ambient_s = min(settings.ambient_after_s, settings.window_s)
        return cls(
            tick_s,
            window=ticks(settings.window_s),
            severe=ticks(settings.severe_window_s),
            ambient=ticks(ambient_s),
            age=ticks(settings.window_s * settings.age_factor),
            severe_age=ticks(settings.severe_window_s * settings.age_factor),
            ambient_age=ticks(ambient_s * settings.age_factor),
            enter=settings.enter_excess,
            leave=tuple(settings.exit_ratio * size for size in settings.enter_excess),
            share=settings.enter_share,
            ambient_need=need(settings.enter_share, ticks(ambient_s)),
            budget_limit=settings.budget_limit,
            minute=ticks(SHORTEST_S),
            recent=ticks(max(ambient_s, settings.window_s / 4.0)),
        )

    @property
    def age_s(self) -> float:
        """How far back anything counts."""
        return self.age * self.tick_s

    def lasting(self, window: Window) -> bool:
        """Whether it was beyond some threshold for most of an ambient window.

        That is of measured time: who looks aside every few seconds is not forgiven for it. What was seen long ago, as
        before a while at another screen, is not counted: then it must last again.
        """
        return beyond(window, self.lately(window)).bit_count() >= self.ambient_need

    def lately(self, window: Window) -> int:
        """How many of the last measured ticks count for what lasts."""
        return held(window, self.ambient, self.ambient_age)

    def bent(self, window: Window) -> bool:
        """Whether the head is bent now and was for half of the last minute at least, on the clock.

        A minute is the shortest of the standard's holding times: while the budget has not recovered, a glance
        at the keyboard is still no holding. Bent now is whose head was for half of the last seconds, and for most of
        what of them was measured.
        """
        down, seen = ((bits & mask(self.ambient)).bit_count() for bits in (window.down, window.measured))
        now = 2 * down >= self.ambient and down >= need(self.share, seen)
        return now and 2 * window.down.bit_count() >= self.minute

    def recently(self, window: Window) -> bool:
        """Whether half of the latest quarter of the window was beyond some threshold, in measured time.

        What was bad for long and is over must not be told because of a moment's lapse a little later.
        """
        return 2 * beyond(window, self.recent).bit_count() >= self.recent

    def severely(self, window: Window, length: int) -> bool:
        """Whether most of the last `length` measured ticks were severe."""
        return (window.severe & mask(length)).bit_count() >= need(self.share, length)


@lru_cache(maxsize=1024)
def mask(count: int) -> int:
    """The lowest `count` bits."""
    return (1 << count) - 1


@lru_cache(maxsize=1024)
def need(share: float, count: int) -> int:
    """The least number of `count` that makes the share, at least 1."""
    return max(1, ceil(share * count - 1e-9))


def held(window: Window, length: int, age: int) -> int:
    """How many measured ticks of a window there are, none older than `age` ticks."""
    return min(length, (window.measured & mask(age)).bit_count())


def times(window: Window, length: int) -> list[int]:
    """How many of the last `length` measured ticks were named each cue."""
    last = mask(length)
    return [(bits & last).bit_count() for bits in window.cues]


def beyond(window: Window, length: int) -> int:
    """The last `length` measured ticks, a bit each: whether it was beyond any threshold, which one cue is named for."""
    a, b, c, d, e = window.cues
    return (a | b | c | d | e) & mask(length)


def first_beyond(window: Window, length: int) -> int:
    """How many measured ticks there are from the first of the last `length` that was beyond any threshold; 0: none."""
    return beyond(window, length).bit_length()


def since(window: Window, count: int) -> int:
    """How many ticks ago the first of the last `count` measured ticks was, 0 being the latest tick; `count` > 0."""
    bits = window.measured
    for _ in range(count - 1):
        bits &= bits - 1  # without the lowest
    return max(0, (bits & -bits).bit_length() - 1)


def skipped(window: Window, by: int, c: Counts) -> Window:
    """The window after so many unmeasured ticks."""
    by = min(by, max(c.age, c.minute))  # no more bits than are kept
    return window._replace(
        measured=(window.measured << by) & mask(c.age),
        down=(window.down << by) & mask(c.minute),
    )


def pushed(
    window: Window, c: Counts, *, cue: int | None, severe: bool, down: bool, excess: Sizes | None
) -> Window:
    """The window one tick later; `excess` is None where the tick was not measured."""
    bent = ((window.down << 1) | down) & mask(c.minute)
    measured = ((window.measured << 1) | (excess is not None)) & mask(c.age)
    if excess is None:
        return Window(measured, bent, window.cues, window.severe, window.excess)
    length = max(c.window, c.severe, c.ambient)
    kept = mask(length)
    cues = [bits and (bits << 1) & kept for bits in window.cues]
    if cue is not None:
        cues[cue] |= 1
    # unpacking would copy hundreds of rows twice
    rows = window.excess[max(0, len(window.excess) + 1 - length) :] + (excess,)  # noqa: RUF005
    return Window(measured, bent, tuple(cues), ((window.severe << 1) | severe) & kept, rows)


def mean_excess(window: Window, length: int, cue: int) -> float:
    """Mean excess of one cue over the last `length` measured ticks, 0 without any."""
    rows = window.excess[max(0, len(window.excess) - length) :]
    return sum(row[cue] for row in rows) / len(rows) if rows else 0.0
