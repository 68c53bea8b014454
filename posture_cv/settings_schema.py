"""What a settings file may hold: sections, keys, limits and defaults.

The sections of the assessment are in `settings_assess`; those of the monitor share its defaults.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from posture_cv.assess.settings import AssessSettings
from posture_cv.capture.types import CaptureOptions
from posture_cv.landmarks.estimator import EstimatorOptions
from posture_cv.monitor.economy import EconomySettings
from posture_cv.monitor.lifecycle import LifeSettings
from posture_cv.settings_assess import (
    BreaksSection,
    FeedbackSection,
    PolicySection,
    SmoothingSection,
    ThresholdsSection,
    TicksSection,
)
from posture_cv.settings_section import Section, number, switch

_ECO, _LIFE = EconomySettings(), LifeSettings()

Pixels = Annotated[int, Field(ge=160, le=7680)]
Rate = Annotated[float, Field(ge=1.0, le=240.0)]
NonEmpty = Annotated[str, Field(min_length=1, max_length=1000)]


class GeneralSection(Section):
    """What is used when the command line does not say."""

    profile: NonEmpty = Field(
        default="default",
        description="profile to judge by: its name (the monitor prefers one made with its camera) or its file's path",
    )


class CaptureSection(Section):
    """The webcam."""

    camera: Annotated[int, Field(ge=0, le=99)] | NonEmpty = Field(
        default=0, description='which webcam: its number, or its name in quotes (see "posture-cv doctor")'
    )
    width_px: Pixels | None = Field(default=None, description="width to ask of the webcam", examples=[1280])
    height_px: Pixels | None = Field(default=None, description="height to ask of the webcam", examples=[720])
    frame_rate_hz: Rate | None = Field(
        default=None, description="frame rate to ask of the webcam", examples=[30.0]
    )

    def options(self) -> CaptureOptions:
        """What is asked of the webcam, and all else as it is without settings."""
        return CaptureOptions(
            width_px=self.width_px, height_px=self.height_px, frame_rate_hz=self.frame_rate_hz
        )


class ModelsSection(Section):
    """Your own model files (.task) in place of the included ones."""

    pose: NonEmpty | None = Field(
        default=None, description="path of a pose model", examples=["~/pose_landmarker_heavy.task"]
    )
    face: NonEmpty | None = Field(
        default=None, description="path of a face model", examples=["~/face_landmarker.task"]
    )

    def options(self) -> EstimatorOptions:
        """An estimator with these models, and all else as it is without settings."""
        return EstimatorOptions(
            pose_model=None if self.pose is None else Path(self.pose),
            face_model=None if self.face is None else Path(self.face),
        )


class CalibrationSection(Section):
    """How a baseline is recorded from the webcam."""

    countdown_s: float = number(3.0, 0.0, 60.0, "countdown before it begins")
    still_s: float = number(1.5, 0.5, 10.0, "you must have been sitting still this long")
    duration_s: float = number(8.0, 2.0, 60.0, "recorded seconds of sitting still")
    give_up_s: float = number(
        90.0,
        10.0,
        600.0,
        "it gives up when that was not reached within this time; at least the three above together",
    )

    @model_validator(mode="after")
    def _fits(self) -> Self:
        least_s = self.countdown_s + self.still_s + self.duration_s
        if self.give_up_s < least_s:
            raise ValueError(
                f"give_up_s is {self.give_up_s:g}, and countdown_s, still_s and duration_s take {least_s:g} together"
            )
        return self


class OutputSection(Section):
    """What you get."""

    notifications: bool = switch(
        default=True, meaning="desktop notifications, where there is a server for them"
    )


class EconomySection(Section):
    """How often the running monitor looks. Looking more often costs more and hardly makes an alert come sooner."""

    enabled: bool = switch(_ECO.enabled, "false: every picture is measured, 30 a second")
    close_s: float = number(_ECO.close_s, 0.05, 2.0, "between looks while a posture stands at its limit")
    close_for_s: float = number(
        _ECO.close_for_s, 0.0, 60.0, "it does so until so long after it was there last"
    )
    close_share: float = number(_ECO.close_share, 0.0, 1.0, "share of the time that this may take")
    close_saved_s: float = number(_ECO.close_saved_s, 0.0, 3600.0, "and so much of it at once")
    deciding_s: float = number(_ECO.deciding_s, 0.1, 2.0, "between looks while something is being decided")
    deciding_most_s: float = number(
        _ECO.deciding_most_s, 1.0, 120.0, "what takes longer than this is not being decided"
    )
    moving_s: float = number(_ECO.moving_s, 0.1, 2.0, "between looks while you are there and move")
    calm_s: float = number(_ECO.calm_s, 0.1, 2.0, "between runs of the models while all is well")
    still_s: float = number(_ECO.still_s, 0.1, 2.0, "between looks while nothing moves")
    still_after_s: float = number(
        _ECO.still_after_s, 1.0, 600.0, "nothing moves when the picture was the same for so long"
    )
    away_s: float = number(
        _ECO.away_s, 0.1, 3.0, "between looks while nobody is there or nothing can be seen"
    )
    battery_factor: float = number(_ECO.battery_factor, 1.0, 4.0, "times so much on battery, up to still_s")
    refresh_s: float = number(_ECO.refresh_s, 2.0, 300.0, "the models run at least so often")

    def plain(self) -> EconomySettings:
        """As the monitor reads it."""
        return EconomySettings(**self.model_dump())


class MonitorSection(Section):
    """When the running monitor switches the camera off, and how it shows a poor posture."""

    away_long_s: float = number(
        _LIFE.away_long_s, 30.0, 7200.0, "camera off when nobody was seen for so long"
    )
    peek_every_s: float = number(_LIFE.peek_every_s, 5.0, 3600.0, "while away, a glance so often")
    pause_in_calls: bool = switch(
        _LIFE.pause_in_calls, "camera off while a microphone is in use (Linux), so that a call can have it"
    )
    border: bool = switch(
        default=False, meaning="the tray draws a coloured border around the screen that grows with severity"
    )


class RetentionSection(Section):
    """How long things are kept. Pictures are never kept."""

    history_days: int = number(90, 0, 3650, "daily history; 0 keeps none")


class Settings(Section):
    """The whole file."""

    general: GeneralSection = GeneralSection()
    capture: CaptureSection = CaptureSection()
    models: ModelsSection = ModelsSection()
    calibration: CalibrationSection = CalibrationSection()
    policy: PolicySection = PolicySection()
    thresholds: ThresholdsSection = ThresholdsSection()
    breaks: BreaksSection = BreaksSection()
    feedback: FeedbackSection = FeedbackSection()
    smoothing: SmoothingSection = SmoothingSection()
    ticks: TicksSection = TicksSection()
    output: OutputSection = OutputSection()
    economy: EconomySection = EconomySection()
    monitor: MonitorSection = MonitorSection()
    retention: RetentionSection = RetentionSection()

    def assess(self) -> AssessSettings:
        """What the assessment reads."""
        return AssessSettings(
            thresholds=self.thresholds.plain(),
            smoothing=self.smoothing.plain(),
            ticks=self.ticks.plain(),
            policy=self.policy.plain(),
            breaks=self.breaks.plain(),
            feedback=self.feedback.plain(),
        )


def section_class(name: str) -> type[Section]:
    """The schema of the section [name]."""
    kind = Settings.model_fields[name].annotation
    assert isinstance(kind, type)
    assert issubclass(kind, Section)
    return kind


def range_text(schema: Mapping[str, Any]) -> str:
    """The limits of a number, "0.5 to 2"; empty for what has none."""
    if "minimum" not in schema:
        return ""
    return f"{schema['minimum']:g} to {schema['maximum']:g}"
