"""A month in little: what must stay true however long the monitor runs. All of it: posture-cv bench --endurance."""

from __future__ import annotations

import json
import os
import time
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from amounts import amount
from cli_runner import Cli
from posture_cv.bench import endurance
from posture_cv.bench.endurance import KEPT_DAYS, Endured, endure
from posture_cv.bench.month import (
    BEGIN_WALL_S,
    DAY_S,
    NIGHT_SHIFTS,
    TIME_ZONE,
    WALL_STEPS,
    MonthClock,
    Person,
    Watched,
)
from source_tree import ROOT

pytestmark = pytest.mark.skipif(not hasattr(time, "tzset"), reason="local time of another place")
LOOKS = amount(2_000, 1_000_000)


@pytest.fixture(scope="module")
def endured() -> Endured:
    return endure(LOOKS)


def test_a_month_has_no_fault(endured: Endured) -> None:
    assert not endured.faults
    assert endured.looks == LOOKS
    assert endured.days >= 30
    assert endured.suspensions >= 29
    assert endured.camera_losses > 0
    assert endured.watched_s == pytest.approx(endured.kept_s, abs=0.5)
    assert 0 < endured.state_bytes < 100_000


@pytest.mark.parametrize(("more", "looks"), [((), 1_000_000), (("--looks", "1000"), 1_000)])
@pytest.mark.parametrize(("faults", "said"), [((), "No fault."), (("it grew",), "FAULT: it grew")])
def test_the_command_tells_all_of_it(
    endured: Endured,
    monkeypatch: pytest.MonkeyPatch,
    more: tuple[str, ...],
    looks: int,
    faults: tuple[str, ...],
    said: str,
) -> None:
    asked: list[int] = []
    found = replace(endured, faults=faults)

    def known(count: int) -> Endured:
        asked.append(count)
        return found

    monkeypatch.setattr(endurance, "endure", known)
    done = Cli().here("bench", "--endurance", *more, "--json", "-")
    assert (done.returncode, asked) == (len(faults), [looks])
    assert json.loads(done.stdout)["endurance"] == json.loads(json.dumps(found.as_plain()))["endurance"]
    assert said in done.stderr
    assert all(name in done.stderr for name, _ in found.rows())


def test_what_is_written_is_bounded(endured: Endured) -> None:
    assert max(endured.history_bytes) < 8_000_000
    assert len(endured.history_bytes) == endured.days


def test_the_document_names_every_key(endured: Endured) -> None:
    text = (ROOT / "docs" / "bench-schema.md").read_text(encoding="utf-8")
    assert not [
        key for key in json.loads(json.dumps(endured.as_plain()))["endurance"] if f"`{key}`" not in text
    ]
    assert len(list(endured.rows())) >= 7


def test_time_zone_of_the_caller_is_restored(endured: Endured) -> None:
    assert os.environ.get("TZ") != TIME_ZONE


def test_the_clock_sleeps_at_night_and_is_set_by_people() -> None:
    clock = MonthClock(3600.0)
    jumps, walls = [], []
    for _ in range(25 * 60):
        before_s, wall_s = clock.now_s(), clock.wall_s()
        clock.wait(60.0)
        if clock.now_s() - before_s > 61.0:
            jumps.append(clock.now_s())
        walls.append(clock.wall_s() - wall_s - (clock.now_s() - before_s))
    assert len(jumps) >= 24
    assert jumps[0] == DAY_S
    assert sorted(step for step in walls if abs(step) > 1e-6) == pytest.approx(sorted(WALL_STEPS.values()))
    shift = BEGIN_WALL_S + jumps[min(NIGHT_SHIFTS) - 1]
    assert datetime.fromtimestamp(shift, UTC).strftime("%d %H:%M") == "28 22:55", (
        "23:55 in Berlin, before the change"
    )


def test_every_posture_of_the_script_comes() -> None:
    person, seen = Person(3), set()
    for t_s in range(0, 40_000, 10):
        person.measured(float(t_s))
        seen.add(person._label)
    assert seen == {"good", "forward head", "rounded shoulders", "looking down", "away", "turned", "dark"}


def _result(**changes: object) -> Watched:
    watched = Watched()
    for name, value in changes.items():
        setattr(watched, name, value)
    return watched


@pytest.mark.parametrize(
    ("watched", "said"),
    [
        (_result(alerts_s=[0.0, 100.0]), "within 100 s"),
        (_result(alerts_s=[0.0, 700.0, 1400.0, 2100.0, 2800.0]), "more than 4"),
        (_result(alerts_s=[0.0], after_gap_s=[3.0]), "3 s after"),
        (_result(alerts_s=[0.0, 1000.0], after_gap_s=[100.0, 1100.0]), ""),
    ],
)
def test_wrong_alerts_would_be_noticed(watched: Watched, said: str) -> None:
    from posture_cv.assess.settings import AssessSettings

    faults = endurance._alert_faults(watched, AssessSettings())
    assert bool(faults) == bool(said)
    assert not said or said in faults[0]


def test_growth_would_be_noticed() -> None:
    assert endurance._memory_faults([100.0, 101.0, 103.0, 111.0])
    assert not endurance._memory_faults([80.0, 101.0, 103.0, 104.0])
    flat, growing = [10_000_000] * 30, [4_000_000 + 300_000 * day for day in range(30)]
    assert not endurance._size_faults(flat)
    assert not endurance._size_faults([100_000 * day for day in range(1, 31)]), "little altogether"
    assert endurance._size_faults(growing)
    assert len(flat) > KEPT_DAYS


def test_damage_would_be_noticed(tmp_path: Path) -> None:
    from posture_cv.history.store import History

    history = History(tmp_path / "history.sqlite3")
    history.begin_session(0.0, "p", "c")
    history.save(0.0, {(0, 0, "good", ""): 30.0}, [], [])
    history.close()
    kept_s, faults = endurance._history_faults(tmp_path / "history.sqlite3", 0.0)
    assert kept_s == 30.0
    assert faults == ["the session did not end in good order"]


def test_figures_are_plain(endured: Endured) -> None:
    assert asdict(endured)["cpu_s"] > 0.0
