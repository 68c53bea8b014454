"""Stretches of one state, cut from the policy's ticks."""

from __future__ import annotations

from posture_cv.assess.policy_state import PolicyState
from posture_cv.assess.types import Episode, State
from posture_cv.measure.types import Reason


class EpisodeTracker:
    """Cuts episodes tick by tick; a change of the reason cuts unmeasured time too."""

    def __init__(self, tick_s: float) -> None:
        self._tick_s = tick_s
        self._open: tuple[State, Reason, float, float] | None = None

    def push(self, state: PolicyState) -> Episode | None:
        """The episode that ended with this tick, if one did."""
        if self._open is not None:
            posture, reason, start_s, peak = self._open
            if posture is state.posture and reason is state.reason:
                if state.size > peak:
                    self._open = (posture, reason, start_s, state.size)
                return None
        t_s = (state.tick or 0) * self._tick_s
        closed = self.finish(t_s)
        self._open = (state.posture, state.reason, t_s, state.size)
        return closed

    def finish(self, t_s: float) -> Episode | None:
        """The open episode, ended at `t_s`; None without."""
        if self._open is None:
            return None
        posture, reason, start_s, peak = self._open
        self._open = None
        return Episode(posture, start_s, t_s, peak, reason)
