"""What every frame source speaks: the frame, what is known of a source, its options and its errors."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol, Self

from posture_cv.errors import PostureError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import TracebackType

    import numpy as np
    from numpy.typing import NDArray

SourceKind = Literal["webcam", "video", "images", "stream"]

OPEN_TIMEOUT_S = 4.5
"""A source that gives no picture this long is an error; ours, so that the message comes within 5 s."""

LEAST_STEP_S = 2e-6
"""Between two frames of a source: a landmark recording keeps microseconds, and rounds to them; ours."""

MAX_PIXELS = 64_000_000
"""Larger pictures are refused (192 MB as BGR); ours: above 8K video and the common phone cameras."""


class SourceError(PostureError):
    """A frame source is missing, busy, dead, damaged or not a source at all."""


class SourceClosedError(SourceError):
    """A frame was asked of a source that is closed."""


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One picture of a source and when it was taken.

    Attributes:
        index: position in the source, from 0. It counts what the source held or sent, so that frames that
            were dropped, left out or damaged show as gaps.
        t_s: seconds since the source's start, strictly increasing within one source: the file's own time
            stamps, or the arrival time of a live picture (a monotonic clock).
        image_bgr: shape `(height, width, 3)`, uint8, C-contiguous, blue first. It belongs to the receiver.
        small: the picture in grey and small, where whoever handed it on has made that already (see
            `posture_cv.landmarks.scene.small_grey`), so that it is read through once; None: nobody has.

    Raises:
        ValueError: on another shape or type, or a negative or infinite time or index.
    """

    index: int
    t_s: float
    image_bgr: NDArray[np.uint8]
    small: NDArray[np.uint8] | None = None

    def __post_init__(self) -> None:
        shape, dtype = self.image_bgr.shape, self.image_bgr.dtype
        if len(shape) != 3 or shape[2] != 3 or 0 in shape or dtype != "uint8":
            raise ValueError(f"image_bgr must be uint8 of shape (height, width, 3), got {dtype} {shape}")
        if not (math.isfinite(self.t_s) and self.t_s >= 0 and self.index >= 0):
            raise ValueError(f"t_s and index must not be negative, got {self.t_s} and {self.index}")


@dataclass(frozen=True, slots=True)
class SourceInfo:
    """What is known of a source once it is open. Sizes are those of the first picture, as delivered.

    Attributes:
        kind: what sort of source it is.
        name: for people; the path as given, the camera's name, the address without user and password.
        live: pictures come at their own pace and only the newest is kept.
        width_px, height_px: after rotation and square pixels; a source may change its size later.
        frame_rate_hz: as the file or camera states it; None where it states none.
        frame_count: as the file claims it, None where unknown or impossible. Never allocate by it.
        duration_s: likewise, in seconds.
        unrelated: pictures that do not follow each other in time, each to be looked at on its own.
        path: the file or folder, None for cameras and streams.
    """

    kind: SourceKind
    name: str
    live: bool
    width_px: int
    height_px: int
    frame_rate_hz: float | None = None
    frame_count: int | None = None
    duration_s: float | None = None
    unrelated: bool = False
    path: Path | None = None


@dataclass(frozen=True, slots=True)
class CameraInfo:
    """A camera that can deliver pictures: the number to open it by, its name, its device node (Linux)."""

    number: int
    name: str
    path: str | None = None


