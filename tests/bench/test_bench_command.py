"""`posture-cv bench` run small: it works, its figures agree with each other, its JSON is what the schema says."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Self

import pytest

from amounts import FULL, amount
from cli_runner import Cli
from limited import run_limited
from once import made_once
from posture_cv.bench import hour, run
from posture_cv.bench.day import WARM_UP, memory_faults
from posture_cv.bench.figures import spread
from posture_cv.bench.run import profile_of
from posture_cv.bench.simulate import Run
from posture_cv.bench.stages import STAGES, Stopwatch, stages_of
from posture_cv.bench.stages import WARM_UP as FIRST_FRAMES
from posture_cv.bench.startup import Started, _ended
from posture_cv.capture.types import Frame
from posture_cv.landmarks.recording import read_recording
from posture_cv.landmarks.types import Landmarks
from posture_cv.monitor.economy import EconomySettings
from posture_cv.settings import Settings
from source_tree import ROOT

CLIP = ROOT / "samples" / "desk-front.mp4"
SCHEMA = ROOT / "docs" / "bench-schema.md"


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The figures of a quick run."""
    if not CLIP.exists():
        pytest.skip("the samples are not in this tree")

    def make(home: Path) -> None:
        done = run_limited(
            ["bench", str(CLIP), "--quick", "--frames", "8", "--minutes", "0.1", "--json", "-"],
            home,
            seconds=600.0,
        )
        assert done.returncode == 0, done.stderr
        (home / "figures.json").write_text(done.stdout)
        assert "One frame, 8 of desk-front.mp4" in done.stderr, "the table goes where the JSON is not"

    made = made_once(tmp_path_factory, "bench", make)
    figures: dict[str, Any] = json.loads((made / "figures.json").read_text())
    return figures


def test_every_stage_is_measured_and_they_add_up(plain: dict[str, Any]) -> None:
    stages = plain["stages"]["stages"]
    assert tuple(stages) == STAGES
    for name in ("decode", "pose", "mask", "face", "scene", "measure", "assess", "sink"):
        assert 0.0 < stages[name]["median_ms"] <= stages[name]["p95_ms"], name
    total = plain["stages"]["total"]["median_ms"]
    assert sum(figures["median_ms"] for figures in stages.values()) == pytest.approx(total, rel=0.35)
    assert stages["pose"]["median_ms"] > stages["assess"]["median_ms"], "a network costs more than a rule"


def test_as_many_frames_are_compared_as_were_counted(plain: dict[str, Any]) -> None:
    stages = plain["stages"]
    assert stages["bare"]["count"] == stages["total"]["count"] == 8
    assert stages["without_decoding"]["median_ms"] < stages["total"]["median_ms"]
    assert stages["above_bare"] > -1.0
    assert stages["cpu_above_bare"] > -1.0


def test_the_comparison_follows_from_the_figures() -> None:
    """On the wall frame by frame, so that a pause of the machine counts once; of processor time in all."""
    watch = Stopwatch()
    warming = [{"decode": 1.0, "pose": 9.0}] * FIRST_FRAMES
    watch.frames = [
        *warming,
        {"decode": 0.5, "pose": 0.9, "measure": 0.2},  # 1.1 of 1.0
        {"decode": 0.5, "pose": 1.9, "measure": 0.5},  # 2.4 of 2.0
        {"decode": 0.5, "pose": 9.0, "measure": 0.1},  # the machine was busy elsewhere
    ]
    watch.bare_s = [1.0] * FIRST_FRAMES + [1.0, 2.0, 1.0]
    watch.cpu_s = [9.0] * FIRST_FRAMES + [1.1, 2.3, 1.2]
    watch.cpu_bare_s = [1.0] * FIRST_FRAMES + [1.0, 2.0, 1.0]
    found = stages_of(watch)
    assert found.above_bare == pytest.approx(0.2)
    assert found.cpu_above_bare == pytest.approx(0.15)
    assert (found.without_decoding.median_ms, found.bare.median_ms) == pytest.approx((2400.0, 1000.0))
    assert found.stages["measure"].median_ms == pytest.approx(200.0)


def test_programs_were_started_and_told(plain: dict[str, Any]) -> None:
    start = plain["start"]
    assert set(start) == {"--help", "status", "first verdict"}
    assert 0.0 < start["--help"]["cpu"]["median_ms"] < start["first verdict"]["cpu"]["median_ms"]
    peak = start["first verdict"]["peak_mb"]
    assert peak is None or 50.0 < peak < 1000.0


