"""Who does the work: what a pool of workers promises, and the one of processes on this machine."""

from __future__ import annotations

import queue
import threading
from contextlib import suppress
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Protocol, Self

from posture_cv.errors import PostureError
from posture_cv.processors import processors
from posture_cv.replay.work import Event, Failed, Outcome, Told, Work
from posture_cv.replay.worker import serve

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    from posture_cv.replay.jobs import Job

# A job whose process dies is begun again so often: it may have been the victim (memory, another job's crash).
TRIES: Final = 3


class Pool(Protocol):
    """Takes jobs by number and tells what becomes of them; a context manager, left early it stops all work."""

    @property
    def room(self) -> int:
        """How many more jobs it can take now without letting them wait long."""

    @property
    def processors_to_spare(self) -> bool:
        """Whether each job may use a second processor without taking it from another job."""

    def get_ready(self) -> None:
        """There will be work for all: let them load what it takes."""

    def submit(self, number: int, job: Job) -> None:
        """Take a job; its number comes back with every event."""

    def next_event(self, timeout_s: float) -> Event | None:
        """The next event; None if there is none for so long."""

    def __enter__(self) -> Self:
        """Return the pool itself."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class ProcessPool:
    """Worker processes on this machine, each with one job at a time.

    A process that dies (killed, out of memory, a crash inside a C library) costs its job one of `TRIES`; the
    others go on. Ctrl-C reaches the caller only; leaving the context early ends all processes at once.

    Args:
        workers: how many processes; each is started when there is work for it.
    """

    def __init__(self, workers: int) -> None:
        self.workers = workers
        self._events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self._jobs: queue.SimpleQueue[tuple[int, Work] | None] = queue.SimpleQueue()
        self._hosts: list[_Host] = []
        self._open = 0

    @property
    def room(self) -> int:
        """One job for each process, and one in hand."""
        return self.workers + 1 - self._open

    @property
    def processors_to_spare(self) -> bool:
        """Two for each worker."""
        return 2 * self.workers <= processors()

    def get_ready(self) -> None:
        """Start all processes and let them load what finding landmarks takes."""
        while len(self._hosts) < self.workers:
            self._hosts.append(_Host(self._jobs, self._events, early=True))

    def submit(self, number: int, job: Work) -> None:
        """Take a job."""
        self._open += 1
        self._jobs.put((number, job))
        if len(self._hosts) < min(self._open, self.workers):
            self._hosts.append(_Host(self._jobs, self._events))

    def next_event(self, timeout_s: float) -> Event | None:
        """The next event; None if there is none for so long."""
        try:
            event = self._events.get(timeout=timeout_s)
        except queue.Empty:
            return None
        if not isinstance(event, Told):
            self._open -= 1
        return event

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for host in self._hosts:
            host.stop(at_once=kind is not None)
        for host in self._hosts:
            host.join()


class _Host:
    """A thread that keeps one worker process busy, and starts another when it has died.

    `early`: start the process before there is work.
    """

    def __init__(
        self,
        jobs: queue.SimpleQueue[tuple[int, Work] | None],
        events: queue.SimpleQueue[Event],
        *,
        early: bool = False,
    ) -> None:
        self._jobs, self._events, self._early = jobs, events, early
        self._process: Any = None
        self._pipe: Connection | None = None
        self._told = 0
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._serve, name="replay-worker", daemon=True)
        self._thread.start()

    def stop(self, *, at_once: bool) -> None:
        """Take no further job; at once: leave the one at hand too."""
        self._jobs.put(None)
        if at_once:
            with self._lock:
                self._stopping.set()
                if self._process is not None:
                    self._process.terminate()

    def join(self) -> None:
        """Wait until thread and process have ended."""
        self._thread.join()

    def _serve(self) -> None:
        if self._early:
            with suppress(OSError, RuntimeError):  # tried again when there is a job
                self._living()
        while (taken := self._jobs.get()) is not None and not self._stopping.is_set():
            self._see_through(*taken)
        if self._pipe is not None:
            self._pipe.close()  # the process sees its end and leaves
        if self._process is not None:
            self._process.join()

    def _see_through(self, number: int, job: Work) -> None:
        self._told = 0
        why: EOFError | OSError = EOFError()
        for _ in range(TRIES):
            if self._stopping.is_set():
                return
            try:
                self._events.put(self._try(number, job)(number))
            except (EOFError, OSError) as error:
                why = error
                self._bury()
            except RuntimeError as error:
                self._events.put(Failed(number, _unguarded(error)))
                return
            else:
                return
        if not self._stopping.is_set():
            self._events.put(Failed(number, _died(why)))

    def _try(self, number: int, job: Work) -> Outcome:
        """One try; frames that an earlier one has told are not told again. Raises EOFError if it dies."""
        pipe = self._living()
        pipe.send(job)
        frames = 0
        while isinstance(message := pipe.recv(), int):
            frames += message
            if frames > self._told:
                self._events.put(Told(number, frames - self._told))
                self._told = frames
        assert isinstance(message, Outcome)
        return message

    def _living(self) -> Connection:
        """The pipe to the process, which is started if there is none. Raises OSError."""
        with self._lock:
            if self._stopping.is_set():
                raise ConnectionAbortedError  # nobody would end a process that is started now
            if self._pipe is None:
                self._process, self._pipe = _begun(early=self._early)
            return self._pipe

    def _bury(self) -> None:
        with self._lock:
            if self._pipe is not None:
                self._pipe.close()
            if self._process is not None:
                self._process.join()
            self._pipe = self._process = None


def _begun(*, early: bool) -> tuple[Any, Connection]:
    """A worker process and the pipe to it. Raises OSError where the system gives none, and nothing is left then."""
    from multiprocessing import get_context  # not where one process does all

    context = get_context("spawn")  # a fork would copy the threads' locks in whatever state
    ours, theirs = context.Pipe()
    process = context.Process(target=serve, args=(theirs, early), name="posture-cv worker")
    try:
        process.start()
    except BaseException:
        ours.close()
        raise
    finally:
        theirs.close()
    return process, ours


def _unguarded(error: RuntimeError) -> PostureError:
    """Of a script that each of its processes would begin anew."""
    first = str(error).strip().partition("\n")[0].strip()
    guard = 'Put what your script does under `if __name__ == "__main__":`.'
    return PostureError("No worker process can be started", first, guard)


def _died(why: EOFError | OSError) -> PostureError:
    if isinstance(why, OSError) and not isinstance(why, ConnectionError):
        more = "Give fewer --workers, or allow more open files and processes (ulimit -n, ulimit -u)."
        return PostureError("No process could be begun for it", f"{why.strerror}.", more)
    check = "Check the memory (fewer --workers need less), and whether this file can be played at all."
    return PostureError("The process at work on it died", f"It was begun {TRIES} times.", check)
