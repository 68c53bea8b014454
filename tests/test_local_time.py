"""The user's own clock: it follows the system's zone, and says which of two hours is meant."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from posture_cv.local_time import local, offset_s, time_text, zone_text
from posture_cv.monitor.sinks import clock_text
from posture_cv.monitor.status import iso_time
from zones import BERLIN, TOKYO, needs_zones, zone

WINTER_S = datetime(2026, 11, 28, 12, tzinfo=UTC).timestamp()


@needs_zones
def test_a_running_program_follows_a_traveller() -> None:
    with zone(BERLIN):
        assert (offset_s(WINTER_S), clock_text(WINTER_S)) == (3600, "13:00:00")
        with zone(TOKYO):
            assert (offset_s(WINTER_S), clock_text(WINTER_S)) == (9 * 3600, "21:00:00")
            assert iso_time(WINTER_S) == "2026-11-28T21:00:00+09:00"
        assert local(WINTER_S).utcoffset() == timedelta(hours=1)


@pytest.mark.parametrize(
    ("offset", "text"),
    [(0, "UTC"), (7200, "UTC+2"), (-18_000, "UTC-5"), (19_800, "UTC+5:30"), (-12_600, "UTC-3:30")],
)
def test_an_offset_in_words(offset: int, text: str) -> None:
    assert zone_text(offset) == text


@needs_zones
def test_a_clock_at_the_end_of_the_calendar_is_no_fault() -> None:
    last = datetime(9999, 12, 31, 23, 30, tzinfo=UTC)
    with zone(BERLIN):
        assert (local(last.timestamp()), offset_s(last.timestamp())) == (last, 0)


def test_a_time_says_which_hour_is_meant_only_where_it_may_be_two() -> None:
    assert time_text(3600.0, 3600, "%H:%M", ambiguous=False) == "01:00"
    assert time_text(3600.0, 3600, "%H:%M", ambiguous=True) == "01:00 UTC+1"
