"""The baseline of a recording, taken from a stretch of the recording itself."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

import numpy as np

from posture_cv.errors import InputError, NobodyFoundError, PostureError
from posture_cv.landmarks.recording import RecordingReader
from posture_cv.landmarks.types import Landmarks
from posture_cv.replay.types import BaselineUsed

LEAST_MISSING_S: Final = 1.0  # of the seconds to calibrate on, from which on that is said (ours)


def calibrated(
    path: Path, calibrate_s: tuple[float, float], *, source: str, whole: Path | None = None
) -> BaselineUsed:
    """The baseline of the frames with `start <= t_s < end`, in which the person sits as they want to sit.

    Args:
        path: the landmark recording that holds those seconds.
        calibrate_s: (start, end), seconds; the end may be infinite.
        source: what the user calls the recording, for errors.
        whole: the whole recording, should `path` be a part of it.

    Raises:
        InputError: no frame lies there, or none with a person.
        NobodyFoundError: the whole recording shows nobody.
        PostureError: the recording cannot be read, the baseline is too poor.
    """
    from calibration.fit import fit_baseline  # only where a baseline is made
    from posture_cv.coefficients import load_coefficients

    start_s, end_s = calibrate_s
    with RecordingReader(path) as reader:
        blocks = reader.blocks(lambda t_s: t_s >= start_s)  # an hour before it need not be unpacked
        frames = _frames_between(blocks, start_s, end_s)
        face_expected = (
            reader.info.source.get("kind") != "import" or reader.info.estimator.get("face") is not None
        )
    if len(frames) == 0:
        raise no_frame_to_calibrate_on(source, calibrate_s, _span_s(whole or path))
    if not frames.person_found.any():
        raise _nobody_to_calibrate_on(source, somebody_elsewhere=_anybody(whole or path))
    result = fit_baseline(frames, load_coefficients(), face_expected=face_expected)
    there_s = _there_s(frames, calibrate_s)
    origin = {
        "calibrated_s": [there_s[0], there_s[1] if math.isfinite(there_s[1]) else None],
        "frames": len(frames),
        "frames_used": int(result.used.sum()),
        "quality": str(result.verdict.grade),
    }
    reasons = [*_shorter(calibrate_s, there_s), *result.verdict.reasons]
    return BaselineUsed(result.baseline, origin, tuple(f"Baseline: {reason}" for reason in reasons))


def _there_s(frames: Landmarks, asked_s: tuple[float, float]) -> tuple[float, float]:
    """The part of the seconds asked for that holds frames, N > 0 of them; as asked where little is missing."""
    t_s = frames.t_s
    first_s, end_s = float(t_s[0]), float(t_s[-1]) + (float(np.median(np.diff(t_s))) if len(t_s) > 1 else 0.0)
    return (
        asked_s[0] if first_s - asked_s[0] <= LEAST_MISSING_S else round(first_s, 3),
        asked_s[1] if asked_s[1] - end_s <= LEAST_MISSING_S or math.isinf(asked_s[1]) else round(end_s, 3),
    )


def _shorter(asked_s: tuple[float, float], there_s: tuple[float, float]) -> Iterator[str]:
    if there_s != asked_s:
        yield (
            f"Of the seconds {asked_s[0]:g} to {asked_s[1]:g} the recording has {there_s[0]:g} to {there_s[1]:g} only."
        )


def _frames_between(blocks: Iterable[Landmarks], start_s: float, end_s: float) -> Landmarks:
    """The frames with `start_s <= t_s < end_s`."""
    chosen = []
    for block in blocks:
        if len(block) and block.t_s[0] >= end_s:
            break
        chosen.append(block[(block.t_s >= start_s) & (block.t_s < end_s)])
    return Landmarks.concat(chosen)


def no_frame_to_calibrate_on(
    source: str, calibrate_s: tuple[float, float], span_s: tuple[float, float]
) -> InputError:
    """The error for seconds that lie outside the recording, whose first and last frame are at `span_s`."""
    start_s, end_s = calibrate_s
    return InputError(
        f"There is no frame between {start_s:g} and {end_s:g} s to calibrate on.",
        f"Source: {source}, {span_s[0]:.1f} to {span_s[1]:.1f} s.",
        "Choose an interval inside the recording.",
    )


def _span_s(path: Path) -> tuple[float, float]:
    """Times of the first and of the last frame; 0 without any."""
    with RecordingReader(path) as reader:
        ends = [(float(block.t_s[0]), float(block.t_s[-1])) for block in reader.blocks() if len(block)]
    return (ends[0][0], ends[-1][1]) if ends else (0.0, 0.0)


def _anybody(path: Path) -> bool:
    with RecordingReader(path) as reader:
        return any(block.person_found.any() for block in reader.blocks())


def _nobody_to_calibrate_on(source: str, *, somebody_elsewhere: bool) -> PostureError:
    if somebody_elsewhere:
        return InputError(
            "Nobody is in the picture in the seconds to calibrate on.",
            f"Source: {source}.",
            "Choose an interval in which the person sits as they want to sit.",
        )
    return NobodyFoundError.of(source, "There is nobody to calibrate on or to judge.")
