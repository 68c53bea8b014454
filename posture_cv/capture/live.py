"""Webcams and network streams: a process talks to the device, the source keeps its newest picture."""

from __future__ import annotations

import math
import threading
import time
from typing import TYPE_CHECKING, Any

from posture_cv.capture import wire
from posture_cv.capture.base import Cursor, Warnings, closed_error
from posture_cv.capture.silence import Silence
from posture_cv.capture.types import LEAST_STEP_S, CaptureOptions, Frame, SourceError, SourceInfo, SourceKind
from posture_cv.capture.worker_process import WorkerProcess

if TYPE_CHECKING:
    from collections.abc import Callable

_REOPEN_PAUSE_S = 1.0
"""At least so long between two attempts to open; ours."""


class LiveSource(Cursor):
    """A source at its own pace, see `LiveFrameSource`.

    A worker process reads the device, a thread takes its messages, one place holds the newest picture. The
    reader learns of every fault in its own thread; nothing waits longer than the limits in `options`. A
    stream that turns out to have an end is handed on whole, none of its pictures dropped.

    Args:
        kind: webcam or stream.
        name: for people.
        config: what the worker process needs to open the device.
        options: limits, rate, and whether to wait here until the source has answered.
        explain: makes the error for a reason (see `live_faults`) and a detail.

    Raises:
        SourceError: it does not open within `open_timeout_s`.
    """

    def __init__(
        self,
        kind: SourceKind,
        name: str,
        config: dict[str, Any],
        options: CaptureOptions,
        explain: Callable[[str, str], SourceError],
    ) -> None:
        super().__init__(name)
        self._kind, self._options, self._explain = kind, options, explain
        self._config = {"kind": kind, "max_pixels": options.max_pixels, **config}
        self._config["max_rate_hz"] = options.max_rate_hz
        self._changed = threading.Condition()
        self._warnings = Warnings()
        self._silence = Silence(options.open_timeout_s)
        self._info: SourceInfo | None = None
        self._error: SourceError | None = None
        self._latest: Frame | None = None
        self._ended = False
        self._t0_s: float | None = None
        self._last_t_s = -math.inf
        self._lost_at_s: float | None = None
        self._started_s = 0.0
        self._index_base = self._next_index = self._handed_on = self._damaged_in_a_row = 0
        self._worker = self._start_worker()
        if options.wait_until_open:
            self._wait_until_open()

    # What a reader uses

    @property
    def info(self) -> SourceInfo:
        """What is known of the source; waits until it has answered. Raises SourceError if it does not."""
        return self._wait_until_open()

    @property
    def warnings(self) -> list[str]:
        """Losses that were overcome."""
        return self._warnings.texts()

    @property
    def dropped(self) -> int:
        """Pictures that came and were not handed on."""
        with self._changed:
            return self._next_index - self._handed_on - (self._latest is not None)

    @property
    def ended(self) -> bool:
        """No further frame will come."""
        with self._changed:
            return self._closed or (self._ended and self._latest is None)

    @property
    def worker_pid(self) -> int:
        """Number of the process that reads the device now."""
        return self._worker.pid

    def read(self, timeout_s: float | None = None) -> Frame | None:
        """The newest unread frame, or None; see LiveFrameSource."""
        self._check_open()
        deadline_s = math.inf if timeout_s is None else time.monotonic() + timeout_s
        while True:
            frame, error = self._wait_for_frame(deadline_s)
            if error is None:
                return frame
            if not self._reopen(error, deadline_s):
                return None

    def set_max_rate(self, max_rate_hz: float | None) -> None:
        """Hand on at most so many frames a second from now on; None for all."""
        if max_rate_hz is not None and not max_rate_hz > 0:
            raise ValueError(f"max_rate_hz must be above 0, got {max_rate_hz}")
        self._config["max_rate_hz"] = max_rate_hz
        self._worker.send_rate(max_rate_hz)

    def close(self) -> None:
        """End the worker process and free the device; harmless when done twice."""
        with self._changed:
            self._closed = True
            self._latest = None
            worker = self._worker
            self._changed.notify_all()
        worker.stop()

    # Waiting, in the reader's thread

    def _step(self) -> Frame | None:
        return self.read()

    def _wait_until_open(self) -> SourceInfo:
        with self._changed:
            while self._info is None and self._find_error() is None:
                if self._closed:
                    raise closed_error(self._name)
                self._changed.wait(self._silence.left_s(time.monotonic()))
            info, error = self._info, self._error
        if info is None:
            self.close()
            assert error is not None
            raise error
        return info

    def _wait_for_frame(self, deadline_s: float) -> tuple[Frame | None, SourceError | None]:
        """The newest frame, or why there will be none; two Nones at the deadline, the end or on closing."""
        with self._changed:
            while not self._closed:
                if (frame := self._latest) is not None:
                    self._latest = None
                    self._handed_on += 1
                    self._changed.notify_all()
                    return frame, None
                now_s = time.monotonic()
                if self._ended or now_s >= deadline_s:
                    break
                if (error := self._find_error()) is not None:
                    return None, error
                self._changed.wait(min(deadline_s - now_s, self._silence.left_s(now_s)))
            return None, None

    def _find_error(self) -> SourceError | None:
        """The worker's error, or silence beyond the limit. Holds the lock."""
        if self._error is None and self._silence.is_over(time.monotonic()):
            detail = f"It sent no picture for {self._silence.limit_s:g} s."
            if self._damaged_in_a_row:
                detail = f"It sent {self._damaged_in_a_row} pictures that cannot be decoded."
            self._error = self._explain("silent" if self._info is None else "stalled", detail)
            self._changed.notify_all()
        return self._error

    def _reopen(self, error: SourceError, deadline_s: float) -> bool:
        """Start again after a loss; False at the deadline or on closing. Raises the error if time is up."""
        now_s = time.monotonic()
        with self._changed:
            self._lost_at_s = now_s if self._lost_at_s is None else self._lost_at_s
            # What has an end would begin again from its first picture.
            can_return, lost_for_s = self._info is not None and self._info.live, now_s - self._lost_at_s
        # At once, so that a hanging camera is free for whoever wants it.
        self._worker.stop()
        if not can_return or lost_for_s >= self._options.reopen_within_s:
            raise error
        with self._changed:
            retry_s = max(now_s, self._started_s + _REOPEN_PAUSE_S)
            wake_s = min(retry_s, deadline_s)
            if self._changed.wait_for(lambda: self._closed, wake_s - now_s) or wake_s < retry_s:
                return False
            self._error = None
            self._index_base = self._next_index
            self._silence = Silence(self._options.open_timeout_s)
            self._worker = self._start_worker()
        return True

    # Taking messages, in the worker's thread

    def _start_worker(self) -> WorkerProcess:
        self._started_s = time.monotonic()
        try:
            return WorkerProcess(self._config, self._take, self._worker_ended)
        except OSError as error:  # out of processes, files or memory: a moment later there may be some
            raise self._explain(
                "crashed", f"The system begins no process for it: {error.strerror}."
            ) from error

    def _take(self, message: wire.Message) -> None:
        with self._changed:
            if message.kind == wire.FRAME:
                self._take_frame(message)
            elif message.kind == wire.ALIVE:
                self._silence.broken()
            elif message.kind == wire.DAMAGED:
                self._damaged_in_a_row += 1
            elif message.kind == wire.OPENED:
                self._info = self._info or self._describe(message)
                self._silence = Silence(self._options.stall_timeout_s)
            elif message.kind == wire.ENDED:
                self._ended = True
            elif message.kind == wire.FAILED:
                self._error = self._explain(message.data["reason"], message.data["detail"])
            self._changed.notify_all()

    def _take_frame(self, message: wire.Message) -> None:
        assert self._info is not None
        assert message.image is not None
        if not self._info.live:
            self._changed.wait_for(lambda: self._latest is None or self._is_over())
        if self._is_over():
            return
        self._silence.broken()
        self._damaged_in_a_row = 0
        index = self._index_base + message.index
        self._next_index = index + 1
        self._last_t_s = self._time(message.seconds)
        self._latest = Frame(index, self._last_t_s, message.image)
        if self._lost_at_s is not None:
            away_s = time.monotonic() - self._lost_at_s
            self._warnings.add(f"{self._name} was lost for {away_s:.1f} s, until {self._last_t_s:.1f} s")
            self._lost_at_s = None

    def _is_over(self) -> bool:
        """Whether the worker's pictures are wanted no more: who stops it waits for the thread that takes them."""
        return self._closed or self._error is not None

    def _time(self, seconds: float) -> float:
        """Seconds since the first picture; a stream with an end brings its own."""
        assert self._info is not None
        if not self._info.live:
            return seconds
        if self._t0_s is None:
            self._t0_s = seconds
        return max(seconds - self._t0_s, self._last_t_s + LEAST_STEP_S, 0.0)

    def _describe(self, message: wire.Message) -> SourceInfo:
        finite = bool(message.data.get("finite"))
        return SourceInfo(
            kind=self._kind,
            name=self._name,
            live=not finite,
            width_px=message.width_px,
            height_px=message.height_px,
            frame_rate_hz=message.data.get("frame_rate_hz"),
            frame_count=message.data.get("frame_count"),
            duration_s=message.data.get("duration_s"),
        )

    def _worker_ended(self, how: str) -> None:
        with self._changed:
            if not self._ended and self._error is None:
                self._error = self._explain("crashed", how)
            self._changed.notify_all()
