"""A day at the desk by script: real loop, engine and clock; only the person, the camera and the models are made up."""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache
from itertools import pairwise
from typing import Self

import numpy as np
from numpy.typing import NDArray

from assess_material import LABELS, baseline, measurements
from posture_cv.assess.settings import AssessSettings
from posture_cv.assess.stream import Step
from posture_cv.capture.types import Frame, SourceError
from posture_cv.landmarks.types import Landmarks
from posture_cv.measure.types import Measurements
from posture_cv.monitor.cameras import Played
from posture_cv.monitor.clock import PlaybackClock
from posture_cv.monitor.judge import Criteria, Judge
from posture_cv.monitor.loop import Monitor
from posture_cv.monitor.moment import Moment
from posture_cv.monitor.parts import Options, Outcome, Parts
from posture_cv.monitor.ports import CameraIdentity, Glimpse, Surroundings
from posture_cv.output.notify import Delivery, Message, NoNotifier

Script = Callable[[float], str]
IDENTITY = CameraIdentity("webcam", "made up", 64, 48)
RATE_HZ = 10.0
# An alert after 20 s of a poor posture, and no breaks.
SHORT = AssessSettings()
SHORT = replace(SHORT, policy=SHORT.policy.alert_after(20.0), breaks=replace(SHORT.breaks, enabled=False))
_NOISES = 97  # different fields of noise; each picture of nearly ten seconds has another


def stretches(*parts: tuple[str, float]) -> Script:
    """A script of (label, seconds), the last one for ever."""
    ends: list[tuple[float, str]] = []
    end_s = 0.0
    for label, seconds in parts:
        end_s += seconds
        ends.append((end_s, label))

    def at(t_s: float) -> str:
        return next((label for end, label in ends if t_s < end), ends[-1][1])

    return at


@lru_cache(maxsize=_NOISES)
def _noise(number: int) -> NDArray[np.float64]:
    """A sensor's, of one picture."""
    return np.random.default_rng(number).normal(0.0, 1.5, (48, 64, 3))


