"""Reads a source in a thread of its own, so that decoding and whatever follows overlap."""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING

from posture_cv.capture.base import Cursor

if TYPE_CHECKING:
    from collections.abc import Iterator

    from posture_cv.capture.types import Frame, FrameSource, SourceInfo


class Prefetched(Cursor):
    """A source that keeps a few decoded frames ready. It owns the source and closes it.

    Not for live sources, whose frames would only grow old. Errors of the source are raised to the reader,
    after the frames that came before them.

    Args:
        source: what to read; nobody else may.
        depth: frames held ready, at most; 1 or more.
    """

    def __init__(self, source: FrameSource, depth: int = 3) -> None:
        if source.info.live or depth < 1:
            raise ValueError("prefetching needs a source that is not live, and a depth of at least 1")
        super().__init__(source.info.name)
        self.info: SourceInfo = source.info
        self._source, self._depth = source, depth
        self._changed = threading.Condition()
        self._ready: deque[Frame] = deque()
        self._error: Exception | None = None
        self._done = False
        self._thread: threading.Thread | None = None

    @property
    def warnings(self) -> list[str]:
        """The source's own."""
        return self._source.warnings

    def frames(self) -> Iterator[Frame]:
        """The source's frames; see FrameSource."""
        self._check_open()
        with self._changed:
            if self._thread is None:
                thread = threading.Thread(target=self._fill, name="capture-prefetch", daemon=True)
                thread.start()  # which the system may refuse: then there is none to wait for on closing
                self._thread = thread
        return super().frames()

    def close(self) -> None:
        """Stop reading and close the source; harmless when done twice."""
        with self._changed:
            self._closed = True
            self._ready.clear()
            self._changed.notify_all()
            thread = self._thread
        if thread is not None:
            thread.join()
        self._source.close()

    def _step(self) -> Frame | None:
        self._check_open()
        with self._changed:
            self._changed.wait_for(lambda: self._ready or self._done or self._closed)
            if self._ready:
                self._changed.notify_all()
                return self._ready.popleft()
            error = None if self._closed else self._error
        if error is not None:
            raise error
        return None

    def _fill(self) -> None:
        error: Exception | None = None
        try:
            for frame in self._source.frames():
                if not self._put(frame):
                    return
        except Exception as caught:  # noqa: BLE001 - none may be lost with the thread: the reader raises it
            error = caught
        with self._changed:
            self._error, self._done = error, True
            self._changed.notify_all()

    def _put(self, frame: Frame) -> bool:
        """Wait for a free place; False when the source is to be closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or len(self._ready) < self._depth)
            if not self._closed:
                self._ready.append(frame)
                self._changed.notify_all()
            return not self._closed
