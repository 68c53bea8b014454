"""Settings of the assessment: plain frozen values, checked once, all durations in seconds."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from math import ceil, sqrt
from typing import Final, Self

from posture_cv.assess.thresholds import Thresholds
from posture_cv.assess.types import ALERTING, SettingError, require_setting

CUES: Final = tuple(state.label for state in ALERTING)
LOWEST_SENSITIVITY: Final = 0.5
HIGHEST_SENSITIVITY: Final = 2.0
ALERT_AFTER_S: Final = (0.5, 3600.0)  # how long a posture may be asked to last before an alert


@dataclass(frozen=True, slots=True)
class SmoothingSettings:
    """The trailing mean in front of the naming.

    Attributes:
        window_s: length of the trailing window (ours: about the time a person needs to settle after moving).
        valid_share: share of the window's frames that must hold a value, else the value is withheld (ours).
        jumps: so many jumps of the landmarks within the window make all of it unknown (ours: `assess.jumps`).
    """

    window_s: float = 2.0
    valid_share: float = 0.5
    jumps: int = 3

    def __post_init__(self) -> None:
        require_setting("smoothing.window_s", self.window_s, 0.0, 60.0)
        require_setting("smoothing.valid_share", self.valid_share, 0.01, 1.0)
        require_setting("smoothing.jumps", self.jumps, 1, 1000)

    def alert_after(self, seconds: float) -> Self:
        """The same smoothing for postures that last so long: a window of a fifth of that at most."""
        return replace(self, window_s=min(self.window_s, seconds / 5.0))


@dataclass(frozen=True, slots=True)
class TickSettings:
    """The regular grid on which the policy runs (all ours).

    Attributes:
        tick_s: distance of the ticks; t = 0 is one of them.
        hold_max_s: a frame older than this says nothing about now; the tick is unmeasured (a gap).
        gap_skip_s: in a gap the ticks stop after this long and start again with the next frame, so that a
            night of suspend costs nothing. Longer than anything the policy remembers.
    """

    tick_s: float = 0.5
    hold_max_s: float = 3.5
    gap_skip_s: float = 900.0

    def __post_init__(self) -> None:
        require_setting("tick_s", self.tick_s, 0.05, 5.0)
        require_setting("hold_max_s", self.hold_max_s, self.tick_s, 60.0)
        require_setting("gap_skip_s", self.gap_skip_s, self.hold_max_s, 86400.0)


def entered_at(sensitivity: float) -> float:
    """The multiple of a posture's threshold from which time counts, 1 at the sensitivity 1."""
    return 1.0 / sqrt(sensitivity)


def needed_share(share: float, sensitivity: float) -> float:
    """The share of a window that must be beyond, within 0.5-0.95; as given at the sensitivity 1.

    Half is the least that may still be called most of the window. The exponent is ours: between the ends of the
    sensitivity the share goes from 1.23 to 0.81 times the one given.
    """
    return min(0.95, max(0.5, share / float(sensitivity**0.3)))


