"""Starts writers, kills them at random moments and looks at what is left; a program of its own.

It forks, so that a writer starts within milliseconds: everything is imported once, no thread runs before the fork.
Each kind of writer has a `write` that goes on until it is killed, a `Witness` in shared memory that knows what had
been written when the kill came, and a `faults` that compares the two. One JSON line a kill on standard output.

    python kill_server.py KIND FOLDER SEED COUNT
"""

from __future__ import annotations

import ctypes
import json
import mmap
import os
import random
import select
import signal
import sqlite3
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, redirect_stderr, redirect_stdout
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn, Protocol

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from assess_material import measurements
from monitor.monitor_material import Desk, stretches
from posture_cv.assess.records import Record
from posture_cv.assess.settings import AssessSettings
from posture_cv.history.schema import connect
from posture_cv.history.store import History
from posture_cv.landmarks.recording import RecordingInfo, read_recording
from posture_cv.landmarks.recording_writer import BLOCK_SECONDS, RecordingWriter
from posture_cv.landmarks.types import Landmarks
from posture_cv.monitor.keeping import HistorySink
from posture_cv.monitor.moment import Moment
from posture_cv.monitor.sinks import BaseSink
from posture_cv.opendata.files import SUMMARY
from posture_cv.paths import HOME_VARIABLE, profiles_dir
from posture_cv.profiles.store import load_profile, save_profile
from posture_cv.profiles.types import Profile
from profile_material import a_baseline, a_profile

ROOT = Path(__file__).resolve().parents[2]
LONGEST_LIFE_S = {"replay": 1.5}
"""Writers live up to so long (else 0.4 s) after their first write: some dozens of transactions, blocks or files."""
DAY_S, WALL_S, RATE_HZ = 86400.0, 1_700_000_000.0, 10.0
LOST_AT_MOST_S = 10.0  # what is promised


class Witness:
    """Numbers that outlive a killed process: begun, and done, of whatever the writer counts."""

    def __init__(self) -> None:
        self._numbers = (ctypes.c_double * 4).from_buffer(mmap.mmap(-1, 4096))

    def clear(self) -> None:
        """Forget the writer before."""
        self._numbers[:] = [0.0] * 4

    def __getitem__(self, index: int) -> float:
        return self._numbers[index]

    def __setitem__(self, index: int, value: float) -> None:
        self._numbers[index] = value


class Kind(Protocol):
    """A writer and what it promises."""

    def write(self, number: int, witness: Witness) -> None:
        """Write until killed; says through the witness when it has begun."""

    def faults(self, number: int, witness: Witness) -> Iterator[str]:
        """What is wrong with what is left."""


