"""A Dask cluster of real processes: the bytes of one machine, whatever becomes of a worker."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import ExitStack
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from batch_material import recordings, results
from posture_cv.errors import PostureError
from posture_cv.replay.batch import Ended, replay_many
from posture_cv.replay.cluster import ClusterError, ClusterPool
from posture_cv.replay.cluster_job import Found
from posture_cv.replay.jobs import LookJob, PartJob
from posture_cv.replay.parts import Part, PartDone
from posture_cv.replay.plan import look_of, plan
from posture_cv.replay.scan import Look, Scan, scan
from posture_cv.replay.work import Done, Event, Failed, Outcome, Told

# Looked for only: it takes a second to import, in each test process. distributed 2024 to 2026 leaves sockets and
# files to the collector when a client closes.
pytestmark = [
    pytest.mark.skipif(find_spec("distributed") is None, reason="needs the extra `cluster`"),
    pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::DeprecationWarning"),
]


class Cluster:
    """A scheduler and its workers, each a process of its own."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self._file, self._stack, self._folder = folder / "scheduler.json", stack, folder
        self.scheduler = self._start("dask_scheduler", "--port", "0", "--no-dashboard", "--host", "127.0.0.1")
        self.workers: list[subprocess.Popen[bytes]] = []

    def _start(self, program: str, *arguments: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", f"distributed.cli.{program}", *arguments]
        command += ["--scheduler-file", str(self._file)]
        environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
        process = subprocess.Popen(
            command,
            cwd=self._folder,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._stack.callback(_end, process)
        return process

    def add_worker(self) -> None:
        one = ("--nworkers", "1", "--nthreads", "1", "--no-nanny", "--no-dashboard")
        self.workers.append(self._start("dask_worker", *one, "--local-directory", str(self._folder)))

    @property
    def address(self) -> str:
        import json

        deadline = time.monotonic() + 30
        while True:
            try:
                return str(json.loads(self._file.read_text())["address"])
            except (OSError, ValueError):
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    with ExitStack() as stack:
        made = Cluster(tmp_path, stack)
        for _ in range(2):
            made.add_worker()
        yield made


def _all_are_there(cluster: Cluster) -> None:
    distributed: Any = pytest.importorskip("distributed")
    with distributed.Client(cluster.address, set_as_default=False) as client:
        client.wait_for_workers(len(cluster.workers), timeout=60)


class Killing(ClusterPool):
    """Kills a worker that is at work when the first part has come back."""

    killed = 0

    def next_event(self, timeout_s: float) -> Event | None:
        event = super().next_event(timeout_s)
        if isinstance(event, Done) and not self.killed and hasattr(event.result, "frames_with_person"):
            busy = [address for address, tasks in self._client.processing().items() if tasks]
            self.killed = self._client.run(os.getpid, workers=busy[:1])[busy[0]]
            os.kill(self.killed, signal.SIGKILL)
        return event


@pytest.mark.skipif(os.name != "posix", reason="kills a process as POSIX systems do")
def test_a_killed_worker_changes_nothing(
    cluster: Cluster,
    reference: tuple[Path, list[Ended]],
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """One recording in four parts, one without a model, one that fails; the other view is for the pool's own tests."""
    _all_are_there(cluster)
    out = tmp_path / "out"
    asked = [one for one in recordings(out) if one.out.name != "side"]
    with Killing(cluster.address, judges=1) as pool:
        ended = replay_many(asked, pool, table=out)
    dead = [worker for worker in cluster.workers if worker.poll() is not None]
    assert [(worker.pid, worker.returncode) for worker in dead] == [(pool.killed, -signal.SIGKILL)]
    assert [one.status for one in ended] == ["done", "done", "failed"]
    found, expected = results(out), results(reference[0])
    rows = [row for row in expected.pop("recordings.csv").splitlines() if not row.startswith(b"side,")]
    assert found.pop("recordings.csv").splitlines() == rows
    assert found == {name: data for name, data in expected.items() if not name.startswith("side/")}
    with ClusterPool(cluster.address, judges=1, connect_s=3.0) as pool_of_two:
        again = replay_many(asked[:2], pool_of_two)
        assert pool_of_two.files_of(str(out / "*.nothing"), out) == []
        assert pool_of_two.exists(str(out))
        _end(cluster.scheduler)
        pool_of_two.submit(1, LookJob(look_of(asked[0])))
        lost = pool_of_two.next_event(0.1)
    assert all(one.earlier for one in again)
    assert isinstance(lost, Failed)
    assert "no longer answers" in lost.error.title
    assert "Traceback" not in capfd.readouterr().err


@pytest.mark.parametrize(
    ("recording", "what"), [(True, "A landmark recording"), (False, "The annotated video")]
)
def test_what_only_the_workers_see_and_this_machine_must_read_is_refused_before_the_work(
    recording: bool, what: str, tmp_path: Path
) -> None:
    """A worker has looked at a file of this name, its path leads nowhere here."""
    asked = replace(recordings(tmp_path)[3], source=str(tmp_path / "far"), video=not recording)
    with pytest.raises(PostureError, match=f"{what} is .* on this machine, which does not see"):
        plan(asked, Scan("00" * 32, recording=recording, last_s=10.0))
    assert not (tmp_path / "missing").exists()


def test_landmarks_of_a_video_that_only_the_workers_see_are_planned(tmp_path: Path) -> None:
    asked = replace(recordings(tmp_path)[3], source=str(tmp_path / "far"))
    assert list(plan(asked, Scan("00" * 32, last_s=10.0)).parts) == [0]


class Faraway:
    """What a cluster's client does, without a cluster: jobs stay on their way until they are brought back."""

    def __init__(self, threads: int = 1) -> None:
        self.threads, self.gone, self.closed = threads, False, False
        self.underway: list[Future[Any]] = []

    def nthreads(self, callback_timeout: float) -> dict[str, int]:
        assert callback_timeout > 0
        if self.gone:
            raise OSError("Timed out trying to connect")
        return {"tcp://worker:1": self.threads} if self.threads else {}

    def submit(self, *_job: object, pure: bool) -> Future[Any]:
        assert not pure
        self.underway.append(Underway())
        return self.underway[-1]

    def close(self) -> None:
        self.closed = True


class Underway(Future[Any]):
    """A job on its way, as the client tells of it."""

    def release(self) -> None:
        """Its result is no longer needed."""


def faraway(monkeypatch: pytest.MonkeyPatch) -> Faraway:
    """The cluster that every pool of this test is connected to."""
    client = Faraway()
    monkeypatch.setattr("posture_cv.replay.cluster._connected", lambda *_: client)
    return client


def replayed(pool: ClusterPool, out: Path) -> list[Ended]:
    """Two recordings: one that is judged here, one that never comes back."""
    with pool:
        return replay_many(recordings(out)[1:3], pool, table=out)


class Losing(ClusterPool):
    """Loses something when everything that can come back has: the landmark recording's look."""

    lost = "gone"

    def next_event(self, timeout_s: float) -> Event | None:
        client: Faraway = self._client
        if len(client.underway) == 2 and not client.underway[1].done():
            looked = recordings(Path())[2]
            client.underway[1].set_result(Outcome(scan(look_of(looked))))
        event = super().next_event(timeout_s)
        if isinstance(event, Done) and isinstance(event.result, Scan):
            setattr(client, self.lost, True if self.lost == "gone" else 0)
        return event


class Emptying(Losing):
    """Loses its workers."""

    lost = "threads"


@pytest.mark.parametrize(
    ("kind", "reason"),
    [(Losing, "scheduler at tcp://x:1 no longer answers"), (Emptying, "No worker is left")],
)
def test_a_cluster_that_is_lost_is_given_up_and_what_came_back_is_kept(
    kind: type[ClusterPool], reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, said = faraway(monkeypatch), list[str]()
    ended = replayed(kind("tcp://x:1", judges=1, patience_s=0.2, tell=said.append), tmp_path)
    assert [one.status for one in ended] == ["failed", "done"]
    assert reason in str(ended[0].problem)
    assert "goes on from there" in str(ended[0].problem)
    rows = (tmp_path / "recordings.csv").read_text().splitlines()
    assert len(rows) == 3
    assert said == (["No worker left in the cluster: waiting 0 s for one."] if kind is Emptying else [])
    assert client.closed


def test_a_worker_that_comes_back_is_told_of_and_given_work(monkeypatch: pytest.MonkeyPatch) -> None:
    client, said = faraway(monkeypatch), list[str]()
    client.threads = 0
    with ClusterPool("tcp://x:1", judges=1, tell=said.append) as pool:
        pool.submit(1, LookJob(look_of(recordings(Path())[0])))
        assert pool.next_event(0.01) is None
        client.threads = 2
        client.underway[0].set_result(Outcome("seen"))
        assert pool.next_event(0.01) == Done(1, "seen")
        assert pool.room == 4
    assert said == [
        "No worker left in the cluster: waiting 180 s for one.",
        "The cluster has a worker again.",
    ]


def test_a_job_that_was_given_up_is_not_told_of_again_when_it_comes_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    client = faraway(monkeypatch)
    with ClusterPool("tcp://x:1", judges=1) as pool:
        pool.submit(1, LookJob(look_of(recordings(Path())[0])))
        client.gone = True
        event = pool.next_event(0.01)
        assert isinstance(event, Failed)
        assert (event.number, "no longer answers" in event.error.title) == (1, True)
        client.underway[0].set_result(Outcome("seen"))
        assert [pool.next_event(0.01) for _ in range(2)] == [None, None]


def test_what_a_worker_says_names_the_file_as_the_user_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker is given the whole path; the same tables come of it as on one machine."""
    client = faraway(monkeypatch)
    monkeypatch.chdir(tmp_path)
    whole = str(Path("a.mp4").resolve())
    with ClusterPool("tcp://x:1", judges=1) as pool:
        pool.submit(1, LookJob(Look("a.mp4")))
        failed = PostureError(f"{whole} is empty", f"Of {whole}.", f"Copy {whole} again.")
        failed.exit_code = 7
        client.underway[0].set_result(Outcome(error=failed))
        event = pool.next_event(0.01)
        assert isinstance(event, Failed)
        error = event.error
        assert (error.title, error.detail, error.what_to_do, error.exit_code) == (
            *("a.mp4 is empty", "Of a.mp4.", "Copy a.mp4 again."),
            7,
        )
        pool.submit(2, PartJob(Part("a.mp4"), tmp_path / "part.landmarks"))
        client.underway[1].set_result(Outcome(Found(PartDone(1, 1, (f"{whole} is truncated",)), None)))
        assert pool.next_event(0.01) == Told(2, 1)
        assert pool.next_event(0.01) == Done(2, PartDone(1, 1, ("a.mp4 is truncated",)))


def test_a_question_is_not_asked_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    client = faraway(monkeypatch)
    monkeypatch.setattr("posture_cv.replay.cluster._POLL_S", 0.01)
    with ClusterPool("tcp://x:1", judges=1) as pool:
        client.gone = True
        with pytest.raises(ClusterError, match="no longer answers"):
            pool.exists("a.mp4")


def test_nobody_answers() -> None:
    with pytest.raises(ClusterError, match="No Dask scheduler"):
        ClusterPool("tcp://127.0.0.1:9", judges=1, connect_s=0.5)
