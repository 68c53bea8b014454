"""The annotated video: the pictures again, with what was seen in them and what it was named."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from posture_cv.assess.blocks import Assessed
from posture_cv.assess.types import ALERTING, State, States
from posture_cv.atomic import atomic_path
from posture_cv.capture import open_source
from posture_cv.capture.types import Frame
from posture_cv.landmarks.recording import RecordingReader
from posture_cv.landmarks.types import Landmarks
from posture_cv.measure.types import Measurements, Reason
from posture_cv.output import draw
from posture_cv.replay.progress import Progress

if TYPE_CHECKING:
    from posture_cv.replay.types import Replayed

Image = NDArray[np.uint8]
Treat = Callable[[Image, float], Image]
TIME_BASE = Fraction(1, 90_000)
# MP4 counts to 2**31 steps of that clock, 6.6 h, between the time at which a picture is unpacked and that at which it
# is shown; the codec puts a handful of pictures in between.
_LONGEST_S = 1800.0
_MARK = "annotated by posture-cv replay"  # in the file's comment: tells it from a video of the user's
_SHOWN = (
    ("forward_head_deg", "forward head", "deg"),
    ("head_pitch_deg", "head pitch", "deg"),
    ("shoulder_rounding_deg", "rounding", "deg"),
    ("shoulder_elevation_cm", "shoulders up", "cm"),
    ("trunk_incl_deg", "trunk", "deg"),
)


def write_annotated_video(
    result: Replayed, assessed: Iterable[Assessed], path: Path, progress: Progress
) -> None:
    """Write every frame of the source, at its own time, with skeleton, contour, face outline, angles, state and why.

    All frames are drawn, also where only some were looked at (`--every`): they carry what was seen last.

    Args:
        result: of the replay of a source with pictures.
        assessed: all its frames, block by block.
        path: of the video.
        progress: told of each frame that was looked at.

    Raises:
        OutputError, SourceError: the video cannot be written, or the source not read again.
    """
    options = result.options
    progress.stage("Drawing the video", result.frames)
    with ExitStack() as stack:
        part = stack.enter_context(atomic_path(path))
        every_frame = replace(options.capture, max_rate_hz=None)
        source = stack.enter_context(open_source(options.source, options=every_frame))
        reader = stack.enter_context(RecordingReader(result.landmarks_path))
        hide = _hider(result, stack) if options.blur_faces else _shown
        _encode(part, _drawn(source.frames(), _seen(assessed, reader), hide, progress))


def is_annotated(path: Path) -> bool:
    """Whether a file is a video that `write_annotated_video` has made."""
    try:
        with av.open(str(path)) as container:
            return bool(container.metadata.get("comment") == _MARK)
    except (av.FFmpegError, OSError):
        return False


def _shown(image_bgr: Image, t_s: float) -> Image:  # noqa: ARG001 - the other way to treat a picture needs its time
    return image_bgr


def _hider(result: Replayed, stack: ExitStack) -> Treat:
    """Hides the faces of every frame; see `hiding`."""
    from posture_cv.landmarks.finders import FaceFinder, PeopleFinder  # heavy: only on request
    from posture_cv.replay.hiding import FaceHider, HeadTrack

    with RecordingReader(result.landmarks_path) as reader:
        heads = HeadTrack.of(reader.blocks())
    faces = stack.enter_context(FaceFinder(result.options.estimator))
    people = stack.enter_context(PeopleFinder(result.options.estimator))
    return FaceHider(heads, faces.find, people.find).hidden


@dataclass(frozen=True, slots=True, eq=False)
class _Seen:
    """A frame that was looked at: its landmarks, and its place in a block."""

    lm: Landmarks
    block: Assessed
    i: int

    @property
    def t_us(self) -> int:
        return round(float(self.block.measured.t_s[self.i]) * 1e6)


def _seen(assessed: Iterable[Assessed], reader: RecordingReader) -> Iterator[_Seen]:
    """The frames that were looked at, in order."""
    landmarks = _one_by_one(reader)
    for block in assessed:
        for i in range(len(block.measured)):
            yield _Seen(next(landmarks), block, i)


def _drawn(
    frames: Iterator[Frame], seen: Iterator[_Seen], treat: Treat, progress: Progress
) -> Iterator[tuple[float, Image]]:
    """Each frame's time and annotated picture."""
    now, coming = None, next(seen, None)
    for frame in frames:
        t_us = round(frame.t_s * 1e6)
        while coming is not None and coming.t_us <= t_us:
            now, coming = coming, next(seen, None)
            progress.advance()
        picture = treat(frame.image_bgr, frame.t_s)
        yield frame.t_s, picture if now is None else _annotated(now, picture)


