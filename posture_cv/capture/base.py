"""What the sources share: one cursor, an orderly end, warnings; and one lock where the reader sets the pace."""

from __future__ import annotations

import math
import threading
from typing import TYPE_CHECKING, Self

from posture_cv.capture.types import Frame, SourceClosedError, SourceInfo
from posture_cv.closing import Closing

if TYPE_CHECKING:
    from collections.abc import Iterator

_MOST_WARNINGS = 50


class Warnings:
    """Warnings in the order they came; beyond fifty only their number grows, so that memory is bounded."""

    def __init__(self) -> None:
        self._texts: list[str] = []
        self._more = 0
        self._lock = threading.Lock()

    def add(self, text: str) -> None:
        """Keep one plain sentence."""
        with self._lock:
            if len(self._texts) < _MOST_WARNINGS:
                self._texts.append(text)
            else:
                self._more += 1

    def texts(self) -> list[str]:
        """All kept sentences, and one that counts the rest."""
        with self._lock:
            return [*self._texts, f"and {self._more} more of this kind"] if self._more else list(self._texts)


class RateGate:
    """Picks frames by time: the first of each interval of `1 / max_rate_hz` seconds since the start.

    One thread asks; any thread may change the rate meanwhile.
    """

    def __init__(self, max_rate_hz: float | None) -> None:
        self.max_rate_hz = max_rate_hz
        self._last: tuple[float, int] | None = None  # the rate, and the interval counted at it

    def is_due(self, t_s: float) -> bool:
        """Whether the frame at `t_s` is to be handed on; times must come in order."""
        rate_hz = self.max_rate_hz
        if rate_hz is None:
            return True
        # The margin keeps a stamp such as 0.3 s at 10 Hz from falling into the interval before its own.
        tick, last = math.floor(t_s * rate_hz + 1e-6), self._last
        # Intervals of another rate do not compare: a change may come between any two of these lines.
        if last is not None and last[0] == rate_hz and tick <= last[1]:
            return False
        self._last = rate_hz, tick
        return True

    def set_rate(self, max_rate_hz: float | None) -> None:
        """Change the rate; the next frame is due."""
        self.max_rate_hz = max_rate_hz
        self._last = None

    def again(self) -> None:
        """The next frame is due: the one that was picked came to nothing. For the thread that asks."""
        self._last = None


class Cursor(Closing):
    """The frames of a source one after the other, until it is closed. Subclasses fill in `_step` and `close`."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._closed = False

    def frames(self) -> Iterator[Frame]:
        """The frames from where the cursor stands; see FrameSource."""
        self._check_open()
        return self._iterate()

    def __enter__(self) -> Self:
        self._check_open()
        return self

    def _iterate(self) -> Iterator[Frame]:
        while (frame := self._step()) is not None:
            yield frame

    def _check_open(self) -> None:
        if self._closed:
            raise closed_error(self._name)

    def _step(self) -> Frame | None:
        """The next frame; None when there will be no more."""
        raise NotImplementedError


class PulledSource(Cursor):
    """A source that works only while a frame is asked for. Subclasses fill in `_next_frame` and `_release`.

    The lock makes `close` from another thread wait for the step at hand, so that nothing is freed in use.
    """

    def __init__(self, info: SourceInfo, warnings: Warnings) -> None:
        super().__init__(info.name)
        self.info = info
        self._warnings = warnings
        self._lock = threading.Lock()
        self._exhausted = False

    @property
    def warnings(self) -> list[str]:
        """What went wrong without ending the run."""
        return self._warnings.texts()

    def close(self) -> None:
        """Give the file back; harmless when done twice."""
        with self._lock:
            if not self._closed:
                self._closed = True
                self._release()

    def _step(self) -> Frame | None:
        with self._lock:
            self._check_open()
            if self._exhausted:
                return None
            frame = self._next_frame()
            self._exhausted = frame is None
            return frame

    def _next_frame(self) -> Frame | None:
        raise NotImplementedError

    def _release(self) -> None:
        raise NotImplementedError


def counted(number: int, noun: str) -> str:
    """A number with its noun: `1 frame`, `2 frames`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def closed_error(name: str) -> SourceClosedError:
    """The error for use after `close`."""
    return SourceClosedError(f"{name} is closed", "A frame was asked for after close().", "Open it again.")
