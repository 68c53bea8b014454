"""The sections of the settings file that the assessment reads: when a posture is one, and when to speak.

They become the plain values of `posture_cv.assess`, and share their defaults and limits.
"""

from __future__ import annotations

from typing import Self

from pydantic import model_validator

from posture_cv.assess.settings import (
    BreakSettings,
    FeedbackSettings,
    PolicySettings,
    SmoothingSettings,
    TickSettings,
)
from posture_cv.assess.thresholds import Thresholds
from posture_cv.settings_section import Section, number, switch

_TH, _SMOOTH, _TICK = Thresholds(), SmoothingSettings(), TickSettings()
_POLICY, _BREAK, _FEED = PolicySettings(), BreakSettings(), FeedbackSettings()


class ThresholdsSection(Section):
    """Where each posture begins, against your own baseline. Larger = less sensitive."""

    neck_deg: float = number(_TH.neck_deg, 1.0, 45.0, "forward head: loss of craniovertebral angle")
    neck_severe_deg: float = number(_TH.neck_severe_deg, 1.0, 60.0, "the same, severe")
    text_neck_pitch_deg: float = number(_TH.text_neck_pitch_deg, 1.0, 60.0, "text neck: head pitch downwards")
    text_neck_neck_deg: float = number(
        _TH.text_neck_neck_deg, 1.0, 60.0, "text neck: with so much forward head"
    )
    looking_down_deg: float = number(_TH.looking_down_deg, 1.0, 60.0, "looking down: head pitch downwards")
    protraction_cm: float = number(_TH.protraction_cm, 0.3, 10.0, "rounded shoulders: shoulders forward")
    protraction_severe_cm: float = number(_TH.protraction_severe_cm, 0.3, 15.0, "the same, severe")
    elevation_cm: float = number(_TH.elevation_cm, 0.3, 10.0, "raised shoulders: both, mean")
    elevation_one_side_cm: float = number(
        _TH.elevation_one_side_cm, 0.3, 10.0, "raised shoulders: one of them"
    )
    elevation_severe_cm: float = number(_TH.elevation_severe_cm, 0.3, 15.0, "the same, severe")
    slump_trunk_deg: float = number(_TH.slump_trunk_deg, 0.5, 45.0, "slump: trunk inclination")
    slump_protraction_cm: float = number(
        _TH.slump_protraction_cm, 0.1, 10.0, "slump: with so much shoulders forward"
    )
    slump_sink_cm: float = number(
        _TH.slump_sink_cm, 0.1, 20.0, "slump: or shoulders lower by so much on their own"
    )
    slump_neck_deg: float = number(_TH.slump_neck_deg, 0.5, 45.0, "slump: or so much forward head")
    leaning_in_deg: float = number(_TH.leaning_in_deg, 1.0, 60.0, "leaning in: trunk inclination")
    leaning_in_cm: float = number(_TH.leaning_in_cm, 1.0, 60.0, "leaning in: so much nearer")
    reclining_deg: float = number(_TH.reclining_deg, 1.0, 60.0, "reclining: trunk inclination backwards")
    lateral_deg: float = number(_TH.lateral_deg, 1.0, 60.0, "leaning sideways")
    slump_like_neck_deg: float = number(
        _TH.slump_like_neck_deg, 0.0, 45.0, "slump, not forward head: the neck gives less than this"
    )
    slump_like_per_deg: float = number(
        _TH.slump_like_per_deg, 0.0, 10.0, "and this for each degree of the trunk"
    )
    slump_like_per_cm: float = number(
        _TH.slump_like_per_cm, 0.0, 10.0, "and this for each cm that the shoulders came nearer"
    )
    slump_like_most_cm: float = number(_TH.slump_like_most_cm, 0.0, 60.0, "of which so many count")
    slump_like_trunk_deg: float = number(
        _TH.slump_like_trunk_deg, 0.0, 45.0, "with at least so much trunk inclination"
    )
    sideways_from_deg: float = number(
        _TH.sideways_from_deg, 0.0, 60.0, "leaning sideways by more than this asks for more"
    )
    sideways_per_deg: float = number(
        _TH.sideways_per_deg, 0.0, 10.0, "so much more a degree, as a share of the limit"
    )
    moved_cm: float = number(_TH.moved_cm, 1.0, 60.0, "sitting so much nearer or farther")
    moved_factor: float = number(
        _TH.moved_factor, 1.0, 10.0, "asks for so many times more forward head or rounding"
    )
    neck_sd: float = number(_TH.neck_sd, 0.0, 5.0, "forward head: at least so many standard deviations")
    protraction_sd: float = number(_TH.protraction_sd, 0.0, 5.0, "rounded shoulders: likewise")
    elevation_sd: float = number(_TH.elevation_sd, 0.0, 5.0, "raised shoulders: likewise")
    slump_sd: float = number(_TH.slump_sd, 0.0, 5.0, "slump: likewise")
    severe_sd: float = number(_TH.severe_sd, 0.0, 5.0, "severe: beyond the limit by so many")

    def plain(self) -> Thresholds:
        """As the assessment reads it."""
        return Thresholds(**self.model_dump())