def picture(label: str, t_s: float, *, still: bool = False) -> NDArray[np.uint8]:
    """A picture that shows which posture it is, with a sensor's noise; "black" and "frozen" as their names say."""
    if label == "black":
        return np.zeros((48, 64, 3), np.uint8)
    seed = 0 if label == "frozen" else round(t_s * 1000)
    moving = not still and label != "frozen"
    return _drawn(label, seed // 100 % _NOISES, round(4 + 3 * math.sin(t_s)) if moving else None)


@lru_cache(maxsize=2000)
def _drawn(label: str, noise: int, shift: int | None) -> NDArray[np.uint8]:
    """Of the few pictures that there are, each once; nobody may write in it."""
    image = 90.0 + _noise(noise)
    place = 2 + 3 * LABELS.index(label) if label in LABELS else 2
    image[8:40, place : place + 20] += 80.0
    if shift is not None:
        image[20:28, shift : shift + 12] += 60.0
    drawn = np.clip(image, 0, 255).astype(np.uint8)
    drawn.flags.writeable = False
    return drawn


@cache
def _measured(label: str) -> Measurements:
    """One frame that shows it."""
    return measurements([0.0], [label])


class ScriptedJudge(Judge):
    """Measures what the script says in place of the landmarks; everything behind that is the real engine."""

    def __init__(self, script: Script, settings: AssessSettings) -> None:
        super().__init__(Criteria("made up", baseline(), {}, settings))
        self._script = script

    def look(self, lm: Landmarks, t_s: float) -> Step:
        self._last = replace(_measured(self._script(t_s)), t_s=np.array([t_s]))
        return self.engine.push(self._last)


class CountingEyes:
    """The models' place: counts how often they would have run."""

    def __init__(self) -> None:
        self.looks: list[float] = []
        self.fresh = 0

    def look(self, frame: Frame, *, fresh: bool) -> Landmarks:
        self.looks.append(frame.t_s)
        self.fresh += fresh
        return Landmarks.empty(1)

    def need_face(self, *, face: bool) -> None:
        """There is none."""

    def close(self) -> None:
        """Nothing to release."""


class Kept:
    """A sink that keeps every moment."""

    def __init__(self) -> None:
        self.moments: list[Moment] = []

    def show(self, moment: Moment) -> None:
        self.moments.append(moment)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing to close."""

    def told(self) -> list[tuple[float, str]]:
        """When and what."""
        return [(m.t_s, s.record.alert.cue) for m in self.moments for s in m.said]


class ScriptedSurroundings:
    """What the system says, by the clock."""

    def __init__(self, clock: PlaybackClock, at: Callable[[float], Surroundings]) -> None:
        self._clock, self._at = clock, at

    def poll(self) -> Surroundings:
        return self._at(self._clock.now_s())

    def close(self) -> None:
        """Nothing to stop."""


class LosableCamera(Played):
    """A camera that fails while `lost` says so."""

    def __init__(
        self, glimpses: Iterator[Glimpse], clock: PlaybackClock, lost: Callable[[float], bool]
    ) -> None:
        super().__init__(glimpses, IDENTITY, clock)
        self._lost = lost
        self.opens: list[float] = []

    def open(self) -> None:
        if not self.opened:
            self.opens.append(self._clock.now_s())
        super().open()

    def read(self, timeout_s: float) -> Glimpse | None:
        if self._lost(self._clock.now_s()):
            raise SourceError("made up was lost", "Somebody pulled it out.")
        return super().read(timeout_s)


@dataclass
class Desk:
    """A run: what it is made of before `run`, and what came of it afterwards."""

    script: Script
    seconds: float
    settings: AssessSettings = field(default_factory=AssessSettings)
    still: bool = False
    rate_hz: float = RATE_HZ
    around: Callable[[float], Surroundings] = lambda _: Surroundings()
    lost: Callable[[float], bool] = lambda _: False
    options: Options = field(default_factory=Options)
    kept: Kept = field(default_factory=Kept)
    eyes: CountingEyes = field(default_factory=CountingEyes)

    def parts(self) -> Parts:
        """Everything the monitor is connected to."""
        self.clock = PlaybackClock(math.inf, wall_s=1_700_000_000.0)
        self.camera = LosableCamera(self._glimpses(), self.clock, self.lost)
        return Parts(
            camera=self.camera,
            clock=self.clock,
            eyes=self.eyes,
            judge=ScriptedJudge(self.script, self.settings),
            sinks=[self.kept],
            surroundings=ScriptedSurroundings(self.clock, self.around),
        )

    def run(self, parts: Parts | None = None) -> Outcome:
        """Watch to the end."""
        return Monitor(parts or self.parts(), self.options).run()

    def open_seconds(self, start_s: float, end_s: float) -> float:
        """How long the camera was on between two times."""
        moments: Sequence[Moment] = self.kept.moments
        total = 0.0
        for a, b in pairwise(moments):
            if start_s <= a.t_s and b.t_s <= end_s and a.camera_open:
                total += b.t_s - a.t_s
        return total

    def _glimpses(self) -> Iterator[Glimpse]:
        for k in range(round(self.seconds * self.rate_hz)):
            t_s = k / self.rate_hz
            image = picture(self.script(t_s), t_s, still=self.still)
            yield Glimpse(t_s, Frame(k, t_s, image))


class KeptTerminal(io.StringIO):
    """A terminal that keeps everything."""

    def isatty(self) -> bool:
        return True


class SentMessages:
    """Keeps what is sent."""

    def __init__(self) -> None:
        self.messages: list[Message] = []

    def send(self, message: Message) -> Future[Delivery]:
        self.messages.append(message)
        return NoNotifier("kept").send(message)

    def close(self) -> None:
        """Nothing to close."""
