"""What options and the settings file together mean, as the values that the engine takes.

Where there is no settings file the defaults hold, and the reader of settings, which takes as long to load as numpy,
is left alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from posture_cv.assess.settings import AssessSettings
from posture_cv.landmarks.estimator import EstimatorOptions
from posture_cv.measure.baseline import Baseline
from posture_cv.paths import settings_file

if TYPE_CHECKING:
    from posture_cv.settings import Settings


def assess_settings(settings_path: Path | None, alert_after_s: float | None = None) -> AssessSettings:
    """The settings of the assessment; `alert_after_s` shortens the windows and takes the grace away."""
    settings = _settings(settings_path).assess() if _there(settings_path) else AssessSettings()
    return settings if alert_after_s is None else settings.alert_after(alert_after_s)


def estimator_options(
    pose_model: Path | None, face_model: Path | None, settings_path: Path | None
) -> EstimatorOptions:
    """The models to run: the command line's, else the settings', else the included ones."""
    if pose_model is None and face_model is None and not _there(settings_path):
        return EstimatorOptions()
    settings = _settings(settings_path, overrides(pose_model, face_model))
    return settings.models.options()


def overrides(
    pose_model: Path | None, face_model: Path | None, camera: str | None = None
) -> dict[str, object]:
    """What the command line puts over the settings; a camera that is a number is one there, too."""
    return {
        "capture.camera": int(camera) if camera is not None and camera.isdecimal() else camera,
        "models.pose": pose_model,
        "models.face": face_model,
    }


def watched(
    source: str | None,
    camera: str | None,
    settings_path: Path | None,
    pose_model: Path | None,
    face_model: Path | None,
) -> tuple[Settings, str]:
    """The settings, and what is to be watched: SOURCE, else the webcam of --camera, else that of the settings.

    Raises:
        click.UsageError: both are named. SettingsError: the settings cannot be read.
    """
    if source is not None and camera is not None:
        raise click.UsageError("Name the camera once: as SOURCE or with --camera.")
    settings = _settings(settings_path, overrides(pose_model, face_model))
    return settings, source or f"webcam:{camera if camera is not None else settings.capture.camera}"


def baseline_of_profile(profile: str | None, settings_path: Path | None) -> tuple[Baseline, str]:
    """The baseline of a profile, and its name; without a name, that of the settings.

    Raises:
        ProfileError: there is none, or it cannot be read. SettingsError: the settings cannot be read.
    """
    from posture_cv.profiles.store import load_profile
    from posture_cv.profiles.types import ProfileError

    try:
        found = load_profile(profile or _settings(settings_path).general.profile)
    except ProfileError as error:
        if profile is not None:
            raise
        # Who named no profile may have a recording only, and no camera to calibrate before.
        way = f"{error.what_to_do}\nOr take the baseline from the recording: --calibrate START:END, e.g. 0:8"
        raise ProfileError(error.title, error.detail, way) from error
    return found.baseline, found.name


def _there(settings_path: Path | None) -> bool:
    """Whether a settings file is given, or the user has one."""
    return settings_path is not None or settings_file().exists()


def _settings(path: Path | None, over: Mapping[str, object] | None = None) -> Settings:
    from posture_cv.settings import load_settings

    return load_settings(path, over)
