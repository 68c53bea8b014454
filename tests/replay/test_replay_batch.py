"""Many recordings on many processes: the same bytes with any number of them, and whatever happens on the way."""

from __future__ import annotations

import contextlib
import csv
import json
import os
import queue
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NoReturn

import numpy as np
import pytest

from amounts import amount
from batch_material import RATE_HZ, SAMPLES, SEGMENT_S, SIDE_END_S, recordings, results
from calibration.fit import fit_baseline
from cli_runner import Cli
from posture_cv.assess.settings import PolicySettings
from posture_cv.atomic import OutputError
from posture_cv.cli.replay_progress import ReplayBar
from posture_cv.coefficients import load_coefficients
from posture_cv.errors import InputError, PostureError
from posture_cv.landmarks.recording import RecordingInfo, read_recording
from posture_cv.landmarks.recording_writer import RecordingWriter
from posture_cv.landmarks.types import Landmarks
from posture_cv.measure.measure import measure
from posture_cv.opendata.files import LANDMARKS
from posture_cv.opendata.folder import read_result
from posture_cv.replay import batch
from posture_cv.replay.batch import Ended, replay_many
from posture_cv.replay.jobs import LookJob, PartJob
from posture_cv.replay.parts import Part, PartDone, cut, record_part
from posture_cv.replay.plan import PARTS_FOLDER, look_of, plan
from posture_cv.replay.pool import ProcessPool, _Host
from posture_cv.replay.progress import NoBatchProgress
from posture_cv.replay.run import replay
from posture_cv.replay.scan import scan
from posture_cv.replay.table import row_of, write_table
from posture_cv.replay.types import ReplayOptions
from posture_cv.replay.work import Done, Event, Failed, Told

POSIX = pytest.mark.skipif(os.name != "posix", reason="sends signals as POSIX systems have them")


def rows(out: Path) -> dict[str, dict[str, str]]:
    with (out / "recordings.csv").open(newline="") as file:
        return {row["recording"]: row for row in csv.DictReader(file)}


class Watched(ProcessPool):
    """Kills its first worker process after the first part."""

    killed = 0

    def next_event(self, timeout_s: float) -> Event | None:
        event = super().next_event(timeout_s)
        if isinstance(event, Done) and not self.killed and hasattr(event.result, "frames_with_person"):
            process = self._hosts[0]._process
            os.kill(process.pid, signal.SIGKILL)
            self.killed = process.pid
        return event


