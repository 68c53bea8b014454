"""How long the head may stay bent: ISO 11226:2000's holding times as a budget that is spent and recovers."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from posture_cv.measure.types import Float

FREE_DEG: Final = 25.0
STEEPEST_DEG: Final = 85.0
LONGEST_S: Final = 480.0
SHORTEST_S: Final = 60.0
# Seconds of recovery a second held: the standard's example is 12 min upright after 4 min held.
RECOVERY: Final = 3.0
_FULL: Final = 1.5  # beyond the limit of the least sensitive setting; more would only lengthen the recovery


def holding_time_s(head_deg: Float | float) -> Float:
    """Longest acceptable holding time at an inclination of the head, in seconds; infinite below 25 degrees.

    ISO 11226:2000: 8 min at 25 degrees falling linearly to 1 min at 85. Beyond 85 the standard accepts
    nothing; here the minute stays, so that one wild value alone cannot spend the budget. NaN stays NaN.

    Args:
        head_deg: (…) inclination against the reference posture, downwards positive.
    """
    head = np.asarray(head_deg, np.float64)
    slope = (LONGEST_S - SHORTEST_S) / (STEEPEST_DEG - FREE_DEG)
    held = LONGEST_S - slope * (np.minimum(head, STEEPEST_DEG) - FREE_DEG)
    return np.asarray(np.where(head < FREE_DEG, np.inf, held))


class Budget(NamedTuple):
    """What looking down has used up.

    Attributes:
        spent: share of the acceptable holding time, 1 = all of it.
        owed_s: recovery that is still due, three times the time held until the budget was full.
        held_s: time looked down that has not been recovered from, however long.
    """

    spent: float = 0.0
    owed_s: float = 0.0
    held_s: float = 0.0

    @property
    def accepted_s(self) -> float:
        """The holding time that the standard accepts at the angles that were held; 0 before any was."""
        return self.owed_s / RECOVERY / self.spent if self.spent else 0.0

    def after(self, pitch_deg: float, seconds: float) -> Budget:
        """The budget after so many measured seconds at that pitch.

        Recovering, what is spent falls in proportion to what is owed: at a third of the rate of spending.
        """
        if pitch_deg >= FREE_DEG:
            part = seconds / _hold_s(pitch_deg)
            held_s = self.held_s + seconds
            if self.spent + part > _FULL:
                return self._replace(held_s=held_s)
            return Budget(self.spent + part, self.owed_s + RECOVERY * seconds, held_s)
        if self.owed_s <= seconds:
            return UNSPENT
        left = self.owed_s - seconds
        share = left / self.owed_s
        return Budget(self.spent * share, left, self.held_s * share)


UNSPENT: Final = Budget()


def _hold_s(pitch_deg: float) -> float:
    """`holding_time_s` for one number at or above 25 degrees, without the cost of an array."""
    share = (min(pitch_deg, STEEPEST_DEG) - FREE_DEG) / (STEEPEST_DEG - FREE_DEG)
    return LONGEST_S - (LONGEST_S - SHORTEST_S) * share
