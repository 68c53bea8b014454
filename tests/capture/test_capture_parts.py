"""The small parts: numbering, rates, display matrix, tables, messages, silence."""

from __future__ import annotations

import io
import itertools
import math
import os
import random
import struct
import subprocess
import sys
import threading
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from capture.media import make_video
from posture_cv.capture import CaptureOptions, Frame, SourceError, open_source, wire
from posture_cv.capture.base import RateGate, Warnings
from posture_cv.capture.mp4_claims import false_claim, whole_boxes
from posture_cv.capture.quiet import quiet_stderr
from posture_cv.capture.rational import Ratio, fraction
from posture_cv.capture.silence import Silence
from posture_cv.capture.timeline import Timeline
from posture_cv.capture.video_frame import FrameConverter, Orientation
from posture_cv.landmarks.recording import check_times

# Frame and options


@pytest.mark.parametrize("shape", [(4, 4), (4, 4, 4), (0, 4, 3)])
def test_a_frame_refuses_other_shapes(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="shape"):
        Frame(0, 0.0, np.zeros(shape, np.uint8))


def test_a_frame_refuses_other_numbers() -> None:
    image = np.zeros((2, 2, 3), np.uint8)
    for index, t_s in ((-1, 0.0), (0, -1.0), (0, math.nan), (0, math.inf)):
        with pytest.raises(ValueError, match="negative"):
            Frame(index, t_s, image)
    with pytest.raises(ValueError, match="uint8"):
        Frame(0, 0.0, image.astype(np.float32))


@pytest.mark.parametrize(
    "wrong",
    [
        {"start_s": -1.0},
        {"start_s": math.nan},
        {"start_s": 5.0, "end_s": 5.0},
        {"end_s": math.nan},
        {"max_rate_hz": 0.0},
        {"frame_rate_hz": math.inf},
        {"width_px": -3},
        {"open_timeout_s": 0.0},
        {"reopen_within_s": -1.0},
        {"decode_threads": -1},
    ],
)
def test_options_out_of_range_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(reversed(wrong)).removesuffix("_threads")):
        CaptureOptions(**wrong)  # type: ignore[arg-type]


# Timeline


@given(
    stamps=st.lists(st.integers(0, 10**6), min_size=1, max_size=80, unique=True).map(sorted),
    lost=st.sets(st.integers(0, 79)),
    seed=st.integers(0, 1000),
)
def test_a_frame_s_number_is_its_rank_whatever_is_lost(stamps: list[int], lost: set[int], seed: int) -> None:
    order = _decoding_order(stamps, seed)
    line = Timeline(Fraction(1, 1000), stamps[0], 0.04)
    placed = {}
    for step, stamp in enumerate(order):
        line.add_packet(stamp)
        # A decoder gives a frame once all that are shown before it have come.
        ready = [
            s
            for s in stamps
            if s not in placed and set(stamps[: stamps.index(s) + 1]) <= set(order[: step + 1])
        ]
        for s in ready:
            rank = stamps.index(s)
            placed[s] = None if rank in lost else line.place(s)
    for rank, stamp in enumerate(stamps):
        if rank not in lost:
            assert placed[stamp] == (rank, (stamp - stamps[0]) / 1000)
    assert line.passed == len(stamps)


def _decoding_order(stamps: list[int], seed: int) -> list[int]:
    """Shuffle within groups of four, as frames that refer to later ones do."""
    chooser = random.Random(seed)
    groups = [stamps[at : at + 4] for at in range(0, len(stamps), 4)]
    return [s for group in groups for s in chooser.sample(group, len(group))]