@dataclass(frozen=True, slots=True)
class CaptureOptions:
    """How to read a source. What does not concern a kind of source is ignored by it, unless said otherwise.

    Attributes:
        start_s, end_s: read `start_s <= t_s < end_s` only (files and folders; an error for live sources).
        max_rate_hz: at most so many frames a second, chosen by time: the first frame of each interval of
            1 / max_rate_hz since the source's start. Parts of one recording agree with the whole when their
            `start_s` is a multiple of that interval. Ignored for unrelated pictures.
        frame_rate_hz: webcam: what to ask of it. Folder: the rate it was recorded at; without it the
            pictures are unrelated and lie one second apart.
        width_px, height_px: what to ask of a webcam; it may give something else.
        open_timeout_s, stall_timeout_s: a live source without a picture this long is an error.
        reopen_within_s: how long to try to get a lost live source back, in seconds; 0: a lost source is an
            error at once, `math.inf`: try for ever. A stream with an end would begin anew and is not tried.
        max_pixels: larger pictures are refused.
        decode_threads: of the video decoder. 1 gives the same pixels every time, damaged files included;
            0 lets the decoder choose.
        numbered: False saves reading a file up to `start_s`: its frames then count from there, and it is not
            said how many are missing at its end.
        wait_until_open: False lets `open_source` return before a live source has answered (its errors come
            with the first use), so that models can load meanwhile.

    Raises:
        ValueError: on a value out of range.
    """

    start_s: float = 0.0
    end_s: float | None = None
    max_rate_hz: float | None = None
    frame_rate_hz: float | None = None
    width_px: int | None = None
    height_px: int | None = None
    open_timeout_s: float = OPEN_TIMEOUT_S
    stall_timeout_s: float = OPEN_TIMEOUT_S
    reopen_within_s: float = 0.0
    max_pixels: int = MAX_PIXELS
    decode_threads: int = 1
    numbered: bool = True
    wait_until_open: bool = True

    def __post_init__(self) -> None:
        if not (math.isfinite(self.start_s) and self.start_s >= 0):
            raise ValueError(f"start_s must be 0 or later, got {self.start_s}")
        if self.end_s is not None and not self.end_s > self.start_s:
            raise ValueError(f"end_s must be after start_s ({self.start_s}), got {self.end_s}")
        for name in ("max_rate_hz", "frame_rate_hz", "width_px", "height_px"):
            value = getattr(self, name)
            if value is not None and not (math.isfinite(value) and value > 0):
                raise ValueError(f"{name} must be above 0, got {value}")
        for name in ("open_timeout_s", "stall_timeout_s", "max_pixels"):
            if not getattr(self, name) > 0:
                raise ValueError(f"{name} must be above 0, got {getattr(self, name)}")
        if not self.reopen_within_s >= 0 or self.decode_threads < 0:
            raise ValueError("reopen_within_s and decode_threads must not be negative")


class FrameSource(Protocol):
    """A cursor over pictures, owned by one reader; a context manager that closes it.

    `close` may be called from any thread, any number of times; it ends a waiting `frames` quietly and leaves
    no thread, process or device behind. After it, asking for frames raises SourceClosedError.
    """

    @property
    def info(self) -> SourceInfo:
        """What is known of the source. Raises SourceError if a live source cannot be opened."""

    @property
    def warnings(self) -> list[str]:
        """What went wrong without ending the run, in plain sentences; complete when `frames` has ended."""

    def frames(self) -> Iterator[Frame]:
        """The frames from where the cursor stands. A later call goes on where an earlier one stopped.

        Raises:
            SourceClosedError: after `close`.
            SourceError: the source is dead, stalled, or holds no readable picture.
        """

    def close(self) -> None:
        """Stop, and give everything back."""

    def __enter__(self) -> Self:
        """Return the source itself."""

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close it."""


class LiveFrameSource(FrameSource, Protocol):
    """A source that runs at its own pace: only the newest picture is kept, the others are counted."""

    @property
    def dropped(self) -> int:
        """Pictures that the source sent and that were not handed on (too late, not due, damaged)."""

    @property
    def ended(self) -> bool:
        """No further frame will come."""

    def read(self, timeout_s: float | None = None) -> Frame | None:
        """The newest unread frame; None if there is none within `timeout_s` or the source has ended.

        Raises:
            SourceClosedError: after `close`.
            SourceError: the source is dead or stalled, and did not come back within `reopen_within_s`.
        """

    def set_max_rate(self, max_rate_hz: float | None) -> None:
        """Change how many frames a second are handed on; pictures between them cost no decoding."""
