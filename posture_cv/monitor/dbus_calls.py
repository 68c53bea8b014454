"""Calls over D-Bus whose absence is an answer too."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dbus_fast.aio import MessageBus


async def match(bus: MessageBus, rule: str) -> None:
    """Ask the bus for the signals of a rule."""
    name = "org.freedesktop.DBus"
    await call(bus, name, "/org/freedesktop/DBus", name, "AddMatch", "s", [rule])


async def call(
    bus: MessageBus,
    destination: str,
    path: str,
    interface: str,
    member: str,
    signature: str = "",
    body: list[Any] | None = None,
    *,
    start: bool = True,
) -> list[Any]:
    """The reply's values; empty where the service is not there or does not know it."""
    from dbus_fast import Message as Call
    from dbus_fast import MessageFlag, MessageType

    flags = MessageFlag.NONE if start else MessageFlag.NO_AUTOSTART
    message = Call(
        destination=destination,
        path=path,
        interface=interface,
        member=member,
        signature=signature,
        body=body or [],
        flags=flags,
    )
    with suppress(TimeoutError):
        reply = await asyncio.wait_for(bus.call(message), 5.0)
        if reply.message_type is MessageType.METHOD_RETURN:
            return list(reply.body)
    return []
