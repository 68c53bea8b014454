"""A month at a desk by script, for the real monitor: a person, a camera, a clock and a user with their troubles.

Days of work, nights in which the system is suspended, lunch with a locked screen, a camera that is pulled out now
and then, a user who pauses and answers, a wall clock that is set forwards and backwards, and the change to summer
time. What the person does is measured once and handed to the engine look by look: measuring keeps nothing between
pictures, so what could grow lies behind it.
"""

from __future__ import annotations

import math
import random
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Final

import numpy as np

from posture_cv.assess.answers import RESPONSES, Response
from posture_cv.assess.settings import CUES, AssessSettings
from posture_cv.assess.stream import Step
from posture_cv.capture.types import SourceError
from posture_cv.landmarks.types import Landmarks
from posture_cv.measure.baseline import Baseline
from posture_cv.measure.types import QUANTITIES, Estimate, Measurements, Reason, View
from posture_cv.monitor import commands as cmd
from posture_cv.monitor.judge import Criteria, Judge
from posture_cv.monitor.moment import Moment
from posture_cv.monitor.ports import CameraIdentity, Glimpse, Surroundings
from posture_cv.monitor.sinks import BaseSink

LOOK_S: Final = 1.0
DAY_S: Final = 86400.0
TIME_ZONE: Final = "Europe/Berlin"
BEGIN_WALL_S: Final = 1_773_126_000.0
"""10 March 2026, 8:00 in Berlin; summer time begins on the 29th, while this person works a night shift."""
NIGHT_SHIFTS: Final = frozenset({18, 19})
"""Days that begin at 23:55: over midnight, and the first, where it is long enough, over the change of the clock."""
_SHIFT_S: Final = 15.0 * 3600.0 + 55.0 * 60.0
WALL_STEPS: Final[Mapping[float, float]] = MappingProxyType(
    {3.3: 3600.0, 5.2: -7200.0, 8.4: 90.0, 11.1: -45.0, 14.2: 86_400.0, 14.3: -86_400.0}
)
"""Working days into the month -> seconds by which somebody sets the clock on the wall."""
# Away from the baseline, well beyond the limits.
POSTURES: Final[Mapping[str, Mapping[str, float]]] = MappingProxyType(
    {
        "good": {},
        "forward head": {"cva_change_deg": -8.0, "head_forward_cm": 3.5},
        "rounded shoulders": {"protraction_cm": 2.6},
        "looking down": {"cva_change_deg": -6.5, "head_pitch_deg": 30.0},
    }
)
_UNSEEN: Final[Mapping[str, Reason]] = MappingProxyType(
    {"away": Reason.NOBODY, "turned": Reason.HEAD_TURNED, "dark": Reason.TOO_DARK}
)
_FRAMES_EACH: Final = 64
_MEAN_S: Final[Mapping[str, float]] = MappingProxyType(
    {
        "good": 240.0,
        "forward head": 90.0,
        "rounded shoulders": 60.0,
        "looking down": 8.0,
        "away": 120.0,
        "turned": 15.0,
        "dark": 5.0,
    }
)


class MonthClock:
    """Seconds that go on through suspended nights, and a clock on the wall that people set."""

    def __init__(self, working_s: float) -> None:
        self._working_s = working_s
        self.worked_s = 0.0
        self._now_s = 0.0
        self._wall_step_s = 0.0
        self._steps = dict(WALL_STEPS)
        self._days_begun = 0

    def now_s(self) -> float:
        """Seconds since the first morning."""
        return self._now_s

    def wall_s(self) -> float:
        """What the wall shows."""
        return BEGIN_WALL_S + self._now_s + self._wall_step_s

    @property
    def day(self) -> float:
        """Working days begun, and the part of this one that is over."""
        return self.worked_s / self._working_s

    def wait(self, seconds: float) -> None:
        """Work, or sleep until the next day's work begins."""
        self._now_s += max(0.0, seconds)
        self.worked_s += max(0.0, seconds)
        today = int(self.day)
        if today > self._days_begun:
            self._days_begun = today
            morning_s = today * DAY_S + (_SHIFT_S if today in NIGHT_SHIFTS else 0.0)
            self._now_s = max(self._now_s, morning_s)
        for at, step_s in list(self._steps.items()):
            if self.day >= at:
                self._wall_step_s += step_s
                del self._steps[at]


class Person:
    """Which posture when, drawn from a seed; and frames that show it."""

    def __init__(self, seed: int) -> None:
        self._rng = random.Random(seed)  # noqa: S311 - a script
        self._label, self._until_s, self._count = "good", 0.0, 0
        self._frames = {label: _frames(label) for label in _MEAN_S}

    def measured(self, t_s: float) -> Measurements:
        """What is measured of the person then."""
        if t_s >= self._until_s:
            self._label = self._rng.choice(list(_MEAN_S))
            self._until_s = t_s + self._rng.expovariate(1.0 / _MEAN_S[self._label])
        self._count += 1
        return replace(self._frames[self._label][self._count % _FRAMES_EACH], t_s=np.array([t_s]))


