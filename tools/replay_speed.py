"""How fast recordings are replayed, against the bare models in the same run; how cost grows with length.

    python tools/replay_speed.py speed             frames a second: bare loop, one worker, two workers, in turn;
                                                   and two bare loops at once, which is all that two cores give
    python tools/replay_speed.py length            time and memory for 1, 10 and 60 minutes of video
    python tools/replay_speed.py again             time and memory to judge 1, 10 and 60 minutes of landmarks anew
    python tools/replay_speed.py damage            what a run says of real-life damage
    python tools/replay_speed.py all

Long files are the sample's packets and landmarks over and over. Nothing else should run meanwhile: processor time
is printed beside the time on the clock, and tells how far something did. The program runs as an installed one does,
with its bytecode at hand.
"""

from __future__ import annotations

import argparse
import atexit
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from statistics import median
from typing import Any, Self

ROOT = Path(__file__).resolve().parents[1]
SAMPLE = ROOT / "samples" / "desk-front.mp4"
LANDMARKS = ROOT / "samples" / "desk-front.landmarks"


@dataclass(frozen=True)
class Cost:
    """Of one run: frames, seconds on the clock, seconds of processors, and the largest process's memory."""

    frames: int
    wall_s: float
    cpu_s: float
    peak_mb: float

    @property
    def fps(self) -> float:
        return self.frames / self.wall_s

    @property
    def cpu_ms(self) -> float:
        return 1000 * self.cpu_s / self.frames


