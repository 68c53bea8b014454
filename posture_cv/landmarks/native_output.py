"""Keep what C libraries print off the user's terminal."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

_lock = threading.Lock()


@contextmanager
def native_stderr_silenced() -> Iterator[None]:
    """Send file descriptor 2 to nowhere for a while.

    MediaPipe's C library logs to it as it makes its graph and sees its first person, whatever Python's own
    logging is set to. Python exceptions are not touched. Used around those calls only, because the
    descriptor belongs to the whole process.
    """
    with _lock:
        with suppress(OSError, ValueError):
            sys.stderr.flush()
        try:
            saved = os.dup(2)
        except OSError:  # no stderr at all (a windowed program): nothing to silence
            yield
            return
        nowhere = os.open(os.devnull, os.O_WRONLY)
        try:
            os.dup2(nowhere, 2)
            yield
        finally:
            os.dup2(saved, 2)
            os.close(saved)
            os.close(nowhere)
