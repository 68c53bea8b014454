"""From a camera or a recording to the frames of a calibration, and from those to a profile."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, Protocol

import numpy as np

from calibration.collect import assess_stillness
from calibration.company import Company, Finder
from calibration.ergonomics import check_desk
from calibration.errors import CalibrationError
from calibration.fit import CalibrationResult
from calibration.protocol import Progress, Step, Timing, advance
from calibration.verdict import Verdict, about_company
from posture_cv._version import __version__
from posture_cv.capture.types import Frame, FrameSource
from posture_cv.landmarks.estimator import EstimatorInfo, LandmarkEstimator, ModelInfo
from posture_cv.landmarks.recording import RecordingReader
from posture_cv.landmarks.types import Landmarks
from posture_cv.measure.baseline import UNMOVED
from posture_cv.profiles.types import Profile, ProfileModel, ProfileQuality, ProfileSource, SetupNote
from posture_cv.utf8 import legible

# The gate looks at the pictures of its window only; more than these would be a camera gone wild.
_MOST_RECENT: Final = 600
_FIGURES: Final = (
    *("face_share", "contour_share", "measured_share", "body_px", "view_margin"),
    *("camera_pitch_deg", "distance_cm", "person_luma", "camera_shift", "lean_deg"),
)
MOST_FRAMES: Final = 10_000  # five minutes at 30 frames a second, 100 MB


class Ui(Protocol):
    """Where a live calibration shows itself."""

    def update(self, frame: Frame, lm: Landmarks, progress: Progress) -> bool:
        """Show one moment; False: the user wants to stop."""


@dataclass(frozen=True, slots=True, eq=False)
class Collected:
    """The frames of a calibration, and what made them.

    Attributes:
        company_share: of the looks at the pictures, how many showed somebody else, 0-1; NaN: nobody looked.
    """

    landmarks: Landmarks
    source: ProfileSource
    engine: str
    pose_model: ProfileModel
    face_model: ProfileModel | None
    company_share: float = float("nan")


def collect_live(
    source: FrameSource, estimator: LandmarkEstimator, timing: Timing, ui: Ui, finder: Finder | None = None
) -> Collected:
    """Guide a person in front of a camera until enough seconds of sitting still are recorded.

    Args:
        source, estimator, timing, ui: see there.
        finder: looks for somebody else while it is recorded; None: nobody does.

    Raises:
        CalibrationError: given up, stopped by the user, or the camera ended before.
        SourceError: the camera failed.
    """
    kept: list[Landmarks] = []
    recent: list[Landmarks] = []
    progress: Progress | None = None
    company = Company(finder)
    for frame in source.frames():
        lm = estimator.estimate(frame)
        recent = [*recent, lm][-_MOST_RECENT:]
        recent = [part for part in recent if part.t_s[0] >= frame.t_s - timing.still_s]
        progress = progress or Progress.begin(frame.t_s)
        stillness = assess_stillness(Landmarks.concat(recent), timing.still_s)
        progress = advance(progress, frame.t_s, stillness, timing)
        if progress.step in (Step.RECORD, Step.DONE):
            # what was seen while it paused is neither what the person wants to sit like nor a reason to refuse it
            if not progress.problems:
                kept.append(lm)
                company.look(frame, lm)
        elif not progress.finished:
            kept.clear()
            company.forget()
        if not ui.update(frame, lm, progress):
            raise CalibrationError("Calibration stopped.", "Nothing was changed.")
        if progress.finished:
            break
    _require_done(progress, timing)
    return _collected(Landmarks.concat(kept), source, estimator, company)


def _require_done(progress: Progress | None, timing: Timing) -> None:
    if progress is not None and progress.step is Step.DONE:
        return
    again = "Try again."
    if progress is None or progress.step is not Step.GAVE_UP:
        raise CalibrationError("The pictures ended before the calibration was complete.", "", again)
    last = progress.problems[0].prompt if progress.problems else ""
    raise CalibrationError(
        f"The calibration was given up after {timing.give_up_s:.0f} s.",
        f"The last thing that was wrong: {last}" if last else "You did not sit still for long enough.",
        again,
    )


def collect_recorded(
    source: FrameSource,
    estimator: LandmarkEstimator,
    advance_by: Callable[[], None],
    finder: Finder | None = None,
) -> Collected:
    """Landmarks of every frame of a video or a folder of pictures; `advance_by` is called for each.

    Args:
        source, estimator: see there.
        advance_by: see above.
        finder: looks for somebody else; None: nobody does.

    Raises:
        CalibrationError: more than `MOST_FRAMES` frames. SourceError: the source failed.
    """
    parts: list[Landmarks] = []
    company = Company(finder)
    for frame in source.frames():
        parts.append(estimator.estimate(frame))
        company.look(frame, parts[-1])
        _require_few(len(parts))
        advance_by()
    return _collected(Landmarks.concat(parts), source, estimator, company)


def collect_recording(reader: RecordingReader, start_s: float, end_s: float, name: str) -> Collected:
    """A stretch of a landmark recording, `start_s <= t < end_s`.

    Raises:
        CalibrationError: no frame lies there, or more than `MOST_FRAMES`.
    """
    parts: list[Landmarks] = []
    last_s = 0.0
    for block in reader.blocks():
        last_s = float(block.t_s[-1])
        parts.append(block[(block.t_s >= start_s) & (block.t_s < end_s)])
        _require_few(sum(map(len, parts)))
        if last_s >= end_s:
            break
    chosen = Landmarks.concat(parts)
    if len(chosen) == 0:
        raise CalibrationError(
            f"The recording has no frames between {start_s:g} and {end_s:g} s: {name}",
            f"It ends at {last_s:.1f} s." if parts else "It holds no frame.",
            "Choose another stretch with --start and --end.",
        )
    plain = reader.info.estimator
    return Collected(
        chosen,
        ProfileSource("landmarks", legible(name)[:200]),
        str(plain.get("engine") or "unknown")[:200],
        _noted_model(plain.get("pose")) or ProfileModel("unknown", "0" * 64),
        _noted_model(plain.get("face")),
    )


def _require_few(count: int) -> None:
    if count > MOST_FRAMES:
        raise CalibrationError(
            f"This recording is too long to calibrate by: more than {MOST_FRAMES:,} frames.",
            "A calibration is a few seconds in which you sit as you want to sit.",
            "Choose them with --start and --end.",
        )


def _noted_model(plain: Any) -> ProfileModel | None:  # noqa: ANN401 - plain JSON values
    """A model as a recording's header notes it, if it does so in the usual way."""
    if not isinstance(plain, dict):
        return None
    name, total = str(plain.get("name") or ""), str(plain.get("sha256") or "")
    if not name or len(total) != 64 or not set(total) <= set("0123456789abcdef"):
        return None
    return ProfileModel(name, total)


