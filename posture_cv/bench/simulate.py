"""The real monitor on a simulated clock: a day of pictures takes as long as its own computing, which is counted.

Loop, economy, models, engine and history are those of `posture-cv monitor`. The camera hands over JPEG pictures,
as webcams send them, and decodes those that are looked at; what is left out is the capture process of its own and
the pipe between the two.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from posture_cv.bench.memory import resident_mb
from posture_cv.monitor.cameras import Played
from posture_cv.monitor.clock import PlaybackClock
from posture_cv.monitor.economy import EconomySettings
from posture_cv.monitor.judge import Criteria, Judge
from posture_cv.monitor.loop import Monitor
from posture_cv.monitor.moment import Moment
from posture_cv.monitor.parts import Options, Outcome, Parts
from posture_cv.monitor.ports import Camera, CameraIdentity, Eyes, Glimpse, Sink
from posture_cv.monitor.sinks import BaseSink

if TYPE_CHECKING:
    from posture_cv.profiles.types import Profile
    from posture_cv.settings import Settings

Pictures = Iterable[tuple[float, bytes]]
"""Seconds and JPEG bytes, in the order of their time."""
_WALL_S: Final = 1_767_600_000.0  # 5 January 2026, 8:00 UTC: a Monday
_PLAIN_HZ: Final = 30.0  # what webcams send
_IDENTITY: Final = CameraIdentity("webcam", "simulated", 640, 480)


@dataclass(frozen=True, slots=True)
class Told:
    """An alert: when, which posture, how grave."""

    t_s: float
    cue: str
    level: str


@dataclass(frozen=True, slots=True)
class Run:
    """What a run saw and what it cost.

    Attributes:
        simulated_s: its length.
        cpu_s: processor time of this process, all threads.
        looks, model_runs: how often a picture was looked at, and with the models.
        camera_open_s: how long the camera was on.
        told: every alert.
        memory: (simulated seconds, resident megabytes), now and then; NaN where the system does not tell.
    """

    simulated_s: float
    cpu_s: float
    looks: int
    model_runs: int
    camera_open_s: float
    told: tuple[Told, ...]
    memory: tuple[tuple[float, float], ...]

    @property
    def cpu_share(self) -> float:
        """Share of one core: 0.04 is 4 %."""
        return self.cpu_s / self.simulated_s


def watch(
    pictures: Pictures,
    profile: Profile,
    settings: Settings,
    *,
    economy: EconomySettings | None = None,
    eyes: Eyes | None = None,
    history: Path | None = None,
    memory_every_s: float = 600.0,
) -> Run:
    """Watch the pictures to their end.

    Args:
        pictures: what the camera sends.
        profile, settings: as of the monitor.
        economy: how seldom to look; None: as by default.
        eyes: models of the caller's, left open; None: those of the settings.
        history: keep a history in this file.
        memory_every_s: how often the memory is looked at.

    Raises:
        ModelFileError, HistoryError: the models or the history cannot be used.
    """
    from posture_cv.monitor.session import make_eyes

    clock = PlaybackClock(math.inf, wall_s=_WALL_S)
    kept = _Kept(memory_every_s)
    with ExitStack() as stack:
        if eyes is None:
            own = make_eyes(settings, profile.baseline.view)
            stack.callback(own.close)
            own.load()
            eyes = own
        sinks: list[Sink] = [kept]
        if history is not None:
            sinks.append(stack.enter_context(_history_sink(history, profile, settings)))
        parts = Parts(camera(pictures, clock), clock, eyes, make_judge(profile, settings), sinks)
        begin_s = time.process_time()
        outcome = Monitor(parts, Options(economy=economy or EconomySettings())).run()
        cpu_s = time.process_time() - begin_s
    return _run(outcome, kept, cpu_s)


def _run(outcome: Outcome, kept: _Kept, cpu_s: float) -> Run:
    return Run(
        simulated_s=outcome.duration_s,
        cpu_s=cpu_s,
        looks=outcome.looks,
        model_runs=outcome.model_runs,
        camera_open_s=kept.open_s,
        told=tuple(kept.told),
        memory=tuple(kept.memory),
    )


def watch_glimpses(glimpses: Iterator[Glimpse], judge: Judge, eyes: Eyes) -> Run:
    """Watch pictures that are decoded already, with a judge and models of the caller's."""
    clock, kept = PlaybackClock(math.inf, wall_s=_WALL_S), _Kept(math.inf)
    parts = Parts(Played(glimpses, _IDENTITY, clock), clock, eyes, judge, [kept])
    begin_s = time.process_time()
    outcome = Monitor(parts).run()
    return _run(outcome, kept, time.process_time() - begin_s)


