"""Starts, hears and ends the process that talks to a camera or stream."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import signal
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Any, cast

from posture_cv.capture import wire

if TYPE_CHECKING:
    from collections.abc import Callable
    from io import RawIOBase

# The settings come through the pipe: an address may hold a password, and arguments are visible to all users.
_BOOTSTRAP = (
    "import json, sys; config = json.loads(sys.stdin.buffer.readline()); sys.path[:] = config['sys_path']; "
    "from posture_cv.capture.worker import main; main(config)"
)
_PIPE_BYTES = 1 << 20


class WorkerProcess:
    """One worker process and the thread that takes its messages.

    Args:
        config: see `worker.main`.
        on_message: called in the thread, for each message.
        on_end: called in the thread, once, with how the process ended, after its last message.
    """

    def __init__(
        self,
        config: dict[str, Any],
        on_message: Callable[[wire.Message], None],
        on_end: Callable[[str], None],
    ) -> None:
        self._on_message, self._on_end = on_message, on_end
        self._stopping = threading.Lock()
        self._stopped = False
        self._process = subprocess.Popen(  # noqa: S603 - our own interpreter with a constant program
            [sys.executable, "-c", _BOOTSTRAP],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            **_own_group(),
        )
        self._enlarge_pipe()
        self._write(json.dumps({**config, "sys_path": sys.path}).encode() + b"\n")
        self._thread = threading.Thread(target=self._pump, name="capture", daemon=True)
        try:
            self._thread.start()
        except RuntimeError as error:
            self.stop()
            raise OSError(errno.EAGAIN, str(error)) from error

    @property
    def pid(self) -> int:
        """Number of the process."""
        return self._process.pid

    def send_rate(self, max_rate_hz: float | None) -> None:
        """Tell the worker how many pictures a second are wanted; None for all."""
        self._write(f"{max_rate_hz or 0.0!r}\n".encode())

    def stop(self) -> None:
        """End the process, whatever blocks it, and wait for the thread. Any thread, any number of times."""
        with self._stopping:
            if self._stopped:
                return
            self._stopped = True
            self._process.kill()
            self._process.wait()
            if self._thread.ident is not None:  # the system may have given none
                self._thread.join()
            for pipe in (self._process.stdin, self._process.stdout):
                if pipe is not None:
                    pipe.close()

    def _write(self, data: bytes) -> None:
        # A worker that is gone tells so through its other pipe; one that was stopped has none any more.
        with contextlib.suppress(OSError, ValueError):
            assert self._process.stdin is not None
            self._process.stdin.write(data)

    def _enlarge_pipe(self) -> None:
        """Let a whole picture through at once, where the system can: fewer changes between the processes."""
        if not sys.platform.startswith("linux"):
            return
        import fcntl

        with contextlib.suppress(OSError):
            assert self._process.stdout is not None
            fcntl.fcntl(self._process.stdout.fileno(), fcntl.F_SETPIPE_SZ, _PIPE_BYTES)

    def _pump(self) -> None:
        assert self._process.stdout is not None
        pipe = cast("RawIOBase", self._process.stdout)  # unbuffered
        how = ""
        try:
            while (message := wire.receive(pipe)) is not None:
                self._on_message(message)
        except (ValueError, OSError, MemoryError) as error:
            how = f"{error}"
        self._on_end(how or self._how_it_ended())

    def _how_it_ended(self) -> str:
        code = self._process.wait()
        if code >= 0:
            return f"The process that reads it ended with code {code}."
        with contextlib.suppress(ValueError):
            return f"The process that reads it was ended by {signal.Signals(-code).name}."
        return f"The process that reads it was ended by signal {-code}."


def _own_group() -> dict[str, Any]:
    """Keep the terminal's Ctrl-C from the worker: its parent decides when it ends."""
    if os.name == "nt":
        return {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW}  # type: ignore[attr-defined,unused-ignore]
    return {"process_group": 0}
