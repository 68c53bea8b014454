"""One-key commands of the foreground monitor: single keys of the terminal become commands."""

from __future__ import annotations

import math
import os
import re
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final, Self

from posture_cv.closing import Closing
from posture_cv.monitor import commands as cmd

HELP: Final = (
    "Keys: r recalibrate (five seconds), m the camera was moved, p pause, z silent for half an hour "
    "(once more: go on), q end"
)
_SNOOZE_S: Final = 1800.0  # as `HELP` says, not as the settings say
# ECMA-48: what function, arrow and editing keys send, and Alt with a letter.
_SEQUENCE: Final = re.compile(r"\x1b(?:\[\[?[0-?]*[ -/]*[@-~]?|O.?|.)?", re.DOTALL)


class Keys(Closing):
    """Reads keys while it is entered, where standard input is a terminal; otherwise does nothing.

    A thread sleeps until a key comes. The terminal is left as it was found; Ctrl-C works as ever, and so does Ctrl-Z.

    Args:
        press: told each key.
    """

    def __init__(self, press: Callable[[str], None]) -> None:
        self._press = press
        self._before: Any = None
        self._wake: tuple[int, int] | None = None
        self._thread: threading.Thread | None = None
        self._on_return: Any = None

    def __enter__(self) -> Self:
        if os.name == "posix" and sys.stdin is not None and sys.stdin.isatty():
            self._begin(sys.stdin.fileno())
        return self

    def close(self) -> None:
        """Read no more; the terminal is as it was found."""
        if self._wake is None or self._thread is None:
            return
        reader, writer = self._wake
        os.write(writer, b"x")
        self._thread.join()
        os.close(reader)
        os.close(writer)
        import termios

        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGCONT, self._on_return)
        with suppress(termios.error, OSError):  # the terminal may be gone
            termios.tcsetattr(sys.stdin.fileno(), termios.TCSADRAIN, self._before)

    @property
    def active(self) -> bool:
        """Whether keys are read."""
        return self._thread is not None

    def _begin(self, terminal: int) -> None:
        import termios

        with suppress(termios.error, OSError):
            self._before = termios.tcgetattr(terminal)
        if self._before is None or not _take(terminal):
            return
        if threading.current_thread() is threading.main_thread():  # which alone may: after Ctrl-Z and fg
            self._on_return = signal.signal(signal.SIGCONT, lambda *_: _take(terminal))
        self._wake = os.pipe()
        self._thread = threading.Thread(
            target=self._read, args=(terminal, self._wake[0]), name="keys", daemon=True
        )
        self._thread.start()

    def _read(self, terminal: int, wake: int) -> None:
        import select

        while True:
            ready, _, _ = select.select([terminal, wake], [], [])
            if wake in ready:
                return
            try:
                typed = os.read(terminal, 32)
            except OSError:
                return  # the terminal was closed
            if not typed:
                return
            for key in keys_of(typed.decode("utf-8", "replace")):
                self._press(key)


def _take(terminal: int) -> bool:
    """Have keys come as they are pressed; False: it cannot be, or another program is in front.

    A shell that takes its terminal back from a stopped program does not give it as it was.
    """
    import termios
    import tty

    with suppress(termios.error, OSError):
        if (
            os.tcgetpgrp(terminal) == os.getpgrp()
        ):  # else started with &: this, and reading, would stop the process
            tty.setcbreak(terminal, termios.TCSADRAIN)
            return True
    return False


def keys_of(typed: str) -> str:
    """The single keys in what a terminal sent: the letters of F1 (P), F2 (Q) and F3 (R) are none."""
    return _SEQUENCE.sub("", typed)


class KeyCommands:
    """What the keys mean; told by the moments whether a pause or a silence runs, which the same key ends.

    Args:
        commands: where they go.
    """

    def __init__(self, commands: cmd.Commands) -> None:
        self._commands = commands
        self.paused = self.silent = False

    def press(self, key: str) -> None:
        """One key; those without a meaning do nothing."""
        command = self.command(key.lower())
        if command is not None:
            self._commands.put(command)

    def command(self, key: str) -> cmd.Command | None:
        """What a key asks for."""
        if key == "p":
            return cmd.Resume() if self.paused else cmd.Pause(math.inf)
        known: dict[str, cmd.Command] = {
            "r": cmd.Recalibrate(quick=True),
            "m": cmd.FollowCamera(),
            "z": cmd.Snooze(0.0 if self.silent else _SNOOZE_S),
            "q": cmd.Stop("q was pressed"),
        }
        return known.get(key)
