"""The frames of a trailing window and their sums, in plain integers, a frame at a time."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Final, NamedTuple

from posture_cv.measure.types import Reason, View

SCALE: Final = 10_000
"""Values are kept as integers of 1e-4 units."""


class Integers(NamedTuple):
    """One frame: time in microseconds, value and sd of each quantity (0 where not valid), `Reason` and `View` codes.

    The last of `reason` is that of the frame as a whole; `jump`: 1 where it ends one (`assess.jumps`).
    """

    t_us: int
    value: list[int]
    sd: list[int]
    reason: list[int]
    view: int
    jump: int = 0


class Trail:
    """The frames within (t - window, t] of the latest one, at `t`; the older and the newer half of the time apart.

    Args:
        window_us: length of the window.
        count: of the quantities.

    Attributes:
        older, newer: sums of the values, and in how many frames of the half each is valid.
        sd: sums over both halves.
        reasons: how often each `Reason` was given for each quantity and, last, for the frame; views: likewise.
        jumps: how many frames end one.
    """

    def __init__(self, window_us: int, count: int) -> None:
        self._window_us = window_us
        self._older: deque[Integers] = deque()
        self._newer: deque[Integers] = deque()
        self.older = Sums([0] * count, [0] * count)
        self.newer = Sums([0] * count, [0] * count)
        self.sd = [0] * count
        self.reasons = [[0] * len(Reason) for _ in range(count + 1)]
        self.views = [0] * len(View)
        self.jumps = 0

    def __len__(self) -> int:
        return len(self._older) + len(self._newer)

    def push(self, frame: Integers) -> None:
        """One frame later; frames come in the order of their time."""
        self._newer.append(frame)
        self.newer.add(frame)
        self.sd = [total + x for total, x in zip(self.sd, frame.sd, strict=True)]
        self._count(frame, 1)
        while self._newer and self._newer[0].t_us <= frame.t_us - self._window_us // 2:
            passed = self._newer.popleft()
            self._older.append(passed)
            self.newer.remove(passed)
            self.older.add(passed)
        while self._older and self._older[0].t_us <= frame.t_us - max(self._window_us, 1):
            gone = self._older.popleft()
            self.older.remove(gone)
            self.sd = [total - x for total, x in zip(self.sd, gone.sd, strict=True)]
            self._count(gone, -1)

    def _count(self, frame: Integers, by: int) -> None:
        for counts, code in zip(self.reasons, frame.reason, strict=True):
            counts[code] += by
        self.views[frame.view] += by
        self.jumps += by * frame.jump


class Sums:
    """Sums of values, and how many of them are valid."""

    def __init__(self, value: list[int], valid: list[int]) -> None:
        self.value, self.valid = value, valid

    def add(self, frame: Integers) -> None:
        """One frame more."""
        self.value = [total + x for total, x in zip(self.value, frame.value, strict=True)]
        self.valid = [n + (not code) for n, code in zip(self.valid, frame.reason, strict=False)]

    def remove(self, frame: Integers) -> None:
        """One frame less."""
        self.value = [total - x for total, x in zip(self.value, frame.value, strict=True)]
        self.valid = [n - (not code) for n, code in zip(self.valid, frame.reason, strict=False)]


def commonest(counts: Sequence[int], skip: int) -> int:
    """The code that occurs most (the smallest of equals), without the code `skip`; 0 where none does."""
    best, winner = 0, 0
    for code, count in enumerate(counts):
        if count > best and code != skip:
            best, winner = count, code
    return winner
