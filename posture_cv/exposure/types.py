"""What goes into the exposure measures and what comes out of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import isfinite

from posture_cv.measure.types import Codes, Float, Measurements, View


@dataclass(frozen=True, slots=True)
class Told:
    """A posture notification of a recording: when (s), which cue (a state's label)."""

    t_s: float
    cue: str


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """One recording as it was published.

    Attributes:
        name: of the recording; seeds its resampling.
        measured: N frames; their order is that of their time.
        state: (N,) int8 `State` codes that were shown.
        reason: (N,) int8 `Reason` codes, why no state could be named.
        view: of the baseline.
        told: posture notifications, in order.
        participant, condition: empty where unknown.
        exit_hold_s: how long a posture must be left to count as recovered from.
        view_of: the view of single quantities that came from another camera.
        pictures: they are pictures without times, one a second.
    """

    name: str
    measured: Measurements
    state: Codes
    reason: Codes
    view: View
    told: tuple[Told, ...] = ()
    participant: str = ""
    condition: str = ""
    exit_hold_s: float = 10.0
    view_of: Mapping[str, View] = field(default_factory=dict)
    pictures: bool = False

    @property
    def views(self) -> frozenset[View]:
        """From where the recording is seen: one view, or those of several cameras."""
        return frozenset(self.view_of.values()) or frozenset({self.view})

    def view_for(self, quantity: str) -> View:
        """From where this quantity was seen."""
        return self.view_of.get(quantity, self.view)


@dataclass(frozen=True, slots=True)
class Figure:
    """A value with its interval; NaN where it cannot be told.

    Attributes:
        value: in `Row.unit`.
        low, high: of the interval; NaN where no interval can be given.
    """

    value: float
    low: float = float("nan")
    high: float = float("nan")

    @property
    def has_interval(self) -> bool:
        """Whether there is an interval."""
        return isfinite(self.low) and isfinite(self.high)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of an exposure table.

    Attributes:
        measure: key of the measure (`MEASURES`).
        item: its class, percentile or state; empty where the measure is one number.
        unit: of the value: "1" for a share, "1/h", "deg", "cm", "deg*min/h", "s".
        figure: the value and its interval.
        seconds: time behind a share; NaN where it is none.
        measured_s: time in which this measure could be told.
        unmeasured_s: the rest of the recording.
        n: what the value rests on: recordings, participants or alerts, see `of`.
        of: what `n` counts.
        block_s: block length of the bootstrap; NaN without interval.
        assessable: whether the view allows this measure.
        reason: why it is not assessable, or why there is no interval; empty otherwise.
    """

    measure: str
    item: str
    unit: str
    figure: Figure
    seconds: float
    measured_s: float
    unmeasured_s: float
    n: int
    of: str
    block_s: float
    assessable: bool = True
    reason: str = ""


def total_seconds(t_s: Float, seconds: Float) -> float:
    """From the first of N frames to the end of the last, gaps included: (N,) when each begins, how long it counts."""
    return 0.0 if len(t_s) == 0 else float(t_s[-1] + seconds[-1] - t_s[0])
