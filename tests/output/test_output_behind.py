"""What is written behind is whole, and a disk that is full is heard of."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posture_cv.output.behind import WriteBehind


@given(st.lists(st.binary(max_size=50), max_size=8))
def test_all_is_written_in_order_and_the_checksum_is_of_it(parts: list[bytes]) -> None:
    file = io.BytesIO()
    with WriteBehind(file) as behind:
        for part in parts:
            behind.write(part)
    assert file.getvalue() == b"".join(parts)
    assert behind.sha256 == hashlib.sha256(file.getvalue()).hexdigest()


def test_what_is_settled_lies_in_the_file_and_more_may_follow(tmp_path: Path) -> None:
    with (tmp_path / "table").open("wb") as file, WriteBehind(file) as behind:
        behind.write(b"one")
        behind.settle()
        behind.write(b"two")
    assert (tmp_path / "table").read_bytes() == b"onetwo"
    assert behind.sha256 == hashlib.sha256(b"onetwo").hexdigest()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a disk that is always full is Linux's")
def test_what_cannot_be_written_is_said_with_the_next_bytes_or_at_the_end() -> None:
    with Path("/dev/full").open("wb", buffering=0) as full:
        behind = WriteBehind(full)
        behind.write(b"x")
        with pytest.raises(OSError, match="No space"):
            behind.write(b"y")
        behind.close()
        last = WriteBehind(full)
        last.write(b"x")
        with pytest.raises(OSError, match="No space"):
            last.close()