class SmoothingSection(Section):
    """The trailing mean in front of the naming."""

    window_s: float = number(_SMOOTH.window_s, 0.0, 60.0, "its length")
    valid_share: float = number(_SMOOTH.valid_share, 0.01, 1.0, "share of it that must have been measured")
    jumps: int = number(_SMOOTH.jumps, 1, 1000, "jumps of the landmarks in it that make it unknown")

    def plain(self) -> SmoothingSettings:
        """As the assessment reads it."""
        return SmoothingSettings(**self.model_dump())


class TicksSection(Section):
    """The regular grid on which the alert policy runs. There is little reason to change it."""

    tick_s: float = number(_TICK.tick_s, 0.05, 5.0, "distance of its points")
    hold_max_s: float = number(
        _TICK.hold_max_s, 0.05, 60.0, "an older frame says nothing about now; at least tick_s"
    )
    gap_skip_s: float = number(
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

    sensitivity: float = number(
        _POLICY.sensitivity, 0.5, 2.0, "higher = more sensitive: earlier and for less, never later"
    )
    ambient_after_s: float = number(_POLICY.ambient_after_s, 0.5, 60.0, "the status colour changes after")
    window_s: float = number(_POLICY.window_s, 0.5, 3600.0, "time looked back upon for a notification")
    severe_window_s: float = number(_POLICY.severe_window_s, 0.5, 3600.0, "the same for severe postures")
    share: float = number(_POLICY.share, 0.5, 0.95, "share of that time that must be beyond the threshold")
    measured_share: float = number(
        _POLICY.measured_share, 0.1, 1.0, "share of it that must have been measured"
    )
    age_factor: float = number(
        _POLICY.age_factor, 1.0, 10.0, "what lies so many windows back no longer counts"
    )
    exit_ratio: float = number(_POLICY.exit_ratio, 0.1, 1.0, "over when below this share of the threshold")
    exit_hold_s: float = number(_POLICY.exit_hold_s, 0.0, 600.0, "for so long")
    cue_cooldown_s: float = number(
        _POLICY.cue_cooldown_s, 0.0, 86400.0, "pause between alerts of one posture"
    )
    global_cooldown_s: float = number(_POLICY.global_cooldown_s, 0.0, 86400.0, "pause between any two alerts")
    cap_per_hour: int = number(_POLICY.cap_per_hour, 0, 3600, "most posture alerts an hour")
    backoff_after: int = number(
        _POLICY.backoff_after, 1, 100, "the pause doubles after so many ignored alerts"
    )
    backoff_max: int = number(_POLICY.backoff_max, 1, 64, "up to this multiple")
    grace_s: float = number(_POLICY.grace_s, 0.0, 3600.0, "no alert this long after the start")
    moving_cm_s: float = number(_POLICY.moving_cm_s, 0.5, 1000.0, "faster than this is moving: not judged")
    snooze_s: float = number(_POLICY.snooze_s, 0.0, 86400.0, 'how long "snooze" keeps silent')
    recalibrate_after_s: float = number(
        _POLICY.recalibrate_after_s, 1.0, 3600.0, "a moved camera is mentioned after"
    )

    def plain(self) -> PolicySettings:
        """As the assessment reads it."""
        return PolicySettings(**self.model_dump())


class BreaksSection(Section):
    """Breaks and stillness."""

    enabled: bool = switch(_BREAK.enabled, "whether they are prompted at all")
    interval_s: float = number(
        _BREAK.interval_s, 10.0, 14400.0, "presence that prompts a break; usual: 1200, 3000"
    )
    micro_absence_s: float = number(_BREAK.micro_absence_s, 1.0, 3600.0, "an absence that is a micro-break")
    long_absence_s: float = number(
        _BREAK.long_absence_s, 1.0, 7200.0, "an absence that is a full break; at least micro_absence_s"
    )
    long_after_s: float = number(
        _BREAK.long_after_s, 10.0, 86400.0, "presence after which a long break is asked"
    )
    postpone_s: float = number(_BREAK.postpone_s, 0.0, 3600.0, "how far a prompt can be put off, once")
    still_window_s: float = number(_BREAK.still_window_s, 10.0, 14400.0, "stillness is counted over")
    least_shifts: int = number(_BREAK.least_shifts, 0, 1000, "fewer posture shifts than this prompt a nudge")
    shift_cm: float = number(_BREAK.shift_cm, 0.1, 100.0, "what counts as a posture shift")
    shift_hold_s: float = number(_BREAK.shift_hold_s, 0.0, 600.0, "if it is held so long")

    @model_validator(mode="after")
    def _fits(self) -> Self:
        self.plain()
        return self

    def plain(self) -> BreakSettings:
        """As the assessment reads it."""
        return BreakSettings(**self.model_dump())


class FeedbackSection(Section):
    """How your answers to alerts raise a posture's threshold."""

    days: float = number(_FEED.days, 1.0, 365.0, "how far back answers count, in days")
    least_answers: int = number(_FEED.least_answers, 1, 1000, "fewer answers than this say nothing")
    least_precision: float = number(_FEED.least_precision, 0.0, 1.0, 'share of "right" below which it rises')
    step: float = number(_FEED.step, 1.0, 2.0, "factor of one rise")
    highest: float = number(_FEED.highest, 1.0, 5.0, "it never rises above this multiple")

    def plain(self) -> FeedbackSettings:
        """As the assessment reads it."""
        return FeedbackSettings(**self.model_dump())
