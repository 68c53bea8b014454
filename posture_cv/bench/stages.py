"""Where a frame's time goes in the monitor, and how that compares with the bare models in the same run.

The real loop runs over a recording, with every picture looked at. Its parts are the real ones; each says when it is
done. Before or after each frame, in turn, the bare models look at the same picture, so that both feel the same
machine in the same second.
"""

from __future__ import annotations

import math
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from posture_cv.assess.engine import Engine
from posture_cv.assess.settings import AssessSettings
from posture_cv.assess.stream import Step
from posture_cv.bench.figures import Spread, spread
from posture_cv.capture import open_source
from posture_cv.capture.types import Frame, FrameSource
from posture_cv.errors import InputError
from posture_cv.landmarks.estimator import EstimatorOptions
from posture_cv.landmarks.types import Landmarks
from posture_cv.measure.types import Measurements
from posture_cv.monitor.cameras import Played, identity_of
from posture_cv.monitor.clock import PlaybackClock
from posture_cv.monitor.economy import EconomySettings
from posture_cv.monitor.judge import Criteria, Judge
from posture_cv.monitor.keeping import HistorySink
from posture_cv.monitor.loop import Monitor
from posture_cv.monitor.moment import Moment
from posture_cv.monitor.parts import Options, Parts
from posture_cv.monitor.ports import Glimpse, Sink
from posture_cv.monitor.sinks import BaseSink, TerminalSink
from posture_cv.monitor.status import StatusBoard

if TYPE_CHECKING:
    from posture_cv.bench.bare_models import BareModels
    from posture_cv.landmarks.mediapipe_estimator import MediaPipeEstimator
    from posture_cv.profiles.types import Profile

STAGES: Final = ("decode", "prepare", "pose", "mask", "face", "scene", "measure", "assess", "sink", "other")
"""In the order of a frame. prepare: colours and size for the models; scene: light and background; other: the loop."""
WARM_UP: Final = 20
"""Frames that are not counted: the models' first ones plan their memory."""


@dataclass(frozen=True, slots=True)
class Stages:
    """What a frame cost.

    Attributes:
        stages: by the names of `STAGES`.
        total: all of them together; without_decoding: likewise, but for the decoding of the video.
        bare: the bare models, conversion of the picture included.
        above_bare: median of (without_decoding / bare - 1), frame by frame.
        cpu, cpu_bare: processor time of all threads, decoding left out; a busy machine does not lengthen it.
        cpu_above_bare: the sum of the one over the sum of the other, less 1.
    """

    stages: dict[str, Spread]
    total: Spread
    without_decoding: Spread
    bare: Spread
    above_bare: float
    cpu: Spread
    cpu_bare: Spread
    cpu_above_bare: float


class Stopwatch:
    """Adds up seconds by name within a frame; what is `aside` counts for nothing."""

    def __init__(self) -> None:
        self.frames: list[dict[str, float]] = []
        self.bare_s: list[float] = []
        self.cpu_s: list[float] = []
        self.cpu_bare_s: list[float] = []
        self._cpu_begin_s, self._cpu_aside_s = time.process_time(), 0.0
        self._frame: dict[str, float] = {}
        self._begin_s = self._last_s = time.perf_counter()
        self._aside_s = 0.0

    def begin(self) -> None:
        """What follows belongs to the next lap."""
        self._last_s = time.perf_counter()

    def lap(self, name: str) -> None:
        """The time since the last lap or `begin` belongs to `name`."""
        now_s = time.perf_counter()
        self._frame[name] = self._frame.get(name, 0.0) + now_s - self._last_s
        self._last_s = now_s

    def aside(self, seconds: float, cpu_s: float) -> None:
        """So much of this frame was none of its business."""
        self._aside_s += seconds
        self._cpu_aside_s += cpu_s
        self.begin()

    def leave_out_cpu(self, cpu_s: float) -> None:
        """So much of the frame's processor time does not count; its time on the wall does."""
        self._cpu_aside_s += cpu_s

    def frame_done(self) -> None:
        """A frame ends; the next begins."""
        now_s = time.perf_counter()
        total_s = now_s - self._begin_s - self._aside_s
        self._frame["other"] = max(0.0, total_s - sum(self._frame.values()))
        self.frames.append(self._frame)
        cpu_now_s = time.process_time()
        self.cpu_s.append(cpu_now_s - self._cpu_begin_s - self._cpu_aside_s)
        self._cpu_begin_s, self._cpu_aside_s = cpu_now_s, 0.0
        self._frame, self._aside_s = {}, 0.0
        self._begin_s = self._last_s = now_s


def measure_stages(video: Path, profile: Profile, options: EstimatorOptions, frames: int) -> Stages:
    """Watch a recording with the real monitor, every picture with both models.

    Args:
        video: a video file.
        profile: to judge by.
        options: of the models.
        frames: at most so many are counted.

    Raises:
        SourceError, ModelFileError: see there.
    """
    from posture_cv.bench.bare_models import BareModels
    from posture_cv.landmarks.mediapipe_estimator import MediaPipeEstimator

    watch = Stopwatch()
    criteria = Criteria.of(profile, AssessSettings())
    with ExitStack() as stack:
        source = stack.enter_context(open_source(str(video)))
        bare = BareModels(options)
        stack.callback(bare.close)
        estimator = stack.enter_context(MediaPipeEstimator(options, watch.lap))
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        sinks = _real_sinks(folder, stack)
        clock = PlaybackClock(math.inf)
        camera = Played(_decoded(source, watch, frames + WARM_UP), identity_of(source.info), clock)
        eyes = _Eyes(estimator, bare, watch)
        parts = Parts(camera, clock, eyes, _TimedJudge(criteria, watch), [_Timed(sinks, watch)])
        Monitor(parts, Options(economy=EconomySettings(enabled=False, every_s=1e-3))).run()
    return stages_of(watch)


