"""States, cues, episodes and alerts: what an assessment is made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from enum import IntEnum
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from posture_cv.errors import InputError
from posture_cv.measure.types import Codes, Float, Reason


class SettingError(InputError, ValueError):
    """A value of the settings is outside of its range; a ValueError too, as dataclasses raise it."""


def require_setting(name: str, value: Any, low: float, high: float) -> None:  # noqa: ANN401 - whatever was given
    """See that a value of the settings is a number in its range.

    Raises:
        SettingError: it is not.
    """
    if not isinstance(value, (int, float, np.integer, np.floating)) or not low <= value <= high:  # nan, too
        raise SettingError(f"{name} is {value!r}, expected {low:g} to {high:g}")


class State(IntEnum):
    """What a frame shows; the label is the name used in every table."""

    CANNOT_TELL = 0
    GOOD = 1
    FORWARD_HEAD = 2
    TEXT_NECK = 3
    LOOKING_DOWN = 4
    ROUNDED_SHOULDERS = 5
    SHRUG = 6
    SLUMP = 7
    LEANING_IN = 8
    RECLINING = 9
    LEANING_SIDEWAYS = 10
    TURNED = 11
    AWAY = 12

    @property
    def label(self) -> str:
        """The name used in every table, for example "forward_head"."""
        return self.name.lower()

    @classmethod
    def from_label(cls, label: str) -> State:
        """The state of that name; raises ValueError for any other text."""
        try:
            return cls[label.upper()]
        except KeyError:
            raise ValueError(f"{label!r} is not a state; states: {', '.join(s.label for s in cls)}") from None


# A frame is *flagged* when it is named one of these: a posture that would alert if it lasted.
# Looking down alone is not among them: only time makes it text neck.
ALERTING: Final = (
    State.FORWARD_HEAD,
    State.TEXT_NECK,
    State.ROUNDED_SHOULDERS,
    State.SHRUG,
    State.SLUMP,
)
UNMEASURED: Final = (State.CANNOT_TELL, State.AWAY, State.TURNED)
BENT: Final = (State.LOOKING_DOWN, State.TEXT_NECK)
"""The head is held down."""


@dataclass(frozen=True, slots=True, eq=False)
class States:
    """The named state of N frames.

    Attributes:
        t_s: (N,) seconds.
        state: (N,) int8 `State` codes.
        reason: (N,) int8 `Reason` codes; OK wherever a posture is named.
        excess: (N, 5) float64, how far each state of `ALERTING` is from its own enter threshold, as a
            multiple: 1 = at the threshold, 2 = twice as far; 0 where it does not apply, NaN where unmeasured.
        severe: (N,) bool, the named posture is beyond its severe threshold.
        pitch_deg: (N,) head pitch against the baseline, NaN where unmeasured (the look-down budget spends on it).
        activity: (N,) how fast the head or the shoulders move (the faster), cm/s; NaN where unmeasured.
    """

    t_s: Float
    state: Codes
    reason: Codes
    excess: Float
    severe: NDArray[np.bool_]
    pitch_deg: Float
    activity: Float

    def __len__(self) -> int:
        return len(self.t_s)

    def __getitem__(self, index: slice | NDArray[np.bool_]) -> States:
        return States(*(getattr(self, f.name)[index] for f in fields(self)))

    @classmethod
    def concat(cls, parts: Sequence[States]) -> States:
        """The frames of one or more parts, in order."""
        if len(parts) == 1:
            return parts[0]
        names = [f.name for f in fields(cls)]
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))

    @property
    def flagged(self) -> NDArray[np.bool_]:
        """(N,) whether the frame is named a posture that would alert if it lasted."""
        return np.isin(self.state, ALERTING)


@dataclass(frozen=True, slots=True)
class Episode:
    """A stretch of one state.

    Attributes:
        state: which.
        start_s: the tick at which it was entered; end_s: the one at which it was left.
        peak_excess: its largest excess meanwhile (see `States.excess`); 0 for what alerts nobody.
        reason: why nothing could be told; OK where something was.
    """

    state: State
    start_s: float
    end_s: float
    peak_excess: float
    reason: Reason = Reason.OK

    @property
    def duration_s(self) -> float:
        """From entering to leaving, in seconds."""
        return self.end_s - self.start_s


@dataclass(frozen=True, slots=True)
class Alert:
    """One notification, with the record of why it came.

    Attributes:
        t_s: when it is given.
        cue: state label ("forward_head"), or "break", "stillness", "recalibrate".
        level: "notice" or "severe" for postures; "reminder" when repeated while it lasts; "nudge" otherwise.
        lasted_s: how long the posture had lasted (unmeasured time not counted).
        share: share of the trailing window's measured time beyond the threshold, 0-1.
        window_s: that window.
        excess: mean excess over the window (see `States.excess`).
        measured_share: measured share of the window, 0-1.
        repeat: 0 for the first, 1 for the first reminder of the same episode, and so on; of a break prompt, how
            many were sat through since the last break.
    """

    t_s: float
    cue: str
    level: str
    lasted_s: float
    share: float
    window_s: float
    excess: float
    measured_share: float
    repeat: int = 0
