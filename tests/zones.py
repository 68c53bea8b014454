"""The system's time zone, set as somebody who travels sets it: a running program is not told."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from unittest import mock

import pytest

# By their rules, not by name: a small system may know no names.
BERLIN = "CET-1CEST,M3.5.0,M10.5.0/3"
TOKYO = "JST-9"
needs_zones = pytest.mark.skipif(not hasattr(time, "tzset"), reason="the zone is set as POSIX has it")


@contextmanager
def zone(name: str) -> Iterator[None]:
    """The zone is another one; afterwards it is as before for everybody."""
    try:
        with mock.patch.dict(os.environ, {"TZ": name}):
            yield
    finally:
        time.tzset()