@dataclass(frozen=True, slots=True)
class PolicySettings:
    """When to speak. No study gives figures: all ours, chosen after what is sold and published for the purpose.

    Of these a maker of worn trainers recommends 2 min (`window_s`: Lumo Lift), and an open program ends a posture at
    0.7 times the threshold (`exit_ratio`: Dorso).

    Attributes:
        sensitivity: 0.5-2, higher = more sensitive: earlier and for smaller deviations, never later.
        threshold_factor: by cue of `CUES`, 1 or more; raised by feedback only (see `feedback`).
        ambient_after_s: window of the ambient cue; it changes when `share` of it was beyond the threshold.
        window_s: measured time that is looked back upon for a notification.
        severe_window_s: the same for severe deviations.
        share: share of the window's measured time that must be beyond the enter threshold.
        measured_share: share of the window that must have been measured.
        age_factor: what lies more than `age_factor` windows back no longer counts, however little was
            measured since: at the default window that is 300 s, the absence that counts as a full break. At
            least 1 / age_factor (40 %) of the time must thus have been measured.
        exit_ratio, exit_hold_s: a posture is over when the excess stays below `exit_ratio` of the enter
            threshold for `exit_hold_s` of measured time.
        cue_cooldown_s, global_cooldown_s: pause after a notification, for the same cue and for any posture.
        cap_per_hour: most posture notifications within any 3600 s.
        backoff_after, backoff_max: a cue's cool-down doubles each time so many of its notifications in a row
            were ignored, dismissed or called wrong, up to this multiple.
        grace_s: no notification this long after the start or a calibration.
        moving_cm_s: faster than this is moving, which is not a posture: such time is unmeasured (ours: on
            simulated days of unrelated pictures, two a second, a held posture stays below 3 cm/s in 99.9 % of
            the time, and a chair moved by 12 cm at once reaches 9).
        snooze_s: how long an answer "snooze" keeps silent.
        recalibrate_after_s: the camera must have been seen moved this long before it is said.
    """

    sensitivity: float = 1.0
    threshold_factor: tuple[float, ...] = (1.0,) * len(CUES)
    ambient_after_s: float = 8.0
    window_s: float = 120.0
    severe_window_s: float = 30.0
    share: float = 0.7
    measured_share: float = 0.7
    age_factor: float = 2.5
    exit_ratio: float = 0.7
    exit_hold_s: float = 10.0
    cue_cooldown_s: float = 600.0
    global_cooldown_s: float = 300.0
    cap_per_hour: int = 4
    backoff_after: int = 2
    backoff_max: int = 8
    grace_s: float = 120.0
    moving_cm_s: float = 5.0
    snooze_s: float = 1800.0
    recalibrate_after_s: float = 20.0

    def __post_init__(self) -> None:
        require_setting("sensitivity", self.sensitivity, LOWEST_SENSITIVITY, HIGHEST_SENSITIVITY)
        if len(self.threshold_factor) != len(CUES):
            found = len(self.threshold_factor)
            raise SettingError(f"threshold_factor has {found} values, expected {len(CUES)}")
        for cue, factor in zip(CUES, self.threshold_factor, strict=True):
            require_setting(f"threshold_factor of {cue}", factor, 1.0, 5.0)
        for name, low, high in _POLICY_RANGES:
            require_setting(name, getattr(self, name), low, high)

    @property
    def enter_excess(self) -> tuple[float, ...]:
        """The multiple of each cue's threshold from which time counts: falls with the sensitivity's root."""
        return tuple(factor * entered_at(self.sensitivity) for factor in self.threshold_factor)

    @property
    def enter_share(self) -> float:
        """The share of the window that must be beyond: falls with the sensitivity, see `needed_share`."""
        return needed_share(self.share, self.sensitivity)

    @property
    def budget_limit(self) -> float:
        """The spent share of the look-down budget that makes text neck; 1 is ISO 11226's own limit.

        1.4 is that of the lowest sensitivity: feedback raises it no further, as the budget is full soon after.
        """
        return min(1.4, self.enter_excess[CUES.index("text_neck")])

    def alert_after(self, seconds: float) -> Self:
        """The same policy for postures that last so long, without grace, as `--alert-after` asks for.

        It is meant for short recordings and for trying things out: the cool-downs and the held exit shrink
        with it, and the cap grows to what they allow.
        """
        return replace(
            self,
            window_s=seconds,
            severe_window_s=min(self.severe_window_s, seconds),
            grace_s=0.0,
            global_cooldown_s=min(self.global_cooldown_s, seconds),
            cue_cooldown_s=min(self.cue_cooldown_s, 2.0 * seconds),
            exit_hold_s=min(self.exit_hold_s, seconds / 4.0),
            cap_per_hour=max(self.cap_per_hour, min(3600, ceil(3600.0 / seconds))),
        )


_POLICY_RANGES: Final = (
    ("ambient_after_s", 0.5, 60.0),
    ("window_s", *ALERT_AFTER_S),
    ("severe_window_s", 0.5, 3600.0),
    ("share", 0.5, 0.95),
    ("measured_share", 0.1, 1.0),
    ("age_factor", 1.0, 10.0),
    ("exit_ratio", 0.1, 1.0),
    ("exit_hold_s", 0.0, 600.0),
    ("cue_cooldown_s", 0.0, 86400.0),
    ("global_cooldown_s", 0.0, 86400.0),
    ("cap_per_hour", 0, 3600),
    ("backoff_after", 1, 100),
    ("backoff_max", 1, 64),
    ("grace_s", 0.0, 3600.0),
    ("moving_cm_s", 0.5, 1000.0),
    ("snooze_s", 0.0, 86400.0),
    ("recalibrate_after_s", 1.0, 3600.0),
)


