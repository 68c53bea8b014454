"""Decodes a video file from any time on, and numbers and times every frame."""

from __future__ import annotations

import contextlib
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from posture_cv.capture.rational import fraction
from posture_cv.capture.timeline import Timeline
from posture_cv.capture.video_file import Claims, guessed_stamps, open_video, packets_before, pick_stream

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import av

    from posture_cv.capture.types import CaptureOptions

_MOST_READ_ERRORS = 20
_FALLBACK_RATE_HZ = 25.0


class VideoDecoder:
    """The decoded frames of a file, each with its number and time.

    Attributes:
        claims: what the file says of itself.
        timeline: numbers and times so far.
        damaged: packets and frames that the decoder could not use.
        decoded: frames that it could.
        is_torn: the last packet is not whole.
        read_error: why reading stopped before the file's end, if it did.

    Raises:
        SourceError: as `open_video` and `pick_stream`.
    """

    def __init__(self, path: Path, name: str, options: CaptureOptions) -> None:
        self._path, self._name, self._options = path, name, options
        self.damaged = self.decoded = self._discarded = 0
        self.read_error = ""
        self.is_torn = False
        self._open()

    def _open(self) -> None:
        options = self._options
        with contextlib.ExitStack() as stack:
            self._container = stack.enter_context(open_video(self._path, self._name))
            self._stream = pick_stream(
                self._container, self._name, options.max_pixels, options.decode_threads
            )
            stack.pop_all()
        self.claims = Claims(self._container, self._stream, self._path.stat().st_size)
        self.timeline = self._new_timeline()

    def _new_timeline(self) -> Timeline:
        interval_s = 1.0 / (self.claims.rate_hz or _FALLBACK_RATE_HZ)
        return Timeline(self._time_base, self._stream.start_time or 0, interval_s)

    @property
    def _time_base(self) -> Fraction:
        return fraction(self._stream.time_base) or Fraction(1, 1000)

    @property
    def pixel_aspect(self) -> Fraction | None:
        """Width of a pixel by its height, None where the file does not say."""
        found = fraction(self._stream.sample_aspect_ratio)
        return found or fraction(self._stream.codec_context.sample_aspect_ratio)

    @property
    def packets(self) -> int:
        """Packets seen up to here, from the file's start, those that are never shown included."""
        return self.timeline.passed + self._discarded

    def close(self) -> None:
        """Close the file."""
        self._container.close()

    def frames_from(self, start_s: float) -> Iterator[tuple[int, float, av.VideoFrame]]:
        """Number, time (s) and frame, beginning at or somewhat before `start_s`; damaged frames left out."""
        for frame in self._raw_from(start_s):
            placed = self.timeline.place(frame.pts)
            if frame.is_corrupt:
                self.damaged += 1
                continue
            self.decoded += 1
            if placed is not None:
                yield *placed, frame

    def _raw_from(self, start_s: float) -> Iterator[av.VideoFrame]:
        frames = self._seek(start_s) if start_s > 0 else None
        yield from self._decode() if frames is None else frames

    def _seek(self, start_s: float) -> Iterator[av.VideoFrame] | None:
        """Jump to a frame at or before `start_s`; None, with the file opened anew, if that cannot be done.

        Files without an index are searched by guess, and the first frame that decodes may lie too late;
        then the jump is repeated from further back.
        """
        margin_s = 0.0
        while margin_s < start_s:
            frames = self._try_seek(start_s - margin_s)
            first = next(frames, None) if frames is not None else None
            if frames is None or first is None or first.pts is None:
                break
            if self.timeline.seconds(first.pts) <= start_s:
                self.timeline.anchor(first.pts, self._number_of(first.pts))
                return _chain(first, frames)
            margin_s = margin_s * 2 or 1.0
        self._container.close()
        self._open()
        self.damaged = 0
        return None

    def _number_of(self, pts: int) -> int:
        """How many pictures are shown before the one with this stamp; 0 where nobody asks."""
        if not self._options.numbered:
            return 0
        return packets_before(self._path, self._name, pts, self._options.max_pixels)

    def _try_seek(self, target_s: float) -> Iterator[av.VideoFrame] | None:
        import av

        self.timeline = self._new_timeline()
        self.damaged = 0
        target = (self._stream.start_time or 0) + int(Fraction(target_s) / self._time_base)
        try:
            self._container.seek(target, stream=self._stream, backward=True)
        except av.error.FFmpegError:
            return None
        return self._decode()

    def _decode(self) -> Iterator[av.VideoFrame]:
        import av

        for packet in self._packets():
            if packet.is_discard:
                self._discarded += 1
            elif packet.size:
                self.timeline.add_packet(packet.pts)
                self.is_torn = packet.is_corrupt
            try:
                frames = packet.decode()
            except av.error.FFmpegError:
                self.damaged += 1
                if packet.pts is None:
                    self.timeline.skip()
                continue
            for frame in frames:
                if isinstance(frame, av.VideoFrame):
                    yield frame

    def _packets(self) -> Iterator[av.Packet[Any]]:
        """The stream's packets; a place that cannot be read is tried a few times, then ends the file."""
        import av

        errors = 0
        guessed = guessed_stamps(self._container, self._stream)
        while errors < _MOST_READ_ERRORS:
            try:
                for packet in self._container.demux(self._stream):
                    if guessed:
                        packet.pts = None  # the decoder gives pictures as they are shown: they are counted
                    yield packet
            except av.error.FFmpegError as error:
                errors += 1
                self.read_error = error.strerror or str(error)
            else:
                return


def _chain(first: av.VideoFrame, rest: Iterator[av.VideoFrame]) -> Iterator[av.VideoFrame]:
    yield first
    yield from rest
