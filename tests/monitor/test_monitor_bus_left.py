"""A bus that is left is left with its socket, at whatever moment that happens."""

from __future__ import annotations

import asyncio
import errno
import gc
import socket
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from monitor.notification_server import NotificationServer, private_bus
from posture_cv.monitor.surroundings import LinuxSurroundings
from posture_cv.output.notification_server import find_notification_server
from posture_cv.output.notify import Message
from posture_cv.output.notify_dbus import DbusNotifier
from posture_cv.output.notify_thread import LoopThread

MOMENTS_S = (0.0, 0.001, 0.003, 0.006, 0.01, 0.02, 0.05, 0.2)


@contextmanager
def no_socket_left() -> Iterator[None]:
    """Fails when a socket stays open, or when the garbage collector had to close one.

    What there was before is set aside for good: to collect all that a process of many tests holds takes far longer.
    """

    def sockets() -> int:
        links = list(Path("/proc/self/fd").iterdir())
        return sum("socket:" in str(link.readlink()) for link in links if link.is_symlink())

    gc.freeze()
    before = sockets()
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always", ResourceWarning)
        yield
        after = sockets()
        gc.collect()
    assert after == before
    assert not [str(one.message) for one in told if issubclass(one.category, ResourceWarning)]


@pytest.fixture
def bus(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    with private_bus() as address:
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
        monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", address)
        yield address


@pytest.mark.usefixtures("bus")
@pytest.mark.parametrize("after_s", MOMENTS_S)
def test_surroundings_leave_both_buses(after_s: float) -> None:
    with no_socket_left():
        source = LinuxSurroundings(calls=False)
        time.sleep(after_s)
        source.close()


@pytest.mark.usefixtures("bus")
@pytest.mark.parametrize("after_s", MOMENTS_S)
def test_a_notifier_leaves_the_bus(after_s: float) -> None:
    with no_socket_left():
        notifier = DbusNotifier(lambda _key, _what: None)
        sent = notifier.send(_message())
        time.sleep(after_s)
        notifier.close()
        assert sent.done()


def test_a_notifier_whose_server_shows_messages_leaves_the_bus(bus: str) -> None:
    with NotificationServer(bus), no_socket_left():
        notifier = DbusNotifier(lambda _key, _what: None)
        assert notifier.send(_message()).result(10).by
        notifier.close()


def test_a_lost_bus_is_left_too(monkeypatch: pytest.MonkeyPatch) -> None:
    with no_socket_left():
        notifier = DbusNotifier(lambda _key, _what: None)
        with private_bus() as address:
            monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
            assert "no notification server" in notifier.send(_message()).result(10).problem
        assert notifier.send(_message()).result(10).problem
        notifier.close()


@pytest.mark.usefixtures("bus")
def test_asking_for_the_server_leaves_the_bus() -> None:
    with no_socket_left():
        for _ in range(5):
            assert "no notification server" in find_notification_server().problem


def test_a_task_that_misses_its_cancellation_is_told_again() -> None:
    """As `asyncio.wait_for` does before Python 3.12 when the answer comes at the same time."""
    ended: list[str] = []

    async def deaf_once() -> None:
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(60.0)
        try:
            await asyncio.sleep(60.0)
        finally:
            ended.append("ended")

    thread = LoopThread("deaf")
    thread.submit(deaf_once())
    time.sleep(0.05)
    thread.close()
    assert ended == ["ended"]


@pytest.mark.expects_error_log
def test_what_a_lost_connection_could_not_write_is_no_error_and_any_other_is(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def forgotten(error: Exception) -> None:
        asyncio.get_running_loop().create_future().set_exception(error)
        gc.collect()

    thread = LoopThread("forgetful")
    for error in (OSError(errno.EBADF, "Bad file descriptor"), BrokenPipeError()):
        thread.submit(forgotten(error)).result(10)
    assert not caplog.records
    thread.submit(forgotten(ValueError("a fault"))).result(10)
    thread.close()
    assert [record.exc_info[0] for record in caplog.records if record.exc_info] == [ValueError]


def _message() -> Message:
    return Message(1, "title", "body")


def test_a_socket_that_is_left_to_the_collector_would_be_seen() -> None:
    class Holder:
        def __init__(self) -> None:
            self.me, self.socket = self, socket.socket()

    with pytest.raises(AssertionError), no_socket_left():
        Holder()