@dataclass(frozen=True, slots=True)
class BreakSettings:
    """Breaks and stillness.

    Attributes:
        enabled: whether breaks and stillness prompt at all.
        interval_s: presence that prompts a break (30 min: document 002 of `guidance`; 20 and 50 min are usual, too).
        micro_absence_s: an absence this long is a micro-break (ours).
        long_absence_s: an absence this long is a full break and resets everything (the shorter of HSE's,
            see below).
        long_after_s: presence without a full break from which a prompt asks for a long one (HSE: 5-10 min
            after 50-60 min).
        postpone_s: how far a prompt can be postponed, once (ours).
        still_window_s, least_shifts: fewer posture shifts than this in that much presence prompt a nudge. 30
            shifts an hour did better than 10 at neck and shoulder, 20 to 30 at the back (Akkarakittichoke 2023); 10
            in half an hour is 20 in an hour.
        shift_cm: change of place that makes a posture shift (ours: four times the noise of a 2 s mean, and
            the 3 cm from which a head counts as moved forward).
        shift_hold_s: how long the new place must be held (ours: a reach or a glance is over sooner).
    """

    enabled: bool = True
    interval_s: float = 1800.0
    micro_absence_s: float = 60.0
    long_absence_s: float = 300.0
    long_after_s: float = 3300.0
    postpone_s: float = 300.0
    still_window_s: float = 1800.0
    least_shifts: int = 10
    shift_cm: float = 3.0
    shift_hold_s: float = 5.0

    def __post_init__(self) -> None:
        require_setting("interval_s", self.interval_s, 10.0, 14400.0)
        require_setting("micro_absence_s", self.micro_absence_s, 1.0, 3600.0)
        require_setting("long_absence_s", self.long_absence_s, self.micro_absence_s, 7200.0)
        require_setting("long_after_s", self.long_after_s, 10.0, 86400.0)
        require_setting("postpone_s", self.postpone_s, 0.0, 3600.0)
        require_setting("still_window_s", self.still_window_s, 10.0, 14400.0)
        require_setting("least_shifts", self.least_shifts, 0, 1000)
        require_setting("shift_cm", self.shift_cm, 0.1, 100.0)
        require_setting("shift_hold_s", self.shift_hold_s, 0.0, 600.0)


@dataclass(frozen=True, slots=True)
class FeedbackSettings:
    """How answers to notifications raise a cue's threshold (all ours).

    Attributes:
        days: how far back answers count.
        least_answers: fewer answers than this say nothing.
        least_precision: below this share of "right" the threshold rises (people match their response to an
            alarm's reliability: Bliss 1993).
        step: the factor of one rise.
        highest: the threshold never rises above this multiple.
    """

    days: float = 14.0
    least_answers: int = 4
    least_precision: float = 0.75
    step: float = 1.15
    highest: float = 2.0

    def __post_init__(self) -> None:
        require_setting("feedback.days", self.days, 1.0, 365.0)
        require_setting("feedback.least_answers", self.least_answers, 1, 1000)
        require_setting("feedback.least_precision", self.least_precision, 0.0, 1.0)
        require_setting("feedback.step", self.step, 1.0, 2.0)
        require_setting("feedback.highest", self.highest, 1.0, 5.0)


@dataclass(frozen=True, slots=True)
class AssessSettings:
    """Everything that decides an assessment, apart from the measurement itself."""

    thresholds: Thresholds = field(default_factory=Thresholds)
    smoothing: SmoothingSettings = field(default_factory=SmoothingSettings)
    ticks: TickSettings = field(default_factory=TickSettings)
    policy: PolicySettings = field(default_factory=PolicySettings)
    breaks: BreakSettings = field(default_factory=BreakSettings)
    feedback: FeedbackSettings = field(default_factory=FeedbackSettings)

    def raised(self, factors: tuple[float, ...]) -> Self:
        """The same with thresholds that answers have raised: of a posture that is told, and of a severe one alike.

        Args:
            factors: in the order of `CUES`, 1 or more (see `feedback.threshold_factors`).
        """
        by, th = dict(zip(CUES, factors, strict=True)), self.thresholds
        thresholds = replace(
            th,
            neck_severe_deg=th.neck_severe_deg * by["forward_head"],
            protraction_severe_cm=th.protraction_severe_cm * by["rounded_shoulders"],
            elevation_severe_cm=th.elevation_severe_cm * by["shrug"],
        )
        return replace(self, thresholds=thresholds, policy=replace(self.policy, threshold_factor=factors))

    def alert_after(self, seconds: float) -> Self:
        """The same settings for postures that last so long, as `--alert-after` asks for."""
        return replace(
            self, smoothing=self.smoothing.alert_after(seconds), policy=self.policy.alert_after(seconds)
        )
