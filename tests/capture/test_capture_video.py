"""Video files as they are met: odd shapes, odd clocks, damage."""

from __future__ import annotations

import contextlib
import itertools
import math
import os
import random
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from amounts import amount
from capture.media import LEVELS, blue_corner, make_sound, make_video, number_of, picture, remux
from posture_cv.capture import CaptureOptions, Frame, SourceError, open_source
from posture_cv.capture.prefetch import Prefetched
from posture_cv.capture.video_extent import video_extent
from shared_material import shared_path


def _read(path: Path, **options: float | None) -> tuple[list[Frame], list[str]]:
    with open_source(str(path), options=CaptureOptions(**options)) as source:  # type: ignore[arg-type]
        frames = list(source.frames())
        return frames, source.warnings


def _seen(path: Path, **options: float | None) -> list[tuple[int, float, int]]:
    frames, warnings = _read(path, **options)
    assert warnings == []
    return [(frame.index, frame.t_s, number_of(frame.image_bgr)) for frame in frames]


def test_variable_frame_rate_keeps_its_own_times(tmp_path: Path) -> None:
    times = [0.0, 0.1, 0.15, 0.5, 1.5, 1.51, 3.0]
    path = make_video(tmp_path / "vfr.mp4", times_s=times)
    assert _seen(path) == list(zip(range(7), times, range(7), strict=True))


@pytest.mark.parametrize("rate_hz", [5, 25, 30000 / 1001])
def test_steady_rates(tmp_path: Path, rate_hz: float) -> None:
    path = make_video(tmp_path / "steady.mkv", rate_hz=rate_hz, count=20)
    with open_source(str(path)) as source:
        assert source.info.frame_rate_hz == pytest.approx(rate_hz, rel=0.02)
        assert [f.t_s for f in source.frames()] == pytest.approx([n / rate_hz for n in range(20)], abs=1e-3)


@pytest.mark.parametrize(
    ("rotation_deg", "mirror", "corner"),
    [
        (0, False, ("top", "left")),
        (90, False, ("bottom", "left")),
        (180, False, ("bottom", "right")),
        (-90, False, ("top", "right")),
        (0, True, ("top", "right")),
        (90, True, ("bottom", "right")),
        (180, True, ("bottom", "left")),
        (-90, True, ("top", "left")),
    ],
)
def test_a_turned_telephone_gives_upright_pictures(
    tmp_path: Path, rotation_deg: int, mirror: bool, corner: tuple[str, str]
) -> None:
    path = make_video(tmp_path / "turned.mp4", count=3, rotation_deg=rotation_deg, mirror=mirror)
    upright = (48, 64) if rotation_deg in {0, 180} else (64, 48)
    with open_source(str(path)) as source:
        for frame in source.frames():
            assert frame.image_bgr.shape[:2] == upright
            assert blue_corner(frame.image_bgr) == corner
            assert number_of(frame.image_bgr) == frame.index
        assert (source.info.height_px, source.info.width_px) == upright


@pytest.mark.parametrize("size_px", [(270, 481), (641, 359), (2, 2), (3840, 2160), (1080, 1920)])
def test_odd_portrait_tiny_and_4k(tmp_path: Path, size_px: tuple[int, int]) -> None:
    options = {"preset": "ultrafast"}
    path = make_video(tmp_path / "size.mp4", count=3, size_px=size_px, codec="libx264", options=options)
    frames, warnings = _read(path)
    assert [frame.image_bgr.shape for frame in frames] == [(size_px[1], size_px[0], 3)] * 3
    assert warnings == []


def test_pixels_that_are_not_square_are_made_so(tmp_path: Path) -> None:
    path = make_video(tmp_path / "wide.mp4", count=2, aspect=Fraction(16, 11), size_px=(88, 72))
    frames, _ = _read(path)
    assert frames[0].image_bgr.shape == (72, 128, 3)


def test_colours_are_right(tmp_path: Path) -> None:
    path = make_video(tmp_path / "colour.mp4", count=1, codec="libx264", options={"qp": "0"})
    (frame,), _ = _read(path)
    difference = np.abs(frame.image_bgr.astype(int) - picture(0))
    assert np.median(difference) <= 3
    assert blue_corner(frame.image_bgr) == ("top", "left")


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "avi", "ts", "mov", "webm", "gif", "m4v", "mpg"])
def test_kinds_of_files(tmp_path: Path, suffix: str) -> None:
    codec = {"webm": "libvpx-vp9", "gif": "gif", "mpg": "mpeg1video", "ts": "mpeg2video"}.get(suffix, "mpeg4")
    path = tmp_path / f"clip.{suffix}"
    if codec == "gif":
        _make_gif(path)
    else:
        make_video(path, count=12, rate_hz=25, codec=codec)
    frames, warnings = _read(path)
    assert len(frames) >= 11
    assert warnings == []
    assert all(a.t_s < b.t_s for a, b in itertools.pairwise(frames))


