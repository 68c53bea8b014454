"""Notifications on a Linux desktop: Desktop Notifications Specification 1.2 over the session's D-Bus.

Spoken to directly, because its server's answer is the only proof that something is shown: a library in between
logs a missing server and returns an identifier as if it had sent.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, Final

from posture_cv.output.bus import NoBusError, joined, left, match, match_owner, owner_changed
from posture_cv.output.notification_server import NAME, PATH
from posture_cv.output.notify import SEND_TIMEOUT_S, Answered, Delivery, Message
from posture_cv.output.notify_thread import LoopThread

if TYPE_CHECKING:
    from dbus_fast.aio import MessageBus
    from dbus_fast.message import Message as BusMessage

_APP: Final = "posture-cv"
_ICON: Final = "dialog-information"
_MOST_OPEN: Final = 64
_EXPIRED, _DISMISSED, _CLOSED = 1, 2, 3
_CLOSE_WORDS: Final = {_EXPIRED: "expired", _DISMISSED: "dismissed"}


class DbusNotifier:
    """Shows messages through the session's notification server; reconnects when the bus was lost."""

    def __init__(self, answered: Answered) -> None:
        self._answered = answered
        self._thread = LoopThread("notifications", ending=self._leave)
        self._connecting = asyncio.Lock()  # messages that come together share one connection
        self._bus: MessageBus | None = None
        self._server = ""
        self._capabilities: frozenset[str] = frozenset()
        self._keys: OrderedDict[int, int] = OrderedDict()  # the server's number -> ours

    def send(self, message: Message) -> Future[Delivery]:
        """Show it."""
        return self._thread.submit(self._send(message))

    def close(self) -> None:
        """Leave the bus."""
        self._thread.close()

    async def _leave(self) -> None:
        bus, self._bus = self._bus, None
        if bus is not None:
            await left(bus)

    async def _send(self, message: Message) -> Delivery:
        try:
            return await asyncio.wait_for(self._deliver(message), SEND_TIMEOUT_S)
        except TimeoutError:
            return Delivery(problem=f"the notification server gave no answer within {SEND_TIMEOUT_S:g} s")

    async def _deliver(self, message: Message) -> Delivery:
        from dbus_fast.errors import DBusError

        try:
            async with self._connecting:
                bus = await self._connected()
            if isinstance(bus, str):
                return Delivery(problem=bus)
            reply = await _call(bus, "Notify", "susssasa{sv}i", self._arguments(message))
        except (OSError, DBusError, EOFError) as error:
            await self._leave()
            return Delivery(problem=f"the session bus closed the connection ({error})")
        if isinstance(reply, str):
            return Delivery(problem=reply)
        self._keys[int(reply[0])] = message.key
        while len(self._keys) > _MOST_OPEN:
            self._keys.popitem(last=False)
        return Delivery(by=self._server)

    def _arguments(self, message: Message) -> list[Any]:
        from dbus_fast import Variant

        actions: list[str] = []
        if "actions" in self._capabilities:
            actions = [part for action in message.actions for part in action]
        body = message.body
        if "body-markup" in self._capabilities:
            body = body.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        hints = {
            "urgency": Variant("y", 2 if message.urgent else 1),
            "category": Variant("s", "presence"),
            "desktop-entry": Variant("s", _APP),
        }
        return [_APP, 0, _ICON, message.title, body, actions, hints, -1]

    async def _connected(self) -> MessageBus | str:
        """The bus with a server on it, or why there is none."""
        if self._bus is not None and not self._bus.connected:
            await self._leave()
            self._server = ""
        if self._bus is None:
            try:
                bus = await joined()
            except NoBusError as error:
                return f"there is no session bus ({error})"
            self._bus = bus  # from here on it is left, whatever comes
            bus.add_message_handler(self._take_signal)
            await match(bus, f"type='signal',interface='{NAME}',path='{PATH}'")
            await match_owner(bus, NAME)
        if not self._server:
            about = await _call(self._bus, "GetServerInformation", "", [])
            if isinstance(about, str):
                return about
            can = await _call(self._bus, "GetCapabilities", "", [])
            self._capabilities = frozenset() if isinstance(can, str) else frozenset(map(str, can[0]))
            self._server = f"{about[0]} {about[2]}".strip() or "a notification server"
        return self._bus

    def _take_signal(self, signal: BusMessage) -> None:
        if owner_changed(signal, NAME) is not None:
            # Another server counts from 1 again, and can do other things.
            self._keys.clear()
            self._server, self._capabilities = "", frozenset()
        if signal.interface != NAME or signal.path != PATH or len(signal.body) < 2:
            return
        number, what = signal.body[0], signal.body[1]
        if signal.member == "ActionInvoked" and number in self._keys:
            key = self._keys.pop(number)
            self._answered(key, "opened" if what == "default" else str(what))
        elif signal.member == "NotificationClosed" and number in self._keys:
            key = self._keys.pop(number)
            if what in _CLOSE_WORDS:
                self._answered(key, _CLOSE_WORDS[what])


async def _call(bus: MessageBus, member: str, signature: str, body: list[Any]) -> list[Any] | str:
    """The reply's values, or what went wrong in words."""
    from dbus_fast import Message as Call
    from dbus_fast import MessageType

    call = Call(destination=NAME, path=PATH, interface=NAME, member=member, signature=signature, body=body)
    reply = await bus.call(call)
    if reply.message_type is not MessageType.METHOD_RETURN:
        said = reply.body[0] if reply.body else "an empty answer"
        return f"no notification server on the session bus ({said})"
    return list(reply.body)
