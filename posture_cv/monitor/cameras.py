"""The camera behind one protocol: a live source that can be closed and reopened, a video, a recording."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from posture_cv.capture.types import CaptureOptions, FrameSource, LiveFrameSource, SourceInfo
from posture_cv.monitor.ports import CameraIdentity, Clock, Glimpse

if TYPE_CHECKING:
    from posture_cv.landmarks.recording import RecordingReader

_FASTEST_HZ: Final = 30.0
"""What common webcams give at most; ours."""


class LiveCamera:
    """A webcam or a stream.

    Args:
        open_source: opens it anew each time, without waiting for its answer.
        clock: gives the time of each picture: the source's own begins anew whenever it is reopened.
    """

    def __init__(self, open_source: Callable[[CaptureOptions], LiveFrameSource], clock: Clock) -> None:
        self._open_source = open_source
        self._clock = clock
        self._source: LiveFrameSource | None = None
        self._identity: CameraIdentity | None = None
        self._identified = False
        self._rate_hz = 2.0

    @property
    def opened(self) -> bool:
        """Whether it is open now."""
        return self._source is not None

    @property
    def ended(self) -> bool:
        """Live sources have no end; a stream that has one has then ended."""
        return self._source is not None and self._source.ended

    @property
    def identity(self) -> CameraIdentity:
        """Which camera it is, or was when a picture came last."""
        if self._identity is None:
            self.open()
            assert self._source is not None
            self._identity = identity_of(self._source.info)
        return self._identity

    def open(self) -> None:
        """Begin to open it."""
        if self._source is None:
            options = CaptureOptions(max_rate_hz=self._rate_hz, wait_until_open=False)
            self._source = self._open_source(options)
            self._identified = False  # another one may have been plugged in

    def read(self, timeout_s: float) -> Glimpse | None:
        """The newest picture."""
        if self._source is None:
            return None
        frame = self._source.read(timeout_s)
        if frame is None:
            return None
        if not self._identified:
            self._identity, self._identified = identity_of(self._source.info), True
        return Glimpse(self._clock.now_s(), frame)

    def set_interval(self, seconds: float) -> None:
        """Ask for as many pictures as are looked at; those between cost no decoding."""
        rate_hz = min(_FASTEST_HZ, 1.0 / max(seconds, 1e-3))
        if rate_hz != self._rate_hz:
            self._rate_hz = rate_hz
            if self._source is not None:
                self._source.set_max_rate(rate_hz)

    def close(self) -> None:
        """Free the device."""
        source, self._source = self._source, None
        if source is not None:
            source.close()


def identity_of(info: SourceInfo) -> CameraIdentity:
    """What is noted of a source."""
    name = info.path.name if info.path is not None else info.name
    return CameraIdentity(info.kind, name, info.width_px, info.height_px)


class Played:
    """A recording in a camera's place: its pictures come at the pace of the clock.

    A camera that is closed goes on in the dark: what passes meanwhile is missed. The file belongs to the caller.

    Args:
        glimpses: in the order of their time.
        identity: what it is.
        clock: a `PlaybackClock` for any speed.
    """

    def __init__(self, glimpses: Iterator[Glimpse], identity: CameraIdentity, clock: Clock) -> None:
        self.identity = identity
        self.opened = False
        self._glimpses = glimpses
        self._clock = clock
        self._next = next(glimpses, None)
        self._origin_s = clock.now_s() - (self._next.t_s if self._next else 0.0)
        self._interval_s = 0.0
        self._due_s = -1.0

    @property
    def ended(self) -> bool:
        """Whether it is over."""
        if not self.opened:
            now_s = self._clock.now_s()
            while self._next is not None and self._next.t_s + self._origin_s < now_s:
                self._next = next(self._glimpses, None)
        return self._next is None

    def open(self) -> None:
        """Look again."""
        self.opened = True

    def read(self, timeout_s: float) -> Glimpse | None:
        """The picture of now, or the next one that comes in time."""
        limit_s = self._clock.now_s() + timeout_s
        while self._next is not None:
            t_s = self._next.t_s + self._origin_s
            if t_s > limit_s:
                break
            taken, self._next = self._next, next(self._glimpses, None)
            now_s = self._clock.now_s()
            overtaken = self._next is not None and self._next.t_s + self._origin_s <= now_s
            if overtaken or t_s < self._due_s - 1e-6:
                continue
            if t_s > now_s:
                self._clock.wait(t_s - now_s)
            self._due_s = t_s + self._interval_s
            return replace(taken, t_s=max(t_s, now_s))
        if self._next is not None:
            self._clock.wait(max(0.0, limit_s - self._clock.now_s()))
        return None

    def set_interval(self, seconds: float) -> None:
        """Skip what comes sooner after the last picture."""
        self._due_s += seconds - self._interval_s
        self._interval_s = seconds

    def close(self) -> None:
        """Look away; the recording goes on."""
        self.opened = False


def played_frames(source: FrameSource, clock: Clock) -> Played:
    """A video file, or a folder of pictures, as a camera."""
    glimpses = (Glimpse(frame.t_s, frame) for frame in source.frames())
    return Played(glimpses, identity_of(source.info), clock)


def played_recording(reader: RecordingReader, clock: Clock) -> Played:
    """A landmark recording as a camera: what the models saw, without a picture."""
    source = reader.info.source
    name = str(source.get("name") or reader.path.name)
    width, height = source.get("width_px"), source.get("height_px")
    size = (int(width), int(height)) if isinstance(width, int) and isinstance(height, int) else (0, 0)
    return Played(_recorded(reader), CameraIdentity("landmarks", name, *size), clock)


def _recorded(reader: RecordingReader) -> Iterator[Glimpse]:
    for block in reader.blocks():
        for i in range(len(block)):
            yield Glimpse(float(block.t_s[i]), landmarks=block[i : i + 1])
