"""A first look at a source, before any model runs over all of it: checksum, length, where it can be cut, the view."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from posture_cv.capture import open_source
from posture_cv.capture.types import CaptureOptions, SourceError
from posture_cv.file_facts import sha256_of_file
from posture_cv.landmarks.estimator import EstimatorOptions, Mode
from posture_cv.landmarks.recording import is_recording
from posture_cv.landmarks.types import Landmarks
from posture_cv.paths import user_path
from posture_cv.replay.keys import Known, Stamp
from posture_cv.replay.known import known_checksum
from posture_cv.replay.record import default_estimator
from posture_cv.utf8 import utf8

LIVE: Final = re.compile(r"\d{1,4}$|webcam:|/dev/|[A-Za-z][A-Za-z0-9+.-]*://")
# The view is told from so many frames of the calibration interval (ours).
_LOOKS: Final = 7


@dataclass(frozen=True, slots=True)
class Look:
    """What to look at.

    Attributes:
        source: as for `open_source`, or a landmark recording.
        start_s, end_s, rate_hz: of the stretch and the rate to be replayed.
        calibrate_s: seconds to calibrate on, from which the view is told; None: the view is known.
        estimator: which models.
        known: from an earlier run.
    """

    source: str
    start_s: float = 0.0
    end_s: float | None = None
    rate_hz: float | None = None
    calibrate_s: tuple[float, float] | None = None
    estimator: EstimatorOptions = EstimatorOptions()  # noqa: RUF009  frozen
    known: Known | None = None


@dataclass(frozen=True, slots=True)
class Scan:
    """What is known of a source.

    Attributes:
        sha256: of its content; None for cameras and streams.
        stamp: of the file; None where it is none.
        recording: it is a landmark recording: no model has to run.
        frames: how many will be looked at; None where it cannot be told beforehand.
        last_s: time of the last picture; 0 where unknown.
        cuttable: whether parts of it can be read on their own.
        profile_view: the calibration interval shows a clear profile, which asks for no face.
        unrelated: pictures without times, a folder of them or a single one.
    """

    sha256: str | None
    stamp: Stamp | None = None
    recording: bool = False
    frames: int | None = None
    last_s: float = 0.0
    cuttable: bool = False
    profile_view: bool = False
    unrelated: bool = False

    @property
    def known(self) -> Known | None:
        """For the next look: no checksum is made twice."""
        return None if self.stamp is None or self.sha256 is None else Known(self.stamp, self.sha256)


def scan(look: Look) -> Scan:
    """Look at a source.

    Raises:
        SourceError: it is missing, empty, damaged or nothing that can be replayed.
    """
    path = user_path(look.source)
    if not (path.is_file() or path.is_dir()):
        return _elsewhere(look, path)
    if is_recording(path):
        stamp, sha256 = _checksum(path, look.known or known_checksum(path))
        return Scan(sha256, stamp, recording=True)
    # Before its checksum: of gigabytes that are no video only the beginning is read.
    with open_source(look.source, options=_stretch(look)) as source:
        info = source.info
    stamp, sha256 = _checksum(path, look.known)
    if info.kind != "video":
        return Scan(sha256, stamp, frames=info.frame_count, unrelated=info.unrelated)
    return _of_file(look, path, stamp, sha256)


def _elsewhere(look: Look, path: Path) -> Scan:
    """A camera or a stream, which is opened when its turn comes; or the error that says what is wrong."""
    if not (path.exists() or LIVE.match(look.source)):
        with open_source(look.source):  # says it best
            pass
    return Scan(None)


def _of_file(look: Look, path: Path, stamp: Stamp | None, sha256: str) -> Scan:
    from posture_cv.capture.video_extent import video_extent

    extent = video_extent(path, look.source)
    side = look.calibrate_s is not None and _shows_profile(look)
    frames = extent.frames_between(look.start_s, look.end_s, look.rate_hz)
    return Scan(
        sha256,
        stamp,
        frames=frames or None,
        last_s=extent.end_s,
        cuttable=extent.cuttable,
        profile_view=side,
    )


def _stretch(look: Look) -> CaptureOptions:
    return CaptureOptions(start_s=look.start_s, end_s=look.end_s, max_rate_hz=look.rate_hz, numbered=False)


def _checksum(path: Path, known: Known | None) -> tuple[Stamp | None, str]:
    try:
        if path.is_dir():
            names = sorted(p for p in path.iterdir() if p.is_file() and not p.name.startswith("."))
            whole = hashlib.sha256()
            for file in names:
                whole.update(utf8(f"{file.name}\0{sha256_of_file(file)}\n"))
            return None, whole.hexdigest()
        found = path.stat()
        stamp = Stamp(found.st_size, found.st_mtime_ns)
        if known is not None and known.stamp == stamp:
            return stamp, known.sha256
        return stamp, sha256_of_file(path)
    except OSError as error:
        raise SourceError(
            f"Cannot read {path}", f"{error.strerror or error}.", "Check its permissions."
        ) from error


def _shows_profile(look: Look) -> bool:
    """Whether a few frames of the calibration interval show a clear profile."""
    from posture_cv.measure.view import CLEAR_SIDE, view_score

    assert look.calibrate_s is not None
    start_s, end_s = look.calibrate_s
    options: dict[str, Any] = {"start_s": start_s, "numbered": False}
    if np.isfinite(end_s):
        options |= {"end_s": end_s, "max_rate_hz": _LOOKS / (end_s - start_s)}
    models = EstimatorOptions(look.estimator.pose_model, mode=Mode.IMAGE, face=False, contour=False)
    seen: list[Landmarks] = []
    try:
        with (
            open_source(look.source, options=CaptureOptions(**options)) as source,
            default_estimator(models) as find,
        ):
            for frame in source.frames():
                seen.append(find.estimate(frame))
                if len(seen) == _LOOKS:
                    break
    except SourceError:
        return False  # the replay itself says what is wrong with the interval
    scores = view_score(Landmarks.concat(seen))
    scores = scores[np.isfinite(scores)]
    return bool(len(scores) > 0 and np.median(scores) >= CLEAR_SIDE)
