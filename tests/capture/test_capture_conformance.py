"""What every kind of frame source does alike; real files, servers and processes."""

from __future__ import annotations

import contextlib
import itertools
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from capture.kinds import KINDS, LIVE, Case, case
from posture_cv.capture import Frame, FrameSource, SourceClosedError, SourceError, open_source
from posture_cv.capture.sources import webcam_source
from posture_cv.capture.types import CaptureOptions


@pytest.fixture(params=KINDS)
def any_case(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Case]:
    with case(request.param, tmp_path) as made:
        yield made


@pytest.fixture
def live_case(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Case]:
    with case(request.param, tmp_path) as made:
        yield made


def _take(source: FrameSource, count: int) -> list[Frame]:
    return list(itertools.islice(source.frames(), count))


def test_frames_are_in_order_and_whole(any_case: Case) -> None:
    with any_case.open() as source:
        info = source.info
        frames = _take(source, 12)
        assert len(frames) == (any_case.count or 12)
        assert info.live == (any_case.count is None)
        assert (info.width_px, info.height_px) == frames[0].image_bgr.shape[1::-1]
        for frame in frames:
            image = frame.image_bgr
            assert image.dtype == np.uint8
            assert image.shape == (info.height_px, info.width_px, 3)
            assert image.flags.c_contiguous
            assert image.flags.writeable
        assert all(a.t_s < b.t_s and a.index < b.index for a, b in itertools.pairwise(frames))
        assert frames[0].index >= 0
        # A live source's clock starts with the first picture that came, which may not be the first one read.
        assert frames[0].t_s == 0 or info.live
        assert source.warnings == []


def test_a_frame_belongs_to_its_receiver(any_case: Case) -> None:
    with any_case.open() as source:
        frames = source.frames()
        first = next(frames)
        before = first.image_bgr.copy()
        list(itertools.islice(frames, 5))
        assert np.array_equal(first.image_bgr, before)


def test_the_cursor_goes_on_where_it_stopped(any_case: Case) -> None:
    with any_case.open() as source:
        seen = [frame.index for _ in range(4) for frame in _take(source, 2)]
        assert all(a < b for a, b in itertools.pairwise(seen))
        if any_case.count is not None:
            rest = [frame.index for frame in source.frames()]
            assert seen + rest == list(range(any_case.count))


def test_after_the_end_there_is_nothing(any_case: Case) -> None:
    if any_case.count is None:
        pytest.skip("has no end")
    with any_case.open() as source:
        assert len(list(source.frames())) == any_case.count
        assert list(source.frames()) == []


def test_closing_early_ends_everything(any_case: Case) -> None:
    source = any_case.open()
    frames = source.frames()
    next(frames)
    source.close()
    source.close()
    with pytest.raises(SourceClosedError):
        next(frames)
    with pytest.raises(SourceClosedError):
        source.frames()
    with pytest.raises(SourceClosedError), source:
        pass


def test_an_unread_source_closes(any_case: Case) -> None:
    any_case.open().close()


def test_the_context_closes_on_an_error(any_case: Case) -> None:
    source = any_case.open()
    with contextlib.suppress(KeyError), source:
        next(source.frames())
        raise KeyError
    with pytest.raises(SourceClosedError):
        source.frames()


def test_another_thread_may_close_while_one_reads(any_case: Case) -> None:
    source = any_case.open()
    started, outcome = threading.Event(), []

    def read() -> None:
        try:
            for _ in source.frames():
                started.set()
            outcome.append("ended")
        except SourceClosedError:
            outcome.append("closed")

    reader = threading.Thread(target=read)
    reader.start()
    assert started.wait(20)
    source.close()
    reader.join(20)
    assert not reader.is_alive()
    assert outcome in (["ended"], ["closed"])


@pytest.mark.parametrize("live_case", LIVE, indirect=True)
def test_closing_ends_a_read_that_waits(live_case: Case) -> None:
    source = live_case.open(stall_timeout_s=60.0)
    next(source.frames())
    live_case.stall()
    outcome: list[list[Frame]] = []
    reader = threading.Thread(target=lambda: outcome.append(list(source.frames())))
    reader.start()
    reader.join(1.0)
    assert reader.is_alive()
    source.close()
    reader.join(20)
    assert not reader.is_alive()
    assert len(outcome) == 1


@pytest.mark.parametrize("live_case", LIVE, indirect=True)
def test_a_stall_is_an_error_that_names_the_source(live_case: Case) -> None:
    with live_case.open(stall_timeout_s=0.7) as source:
        name = source.info.name
        next(source.frames())
        live_case.stall()
        with pytest.raises(SourceError, match="has stopped sending pictures") as caught:
            list(source.frames())
        assert name in caught.value.title
        assert "0.7 s" in caught.value.detail
        assert caught.value.what_to_do


def test_the_rate_can_be_limited(any_case: Case) -> None:
    with any_case.open(max_rate_hz=5.0, frame_rate_hz=10.0) as source:
        frames = _take(source, 4)
    if len(frames) == 4:
        # One frame in each of four intervals of 0.2 s: at least two whole intervals lie between them.
        assert frames[-1].t_s - frames[0].t_s >= 2 / 5 - 1e-6
    if any_case.count == 12:
        unrelated = source.info.unrelated
        assert [frame.index for frame in frames] == [0, 1, 2, 3] if unrelated else [0, 2, 4, 6]


def test_a_stretch_of_time_is_honoured_or_refused(any_case: Case) -> None:
    if any_case.count is None or any_case.kind == "web-file":
        with pytest.raises(SourceError, match="stretch of time"):
            any_case.open(start_s=0.5)
    elif any_case.count > 1:
        with any_case.open(start_s=0.45, end_s=0.8, frame_rate_hz=10.0) as source:
            frames = list(source.frames())
        assert [frame.index for frame in frames] == [5, 6, 7]
        assert [frame.t_s for frame in frames] == pytest.approx([0.5, 0.6, 0.7])
    else:
        with pytest.raises(SourceError, match="stretch of time"):
            any_case.open(start_s=5.0)


@pytest.mark.parametrize(
    "spec",
    ["97", "webcam:97", "webcam:No Such Camera", "nowhere.mp4", "nowhere/", "http://127.0.0.1:9/video"],
)
def test_a_missing_source_is_an_error_that_names_it(spec: str) -> None:
    with pytest.raises(SourceError) as caught:
        open_source(spec)
    assert spec.removeprefix("webcam:") in caught.value.title
    assert caught.value.what_to_do


def test_a_missing_webcam_number_on_the_way_to_the_driver() -> None:
    # As on systems where no list of devices can be looked up first.
    with pytest.raises(SourceError, match="Cannot open camera 97"):
        webcam_source(97, "camera 97", None, CaptureOptions())
