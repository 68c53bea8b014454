"""A recording in a few figures: time per state, unmeasured time with its reasons. Pure."""

from __future__ import annotations

from collections import Counter

import numpy as np
from numpy.typing import NDArray

from posture_cv.assess.settings import TickSettings
from posture_cv.assess.ticks import GAP_REASON
from posture_cv.assess.types import State
from posture_cv.measure.types import Codes, Float, Reason


class StateTimes:
    """Seconds in each state and, where none could be named, by reason; frames are added block by block.

    A frame stands until the next one, at most as long as a tick may hold it, and so does the last one: as long as the
    median frame. What is left until the next frame is time without a picture, which could not be judged. So the states
    add up to the recording's duration and its last frame. Counted in whole microseconds: how the frames are divided
    into blocks changes nothing.

    Args:
        settings: of the ticks.
        single_s: how long a frame stands that is the only one.

    Attributes:
        frames: so many were added.
        first_s, last_s: times of the first and the last; 0 without any.
    """

    def __init__(self, settings: TickSettings | None = None, single_s: float = 0.0) -> None:
        self._single_us = single_s * 1e6
        self._hold_us = round((settings or TickSettings()).hold_max_s * 1e6)
        self.frames = 0
        self.first_s = self.last_s = 0.0
        self._steps: Counter[int] = Counter()
        self._state_us = np.zeros(len(State), np.int64)
        self._reason_us = np.zeros(len(Reason), np.int64)
        self._open: tuple[int, int, int] | None = None

    def add(self, t_s: Float, state: Codes, reason: Codes) -> None:
        """The next N frames: (N,) times in seconds, `State` codes as shown, `Reason` codes."""
        if len(t_s) == 0:
            return
        t_us = np.rint(t_s * 1e6).astype(np.int64)
        if self._open is None:
            self.first_s = float(t_s[0])
        else:
            before_us, before_state, before_reason = self._open
            t_us, state = np.append(before_us, t_us), np.append(np.int8(before_state), state)
            reason = np.append(np.int8(before_reason), reason)
        steps = np.diff(t_us)
        self._steps.update(
            dict(zip(*(part.tolist() for part in np.unique(steps, return_counts=True)), strict=True))
        )
        self._stand(steps, state[:-1], reason[:-1])
        self._open = int(t_us[-1]), int(state[-1]), int(reason[-1])
        self.last_s = float(t_s[-1])
        self.frames += len(t_s)

    @property
    def duration_s(self) -> float:
        """From the first frame to the last."""
        return self.last_s - self.first_s

    def seconds_per_state(self) -> dict[str, float]:
        """Seconds in each state that occurred, the longest first."""
        place = None if self._open is None else self._open[1]
        return self._sums({int(state): state.label for state in State}, self._state_us, place)

    def unmeasured_seconds(self) -> dict[str, float]:
        """Seconds that could not be judged, by reason, the longest first."""
        place = None if self._open is None else self._open[2]
        found = self._sums({int(reason): reason.label for reason in Reason}, self._reason_us, place)
        return {reason: seconds for reason, seconds in found.items() if reason}

    def _stand(self, steps_us: NDArray[np.int64], state: Codes, reason: Codes) -> None:
        held = np.minimum(steps_us, self._hold_us)
        gaps_us = int((steps_us - held).sum())
        self._state_us[State.CANNOT_TELL] += gaps_us
        self._reason_us[GAP_REASON] += gaps_us
        for codes, totals in ((state, self._state_us), (reason, self._reason_us)):
            summed_us = np.bincount(codes, held, len(totals))  # so few whole microseconds add up exactly
            np.add(totals, summed_us.astype(np.int64), out=totals)

    def _sums(self, labels: dict[int, str], totals: NDArray[np.int64], place: int | None) -> dict[str, float]:
        seconds = totals / 1e6
        if place is not None:
            seconds[place] += self._last_us() / 1e6
        seen = {code for code in labels if totals[code] or code == place}
        named = {labels[code]: round(float(seconds[code]), 3) for code in sorted(seen)}
        return dict(sorted(named.items(), key=lambda item: -item[1]))

    def _last_us(self) -> float:
        """How long the last frame stands: the median step, at most as long as any other."""
        count = self._steps.total()
        if count == 0:
            return self._single_us
        middle = {(count - 1) // 2, count // 2}
        found, passed = [], 0
        for step, times in sorted(self._steps.items()):
            found += [step for place in middle if passed <= place < passed + times]
            passed += times
        return min(sum(found) / len(found), self._hold_us)
