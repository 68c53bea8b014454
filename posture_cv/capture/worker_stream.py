"""Reads a network stream with PyAV, inside the worker process."""

from __future__ import annotations

import gc
import time
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from posture_cv.capture import wire
from posture_cv.capture.av_open import open_input
from posture_cv.capture.base import RateGate
from posture_cv.capture.rational import fraction
from posture_cv.capture.timeline import Timeline
from posture_cv.capture.video_frame import FrameConverter

if TYPE_CHECKING:
    from collections.abc import Iterator

    import av
    import numpy as np
    from av.container import InputContainer
    from av.video.stream import VideoStream
    from numpy.typing import NDArray

    from posture_cv.capture.worker import Delivery

STREAM_FORMATS = (
    "mpjpeg,mjpeg,rtsp,rtp,sdp,hls,mpegts,flv,live_flv,mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,ogg,asf"
)
STREAM_PROTOCOLS = "http,https,tcp,udp,rtp,tls,crypto,httpproxy,rtsp,rtsps,srtp"
"""No `file`: what a server sends must not make us read this machine's files."""

_ANALYSE_US = 500_000
_MOST_READ_ERRORS = 20
_WAITED_S = 0.02
"""A packet that took longer came from the network, not from memory, decoding included; ours."""
_LONGEST_BACKLOG_S = 1.0


def run(config: dict[str, Any], sender: wire.Sender, delivery: Delivery) -> None:
    """Open `config["url"]` and send its pictures: at their own pace, or all of them if it has an end."""
    import av

    try:
        container = _open(config["url"])
    except av.error.InvalidDataError:
        sender.note(wire.FAILED, reason="no_video", detail="What it sends is no video that can be read.")
        return
    except av.error.FFmpegError as error:
        sender.note(wire.FAILED, reason="not_opened", detail=error.strerror or str(error))
        return
    with container:
        stream = next(iter(container.streams.video), None)
        if stream is None:
            sender.note(wire.FAILED, reason="no_video", detail="")
            return
        context = stream.codec_context
        context.options = {**context.options, "max_pixels": str(config["max_pixels"])}
        # Several threads hold back several pictures, which a live view must not.
        context.thread_type = "NONE"
        player = _Player(container, stream, config, sender, delivery)
        # A server that sends by RTSP keeps its own pace even if it states a length.
        if container.duration and container.format.name != "rtsp":
            player.play_all()
        else:
            player.play_live()


def _open(url: str) -> InputContainer:
    options = {
        "format_whitelist": STREAM_FORMATS,
        "protocol_whitelist": STREAM_PROTOCOLS,
        "analyzeduration": str(_ANALYSE_US),
    }
    if url.lower().startswith("rtsp"):
        options["rtsp_transport"] = "tcp"
    return open_input(url, options)


class _Backlog:
    """Tells the packets that were read ahead while the stream was opened: old pictures, all at once.

    The first packet that had to be waited for ends it, and so does a second. Streams whose pictures stand on
    their own are opened with the first one, so there is no backlog.
    """

    def __init__(self, *, ends_at_once: bool) -> None:
        self._ended = ends_at_once
        self._started_s = self._asked_s = time.monotonic()

    def holds_next(self) -> bool:
        """Whether the packet that came now was waiting already."""
        now_s = time.monotonic()
        if now_s - self._asked_s > _WAITED_S or now_s - self._started_s > _LONGEST_BACKLOG_S:
            self._ended = True
        self._asked_s = now_s
        return not self._ended


class _Player:
    """Decodes one stream and sends its pictures."""

    def __init__(
        self,
        container: InputContainer,
        stream: VideoStream,
        config: dict[str, Any],
        sender: wire.Sender,
        delivery: Delivery,
    ) -> None:
        self._container, self._stream = container, stream
        self._sender, self._delivery = sender, delivery
        self._max_rate_hz = config["max_rate_hz"]
        self._converter = FrameConverter(fraction(stream.sample_aspect_ratio), config["max_pixels"])
        self._opened = False
        self._read_error = ""

    def play_live(self) -> None:
        """Send the newest pictures, each with the time of its arrival, until the server stops."""
        # Where every picture stands on its own, those that are not due need not even be decoded.
        intra_only = self._stream.codec_context.codec.intra_only
        backlog = _Backlog(ends_at_once=intra_only)
        for packet in self._packets():
            if intra_only and packet.size and not self._delivery.is_due():
                continue
            frames = self._decode(packet)
            if frames is None:
                if intra_only or self._delivery.is_due():
                    self._delivery.damaged()
                continue
            is_old = backlog.holds_next()
            for frame in frames:
                if (intra_only or self._delivery.is_due()) and not is_old:
                    self._send_live(frame)
        self._sender.note(wire.FAILED, reason="ended", detail=self._read_error)

    def play_all(self) -> None:
        """Send all pictures, with the times that the stream states; the pipe sets the pace."""
        stream = self._stream
        rate_hz = self._rate_hz()
        time_base = fraction(stream.time_base) or Fraction(1, 1000)
        timeline = Timeline(time_base, stream.start_time or 0, 1 / (rate_hz or 25.0))
        gate = RateGate(self._max_rate_hz)
        for packet in self._packets():
            if packet.size:
                timeline.add_packet(packet.pts)
            for frame in self._decode(packet) or ():
                placed = timeline.place(frame.pts)
                image = None if frame.is_corrupt else self._converter.convert(frame)
                if placed is None or image is None or not gate.is_due(placed[1]):
                    continue
                self._open(image, finite=True)
                self._sender.image(*placed, image)
                gc.collect()
        if self._read_error:
            self._sender.note(wire.FAILED, reason="lost", detail=self._read_error)
        else:
            self._sender.note(wire.ENDED)

    def _send_live(self, frame: av.VideoFrame) -> None:
        image = None if frame.is_corrupt else self._converter.convert(frame)
        if image is None:
            self._delivery.damaged()
            return
        self._open(image, finite=False)
        self._delivery.send(image)
        # A frame whose side data was read refers to itself (PyAV 15 to 18): only the collector frees it and its
        # picture, and left to its own pace that takes 80 MB. What was frozen in `_open` costs it nothing.
        gc.collect()

    def _open(self, image: NDArray[np.uint8], *, finite: bool) -> None:
        """Announce the stream with its first good picture."""
        if self._opened:
            return
        self._opened = True
        gc.freeze()
        height, width = image.shape[:2]
        duration = self._container.duration
        self._sender.note(
            wire.OPENED,
            (width, height),
            finite=finite,
            frame_rate_hz=self._rate_hz(),
            frame_count=self._stream.frames or None if finite else None,
            duration_s=duration / 1e6 if finite and duration else None,
        )

    def _rate_hz(self) -> float | None:
        rate = self._stream.average_rate
        return float(rate) if rate else None

    def _decode(self, packet: av.Packet[VideoStream]) -> list[av.VideoFrame] | None:
        """The pictures of a packet; None if it is damaged."""
        import av

        try:
            return packet.decode()
        except av.error.FFmpegError:
            return None

    def _packets(self) -> Iterator[av.Packet[VideoStream]]:
        import av

        errors = 0
        while errors < _MOST_READ_ERRORS:
            try:
                for packet in self._container.demux(self._stream):
                    errors = 0
                    self._read_error = ""
                    yield packet
            except av.error.FFmpegError as error:
                errors += 1
                self._read_error = error.strerror or str(error)
            else:
                return