def _annotated(seen: _Seen, image_bgr: Image) -> Image:
    block, i = seen.block, seen.i
    state = State(int(block.state[i]))
    lines = [*_value_lines(block.measured, i), why_line(block.states, state, i)]
    return draw.draw_overlay(
        image_bgr,
        seen.lm,
        lines=[line for line in lines if line],
        state_label=state.label.replace("_", " "),
        colour=_colour(state),
    )


def why_line(states: States, state: State, i: int) -> str:
    """Why frame `i` is named so: how far the posture is beyond its limit, or what keeps it from being told."""
    reason = Reason(int(states.reason[i]))
    if reason is not Reason.OK:
        return f"why: {reason.label.replace('_', ' ')}"
    excess = states.excess[i]
    if not np.isfinite(excess).any():
        return ""
    place = ALERTING.index(state) if state in ALERTING else int(np.nanargmax(excess))
    name = ALERTING[place].label.replace("_", " ")
    if state in ALERTING and excess[place] >= 1.0:
        return f"why: {name} {excess[place]:.1f} x its limit{', severe' if states.severe[i] else ''}"
    if state in ALERTING:
        return "why: looking down for long"
    return f"why: nearest limit {name}, {max(float(excess[place]), 0.0):.0%} of it"


def _colour(state: State) -> tuple[int, int, int]:
    if state in ALERTING:
        return draw.RED
    return draw.GREEN if state is State.GOOD else draw.GREY


def _one_by_one(reader: RecordingReader) -> Iterator[Landmarks]:
    for block in reader.blocks():
        for i in range(len(block)):
            yield block[i : i + 1]


def _value_lines(measured: Measurements, i: int) -> Iterator[str]:
    for name, label, unit in _SHOWN:
        estimate = measured.values[name]
        if estimate.reason[i] == Reason.OK:
            decimals = 1 if unit == "cm" else 0
            value, spread = np.round(estimate.value[i], decimals) + 0.0, 1.645 * estimate.sd[i]
            yield f"{label} {value:+.{decimals}f} +- {spread:.{decimals}f} {unit}"
        else:
            yield f"{label} ? ({Reason(int(estimate.reason[i])).label.replace('_', ' ')})"


def _held(pictures: Iterator[tuple[float, Image]]) -> Iterator[tuple[float, Image]]:
    """The same, a picture that is shown for very long once more in between: to whoever looks, nothing changes."""
    now: tuple[float, Image] | None = None
    for coming in pictures:
        while now is not None and coming[0] - now[0] > _LONGEST_S:
            now = now[0] + _LONGEST_S, now[1]
            yield now
        now = coming
        yield now


def _encode(path: Path, pictures: Iterator[tuple[float, Image]]) -> None:
    """H.264 in MP4; times are kept to 1/90 000 s, so that variable frame rates stay what they are."""
    last = -1
    with av.open(str(path), "w", format="mp4") as container:
        container.metadata["comment"] = _MARK
        stream: Any = None
        for t_s, drawn in _held(pictures):
            picture = _at_least_2x2(drawn)
            if stream is None:
                stream = container.add_stream("libx264", rate=30, options={"crf": "20", "preset": "veryfast"})
                stream.height, stream.width = (side // 2 * 2 for side in picture.shape[:2])
                stream.pix_fmt = "yuv420p"
                stream.codec_context.time_base = TIME_BASE
            fitting = _fitted(picture, stream.width, stream.height)
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(fitting), format="bgr24")
            last = max(round(t_s / TIME_BASE), last + 1)  # two frames within one step of the clock are two
            frame.pts, frame.time_base = last, TIME_BASE
            container.mux(stream.encode(frame))
        if stream is not None:
            container.mux(stream.encode())


def _fitted(picture: Image, width_px: int, height_px: int) -> Image:
    """The picture in the size of the video, which is that of the first one: cropped by a pixel, or scaled with bars."""
    high, wide = picture.shape[:2]
    if (high // 2 * 2, wide // 2 * 2) == (height_px, width_px):
        return picture[:height_px, :width_px]
    scale = min(width_px / wide, height_px / high)
    size = max(1, round(wide * scale)), max(1, round(high * scale))
    left, top = (width_px - size[0]) // 2, (height_px - size[1]) // 2
    out = np.zeros((height_px, width_px, 3), np.uint8)
    out[top : top + size[1], left : left + size[0]] = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    return out


def _at_least_2x2(picture: Image) -> Image:
    """Padded with its own edge where it is thinner: the codec takes pairs of pixels."""
    missing = [(0, max(0, 2 - side)) for side in picture.shape[:2]]
    return np.pad(picture, [*missing, (0, 0)], mode="edge") if any(more for _, more in missing) else picture
