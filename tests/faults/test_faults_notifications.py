"""Notification servers and buses that hang: the monitor is never held up, and what was not shown is said."""

from __future__ import annotations

import os
import signal
import socket
import struct
import time
from collections.abc import Iterator

import pytest

from faults.conftest import SETTINGS
from monitor.monitor_material import Desk, stretches
from monitor.notification_server import NotificationServer, private_bus, session_bus
from posture_cv.monitor.sinks import NotificationSink
from posture_cv.output import notify_dbus
from posture_cv.output.notify import Message
from posture_cv.output.notify_dbus import DbusNotifier


@pytest.fixture
def bus(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setattr(notify_dbus, "SEND_TIMEOUT_S", 0.5)
    with private_bus() as address:
        session_bus(monkeypatch, address)
        yield address


def test_a_server_that_hangs_has_not_shown_it_and_one_that_wakes_up_is_used_again(bus: str) -> None:
    notifier = DbusNotifier(lambda *_: None)
    with NotificationServer(bus) as server:
        assert notifier.send(Message(1, "a", "b")).result(10).shown
        server._loop.call_soon_threadsafe(time.sleep, 2.0)
        hung = notifier.send(Message(2, "a", "b")).result(10)
        assert not hung.shown
        assert "no answer within" in hung.problem
        server.received.wait(2)  # it woke up
        assert notifier.send(Message(3, "a", "b")).result(10).shown
        notifier.close()


def test_a_bus_that_stands_still_holds_nobody_up(bus: str) -> None:
    """The daemon is stopped, as a swapping or a broken machine stops it."""
    pid = _daemon_of(bus)
    notifier, notes = DbusNotifier(lambda *_: None), list[str]()
    desk = Desk(stretches(("forward_head", 1.0)), 60.0, SETTINGS, rate_hz=2.0)
    parts = desk.parts()
    with NotificationServer(bus):
        assert notifier.send(Message(1, "a", "b")).result(10).shown
        os.kill(pid, signal.SIGSTOP)
        try:
            begin_s = time.monotonic()
            with NotificationSink(notifier, notes.append) as sink:
                parts.sinks = [desk.kept, sink]
                desk.run(parts)
            assert time.monotonic() - begin_s < 20.0
        finally:
            os.kill(pid, signal.SIGCONT)
    assert desk.kept.told()
    assert all("not shown" in note for note in notes)
    assert 1 <= len(notes) == len(set(notes)) <= 2, "each reason once"


def _daemon_of(address: str) -> int:
    """The process that listens at that address."""
    with socket.socket(socket.AF_UNIX) as peer:
        peer.connect(address.partition("path=")[2].partition(",")[0])
        packed = peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    return int(struct.unpack("3i", packed)[0])


def test_a_thousand_messages_without_a_server_are_a_thousand_answers(bus: str) -> None:
    notifier = DbusNotifier(lambda *_: None)
    futures = [notifier.send(Message(k, "a", "b")) for k in range(1000)]
    assert not any(future.result(30).shown for future in futures)
    notifier.close()
