"""Desktop notifications that were really delivered, or said not to have been; answers come back.

A missing notification server is no success: every message ends in a `Delivery`, and the terminal bell is the
floor. Sending never blocks the caller: a thread of its own talks to the desktop.
"""

from __future__ import annotations

import platform
import sys
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Protocol

SEND_TIMEOUT_S = 3.0
"""A server that has not answered within this time has not shown it; ours."""


@dataclass(frozen=True, slots=True)
class Message:
    """One notification.

    Attributes:
        key: the caller's number of it; answers name it.
        title, body: plain text.
        actions: (name, label) of each button.
        urgent: stays until it is answered, where the desktop knows such a thing.
    """

    key: int
    title: str
    body: str
    actions: tuple[tuple[str, str], ...] = ()
    urgent: bool = False


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of a message: by whom it was shown, or why it was not.

    Attributes:
        by: name of the server that took it; empty: it was not delivered.
        problem: why not; empty when it was.
    """

    by: str = ""
    problem: str = ""

    @property
    def shown(self) -> bool:
        """Whether a server took it."""
        return bool(self.by)


Answered = Callable[[int, str], None]
"""Called with a message's key and "opened", "dismissed", "expired" or the name of the action that was chosen."""


class Notifier(Protocol):
    """Shows messages; close it."""

    def send(self, message: Message) -> Future[Delivery]:
        """Show it; the future tells what became of it, within a few seconds."""

    def close(self) -> None:
        """Stop; what is shown stays."""


class NoNotifier:
    """Delivers nothing and says so."""

    def __init__(self, problem: str) -> None:
        self._problem = problem

    def send(self, message: Message) -> Future[Delivery]:  # noqa: ARG002 - see Notifier
        """Not delivered."""
        future: Future[Delivery] = Future()
        future.set_result(Delivery(problem=self._problem))
        return future

    def close(self) -> None:
        """Nothing to stop."""


def make_notifier(answered: Answered) -> Notifier:
    """The notifier of this system; `answered` is called in its thread."""
    if platform.system() == "Linux":  # sys.platform would make mypy skip the rest
        from posture_cv.output.notify_dbus import DbusNotifier

        return DbusNotifier(answered)
    from posture_cv.output.notify_native import NativeNotifier

    return NativeNotifier(answered)


def ring() -> bool:
    """Ring the terminal's bell; False where there is no terminal."""
    if not sys.stderr.isatty():
        return False
    try:
        sys.stderr.write("\a")
        sys.stderr.flush()
    except OSError:
        return False
    return True