def test_economy_looks_less_often(plain: dict[str, Any]) -> None:
    found = plain["hour"]
    assert found["economy"]["model_runs_a_minute"] < 0.5 * found["every_picture"]["model_runs_a_minute"]
    assert found["every_picture"]["looks_a_minute"] == pytest.approx(600.0, rel=0.05)
    assert found["plain_loop"]["looks_a_minute"] == pytest.approx(1800.0, rel=0.05)
    assert 0.0 < found["economy"]["core_percent"] < found["plain_loop"]["core_percent"]
    assert found["still"]["model_runs_a_minute"] < 0.5 * found["economy"]["model_runs_a_minute"]
    assert len(found["delays_s"]) == found["every_picture"]["alerts"]


def test_every_picture_is_watched_for_ten_minutes_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    watched_s: dict[bool | None, float] = {}

    def watch(
        pictures: Sequence[tuple[float, bytes]], *_: object, economy: EconomySettings | None = None
    ) -> Run:
        watched_s[None if economy is None else economy.enabled] = length_s = pictures[-1][0]
        return Run(length_s, 1.0, 1, 1, length_s, (), ())

    def ten_a_second(_clip: Path, *, seconds: float) -> Iterator[tuple[float, bytes]]:
        return ((k / 10.0, b"") for k in range(round(10.0 * seconds)))

    monkeypatch.setattr(hour, "desk_hour", ten_a_second)
    monkeypatch.setattr(hour, "still_pictures", ten_a_second)
    monkeypatch.setattr(hour, "watch", watch)
    monkeypatch.setattr(hour, "plain_loop", lambda *_, seconds: Run(seconds, 1.0, 1, 1, seconds, (), ()))
    profile = profile_of(CLIP, None)
    found = hour.measure_hour(CLIP, profile, Settings(), minutes=11.0, plain_s=1.0)
    lengths_s = {None: hour.STILL_S, True: 660.0, False: 600.0}
    assert watched_s == {way: pytest.approx(length_s, abs=0.2) for way, length_s in lengths_s.items()}
    assert (found.economy.minutes, found.every_picture.minutes) == pytest.approx((11.0, 10.0), abs=0.01)


def test_the_document_names_every_key(plain: dict[str, Any]) -> None:
    text = SCHEMA.read_text(encoding="utf-8")

    def keys(part: object) -> set[str]:
        if not isinstance(part, dict):
            return set()
        return set(part).union(*(keys(value) for value in part.values()))

    missing = {key for key in keys(plain) if f"`{key}`" not in text}
    assert not missing


class Recorded:
    """What the models have seen in the clip's pictures, as it is shipped: half a minute of looking is saved."""

    def __init__(self, *_: object) -> None:
        self._seen = read_recording(CLIP.with_suffix(".landmarks")).landmarks

    def estimate(self, frame: Frame) -> Landmarks:
        """Of the picture of that number."""
        return self._seen[frame.index : frame.index + 1]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing to close."""


def test_delays_are_measured_over_desk_hours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the pictures' recorded landmarks; the models look themselves with POSTURE_CV_FULL=1."""
    if not CLIP.exists():
        pytest.skip("the samples are not in this tree")
    command = ["bench", str(CLIP), "--delays", "1", "--minutes", "24", "--json", "-"]
    if FULL:
        done = run_limited(command, tmp_path, seconds=600.0)
    else:
        monkeypatch.setattr("posture_cv.monitor.session.make_estimator", Recorded)
        done = Cli().here(*command)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)["delays"]
    assert found["hours"] == 1
    assert found["alerts"] > found["missing"] == 0
    assert found["worst_s"] >= found["mean_s"]
    assert 10.0 < found["model_runs_a_minute"] <= found["looks_a_minute"] < 300.0
    text = SCHEMA.read_text(encoding="utf-8")
    assert all(f"`{key}`" in text for key in found)


def test_a_day_is_lived_through_by_the_whole_monitor(tmp_path: Path) -> None:
    if not CLIP.exists():
        pytest.skip("the samples are not in this tree")
    minutes = amount(0.12, 1.0)
    command = ["bench", str(CLIP), "--day", "1", "--minutes", str(minutes), "--json", "-"]
    done = run_limited(command, tmp_path, seconds=600.0)
    assert done.returncode in (0, 1), done.stderr
    assert "Warning" not in done.stderr
    found = json.loads(done.stdout)["day"]
    assert done.returncode == bool(found["faults"])
    assert all("MB were held" in fault for fault in found["faults"])  # that is the benchmark's to judge
    assert found["hours"] == pytest.approx(minutes / 60, abs=0.001)
    assert 0 < found["model_runs"] <= found["looks"]
    assert found["answers"] >= 1
    assert len(found["memory_mb"]) in (0, found["answers"])
    text = SCHEMA.read_text(encoding="utf-8")
    assert all(f"`{key}`" in text for key in found)


