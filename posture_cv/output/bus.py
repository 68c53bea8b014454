"""Leaving a D-Bus connection for good: its socket is closed, not left to the garbage collector."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from dbus_fast.aio import MessageBus

_LEAVE_S: Final = 1.0
_TURNS: Final = (
    3  # of the event loop: one notices the end of the connection, one closes the socket, one to spare
)


async def left(bus: MessageBus) -> None:
    """Leave the bus; done once its socket is closed. Also in the `finally` of a task that is cancelled.

    `disconnect` alone only shuts the socket down; the loop closes it when it notices, if it still runs then.
    """
    from dbus_fast.errors import DBusError

    bus.disconnect()
    # A cancelled task has cancelled what tells of the end, too, if it was waiting for that.
    with suppress(DBusError, OSError, EOFError, TimeoutError, asyncio.CancelledError):
        await asyncio.wait_for(bus.wait_for_disconnect(), _LEAVE_S)  # type: ignore[no-untyped-call]
    for _ in range(_TURNS):
        await asyncio.sleep(0)