def plain_loop(pictures: Pictures, profile: Profile, settings: Settings, *, seconds: float) -> Run:
    """What the monitor would cost without any economy: decode, measure and judge thirty pictures a second.

    The pictures are taken one after the other, whatever times they bear.
    """
    from posture_cv.monitor.session import make_eyes

    judge, eyes, count = make_judge(profile, settings), make_eyes(settings, profile.baseline.view), 0
    told: list[Told] = []
    try:
        eyes.load()
        begin_s = time.process_time()
        for count, (_, jpeg) in enumerate(pictures, 1):
            t_s = count / _PLAIN_HZ
            glimpse = _glimpse(t_s, jpeg)
            assert glimpse.frame is not None
            step = judge.look(eyes.look(glimpse.frame, fresh=count == 1), t_s)
            told += [Told(t_s, r.alert.cue, r.alert.level) for r in step.records]
            if t_s >= seconds:
                break
        cpu_s = time.process_time() - begin_s
    finally:
        eyes.close()
    length_s = count / _PLAIN_HZ
    return Run(
        simulated_s=length_s,
        cpu_s=cpu_s,
        looks=count,
        model_runs=count,
        camera_open_s=length_s,
        told=tuple(told),
        memory=((length_s, resident_mb()),),
    )


def delays_s(economy: Sequence[Told], every: Sequence[Told]) -> list[float]:
    """How much later each alert of `every` came with economy; infinite where it did not come at all.

    An alert is matched with the nearest one of the same posture within two minutes.
    """
    found = []
    for alert in every:
        near = [t.t_s - alert.t_s for t in economy if t.cue == alert.cue]
        best = min(near, key=abs, default=math.inf)
        found.append(best if abs(best) <= 120.0 else math.inf)
    return found


def camera(pictures: Pictures, clock: PlaybackClock) -> Camera:
    """A camera that sends these pictures; one that is not looked at is not decoded."""
    return _JpegCamera(iter(pictures), clock)


class _JpegCamera(Played):
    """Plays pictures, and decodes the one that is handed over."""

    def __init__(self, pictures: Iterator[tuple[float, bytes]], clock: PlaybackClock) -> None:
        super().__init__(self._undecoded(pictures), _IDENTITY, clock)

    @staticmethod
    def _undecoded(pictures: Iterator[tuple[float, bytes]]) -> Iterator[Glimpse]:
        return (_Undecoded(t_s, jpeg=jpeg) for t_s, jpeg in pictures)

    def read(self, timeout_s: float) -> Glimpse | None:
        glimpse = super().read(timeout_s)
        if glimpse is None:
            return None
        assert isinstance(glimpse, _Undecoded)
        return _glimpse(glimpse.t_s, glimpse.jpeg)


@dataclass(frozen=True, slots=True, eq=False)
class _Undecoded(Glimpse):
    """A picture as it came."""

    jpeg: bytes = b""


def _glimpse(t_s: float, jpeg: bytes) -> Glimpse:
    import cv2
    import numpy as np

    from posture_cv.capture.types import Frame

    image = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    if image is None:
        raise ValueError(f"the picture at {t_s:g} s is no JPEG")
    return Glimpse(t_s, Frame(round(t_s * 1000), t_s, image.astype(np.uint8, copy=False)))


def make_judge(profile: Profile, settings: Settings) -> Judge:
    """The engine by that profile and those settings."""
    return Judge(Criteria.of(profile, settings.assess()))


def _history_sink(path: Path, profile: Profile, settings: Settings) -> Sink:
    from posture_cv.history.store import History
    from posture_cv.monitor.keeping import HistorySink

    history = History(path, settings.feedback.plain())
    days = settings.retention.history_days
    return HistorySink(history, lambda _: None, source="simulated", profile=profile.name, days=days)


class _Kept(BaseSink):
    """Keeps alerts, memory, and how long the camera was on."""

    def __init__(self, memory_every_s: float) -> None:
        self.told: list[Told] = []
        self.memory: list[tuple[float, float]] = []
        self.open_s = 0.0
        self._every_s = memory_every_s
        self._last: tuple[float, bool] = (0.0, False)

    def show(self, moment: Moment) -> None:
        t_s, was_open = self._last
        self.open_s += moment.t_s - t_s if was_open else 0.0
        self._last = (moment.t_s, moment.camera_open)
        for said in moment.said:
            alert = said.record.alert
            self.told.append(Told(moment.t_s, alert.cue, alert.level))
        if not self.memory or moment.t_s - self.memory[-1][0] >= self._every_s:
            self.memory.append((moment.t_s, resident_mb()))
