"""From rows of the history to the figures of a report. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from posture_cv.assess.types import ALERTING, UNMEASURED, State
from posture_cv.history.read import AlertRow, BreakRow, Minute

_UNMEASURED: Final = frozenset(s.label for s in UNMEASURED)
_POSTURES: Final = frozenset(s.label for s in State) - _UNMEASURED
POOR: Final = frozenset(s.label for s in ALERTING)
AWAY: Final = frozenset({"away", "locked"})
OFF: Final = frozenset({"paused", "call", "asleep", "camera_lost"})
ENOUGH_S: Final = 600.0
"""Less measured time than this makes no best or worst hour; ours."""
HOUR_S: Final = 3600
_DAY_S: Final = 86400


@dataclass(frozen=True, slots=True)
class Span:
    """Seconds of an hour, a day or a whole period, by kind.

    Attributes:
        good: measured and in no poor posture.
        poor: measured, in a posture that alerts if it lasts.
        untold: there, but it could not be judged.
        away: nobody at the desk.
        off: paused, in a call, camera lost.
    """

    good: float = 0.0
    poor: float = 0.0
    untold: float = 0.0
    away: float = 0.0
    off: float = 0.0

    @property
    def measured(self) -> float:
        """Seconds that could be judged."""
        return self.good + self.poor

    @property
    def share_good(self) -> float | None:
        """Share of the measured time in no poor posture, 0-1; None where nothing was measured."""
        return self.good / self.measured if self.measured else None


def kind_of(state: str) -> str:
    """Which of `Span`'s kinds a state belongs to."""
    if state in POOR:
        return "poor"
    if state in _POSTURES:
        return "good"
    if state in AWAY:
        return "away"
    return "off" if state in OFF else "untold"


def spans(minutes: Sequence[Minute], length_s: int) -> dict[int, Span]:
    """Spans by their number: local time divided by `length_s` (3600: hours, 86400: days), in order."""
    sums: dict[int, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for m in minutes:
        sums[m.local_s // length_s][kind_of(m.state)] += m.seconds
    return {number: Span(**sums[number]) for number in sorted(sums)}


def by_state(minutes: Sequence[Minute]) -> dict[str, float]:
    """Seconds in each state, the longest first."""
    sums: dict[str, float] = defaultdict(float)
    for m in minutes:
        sums[m.state] += m.seconds
    return dict(sorted(sums.items(), key=lambda item: -item[1]))


def by_reason(minutes: Sequence[Minute]) -> dict[str, float]:
    """Seconds in which somebody was there and could not be judged, by reason, the longest first."""
    sums: dict[str, float] = defaultdict(float)
    for m in minutes:
        if kind_of(m.state) == "untold":
            sums[m.reason or m.state] += m.seconds
    return dict(sorted(sums.items(), key=lambda item: -item[1]))


def total(minutes: Sequence[Minute]) -> Span:
    """The whole period."""
    sums: dict[str, float] = defaultdict(float)
    for m in minutes:
        sums[kind_of(m.state)] += m.seconds
    return Span(**sums)


def best_and_worst_hour(minutes: Sequence[Minute]) -> tuple[tuple[int, float], tuple[int, float]] | None:
    """Hour of the day (0-23) with the largest and the smallest share of good, over all days.

    None: too little was measured, or the two are the same in whole per cent.
    """
    sums: dict[int, list[float]] = defaultdict(lambda: [0.0, 0.0])
    for number, span in spans(minutes, HOUR_S).items():
        sums[number % 24][0] += span.good
        sums[number % 24][1] += span.measured
    shares = {hour: good / measured for hour, (good, measured) in sums.items() if measured >= ENOUGH_S}
    if len(shares) < 2:
        return None
    best, worst = max(shares, key=lambda h: shares[h]), min(shares, key=lambda h: shares[h])
    if round(100 * shares[best]) == round(100 * shares[worst]):
        return None
    return (best, shares[best]), (worst, shares[worst])


def dominant(minutes: Sequence[Minute]) -> dict[tuple[int, int], str]:
    """The longest state of each minute, by the minute's local begin and the clock's offset from UTC, in seconds."""
    best: dict[tuple[int, int], tuple[float, str]] = {}
    for m in minutes:
        at = (m.local_s, m.offset_s)
        if m.seconds > best.get(at, (0.0, ""))[0]:
            best[at] = (m.seconds, m.state)
    return {at: state for at, (_, state) in best.items()}


def clock_changed(*kinds: Sequence[Minute | AlertRow | BreakRow]) -> bool:
    """Whether the user's clock was set otherwise between these rows: summer time, or another time zone."""
    return len({row.offset_s for rows in kinds for row in rows}) > 1


def hour_lengths_s(minutes: Sequence[Minute]) -> dict[int, int]:
    """How long each local hour (local time divided by 3600) was: two hours in the one that autumn repeats."""
    offsets: dict[int, set[int]] = defaultdict(set)
    for m in minutes:
        offsets[m.local_s // HOUR_S].add(m.offset_s)
    return {hour: HOUR_S * len(known) for hour, known in offsets.items()}
