"""A recording that is interrupted: a camera's is whole, a file's must not pass for it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from posture_cv.capture import open_source
from posture_cv.capture.types import Frame, FrameSource, SourceInfo
from posture_cv.errors import InputError
from posture_cv.landmarks.estimator import EstimatorInfo, EstimatorOptions, Mode, ModelInfo
from posture_cv.landmarks.recording import RecordingInfo, read_recording
from posture_cv.landmarks.recording_writer import RecordingWriter
from posture_cv.landmarks.types import Landmarks
from posture_cv.replay.parts import Part, record_part
from posture_cv.replay.record import record
from source_tree import ROOT

CLIP = ROOT / "samples" / "desk-side.mp4"
SEEN = 5


class Interrupted(ExitStack[None]):
    """Sees nobody in a few frames; then the user presses Ctrl-C."""

    def __init__(self, _options: EstimatorOptions) -> None:
        super().__init__()
        self._left = SEEN
        self.info = EstimatorInfo(
            "nothing", Mode.VIDEO, ModelInfo("none", "", bundled=False), None, contour=False
        )

    def estimate(self, frame: Frame) -> Landmarks:
        if self._left == 0:
            raise KeyboardInterrupt
        self._left -= 1
        lm = Landmarks.empty(1)
        lm.t_s[:] = frame.t_s
        return lm


class AsCamera(ExitStack[None]):
    """The clip's frames as a camera's."""

    def __init__(self, source: FrameSource) -> None:
        super().__init__()
        self.callback(source.close)
        self._source = source
        self.warnings: list[str] = []

    @property
    def info(self) -> SourceInfo:
        return replace(self._source.info, live=True)

    def frames(self) -> Iterator[Frame]:
        return self._source.frames()


@contextmanager
def _clip() -> Iterator[FrameSource]:
    if not CLIP.exists():
        pytest.skip("the samples are not in this tree")
    with open_source(str(CLIP)) as source:
        yield source


def _interrupt(source: AbstractContextManager[FrameSource], path: Path, *, live: bool) -> None:
    with source as opened, pytest.raises(KeyboardInterrupt):
        record(AsCamera(opened) if live else opened, path, EstimatorOptions(), make_estimator=Interrupted)


def test_a_part_of_a_file_does_not_take_the_name_of_the_whole(tmp_path: Path) -> None:
    path = tmp_path / "clip.landmarks"
    _interrupt(_clip(), path, live=False)
    assert not path.exists()
    part = read_recording(tmp_path / "clip.landmarks.part")
    assert (len(part.landmarks), part.complete) == (SEEN, False)


def test_a_camera_is_recorded_until_it_is_interrupted(tmp_path: Path) -> None:
    path = tmp_path / "camera.landmarks"
    _interrupt(_clip(), path, live=True)
    kept = read_recording(path)
    assert (len(kept.landmarks), kept.complete) == (SEEN, True)
    assert not path.with_name(path.name + ".part").exists()


def test_what_a_camera_saw_before_a_kill_is_not_begun_anew(tmp_path: Path) -> None:
    path = tmp_path / "camera.landmarks"
    _interrupt(_clip(), path, live=False)  # leaves the part, as a kill does
    part = path.with_name(path.name + ".part")
    left = part.read_bytes()
    with _clip() as source, pytest.raises(InputError, match="was cut off lies in"):
        record(AsCamera(source), path, EstimatorOptions(), make_estimator=Interrupted)
    assert part.read_bytes() == left
    _interrupt(_clip(), path, live=False)
    assert part.read_bytes() == left, "a file is looked at again"


def test_a_part_does_not_wait_for_a_worker_that_outlives_its_caller(tmp_path: Path) -> None:
    path = tmp_path / "00000.landmarks"
    orphan = RecordingWriter(path, RecordingInfo({}, {}))
    part = Part(str(CLIP), end_s=0.3)
    done = record_part(part, path, make_estimator=Interrupted)
    orphan.abandon()
    assert done.frames == len(read_recording(path).landmarks) > 0