def _make_gif(path: Path) -> None:
    with av.open(str(path), "w") as output:
        stream = output.add_stream("gif", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "rgb8"
        for number in range(12):
            frame = av.VideoFrame.from_ndarray(picture(number), format="bgr24").reformat(format="rgb8")
            frame.pts, frame.time_base = number, Fraction(1, 25)
            output.mux(stream.encode(frame))
        output.mux(stream.encode())


def test_a_raw_stream_without_times_gets_steady_ones(tmp_path: Path) -> None:
    path = make_video(tmp_path / "raw.h264", count=10, rate_hz=25, codec="libx264", options={"bf": "0"})
    frames, _ = _read(path)
    assert [frame.index for frame in frames] == list(range(10))
    steps = np.diff([frame.t_s for frame in frames])
    assert (steps > 0).all()


@pytest.mark.parametrize(("suffix", "codec"), [("h264", "libx264"), ("hevc", "libx265")])
def test_a_raw_stream_keeps_the_rate_that_it_states(tmp_path: Path, suffix: str, codec: str) -> None:
    options = {"x265-params": "log-level=none"} if codec == "libx265" else {}
    path = make_video(tmp_path / f"raw.{suffix}", count=20, rate_hz=10, codec=codec, options=options)
    frames, warnings = _read(path)
    assert [frame.t_s for frame in frames] == pytest.approx([n / 10 for n in range(20)])
    assert warnings == []


def test_a_rate_that_is_nowhere_stated_is_said_to_be_assumed(tmp_path: Path) -> None:
    path = make_video(tmp_path / "raw.mjpeg", count=10, rate_hz=10, codec="mjpeg")
    frames, warnings = _read(path)
    assert [frame.t_s for frame in frames] == pytest.approx([n / 25 for n in range(10)])
    assert len(warnings) == 1
    assert "25.0 pictures a second are assumed" in warnings[0]


@pytest.mark.parametrize("start_s", [0.0, 2.35])
def test_reordered_pictures_in_avi_are_all_there(tmp_path: Path, start_s: float) -> None:
    """AVI does not say when a picture is shown, and what FFmpeg makes of that is wrong for H.264."""
    ordering = {"bf": "3", "b_strategy": "0", "g": "20"}
    path = make_video(tmp_path / "reordered.avi", count=60, rate_hz=10, codec="libx264", options=ordering)
    seen = _seen(path, start_s=start_s)
    first = math.ceil(start_s * 10)
    assert [(index, number) for index, _, number in seen] == [(n, n % LEVELS) for n in range(first, 60)]
    assert [t_s for _, t_s, _ in seen] == pytest.approx([n / 10 for n in range(first, 60)])
    assert not video_extent(path, path.name).cuttable


def test_sound_beside_pictures_does_not_matter(tmp_path: Path) -> None:
    path = make_video(tmp_path / "talk.mp4", count=10, sound=True)
    assert [index for index, _, _ in _seen(path)] == list(range(10))


# Stretches


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "avi", "ts"])
@pytest.mark.parametrize("start_s", [0.05, 1.0, 1.23, 3.9])
def test_a_stretch_equals_that_part_of_the_whole(tmp_path: Path, suffix: str, start_s: float) -> None:
    codec, options = ("mpeg4", {"g": "12"}) if suffix == "avi" else ("libx264", {"g": "12", "bf": "2"})
    base = make_video(tmp_path / "base.mp4", count=80, rate_hz=20, codec=codec, options=options)
    path = base if suffix == "mp4" else remux(base, tmp_path / f"whole.{suffix}")
    whole, _ = _read(path)
    part, warnings = _read(path, start_s=start_s, end_s=start_s + 0.6)
    expected = [f for f in whole if start_s <= f.t_s < start_s + 0.6]
    assert warnings == []
    assert [(f.index, f.t_s) for f in part] == [(f.index, f.t_s) for f in expected]
    assert all(np.array_equal(a.image_bgr, b.image_bgr) for a, b in zip(part, expected, strict=True))


def test_parts_at_a_lower_rate_join_to_the_whole(tmp_path: Path) -> None:
    times = list(np.cumsum([0.0] + [0.03, 0.07, 0.05] * 40).round(3))
    path = make_video(tmp_path / "vfr.mp4", times_s=times, options={"g": "10"})
    whole = _seen(path, max_rate_hz=5)
    parts = [_seen(path, max_rate_hz=5, start_s=a, end_s=a + 1.0) for a in range(7)]
    assert [each for part in parts for each in part] == whole
    assert len(whole) == 31


def test_a_start_behind_the_end_is_an_error_that_tells_the_length(tmp_path: Path) -> None:
    path = make_video(tmp_path / "short.mp4", count=20)
    with pytest.raises(SourceError, match=r"2\.0 s long"):
        _read(path, start_s=50.0)


