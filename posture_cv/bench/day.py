"""The memory of the whole monitor over a simulated day: models, loop, economy and every sink at work.

The day is made of desk hours (`bench.desk_pictures`) on a simulated clock, so that it takes as long as its own
computing. The parts are those of `posture-cv monitor`: JPEG pictures decoded, both models, terminal, history,
remembered state, control channel, which is asked for the status each minute, and notifications, which are not
delivered. What is left out is the capture process, which has a memory of its own.
"""

from __future__ import annotations

import math
import os
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from itertools import accumulate
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final, TextIO, TypeVar, overload

import numpy as np

from posture_cv.bench.desk_pictures import camera_jpegs, desk_hours
from posture_cv.bench.document import SCHEMA_VERSION, machine
from posture_cv.bench.memory import resident_mb
from posture_cv.bench.simulate import camera, make_judge
from posture_cv.guidance.adviser import Adviser
from posture_cv.guidance.catalogue import load_catalogue
from posture_cv.history.store import History
from posture_cv.monitor.clock import PlaybackClock
from posture_cv.monitor.commands import Commands
from posture_cv.monitor.control.client import ask
from posture_cv.monitor.control.server import ControlServer
from posture_cv.monitor.keeping import HistorySink
from posture_cv.monitor.loop import Monitor
from posture_cv.monitor.moment import Moment
from posture_cv.monitor.parts import Parts
from posture_cv.monitor.ports import Sink
from posture_cv.monitor.remembering import StateSink
from posture_cv.monitor.session import make_eyes
from posture_cv.monitor.sinks import BaseSink, NotificationSink, TerminalSink
from posture_cv.monitor.status import StatusBoard
from posture_cv.output.notify import NoNotifier

if TYPE_CHECKING:
    from collections.abc import Callable

    from posture_cv.profiles.types import Profile
    from posture_cv.settings import Settings

MOST_MB: Final = 300.0
MOST_GROWTH_MB: Final = 8.0
"""Between the first quarter's middle and the last one's: the allocator's own breathing; ours."""
WARM_UP: Final = 10
"""Minutes in which models, tracker and caches take what they keep; ours."""
_ASK_EVERY_S: Final = 60.0
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Day:
    """What a day came to.

    Attributes:
        hours: simulated; cpu_s: processor time.
        looks, model_runs, alerts: of the monitor; answers: of its control channel.
        memory_mb: resident each simulated minute (empty where the system does not tell); 10^6 bytes.
        faults: what should not be, in words.
    """

    hours: float
    cpu_s: float
    looks: int
    model_runs: int
    alerts: int
    answers: int
    memory_mb: tuple[float, ...]
    faults: tuple[str, ...]

    def as_plain(self) -> dict[str, Any]:
        """For JSON; see docs/bench-schema.md."""
        return {"schema_version": SCHEMA_VERSION, "machine": machine(), "day": asdict(self)}

    def rows(self) -> list[tuple[str, str]]:
        """For people."""
        rows = [
            ("simulated hours", f"{self.hours:.2f}"),
            ("of one core", f"{self.cpu_s / 36.0 / self.hours:.2f} %"),
            ("looks, with the models", f"{self.looks:,}, {self.model_runs:,}"),
            ("alerts; answers of the control channel", f"{self.alerts}; {self.answers}"),
        ]
        if self.memory_mb:
            quarters = [f"{np.median(part):.1f}" for part in np.array_split(self.memory_mb, 4) if len(part)]
            rows.append(("memory, MB: median of each quarter", ", ".join(quarters)))
            rows.append(("memory, MB: most", f"{max(self.memory_mb):.1f}"))
        return rows


