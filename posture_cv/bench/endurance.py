"""A million looks and a month: the real loop, engine and sinks, and what must stay true of them however long it takes.

The world is `bench.month`'s; the parts are the monitor's own: terminal, status, history, remembered state,
notifications (not delivered, which is said). Everything is written into a temporary folder and looked at each day.
"""

from __future__ import annotations

import math
import os
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import asdict, dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from posture_cv.assess.settings import AssessSettings
from posture_cv.bench.day import quiet, writing_sinks
from posture_cv.bench.document import SCHEMA_VERSION, machine
from posture_cv.bench.memory import resident_mb
from posture_cv.bench.month import (
    DAY_S,
    TIME_ZONE,
    MonthCamera,
    MonthClock,
    MonthJudge,
    MonthSurroundings,
    NoEyes,
    Person,
    User,
    Watched,
)
from posture_cv.guidance.adviser import Adviser
from posture_cv.guidance.catalogue import load_catalogue
from posture_cv.history.store import History
from posture_cv.monitor.commands import Commands
from posture_cv.monitor.economy import EconomySettings
from posture_cv.monitor.keeping import HistorySink
from posture_cv.monitor.loop import Monitor
from posture_cv.monitor.moment import Moment
from posture_cv.monitor.parts import Options, Parts
from posture_cv.monitor.sinks import BaseSink
from posture_cv.monitor.status import StatusBoard

DAYS: Final = 30  # at least: pauses and a camera that is away make it some more
KEPT_DAYS: Final = 14
MOST_GROWTH_MB: Final = 8.0
"""Between the second day and the last: the allocator's own breathing; ours."""
MOST_HISTORY_GROWTH: Final = 1.35
"""Largest size after the retention time over the size at its end: days differ; ours."""
_LITTLE_BYTES: Final = 6_000_000
"""Up to here SQLite's log, which is written back at 4 MB, is most of it; ours."""
_MOST_LOST_S: Final = 0.5
_SEED: Final = 1


@dataclass(frozen=True, slots=True)
class Endured:
    """What came of it.

    Attributes:
        looks: frames through engine and sinks; days: simulated; cpu_s: processor time.
        alerts: told; camera_losses, suspensions: lived through.
        memory_mb: resident at the end of each day (empty where the system does not tell).
        history_bytes: all files of the history, at the end of each day.
        state_bytes: the largest that the remembered state became.
        watched_s, kept_s: seconds watched within the days that are kept, and seconds in the history.
        faults: what should not be, in words.
    """

    looks: int
    days: int
    cpu_s: float
    alerts: int
    camera_losses: int
    suspensions: int
    memory_mb: tuple[float, ...]
    history_bytes: tuple[int, ...]
    state_bytes: int
    watched_s: float
    kept_s: float
    faults: tuple[str, ...]

    def as_plain(self) -> dict[str, Any]:
        """For JSON; see docs/bench-schema.md."""
        return {"schema_version": SCHEMA_VERSION, "machine": machine(), "endurance": asdict(self)}

    def rows(self) -> Iterator[tuple[str, str]]:
        """For people."""
        yield "frames through the engine and all sinks", f"{self.looks:,}"
        yield "simulated days", f"{self.days}"
        yield "processor time a frame", f"{1e3 * self.cpu_s / max(1, self.looks):.2f} ms"
        yield "alerts told", f"{self.alerts:,}"
        yield "camera lost / system suspended", f"{self.camera_losses} / {self.suspensions} times"
        if self.memory_mb:
            after = self.memory_mb[min(1, len(self.memory_mb) - 1)]
            yield "memory after two days, at the end", f"{after:.1f} MB, {self.memory_mb[-1]:.1f} MB"
        if self.history_bytes:
            kept = self.history_bytes[min(KEPT_DAYS, len(self.history_bytes) - 1)]
            yield (
                f"history after {KEPT_DAYS} days, at the end",
                f"{kept:,} bytes, {self.history_bytes[-1]:,} bytes",
            )
        yield "remembered state, at most", f"{self.state_bytes:,} bytes"
        yield "watched / written down (days kept)", f"{self.watched_s:,.1f} s / {self.kept_s:,.1f} s"