@POSIX
def test_two_processes_and_a_killed_one_give_the_bytes_of_one(
    reference: tuple[Path, list[Ended]], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    with Watched(2) as pool:
        ended = replay_many(recordings(out), pool, table=out)
    assert pool.killed
    assert [one.status for one in ended] == ["done", "done", "done", "failed"]
    assert results(out) == results(reference[0])
    assert not list(out.rglob(PARTS_FOLDER))


def test_the_table_has_a_row_for_each_and_says_what_failed(reference: tuple[Path, list[Ended]]) -> None:
    table = rows(reference[0])
    assert list(table) == ["front", "side", "landmarks", "missing"]
    assert [row["status"] for row in table.values()] == ["done", "done", "done", "failed"]
    assert "missing.mp4" in table["missing"]["problem"]
    assert table["missing"]["frames"] == ""
    assert (table["front"]["frames"], table["front"]["view"], table["side"]["view"]) == (
        "23",
        "front",
        "side",
    )
    states = [
        name for name in table["front"] if name.endswith("_s") and name not in {"duration_s", "unmeasured_s"}
    ]
    assert sum(float(table["front"][name]) for name in states) == pytest.approx(23 / RATE_HZ, abs=0.2)


def test_seconds_of_a_long_recording_keep_their_decimals(reference: tuple[Path, list[Ended]]) -> None:
    first = reference[1][0]
    states = {"good": 123456.789, "away": 28799.967, "slump": 0.5}
    row = row_of(
        replace(first, summary={**first.summary, "duration_s": 152257.256, "seconds_per_state": states})
    )
    assert (row["duration_s"], row["good_s"], row["away_s"]) == ("152257.256", "123456.789", "28799.967")
    assert (row["slump_s"], row["shrug_s"]) == ("0.5", "0")


def test_parts_join_without_a_gap_or_a_double(reference: tuple[Path, list[Ended]]) -> None:
    with (reference[0] / "front" / "measurements.csv").open(newline="") as file:
        times = [float(row["t_s"]) for row in csv.DictReader(file)]
    np.testing.assert_allclose(times, np.arange(0.0, 45.0, 1.0 / RATE_HZ), atol=1e-6)


def test_what_is_finished_is_not_done_again(reference: tuple[Path, list[Ended]], tmp_path: Path) -> None:
    out = Path(shutil.copytree(reference[0], tmp_path / "out"))
    before = {path: path.stat().st_mtime_ns for path in out.rglob("*.csv") if path.parent != out}
    with ProcessPool(1) as pool:
        ended = replay_many(recordings(out), pool, table=out)
    assert [one.earlier for one in ended] == [True, True, True, False]
    assert before == {path: path.stat().st_mtime_ns for path in before}


def test_other_settings_a_damaged_table_or_another_source_are_done_again(
    reference: tuple[Path, list[Ended]], tmp_path: Path
) -> None:
    kept = (SAMPLES / "desk-side.landmarks").read_bytes()
    source = tmp_path / "source.landmarks"
    source.write_bytes(kept)
    asked = replace(recordings(tmp_path / "out")[2], source=str(source))

    with ProcessPool(1) as pool:

        def is_done_again(options: ReplayOptions = asked) -> bool:
            return not replay_many([options], pool, table=tmp_path / "out")[0].earlier

        assert is_done_again()
        assert not is_done_again()
        stricter = replace(asked.settings, policy=PolicySettings().alert_after(3.0))
        assert is_done_again(replace(asked, settings=stricter))
        assert is_done_again()
        (asked.out / "measurements.csv").write_text("t_s\n")
        assert is_done_again()
        source.write_bytes(kept[:-16])  # without the mark of its end
        assert is_done_again()


class Parts:
    """Counts the parts that a pool is given."""

    def __init__(self, pool: ProcessPool) -> None:
        self.pool, self.count = pool, 0
        submit = pool.submit

        def counting(number: int, job: object) -> None:
            self.count += isinstance(job, PartJob)
            submit(number, job)  # type: ignore[arg-type]

        pool.submit = counting  # type: ignore[method-assign]


def test_a_kept_landmark_recording_is_judged_anew_without_a_model(tmp_path: Path) -> None:
    side = recordings(tmp_path)[1]
    asked = replace(
        side,
        keep_landmarks=True,
        segment_s=SEGMENT_S / 2,
        capture=replace(side.capture, end_s=SIDE_END_S / 2),
    )
    with ProcessPool(1) as pool:
        counted = Parts(pool)
        assert replay_many([asked], pool)[0].status == "done"
        assert counted.count == 2
        stricter = replace(asked, settings=replace(asked.settings, policy=PolicySettings().alert_after(3.0)))
        ended = replay_many([stricter], pool)[0]
        assert (counted.count, ended.earlier, ended.status) == (2, False, "done")
        kept = (asked.out / LANDMARKS).read_bytes()
        finer = replace(asked, keep_landmarks=False, capture=replace(asked.capture, max_rate_hz=0.6))
        assert replay_many([finer], pool)[0].status == "done"
    assert (asked.out / LANDMARKS).read_bytes() == kept, "a run that keeps none has touched it"
    assert read_recording(asked.out / LANDMARKS).complete
    assert read_result(asked.out).landmarks is None, "it is not of these results"


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The parts that were made: the shipped recording stands for what the models find."""
    made: list[Path] = []

    def recorded(_: Part, path: Path, **__: object) -> PartDone:
        made.append(path)
        shutil.copy(SAMPLES / "desk-front.landmarks", path)
        return PartDone(450, 412, ("it is truncated",))

    monkeypatch.setattr("posture_cv.replay.run.record_part", recorded)
    monkeypatch.setattr("posture_cv.replay.scan._shows_profile", lambda _: False)
    return made


def kept_ones(out: Path) -> ReplayOptions:
    return ReplayOptions(str(SAMPLES / "desk-front.mp4"), out, calibrate_s=(0.0, 8.0), keep_landmarks=True)


def test_what_was_wrong_with_a_video_stays_with_its_kept_landmarks(made: list[Path], tmp_path: Path) -> None:
    asked = kept_ones(tmp_path)
    for window_s in (5.0, 4.0, 3.0):
        settings = replace(asked.settings, policy=PolicySettings().alert_after(window_s))
        assert replay(replace(asked, settings=settings)).warnings == ("it is truncated",)
    assert len(made) == 1


def test_kept_landmarks_are_known_again_whatever_was_asked_in_between(
    made: list[Path], tmp_path: Path
) -> None:
    """Neither refused as another video's nor made anew."""
    asked = kept_ones(tmp_path)
    replay(asked)
    rarer = replace(asked, capture=replace(asked.capture, max_rate_hz=5.0))
    replay(replace(rarer, keep_landmarks=False))
    assert len(made) == 2
    for keep in (True, False):
        assert replay(replace(asked, keep_landmarks=keep)).warnings == ("it is truncated",)
    assert len(made) == 2
    with pytest.raises(InputError, match="Other landmarks are kept"):
        replay(rarer)
    (tmp_path / LANDMARKS).write_bytes((SAMPLES / "desk-side.landmarks").read_bytes())
    replay(replace(asked, keep_landmarks=False))
    assert len(made) == 3, "what somebody has changed is not believed"


def command(out: Path, *more: str) -> list[str]:
    arguments = [str(SAMPLES / "desk-front.mp4"), "--calibrate", "0:8", "--segment", f"{SEGMENT_S:g}"]
    arguments += ["--every", f"{RATE_HZ}hz"]
    return [sys.executable, "-m", "posture_cv", "replay", *arguments, "--out", str(out), *more]


def wait_for_parts(out: Path, count: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while len(list((out / PARTS_FOLDER).glob("0*.json"))) < count:
        assert process.poll() is None, "it ended before it could be stopped"
        assert time.monotonic() < deadline
        time.sleep(0.02)


@POSIX
def test_a_run_that_is_cut_off_goes_on_where_it_was(
    reference: tuple[Path, list[Ended]], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    for parts, number, code in ((1, signal.SIGINT, 130), (2, signal.SIGKILL, -signal.SIGKILL)):
        process = subprocess.Popen(
            command(out, "--workers", "2"), stderr=subprocess.PIPE, start_new_session=True
        )
        wait_for_parts(out, parts, process)
        os.kill(process.pid, number)
        said = process.communicate(timeout=30)[1]
        assert process.returncode == code
        assert b"Traceback" not in said
        assert (b"the same command goes on" in said) == (number == signal.SIGINT)
        wait_for_nobody(process.pid)
        assert not (out / "summary.json").exists()
    kept = {path: path.stat().st_mtime_ns for path in (out / PARTS_FOLDER).glob("0*.landmarks")}
    assert len(kept) >= 2
    done = subprocess.run(
        command(out, "--workers", "1"), capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    for name in ("measurements.csv", "alerts.jsonl"):
        assert (out / name).read_bytes() == (reference[0] / "front" / name).read_bytes()
    assert not (out / PARTS_FOLDER).exists()


def wait_for_nobody(session: int) -> None:
    """Until no process of that session is left."""
    deadline = time.monotonic() + 15
    while True:
        try:
            os.killpg(session, 0)
        except ProcessLookupError:
            return
        assert time.monotonic() < deadline, "a worker process outlives its caller"
        time.sleep(0.05)


def test_a_stretch_that_cannot_be_read_keeps_nothing_of_an_earlier_run(tmp_path: Path) -> None:
    path = tmp_path / "00001.landmarks"
    path.write_bytes((SAMPLES / "desk-front.landmarks").read_bytes())
    done = record_part(Part(str(SAMPLES / "desk-front.mp4"), start_s=500.0, end_s=600.0), path)
    assert done.frames == 0
    assert "no frame" in done.warnings[0]
    assert done.warnings[0].startswith("500 s to 600 s: "), "what comes later may be there"
    assert not path.exists()


def test_a_long_recording_cut_into_parts_equals_the_uncut_one_within_tolerance(tmp_path: Path) -> None:
    """The shipped recording was made in one go; parts at 20 s and 30 s agree as far as the model repeats itself.

    The tolerances are stated in `posture_cv.replay.parts`.
    """
    whole = read_recording(SAMPLES / "desk-front.landmarks").landmarks
    paths = []
    for start_s in (20.0, 30.0)[: amount(1, 2)]:
        paths.append(tmp_path / f"{start_s}.landmarks")
        record_part(Part(str(SAMPLES / "desk-front.mp4"), start_s, start_s + amount(1.0, 5.0)), paths[-1])
    parts = Landmarks.concat([read_recording(path).landmarks for path in paths])
    same = whole[np.isin(np.round(whole.t_s, 3), np.round(parts.t_s, 3))]
    np.testing.assert_allclose(parts.t_s, same.t_s)
    pose = np.abs(parts.pose[:, :13, :2] - same.pose[:, :13, :2])
    face = np.abs(parts.face - same.face)
    assert np.nanmedian(pose) < 0.003
    assert np.nanmax(pose) < 0.03
    assert np.nanmax(face[..., :2]) < 0.003
    moved = np.abs(parts.scene[:, 4:6] - same.scene[:, 4:6])
    assert np.nanmax(moved) < 0.005
    baseline = fit_baseline(whole[whole.t_s < 8.0], load_coefficients()).baseline
    told = [measure(lm, baseline, load_coefficients()).values for lm in (parts, same)]
    for name in ("cva_change_deg", "head_pitch_deg", "shoulder_elevation_cm", "trunk_incl_deg"):
        apart = np.abs(told[0][name].value - told[1][name].value) / told[1][name].sd
        # with the decoder that the recording was made by it is 0.6 at most; another version's pictures add to it
        assert np.nanmedian(apart) < 1.5, f"{name} is farther apart than it is unsure"


def test_where_a_recording_is_cut_depends_on_it_alone() -> None:
    assert cut(0.0, None, 1000.0, 300.0) == [(0.0, 250.0), (250.0, 500.0), (500.0, 750.0), (750.0, None)]
    assert cut(0.0, None, 640.0, 300.0) == [(0.0, 320.0), (320.0, None)]
    assert cut(0.0, None, 361.0, 300.0) == [(0.0, 180.5), (180.5, None)]
    assert cut(0.0, None, 359.0, 300.0) == [(0.0, None)]
    assert cut(100.0, 500.0, 1000.0, 300.0) == [(100.0, 300.0), (300.0, 500.0)]
    assert {len(cut(0.0, None, 60.0 * minutes, 300.0)) % 2 for minutes in range(7, 200)} == {0}
    assert cut(0.0, None, 1000.0, 0.0) == [(0.0, None)]
    assert cut(0.0, None, 0.0, 300.0) == [(0.0, None)]


def test_seconds_to_calibrate_on_may_lie_outside_the_stretch(tmp_path: Path) -> None:
    front = recordings(tmp_path / "out", rate_hz=1.0)[0]
    asked = replace(front, capture=replace(front.capture, start_s=11.0, end_s=17.0))
    result = replay(asked, hold=True)
    assert result.baseline.origin["frames"] == 8
    assert result.assessment.measured.t_s.tolist() == [11.0, 12.0, 13.0, 14.0, 15.0, 16.0]
    assert np.nanmedian(result.assessment.measured.value("forward_head_deg")) > 5.0


def test_a_stretch_of_a_landmark_recording(tmp_path: Path) -> None:
    side = recordings(tmp_path / "out", rate_hz=1.0)[2]
    cut_out = replace(side, capture=replace(side.capture, start_s=10.0, end_s=13.0))
    result = replay(cut_out, hold=True)
    assert result.assessment.measured.t_s.tolist() == [10.0, 11.0, 12.0]


class Dying:
    """A job that takes its process with it."""

    def run(self, told: object) -> None:
        assert callable(told)
        told(1)
        os._exit(7)


@POSIX
def test_a_job_that_always_kills_its_process_fails_alone() -> None:
    with ProcessPool(1) as pool:
        pool.submit(1, Dying())
        events: list[Event] = []
        while not events or isinstance(events[-1], Told):
            event = pool.next_event(30.0)
            assert event is not None
            events.append(event)
    assert events[0] == Told(1, 1)
    assert len(events) == 2
    assert isinstance(events[1], Failed)
    assert "died" in events[1].error.title


_SHORT = """
import os, resource, sys
from posture_cv.replay.pool import ProcessPool
from replay.test_replay_batch import Short
if __name__ == "__main__":
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with ProcessPool(1) as pool:
        for files in (1, 2, 3, 4, 6):  # enough for the pipe, and for more and more of what else a process needs
            free = os.dup(0)
            os.close(free)
            resource.setrlimit(resource.RLIMIT_NOFILE, (free + files, most))
            if "early" in sys.argv:
                pool.get_ready()
            pool.submit(files, Short())
            event = pool.next_event(10.0)
            if event is None:
                print("nothing is heard of it", flush=True)
                os._exit(1)
            print(event.error.sentences)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
        pool.submit(9, Short())
        print(pool.next_event(60.0).result)
"""


@dataclass(frozen=True)
class Short:
    """A job that is soon done."""

    def run(self, told: object) -> str:
        del told
        return "done"


@POSIX
@pytest.mark.parametrize("early", [[], ["early"]])
def test_a_process_that_cannot_be_begun_fails_its_job_and_the_next_one_is_tried_anew(
    early: list[str],
) -> None:
    where = os.pathsep.join([*sys.path, str(Path(__file__).parents[1])])
    done = subprocess.run(
        [sys.executable, "-c", _SHORT, *early],
        env=os.environ | {"PYTHONPATH": where},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    *failed, last = done.stdout.splitlines()
    assert last == "done"
    assert len(failed) == 5
    assert all(
        "No process could be begun for it" in said and "Too many open files" in said for said in failed
    )
    assert not done.stderr


_CALLER = """
import sys
from posture_cv.replay.pool import ProcessPool
from replay.test_replay_batch import Long
if __name__ == "__main__":
    with ProcessPool(1) as pool:
        pool.submit(1, Long())
        while True:
            if pool.next_event(10.0) is not None:
                print("at work", flush=True)
"""


@dataclass(frozen=True)
class Long:
    """Says that it has begun, and listens to nobody from then on."""

    def run(self, told: Callable[[int], None]) -> None:
        told(1)
        time.sleep(60)


@POSIX
def test_a_worker_ends_with_its_killed_caller_whatever_it_is_at() -> None:
    where = os.pathsep.join([*sys.path, str(Path(__file__).parents[1])])
    caller = subprocess.Popen(
        [sys.executable, "-c", _CALLER],
        env=os.environ | {"PYTHONPATH": where},
        stdout=subprocess.PIPE,
        text=True,
    )
    with caller:
        assert caller.stdout is not None
        assert caller.stdout.readline() == "at work\n"
        caller.kill()
        caller.communicate(timeout=10)  # until the last process that could write there has ended


def many(tmp_path: Path, *sources: Path) -> subprocess.CompletedProcess[str]:
    arguments = [*map(str, sources), "--calibrate", "0:5", "--out", str(tmp_path / "out"), "--workers", "1"]
    return Cli().here("replay", *arguments)


def test_the_exit_code_and_the_last_lines_say_what_failed(tmp_path: Path) -> None:
    bad, good = tmp_path / "bad.mp4", SAMPLES / "desk-side.landmarks"
    bad.write_text("no video")
    done = many(tmp_path, bad, good)
    assert done.returncode == 3
    assert "2 recordings, 1 done, 1 failed" in done.stdout
    assert done.stderr.splitlines()[0].startswith("[1/2] ")
    assert done.stderr.splitlines()[-1].startswith(f"Failed: {bad}: ")
    assert (
        json.loads((tmp_path / "out" / "desk-side" / "summary.json").read_text())["recording"] == "desk-side"
    )


def test_a_terminal_sees_a_bar_over_all_with_the_time_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    clips = [SAMPLES / f"desk-{view}.landmarks" for view in ("front", "side")]
    done = many(tmp_path, *clips)
    assert done.returncode == 0
    assert "of 2 recordings" in done.stderr
    assert " left " in done.stderr
    assert "[1/2]" not in done.stderr


def test_the_time_left_counts_what_is_to_be_done_and_not_what_is_finished(tmp_path: Path) -> None:
    """A run that goes on meets the finished recordings first: they say nothing of how long the others are."""
    given = [ReplayOptions(f"{k}.mp4", tmp_path / str(k)) for k in range(6)]
    with ReplayBar(quiet=True) as bar:
        bar.begin(len(given))
        for k in range(3):
            bar.ended(k, Ended(given[k], "failed", PostureError("as good as finished")))
        totals = [bar.total]  # nothing is known yet
        for k, frames in ((3, 1000), (4, 2000)):
            bar.expect(k, frames, known=True)
            totals.append(bar.total)
    assert totals == [None, 3000, 4500]


class Frames(NoBatchProgress):
    """Remembers how many frames are expected of each recording."""

    def __init__(self) -> None:
        self.expected: dict[int, int] = {}

    def expect(self, index: int, frames: int, *, known: bool) -> None:
        self.expected[index] = frames


class Breaking:
    """A pool that looks at recordings itself, and breaks off every part three frames on."""

    processors_to_spare = False

    def __init__(self) -> None:
        self._events: list[Event] = []

    @property
    def room(self) -> int:
        return 0 if self._events else 1

    def submit(self, number: int, job: object) -> None:
        if isinstance(job, PartJob):
            self._events += [Told(number, 3), Failed(number, PostureError("it broke"))]
        else:
            assert isinstance(job, LookJob)
            self._events.append(Done(number, scan(job.look)))

    def next_event(self, timeout_s: float) -> Event:
        assert timeout_s > 0
        return self._events.pop(0)


def test_frames_of_a_recording_that_has_failed_are_expected_no_longer(tmp_path: Path) -> None:
    progress = Frames()
    asked = replace(recordings(tmp_path)[0], keep_landmarks=True)
    (ended,) = replay_many([asked], Breaking(), progress=progress)  # type: ignore[arg-type]
    assert (ended.status, progress.expected) == ("failed", {0: 3})


def test_nobody_in_any_of_them_and_nothing_but_failures(tmp_path: Path) -> None:
    for name in ("a", "b"):
        with RecordingWriter(tmp_path / f"{name}.landmarks", RecordingInfo({"name": name}, {})) as writer:
            writer.write(Landmarks.empty(20))
        (tmp_path / f"{name}.mp4").write_text("no video")
    assert many(tmp_path / "1", tmp_path / "a.landmarks", tmp_path / "b.landmarks").returncode == 1
    assert many(tmp_path / "2", tmp_path / "a.mp4", tmp_path / "b.mp4").returncode == 2


def test_segments_of_the_material_are_shorter_than_the_clips() -> None:
    assert len(cut(0.0, None, 44.9, SEGMENT_S)) == 4
    assert len(cut(0.0, SIDE_END_S, 26.9, SEGMENT_S)) == 2


def test_the_face_model_runs_only_where_the_view_asks_for_it(tmp_path: Path) -> None:
    for asked, runs in zip(recordings(tmp_path)[:2], (True, False), strict=True):
        made = plan(asked, scan(look_of(asked)))
        assert {part.estimator.face for part in made.parts.values()} == {runs}
        assert {part.estimator.contour for part in made.parts.values()} == {True}
        kept = replace(asked, keep_landmarks=True)
        assert all(part.estimator.face for part in plan(kept, scan(look_of(kept))).parts.values())


def test_a_pool_that_was_stopped_starts_no_process() -> None:
    """A job taken in the very moment of stopping would be worked on by a process that nobody ends."""
    host = _Host(queue.SimpleQueue(), queue.SimpleQueue())
    host.stop(at_once=True)
    host.join()
    with pytest.raises(OSError):
        host._living()
    assert host._process is None


def test_another_days_recording_of_the_same_name_replaces_no_results(tmp_path: Path) -> None:
    """Cameras begin to count anew; a file that was changed itself is done again."""
    for day, name in (("day1", "desk-front"), ("day2", "desk-side")):
        (tmp_path / day).mkdir()
        shutil.copy(SAMPLES / f"{name}.landmarks", tmp_path / day / "0001.landmarks")
        shutil.copy(SAMPLES / "desk-side.landmarks", tmp_path / day / f"{day}.landmarks")

    def run(day: str) -> subprocess.CompletedProcess[str]:
        words = ("--calibrate", "0:5", "--workers", "1", "--out", str(tmp_path / "out"))
        return Cli().here("replay", str(tmp_path / day), *words)

    assert run("day1").returncode == 0
    kept = (tmp_path / "out" / "0001" / "measurements.csv").read_bytes()
    refused = run("day2")
    assert refused.returncode == 3
    assert str(tmp_path / "day1" / "0001.landmarks") in refused.stderr
    assert (tmp_path / "out" / "0001" / "measurements.csv").read_bytes() == kept
    shutil.copy(SAMPLES / "desk-side.landmarks", tmp_path / "day1" / "0001.landmarks")
    assert run("day1").returncode == 0
    assert (tmp_path / "out" / "0001" / "measurements.csv").read_bytes() != kept


def test_a_table_that_cannot_be_written_for_a_moment_undoes_no_recording(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[int] = []

    def full_at_first(folder: Path, ended: list[Ended | ReplayOptions]) -> Path:
        written.append(len(ended))
        if len(written) == 1:
            raise OutputError("No room", "", "")
        return write_table(folder, ended)

    monkeypatch.setattr(batch, "_TABLE_EVERY_S", -1.0)
    monkeypatch.setattr(batch, "write_table", full_at_first)
    with ProcessPool(1) as pool:
        ended = replay_many([recordings(tmp_path)[2]], pool, table=tmp_path)
    assert ([one.status for one in ended], written) == (["done"], [1, 1])


def test_a_run_that_is_cut_off_at_once_keeps_the_rows_of_the_one_before(
    reference: tuple[Path, list[Ended]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of what it has not come to, as long as the results are there."""
    out = Path(shutil.copytree(reference[0], tmp_path / "out"))
    (out / "side" / "summary.json").unlink()

    def interrupted(*_: object) -> NoReturn:
        raise KeyboardInterrupt

    with ProcessPool(1) as pool:
        monkeypatch.setattr(pool, "next_event", interrupted)
        with contextlib.suppress(KeyboardInterrupt):
            replay_many(recordings(out), pool, table=out)
    assert rows(out) == {k: v for k, v in rows(reference[0]).items() if k in {"front", "landmarks"}}


@pytest.mark.skipif(sys.platform != "linux", reason="other systems allow no such names")
def test_names_that_are_no_unicode(tmp_path: Path) -> None:
    """From a disk that was written elsewhere."""
    folder = tmp_path / "bjo\udcf8rn"
    folder.mkdir()
    for view in ("front", "side"):
        shutil.copy(SAMPLES / f"desk-{view}.landmarks", folder / f"{view}-\udcff.landmarks")
    out = tmp_path / "out"
    done = Cli().here(
        "replay", str(folder), "--calibrate", "0:8", "--every", "1hz", "--workers", "1", "--out", str(out)
    )
    assert done.returncode == 0, done.stderr
    assert sorted(row["file"].rpartition("/")[2] for row in rows(out).values()) == [
        r"front-\udcff.landmarks",
        r"side-\udcff.landmarks",
    ]
