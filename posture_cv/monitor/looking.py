"""One look: is the picture worth measuring, what does the engine make of it, and when is the next one due."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from posture_cv.assess.stream import Step
from posture_cv.assess.types import State
from posture_cv.landmarks.types import Landmarks
from posture_cv.measure.types import Reason
from posture_cv.monitor.closeness import Closeness, counted
from posture_cv.monitor.economy import (
    EconomySettings,
    Pace,
    Situation,
    interval_s,
    models_after_s,
    pace_of,
    undecided,
)
from posture_cv.monitor.judge import Judge
from posture_cv.monitor.margins import Margin, margins
from posture_cv.monitor.picture import Change, Thumbnail, Watch, change, in_grey, picture_fault, reduced
from posture_cv.monitor.ports import Eyes, Glimpse
from posture_cv.monitor.soon import alert_near, may_alert, under_way

_BLIND = (Reason.TOO_DARK, Reason.NO_PICTURE)


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """What came of a picture.

    Attributes:
        glimpse: it.
        step: what the engine made of it.
        landmarks: of it; None where no model ran.
        measured: the models ran; a recording's landmarks count as such.
        present: somebody is there.
    """

    glimpse: Glimpse
    step: Step
    landmarks: Landmarks | None
    measured: bool
    present: bool


def _reason(step: Step, *, measured: bool) -> Reason:
    """Why nothing can be told; a picture that was measured is one, though the trailing mean has too few of them."""
    assert step.named is not None
    reason = Reason(step.named.reason)
    return Reason.UNSTABLE if measured and reason is Reason.NO_PICTURE else reason


class Looker:
    """Looks at pictures as seldom and as cheaply as the situation allows.

    Args:
        judge: see there; `judge` may be set to another one, after `cut`.
        eyes: the models.
        settings: of the economy.
        t_s: now.

    Attributes:
        state, reason, margins: of the last look; None, why, and empty without one.
        pace: why the next look comes when it does.
        looks, model_runs: how many there were.
    """

    def __init__(self, judge: Judge, eyes: Eyes, settings: EconomySettings, t_s: float) -> None:
        self.judge = judge
        self._eyes, self._settings = eyes, settings
        self.state: State | None = None
        self.reason = Reason.OK
        self.margins: tuple[Margin, ...] = ()
        self.pace = Pace.DECIDING
        self.looks = self.model_runs = 0
        self._situation = Situation()
        self._measured: Thumbnail | None = None
        self._models_s = -math.inf
        self._unchanged_since_s = t_s
        self._undecided_since_s: float | None = None
        self._closeness = Closeness(settings)
        self._watch = Watch()
        self._fresh = True  # the next picture does not follow on one seen before
        self._look_s = t_s

    def interval_s(self, *, on_battery: bool) -> float:
        """Seconds to the next look."""
        return interval_s(self.pace, self._settings, on_battery=on_battery)

    def look(self, glimpse: Glimpse, *, on_battery: bool) -> Look:
        """Look at one picture."""
        t_s = glimpse.t_s
        self.looks += 1
        step, lm, measured = self._step(glimpse, on_battery=on_battery)
        self._fresh, self._look_s = False, t_s
        self.model_runs += measured
        if step.state is not None:
            self.state = step.state
            self.reason = _reason(step, measured=measured)
        if step.frame is not None:
            self.margins = margins(step.frame, self.judge.settings)
        self._situation = self._situation_now(step, t_s, on_battery=on_battery)
        self.pace = pace_of(self._situation, self._settings)
        present = self.state not in (State.AWAY, None) and self.reason not in _BLIND
        return Look(glimpse, step, lm, measured, present)

    def cut(self) -> None:
        """The stream of pictures is interrupted: nothing that was seen is held on to."""
        if not self._fresh:
            self.judge.cut(self._look_s)
        self._fresh = True
        self._measured = None
        self._watch = Watch()
        self.judge.forget()

    def forget(self, reason: Reason) -> None:
        """Nothing is known of now, for that reason."""
        self.state, self.reason, self.margins = None, reason, ()
        self._situation = Situation()
        self._undecided_since_s = None
        self.pace = Pace.DECIDING

    def _step(self, glimpse: Glimpse, *, on_battery: bool) -> tuple[Step, Landmarks | None, bool]:
        """What the engine makes of a picture, and whether the models ran."""
        judge, t_s = self.judge, glimpse.t_s
        if glimpse.landmarks is not None:
            return judge.look(glimpse.landmarks, t_s), glimpse.landmarks, True
        assert glimpse.frame is not None
        frame = glimpse.frame
        grey = in_grey(frame.image_bgr)
        thumb = reduced(grey)
        self._watch = self._watch.after(grey.tobytes(), t_s)
        fault = picture_fault(thumb, self._watch, t_s)
        if fault is not Reason.OK:
            self._measured = None
            return judge.blind(fault, t_s), None, False
        differs = self._change(thumb, t_s)
        refresh_s = 0.0 if self.pace is Pace.CLOSE else self._settings.refresh_s
        if differs is Change.NONE and t_s - self._models_s < refresh_s:
            return judge.again(t_s), None, False
        if differs is Change.LITTLE and self._soon_enough(t_s, on_battery=on_battery):
            return judge.passed(t_s), None, False
        lm = self._eyes.look(replace(frame, t_s=t_s, small=grey), fresh=self._fresh)
        self._measured, self._models_s = thumb, t_s
        return judge.look(lm, t_s), lm, True

    def _change(self, thumb: Thumbnail, t_s: float) -> Change:
        """How far the picture differs from the one measured last; much if there is none."""
        before = self._measured if self.judge.can_repeat and self._settings.enabled else None
        differs = Change.MUCH if before is None else change(thumb, before)
        if differs is not Change.NONE:
            self._unchanged_since_s = t_s
        return differs

    def _soon_enough(self, t_s: float, *, on_battery: bool) -> bool:
        """Whether the next look is early enough for the models: this one is not due yet."""
        after_s = models_after_s(self.pace, self._situation, self._settings)
        half_s = 0.5 * self.interval_s(on_battery=on_battery)  # pictures come a little early or late
        return t_s - self._models_s < after_s - half_s

    def _situation_now(self, step: Step, t_s: float, *, on_battery: bool) -> Situation:
        engine = self.judge.engine
        nearness = self._nearness(step)
        if undecided(step.ambient.level, nearness):
            self._undecided_since_s = t_s if self._undecided_since_s is None else self._undecided_since_s
        else:
            self._undecided_since_s = None
        since_s = self._undecided_since_s
        policy = engine.settings.policy
        now = None
        if step.named is not None and step.frame is not None:
            now = counted(step.named, step.frame, nearness, engine.settings)
        close = self._closeness.after(
            t_s,
            now,
            may_count=may_alert(engine.state, t_s, policy, policy.window_s),
            lasts=under_way(engine.state, policy, engine.policy.counts),
        )
        return Situation(
            level=step.ambient.level,
            state=self.state,
            nearness=nearness,
            may_alert=may_alert(engine.state, t_s, policy),
            alert_near=alert_near(engine.state, t_s, policy, engine.policy.counts),
            undecided_s=0.0 if since_s is None else t_s - since_s + 1e-3,
            close=close,
            unchanged_s=t_s - self._unchanged_since_s,
            blind=self.reason in _BLIND,
            on_battery=on_battery,
        )

    def _nearness(self, step: Step) -> float:
        """The largest excess of the picture as a share of where it counts; the last one's without a new look."""
        if step.named is None:
            return self._situation.nearness
        limits = self.judge.settings.policy.enter_excess
        sizes = (size / limit for size, limit in zip(step.named.excess, limits, strict=True))
        return max((size for size in sizes if not math.isnan(size)), default=0.0)
