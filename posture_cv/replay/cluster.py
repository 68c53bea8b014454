"""A Dask cluster as a pool: looking at videos and finding landmarks on its workers, which see the videos.

Landmarks come back as bytes, part by part as they are found, and are written here; the recordings are judged by
processes of this machine. A worker that dies costs its parts at hand, which the scheduler gives to another; a part
is written once, by the process that asked for it, so nothing is lost and nothing comes twice.
"""

from __future__ import annotations

import importlib
import os
import queue
import tempfile
from concurrent.futures import CancelledError
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from posture_cv._version import __version__
from posture_cv.atomic import write_atomic
from posture_cv.errors import PostureError
from posture_cv.replay.inputs import files_of
from posture_cv.replay.jobs import Job, JudgeJob, LookJob, PartJob
from posture_cv.replay.parts import PartDone
from posture_cv.replay.pool import Done, Event, Failed, Outcome, ProcessPool, Told, outcome

# The classes of dask.distributed carry no types, and the package is an extra.
Client = Any
Future = Any
CONNECT_S: Final = 15.0
_WAITING_PER_THREAD: Final = (
    2  # jobs that each worker's thread has at hand, so that it never waits for the next
)


class ClusterError(PostureError):
    """The cluster cannot be reached or used."""


@dataclass(frozen=True, slots=True)
class _Found:
    """A part's landmarks, on their way here."""

    done: PartDone
    recording: bytes | None


def run_far(job: Job) -> Outcome:
    """On a worker: do a job; a part's recording comes back as bytes."""
    if not isinstance(job, PartJob):
        return outcome(job, _nobody_listens)
    with tempfile.TemporaryDirectory(prefix="posture-cv-") as folder:
        path = Path(folder) / job.path.name
        ended = outcome(replace(job, path=path), _nobody_listens)
        if ended.error is not None:
            return ended
        return Outcome(_Found(ended.result, path.read_bytes() if path.exists() else None))


def _nobody_listens(_frames: int) -> None:
    """Frames are told of by the part, when it is there."""


class ClusterPool:
    """See `Pool`; a context manager.

    Args:
        address: of the scheduler, for example tcp://10.0.0.5:8786.
        judges: processes of this machine that judge what has come back.
        connect_s: how long to wait for the scheduler.

    Raises:
        ClusterError: dask.distributed is missing, nobody answers, there is no worker, or a worker has another
            version of this program.
    """

    def __init__(self, address: str, judges: int, *, connect_s: float = CONNECT_S) -> None:
        self._client = _connected(address, connect_s)
        self._judges = ProcessPool(judges)
        self._events: queue.SimpleQueue[tuple[int, Future]] = queue.SimpleQueue()
        self._jobs: dict[int, tuple[Job, Future]] = {}
        self._ready: list[Event] = []

    @property
    def room(self) -> int:
        """Two jobs for each of the workers' threads, as many as there are now."""
        threads = int(sum(self._client.nthreads().values()))
        return max(1, _WAITING_PER_THREAD * threads) - len(self._jobs)

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
        future = self._client.submit(run_far, _absolute(job), pure=False)
        self._jobs[number] = job, future
        future.add_done_callback(lambda ended: self._events.put((number, ended)))

    def next_event(self, timeout_s: float) -> Event | None:
        """The next event; None if there is none for so long."""
        if self._ready:
            return self._ready.pop(0)
        judged = self._judges.next_event(0.0 if self._jobs else timeout_s)
        if judged is not None:
            return judged
        try:
            number, future = self._events.get(timeout=timeout_s if self._jobs else 0.0)
        except queue.Empty:
            return None
        job, _ = self._jobs.pop(number)
        self._ready += self._events_of(number, job, future)
        return self._ready.pop(0)

    def _events_of(self, number: int, job: Job, future: Future) -> list[Event]:
        try:
            ended = future.result()
        except (Exception, CancelledError) as error:  # noqa: BLE001 - whatever the cluster makes of a job
            return [Failed(number, _lost(error))]
        finally:
            future.release()
        if ended.error is not None:
            return [Failed(number, ended.error)]
        if not isinstance(job, PartJob):
            return [Done(number, ended.result)]
        found: _Found = ended.result
        try:
            if found.recording is not None:
                write_atomic(job.path, found.recording)
        except PostureError as error:
            return [Failed(number, error)]
        return [Told(number, found.done.frames), Done(number, found.done)]

    def exists(self, path: str) -> bool:
        """Whether a worker sees such a file or folder."""
        return bool(self._client.submit(os.path.exists, os.path.abspath(path), pure=False).result())  # noqa: PTH100

    def files_of(self, path: str, out: Path) -> list[str]:
        """The recordings that a path, folder or pattern means to a worker."""
        whole = path if "://" in path else os.path.abspath(path)  # noqa: PTH100  without following links
        found: list[str] = self._client.submit(files_of, whole, out, pure=False).result()
        if whole == path:
            return found
        return [os.path.relpath(file) for file in found]

    def __enter__(self) -> Self:
        self._judges.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for _, future in self._jobs.values():
            future.cancel()
        self._judges.__exit__(kind, error, trace)
        self._client.close()


def _absolute(job: LookJob | PartJob) -> LookJob | PartJob:
    """The same job with a path that means the same wherever the worker was started."""
    if isinstance(job, LookJob):
        return replace(job, look=replace(job.look, source=_absolute_path(job.look.source)))
    return replace(job, part=replace(job.part, source=_absolute_path(job.part.source)))


def _absolute_path(source: str) -> str:
    return source if "://" in source else os.path.abspath(source)  # noqa: PTH100  without following links


def _connected(address: str, connect_s: float) -> Client:
    try:
        distributed: Any = importlib.import_module("distributed")
    except ImportError as error:
        raise ClusterError(
            "A cluster needs dask.distributed", "It is not installed.", "pip install 'posture-cv[cluster]'"
        ) from error
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


def _lost(error: BaseException) -> PostureError:
    return ClusterError(
        "The cluster could not do this part",
        f"{type(error).__name__}: {error}",
        "Check the workers' logs: memory, and whether they see the video and the models.",
    )
