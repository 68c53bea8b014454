"""Two frames at a time where there is a processor to spare, one where all are busy: the landmarks are the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from batch_material import SAMPLES
from posture_cv.landmarks.recording import read_recording
from posture_cv.processors import processors
from posture_cv.replay import pool
from posture_cv.replay.jobs import PartJob
from posture_cv.replay.parts import Part


@pytest.mark.parametrize(
    ("workers", "at_hand", "spare"), [(1, 1, False), (1, 2, True), (2, 2, False), (2, 4, True)]
)
def test_a_worker_takes_a_second_processor_only_where_each_has_one(
    monkeypatch: pytest.MonkeyPatch, workers: int, at_hand: int, spare: bool
) -> None:
    monkeypatch.setattr(pool, "processors", lambda: at_hand)
    assert pool.ProcessPool(workers).processors_to_spare is spare


def test_there_is_a_processor() -> None:
    assert processors() >= 1


def test_the_landmarks_do_not_depend_on_it(tmp_path: Path) -> None:
    part = Part(str(SAMPLES / "desk-front.mp4"), end_s=0.6)
    paths = [tmp_path / f"{overlap}.landmarks" for overlap in (True, False)]
    for path, overlap in zip(paths, (True, False), strict=True):
        told: list[int] = []
        done = PartJob(part, path, overlap=overlap).run(told.append)
        assert done.frames == sum(told) == 6
    assert paths[0].read_bytes() == paths[1].read_bytes()
    assert len(read_recording(paths[0]).landmarks) == 6
