"""A D-Bus connection: calls whose absence is an answer too, signals, and leaving it for good."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from dbus_fast.aio import MessageBus
    from dbus_fast.message import Message

_BUS: Final = "org.freedesktop.DBus"
_LEAVE_S: Final = 1.0
# Of the event loop: one notices the end of the connection, one closes the socket, one to spare.
_TURNS: Final = 3


class NoBusError(OSError):
    """There is no bus to speak on; the text says why."""


async def joined(*, system: bool = False) -> MessageBus:
    """A connection to the bus of the user's session, or of the system; leave it with `left`.

    Raises:
        NoBusError: there is none, it lets nobody in, or the variables that lead to it make no sense.
    """
    from dbus_fast import BusType
    from dbus_fast.aio import MessageBus
    from dbus_fast.errors import DBusFastError

    try:
        return await MessageBus(bus_type=BusType.SYSTEM if system else BusType.SESSION).connect()
    except (
        KeyError
    ) as error:  # of the environment: cron and bare services have no HOME, beside which it looks
        raise NoBusError(f"{error.args[0]} is not set") from error
    except (OSError, EOFError, ValueError, OverflowError, DBusFastError) as error:
        raise NoBusError(str(error) or type(error).__name__) from error


async def match(bus: MessageBus, rule: str) -> None:
    """Ask the bus for the signals of a rule."""
    await call(bus, _BUS, "/org/freedesktop/DBus", _BUS, "AddMatch", "s", [rule])


async def match_owner(bus: MessageBus, name: str) -> None:
    """Ask the bus to say when a service comes, goes or is replaced: `owner_changed`."""
    await match(bus, f"type='signal',sender='{_BUS}',member='NameOwnerChanged',arg0='{name}'")


def owner_changed(signal: Message, name: str) -> bool | None:
    """Whether the service is there now, where a signal says that this has changed; None: it says no such thing."""
    said = signal.member == "NameOwnerChanged" and signal.interface == _BUS and len(signal.body) == 3
    return bool(signal.body[2]) if said and signal.body[0] == name else None


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
