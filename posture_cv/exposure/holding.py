"""Holding times of ISO 11226: for how long a posture lasted beyond what the standard allows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from posture_cv.assess.lookdown import RECOVERY, STEEPEST_DEG, holding_time_s
from posture_cv.exposure.epochs import Quantity
from posture_cv.measure.types import Float

TRUNK_FREE_DEG: Final = 20.0
TRUNK_STEEPEST_DEG: Final = 60.0


def trunk_holding_time_s(trunk_deg: Float | float) -> Float:
    """(…) longest acceptable holding time at (…) inclinations of the trunk, in seconds; infinite below 20 degrees.

    ISO 11226:2000: 4 min at 20 degrees falling linearly to 1 min at 60, nothing beyond: 0 there.
    """
    trunk = np.asarray(trunk_deg, np.float64)
    held = 240.0 - 4.5 * (trunk - TRUNK_FREE_DEG)
    held = np.where(trunk > TRUNK_STEEPEST_DEG, 0.0, held)
    return np.asarray(np.where(trunk < TRUNK_FREE_DEG, np.inf, held))


def head_holding_time_s(head_deg: Float | float) -> Float:
    """(…) as `holding_time_s`, but 0 beyond 85 degrees, which the standard does not recommend at all."""
    return np.where(np.asarray(head_deg) > STEEPEST_DEG, 0.0, holding_time_s(head_deg))


Curve = Callable[[Float], Float]


@dataclass(frozen=True, slots=True, eq=False)
class Holding:
    """What came of the holding times.

    Attributes:
        beyond_s: (E,) seconds in each epoch held beyond the acceptable time.
        times: how often it was exceeded.
        held_s: seconds beyond the free inclination, acceptable or not.
    """

    beyond_s: Float
    times: int
    held_s: float


def holding(angle: Quantity, curve: Curve, shift: float = 0.0) -> Holding:
    """Spend and recover, epoch by epoch.

    At an inclination with the holding time T, a second spends 1/T of what is acceptable; beyond 1 it is
    exceeded. Recovering takes three times the time held (the standard's example: 12 min upright after 4 min
    held) and gives back in proportion. Unmeasured time neither spends nor recovers.

    Args:
        angle: inclination in degrees over E epochs.
        curve: holding time in seconds of an inclination.
        shift: so many standard deviations are added to every value (for the bootstrap).
    """
    limit_s = curve(angle.mean + shift * angle.sd)
    beyond = np.zeros(len(angle.seconds))
    spent = owed_s = held_s = 0.0
    times = 0
    busy = False
    for place in np.flatnonzero(angle.seconds > 0.0).tolist():
        seconds, limit = float(angle.seconds[place]), float(limit_s[place])
        if np.isfinite(limit):
            # What may not be held at all is beyond from its first second on.
            before, spent = (
                (spent, spent + seconds / limit) if limit > 0.0 else (1.0, max(spent, 1.0) + seconds)
            )
            owed_s += RECOVERY * seconds
            held_s += seconds
            beyond[place] = _part_beyond(before, spent) * seconds
            times += int(spent > 1.0 and not busy)
            busy = busy or spent > 1.0
        elif owed_s > 0.0:
            left = max(owed_s - seconds, 0.0)
            spent *= left / owed_s
            owed_s = left
            busy = busy and spent > 1.0
    return Holding(beyond, times, held_s)


def _part_beyond(before: float, after: float) -> float:
    """Share of a step from `before` to `after` that lies above 1."""
    return 0.0 if after <= 1.0 else min(1.0, (after - 1.0) / (after - before))