# Damage


def _cut(path: Path, share: float, target: Path) -> Path:
    data = path.read_bytes()
    target.write_bytes(data[: int(len(data) * share)])
    return target


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "avi"])
def test_a_truncated_video_gives_what_it_holds_and_says_so(tmp_path: Path, suffix: str) -> None:
    faststart = {"movflags": "faststart"} if suffix == "mp4" else None
    whole = make_video(
        tmp_path / f"whole.{suffix}",
        count=200,
        codec="mjpeg" if suffix == "avi" else "libx264",
        options={} if suffix == "avi" else {"g": "10"},
        size_px=(160, 120),
        container_options=faststart,
    )
    path = _cut(whole, 0.6, tmp_path / f"cut.{suffix}")
    frames, warnings = _read(path)
    assert 20 < len(frames) < 200
    assert [frame.index for frame in frames] == list(range(len(frames)))
    assert all(number_of(frame.image_bgr) == round(frame.t_s * 10) % LEVELS for frame in frames)
    assert any("is truncated: " in text and str(path) in text for text in warnings), warnings


def test_an_unfinished_recording_is_refused_and_says_why(tmp_path: Path) -> None:
    path = _cut(make_video(tmp_path / "whole.mp4"), 0.8, tmp_path / "cut.mp4")
    with pytest.raises(SourceError, match=r"is incomplete .*not finished"):
        _read(path)


def _spoil(path: Path, seed: int) -> Path:
    """Overwrite short stretches of the pictures' data, not of the tables before them."""
    data = bytearray(path.read_bytes())
    random = np.random.default_rng(seed)
    start = data.find(b"mdat") + 2000
    for at in random.integers(start, len(data) - 60, 12):
        data[at : at + 40] = random.bytes(40)
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("seed", range(3))
def test_damaged_frames_leave_gaps_and_the_rest_is_the_same_each_time(tmp_path: Path, seed: int) -> None:
    path = make_video(
        tmp_path / "spoilt.mp4",
        count=120,
        codec="libx264",
        size_px=(160, 120),
        options={"g": "6", "qp": "8"},
        container_options={"movflags": "faststart"},
    )
    frames, warnings = _read(_spoil(path, seed))
    assert 0 < len(frames) < 120
    assert frames[-1].index > len(frames) - 1
    assert any("damaged frame" in text for text in warnings)
    assert frames[-1].t_s == pytest.approx(frames[-1].index / 10)
    again, _ = _read(path)
    assert [f.index for f in again] == [f.index for f in frames]
    assert all(np.array_equal(a.image_bgr, b.image_bgr) for a, b in zip(frames, again, strict=True))


def test_a_clock_that_starts_anew_is_joined(tmp_path: Path) -> None:
    path = make_video(tmp_path / "a.ts", count=40, codec="mpeg2video", rate_hz=25)
    assert video_extent(path, path.name).cuttable
    path.write_bytes(path.read_bytes() * 2)
    assert not video_extent(path, path.name).cuttable, "a time in it means two places"
    frames, warnings = _read(path)
    assert len(frames) > 70
    assert all(a.t_s < b.t_s for a, b in itertools.pairwise(frames))
    assert frames[-1].t_s > 2.8
    assert any("clock starts anew" in text for text in warnings), warnings


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "avi", "ts"])
def test_any_damage_gives_frames_or_an_error(tmp_path: Path, suffix: str) -> None:
    options = {"movflags": "faststart"} if suffix == "mp4" else None
    codec = "mpeg2video" if suffix == "ts" else "mpeg4"
    whole = make_video(
        tmp_path / f"whole.{suffix}", count=30, rate_hz=25, codec=codec, container_options=options
    ).read_bytes()
    path = tmp_path / f"spoilt.{suffix}"
    for seed in range(25):
        path.write_bytes(_damage(whole, random.Random(seed)))
        with contextlib.suppress(SourceError):
            frames, _ = _read(path, start_s=0.5 * (seed % 2))
            assert len(frames) < 500
            assert all(a.t_s < b.t_s and a.index < b.index for a, b in itertools.pairwise(frames))


def _damage(whole: bytes, chooser: random.Random) -> bytes:
    data = bytearray(whole)
    for _ in range(chooser.randrange(1, 12)):
        at = chooser.randrange(chooser.choice([1500, len(data)]) - 8)
        new = chooser.choice([chooser.randbytes(1), b"\xff\xff\xff\xff", b"\0\0\0\0", b"\x7f\xff\xff\xff"])
        data[at : at + len(new)] = new
    return bytes(data[: chooser.randrange(len(data))] if chooser.random() < 0.3 else data)