def live_through(clip: Path, profile: Profile, settings: Settings, hours: int, *, seconds: float) -> Day:
    """Let the day pass.

    Args:
        clip: `samples/desk-front.mp4`.
        profile, settings: as of the monitor.
        hours: how many, each with a seed of its own.
        seconds: length of an "hour".
    """
    clock, board, commands = PlaybackClock(math.inf), StatusBoard(), Commands()
    assess = settings.assess()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        ends = elsewhere(pack, clip, folder / "pictures")
        jpegs = Packed(stack.enter_context((folder / "pictures").open("rb")), ends)
        nowhere = stack.enter_context(Path(os.devnull).open("w", encoding="utf-8"))
        eyes = make_eyes(settings, profile.baseline.view)
        stack.callback(eyes.close)
        eyes.load()
        history = stack.enter_context(
            HistorySink(
                History(folder / "history.sqlite3"), quiet, source="bench", profile=profile.name, days=90
            )
        )
        stack.enter_context(ControlServer(folder, board, commands, clock.wall_s))
        asking = _Asking(folder)
        parts = Parts(
            camera=camera(desk_hours(jpegs, range(hours), seconds=seconds), clock),
            clock=clock,
            eyes=eyes,
            judge=make_judge(profile, settings),
            sinks=[*writing_sinks(nowhere, folder, history, assess.ticks.tick_s), board, asking],
            commands=commands,
            adviser=Adviser(load_catalogue()),
            book=history,
        )
        begin_s = time.process_time()
        outcome = Monitor(parts).run()
        cpu_s = time.process_time() - begin_s
    memory_mb = tuple(round(mb, 2) for mb in asking.memory_mb if not math.isnan(mb))
    return Day(
        hours=round(outcome.duration_s / 3600.0, 3),
        cpu_s=round(cpu_s, 2),
        looks=outcome.looks,
        model_runs=outcome.model_runs,
        alerts=outcome.alerts,
        answers=asking.answers,
        memory_mb=memory_mb,
        faults=tuple(memory_faults(memory_mb)),
    )


def elsewhere(work: Callable[..., T], *args: object) -> T:
    """What another process makes of it: a video decoder and its frames are not the monitor's memory."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(work, *args).result()


def pack(clip: Path, file: Path) -> list[int]:
    """Write the clip's pictures (`camera_jpegs`) one behind the other, and tell where each ends, in bytes."""
    jpegs = camera_jpegs(clip)
    file.write_bytes(b"".join(jpegs))
    return list(accumulate(map(len, jpegs)))


class Packed(Sequence[bytes]):
    """Pictures that stay in their file until they are asked for, as those of a camera do."""

    def __init__(self, file: BinaryIO, ends: Sequence[int]) -> None:
        self._file = file
        self._ends = ends

    def __len__(self) -> int:
        return len(self._ends)

    @overload
    def __getitem__(self, number: int) -> bytes: ...
    @overload
    def __getitem__(self, number: slice) -> Sequence[bytes]: ...
    def __getitem__(self, number: int | slice) -> bytes | Sequence[bytes]:
        if isinstance(number, slice):
            return [self[k] for k in range(*number.indices(len(self)))]
        begin = self._ends[number - 1] if number else 0
        self._file.seek(begin)
        return self._file.read(self._ends[number] - begin)


def memory_faults(memory_mb: tuple[float, ...]) -> list[str]:
    """What is wrong with a day's memory: too much, or more and more."""
    if not memory_mb:
        return []
    faults = [f"{max(memory_mb):.0f} MB were held"] if max(memory_mb) > MOST_MB else []
    settled = memory_mb[WARM_UP:]
    if len(settled) < WARM_UP:
        return faults
    quarters = [float(np.median(part)) for part in np.array_split(settled, 4)]
    growth_mb = quarters[-1] - quarters[0]
    return [*faults, f"memory grew by {growth_mb:.1f} MB"] if growth_mb > MOST_GROWTH_MB else faults


def writing_sinks(nowhere: TextIO, folder: Path, history: HistorySink, tick_s: float) -> list[Sink]:
    """The monitor's own sinks; what is for a terminal or a desktop goes nowhere."""
    return [
        TerminalSink(nowhere),
        history,
        StateSink(folder / "state.json", tick_s, quiet),
        NotificationSink(NoNotifier("switched off"), quiet, history.delivered),
    ]


def quiet(_: str) -> None:
    """Notes of the sinks: that nothing shows notifications is wanted here."""


class _Asking(BaseSink):
    """Asks the control channel for the status, and looks at the memory, each simulated minute."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._due_s = -math.inf
        self.memory_mb: list[float] = []
        self.answers = 0

    def show(self, moment: Moment) -> None:
        """Once a minute."""
        if moment.t_s < self._due_s:
            return
        self._due_s = moment.t_s + _ASK_EVERY_S
        self.answers += bool(ask("status", folder=self._folder)["status"])
        self.memory_mb.append(resident_mb())