@given(
    st.lists(st.one_of(st.none(), st.integers(-(10**7), 10**7)), max_size=60),
    st.sampled_from([Fraction(1, 90_000), Fraction(1, 10**9)]),
    st.sampled_from([0.04, 1e-9]),
)
def test_times_advance_by_what_a_recording_keeps_whatever_the_stamps(
    stamps: list[int | None], time_base: Fraction, interval_s: float
) -> None:
    line = Timeline(time_base, 0, interval_s)
    placed = []
    for stamp in stamps:
        line.add_packet(stamp)
        if (each := line.place(stamp)) is not None:
            placed.append(each)
    assert all(a[0] < b[0] and a[1] < b[1] for a, b in itertools.pairwise(placed))
    assert all(t_s >= 0 for _, t_s in placed)
    check_times(np.array([t_s for _, t_s in placed]))
    assert len(placed) + line.out_of_order == len(stamps)


def test_packets_that_never_become_frames_do_not_pile_up() -> None:
    line = Timeline(Fraction(1, 1000), 0, 0.04)
    for stamp in range(20_000):
        line.add_packet(stamp)
    assert len(line._pending) < 5000
    assert line.passed == 20_000
    assert line.place(19_999) == (19_999, 19.999)


def test_a_frame_that_is_left_out_for_its_time_leaves_its_number_free() -> None:
    line = Timeline(Fraction(1, 1000), 0, 0.04)
    for stamp in (0, 40, 40, 80):
        line.add_packet(stamp)
    assert [line.place(stamp) for stamp in (0, 40, 40, 80)] == [(0, 0.0), (1, 0.04), None, (3, 0.08)]
    assert (line.out_of_order, line.passed) == (1, 4)


@pytest.mark.parametrize(
    ("aspect", "width"), [(Fraction(2), 128), (Fraction(100), 64), (Fraction(1, 100), 64), (None, 64)]
)
def test_pixels_of_a_shape_that_no_camera_has_are_taken_for_square(
    aspect: Fraction | None, width: int
) -> None:
    import av

    picture = FrameConverter(aspect, 1_000_000).convert(av.VideoFrame(64, 48, "rgb24"))
    assert picture is not None
    assert picture.shape == (48, width, 3)


# Rate


@given(rate_hz=st.integers(1, 240), limit_hz=st.floats(0.05, 300), count=st.integers(1, 300))
def test_a_limited_rate_takes_the_first_frame_of_each_interval(
    rate_hz: int, limit_hz: float, count: int
) -> None:
    gate = RateGate(limit_hz)
    times = [n / rate_hz for n in range(count)]
    taken = [t for t in times if gate.is_due(t)]
    first_of_tick: dict[int, float] = {}
    for t in times:
        first_of_tick.setdefault(math.floor(t * limit_hz + 1e-6), t)
    assert taken == list(first_of_tick.values())


def test_ten_of_thirty_is_every_third() -> None:
    gate = RateGate(10)
    assert [n for n in range(300) if gate.is_due(n / 30)] == list(range(0, 300, 3))


def test_no_limit_takes_all_and_a_new_one_takes_the_next() -> None:
    gate = RateGate(None)
    assert all(gate.is_due(n / 30) for n in range(10))
    gate.set_rate(1.0)
    assert [gate.is_due(t) for t in (5.9, 5.95, 6.0, 6.5)] == [True, False, True, False]


@given(st.floats(0.01, 50.0), st.integers(0, 10_000))
def test_after_a_damaged_frame_the_next_one_is_due(limit_hz: float, frame: int) -> None:
    gate = RateGate(limit_hz)
    gate.is_due(frame / 100.0)
    gate.again()
    assert gate.is_due((frame + 1) / 100.0)
    # What is due again counts as the pick of its interval.
    assert gate.is_due((frame + 1) / 100.0) is False