class OfHistory:
    """The real loop, engine and history; the person sits badly now and then. One file for all the killed monitors."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "history.sqlite3"
        settings = AssessSettings()
        self._settings = AssessSettings(policy=settings.policy.alert_after(10.0))

    def write(self, number: int, witness: Witness) -> None:
        desk = Desk(
            stretches(*[("good", 20.0), ("forward_head", 60.0)] * 100), 8000.0, self._settings, rate_hz=2.0
        )
        parts = desk.parts()
        desk.clock._wall_0_s = WALL_S + number * DAY_S
        history = _CountedBook(self._path, witness)
        parts.sinks, parts.book = [_Before(witness), history, _After(witness)], history
        with history:
            desk.run(parts)

    def faults(self, number: int, witness: Witness) -> Iterator[str]:
        with closing(connect(self._path, create=False)) as db:
            if (sound := db.execute("PRAGMA integrity_check").fetchone()[0]) != "ok":
                yield f"the file is damaged: {sound}"
            begin_s = WALL_S + number * DAY_S
            kept_s = _one(db, "SELECT sum(seconds) FROM minutes WHERE minute_s >= ?", begin_s - 60) or 0.0
            if not witness[1] - LOST_AT_MOST_S <= kept_s <= witness[0] + 0.001:
                yield f"{kept_s} s are kept of {witness[1]} to {witness[0]}"
            if (
                most_s := _one(
                    db, "SELECT max(s) FROM (SELECT sum(seconds) s FROM minutes GROUP BY minute_s)"
                )
                or 0
            ) > 60.001:
                yield f"a minute has {most_s} s"
            alerts = _one(db, "SELECT count(*) FROM alerts WHERE time_s >= ?", begin_s)
            if not witness[3] <= alerts <= witness[2]:
                yield f"{alerts} alerts are kept of {witness[3]} to {witness[2]}"
            if _one(db, "SELECT count(*) - count(DISTINCT time_s || cue) FROM alerts"):
                yield "an alert is there twice"
            if _one(
                db,
                "SELECT count(*) FROM episodes a JOIN episodes b ON a.id < b.id AND a.session = b.session"
                " AND a.start_s < b.end_s - 0.001 AND b.start_s < a.end_s - 0.001",
            ):
                yield "episodes overlap"
            if _one(db, "SELECT count(*) FROM sessions WHERE clean"):
                yield "a killed session counts as ended in good order"


def _one(db: sqlite3.Connection, question: str, *values: float) -> Any:  # noqa: ANN401 - a cell
    return db.execute(question, values).fetchone()[0]


class _CountedBook(HistorySink):
    """The history, and how many alerts it was told of."""

    def __init__(self, path: Path, witness: Witness) -> None:
        super().__init__(History(path), lambda _: None, source="s", profile="p", days=100_000)
        self._witness = witness

    def alert(self, record: Record, words: Mapping[str, Any], wall_s: float) -> int:
        self._witness[2] += 1
        number = super().alert(record, words, wall_s)
        self._witness[3] += 1
        return number


class _Before(BaseSink):
    """What the history may know at most."""

    def __init__(self, witness: Witness) -> None:
        self._witness = witness

    def show(self, moment: Moment) -> None:
        self._witness[0] = moment.t_s


class _After(BaseSink):
    """What the history has been told."""

    def __init__(self, witness: Witness) -> None:
        self._witness = witness

    def show(self, moment: Moment) -> None:
        self._witness[1] = moment.t_s


class OfRecording:
    """A landmark recording, a frame at a time."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "a.landmarks"

    def write(self, number: int, witness: Witness) -> None:
        with RecordingWriter(self._path, RecordingInfo({}, {})) as writer:
            for k in range(100_000):
                witness[0] = k + 1
                writer.write(_frame(number, k))
                witness[1] = k + 1

    def faults(self, number: int, witness: Witness) -> Iterator[str]:
        if self._path.exists():
            yield "it has its final name"
        back = read_recording(self._path.with_name("a.landmarks.part")).landmarks
        kept = len(back)
        if not witness[1] - BLOCK_SECONDS * RATE_HZ - 1 <= kept <= witness[0]:
            yield f"{kept} frames are kept of {witness[1]:.0f} to {witness[0]:.0f}"
        expected = Landmarks.concat([_frame(number, k) for k in range(kept)])
        if not np.array_equal(back.t_s, expected.t_s) or not np.allclose(back.pose, expected.pose, atol=1e-3):
            yield "the frames are not those that were written"


def _frame(number: int, k: int) -> Landmarks:
    lm = Landmarks.empty(1)
    lm.t_s[0] = k / RATE_HZ
    lm.size_px[0] = (640, 480)
    lm.pose[0] = np.float32(0.001 * ((k + number) % 900))
    return lm


class OfProfile:
    """One profile saved over and over: the latest that was finished, or the one that was being written."""

    def __init__(self, folder: Path) -> None:
        os.environ[HOME_VARIABLE] = str(folder)

    def write(self, number: int, witness: Witness) -> None:
        for k in range(1, 100_000):
            witness[0] = k
            save_profile(_named(k))
            witness[1] = k

    def faults(self, number: int, witness: Witness) -> Iterator[str]:
        kept = load_profile("desk").baseline.frame_count
        if not witness[1] <= kept <= witness[0]:
            yield f"version {kept} is kept of {witness[1]:.0f} to {witness[0]:.0f}"
        if len(names := [path.name for path in profiles_dir().glob("*.json")]) != 1:
            yield f"files: {names}"