def test_another_video_is_judged_by_the_profile_named_and_has_no_desk_hour(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Programs are started by the quick run above."""
    if not CLIP.exists():
        pytest.skip("the samples are not in this tree")
    profile = CLIP.with_suffix(".profile.json")
    once = Started(spread([0.1]), spread([0.1]), None)
    judged: list[tuple[object, ...]] = []

    def verdict(*given: object) -> Started:
        judged.append(given)
        return once

    monkeypatch.setattr(run, "start_help", lambda _: once)
    monkeypatch.setattr(run, "start_status", lambda _: once)
    monkeypatch.setattr(run, "first_verdict", verdict)
    side = CLIP.with_name("desk-side.mp4")
    command = ("bench", str(side), "--profile", str(profile), "--quick", "--frames", "2")
    done = Cli().here(*command, "--json", "-")
    assert done.returncode == 0, done.stderr
    assert judged == [(side, profile, 1)]
    found = json.loads(done.stdout)
    assert (found["video"], found["stages"]["total"]["count"], found["hour"]) == (side.name, 2, None)
    assert "The desk hour was left out" in done.stderr


def test_growth_and_too_much_are_faults() -> None:
    assert memory_faults((200.0,) * 100) == []
    assert memory_faults(()) == []
    grown = tuple(200.0 + k / 5 for k in range(100))
    assert memory_faults((180.0,) * WARM_UP + grown) == ["memory grew by 15.0 MB"]
    assert memory_faults((100.0,) * WARM_UP + (200.0,) * 50) == [], "what is taken at the start is kept"
    assert memory_faults((200.0, 310.0, 200.0, 200.0)) == ["310 MB were held"]


def test_what_cannot_be_measured_is_said(tmp_path: Path) -> None:
    Cli().fails("bench", str(tmp_path / "no.mp4"), said="No such video")
    (tmp_path / "a.mp4").write_bytes(b"no video")
    Cli().fails("bench", str(tmp_path / "a.mp4"), said="profile")


def test_a_place_for_the_figures_is_looked_at_before_the_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "measure", lambda *_: pytest.fail("the work has begun"))
    notes = tmp_path / "notes.json"
    notes.write_text('{"mine": 1}')
    Cli().fails("bench", "--json", str(tmp_path / "missing" / "a.json"), said="Cannot write")
    Cli().fails("bench", "--json", str(notes), said="It is not figures of bench")
    assert notes.read_text() == '{"mine": 1}'


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--day", "8", "--delays", "2"), "choose one"),
        (("--looks", "2000"), "--looks goes with --endurance"),
        (("--day", "1", "--frames", "20"), "no part in --day"),
    ],
)
def test_no_option_is_passed_over_in_silence(options: tuple[str, ...], said: str) -> None:
    Cli().fails("bench", *options, said=said)


@pytest.mark.skipif(not hasattr(os, "waitid"), reason="no such call on this system")
def test_a_program_that_ended_before_it_was_told_to_is_waited_for() -> None:
    process = subprocess.Popen([sys.executable, "-c", ""], text=True)
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    process.terminate()
    _ended(process)
    assert process.returncode == 0


def test_figures_are_those_of_the_list() -> None:
    found = spread([0.001 * k for k in range(1, 101)])
    assert found.median_ms == pytest.approx(50.5)
    assert found.p95_ms == pytest.approx(95.05)
    assert found.count == 100
    with pytest.raises(ValueError, match="nothing"):
        spread([])


def test_the_stopwatch_counts_nothing_twice_and_leaves_asides_out(monkeypatch: pytest.MonkeyPatch) -> None:
    now = iter([0.0, 1.0, 1.5, 10.0, 12.0, 13.0, 13.0])
    cpu = iter([0.0, 3.0])
    monkeypatch.setattr("posture_cv.bench.stages.time.perf_counter", lambda: next(now))
    monkeypatch.setattr("posture_cv.bench.stages.time.process_time", lambda: next(cpu))
    watch = Stopwatch()  # 0.0
    watch.begin()  # 1.0
    watch.lap("a")  # 1.5
    watch.aside(8.5, 0.25)  # 10.0
    watch.lap("b")  # 12.0
    watch.frame_done()  # 13.0
    assert watch.frames == [{"a": 0.5, "b": 2.0, "other": pytest.approx(2.0)}]
    assert watch.cpu_s == [2.75]