def test_a_rate_changed_by_another_thread_in_the_middle_of_a_question_stops_no_pictures(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    gate = RateGate(30.0)

    def meanwhile(value: float) -> int:
        gate.set_rate(1.0)
        return math.floor(value)

    with monkeypatch.context() as patch:
        patch.setattr("posture_cv.capture.base.math", SimpleNamespace(floor=meanwhile))
        assert gate.is_due(3600.0)  # interval 108,000 at the old rate
    assert [gate.is_due(t) for t in (3600.2, 3600.5, 3601.0)] == [True, False, True]


# Display matrix


@pytest.mark.parametrize("quarter_turns", range(4))
@pytest.mark.parametrize("mirror", [False, True])
def test_all_eight_ways_to_hold_a_camera(quarter_turns: int, mirror: bool) -> None:
    image = np.arange(2 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3)
    # Clockwise quarter turns map (p, q) to (-q, p); mirroring then negates the first coordinate.
    matrix = np.linalg.matrix_power(np.array([[0, 1], [-1, 0]]), quarter_turns)
    expected = np.rot90(image, -quarter_turns)
    if mirror:
        matrix, expected = matrix @ np.diag([-1, 1]), expected[:, ::-1]
    (a, b), (c, d) = (matrix * 65536).tolist()
    turned = Orientation.from_display_matrix(struct.pack("=9i", a, b, 0, c, d, 0, 0, 0, 1 << 30)).apply(image)
    assert np.array_equal(turned, expected)
    assert turned.flags.c_contiguous


# MP4 tables


def _patch(path: Path, box: bytes, offset: int, *numbers: int) -> Path:
    data = bytearray(path.read_bytes())
    at = data.find(box) + 4 + offset
    struct.pack_into(f">{len(numbers)}I", data, at, *numbers)
    path.write_bytes(data)
    return path


def test_an_honest_file_claims_nothing_false(tmp_path: Path) -> None:
    path = make_video(tmp_path / "a.mp4", sound=True)
    assert false_claim(path) is None
    assert {b"ftyp", b"moov", b"mdat"} <= whole_boxes(path)
    fragments = make_video(tmp_path / "b.mp4", container_options={"movflags": "frag_keyframe+empty_moov"})
    assert false_claim(fragments) is None


@pytest.mark.parametrize("count", [10**8, 10**9, 2**32 - 1])
def test_a_claim_of_a_thousand_million_frames_costs_nothing(tmp_path: Path, count: int) -> None:
    path = _patch(make_video(tmp_path / "a.mp4"), b"stsz", 4, 1, count)
    with pytest.raises(SourceError, match=f"claims {count:,} samples"):
        open_source(str(path))


def test_a_claim_in_a_fragment_is_seen(tmp_path: Path) -> None:
    options = {"movflags": "frag_keyframe+empty_moov"}
    path = _patch(make_video(tmp_path / "a.mp4", container_options=options), b"trun", 4, 10**9)
    assert "1,000,000,0" in (false_claim(path) or "")


def test_a_claimed_length_that_cannot_be_is_not_believed(tmp_path: Path) -> None:
    path = _patch(make_video(tmp_path / "a.mp4", count=30), b"stts", 8, 10**9)
    with open_source(str(path)) as source:
        assert source.info.frame_count is None
        assert 0 < len(list(source.frames())) <= 30
        assert any("1,000,000,000 frames" in text for text in source.warnings)


@given(st.binary(max_size=400))
def test_tables_of_any_bytes_are_walked_to_an_end(
    tmp_path_factory: pytest.TempPathFactory, tail: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.mp4"
    path.write_bytes(b"\0\0\0\x08ftyp" + tail)
    false_claim(path)
    whole_boxes(path)


# Messages


class _Pipe(io.BytesIO):
    """Gives its bytes in small pieces, as pipes do."""

    def readinto(self, buffer: object) -> int:
        view = memoryview(buffer)  # type: ignore[arg-type]
        piece = self.read(min(len(view), 1000))
        view[: len(piece)] = piece
        return len(piece)


@given(
    width=st.integers(1, 50),
    height=st.integers(1, 50),
    index=st.integers(0, 2**60),
    seconds=st.floats(0, 1e9),
)
def test_messages_arrive_as_they_were_sent(width: int, height: int, index: int, seconds: float) -> None:
    image = np.random.default_rng(width).integers(0, 255, (height, width, 3), np.uint8)
    pipe = _Pipe()
    sender = wire.Sender(pipe)
    sender.note(wire.OPENED, (width, height), frame_rate_hz=29.97)
    sender.image(index, seconds, image)
    sender.note(wire.ENDED)
    pipe.seek(0)
    opened, frame, ended, end = (wire.receive(pipe) for _ in range(4))  # type: ignore[arg-type]
    assert opened is not None
    assert opened.data == {"frame_rate_hz": 29.97}
    assert (opened.width_px, opened.height_px) == (width, height)
    assert frame is not None
    assert frame.image is not None
    assert (frame.index, frame.seconds) == (index, seconds)
    assert np.array_equal(frame.image, image)
    assert ended is not None
    assert ended.kind == wire.ENDED
    assert end is None


@given(st.binary(max_size=200))
def test_other_bytes_are_refused_without_great_memory(data: bytes) -> None:
    pipe = _Pipe(data)
    try:
        while wire.receive(pipe) is not None:  # type: ignore[arg-type]
            pass
    except ValueError:
        pass


@pytest.mark.parametrize(
    ("kind", "length"), [(wire.OPENED, (1 << 30) + 1), (wire.FRAME, 4 * 2 * 3 - 1), (wire.FRAME, 4 * 2 * 4)]
)
def test_a_message_that_cannot_be_is_refused_before_it_is_read(kind: bytes, length: int) -> None:
    with pytest.raises(ValueError, match=f"of {length} bytes"):
        wire.receive(_Pipe(wire.HEADER.pack(kind, length, 0, 0.0, 4, 2)))  # type: ignore[arg-type]


# Silence and quiet


def test_silence_is_counted_only_while_somebody_looks() -> None:
    silence = Silence(4.0)
    assert not silence.is_over(100.0)
    assert not silence.is_over(101.5)
    # The machine slept for an hour.
    assert not silence.is_over(3701.5)
    assert silence.is_over(3702.1)
    silence.broken()
    assert not silence.is_over(3800.0)


def test_silence_gives_the_time_left() -> None:
    silence = Silence(1.5)
    assert silence.left_s(10.0) == 1.0
    assert silence.left_s(11.0) == pytest.approx(0.5)
    assert silence.left_s(11.6) == 0.0


def test_without_a_standard_error_there_is_nothing_to_restore() -> None:
    program = "import os\nos.close(2)\nfrom posture_cv.capture.quiet import quiet_stderr\n"
    program += "with quiet_stderr():\n    pass\nprint('done')"
    paths = os.pathsep.join(path for path in sys.path if path)
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": paths},
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "done\n")


def test_a_source_s_warnings_do_not_grow_without_end() -> None:
    warnings = Warnings()
    for number in range(1000):
        warnings.add(f"lost {number}")
    assert warnings.texts() == [*(f"lost {number}" for number in range(50)), "and 950 more of this kind"]


def test_what_libraries_print_is_discarded_and_the_stream_restored(capfd: pytest.CaptureFixture[str]) -> None:
    def shout() -> None:
        for _ in range(50):
            with quiet_stderr(), quiet_stderr():
                os.write(2, b"chatter")

    threads = [threading.Thread(target=shout) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    os.write(2, b"heard")
    assert capfd.readouterr().err == "heard"


@pytest.mark.parametrize("ratio", [Fraction(4, 3), SimpleNamespace(numerator=4, denominator=3)])
def test_a_ratio_of_any_kind_is_a_fraction(ratio: Ratio) -> None:
    assert fraction(ratio) == Fraction(4, 3)
    assert isinstance(fraction(ratio), Fraction)


@pytest.mark.parametrize("numbers", [(0, 1), (0, 0), (1, 0)])
def test_a_ratio_that_is_not_known_is_none(numbers: tuple[int, int]) -> None:
    assert fraction(SimpleNamespace(numerator=numbers[0], denominator=numbers[1])) is None
    assert fraction(None) is None
