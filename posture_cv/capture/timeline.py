"""Where each decoded frame of a file lies: its number and its time."""

from __future__ import annotations

import heapq
from fractions import Fraction

from posture_cv.capture.types import LEAST_STEP_S

_JUMP_BACK_S = 1.0
"""A stamp this far behind the last frame is a restarted clock, not a disorder; ours."""
_MOST_PENDING = 4096
"""A decoder holds back at most a few dozen frames; beyond this many the oldest are lost. Ours."""


class Timeline:
    """Numbers frames by their packets' time stamps and turns stamps into strictly increasing seconds.

    A frame's number is the count of packets that are shown before it, so that a packet that the decoder
    could not use leaves a gap, whatever the order in which packets are stored.

    Args:
        time_base: seconds per unit of the stamps.
        start_pts: the stamp that is `t_s = 0`.
        interval_s: assumed for frames without a stamp of their own, and after a restarted clock.

    Attributes:
        step_s: time between the last two frames.
        out_of_order: frames whose time does not advance by `LEAST_STEP_S`.
        restarts: how often the clock was joined.
    """

    def __init__(self, time_base: Fraction, start_pts: int, interval_s: float) -> None:
        self._time_base = time_base
        self._start_pts = start_pts
        self._interval_s = interval_s
        self._pending: list[int] = []
        self._passed = 0
        self._shift_s = 0.0
        self._last_t_s: float | None = None
        self.step_s = interval_s
        self.out_of_order = 0
        self.restarts = 0

    @property
    def passed(self) -> int:
        """Packets seen so far, those still in the decoder included."""
        return self._passed + len(self._pending)

    @property
    def end_s(self) -> float:
        """When the last frame so far ends, if it lasts as long as the one before; 0 before the first."""
        return 0.0 if self._last_t_s is None else self._last_t_s + self.step_s

    def seconds(self, pts: int) -> float:
        """The stamp in seconds since the start, without any correction."""
        return float((pts - self._start_pts) * self._time_base)

    def add_packet(self, pts: int | None) -> None:
        """Note a packet that went into the decoder."""
        if pts is None:
            return
        heapq.heappush(self._pending, pts)
        if len(self._pending) > _MOST_PENDING:
            heapq.heappop(self._pending)
            self._passed += 1

    def skip(self) -> None:
        """Note a packet without a stamp that the decoder could not use."""
        self._passed += 1

    def anchor(self, pts: int, number: int) -> None:
        """Say that the frame with this stamp has this number: after a seek the packets before are unseen."""
        while self._pending and self._pending[0] < pts:
            heapq.heappop(self._pending)
        self._passed = number

    def place(self, pts: int | None) -> tuple[int, float] | None:
        """Number and time (s) of the next decoded frame; None if its time does not advance."""
        is_known = self._pass_up_to(pts)
        t_s = self._time(pts)
        if t_s is None:
            self.out_of_order += 1
            self._passed += is_known
            return None
        if self._last_t_s is not None:
            self.step_s = t_s - self._last_t_s
        self._last_t_s = t_s
        self._passed += 1
        return self._passed - 1, t_s

    def _pass_up_to(self, pts: int | None) -> bool:
        """Count the packets shown before this stamp; say whether one has just this stamp."""
        while pts is not None and self._pending and self._pending[0] < pts:
            heapq.heappop(self._pending)
            self._passed += 1
        is_known = bool(self._pending) and self._pending[0] == pts
        if is_known:
            heapq.heappop(self._pending)
        return is_known

    def _time(self, pts: int | None) -> float | None:
        last = self._last_t_s
        following = 0.0 if last is None else last + max(self._interval_s, LEAST_STEP_S)
        if pts is None:
            return following
        t_s = self.seconds(pts) + self._shift_s
        if last is not None and t_s < last - _JUMP_BACK_S:
            self.restarts += 1
            self._shift_s += following - t_s
            return following
        return t_s if t_s >= 0 and (last is None or t_s >= last + LEAST_STEP_S) else None
