"""The life of a worker process.

Imports nothing heavy: how many threads it may use is set before numpy is loaded.
"""

from __future__ import annotations

import importlib
import os
import signal
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

from posture_cv.processors import use_one_thread
from posture_cv.replay.work import outcome

if TYPE_CHECKING:
    from multiprocessing.connection import Connection


def serve(pipe: Connection, early: bool = False) -> None:  # noqa: FBT001, FBT002  a process takes no keywords
    """The life of a worker process: jobs in, frames and an outcome out, until the pipe is closed.

    Begun early, it loads what finding landmarks takes, whether a job has come or not.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the caller, who then ends this process
    _end_with_the_caller()
    use_one_thread(pictures=False)
    if early:
        with suppress(Exception):  # the job will say what is wrong
            importlib.import_module("posture_cv.landmarks.mediapipe_estimator")
            importlib.import_module("posture_cv.replay.jobs")
    with suppress(EOFError, OSError):  # the caller is gone
        while True:
            job = pipe.recv()
            pipe.send(outcome(job, pipe.send))


def _end_with_the_caller() -> None:
    """End this process as soon as the caller is gone, whatever it is at.

    A killed run's worker that draws a video for minutes would go on writing into a folder in which the next run is at
    work, and clear away its parts.
    """
    from multiprocessing import parent_process
    from multiprocessing.connection import wait

    caller = parent_process()
    if caller is None:
        return

    def wait_and_end() -> None:
        wait([caller.sentinel])
        os._exit(1)

    threading.Thread(target=wait_and_end, name="caller-watch", daemon=True).start()
