"""A file that is written while the next bytes for it are made."""

from __future__ import annotations

import hashlib
import os
from concurrent.futures import Future, ThreadPoolExecutor
from typing import BinaryIO

from posture_cv.closing import Closing


class WriteBehind(Closing):
    """Writes in a thread of its own and makes the checksum there: neither needs the interpreter. A context manager.

    Args:
        file: open for bytes; it is not closed here.

    Raises:
        OSError: from `write` or `close`: what was given before cannot be written.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file, self._sha256 = file, hashlib.sha256()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="write")
        self._last: Future[None] | None = None

    def write(self, data: bytes) -> None:
        """Append bytes, once those before are written."""
        self._wait()
        self._last = self._thread.submit(self._put, data)

    def settle(self) -> None:
        """Begin to bring to the disk what is written: whoever waits for that later waits for less."""
        self._wait()
        self._last = self._thread.submit(self._settled)

    def close(self) -> None:
        """Wait for what is still to be written."""
        with self._thread:
            self._wait()

    @property
    def sha256(self) -> str:
        """Of all that was written; known when it is closed."""
        return self._sha256.hexdigest()

    def _wait(self) -> None:
        last, self._last = self._last, None
        if last is not None:
            last.result()

    def _settled(self) -> None:
        self._file.flush()
        os.fsync(self._file.fileno())

    def _put(self, data: bytes) -> None:
        self._file.write(data)
        self._sha256.update(data)
