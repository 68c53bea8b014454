"""Histories for tests: of a run, of the night in which clocks are set back, of alerts; and the page of the last."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

from monitor.monitor_material import Desk
from posture_cv.assess.records import Record
from posture_cv.assess.settings import AssessSettings
from posture_cv.assess.types import Alert
from posture_cv.history.gather import Gatherer
from posture_cv.history.read import Reader
from posture_cv.history.report import material, render
from posture_cv.history.store import History
from posture_cv.local_time import offset_s
from posture_cv.monitor.keeping import HistorySink
from posture_cv.output.notify import Delivery
from zones import BERLIN, zone

SETTINGS = AssessSettings()
SETTINGS = replace(
    SETTINGS, policy=SETTINGS.policy.alert_after(10.0), breaks=replace(SETTINGS.breaks, enabled=False)
)
WALL_S = 1_700_000_000.0
DAY = date(2023, 11, 14)


def recorded(path: Path, desk: Desk, days: int = 90) -> list[str]:
    """Run the desk with a history; what was noted."""
    notes: list[str] = []
    parts = desk.parts()
    sink = HistorySink(History(path), notes.append, source="made up", profile="p", days=days)
    with sink:
        parts.sinks = [desk.kept, sink]
        parts.book = sink
        desk.run(parts)
        sink.delivered(1, Delivery(by="test server"))
    return notes


def autumn(path: Path) -> None:
    """The night in which Berlin sets its clocks back, half of it watched in each of the two hours, by the minute."""
    utc_s = datetime(2026, 10, 24, 23, tzinfo=UTC).timestamp()
    gatherer, told = Gatherer(), Alert(100.0, "slump", "notice", 84.0, 0.8, 120.0, 1.5, 1.0)
    with zone(BERLIN), closing(History(path)) as history:
        history.begin_session(utc_s, "p", "c")
        for k in range(0, 4 * 3600, 5):
            label = ("good", "") if k < 2 * 3600 else ("slump", "")
            gatherer.moment(float(k), utc_s + k, offset_s(utc_s + k), label, away=False)
        for number, hour in enumerate((1, 2)):
            history.alert(Record(number, told), {}, utc_s + hour * 3600 + 1800)
        minutes, breaks = gatherer.take()
        history.save(utc_s, minutes, [], breaks)


def noted(path: Path, *told: tuple[str, int, float | None]) -> str:
    """The page of a day with these alerts: cue, number of the reminder, seconds until the posture was left."""
    with closing(History(path)) as history:
        history.begin_session(WALL_S, "p", "c")
        history.save(WALL_S, {(int(WALL_S) // 60 * 60, 0, "good", ""): 60.0}, [], [])
        for number, (cue, repeat, after_s) in enumerate(told):
            alert = Alert(100.0, cue, "notice", 84.0, 0.8, 120.0, 1.5, 1.0, repeat)
            key = history.alert(Record(number, alert), {}, WALL_S + number)
            if after_s is not None:
                history.recovered(key, after_s)
    with Reader(path) as reader:
        return render(material(reader, "today", DAY), datetime(2023, 11, 14, 23, tzinfo=UTC))
