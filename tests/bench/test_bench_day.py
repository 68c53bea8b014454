"""What the day's memory is measured with: pictures that stay in their file, and what counts as a fault."""

from __future__ import annotations

from pathlib import Path

import pytest

from posture_cv.bench import day
from posture_cv.bench.day import MOST_GROWTH_MB, MOST_MB, WARM_UP, Day, Packed, memory_faults, pack


def test_pictures_come_out_of_the_file_as_they_went_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    jpegs = [b"first", b"2nd", b"the third"]
    monkeypatch.setattr(day, "camera_jpegs", lambda _: jpegs)
    ends = pack(Path("any.mp4"), tmp_path / "pictures")
    with (tmp_path / "pictures").open("rb") as file:
        packed = Packed(file, ends)
        assert list(packed) == jpegs
        assert [packed[2], packed[0], packed[1]] == [jpegs[2], jpegs[0], jpegs[1]]
        assert packed[1:] == jpegs[1:]
        with pytest.raises(IndexError):
            packed[3]


def test_too_much_memory_and_memory_that_grows_are_faults() -> None:
    steady = (100.0,) * (5 * WARM_UP)
    assert memory_faults(()) == memory_faults(steady) == []
    assert memory_faults((*steady, MOST_MB + 1.0)) == [f"{MOST_MB + 1.0:.0f} MB were held"]
    growing = tuple(100.0 + 2.0 * MOST_GROWTH_MB * k / 100.0 for k in range(100))
    assert [fault.split(" by ")[0] for fault in memory_faults(growing)] == ["memory grew"]


@pytest.mark.filterwarnings("error")
def test_a_day_of_few_minutes_is_told_without_empty_quarters() -> None:
    told = dict(Day(0.02, 1.0, 25, 25, 0, 1, (200.0,), ()).rows())
    assert told["memory, MB: median of each quarter"] == "200.0"
