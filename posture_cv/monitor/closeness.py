"""Whether what counts stands at its limit, so that a picture more or less decides when an alert comes. Pure.

Most of a long window must be beyond a limit. What is clearly beyond or within counts the same however seldom it is
looked at; at the limit itself the mean of a few pictures is beyond where that of all is not, and each such moment
shifts the alert. So there every picture is measured, as without economy, while there is time saved up for it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from posture_cv.assess.calculus import NUMBERS
from posture_cv.assess.lookdown import FREE_DEG
from posture_cv.assess.naming import Name, neck, severities
from posture_cv.assess.settings import AssessSettings
from posture_cv.assess.smoothing import SmoothedFrame
from posture_cv.assess.thresholds import Thresholds
from posture_cv.assess.types import BENT
from posture_cv.monitor.economy import NEAR, EconomySettings

# How far from a limit counts as at it: what the mean of two to four pictures differs from that of twenty; ours.
_AT_SHARE: Final = 0.1
_AT_PITCH_DEG: Final = 1.5
_AT_ACTIVITY_SHARE: Final = 0.3
_RESUME_S: Final = 10.0  # a moment of it now and then would cost as much and help nobody


class Counted(NamedTuple):
    """What a picture counts as, and whether any of it stands at its limit."""

    beyond: bool
    severe: bool
    moving: bool
    down: bool
    at_limit: bool


def counted(named: Name, frame: SmoothedFrame, nearness: float, settings: AssessSettings) -> Counted:
    """What one picture counts as.

    Args:
        named, frame: what it is named, and the trailing means at it.
        nearness: its largest excess as a share of where it counts.
        settings: of the assessment.
    """
    pitch, activity, fastest = named.pitch_deg, frame.activity, settings.policy.moving_cm_s
    bent = named.state in BENT
    at_limit = (
        abs(nearness - 1.0) < _AT_SHARE or abs(_severity(named, frame, settings.thresholds) - 1.0) < _AT_SHARE
    )
    at_limit |= bent and abs(pitch - FREE_DEG) < _AT_PITCH_DEG
    at_limit |= nearness >= NEAR and abs(activity / fastest - 1.0) < _AT_ACTIVITY_SHARE
    return Counted(
        nearness >= 1.0,
        named.severe and not bent,
        activity > fastest,
        bent and pitch >= FREE_DEG,
        at_limit,
    )


def _severity(named: Name, frame: SmoothedFrame, th: Thresholds) -> float:
    """What makes the named posture severe, as a share of where it does; 0 where nothing does.

    A head that is bent is not: it has a budget of its own, as in the policy.
    """
    for posture, size, limit in severities(frame, neck(frame, NUMBERS), th):
        if named.state == posture and posture not in BENT and not math.isnan(size):
            return size / limit
    return 0.0


@dataclass(slots=True)
class Closeness:
    """Follows what counts from look to look, and how long it may still be looked at closely.

    Attributes:
        settings: of the economy.
        left_s: of close looking.
    """

    settings: EconomySettings
    left_s: float = field(init=False)
    _before: Counted | None = None
    _since_s: float = -math.inf
    _now_s: float = -math.inf
    _close: bool = False

    def __post_init__(self) -> None:
        self.left_s = self.settings.close_saved_s

    def after(self, t_s: float, now: Counted | None, *, may_count: bool, lasts: bool = True) -> bool:
        """Whether to look closely after a look at `t_s`.

        Args:
            t_s: later than the last.
            now: what it counts as; None: nothing was measured.
            may_count: it can still count when an alert may come next.
            lasts: enough counts already to be more than a lapse, see `soon.under_way`. Before that only what stands at
                its limit at this very look is looked at closely: the first seconds of a posture count like any other,
                but a lapse, which crosses the limit and goes back, costs nothing.
        """
        self._pay(t_s)
        if now is not None:
            crossed = (
                lasts
                and self._before is not None
                and self._before[:4] != now[:4]
                and (now.beyond or self._before.beyond)
            )
            self._since_s = t_s if crossed or now.at_limit else self._since_s
            self._before = now
        near = t_s - self._since_s <= (self.settings.close_for_s if lasts else 0.0)
        enough_s = 0.0 if self._close else min(_RESUME_S, self.settings.close_saved_s)
        self._close = near and may_count and self.left_s > enough_s
        return self._close

    def _pay(self, t_s: float) -> None:
        """Time saved, and spent where it was looked at closely."""
        step_s = t_s - self._now_s if math.isfinite(self._now_s) else 0.0
        self._now_s = t_s
        left_s = self.left_s + self.settings.close_share * step_s - (step_s if self._close else 0.0)
        self.left_s = min(left_s, self.settings.close_saved_s)