def _collected(
    lm: Landmarks, source: FrameSource, estimator: LandmarkEstimator, company: Company
) -> Collected:
    info: EstimatorInfo = estimator.info
    origin = source.info
    return Collected(
        lm,
        # of a file its own name only, without the folders that lead to it
        ProfileSource(
            origin.kind, legible(origin.path.name if origin.path else origin.name)[:200] or "unknown"
        ),
        info.engine,
        _model(info.pose),
        None if info.face is None else _model(info.face),
        company.share,
    )


def _model(info: ModelInfo) -> ProfileModel:
    return ProfileModel(info.name, info.sha256)


def make_profile(name: str, result: CalibrationResult, collected: Collected, created: datetime) -> Profile:
    """The profile of a calibration; `created` carries its offset from UTC."""
    q = result.quality
    figures = {name: getattr(q, name) for name in _FIGURES} | {"company_share": collected.company_share}
    verdict = Verdict.of([*result.verdict.findings, *about_company(collected.company_share)])
    quality = ProfileQuality(
        grade=verdict.grade.value,
        reasons=verdict.reasons,
        frames_given=q.frames_given,
        frames_used=q.frames_used,
        duration_s=q.duration_s,
        figures={key: value for key, value in figures.items() if np.isfinite(value)},
        baseline_error={key: value for key, value in q.baseline_error.items() if np.isfinite(value)},
        expected_error={key: value for key, value in q.expected_error.items() if np.isfinite(value)},
    )
    return Profile(
        name=name,
        created=created.replace(microsecond=0).isoformat(),
        program=f"posture-cv {__version__}",
        baseline=replace(result.baseline, background=UNMOVED),
        source=collected.source,
        engine=collected.engine,
        pose_model=collected.pose_model,
        face_model=collected.face_model,
        quality=quality,
        setup=tuple(SetupNote(finding.check, finding.text) for finding in check_desk(result.baseline)),
    )
