"""A baseline from the monitor's own camera: at the first run, and whenever it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from posture_cv.capture.types import Frame, SourceInfo
from posture_cv.closing import Closing
from posture_cv.errors import InputError
from posture_cv.landmarks.estimator import LandmarkEstimator
from posture_cv.landmarks.types import Landmarks
from posture_cv.measure.baseline import UNMOVED, Background, Baseline
from posture_cv.monitor.ports import Camera
from posture_cv.profiles.types import Profile

if TYPE_CHECKING:
    from calibration.company import Finder
    from calibration.protocol import Progress, Timing
    from calibration.run import Ui

_EVERY_S = 0.1  # between a calibration's pictures; ours
_WIDTH = 96  # characters of a line; ours


def follow_camera(
    name: str, baseline: Baseline, background: Background, file: Path | None = None
) -> Baseline:
    """The baseline as the camera sees the same person where it stands now; its stored profile has it from now on.

    Args:
        name: of the profile.
        baseline: in use; a profile of that name that holds another one is left as it is.
        background: where it stands now, against the same reference as the baseline's.
        file: of the profile, where it is none of the folder of profiles.

    Raises:
        CalibrationError: the camera was moved too far. OutputError: not saved.
    """
    from calibration.rebaseline import moved_with_camera
    from posture_cv.profiles.store import load_profile, save_profile
    from posture_cv.profiles.types import ProfileError

    # The models begin anew with it, and what they see first is their background's place.
    moved = replace(moved_with_camera(baseline, background), background=UNMOVED)
    with suppress(ProfileError):  # one that was deleted or cannot be read is left as it is
        profile = load_profile(file or name)
        if np.array_equal(profile.baseline.pose, baseline.pose, equal_nan=True):
            save_profile(replace(profile, baseline=moved), file)
    return moved


class CameraSource(Closing):
    """The monitor's camera as a frame source; the camera stays open when this is closed."""

    def __init__(self, camera: Camera) -> None:
        self._camera = camera
        self.warnings: list[str] = []

    @property
    def info(self) -> SourceInfo:
        """What is known of the camera."""
        about = self._camera.identity
        kind: Any = about.kind
        return SourceInfo(kind, about.name, live=True, width_px=about.width_px, height_px=about.height_px)

    def frames(self) -> Iterator[Frame]:
        """Ten a second at most, with the monitor's times. Raises SourceError when the camera is lost."""
        self._camera.open()
        self._camera.set_interval(_EVERY_S)
        while not self._camera.ended:
            glimpse = self._camera.read(0.5)
            if glimpse is None:
                continue
            if glimpse.frame is None:
                raise InputError(
                    "A landmark recording holds no pictures to calibrate by.",
                    "",
                    "Make the profile with: posture-cv calibrate --from RECORDING",
                )
            yield replace(glimpse.frame, t_s=glimpse.t_s)

    def close(self) -> None:
        """The camera is another's."""


class PromptUi:
    """Hands each new prompt on; a False answer stops the calibration."""

    def __init__(self, timing: Timing, prompted: Callable[[str], bool]) -> None:
        self._timing, self._prompted = timing, prompted

    def update(self, frame: Frame, lm: Landmarks, progress: Progress) -> bool:  # noqa: ARG002 - see Ui
        """Show one moment; how it ends is told by whoever asked for it, once the baseline is made."""
        from calibration.protocol import prompt

        if progress.finished:
            return True
        return self._prompted(prompt(progress, self._timing))


def findings(profile: Profile) -> list[str]:
    """What there is to say of a new profile: what speaks against it, and the ergonomic check; may be empty."""
    return [*profile.quality.reasons, *about_desk(profile)]


def about_desk(profile: Profile) -> list[str]:
    """What the ergonomic check of a calibration found, for people; empty where it found nothing to say."""
    from posture_cv.guidance.catalogue import load_catalogue
    from posture_cv.guidance.desk import desk_lines
    from posture_cv.output.text import text_width

    lines = list(desk_lines(load_catalogue(), profile.setup, text_width(_WIDTH), indent=2))
    return ["Your desk:", *lines] if lines else []


def calibrate_from_camera(
    camera: Camera,
    estimator: LandmarkEstimator,
    name: str,
    timing: Timing,
    ui: Ui,
    finder: Finder | None = None,
    *,
    known: Baseline | None = None,
    file: Path | None = None,
) -> Profile:
    """Guide the person in front of the camera, fit, and save the profile.

    Args:
        camera, estimator, timing, ui: see there.
        name: of the profile.
        finder: looks for somebody else in the picture; None: nobody does.
        known: an earlier baseline of this person, whose face is kept: a few seconds are enough then.
        file: to save it into; None: the one of its name, in the folder of profiles.

    Raises:
        CalibrationError: given up, stopped, or too poor. SourceError: the camera failed. OutputError: not saved.
    """
    from calibration.fit import fit_baseline
    from calibration.rebaseline import quick_baseline
    from calibration.run import collect_live, make_profile
    from posture_cv.coefficients import load_coefficients
    from posture_cv.profiles.store import save_profile

    collected = collect_live(CameraSource(camera), estimator, timing, ui, finder)
    coefficients = load_coefficients()
    if known is None:
        result = fit_baseline(collected.landmarks, coefficients)
    else:
        result = quick_baseline(known, collected.landmarks, coefficients)
    profile = make_profile(name, result, collected, datetime.now().astimezone())
    save_profile(profile, file)
    return profile