def endure(looks: int) -> Endured:
    """Let the month pass.

    Args:
        looks: how many in all, a second apart; each day has its share.
    """
    working_s = max(60.0, looks / DAYS)
    clock = MonthClock(working_s)
    camera = MonthCamera(clock, looks, lost_every_s=min(5400.0, looks / 8))
    watched, commands, settings = Watched(), Commands(), AssessSettings()
    with ExitStack() as stack:
        stack.enter_context(_time_zone(TIME_ZONE))
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        nowhere = stack.enter_context(Path(os.devnull).open("w", encoding="utf-8"))
        daily = _Daily(clock, folder)
        begin_s = time.process_time()
        with HistorySink(
            History(folder / "history.sqlite3"), quiet, source="bench", profile="bench", days=KEPT_DAYS
        ) as history:
            sinks = [*writing_sinks(nowhere, folder, history, settings.ticks.tick_s), StatusBoard()]
            sinks += [User(commands, _SEED), watched, daily]
            parts = Parts(
                camera=camera,
                clock=clock,
                eyes=NoEyes(),
                judge=MonthJudge(settings, Person(_SEED)),
                sinks=sinks,
                surroundings=MonthSurroundings(clock),
                commands=commands,
                adviser=Adviser(load_catalogue()),
                book=history,
            )
            outcome = Monitor(parts, Options(economy=EconomySettings(enabled=False, every_s=1.0))).run()
        cpu_s = time.process_time() - begin_s
        kept_from_s = clock.wall_s() - (KEPT_DAYS - 1) * DAY_S
        watched_s = sum(seconds for minute, seconds in watched.seconds.items() if minute >= kept_from_s)
        kept_s, faults = _history_faults(folder / "history.sqlite3", kept_from_s)
    return Endured(
        looks=outcome.looks,
        days=len(daily.history_bytes),
        cpu_s=round(cpu_s, 2),
        alerts=outcome.alerts,
        camera_losses=camera.losses,
        suspensions=watched.gaps,
        memory_mb=tuple(round(mb, 2) for mb in daily.memory_mb if not math.isnan(mb)),
        history_bytes=tuple(daily.history_bytes),
        state_bytes=daily.state_bytes,
        watched_s=round(watched_s, 3),
        kept_s=round(kept_s, 3),
        faults=(
            *faults,
            *_memory_faults(daily.memory_mb),
            *_size_faults(daily.history_bytes),
            *_alert_faults(watched, settings),
            *_lost_faults(watched_s - kept_s, outcome.looks, looks),
        ),
    )


@contextmanager
def _time_zone(name: str) -> Iterator[None]:
    """Local time of another place, where the system knows how."""
    before = os.environ.get("TZ")
    os.environ["TZ"] = name
    _tell_libc()
    try:
        yield
    finally:
        if before is None:
            del os.environ["TZ"]
        else:
            os.environ["TZ"] = before
        _tell_libc()


def _tell_libc() -> None:
    if hasattr(time, "tzset"):
        time.tzset()


@dataclass(slots=True)
class _Daily(BaseSink):
    """Looks at memory and files at the end of each working day."""

    clock: MonthClock
    folder: Path
    memory_mb: list[float] = field(default_factory=list)
    history_bytes: list[int] = field(default_factory=list)
    state_bytes: int = 0
    _day: int = 0

    def show(self, moment: Moment) -> None:  # noqa: ARG002 - it looks elsewhere
        """Once a day."""
        today = int(self.clock.day)
        if today == self._day:
            return
        self._day = today
        self.memory_mb.append(resident_mb())
        self.history_bytes.append(sum(path.stat().st_size for path in self.folder.glob("history*")))
        self.state_bytes = max(
            [self.state_bytes, *(p.stat().st_size for p in self.folder.glob("state.json"))]
        )


def _history_faults(path: Path, since_s: float) -> tuple[float, list[str]]:
    """Seconds written down since then, and what is wrong with the file."""
    with closing(sqlite3.connect(path)) as db:
        kept_s = db.execute("SELECT sum(seconds) FROM minutes WHERE minute_s >= ?", (since_s,)).fetchone()[0]
        sound = db.execute("PRAGMA integrity_check").fetchone()[0]
        twice = db.execute("SELECT count(*) - count(DISTINCT id) FROM alerts").fetchone()[0]
        clean = db.execute("SELECT clean FROM sessions ORDER BY id DESC LIMIT 1").fetchone()[0]
    faults = [] if sound == "ok" else [f"the history is damaged: {sound}"]
    faults += [f"{twice} alerts are there twice"] if twice else []
    return kept_s or 0.0, faults + ([] if clean else ["the session did not end in good order"])


def _lost_faults(lost_s: float, taken: int, wanted: int) -> list[str]:
    faults = [] if abs(lost_s) <= _MOST_LOST_S else [f"{lost_s:.1f} s were lost or doubled"]
    return faults if taken == wanted else [*faults, f"{taken} of {wanted} looks were taken"]


def _memory_faults(memory_mb: list[float]) -> list[str]:
    if len(memory_mb) < 3 or math.isnan(memory_mb[1]):
        return []
    growth_mb = max(memory_mb[-3:]) - memory_mb[1]
    return [f"memory grew by {growth_mb:.1f} MB"] if growth_mb > MOST_GROWTH_MB else []


def _size_faults(history_bytes: list[int]) -> list[str]:
    if len(history_bytes) <= KEPT_DAYS + 1:
        return []
    largest = max(history_bytes[KEPT_DAYS:])
    growth = largest / max(history_bytes[: KEPT_DAYS + 1])
    if largest <= _LITTLE_BYTES:
        return []
    return (
        [f"the history grew {growth:.2f}-fold beyond its retention"] if growth > MOST_HISTORY_GROWTH else []
    )


def _alert_faults(watched: Watched, settings: AssessSettings) -> list[str]:
    """Cool-down, cap and the beginning after a gap, whatever the clock on the wall did."""
    policy, times = settings.policy, watched.alerts_s
    faults = []
    near = min((b - a for a, b in pairwise(times)), default=math.inf)
    if near < policy.global_cooldown_s - 1.0:
        faults.append(f"two alerts came within {near:.0f} s")
    cap = policy.cap_per_hour
    crowded = [b - a for a, b in zip(times, times[cap:], strict=False) if b - a < 3600.0 - 1.0]
    if crowded:
        faults.append(f"more than {cap} alerts came within an hour, {len(crowded)} times")
    if watched.after_gap_s and min(watched.after_gap_s) < 30.0:
        faults.append(f"an alert came {min(watched.after_gap_s):.0f} s after the system was suspended")
    return faults
