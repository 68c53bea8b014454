"""Whether a desktop notification would be shown: the server is asked for its name, not guessed.

desktop-notifier returns an identifier as if it had sent when there is no session bus, so its answer says nothing.
"""

from __future__ import annotations

import asyncio
import sys
from dataclasses import dataclass
from typing import Final

from posture_cv.output.bus import NoBusError, joined, left

ASK_TIMEOUT_S: Final = 3.0
NAME: Final = "org.freedesktop.Notifications"
PATH: Final = "/org/freedesktop/Notifications"


@dataclass(frozen=True, slots=True)
class NotificationServer:
    """The server that answered, or why none did.

    Attributes:
        name: and version of the server; empty when there is none.
        problem: why notifications cannot be shown; empty when they can.
    """

    name: str = ""
    problem: str = ""


def find_notification_server() -> NotificationServer:
    """Ask the desktop's notification server who it is; takes at most a few seconds.

    On Linux by the session's D-Bus (Desktop Notifications Specification 1.2, GetServerInformation). macOS and Windows
    bring their own notification centre, which cannot be asked without showing something.
    """
    if sys.platform == "darwin":
        return NotificationServer("macOS Notification Center (not asked)")
    if sys.platform == "win32":
        return NotificationServer("Windows notifications (not asked)")
    try:
        return asyncio.run(asyncio.wait_for(_ask(), ASK_TIMEOUT_S))
    except TimeoutError:
        return NotificationServer(problem=f"the session bus gave no answer within {ASK_TIMEOUT_S:g} s")


async def _ask() -> NotificationServer:
    try:
        from dbus_fast import Message, MessageType
        from dbus_fast.errors import DBusError
    except ImportError:
        return NotificationServer(problem="the package dbus-fast is not installed")
    try:
        bus = await joined()
    except NoBusError as error:
        return NotificationServer(problem=f"there is no session bus ({error})")
    try:
        question = Message(destination=NAME, path=PATH, interface=NAME, member="GetServerInformation")
        reply = await bus.call(question)
    except (OSError, DBusError, EOFError) as error:
        return NotificationServer(problem=f"the session bus closed the connection ({error})")
    finally:
        await left(bus)
    if reply.message_type is not MessageType.METHOD_RETURN or len(reply.body) < 3:
        said = reply.body[0] if reply.body else "an empty answer"
        return NotificationServer(problem=f"no notification server on the session bus ({said})")
    return NotificationServer(name=f"{reply.body[0]} {reply.body[2]}".strip())
