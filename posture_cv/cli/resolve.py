"""What options and the settings file together mean, as the values that the engine takes."""

from __future__ import annotations

from pathlib import Path

from posture_cv.assess.settings import AssessSettings
from posture_cv.landmarks.estimator import EstimatorOptions
from posture_cv.measure.baseline import Baseline
from posture_cv.profiles.store import load_profile
from posture_cv.settings import load_settings


def assess_settings(settings_path: Path | None, alert_after_s: float | None = None) -> AssessSettings:
    """The settings of the assessment; `alert_after_s` shortens the windows and takes the grace away."""
    settings = load_settings(settings_path).assess()
    if alert_after_s is None:
        return settings
    return AssessSettings(
        thresholds=settings.thresholds,
        smoothing=settings.smoothing.alert_after(alert_after_s),
        ticks=settings.ticks,
        policy=settings.policy.alert_after(alert_after_s),
        breaks=settings.breaks,
        feedback=settings.feedback,
    )


def estimator_options(
    pose_model: Path | None, face_model: Path | None, settings_path: Path | None
) -> EstimatorOptions:
    """The models to run: the command line's, else the settings', else the included ones."""
    models = load_settings(settings_path, {"models.pose": pose_model, "models.face": face_model}).models
    return EstimatorOptions(
        pose_model=None if models.pose is None else Path(models.pose),
        face_model=None if models.face is None else Path(models.face),
    )


def baseline_of_profile(profile: str | None, settings_path: Path | None) -> tuple[Baseline, str]:
    """The baseline of a profile, and its name; without a name, that of the settings."""
    name = profile or load_settings(settings_path).general.profile
    found = load_profile(name)
    return found.baseline, found.name