def long_video(path: Path, seconds: float) -> Path:
    """The sample's packets over and over, so many seconds of them (nothing is encoded anew)."""
    import av

    with av.open(str(SAMPLE)) as source, av.open(str(path), "w") as out:
        stream: Any = source.streams.video[0]
        copy: Any = out.add_stream_from_template(stream)
        packets = [p for p in source.demux(stream) if p.dts is not None]
        stamps = [(p.pts, p.dts, float(p.pts * stream.time_base)) for p in packets]
        step = round(stream.duration)
        turns = -(-seconds // float(stream.duration * stream.time_base))
        for turn in range(int(turns)):
            for packet, (pts, dts, t_s) in zip(packets, stamps, strict=True):
                if t_s + turn * float(step * stream.time_base) < seconds:
                    packet.pts, packet.dts, packet.stream = pts + turn * step, dts + turn * step, copy
                    out.mux(packet)
    return path


def long_landmarks(path: Path, seconds: float, rate_hz: float = 30.0) -> Path:
    """The sample's landmarks over and over, as if a camera had made so many a second."""
    import numpy as np

    from posture_cv.landmarks.recording import read_recording
    from posture_cv.landmarks.recording_writer import RecordingWriter
    from posture_cv.landmarks.types import Landmarks

    sample = read_recording(LANDMARKS)
    fields = ("size_px", "pose", "face", "rows", "cols", "scene")
    with RecordingWriter(path, sample.info) as writer:
        done, count = 0, int(seconds * rate_hz)
        while done < count:
            part = sample.landmarks[: min(len(sample.landmarks), count - done)]
            t_s = (done + np.arange(len(part))) / rate_hz
            writer.write(Landmarks(t_s=t_s, **{name: getattr(part, name) for name in fields}))
            done += len(part)
    return path


def replayed(source: Path, frames: int, workers: int, *more: str, calibrate: str = "0:8") -> Cost:
    """Replay a file as a user does, everything included: start, checksum, tables."""
    with tempfile.TemporaryDirectory() as folder:
        arguments = [str(source), "--calibrate", calibrate, "--workers", str(workers), "--out", folder, *more]
        return run([sys.executable, "-m", "posture_cv", "replay", *arguments], frames)


@cache
def environment() -> dict[str, str]:
    """With bytecode that is kept for as long as this runs, and made before anything is measured."""
    folder = tempfile.mkdtemp(prefix="bytecode-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    given = {name: text for name, text in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    made = {**given, "PYTHONPYCACHEPREFIX": folder}
    command = [
        sys.executable,
        "-m",
        "posture_cv",
        "replay",
        str(LANDMARKS),
        "--calibrate",
        "0:5",
        "--out",
        folder,
    ]
    subprocess.run(command, cwd=ROOT, env=made, stdout=subprocess.DEVNULL, check=True)  # noqa: S603  our own program
    return made


def run(command: list[str], frames: int) -> Cost:
    """Run a program to its end."""
    installed = environment()
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start_s = time.perf_counter()
    process = subprocess.Popen(command, cwd=ROOT, env=installed, stdout=subprocess.DEVNULL)  # noqa: S603  our own program
    with Memory(process.pid) as memory:
        code = process.wait()
    wall_s = time.perf_counter() - start_s
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if code != 0:
        raise SystemExit(f"{' '.join(command)} ended with {code}")
    cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Cost(frames, wall_s, cpu_s, memory.peak_mb)


class Memory:
    """The peak memory of the largest process among a program and its children (Linux; elsewhere nan)."""

    def __init__(self, pid: int) -> None:
        self._pid, self.peak_mb = pid, 0.0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._ended.wait(0.1):
            for pid in (self._pid, *self._children()):
                peak_mb = self._peak_mb(pid)
                self.peak_mb = max(self.peak_mb, peak_mb)

    def _children(self) -> list[int]:
        found = []
        for path in Path(f"/proc/{self._pid}/task").glob("*/children"):
            try:
                found += [int(pid) for pid in path.read_text().split()]
            except OSError:
                continue
        return found

    @staticmethod
    def _peak_mb(pid: int) -> float:
        try:
            lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        except OSError:
            return 0.0
        return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")), 0.0)


def bare(video: Path) -> None:
    """The loop that everything is measured against: decode, convert, both models, one after the other."""
    import cv2
    import numpy as np

    from posture_cv.bench.bare_models import BareModels
    from posture_cv.landmarks.estimator import EstimatorOptions

    models = BareModels(EstimatorOptions())
    capture = cv2.VideoCapture(str(video))
    frames, start_s, start_cpu_s = 0, time.perf_counter(), time.process_time()
    while (read := capture.read())[0]:
        models.run(np.asarray(read[1], np.uint8), frames * 100)
        frames += 1
    print(frames, time.perf_counter() - start_s, time.process_time() - start_cpu_s)
    models.close()


def bare_cost(video: Path, at_once: int = 1) -> Cost:
    """Of bare loops alone, their start not counted: of one, or of several at once, each over the whole video."""
    command = [sys.executable, __file__, "bare", str(video)]
    loops = [
        subprocess.Popen(command, cwd=ROOT, env=environment(), stdout=subprocess.PIPE, text=True)  # noqa: S603
        for _ in range(at_once)
    ]
    said = [loop.communicate()[0].split() for loop in loops]
    if any(loop.returncode for loop in loops):
        raise SystemExit("the bare loop failed")
    return Cost(
        sum(int(words[0]) for words in said),
        max(float(words[1]) for words in said),
        sum(float(words[2]) for words in said),
        float("nan"),
    )


def speed(minutes: float, rounds: int, segment_s: float) -> None:
    """Frames a second of each, in turn, and their ratios in each round."""
    with tempfile.TemporaryDirectory() as folder:
        video = long_video(Path(folder) / "long.mp4", minutes * 60)
        names = ("bare loop", "one worker", "two workers", "two bare loops at once")
        found: dict[str, list[Cost]] = {name: [] for name in names}
        for _ in range(rounds):
            loop = bare_cost(video)
            found["bare loop"].append(loop)
            for name, workers in (("one worker", 1), ("two workers", 2)):
                found[name].append(replayed(video, loop.frames, workers, "--segment", str(segment_s)))
            found["two bare loops at once"].append(bare_cost(video, 2))
    loops = found["bare loop"]
    print(
        f"{loops[0].frames} frames ({minutes:g} min at 10 a second), parts of {segment_s:g} s, {rounds} rounds"
    )
    print("| what | frames/s (clock) | CPU ms a frame | x bare loop, clock | x bare loop, CPU |")
    print("|---|---|---|---|---|")
    for name, costs in found.items():
        by_clock = median(c.fps / b.fps for c, b in zip(costs, loops, strict=True))
        by_cpu = median(b.cpu_ms / c.cpu_ms for c, b in zip(costs, loops, strict=True))
        fps, cpu_ms = median(c.fps for c in costs), median(c.cpu_ms for c in costs)
        print(f"| {name} | {fps:.1f} | {cpu_ms:.1f} | {by_clock:.2f} | {by_cpu:.2f} |", flush=True)


def length(rate: str, minutes: tuple[float, ...] = (1, 10, 60)) -> None:
    """Time and memory of whole replays of longer and longer videos."""
    print(f"Video looked at {rate}, two workers")
    print("| minutes | frames | clock s | CPU s | CPU ms a frame | largest process, MB |")
    print("|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for each in minutes:
            video = long_video(Path(folder) / "long.mp4", each * 60)
            cost = replayed(video, round(each * 60 * float(rate.removesuffix("hz"))), 2, "--every", rate)
            print(_row(each, cost), flush=True)


def again(minutes: tuple[float, ...] = (1, 10, 60), rounds: int = 5) -> None:
    """Time and memory to judge landmark recordings anew.

    By another baseline: all of it, a frame a second, one minute. By other settings, with what is remembered.
    """
    print(f"Landmark recordings, 30 frames a second, one process; other settings: median of {rounds}")
    print("| minutes | frames | clock s | CPU s | CPU ms a frame | largest process, MB |")
    print("|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for each in minutes:
            path, frames = long_landmarks(Path(folder) / "long.landmarks", each * 60), round(each * 1800)
            for seconds in ("0:2.4", "0:2.6"):  # the sample's first eight seconds, at 10 a second
                measured = replayed(path, frames, 1, "--remember", calibrate=seconds)
            print(_row(each, measured).replace("| ", "| (another baseline) ", 1), flush=True)
            costs = [
                replayed(path, frames, 1, "--remember", "--alert-after", str(60 + k), calibrate="0:2.6")
                for k in range(rounds)
            ]
            middle = sorted(costs, key=lambda cost: cost.wall_s)[rounds // 2]
            print(_row(each, middle).replace("| ", "| (other settings) ", 1), flush=True)
            rarely = replayed(path, round(each * 60), 1, "--every", "1hz", calibrate="0:2.8")
            print(_row(each, rarely).replace("| ", "| (another baseline, a frame a second) ", 1), flush=True)
            minute = replayed(last_minute(path, each), min(frames, 1800), 1, calibrate="0:2.8")
            print(_row(each, minute).replace("| ", "| (another baseline, the last minute) ", 1), flush=True)


def last_minute(recording: Path, minutes: float) -> Path:
    """A manifest that asks for no more of a recording of so many minutes."""
    manifest = recording.with_suffix(".csv")
    manifest.write_text(f"file,start,end\n{recording},{max(0.0, 60 * (minutes - 1)):g},{60 * minutes:g}\n")
    return manifest


def damage() -> None:
    """A line for each kind of damaged recording (`tests/damage_material.py` makes them)."""
    import csv
    import importlib

    sys.path.insert(0, str(ROOT / "tests"))
    material = importlib.import_module("damage_material")
    print("| recording | status | what is said |")
    print("|---|---|---|")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = material.make_all(folder)
        arguments = [*map(str, files.values()), "--calibrate", "0:1", "--out", str(folder / "out")]
        command = [sys.executable, "-m", "posture_cv", "replay", *arguments]
        subprocess.run(command, cwd=ROOT, capture_output=True, check=False)  # noqa: S603  our own program
        with (folder / "out" / "recordings.csv").open(newline="") as table:
            for row in csv.DictReader(table):
                said = material.said(row).replace(f"{folder}{os.sep}", "")
                print(f"| {Path(row['file']).name} | {row['status']} | {said} |")


def _row(minutes: float, cost: Cost) -> str:
    return (
        f"| {minutes:g} | {cost.frames} | {cost.wall_s:.2f} | {cost.cpu_s:.2f} | {cost.cpu_ms:.3f} | "
        f"{cost.peak_mb:.0f} |"
    )


def main() -> None:
    """See the head of this file."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=("speed", "length", "again", "damage", "all", "bare"))
    parser.add_argument("video", nargs="?", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--minutes", type=float, default=4.0, help="length of the video for `speed`")
    parser.add_argument("--rounds", type=int, default=3, help="how often `speed` measures all three")
    parser.add_argument("--segment", type=float, default=120.0, help="length of the parts for `speed`")
    parser.add_argument("--every", default="5hz", help="how often `length` looks")
    given = parser.parse_args()
    if given.what == "bare":
        bare(given.video)
        return
    print(f"{os.cpu_count()} processors; load {os.getloadavg()[0]:.1f} before")
    if given.what in {"speed", "all"}:
        speed(given.minutes, given.rounds, given.segment)
    if given.what in {"length", "all"}:
        length(given.every)
    if given.what in {"again", "all"}:
        again()
    if given.what in {"damage", "all"}:
        damage()


if __name__ == "__main__":
    main()
