"""A thread with an event loop, for desktop services that speak asyncio."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from contextlib import suppress
from typing import Any, Final, TypeVar

T = TypeVar("T")
# Before Python 3.12 `asyncio.wait_for` loses a cancellation that comes as its answer does: it is said again.
_ROUNDS: Final = 4
_ROUND_S: Final = 0.4


class LoopThread:
    """Runs coroutines in a thread of its own; started when first used, ended by `close`.

    Args:
        name: of the thread.
        ending: run last, when everything else has been cancelled.
    """

    def __init__(self, name: str, ending: Callable[[], Coroutine[Any, Any, None]] | None = None) -> None:
        self._name, self._ending = name, ending
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._closed = False

    def submit(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        """Begin it in the thread; cancelled when the thread is closed."""
        with self._lock:
            if self._closed:
                work.close()
                cancelled: Future[T] = Future()
                cancelled.cancel()
                return cancelled
            return asyncio.run_coroutine_threadsafe(work, self._started())

    def _started(self) -> asyncio.AbstractEventLoop:
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
            self._loop.set_exception_handler(_unheard)
            self._thread = threading.Thread(
                target=self._run, args=(self._loop,), name=self._name, daemon=True
            )
            self._thread.start()
        return self._loop

    def _run(self, loop: asyncio.AbstractEventLoop) -> None:
        asyncio.set_event_loop(loop)
        try:
            loop.run_forever()
        finally:
            for _ in range(_ROUNDS):
                tasks = asyncio.all_tasks(loop)
                for task in tasks:
                    task.cancel()
                if tasks:
                    loop.run_until_complete(asyncio.wait(tasks, timeout=_ROUND_S))
            if self._ending is not None:
                loop.run_until_complete(self._ending())
            loop.close()

    def close(self, timeout_s: float = 2.0) -> None:
        """Cancel what runs and end the thread; harmless when done twice."""
        with self._lock:
            self._closed = True
            loop, thread = self._loop, self._thread
        if loop is not None and thread is not None:
            with suppress(RuntimeError):  # it has ended
                loop.call_soon_threadsafe(loop.stop)
            thread.join(timeout_s)


def _unheard(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """What came of a future that nobody waits for.

    A message that could not be written for want of a connection is such a one: dbus-fast keeps it to itself, and
    whoever asked learns that the connection has ended.
    """
    lost = isinstance(context.get("exception"), OSError) and not isinstance(
        context.get("future"), asyncio.Task
    )
    if not lost:
        loop.default_exception_handler(context)
