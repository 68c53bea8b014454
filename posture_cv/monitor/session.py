"""From settings and a source's name to a monitor with all its real parts."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from posture_cv.capture.types import CaptureOptions, FrameSource, LiveFrameSource
from posture_cv.errors import InputError
from posture_cv.landmarks.estimator import LandmarkEstimator, Mode
from posture_cv.measure.types import View
from posture_cv.monitor.cameras import LiveCamera, played_frames, played_recording
from posture_cv.monitor.clock import PlaybackClock, SystemClock
from posture_cv.monitor.eyes import ModelEyes
from posture_cv.monitor.ports import Camera, Clock

if TYPE_CHECKING:
    from posture_cv.landmarks.recording import RecordingReader
    from posture_cv.settings import Settings

_WIDTH_PX, _HEIGHT_PX = 640, 480
"""Asked of a webcam without settings: the models see no more of a person at a desk in a larger picture; ours."""
_RATE_HZ = 10.0
"""Likewise: the slowest rate that common webcams know without halving their exposure's reserve; ours."""


@dataclass(frozen=True, slots=True)
class Eyepiece:
    """A camera, the clock that goes with it, whether it is live (not a recording), and whether it gives pictures.

    `warnings`: what went wrong with a recording so far, without which its end would pass for the whole of it.
    """

    camera: Camera
    clock: Clock
    live: bool
    pictures: bool = True
    warnings: Callable[[], Sequence[str]] = tuple


def open_eyepiece(
    spec: str, settings: Settings, speed: float, stack: ExitStack, begin_s: float = 0.0
) -> Eyepiece:
    """The camera that `spec` names; recordings are played at `speed`, the clock of others begins at `begin_s`.

    Raises:
        SourceError, RecordingError, InputError: it cannot be used (a live source's fault comes with its first use).
    """
    from posture_cv.capture import open_source
    from posture_cv.landmarks.recording import RecordingReader, is_recording
    from posture_cv.paths import user_path

    if is_recording(user_path(spec)):
        clock = PlaybackClock(speed)
        reader = stack.enter_context(RecordingReader(user_path(spec)))
        played = played_recording(reader, clock)
        if played.ended:
            raise no_frames(reader)
        return Eyepiece(played, clock, live=False, pictures=False, warnings=lambda: reader.warnings)
    if is_live(spec):
        real = SystemClock(begin_s)
        return Eyepiece(LiveCamera(_opener(spec, settings), real), real, live=True)
    source = stack.enter_context(open_source(spec))
    if source.info.unrelated:
        raise InputError(
            f"Pictures cannot be watched: {spec}",
            "They have no times.",
            "Judge them with: posture-cv replay",
        )
    clock = PlaybackClock(speed)
    return Eyepiece(played_frames(source, clock), clock, live=False, warnings=lambda: source.warnings)


def no_frames(reader: RecordingReader) -> InputError:
    """Of a landmark recording that has been read to its end without a single frame."""
    why = f"{reader.warnings[-1]}." if reader.warnings else "It is complete and empty."
    return InputError(
        f"The landmark recording holds no frame: {reader.path}",
        why,
        "Record the source again: posture-cv record",
    )


def is_live(spec: str) -> bool:
    """Whether the name means a camera or a stream."""
    return bool(
        re.fullmatch(r"[0-9]{1,4}", spec)
        or spec.lower().startswith("webcam:")
        or spec.startswith("/dev/")
        or re.match(r"[A-Za-z][A-Za-z0-9+.-]*://", spec)
    )


def _opener(spec: str, settings: Settings) -> Callable[[CaptureOptions], LiveFrameSource]:
    from posture_cv.capture import open_source

    wanted = settings.capture

    def opener(options: CaptureOptions) -> LiveFrameSource:
        full = replace(
            options,
            width_px=wanted.width_px or (_WIDTH_PX if wanted.height_px is None else None),
            height_px=wanted.height_px or (_HEIGHT_PX if wanted.width_px is None else None),
            frame_rate_hz=wanted.frame_rate_hz or _RATE_HZ,
        )
        source: FrameSource = open_source(spec, options=full)
        assert hasattr(source, "read")
        return source  # type: ignore[return-value]

    return opener


def make_eyes(settings: Settings, view: View | None) -> ModelEyes:
    """The models; the face model only where the view needs it (None: not known yet)."""
    return ModelEyes(lambda face: make_estimator(settings, face=face), face=needs_face(view))


def needs_face(view: View | None) -> bool:
    """Whether a baseline of that view is compared by the face too: from the side only outline and body are."""
    return view is not View.SIDE


def make_estimator(settings: Settings, *, face: bool = True) -> LandmarkEstimator:
    """An estimator for a stream, with the models of the settings."""
    from posture_cv.landmarks.mediapipe_estimator import MediaPipeEstimator

    return MediaPipeEstimator(replace(settings.models.options(), mode=Mode.VIDEO, face=face))


def speed_of(text: str) -> float:
    """How fast a recording is played: "1", "10x", "max".

    Raises:
        InputError: anything else.
    """
    plain = text.strip().lower()
    if plain == "max":
        return math.inf
    try:
        speed = float(plain.removesuffix("x"))
    except ValueError:
        speed = 0.0
    if not (math.isfinite(speed) and speed > 0):
        raise InputError(f"{text!r} is no speed.", "", "Give for example 1, 10x or max.")
    return speed
