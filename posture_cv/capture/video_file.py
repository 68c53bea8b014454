"""Opens video files: only containers of video, only from disk, and with a clear word where it fails."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import TYPE_CHECKING

from posture_cv.capture.av_open import open_input
from posture_cv.capture.mp4_claims import false_claim, is_mp4, whole_boxes
from posture_cv.capture.types import SourceError

if TYPE_CHECKING:
    from pathlib import Path

    from av.container import InputContainer
    from av.video.stream import VideoStream

    from posture_cv.capture.timeline import Timeline

FILE_FORMATS = (
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpegvideo,mpeg,flv,asf,ogg,mxf,nut,dv,gif,"
    "ivf,h264,hevc,m4v,mjpeg"
)
"""Demuxers for files. Playlists and script formats stay out: they would open other files, or the network."""

_PLAUSIBLE_RATES_HZ = (0.001, 10_000.0)
_OWN_ORDER = frozenset({"h264", "hevc"})
"""Codecs whose pictures may be stored in another order than they are shown, in more ways than one."""
_WITHOUT_TIMES = frozenset({"h264", "hevc", "mjpeg"})
"""Demuxers of bare pictures one after the other; of these FFmpeg says 25 a second, whatever they say themselves."""
_CONVERT = "Convert it with another program, for example to MP4 with H.264."


def open_video(path: Path, name: str) -> InputContainer:
    """Open a video file.

    Raises:
        SourceError: missing, empty, no permission, not a video, or impossible claims that would cost memory.
    """
    import cv2  # noqa: F401, I001  before av: imshow never returns when av was loaded first (PyAV issue 978)
    import av

    try:
        _check_mp4(path, name)
        options = {"format_whitelist": FILE_FORMATS, "protocol_whitelist": "file"}
        return open_input(str(path), options)
    except av.error.FFmpegError as error:
        raise _unreadable(path, name, error.strerror or "unknown format") from error
    except OSError as error:
        raise SourceError(f"Cannot read {name}", error.strerror or str(error), "Check the file.") from error


def _check_mp4(path: Path, name: str) -> None:
    """Refuse an MP4 file without its index, and one whose index claims what cannot be."""
    with path.open("rb") as file:
        if not is_mp4(file.read(8)):
            return
    boxes = whole_boxes(path)
    if b"moov" not in boxes:
        if b"meta" in boxes:
            raise SourceError(f"{name} is not a video", "It is a HEIC or AVIF picture.", "Save it as JPEG.")
        detail = "Its index (moov) is missing: the recording or the copy was not finished."
        raise SourceError(f"{name} is incomplete", detail, "Copy or record it again.")
    if (claim := false_claim(path)) is not None:
        raise SourceError(f"{name} is damaged", claim, "Copy the file again.")


def pick_stream(container: InputContainer, name: str, max_pixels: int, threads: int = 1) -> VideoStream:
    """Choose the file's main video stream and set its decoder up.

    Raises:
        SourceError: only sound, a cover picture only, an unknown codec, or pictures above `max_pixels`.
    """
    from av.stream import Disposition

    streams = [s for s in container.streams.video if not s.disposition & Disposition.attached_pic]
    if not streams:
        held = sorted({s.type for s in container.streams})
        detail = f"It holds only {' and '.join(held)}." if held else "It holds no streams at all."
        raise SourceError(f"No video in {name}", detail, "Choose a file with pictures.")
    best = container.streams.best("video")
    stream = next((s for s in streams if s is best), streams[0])
    context = stream.codec_context
    if context is None:
        raise SourceError(f"The video in {name} has an unknown codec", what_to_do=_CONVERT)
    width, height = context.width, context.height
    if width * height > max_pixels:
        detail = f"It has {width} x {height} pixels; at most {max_pixels / 1e6:.0f} million are read."
        raise SourceError(f"The pictures of {name} are too large", detail, "Scale the video down.")
    # Several threads leave different traces in damaged frames on each run.
    context.thread_type = "NONE" if threads == 1 else "AUTO"
    context.thread_count = threads
    context.options = {**context.options, "max_pixels": str(max_pixels)}
    return stream


def guessed_stamps(container: InputContainer, stream: VideoStream) -> bool:
    """Whether the packets' time stamps are FFmpeg's guess, and wrong.

    AVI numbers pictures as they are stored, not as they are shown. What FFmpeg makes of that is right for older
    codecs; of H.264 with reordered pictures half the times go back.
    """
    context = stream.codec_context
    return container.format.name == "avi" and context.name in _OWN_ORDER and bool(context.has_b_frames)


def packets_before(path: Path, name: str, pts: int, max_pixels: int) -> int:
    """Count the video packets that are shown before the one with this stamp, without decoding any."""
    import cv2  # noqa: F401, I001  before av: imshow never returns when av was loaded first (PyAV issue 978)
    import av

    count = 0
    with open_video(path, name) as container:
        try:
            for packet in container.demux(pick_stream(container, name, max_pixels)):
                if packet.pts is not None and packet.pts < pts and not packet.is_discard:
                    count += 1
                # A packet is never shown before it is decoded, so nothing earlier can follow.
                if packet.dts is not None and packet.dts > pts:
                    break
        except av.error.FFmpegError:
            pass
    return count


class Claims:
    """What a file says of itself, as far as it can be true.

    Attributes:
        rate_hz: average frame rate, None where absent or absurd.
        frame_count: None where absent or more than a frame a byte.
        duration_s: of the pictures, in seconds; None where unknown.
        impossible_count: the claimed number of frames if it cannot be true, else 0.
        is_rate_assumed: nothing in the file says how fast its pictures follow each other.
    """

    def __init__(self, container: InputContainer, stream: VideoStream, size_bytes: int) -> None:
        bare = container.format.name in _WITHOUT_TIMES
        own = stream.codec_context.framerate if bare else None
        self.is_rate_assumed = bare and not own
        rate = own or stream.average_rate or stream.guessed_rate
        low, high = _PLAUSIBLE_RATES_HZ
        self.rate_hz = float(rate) if rate and low <= rate <= high else None
        self.impossible_count = stream.frames if stream.frames > size_bytes else 0
        self.frame_count = None if self.impossible_count else (stream.frames or None)
        self.duration_s = _duration_s(container, stream)

    def missing(self, frames: int, timeline: Timeline, *, is_torn: bool) -> str | None:
        """Say how much of the promised pictures is not there, once the file has been read to its end.

        Args:
            frames: how many the whole file holds.
            timeline: of the frames that were read.
            is_torn: the last frame is not whole.
        """
        end_s, step_s = timeline.end_s, timeline.step_s
        # Two frames and three steps of slack: edit lists and rounding, not damage. Ours. The count alone is
        # no proof: AVI counts the gaps between frames of variable rate as frames.
        ends_early = self.duration_s is not None and self.duration_s - end_s > 3 * step_s
        if self.frame_count is not None:
            if self.frame_count - frames <= 2 or not (ends_early or is_torn):
                return None
            return f"it holds {frames} of about {self.frame_count} frames"
        return f"its pictures end at {end_s:.1f} s of about {self.duration_s:.1f} s" if ends_early else None


def _duration_s(container: InputContainer, stream: VideoStream) -> float | None:
    """Length of the pictures: the stream's own, Matroska's tag, or the file's if it holds nothing else."""
    import cv2  # noqa: F401, I001  before av: imshow never returns when av was loaded first (PyAV issue 978)
    import av

    if stream.duration and stream.time_base:
        return float(stream.duration * stream.time_base)
    tag = re.fullmatch(r"(\d+):(\d+):(\d+(?:\.\d+)?)", stream.metadata.get("DURATION", ""))
    if tag:
        hours, minutes, seconds = tag.groups()
        return _since_start_s(int(hours) * 3600 + int(minutes) * 60 + float(seconds), stream)
    if container.duration and len(container.streams) == 1:
        length_s = float(Fraction(container.duration, av.time_base))
        return _since_start_s(length_s, stream) if "matroska" in container.format.name else length_s
    return None


def _since_start_s(end_s: float, stream: VideoStream) -> float:
    """Matroska counts its length from zero, also where the first picture comes later; some programs do not."""
    start_s = float((stream.start_time or 0) * (stream.time_base or 0))
    return end_s - start_s if end_s > start_s else end_s


def _unreadable(path: Path, name: str, reason: str) -> SourceError:
    """Say what a file that FFmpeg refuses seems to be."""
    with path.open("rb") as file:
        head = file.read(4096)
    if not head:
        return SourceError(f"{name} is empty", "The file has 0 bytes.", "Copy or record it again.")
    if is_mp4(head):
        return SourceError(f"{name} is damaged", f"Its index cannot be read ({reason}).", "Copy it again.")
    if _is_text(head):
        return SourceError(f"{name} is not a video", "It holds text.", "Choose a video file.")
    return SourceError(f"{name} is not a video that can be read", f"{reason}.", _CONVERT)


def _is_text(head: bytes) -> bool:
    try:
        text = head.decode("utf-8", errors="strict")
    except UnicodeDecodeError as error:
        if error.start < len(head) - 4:
            return False
        text = head[: error.start].decode("utf-8")
    return all(c.isprintable() or c.isspace() for c in text)
