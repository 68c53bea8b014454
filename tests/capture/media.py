"""Makes small videos and pictures whose content tells which frame it is."""

from __future__ import annotations

import struct
import zlib
from fractions import Fraction
from typing import TYPE_CHECKING, cast

import av
import cv2
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from av.audio.stream import AudioStream
    from av.container import OutputContainer
    from av.video.stream import VideoStream
    from numpy.typing import NDArray

LEVELS = 24


def picture(number: int, width_px: int = 64, height_px: int = 48) -> NDArray[np.uint8]:
    """A grey whose brightness tells the number (modulo 24), with a blue quarter at the top left."""
    image = np.full((height_px, width_px, 3), 10 + 10 * (number % LEVELS), np.uint8)
    image[: height_px // 2, : width_px // 2] = (255, 0, 0)
    return image


def number_of(image: NDArray[np.uint8]) -> int:
    """The number that `picture` painted, read at the bottom right (after any turning: from the grey part)."""
    height, width = image.shape[:2]
    corners = [
        image[y : y + height // 8, x : x + width // 8].reshape(-1, 3).mean(axis=0)
        for y in (height // 16, height - height // 16 - height // 8)
        for x in (width // 16, width - width // 16 - width // 8)
    ]
    grey = min(corners, key=lambda c: float(c[0] - c[2]))
    return round((float(grey.mean()) - 10) / 10) % LEVELS


def blue_corner(image: NDArray[np.uint8]) -> tuple[str, str]:
    """Where the blue quarter lies: top or bottom, left or right."""
    height, width = image.shape[:2]
    blueness = image[..., 0].astype(float) - image[..., 2]
    rows = blueness.mean(axis=1)
    columns = blueness.mean(axis=0)
    top = rows[: height // 2].mean() > rows[height // 2 :].mean()
    left = columns[: width // 2].mean() > columns[width // 2 :].mean()
    return ("top" if top else "bottom"), ("left" if left else "right")


def make_video(
    path: Path,
    *,
    times_s: Sequence[float] | None = None,
    count: int = 30,
    rate_hz: float = 10,
    size_px: tuple[int, int] = (64, 48),
    codec: str = "mpeg4",
    rotation_deg: int = 0,
    mirror: bool = False,
    aspect: Fraction | None = None,
    sound: bool = False,
    options: dict[str, str] | None = None,
    container_options: dict[str, str] | None = None,
) -> Path:
    """Write a video of `picture`s, at a steady rate or at the given times (to the millisecond).

    Rotation is counter-clockwise, as players apply it; mirroring is left to right, after it.
    """
    width, height = size_px
    rate = Fraction(rate_hz).limit_denominator(1001)
    base = Fraction(1, 1000) if times_s is not None else 1 / rate
    stamps = range(count) if times_s is None else [round(t_s * 1000) for t_s in times_s]
    with av.open(str(path), "w", container_options=container_options or {}) as output:
        stream = cast("VideoStream", output.add_stream(codec, rate=rate))
        stream.width, stream.height = width, height
        # Fields would need an even height, and subsampled colours an even width: 4:4:4 takes any.
        odd = width % 2 or height % 2
        stream.pix_fmt = "yuv444p" if odd else ("yuvj420p" if codec == "mjpeg" else "yuv420p")
        stream.codec_context.time_base = base
        stream.codec_context.options = options or {}
        if aspect is not None:
            stream.codec_context.sample_aspect_ratio = aspect
        voice = _add_sound(output) if sound else None
        for number, stamp in enumerate(stamps):
            frame = av.VideoFrame.from_ndarray(picture(number, width, height), format="bgr24")
            frame.pts, frame.time_base = stamp, base
            output.mux(stream.encode(frame))
        output.mux(stream.encode())
        if voice is not None:
            _write_sound(output, voice, float(stamps[-1] * base))
    if rotation_deg or mirror:
        _turn(path, rotation_deg, mirror=mirror)
    return path


def _turn(path: Path, rotation_deg: int, *, mirror: bool) -> None:
    """Write the display matrix into an MP4 file's track header, as telephones do."""
    cosine, sine = round(np.cos(np.radians(rotation_deg))), round(np.sin(np.radians(rotation_deg)))
    across = -1 if mirror else 1
    matrix = [cosine * across, -sine, 0, sine * across, cosine, 0, 0, 0, 1 << 14]
    data = bytearray(path.read_bytes())
    struct.pack_into(">9i", data, data.find(b"tkhd") + 44, *(number << 16 for number in matrix))
    path.write_bytes(data)


def make_sound(path: Path, seconds: float = 0.5) -> Path:
    """Write a file with sound and no picture."""
    with av.open(str(path), "w") as output:
        _write_sound(output, _add_sound(output), seconds)
    return path


def _add_sound(output: OutputContainer) -> AudioStream:
    return output.add_stream("aac", rate=16_000, layout="mono")


def _write_sound(output: OutputContainer, stream: AudioStream, seconds: float) -> None:
    for start in range(0, int(seconds * 16_000), 1024):
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        frame.sample_rate, frame.pts = 16_000, start
        output.mux(stream.encode(frame))
    output.mux(stream.encode())


def remux(source: Path, target: Path) -> Path:
    """Copy a video's packets into another kind of file."""
    with av.open(str(source)) as reader, av.open(str(target), "w") as writer:
        stream_in = reader.streams.video[0]
        stream_out = writer.add_stream_from_template(stream_in)
        for packet in reader.demux(stream_in):
            if packet.dts is not None:
                packet.stream = stream_out
                writer.mux(packet)
    return target


def make_pictures(
    folder: Path, count: int = 5, suffix: str = ".png", size_px: tuple[int, int] = (64, 48)
) -> Path:
    """Write numbered pictures without leading zeros, so that only natural order is right."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        (folder / f"shot {number}{suffix}").write_bytes(encode(picture(number, *size_px), suffix))
    return folder


def encode(image: NDArray[np.uint8], suffix: str = ".jpg") -> bytes:
    """A picture file's bytes."""
    ok, data = cv2.imencode(suffix, image)
    assert ok
    return data.tobytes()


def png(width_px: int, height_px: int, data: bytes) -> bytes:
    """A PNG file of 8-bit colours with that body (zlib), whatever it claims to be the size of."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width_px, height_px, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")
