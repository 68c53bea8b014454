"""A Dask cluster as a pool: looking at videos and finding landmarks on its workers, which see the videos.

Landmarks come back as bytes, part by part as they are found, and are written here; the recordings are judged by
processes of this machine. A worker that dies costs its parts at hand, which the scheduler gives to another; a part
is written once, by the process that asked for it, so nothing is lost and nothing comes twice.

A cluster without a worker is waited for, not for ever; one whose scheduler is gone is given up at once. What was on
its way has then failed and says so, what has come back is judged and kept: the same command goes on from there.
"""

from __future__ import annotations

import importlib
import logging
import os
import queue
import time
from collections.abc import Callable
from concurrent.futures import CancelledError
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from posture_cv._version import __version__
from posture_cv.atomic import write_atomic
from posture_cv.errors import PostureError
from posture_cv.replay.cluster_job import Found, absolute, absolute_path, error_here, run_far, text_here
from posture_cv.replay.inputs import files_of
from posture_cv.replay.jobs import Job, JudgeJob, LookJob, PartJob
from posture_cv.replay.pool import ProcessPool
from posture_cv.replay.work import Done, Event, Failed, Told

# The classes of dask.distributed carry no types, and the package is an extra.
Client = Any
Future = Any
CONNECT_S: Final = 15.0
# How long the cluster may be without a worker, and its scheduler without an answer, before it is given up: a worker
# that was killed is started again within seconds, a batch system gives another in a minute or two.
PATIENCE_S: Final = 180.0
_POLL_S: Final = 0.5
# Jobs that each worker's thread has at hand, so that it never waits for the next.
_WAITING_PER_THREAD: Final = 2


class ClusterError(PostureError):
    """The cluster cannot be reached or used."""


class ClusterPool:
    """See `Pool`; a context manager.

    Args:
        address: of the scheduler, for example tcp://10.0.0.5:8786.
        judges: processes of this machine that judge what has come back.
        connect_s: how long to wait for the scheduler.
        patience_s: how long to wait, later on, for a worker to come back and for the scheduler to answer.
        tell: told in a sentence when no worker is left, and when there is one again.

    Raises:
        ClusterError: dask.distributed is missing, nobody answers, there is no worker, or a worker has another
            version of this program.
    """

    def __init__(
        self,
        address: str,
        judges: int,
        *,
        connect_s: float = CONNECT_S,
        patience_s: float = PATIENCE_S,
        tell: Callable[[str], None] | None = None,
    ) -> None:
        self._client = _connected(address, connect_s)
        self._address, self._patience_s, self._tell = address, patience_s, tell or _nobody_is_told
        self._threads = 0
        self._alone_since: float | None = None
        self._given_up: ClusterError | None = None
        self._judges = ProcessPool(judges)
        self._events: queue.SimpleQueue[tuple[int, Future]] = queue.SimpleQueue()
        self._jobs: dict[int, tuple[Job, Future]] = {}
        self._ready: list[Event] = []
        self._look_after()

    @property
    def room(self) -> int:
        """Two jobs for each of the workers' threads, as many as there were at the last event."""
        return max(1, _WAITING_PER_THREAD * self._threads) - len(self._jobs)

    @property
    def processors_to_spare(self) -> bool:
        """A worker is given as many jobs at a time as it has threads."""
        return False

    def get_ready(self) -> None:
        """The cluster's workers are there already."""

    def submit(self, number: int, job: Job) -> None:
        """Take a job."""
        if isinstance(job, JudgeJob):
            self._judges.submit(number, job)
            return
        if self._given_up is None:
            try:
                self._send(number, job)
            except (Exception, CancelledError) as error:  # noqa: BLE001 - whatever the client makes of a lost scheduler
                self._give_up(_scheduler_is_gone(self._address, error))
        if self._given_up is not None:
            self._ready.append(Failed(number, self._given_up))

    def _send(self, number: int, job: LookJob | PartJob) -> None:
        future = self._client.submit(run_far, absolute(job), pure=False)
        self._jobs[number] = job, future
        future.add_done_callback(lambda ended: self._events.put((number, ended)))

    def next_event(self, timeout_s: float) -> Event | None:
        """The next event; None if there is none for so long."""
        if not self._ready:
            self._look_after()
        if self._ready:
            return self._ready.pop(0)
        judged = self._judges.next_event(0.0 if self._jobs else timeout_s)
        if judged is not None:
            return judged
        try:
            number, future = self._events.get(timeout=timeout_s if self._jobs else 0.0)
        except queue.Empty:
            return None
        if number not in self._jobs:
            return None  # it has been given up meanwhile
        job, _ = self._jobs.pop(number)
        self._ready += self._events_of(number, job, future)
        return self._ready.pop(0)

    def _look_after(self) -> None:
        """Count the workers' threads; give the cluster up when it has been without them too long."""
        if self._given_up is not None:
            return
        try:
            self._threads = int(sum(self._client.nthreads(callback_timeout=self._patience_s).values()))
        except (Exception, CancelledError) as error:  # noqa: BLE001 - whatever the client makes of a lost scheduler
            self._give_up(_scheduler_is_gone(self._address, error))
            return
        if self._threads:
            if self._alone_since is not None:
                self._tell("The cluster has a worker again.")
            self._alone_since = None
            return
        self._wait_alone()

    def _wait_alone(self) -> None:
        now = time.monotonic()
        if self._alone_since is None:
            self._alone_since = now
            self._tell(f"No worker left in the cluster: waiting {self._patience_s:.0f} s for one.")
        if now - self._alone_since >= self._patience_s:
            self._give_up(_no_worker_left(self._address, self._patience_s))

    def _give_up(self, why: ClusterError) -> None:
        """Everything on its way to the cluster has failed."""
        self._given_up = why
        self._ready += [Failed(number, why) for number in self._jobs]
        self._jobs.clear()

    def _events_of(self, number: int, job: Job, future: Future) -> list[Event]:
        try:
            ended = future.result()
        except (Exception, CancelledError) as error:  # noqa: BLE001 - whatever the cluster makes of a job
            self._look_after()  # a scheduler that has gone takes everything with it: that is then the reason
            return [Failed(number, self._given_up or _lost(error))]
        finally:
            future.release()
        if ended.error is not None:
            return [Failed(number, error_here(ended.error, job))]
        if not isinstance(job, PartJob):
            return [Done(number, ended.result)]
        found: Found = ended.result
        try:
            if found.recording is not None:
                write_atomic(job.path, found.recording)
        except PostureError as error:
            return [Failed(number, error)]
        done = replace(found.done, warnings=tuple(text_here(text, job) for text in found.done.warnings))
        return [Told(number, done.frames), Done(number, done)]

    def exists(self, path: str) -> bool:
        """Whether a worker sees such a file or folder. Raises ClusterError."""
        return bool(self._asked(os.path.exists, os.path.abspath(path)))  # noqa: PTH100

    def files_of(self, path: str, out: Path) -> list[str]:
        """The recordings that a path, folder or pattern means to a worker. Raises ClusterError."""
        whole = absolute_path(path)
        found: list[str] = self._asked(files_of, whole, out)
        if whole == path:
            return found
        return [os.path.relpath(file) for file in found]

    def _asked(self, question: Callable[..., object], *about: object) -> Any:  # noqa: ANN401  whatever it answers
        try:
            return self._answer(self._client.submit(question, *about, pure=False))
        except (Exception, CancelledError) as error:
            raise self._given_up or _lost(error) from error

    def _answer(self, future: Future) -> object:
        """What a worker answers, however long its disk takes, while there are workers."""
        while self._given_up is None:
            with suppress(TimeoutError):
                return future.result(timeout=_POLL_S)
            if future.done():  # it was the question itself that ran into a time limit
                break
            self._look_after()
        return future.result(timeout=_POLL_S)

    def __enter__(self) -> Self:
        self._judges.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(Exception, CancelledError):  # a cluster that is gone has nothing left to be told
            for _, future in self._jobs.values():
                future.cancel()
        self._judges.__exit__(kind, error, trace)
        with suppress(Exception, CancelledError):
            self._client.close()


