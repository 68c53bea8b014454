"""What a video file holds by its packets' time stamps, without decoding any: how long, and where it can be cut."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from posture_cv.capture.types import MAX_PIXELS
from posture_cv.capture.video_file import guessed_stamps, open_video, pick_stream

if TYPE_CHECKING:
    from av.video.stream import VideoStream

# A jump decodes from the key frame before its target: with fewer key frames than this, cutting costs more than
# it gives. Ours.
MOST_KEY_GAP_S = 60.0


@dataclass(frozen=True, slots=True, eq=False)
class VideoExtent:
    """The pictures of a video file.

    Attributes:
        t_s: (N,) float64, the times of its pictures in seconds since its start, in order; those without a time
            stamp are missing.
        cuttable: a jump to any time finds the same pictures as reading from the start: every picture has a stamp,
            the clock never starts anew, and there are key frames enough.
    """

    t_s: NDArray[np.float64]
    cuttable: bool

    @property
    def end_s(self) -> float:
        """Time of the last picture; 0 where none has a stamp."""
        return float(self.t_s[-1]) if len(self.t_s) else 0.0

    def frames_between(self, start_s: float, end_s: float | None, rate_hz: float | None) -> int:
        """How many pictures `start_s <= t_s < end_s` holds, looked at so often at most."""
        stop = np.inf if end_s is None else end_s
        times = self.t_s[(self.t_s >= start_s) & (self.t_s < stop)]
        return len(times) if rate_hz is None else len(np.unique(np.floor(times * rate_hz + 1e-6)))


def video_extent(path: Path, name: str) -> VideoExtent:
    """Read the time stamps of a video's packets.

    Raises:
        SourceError: as when the file is opened for its pictures.
    """
    import av

    with open_video(path, name) as container:
        stream = pick_stream(container, name, MAX_PIXELS)
        stamps: list[int] = []
        order: list[int] = []
        keys: list[int] = []
        whole = not guessed_stamps(container, stream)
        try:
            for packet in container.demux(stream):
                if packet.is_discard or not packet.size:
                    continue
                if packet.pts is None or packet.dts is None:
                    whole = False
                    continue
                stamps.append(packet.pts)
                order.append(packet.dts)
                keys += [packet.pts] if packet.is_keyframe else []
        except av.error.FFmpegError:
            whole = False  # read as far as it goes, from its start
        return _extent(stream, stamps, order, keys, whole=whole)


def _extent(
    stream: VideoStream, stamps: list[int], order: list[int], keys: list[int], *, whole: bool
) -> VideoExtent:
    base, start = float(stream.time_base or 0.001), stream.start_time or 0
    times = (np.unique(np.array(stamps, np.int64)) - start) * base
    times = times[times >= 0.0]
    steady = bool(np.all(np.diff(np.array(order, np.int64)) > 0)) and len(set(stamps)) == len(stamps)
    marks = np.array([*sorted(keys), *([max(stamps)] if stamps else [])], np.int64) * base
    often = bool(keys) and float(np.max(np.diff(marks), initial=0.0)) <= MOST_KEY_GAP_S
    return VideoExtent(np.asarray(times, np.float64), whole and steady and often)
