"""What a settings file may hold: sections, keys, limits and defaults.

The sections of the assessment become the plain values of `posture_cv.assess`, and share their defaults and limits;
those of the monitor share its defaults.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from posture_cv.assess.settings import (
    AssessSettings,
    BreakSettings,
    FeedbackSettings,
    PolicySettings,
    SmoothingSettings,
    TickSettings,
)
from posture_cv.assess.thresholds import Thresholds
from posture_cv.capture.types import CaptureOptions
from posture_cv.landmarks.estimator import EstimatorOptions
from posture_cv.monitor.economy import EconomySettings
from posture_cv.monitor.lifecycle import LifeSettings


class Section(BaseModel):
    """A section of the file: nothing unknown, nothing out of range, no silent conversion."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


def _number(default: float, low: float, high: float, meaning: str) -> Any:  # noqa: ANN401 - as pydantic's Field
    return Field(default, ge=low, le=high, description=meaning)


def _switch(default: bool, meaning: str) -> Any:  # noqa: ANN401, FBT001 - as pydantic's Field
    return Field(default, description=meaning)


_TH, _SMOOTH, _TICK = Thresholds(), SmoothingSettings(), TickSettings()
_POLICY, _BREAK, _FEED = PolicySettings(), BreakSettings(), FeedbackSettings()
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

    countdown_s: float = _number(3.0, 0.0, 60.0, "countdown before it begins")
    still_s: float = _number(1.5, 0.5, 10.0, "you must have been sitting still this long")
    duration_s: float = _number(8.0, 2.0, 60.0, "recorded seconds of sitting still")
    give_up_s: float = _number(
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


class ThresholdsSection(Section):
    """Where each posture begins, against your own baseline. Larger = less sensitive."""

    neck_deg: float = _number(_TH.neck_deg, 1.0, 45.0, "forward head: loss of craniovertebral angle")
    neck_severe_deg: float = _number(_TH.neck_severe_deg, 1.0, 60.0, "the same, severe")
    text_neck_pitch_deg: float = _number(
        _TH.text_neck_pitch_deg, 1.0, 60.0, "text neck: head pitch downwards"
    )
    text_neck_neck_deg: float = _number(
        _TH.text_neck_neck_deg, 1.0, 60.0, "text neck: with so much forward head"
    )
    looking_down_deg: float = _number(_TH.looking_down_deg, 1.0, 60.0, "looking down: head pitch downwards")
    protraction_cm: float = _number(_TH.protraction_cm, 0.3, 10.0, "rounded shoulders: shoulders forward")
    protraction_severe_cm: float = _number(_TH.protraction_severe_cm, 0.3, 15.0, "the same, severe")
    elevation_cm: float = _number(_TH.elevation_cm, 0.3, 10.0, "raised shoulders: both, mean")
    elevation_one_side_cm: float = _number(
        _TH.elevation_one_side_cm, 0.3, 10.0, "raised shoulders: one of them"
    )
    elevation_severe_cm: float = _number(_TH.elevation_severe_cm, 0.3, 15.0, "the same, severe")
    slump_trunk_deg: float = _number(_TH.slump_trunk_deg, 0.5, 45.0, "slump: trunk inclination")
    slump_protraction_cm: float = _number(
        _TH.slump_protraction_cm, 0.1, 10.0, "slump: with so much shoulders forward"
    )
    slump_sink_cm: float = _number(
        _TH.slump_sink_cm, 0.1, 20.0, "slump: or shoulders lower by so much on their own"
    )
    slump_neck_deg: float = _number(_TH.slump_neck_deg, 0.5, 45.0, "slump: or so much forward head")
    leaning_in_deg: float = _number(_TH.leaning_in_deg, 1.0, 60.0, "leaning in: trunk inclination")
    leaning_in_cm: float = _number(_TH.leaning_in_cm, 1.0, 60.0, "leaning in: so much nearer")
    reclining_deg: float = _number(_TH.reclining_deg, 1.0, 60.0, "reclining: trunk inclination backwards")
    lateral_deg: float = _number(_TH.lateral_deg, 1.0, 60.0, "leaning sideways")
    slump_like_neck_deg: float = _number(
        _TH.slump_like_neck_deg, 0.0, 45.0, "slump, not forward head: the neck gives less than this"
    )
    slump_like_per_deg: float = _number(
        _TH.slump_like_per_deg, 0.0, 10.0, "and this for each degree of the trunk"
    )
    slump_like_per_cm: float = _number(
        _TH.slump_like_per_cm, 0.0, 10.0, "and this for each cm that the shoulders came nearer"
    )
    slump_like_most_cm: float = _number(_TH.slump_like_most_cm, 0.0, 60.0, "of which so many count")
    slump_like_trunk_deg: float = _number(
        _TH.slump_like_trunk_deg, 0.0, 45.0, "with at least so much trunk inclination"
    )
    sideways_from_deg: float = _number(
        _TH.sideways_from_deg, 0.0, 60.0, "leaning sideways by more than this asks for more"
    )
    sideways_per_deg: float = _number(
        _TH.sideways_per_deg, 0.0, 10.0, "so much more a degree, as a share of the limit"
    )
    moved_cm: float = _number(_TH.moved_cm, 1.0, 60.0, "sitting so much nearer or farther")
    moved_factor: float = _number(
        _TH.moved_factor, 1.0, 10.0, "asks for so many times more forward head or rounding"
    )
    neck_sd: float = _number(_TH.neck_sd, 0.0, 5.0, "forward head: at least so many standard deviations")
    protraction_sd: float = _number(_TH.protraction_sd, 0.0, 5.0, "rounded shoulders: likewise")
    elevation_sd: float = _number(_TH.elevation_sd, 0.0, 5.0, "raised shoulders: likewise")
    slump_sd: float = _number(_TH.slump_sd, 0.0, 5.0, "slump: likewise")
    severe_sd: float = _number(_TH.severe_sd, 0.0, 5.0, "severe: beyond the limit by so many")

    def plain(self) -> Thresholds:
        """As the assessment reads it."""
        return Thresholds(**self.model_dump())


class SmoothingSection(Section):
    """The trailing mean in front of the naming."""

    window_s: float = _number(_SMOOTH.window_s, 0.0, 60.0, "its length")
    valid_share: float = _number(_SMOOTH.valid_share, 0.01, 1.0, "share of it that must have been measured")
    jumps: int = _number(_SMOOTH.jumps, 1, 1000, "jumps of the landmarks in it that make it unknown")

    def plain(self) -> SmoothingSettings:
        """As the assessment reads it."""
        return SmoothingSettings(**self.model_dump())


class TicksSection(Section):
    """The regular grid on which the alert policy runs. There is little reason to change it."""

    tick_s: float = _number(_TICK.tick_s, 0.05, 5.0, "distance of its points")
    hold_max_s: float = _number(
        _TICK.hold_max_s, 0.05, 60.0, "an older frame says nothing about now; at least tick_s"
    )
    gap_skip_s: float = _number(
        _TICK.gap_skip_s, 0.05, 86400.0, "a longer gap is skipped; at least hold_max_s"
    )

    @model_validator(mode="after")
    def _fits(self) -> Self:
        self.plain()
        return self

    def plain(self) -> TickSettings:
        """As the assessment reads it."""
        return TickSettings(**self.model_dump())


class PolicySection(Section):
    """When to speak."""

    sensitivity: float = _number(
        _POLICY.sensitivity, 0.5, 2.0, "higher = more sensitive: earlier and for less, never later"
    )
    ambient_after_s: float = _number(_POLICY.ambient_after_s, 0.5, 60.0, "the status colour changes after")
    window_s: float = _number(_POLICY.window_s, 0.5, 3600.0, "time looked back upon for a notification")
    severe_window_s: float = _number(_POLICY.severe_window_s, 0.5, 3600.0, "the same for severe postures")
    share: float = _number(_POLICY.share, 0.5, 0.95, "share of that time that must be beyond the threshold")
    measured_share: float = _number(
        _POLICY.measured_share, 0.1, 1.0, "share of it that must have been measured"
    )
    age_factor: float = _number(
        _POLICY.age_factor, 1.0, 10.0, "what lies so many windows back no longer counts"
    )
    exit_ratio: float = _number(_POLICY.exit_ratio, 0.1, 1.0, "over when below this share of the threshold")
    exit_hold_s: float = _number(_POLICY.exit_hold_s, 0.0, 600.0, "for so long")
    cue_cooldown_s: float = _number(
        _POLICY.cue_cooldown_s, 0.0, 86400.0, "pause between alerts of one posture"
    )
    global_cooldown_s: float = _number(
        _POLICY.global_cooldown_s, 0.0, 86400.0, "pause between any two alerts"
    )
    cap_per_hour: int = _number(_POLICY.cap_per_hour, 0, 3600, "most posture alerts an hour")
    backoff_after: int = _number(
        _POLICY.backoff_after, 1, 100, "the pause doubles after so many ignored alerts"
    )
    backoff_max: int = _number(_POLICY.backoff_max, 1, 64, "up to this multiple")
    grace_s: float = _number(_POLICY.grace_s, 0.0, 3600.0, "no alert this long after the start")
    moving_cm_s: float = _number(_POLICY.moving_cm_s, 0.5, 1000.0, "faster than this is moving: not judged")
    snooze_s: float = _number(_POLICY.snooze_s, 0.0, 86400.0, 'how long "snooze" keeps silent')
    recalibrate_after_s: float = _number(
        _POLICY.recalibrate_after_s, 1.0, 3600.0, "a moved camera is mentioned after"
    )

    def plain(self) -> PolicySettings:
        """As the assessment reads it."""
        return PolicySettings(**self.model_dump())


class BreaksSection(Section):
    """Breaks and stillness."""

    enabled: bool = _switch(_BREAK.enabled, "whether they are prompted at all")
    interval_s: float = _number(
        _BREAK.interval_s, 10.0, 14400.0, "presence that prompts a break; usual: 1200, 3000"
    )
    micro_absence_s: float = _number(_BREAK.micro_absence_s, 1.0, 3600.0, "an absence that is a micro-break")
    long_absence_s: float = _number(
        _BREAK.long_absence_s, 1.0, 7200.0, "an absence that is a full break; at least micro_absence_s"
    )
    long_after_s: float = _number(
        _BREAK.long_after_s, 10.0, 86400.0, "presence after which a long break is asked"
    )
    postpone_s: float = _number(_BREAK.postpone_s, 0.0, 3600.0, "how far a prompt can be put off, once")
    still_window_s: float = _number(_BREAK.still_window_s, 10.0, 14400.0, "stillness is counted over")
    least_shifts: int = _number(_BREAK.least_shifts, 0, 1000, "fewer posture shifts than this prompt a nudge")
    shift_cm: float = _number(_BREAK.shift_cm, 0.1, 100.0, "what counts as a posture shift")
    shift_hold_s: float = _number(_BREAK.shift_hold_s, 0.0, 600.0, "if it is held so long")

    @model_validator(mode="after")
    def _fits(self) -> Self:
        self.plain()
        return self

    def plain(self) -> BreakSettings:
        """As the assessment reads it."""
        return BreakSettings(**self.model_dump())


class FeedbackSection(Section):
    """How your answers to alerts raise a posture's threshold."""

    days: float = _number(_FEED.days, 1.0, 365.0, "how far back answers count, in days")
    least_answers: int = _number(_FEED.least_answers, 1, 1000, "fewer answers than this say nothing")
    least_precision: float = _number(_FEED.least_precision, 0.0, 1.0, 'share of "right" below which it rises')
    step: float = _number(_FEED.step, 1.0, 2.0, "factor of one rise")
    highest: float = _number(_FEED.highest, 1.0, 5.0, "it never rises above this multiple")

    def plain(self) -> FeedbackSettings:
        """As the assessment reads it."""
        return FeedbackSettings(**self.model_dump())


class OutputSection(Section):
    """What you get."""

    notifications: bool = _switch(
        default=True, meaning="desktop notifications, where there is a server for them"
    )


class EconomySection(Section):
    """How often the running monitor looks. Looking more often costs more and hardly makes an alert come sooner."""

    enabled: bool = _switch(_ECO.enabled, "false: every picture is measured, 30 a second")
    close_s: float = _number(_ECO.close_s, 0.05, 2.0, "between looks while a posture stands at its limit")
    close_for_s: float = _number(
        _ECO.close_for_s, 0.0, 60.0, "it does so until so long after it was there last"
    )
    close_share: float = _number(_ECO.close_share, 0.0, 1.0, "share of the time that this may take")
    close_saved_s: float = _number(_ECO.close_saved_s, 0.0, 3600.0, "and so much of it at once")
    deciding_s: float = _number(_ECO.deciding_s, 0.1, 2.0, "between looks while something is being decided")
    deciding_most_s: float = _number(
        _ECO.deciding_most_s, 1.0, 120.0, "what takes longer than this is not being decided"
    )
    moving_s: float = _number(_ECO.moving_s, 0.1, 2.0, "between looks while you are there and move")
    calm_s: float = _number(_ECO.calm_s, 0.1, 2.0, "between runs of the models while all is well")
    still_s: float = _number(_ECO.still_s, 0.1, 2.0, "between looks while nothing moves")
    still_after_s: float = _number(
        _ECO.still_after_s, 1.0, 600.0, "nothing moves when the picture was the same for so long"
    )
    away_s: float = _number(
        _ECO.away_s, 0.1, 3.0, "between looks while nobody is there or nothing can be seen"
    )
    battery_factor: float = _number(_ECO.battery_factor, 1.0, 4.0, "times so much on battery, up to still_s")
    refresh_s: float = _number(_ECO.refresh_s, 2.0, 300.0, "the models run at least so often")

    def plain(self) -> EconomySettings:
        """As the monitor reads it."""
        return EconomySettings(**self.model_dump())


class MonitorSection(Section):
    """When the running monitor switches the camera off, and how it shows a poor posture."""

    away_long_s: float = _number(
        _LIFE.away_long_s, 30.0, 7200.0, "camera off when nobody was seen for so long"
    )
    peek_every_s: float = _number(_LIFE.peek_every_s, 5.0, 3600.0, "while away, a glance so often")
    pause_in_calls: bool = _switch(
        _LIFE.pause_in_calls, "camera off while a microphone is in use (Linux), so that a call can have it"
    )
    border: bool = _switch(
        default=False, meaning="the tray draws a coloured border around the screen that grows with severity"
    )


class RetentionSection(Section):
    """How long things are kept. Pictures are never kept."""

    history_days: int = _number(90, 0, 3650, "daily history; 0 keeps none")


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
