"""A real notification server on a private session bus, that does as it is told; and that bus."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import signal
import subprocess
import threading
from collections.abc import Coroutine, Iterator
from dataclasses import dataclass, field
from typing import Any, Self

import pytest
from dbus_fast.aio import MessageBus
from dbus_fast.service import ServiceInterface, dbus_signal, method
from dbus_fast.signature import Variant

NAME = "org.freedesktop.Notifications"
_LEAVE_S = 5.0


@contextlib.contextmanager
def private_bus() -> Iterator[str]:
    """The address of a bus that nothing else is on; skips where there is no dbus-daemon (apt: dbus)."""
    program = shutil.which("dbus-daemon")
    if program is None:
        pytest.skip("dbus-daemon is not installed (apt: dbus-daemon)")
    daemon = subprocess.Popen(
        [program, "--session", "--nofork", "--nopidfile", "--print-address=1"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert daemon.stdout is not None
    try:
        yield daemon.stdout.readline().strip()
    finally:
        daemon.send_signal(signal.SIGTERM)
        daemon.wait(10)
        daemon.stdout.close()


@dataclass
class Shown:
    """One notification that was received."""

    number: int
    title: str
    body: str
    actions: list[str]
    hints: dict[str, Variant]


@dataclass
class Received:
    """What was received; `click` and `close` act on it."""

    shown: list[Shown] = field(default_factory=list)
    changed: threading.Condition = field(default_factory=threading.Condition)

    def wait(self, count: int, timeout_s: float = 20.0) -> list[Shown]:
        """At least so many."""
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.shown) >= count, timeout_s), self.shown
            return list(self.shown)


class _Interface(ServiceInterface):
    def __init__(self, received: Received, capabilities: list[str]) -> None:
        super().__init__(NAME)
        self.received, self.capabilities = received, capabilities

    @method()
    def GetServerInformation(self) -> ssss:  # type: ignore[name-defined] # noqa: F821, N802
        return ["test server", "tests", "1.0", "1.2"]

    @method()
    def GetCapabilities(self) -> "as":  # type: ignore[valid-type] # noqa: F722, N802
        return self.capabilities

    @method()
    def Notify(  # noqa: N802
        self,
        app: s,  # type: ignore[name-defined] # noqa: F821
        replaces: u,  # type: ignore[name-defined] # noqa: F821
        icon: s,  # type: ignore[name-defined] # noqa: F821
        summary: s,  # type: ignore[name-defined] # noqa: F821
        body: s,  # type: ignore[name-defined] # noqa: F821
        actions: "as",  # type: ignore[valid-type] # noqa: F722
        hints: "a{sv}",  # type: ignore[valid-type] # noqa: F722
        timeout: i,  # type: ignore[name-defined] # noqa: F821
    ) -> u:  # type: ignore[name-defined] # noqa: F821
        number = len(self.received.shown) + 1
        with self.received.changed:
            self.received.shown.append(Shown(number, summary, body, actions, hints))
            self.received.changed.notify_all()
        return number

    @dbus_signal()
    def ActionInvoked(self, number: int, action: str) -> us:  # type: ignore[name-defined] # noqa: F821, N802
        return [number, action]

    @dbus_signal()
    def NotificationClosed(self, number: int, reason: int) -> uu:  # type: ignore[name-defined] # noqa: F821, N802
        return [number, reason]


class OnTheBus:
    """A connection to a bus in a thread of its own, while it is entered. Subclasses fill in `_start` and `_leave`."""

    def __init__(self, address: str, name: str) -> None:
        self._address = address
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name=name, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self._do(self._start())
        return self

    def __exit__(self, *_: object) -> None:
        self._do(self._leave())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _start(self) -> None:
        raise NotImplementedError

    async def _leave(self) -> None:
        raise NotImplementedError

    def _do(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(20)


class NotificationServer(OnTheBus):
    """Runs while it is entered."""

    def __init__(
        self, address: str, capabilities: tuple[str, ...] = ("actions", "body", "body-markup")
    ) -> None:
        self.received = Received()
        self._interface = _Interface(self.received, list(capabilities))
        super().__init__(address, "notification-server")

    def click(self, number: int, action: str) -> None:
        """The user presses a button, and the notification closes."""
        self._loop.call_soon_threadsafe(self._interface.ActionInvoked, number, action)
        self._loop.call_soon_threadsafe(self._interface.NotificationClosed, number, 2)

    def close(self, number: int, reason: int) -> None:
        """It closes: 1 expired, 2 dismissed."""
        self._loop.call_soon_threadsafe(self._interface.NotificationClosed, number, reason)

    async def _start(self) -> None:
        self._bus = await MessageBus(bus_address=self._address).connect()
        self._bus.export("/org/freedesktop/Notifications", self._interface)
        await self._bus.request_name(NAME)

    async def _leave(self) -> None:
        await left(self._bus, NAME)


async def left(bus: MessageBus, *names: str) -> None:
    """The connection closed after what was asked of those names is answered.

    The answer to giving up a name comes after all that was sent to it before: without it, a call could
    be answered on a connection that is closing, which `dbus-fast` logs as an error.
    """
    with contextlib.suppress(EOFError, OSError, TimeoutError):
        for name in names:
            await asyncio.wait_for(bus.release_name(name), _LEAVE_S)
    bus.disconnect()
    with contextlib.suppress(EOFError, OSError):
        await bus.wait_for_disconnect()  # type: ignore[no-untyped-call]


def session_bus(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    """Let the program find that bus."""
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)


__all__ = ["NotificationServer", "OnTheBus", "Received", "Shown", "left", "private_bus", "session_bus"]
