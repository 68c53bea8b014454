"""The annotated video: the pictures again, with what was seen in them and what it was named."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import av
import numpy as np
from numpy.typing import NDArray

from posture_cv.assess.types import ALERTING, State
from posture_cv.atomic import atomic_path
from posture_cv.capture import open_source
from posture_cv.errors import InputError
from posture_cv.landmarks.recording import RecordingReader, is_recording
from posture_cv.landmarks.types import Landmarks
from posture_cv.measure.types import Measurements, Reason
from posture_cv.output import draw
from posture_cv.replay.progress import Progress

if TYPE_CHECKING:
    from posture_cv.replay.run import Replayed

TIME_BASE = Fraction(1, 90_000)
_SHOWN = (
    ("forward_head_deg", "forward head", "deg"),
    ("head_pitch_deg", "head pitch", "deg"),
    ("shoulder_rounding_deg", "rounding", "deg"),
    ("shoulder_elevation_cm", "shoulders up", "cm"),
    ("trunk_incl_deg", "trunk", "deg"),
)


def write_annotated_video(result: Replayed, path: Path, progress: Progress) -> None:
    """Write every frame of the source, at its own time, with skeleton, contour, face outline, angles and state.

    Raises:
        InputError: the source was a landmark recording, which holds no pictures.
        OutputError, SourceError: the video cannot be written, or the source not read again.
    """
    source = result.options.source
    if is_recording(Path(source)):
        raise InputError(
            "An annotated video needs the pictures.",
            f"{source} is a landmark recording and holds none.",
            "Replay the video itself with --video.",
        )
    progress.stage("Drawing the video", len(result.assessment.measured))
    with (
        atomic_path(path) as part,
        open_source(source, options=result.options.capture) as frames,
        RecordingReader(result.landmarks_path) as reader,
    ):
        _encode(part, _drawn(result, frames.frames(), reader, progress))


def _drawn(
    result: Replayed, frames: Iterator[Any], reader: RecordingReader, progress: Progress
) -> Iterator[tuple[float, NDArray[np.uint8]]]:
    """Each frame's time and annotated picture."""
    states = result.assessment.states
    for i, (frame, lm) in enumerate(zip(frames, _one_by_one(reader), strict=False)):
        state, reason = State(int(result.assessment.state[i])), Reason(int(states.reason[i]))
        lines = [*_value_lines(result.assessment.measured, i)]
        if reason is not Reason.OK:
            lines.append(reason.label.replace("_", " "))
        drawn = draw.draw_overlay(
            frame.image_bgr, lm, lines=lines, state_label=state.label, colour=_colour(state)
        )
        yield frame.t_s, drawn
        progress.advance()


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
            yield f"{label} {estimate.value[i]:+.0f} +- {1.645 * estimate.sd[i]:.0f} {unit}"
        else:
            yield f"{label} ? ({Reason(int(estimate.reason[i])).label.replace('_', ' ')})"


def _encode(path: Path, pictures: Iterator[tuple[float, NDArray[np.uint8]]]) -> None:
    """H.264 in MP4; times are kept to 1/90 000 s, so that variable frame rates stay what they are."""
    with av.open(str(path), "w", format="mp4") as container:
        stream: Any = None
        for t_s, picture in pictures:
            height, width = picture.shape[0] // 2 * 2, picture.shape[1] // 2 * 2
            if stream is None:
                stream = container.add_stream("libx264", rate=30, options={"crf": "20", "preset": "veryfast"})
                stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
                stream.codec_context.time_base = TIME_BASE
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture[:height, :width]), format="bgr24")
            frame.pts, frame.time_base = round(t_s / TIME_BASE), TIME_BASE
            container.mux(stream.encode(frame))
        if stream is not None:
            container.mux(stream.encode())
