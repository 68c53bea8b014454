"""The system's time zone, set as somebody who travels sets it: a running program is not told."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from unittest import mock

import pytest

needs_zones = pytest.mark.skipif(not hasattr(time, "tzset"), reason="zones by name are POSIX's")


@contextmanager
def zone(name: str) -> Iterator[None]:
    """The zone is another one; afterwards it is as before for everybody."""
    try:
        with mock.patch.dict(os.environ, {"TZ": name}):
            yield
    finally:
        time.tzset()