# What is no video


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty"),
        (b"Dear all,\nplease find the video attached.\n" * 50, "is not a video It holds text"),
        ("Grüße aus dem Büro ☀\n".encode() * 400, "is not a video It holds text"),
        (b"#EXTM3U\n#EXTINF:10,\nhttp://127.0.0.1:9/a.ts\n", "is not a video"),
        (b"ffconcat version 1.0\nfile /etc/hostname\n", "is not a video"),
        (b"PK\x03\x04" + bytes(range(256)) * 20, "is not a video that can be read"),
        (bytes(5000), "is not a video that can be read"),
        (b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + b"\0" * 100, "is incomplete"),
    ],
)
def test_files_that_are_no_videos(tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "holiday.mp4"
    path.write_bytes(content)
    with pytest.raises(SourceError) as caught:
        open_source(str(path))
    assert says in str(caught.value)
    assert str(path) in caught.value.title
    assert caught.value.what_to_do


def test_sound_alone_is_refused(tmp_path: Path) -> None:
    path = make_sound(tmp_path / "memo.mp4")
    with pytest.raises(SourceError, match=r"No video in .*memo\.mp4 It holds only audio"):
        open_source(str(path))


def test_too_large_pictures_are_refused(tmp_path: Path) -> None:
    path = make_video(tmp_path / "large.mp4", count=2, size_px=(640, 480))
    with pytest.raises(SourceError, match="too large"):
        _read(path, max_pixels=300_000)


def test_a_pipe_does_not_hang(tmp_path: Path) -> None:
    path = tmp_path / "pipe.mp4"
    os.mkfifo(path)
    with pytest.raises(SourceError, match="is no file"):
        open_source(str(path))


def test_nothing_is_printed_about_damage(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = make_video(tmp_path / "spoilt.mp4", count=60, container_options={"movflags": "faststart"})
    _read(_spoil(path, 1))
    assert capfd.readouterr() == ("", "")


def test_memory_does_not_grow_with_length(tmp_path: Path) -> None:
    # 640 x 480 as BGR is 0.9 MB: kept frames would be seen at once.
    paths = [make_video(tmp_path / f"{n}.mp4", count=n, size_px=(640, 480)) for n in (30, amount(150, 600))]
    program = (
        "import resource, sys; from posture_cv.capture import open_source\n"
        "for path in sys.argv[1:]:\n"
        "    with open_source(path) as source:\n"
        "        for _ in source.frames(): pass\n"
        "    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, *map(str, paths)], capture_output=True, text=True, check=True
    )
    short_kb, long_kb = map(int, done.stdout.split())
    assert long_kb - short_kb < 20_000


# Reading ahead


def test_reading_ahead_carries_errors_home(tmp_path: Path) -> None:
    source = Prefetched(open_source(str(make_video(tmp_path / "a.mp4", count=30))), depth=2)
    frames = source.frames()
    next(frames)
    source._source.close()
    with pytest.raises(SourceError, match="is closed"):
        list(frames)
    source.close()


def test_reading_ahead_reads_no_further_than_its_depth(tmp_path: Path) -> None:
    inner = open_source(str(make_video(tmp_path / "a.mp4", count=30)))
    with Prefetched(inner, depth=3) as source:
        frames = source.frames()
        next(frames)
        with source._changed:
            assert source._changed.wait_for(lambda: len(source._ready) == 3, 20)
        assert [frame.index for frame in frames] == list(range(1, 30))
        assert len(source._ready) == 0


def test_the_recorded_clips() -> None:
    for name, count in (("desk-front", 450), ("desk-side", 250)):
        seen = _seen(shared_path("ground-truth", "clips", name, f"{name}.mp4"))
        assert [index for index, _, _ in seen] == list(range(count))
        assert [t_s for _, t_s, _ in seen] == pytest.approx([n / 10 for n in range(count)])


def test_a_whole_video_that_starts_late_is_not_called_truncated(tmp_path: Path) -> None:
    """As recorders leave it that cut a running recording: the first picture bears the time 50 s."""
    times_s = [50.0 + 0.1 * k for k in range(40)]
    path = make_video(tmp_path / "late.mkv", times_s=times_s)
    with open_source(str(path)) as source:
        frames = list(source.frames())
        assert len(frames) == 40
        assert source.info.duration_s == pytest.approx(4.0, abs=0.2)
        assert not source.warnings


def test_reading_ahead_where_the_system_gives_no_thread_ends_in_its_own_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: object) -> None:
        raise RuntimeError("can't start new thread")

    inner = open_source(str(make_video(tmp_path / "a.mp4", count=3)))
    monkeypatch.setattr("threading.Thread.start", refuse)
    with pytest.raises(RuntimeError, match="can't start new thread"), Prefetched(inner) as source:
        next(source.frames())
    with pytest.raises(SourceError, match="closed"):
        next(inner.frames())
