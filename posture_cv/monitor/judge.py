"""The engine as the monitor uses it: new pictures, unchanged ones, blind ones and time that passes."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, Self

import numpy as np

from posture_cv.assess.engine import Engine
from posture_cv.assess.policy import Policy
from posture_cv.assess.policy_state import PolicyState
from posture_cv.assess.settings import AssessSettings
from posture_cv.assess.stream import Step
from posture_cv.landmarks.types import Landmarks
from posture_cv.measure.baseline import Background, Baseline
from posture_cv.measure.gates import camera_moved, median_background
from posture_cv.measure.measure import measure
from posture_cv.measure.types import QUANTITIES, Estimate, Measurements, Reason, View
from posture_cv.monitor.backoff import halved, undone

if TYPE_CHECKING:
    from posture_cv.profiles.types import Profile

# Frames without a picture that end what was seen, and how far apart they are: more than the frames of any trailing
# mean, and together shorter than a tick; ours.
_MOST_CUTS: Final = 250
_CUT_STEP_S: Final = 1e-3
_BACKGROUNDS: Final = 3  # the latest pictures, which tell where a moved camera stands; ours


@dataclass(frozen=True, slots=True, eq=False)
class Criteria:
    """What is judged by: profile name, baseline, coefficients of the estimators, settings."""

    profile: str
    baseline: Baseline
    coefficients: Mapping[str, Any]
    settings: AssessSettings

    @classmethod
    def of(cls, profile: Profile, settings: AssessSettings) -> Self:
        """Of a profile, with the coefficients that are shipped."""
        from posture_cv.coefficients import load_coefficients

        return cls(profile.name, profile.baseline, load_coefficients(), settings)


class Judge:
    """Feeds the engine and remembers the last measurement, so that an unchanged picture costs no model."""

    def __init__(self, criteria: Criteria, state: PolicyState | None = None) -> None:
        self.criteria = criteria
        self.engine = Engine(criteria.baseline, criteria.coefficients, criteria.settings, state)
        self._last: Measurements | None = None
        self._untold: Step | None = None
        self._backgrounds: deque[Landmarks] = deque(maxlen=_BACKGROUNDS)

    @property
    def settings(self) -> AssessSettings:
        """The settings in force, feedback included."""
        return self.engine.settings

    def look(self, lm: Landmarks, t_s: float) -> Step:
        """New landmarks (one frame), seen at `t_s`."""
        timed = replace(lm, t_s=np.array([t_s]))
        self._last = measure(timed, self.criteria.baseline, self.criteria.coefficients)
        self._backgrounds.append(timed)
        return self._told(self.engine.push(self._last))

    def background(self) -> Background | None:
        """Where the background stands since the camera was moved; None: it was not."""
        seen = list(self._backgrounds)
        moved = [bool(camera_moved(lm, self.criteria.baseline)[0]) for lm in seen]
        since = next((k for k in reversed(range(len(seen))) if not moved[k]), -1) + 1
        if since == len(seen):
            return None
        return median_background(Landmarks.concat(seen[since:]))

    @property
    def can_repeat(self) -> bool:
        """Whether there is a measurement that an unchanged picture would give again."""
        return self._last is not None

    def again(self, t_s: float) -> Step:
        """The picture is still the one measured last."""
        assert self._last is not None
        return self._told(self.engine.push(replace(self._last, t_s=np.array([t_s]))))

    def blind(self, reason: Reason, t_s: float) -> Step:
        """There is a picture and nothing can be seen in it."""
        self._last = None
        return self._told(self.engine.push(withheld(reason, t_s)))

    def cut(self, t_s: float) -> None:
        """The pictures end here: what was seen last must not be held on to.

        The trailing mean would go on for a moment, so it is given nothing until it can tell nothing. A tick may
        fall into that time: what it brings is told with the next step.
        """
        self._last = None
        for k in range(1, _MOST_CUTS):
            step = self.engine.push(withheld(Reason.NO_PICTURE, t_s + k * _CUT_STEP_S))
            self._untold = self._told(step)
            if step.named is None or step.named.reason != Reason.OK:
                return

    def passed(self, t_s: float) -> Step:
        """Time passed without a picture."""
        return self._told(self.engine.advance(t_s))

    def ended(self, t_s: float) -> Step:
        """Nothing is judged after `t_s`: what is still to be told, the episode that was open among it."""
        step = self.passed(t_s)
        return replace(step, episodes=step.episodes + self.engine.finish())

    def _told(self, step: Step) -> Step:
        """The step, and with it what came of those that nobody was told of."""
        before, self._untold = self._untold, None
        if step.records:
            name = self.criteria.profile
            step = replace(step, records=tuple(replace(one, baseline_name=name) for one in step.records))
        return step if before is None else step.after(before)

    def forget(self) -> None:
        """The next picture has nothing to do with the last one."""
        self._last = None
        self._backgrounds.clear()

    def sooner(self, cues: Iterable[str]) -> None:
        """Halve the pauses that unheeded alerts have lengthened."""
        self.engine.state = halved(self.engine.state, cues)

    def undo_backoff(self) -> None:
        """Every pause between alerts at its own length again."""
        self.engine.state = undone(self.engine.state)

    def apply_settings(self, settings: AssessSettings) -> None:
        """Other thresholds and settings of the policy from now on (see `raised`); what is remembered stays."""
        self.engine.settings = settings
        self.engine.policy = Policy.of(settings.policy, settings.breaks, settings.ticks.tick_s)


def withheld(reason: Reason, t_s: float) -> Measurements:
    """One frame of which nothing can be told."""
    values = {name: Estimate.withheld(1, reason) for name in QUANTITIES}
    view = np.array([View.UNKNOWN], np.int8)
    return Measurements(np.array([t_s]), view, np.array([reason], np.int8), values)
