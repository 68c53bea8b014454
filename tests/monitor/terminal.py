"""A program in a terminal that is ours: what it says, keys pressed, the window closed."""

from __future__ import annotations

import os
import pty
import signal
import sys
import termios
import threading
import time
from contextlib import suppress
from pathlib import Path

from monitor.processes import environment


class Terminal:
    """A process whose terminal is ours."""

    def __init__(self, home: Path, *arguments: str, columns: int | None = None) -> None:
        self._known = {**environment(home), "TERM": "xterm"}
        if columns is not None:
            self._known["COLUMNS"] = str(columns)
        self.home = home
        self.pid, self._ours = pty.fork()
        if self.pid == 0:
            signal.signal(signal.SIGHUP, signal.SIG_DFL)  # which nohup has the tests ignore
            os.execve(sys.executable, [sys.executable, "-m", "posture_cv", *arguments], self._known)
        self._said = b""
        self._code: int | None = None
        self._reader = threading.Thread(target=self._read, name="terminal", daemon=True)
        self._reader.start()

    def _read(self) -> None:
        with suppress(OSError):
            while part := os.read(self._ours, 4096):
                self._said += part

    @property
    def said(self) -> str:
        return self._said.decode(errors="replace")

    def press(self, keys: str) -> None:
        os.write(self._ours, keys.encode())

    def wait_for(self, text: str, seconds: float = 60.0) -> None:
        """Until the text was written since the last time."""
        deadline_s = time.monotonic() + seconds
        while text not in self.said:
            assert self._ended() is None, self.said[-2000:]
            assert time.monotonic() < deadline_s, self.said[-2000:]
            time.sleep(0.05)
        self._said = b""

    def stop_and_go_on(self) -> None:
        """As Ctrl-Z and `fg` do, between which the shell has the terminal for itself."""
        os.kill(self.pid, signal.SIGSTOP)
        os.waitpid(self.pid, os.WUNTRACED)
        modes = termios.tcgetattr(self._ours)
        modes[3] |= termios.ICANON | termios.ECHO
        termios.tcsetattr(self._ours, termios.TCSANOW, modes)
        os.kill(self.pid, signal.SIGCONT)
        deadline_s = time.monotonic() + 30.0
        while termios.tcgetattr(self._ours)[3] & termios.ICANON:
            assert time.monotonic() < deadline_s, "keys come by the line"
            time.sleep(0.02)

    def close(self) -> None:
        """As closing the window does."""
        os.close(self._ours)

    def code(self) -> int:
        """The exit code."""
        deadline_s = time.monotonic() + 30.0
        while (code := self._ended()) is None:
            if time.monotonic() > deadline_s:
                os.kill(self.pid, signal.SIGKILL)
                os.waitpid(self.pid, 0)
                raise AssertionError(f"it did not end: {self.said[-2000:]}")
            time.sleep(0.05)
        return code

    def _ended(self) -> int | None:
        if self._code is None:
            pid, known = os.waitpid(self.pid, os.WNOHANG)
            self._code = os.waitstatus_to_exitcode(known) if pid else None
        return self._code