def _nobody_is_told(_sentence: str) -> None:
    """Nothing is said."""


def _connected(address: str, connect_s: float) -> Client:
    try:
        distributed: Any = importlib.import_module("distributed")
    except ImportError as error:
        raise ClusterError(
            "A cluster needs dask.distributed", "It is not installed.", "pip install 'posture-cv[cluster]'"
        ) from error
    # What becomes of the scheduler is said in a sentence; the client's own log adds tracebacks.
    logging.getLogger("distributed.client").setLevel(logging.CRITICAL)
    try:
        client: Client = distributed.Client(address, timeout=connect_s, set_as_default=False)
    except (OSError, TimeoutError, ValueError) as error:
        raise ClusterError(
            f"No Dask scheduler answers at {address}",
            f"{error}",
            "Check the address (dask scheduler prints it).",
        ) from error
    try:
        _check_workers(client, address)
    except BaseException:
        client.close()
        raise
    return client


def _check_workers(client: Client, address: str) -> None:
    try:
        versions: dict[str, Any] = client.run(_version)
    except Exception as error:
        raise ClusterError(
            "A worker of the cluster cannot run posture-cv",
            f"{error}",
            "Install the same version on every worker.",
        ) from error
    if not versions:
        raise ClusterError(f"The cluster at {address} has no worker", "", "Start one: dask worker ADDRESS")
    others = sorted({version for version in versions.values() if version != __version__})
    if others:
        raise ClusterError(
            "The cluster's workers have another version of posture-cv",
            f"Here {__version__}, there {', '.join(others)}.",
            "Install the same version on every worker.",
        )


def _version() -> str:
    from posture_cv._version import __version__ as found

    return found


def _no_worker_left(address: str, waited_s: float) -> ClusterError:
    return ClusterError(
        f"No worker is left in the cluster at {address}",
        f"For {waited_s:.0f} s none has come back.",
        "Check the workers' logs (often the memory), start some (dask worker ADDRESS), and give the same command"
        " again: it goes on from there.",
    )


def _scheduler_is_gone(address: str, error: BaseException) -> ClusterError:
    return ClusterError(
        f"The cluster's scheduler at {address} no longer answers",
        f"{type(error).__name__}: {error}",
        "Start it and its workers again, and give the same command again: it goes on from there.",
    )


def _lost(error: BaseException) -> PostureError:
    return ClusterError(
        "The cluster could not do this part",
        f"{type(error).__name__}: {error}",
        "Check the workers' logs: memory, and whether they see the video and the models.",
    )
