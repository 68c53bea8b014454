"""Gathers seconds per minute and state between two writes. Pure; times are arguments."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from posture_cv.assess.settings import BreakSettings
from posture_cv.history.store import Absence, MinuteKey

LONGEST_STEP_S: Final = 10.0
"""A longer step between two moments is a suspended system: nobody watched, so it is no minute of any state; ours."""


@dataclass(slots=True)
class Gatherer:
    """What happened since the last write; `take` empties it.

    Attributes:
        break_s: an absence this long is a break.
        minutes: seconds by minute, offset, state and reason.
        breaks: absences that ended.
    """

    break_s: float = BreakSettings().micro_absence_s
    minutes: dict[MinuteKey, float] = field(default_factory=dict)
    breaks: list[Absence] = field(default_factory=list)
    _t_s: float | None = None
    _offset_s: int = 0
    _label: tuple[str, str] = ("", "")
    _away_since_s: float | None = None
    _away_offset_s: int = 0

    def moment(self, t_s: float, wall_s: float, offset_s: int, label: tuple[str, str], *, away: bool) -> None:
        """A moment: the time since the last one belongs to what was shown then.

        Args:
            t_s: clock that only goes forwards; wall_s: seconds since 1970; offset_s: local time minus UTC then.
            label: state and reason from now on.
            away: as the policy has it (`BreakState.absent_s`), nobody is at the desk from now on.
        """
        if self._t_s is not None:
            seconds = t_s - self._t_s
            if 0 < seconds <= LONGEST_STEP_S:
                # Of the time before the clock was changed, the new offset does not hold.
                at_s = wall_s - seconds / 2 if offset_s == self._offset_s else wall_s
                key = (int(at_s // 60) * 60, offset_s, *self._label)
                self.minutes[key] = self.minutes.get(key, 0.0) + seconds
            elif seconds > LONGEST_STEP_S:
                # Nobody works at a suspended system; the policy counts it alike.
                self._leave(self._t_s, self._offset_s)
        self._t_s, self._offset_s, self._label = t_s, offset_s, label
        if away:
            self._leave(t_s, offset_s)
        else:
            self._return(t_s, wall_s)

    def _leave(self, t_s: float, offset_s: int) -> None:
        if self._away_since_s is None:
            self._away_since_s, self._away_offset_s = t_s, offset_s

    def _return(self, t_s: float, wall_s: float) -> None:
        if self._away_since_s is not None and t_s - self._away_since_s >= self.break_s:
            self.breaks.append((wall_s - (t_s - self._away_since_s), wall_s, self._away_offset_s))
        self._away_since_s = None

    def take(self) -> tuple[dict[MinuteKey, float], list[Absence]]:
        """Everything gathered, which is then forgotten."""
        taken = (self.minutes, self.breaks)
        self.minutes, self.breaks = {}, []
        return taken

    def put_back(self, minutes: dict[MinuteKey, float], breaks: list[Absence]) -> None:
        """What could not be written."""
        for key, seconds in minutes.items():
            self.minutes[key] = self.minutes.get(key, 0.0) + seconds
        self.breaks[:0] = breaks
