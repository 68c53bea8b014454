"""Recordings as they come out of real life: damaged, turned, odd, huge, slow, mute of pictures, or no recordings."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

import av
import cv2
import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from av.video.stream import VideoStream

SAMPLES: Final = Path(__file__).resolve().parents[1] / "samples"
Picture = NDArray[np.uint8]
CALIBRATE_S: Final = (0.0, 1.0)


def sitting(count: int) -> list[Picture]:
    """So many pictures, 0.1 s apart, of somebody who sits upright."""
    return _pictures(0, count)


def empty_room(count: int) -> list[Picture]:
    """The same room when they have left."""
    return _pictures(450 - count, 450)


def _pictures(start: int, end: int) -> list[Picture]:
    found: list[Picture] = []
    with av.open(str(SAMPLES / "desk-front.mp4")) as container:
        container.seek(
            int(max(0, start / 10 - 1) / cast("Fraction", container.streams.video[0].time_base)),
            stream=container.streams.video[0],
        )
        for frame in container.decode(video=0):
            number = round(float(frame.time or 0.0) * 10)
            if number >= end:
                break
            if number >= start:
                found.append(np.asarray(frame.to_ndarray(format="bgr24"), np.uint8))
    return found


def write(
    path: Path,
    pictures: Sequence[Picture],
    *,
    times_s: Sequence[float] | None = None,
    rate_hz: int = 10,
    codec: str = "libx264",
    container_options: dict[str, str] | None = None,
) -> Path:
    """Write pictures as a video, at a steady rate or at the given times."""
    height, width = pictures[0].shape[:2]
    times = [k / rate_hz for k in range(len(pictures))] if times_s is None else times_s
    with av.open(str(path), "w", container_options=container_options or {}) as output:
        stream = cast("VideoStream", output.add_stream(codec, rate=rate_hz))
        stream.width, stream.height = width, height
        stream.pix_fmt = "yuv444p" if width % 2 or height % 2 else "yuv420p"
        stream.codec_context.time_base = Fraction(1, 1000)
        stream.codec_context.options = {"preset": "ultrafast"} if codec == "libx264" else {}
        stream.codec_context.gop_size = 5
        for picture, t_s in zip(pictures, times, strict=True):
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="bgr24")
            frame.pts, frame.time_base = round(t_s * 1000), Fraction(1, 1000)
            output.mux(stream.encode(frame))
        output.mux(stream.encode())
    return path


def whole(folder: Path) -> Path:
    return write(folder / "whole.mp4", sitting(12))


def truncated(folder: Path) -> Path:
    """The second half is missing; the index at the front still promises it."""
    path = write(folder / "truncated.mp4", sitting(30), container_options={"movflags": "+faststart"})
    data = path.read_bytes()
    path.write_bytes(data[: len(data) * 6 // 10])
    return path


def without_index(folder: Path) -> Path:
    """The copy was broken off before the index at the end."""
    path = write(folder / "without-index.mp4", sitting(12))
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    return path


def variable_rate(folder: Path) -> Path:
    """From 5 to 50 pictures a second, as telephones deliver in the dark."""
    pauses = np.tile([0.02, 0.05, 0.2, 0.033], 3)
    return write(folder / "variable-rate.mkv", sitting(12), times_s=[0.0, *np.cumsum(pauses)[:-1]])


def turned(folder: Path) -> Path:
    """Lying pictures with a display matrix that sets them upright, as telephones write."""
    lying = [np.asarray(cv2.rotate(p, cv2.ROTATE_90_CLOCKWISE), np.uint8) for p in sitting(11)]
    path = write(folder / "turned.mp4", lying)
    data = bytearray(path.read_bytes())
    matrix = np.array([0, -1, 0, 1, 0, 0, 0, 0, 1 << 14], np.int64) << 16
    at = data.find(b"tkhd") + 44
    data[at : at + 36] = matrix.astype(">i4").tobytes()
    path.write_bytes(data)
    return path


def portrait(folder: Path) -> Path:
    """A tall picture whose width and height are odd."""
    return write(folder / "portrait.mkv", [p[3:, 140:501] for p in sitting(11)])


def huge(folder: Path) -> Path:
    """4K."""
    return write(folder / "4k.mp4", [np.asarray(cv2.resize(p, (3840, 2160)), np.uint8) for p in sitting(6)])


def slow(folder: Path) -> Path:
    """Five pictures a second."""
    return write(folder / "5-a-second.mp4", sitting(16)[::2], rate_hz=5)


def sound_only(folder: Path) -> Path:
    path = folder / "sound.mp4"
    with av.open(str(path), "w") as output:
        stream = output.add_stream("aac", rate=16_000, layout="mono")
        for start in range(0, 16_000, 1024):
            frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
            frame.sample_rate, frame.pts = 16_000, start
            output.mux(stream.encode(frame))
        output.mux(stream.encode())
    return path


def zero_length(folder: Path) -> Path:
    (folder / "zero-length.mp4").write_bytes(b"")
    return folder / "zero-length.mp4"


def unreadable(folder: Path) -> Path:
    """A whole file in which everything after the head was overwritten."""
    path = folder / "unreadable.avi"
    path.write_bytes(np.random.default_rng(6).integers(0, 256, 20_000).astype(np.uint8).tobytes())
    return path


def one_picture(folder: Path) -> Path:
    return write(folder / "one-picture.mp4", sitting(1))


def coming_and_going(folder: Path) -> Path:
    """Somebody sits, leaves, and comes back."""
    return write(folder / "coming-and-going.mp4", [*sitting(11), *empty_room(12), *sitting(12)])


def empty(folder: Path) -> Path:
    return write(folder / "empty-room.mp4", empty_room(8))


MAKERS: Final[Sequence[Callable[[Path], Path]]] = (
    *(whole, truncated, without_index, variable_rate, turned, portrait, huge, slow),
    *(sound_only, zero_length, unreadable, one_picture, coming_and_going, empty),
)


def make_all(folder: Path) -> dict[str, Path]:
    """Every kind, by name."""
    return {maker.__name__: maker(folder) for maker in MAKERS}


def said(row: dict[str, Any]) -> str:
    """What a run says of a recording, in one line: its problem, or what it found."""
    if row["problem"]:
        return str(row["problem"])
    return f"{row['frames']} frames, {row['frames_with_person']} with somebody, {row['warnings']} warnings"
