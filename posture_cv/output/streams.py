"""Streams that take nothing any more."""

from __future__ import annotations

import os
from typing import TextIO


def discard_rest(stream: TextIO) -> None:
    """Let what is still buffered go nowhere, so that the interpreter's end does not complain about it.

    Before Python 3.13 what could not be written was forgotten; since then it is kept, and tried again at the end.
    """
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, stream.fileno())
    except (OSError, ValueError):  # the stream is no file (captured), and keeps nothing back
        return
    finally:
        os.close(nowhere)