def _named(k: int) -> Profile:
    return a_profile("desk", replace(a_baseline(), frame_count=k))


class OfReplay:
    """The results of a replay, made over and over: each file whole, of this run or of the one before.

    While one run's files take the other's place, their summary is set aside, so that nobody takes them for results.
    """

    _NAMES = ("measurements.csv", "alerts.jsonl", SUMMARY)

    def __init__(self, folder: Path) -> None:
        self._out, reference = folder / "out", folder / "reference"
        for out in (self._out, reference):
            _replay(out)
        self._whole = {name: (reference / name).read_bytes() for name in self._NAMES}

    def write(self, number: int, witness: Witness) -> None:
        witness[1] = 1
        while True:
            _replay(self._out)
            witness[1] += 1

    def faults(self, number: int, witness: Witness) -> Iterator[str]:
        for name, whole in self._whole.items():
            path = self._out / name
            if name == SUMMARY and not path.exists():
                path = path.with_name(f".{name}")
            if not path.exists():
                yield f"{name} is lost"
            elif path.read_bytes() != whole:
                yield f"{name} is not whole"


def _replay(out: Path) -> None:
    from posture_cv.cli.replay import command

    recording = str(ROOT / "samples" / "desk-front.landmarks")
    arguments = [
        recording,
        "--calibrate",
        "0:8",
        "--every",
        "2hz",
        "--alert-after",
        "5",
        "--again",
        "--out",
        str(out),
    ]
    with Path(os.devnull).open("w") as nothing, redirect_stdout(nothing), redirect_stderr(nothing):
        command.main(arguments, standalone_mode=False)


KINDS: Mapping[str, Callable[[Path], Kind]] = {
    "history": OfHistory,
    "recording": OfRecording,
    "profile": OfProfile,
    "replay": OfReplay,
}


def killed(kind: Kind, number: int, delay_s: float, witness: Witness) -> list[str]:
    """Start a writer, kill it so long after its first write; what is wrong with what it left."""
    witness.clear()
    said, says = os.pipe()
    child = os.fork()
    if child == 0:
        _live(kind, number, witness, says)
    os.close(says)
    _wait_for_the_first_write(witness, child)
    time.sleep(delay_s)
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    words = os.read(said, 2000).decode() if select.select([said], [], [], 0)[0] else ""
    os.close(said)
    if not os.WIFSIGNALED(status):
        return [f"the writer ended by itself: {words}"]
    return list(kind.faults(number, witness))


def _live(kind: Kind, number: int, witness: Witness, says: int) -> NoReturn:
    os.dup2(says, 2)
    try:
        kind.write(number, witness)
    except BaseException:  # noqa: BLE001 - whatever it is, the parent is told
        traceback.print_exc()
        sys.stderr.flush()
    os._exit(1)


def _wait_for_the_first_write(witness: Witness, child: int) -> None:
    deadline_s = time.monotonic() + 30.0
    while not witness[1] and time.monotonic() < deadline_s:
        if os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None:
            return
        time.sleep(0.001)


def main() -> None:
    """Kill so many writers of a kind."""
    name, folder, seed, count = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
    rng, witness = random.Random(seed), Witness()
    kind: Kind = KINDS[name](folder)
    measurements([0.0], ["good"])  # what is imported late is imported before the first fork
    for number in range(count):
        delay_s = rng.uniform(0.0, LONGEST_LIFE_S.get(name, 0.4))
        faults = killed(kind, number, delay_s, witness)
        said = {"number": number, "delay_s": delay_s, "done": witness[1], "faults": faults}
        print(json.dumps(said), flush=True)  # noqa: T201 - a program


if __name__ == "__main__":
    main()
