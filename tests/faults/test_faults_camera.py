"""A camera that comes and goes a thousand times, and sinks that fail: the monitor goes on and counts right."""

from __future__ import annotations

import gc
import tracemalloc
from collections import deque
from contextlib import closing
from pathlib import Path

import pytest

from amounts import amount
from faults.conftest import SETTINGS
from monitor.monitor_material import Desk, stretches
from posture_cv.capture.types import SourceError
from posture_cv.history.figures import by_state
from posture_cv.history.read import Reader
from posture_cv.history.schema import connect
from posture_cv.history.store import History
from posture_cv.monitor.keeping import HistorySink
from posture_cv.monitor.lifecycle import Phase
from posture_cv.monitor.moment import Moment
from posture_cv.monitor.parts import Options
from posture_cv.monitor.ports import Surroundings
from posture_cv.monitor.sinks import BaseSink

TIMES = amount(40, 1000)
CYCLE_S, GONE_S = 8.0, 3.5


class Tally(BaseSink):
    """Counts without keeping."""

    def __init__(self) -> None:
        self.phases: dict[Phase, int] = {}
        self.changes = self.told = self.prompts = 0
        self._last: Phase | None = None
        self.memory_bytes: list[int] = []

    def show(self, moment: Moment) -> None:
        self.phases[moment.phase] = self.phases.get(moment.phase, 0) + 1
        self.told += sum(said.about_posture for said in moment.said)
        self.prompts += sum(not said.about_posture for said in moment.said)
        if moment.phase is not self._last:
            self.changes += moment.phase is Phase.CAMERA_LOST
            self._last = moment.phase
            if self.changes % 20 == 0 and tracemalloc.is_tracing():
                gc.collect()
                self.memory_bytes.append(tracemalloc.get_traced_memory()[0])


def gone(t_s: float) -> bool:
    """Whether the camera is unplugged now."""
    return t_s % CYCLE_S > CYCLE_S - GONE_S


@pytest.fixture
def run(tmp_path: Path) -> tuple[Desk, Tally, Path]:
    """A desk whose camera comes and goes, run to its end with a history."""
    path, tally = tmp_path / "history.sqlite3", Tally()
    desk = Desk(stretches(("forward_head", 1.0)), TIMES * CYCLE_S, SETTINGS, rate_hz=2.0, lost=gone)
    deque(desk._glimpses(), maxlen=0)  # pictures are kept once they are drawn: that is not to be weighed
    parts = desk.parts()
    tracemalloc.start()
    try:
        with HistorySink(History(path), lambda _: None, source="s", profile="p", days=90) as sink:
            parts.sinks, parts.book = [tally, sink], sink
            desk.run(parts)
    finally:
        tracemalloc.stop()
    return desk, tally, path


def test_gone_and_back_a_thousand_times(run: tuple[Desk, Tally, Path]) -> None:
    desk, tally, path = run
    assert tally.changes == TIMES, "each loss is noticed once"
    assert len(desk.camera.opens) <= TIMES * (GONE_S + 2), "and it is not opened without end"
    # Unmeasured time does not forgive: a posture seen in pieces is told like one that is seen all the time.
    often_s = SETTINGS.policy.cue_cooldown_s
    assert 1 <= tally.told <= TIMES * CYCLE_S / often_s + 1, "and that is as often as the cool-down allows"
    breaks = int(TIMES * CYCLE_S / SETTINGS.breaks.interval_s)
    assert tally.prompts == breaks, "nor does it count as a break, however often it goes"
    with Reader(path) as reader:
        seconds = by_state(reader.minutes(0, 99999))
    assert sum(seconds.values()) == pytest.approx(TIMES * CYCLE_S, abs=2.0), "no second is lost or doubled"
    assert seconds["camera_lost"] == pytest.approx(TIMES * GONE_S, rel=0.35)
    with closing(connect(path, create=False)) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert db.execute("SELECT count(*), sum(clean) FROM sessions").fetchone() == (1, 1)
        overlap = (
            "SELECT count(*) FROM episodes a JOIN episodes b ON a.id < b.id AND b.start_s < a.end_s - 0.001"
        )
        assert db.execute(overlap).fetchone() == (0,)
    begin, end = tally.memory_bytes[len(tally.memory_bytes) // 3], tally.memory_bytes[-1]
    desks_own_lists = 64 * (len(desk.camera.opens) + len(desk.eyes.looks))
    assert end - begin < 100_000 + desks_own_lists, "memory does not grow with the losses"


def test_a_camera_that_never_comes_back_is_asked_ever_more_rarely() -> None:
    desk = Desk(stretches(("good", 1.0)), 3600.0, rate_hz=0.1, lost=lambda t_s: t_s > 5.0)
    parts = desk.parts()
    tally = Tally()
    parts.sinks = [tally]
    desk.run(parts)
    assert tally.changes == 1
    assert len(desk.camera.opens) < 3600 / 30 + 10


def test_losing_it_while_locked_paused_or_away_is_no_matter() -> None:
    def around(t_s: float) -> Surroundings:
        return Surroundings(locked=20 < t_s < 40, asleep=60 < t_s < 70)

    desk = Desk(
        stretches(("good", 1.0)),
        120.0,
        rate_hz=2.0,
        around=around,
        lost=lambda t_s: 15 < t_s < 45 or 65 < t_s < 80,
    )
    desk.run()
    assert [m.phase for m in desk.kept.moments if m.t_s > 110.0][-1] is Phase.WATCHING
    assert not desk.kept.told()


def test_a_camera_that_fails_in_its_own_way_each_time_is_waited_for() -> None:
    faults = [
        SourceError("busy"),
        SourceError("no permission", "The group video is needed."),
        SourceError("garbage", "Its pictures cannot be decoded."),
        SourceError("stalled", "No picture within 5 s."),
    ]
    desk = Desk(stretches(("good", 1.0)), 60.0, rate_hz=2.0, options=Options(wait_for_camera=True))
    parts = desk.parts()
    read, open_ = desk.camera.read, desk.camera.open
    calls = iter(range(10_000))

    def failing_read(timeout_s: float) -> object:
        number = next(calls)
        if number % 3 == 1 and number < 30:
            raise faults[number % 4]
        return read(timeout_s)

    def failing_open() -> None:
        number = next(calls)
        if number % 5 == 2 and number < 30:
            raise faults[number % 4]
        open_()

    desk.camera.read = failing_read  # type: ignore[method-assign,assignment]
    desk.camera.open = failing_open  # type: ignore[method-assign]
    desk.run(parts)
    assert desk.kept.moments[-1].phase is Phase.WATCHING
    assert {m.why for m in desk.kept.moments if m.phase is Phase.CAMERA_LOST}
