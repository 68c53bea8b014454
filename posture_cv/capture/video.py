"""Video files as a frame source, with the file's own time stamps."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from posture_cv.capture.base import PulledSource, RateGate, Warnings, counted
from posture_cv.capture.types import CaptureOptions, Frame, SourceError, SourceInfo
from posture_cv.capture.video_decode import VideoDecoder
from posture_cv.capture.video_frame import FrameConverter

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path


class VideoFile(PulledSource):
    """The frames of a video file: true times, turned and scaled as the file says.

    Frames that are damaged are left out and show as gaps in the numbering. A file that ends early gives what
    it holds. Both are told in `warnings`. Memory does not grow with the file's length.

    Args:
        path: the file.
        name: for people.
        options: `start_s`, `end_s` and `max_rate_hz` choose frames, `decode_threads` and `max_pixels` bound
            the work.

    Raises:
        SourceError: the file is missing, no video, has no readable frame in the chosen stretch, or claims
            more than it can hold.
    """

    def __init__(self, path: Path, name: str, options: CaptureOptions) -> None:
        self._name = name
        self._options = options
        self._gate = RateGate(options.max_rate_hz)
        self._too_large = 0
        self._read_to_end = False
        warnings = Warnings()
        with contextlib.ExitStack() as stack:
            self._decoder = VideoDecoder(path, name, options)
            stack.callback(self._decoder.close)
            self._converter = FrameConverter(self._decoder.pixel_aspect, options.max_pixels)
            self._stream = self._select()
            self._first = next(self._stream, None)
            if self._first is None:
                raise self._no_frame()
            stack.pop_all()
        super().__init__(self._describe(path, self._first), warnings)

    def _select(self) -> Generator[Frame]:
        """Frames of the chosen stretch at the chosen rate; the others are not converted."""
        start_s, end_s = self._options.start_s, self._options.end_s
        for index, t_s, raw in self._decoder.frames_from(start_s):
            if end_s is not None and t_s >= end_s:
                return
            if t_s < start_s or not self._gate.is_due(t_s):
                continue
            image = self._converter.convert(raw)
            if image is None:
                self._too_large += 1
                continue
            yield Frame(index, t_s, image)
        self._read_to_end = True

    def _next_frame(self) -> Frame | None:
        first, self._first = self._first, None
        frame = first if first is not None else next(self._stream, None)
        if frame is None:
            self._sum_up()
        return frame

    def _release(self) -> None:
        self._stream.close()
        self._first = None
        self._decoder.close()

    def _describe(self, path: Path, first: Frame) -> SourceInfo:
        claims = self._decoder.claims
        height, width = first.image_bgr.shape[:2]
        return SourceInfo(
            kind="video",
            name=self._name,
            live=False,
            width_px=width,
            height_px=height,
            frame_rate_hz=claims.rate_hz,
            frame_count=claims.frame_count,
            duration_s=claims.duration_s,
            path=path,
        )

    def _sum_up(self) -> None:
        """Put what went wrong into words, once the frames have ended."""
        decoder, name = self._decoder, self._name
        timeline, claims = decoder.timeline, decoder.claims
        missing = None
        if self._read_to_end and self._options.numbered:
            missing = claims.missing(decoder.packets, timeline, is_torn=decoder.is_torn)
        found = (
            (missing, f"{name} is truncated: {missing}"),
            (decoder.read_error, f"{name} could not be read to its end: {decoder.read_error}"),
            (decoder.damaged, f"{name}: {counted(decoder.damaged, 'damaged frame')} left out"),
            (self._too_large, f"{name}: {counted(self._too_large, 'frame')} left out, too large"),
            (
                timeline.out_of_order,
                f"{name}: {counted(timeline.out_of_order, 'frame')} left out, whose time does not advance",
            ),
            (
                timeline.restarts,
                f"{name}: its clock starts anew, {timeline.restarts} x; the times were joined",
            ),
            (
                claims.impossible_count,
                f"{name} claims {claims.impossible_count:,} frames, more than its size can hold",
            ),
            (
                claims.is_rate_assumed,
                f"{name} does not say its rate: {claims.rate_hz} pictures a second are assumed",
            ),
        )
        for is_so, text in found:
            if is_so:
                self._warnings.add(text)

    def _no_frame(self) -> SourceError:
        decoder = self._decoder
        if decoder.decoded and not self._too_large:
            return SourceError(
                f"{self._name} has no frame in the chosen stretch of time",
                f"It is {decoder.timeline.end_s:.1f} s long.",
                "Choose an earlier start or a longer stretch.",
            )
        return SourceError(
            f"No frame of {self._name} can be read",
            f"It holds {counted(decoder.damaged, 'damaged frame')} and no other.",
            "Copy the file again, or convert it with another program.",
        )