def stages_of(watch: Stopwatch) -> Stages:
    """What the watch has seen, without its first frames. Raises InputError: there were no others."""
    count = min(len(watch.frames), len(watch.bare_s))
    frames, bare_s = watch.frames[WARM_UP:count], watch.bare_s[WARM_UP:count]
    if not frames:
        raise InputError("The video is too short.", f"It has {count} frames, {WARM_UP + 1} are needed.")
    total_s = [sum(frame.values()) for frame in frames]
    rest_s = [whole - frame.get("decode", 0.0) for whole, frame in zip(total_s, frames, strict=True)]
    above = sorted(ours / theirs - 1.0 for ours, theirs in zip(rest_s, bare_s, strict=True))
    cpu_s, cpu_bare_s = watch.cpu_s[WARM_UP:count], watch.cpu_bare_s[WARM_UP:count]
    return Stages(
        stages={name: spread([frame.get(name, 0.0) for frame in frames]) for name in STAGES},
        total=spread(total_s),
        without_decoding=spread(rest_s),
        bare=spread(bare_s),
        above_bare=round(above[len(above) // 2], 4),
        cpu=spread(cpu_s),
        cpu_bare=spread(cpu_bare_s),
        cpu_above_bare=round(sum(cpu_s) / sum(cpu_bare_s) - 1.0, 4),
    )


def _decoded(source: FrameSource, watch: Stopwatch, frames: int) -> Iterator[Glimpse]:
    pictures = source.frames()
    for _ in range(frames):
        watch.begin()
        cpu_begin_s = time.process_time()
        frame = next(pictures, None)
        watch.lap("decode")
        watch.leave_out_cpu(time.process_time() - cpu_begin_s)
        if frame is None:
            return
        yield Glimpse(frame.t_s, frame)


class _Eyes:
    """The models of the monitor; the bare ones look first or last, in turn."""

    def __init__(self, estimator: MediaPipeEstimator, bare: BareModels, watch: Stopwatch) -> None:
        self._estimator, self._bare, self._watch = estimator, bare, watch
        self._count = 0

    def look(self, frame: Frame, *, fresh: bool) -> Landmarks:  # noqa: ARG002 - see Eyes
        self._count += 1
        if self._count % 2:
            self._look_barely(frame)
        self._watch.begin()
        lm = self._estimator.estimate(frame)
        if not self._count % 2:
            self._look_barely(frame)
        return lm

    def _look_barely(self, frame: Frame) -> None:
        begin_s, cpu_begin_s = time.perf_counter(), time.process_time()
        self._bare.run(frame.image_bgr, round(frame.t_s * 1000) + self._count)
        cpu_s, seconds = time.process_time() - cpu_begin_s, time.perf_counter() - begin_s
        self._watch.bare_s.append(seconds)
        self._watch.cpu_bare_s.append(cpu_s)
        self._watch.aside(seconds, cpu_s)

    def need_face(self, *, face: bool) -> None:
        """It is looked for in every picture."""

    def close(self) -> None:
        """The models belong to the caller."""


class _TimedJudge(Judge):
    def __init__(self, criteria: Criteria, watch: Stopwatch) -> None:
        super().__init__(criteria)
        self.engine = _TimedEngine(criteria, watch)
        self._watch = watch

    def look(self, lm: Landmarks, t_s: float) -> Step:
        self._watch.begin()
        return super().look(lm, t_s)


class _TimedEngine(Engine):
    def __init__(self, criteria: Criteria, watch: Stopwatch) -> None:
        super().__init__(criteria.baseline, criteria.coefficients, criteria.settings)
        self._watch = watch

    def push(self, measured: Measurements) -> Step:
        self._watch.lap("measure")
        step = super().push(measured)
        self._watch.lap("assess")
        return step


class _Timed(BaseSink):
    """All sinks together, and the end of the frame."""

    def __init__(self, sinks: list[Sink], watch: Stopwatch) -> None:
        self._sinks, self._watch = sinks, watch

    def show(self, moment: Moment) -> None:
        self._watch.begin()
        for sink in self._sinks:
            sink.show(moment)
        self._watch.lap("sink")
        if moment.looked:
            self._watch.frame_done()


def _real_sinks(folder: Path, stack: ExitStack) -> list[Sink]:
    """Terminal, status and history, as the monitor has them; the terminal's lines go nowhere."""
    from posture_cv.history.store import History

    nowhere = stack.enter_context(open(os.devnull, "w", encoding="utf-8"))  # noqa: PTH123,SIM115 - the stack
    history = HistorySink(
        History(folder / "history.sqlite3"), lambda _: None, source="bench", profile="bench", days=1
    )
    return [TerminalSink(nowhere), StatusBoard(), stack.enter_context(history)]