def _frames(label: str) -> list[Measurements]:
    """Single frames of a posture, with the scatter that measurements have."""
    rng = np.random.default_rng(0)
    reason = np.array([_UNSEEN.get(label, Reason.OK)], np.int8)
    shift = POSTURES.get(label, {})
    made = []
    for _ in range(_FRAMES_EACH):
        values = {
            name: Estimate.of(np.array([shift.get(name, 0.0) + rng.normal(0.0, 0.3)]), 0.5, reason)
            for name in QUANTITIES
        }
        made.append(Measurements(np.zeros(1), np.array([View.FRONT], np.int8), reason, values))
    return made


class MonthJudge(Judge):
    """The real engine; the person's frames in place of measured landmarks."""

    def __init__(self, settings: AssessSettings, person: Person) -> None:
        super().__init__(Criteria("bench", _baseline(), {}, settings))
        self._person = person

    def look(self, lm: Landmarks, t_s: float) -> Step:  # noqa: ARG002 - nothing is in them
        """What the script says was measured then."""
        self._last = self._person.measured(t_s)
        return self.engine.push(self._last)


def _baseline() -> Baseline:
    lm = Landmarks.empty(1)
    arrays = {name: getattr(lm, name)[0].astype(np.float64) for name in ("pose", "face", "rows", "cols")}
    spread = dict.fromkeys(QUANTITIES, 0.4)
    return Baseline(view=View.FRONT, size_px=(640, 480), frame_count=24, spread=spread, **arrays)


class NoEyes:
    """The glimpses hold landmarks already."""

    def look(self, frame: object, *, fresh: bool) -> Landmarks:
        """Never asked."""
        raise NotImplementedError

    def need_face(self, *, face: bool) -> None:
        """It has none."""

    def close(self) -> None:
        """Nothing to release."""


_CAMERA: Final = CameraIdentity("webcam", "bench", 640, 480)


@dataclass
class MonthCamera:
    """Gives a look a second until so many were taken; pulled out for a while now and then.

    Attributes:
        clock: of the month.
        looks: how many it gives.
        lost_every_s, lost_s: how often it is pulled out, in working time, and for how long.
    """

    clock: MonthClock
    looks: int
    lost_every_s: float = 5400.0
    lost_s: float = 25.0
    opened: bool = False
    given: int = 0
    losses: int = 0
    identity: CameraIdentity = _CAMERA
    _empty: Landmarks = field(default_factory=lambda: Landmarks.empty(1))

    @property
    def ended(self) -> bool:
        """Whether the month is over."""
        return self.given >= self.looks

    def open(self) -> None:
        """Plug it in."""
        self.opened = True

    def close(self) -> None:
        """Pull it out."""
        self.opened = False

    def set_interval(self, seconds: float) -> None:
        """Looks are a second apart whatever is asked for: each is to reach the engine."""

    def read(self, timeout_s: float) -> Glimpse | None:  # noqa: ARG002 - as of Camera
        """The next look."""
        self.clock.wait(LOOK_S)
        if self.clock.worked_s % self.lost_every_s > self.lost_every_s - self.lost_s:
            self.losses += 1
            raise SourceError("The camera was pulled out.", "", "Plug it in.")
        self.given += 1
        return Glimpse(self.clock.now_s(), landmarks=self._empty)


class MonthSurroundings:
    """Lunch with a locked screen, five minutes in the middle of the day; battery every third day."""

    def __init__(self, clock: MonthClock) -> None:
        self._clock = clock

    def poll(self) -> Surroundings:
        """What the system says now."""
        day = self._clock.day
        return Surroundings(locked=0.5 < day % 1.0 < 0.51, on_battery=int(day) % 3 == 2)

    def close(self) -> None:
        """Nothing to stop."""


class User(BaseSink):
    """Answers every alert in some way, most often that it was right, and pauses for a while now and then."""

    def __init__(self, commands: cmd.Commands, seed: int) -> None:
        self._commands = commands
        self._rng = random.Random(seed)  # noqa: S311 - a script
        self._looks_left = 500

    def show(self, moment: Moment) -> None:
        """Answer what is said."""
        for said in moment.said:
            response: Response = self._rng.choice((*RESPONSES, "right", "right"))
            self._commands.put(cmd.Answer(said.key, response))
        self._looks_left -= moment.looked
        if self._looks_left <= 0:
            self._looks_left = self._rng.randint(500, 10_000)
            self._commands.put(cmd.Pause(moment.wall_s + 20.0))


class Watched(BaseSink):
    """What the history must agree with: seconds between moments by the minute on the wall, alerts and their times."""

    def __init__(self) -> None:
        self.seconds: dict[int, float] = {}
        self.alerts_s: list[float] = []
        self.gaps = 0
        self.after_gap_s: list[float] = []
        self._last_s: float | None = None
        self._gap_end_s = -math.inf

    def show(self, moment: Moment) -> None:
        """Add it up."""
        step_s = 0.0 if self._last_s is None else moment.t_s - self._last_s
        if 0.0 < step_s <= 10.0:
            minute = int((moment.wall_s - step_s / 2) // 60) * 60
            self.seconds[minute] = self.seconds.get(minute, 0.0) + step_s
        elif step_s > 10.0:
            self.gaps += 1
            self._gap_end_s = moment.t_s
        self._last_s = moment.t_s
        for said in moment.said:
            if said.record.alert.cue in CUES:
                self.alerts_s.append(moment.t_s)
                self.after_gap_s.append(moment.t_s - self._gap_end_s)
