"""Notifications on macOS and Windows, through desktop-notifier; what it did not dispatch was not delivered."""

from __future__ import annotations

import asyncio
from concurrent.futures import Future
from functools import partial
from typing import Any

from posture_cv.output.notify import SEND_TIMEOUT_S, Answered, Delivery, Message
from posture_cv.output.notify_thread import LoopThread


class NativeNotifier:
    """Shows messages in the system's notification centre.

    Outside an app bundle desktop-notifier falls back to a dummy on macOS, which can do nothing: its empty set
    of capabilities gives it away.
    """

    def __init__(self, answered: Answered) -> None:
        self._answered = answered
        self._thread = LoopThread("notifications")
        self._centre: Any = None

    def send(self, message: Message) -> Future[Delivery]:
        """Show it."""
        return self._thread.submit(self._send(message))

    def close(self) -> None:
        """Stop."""
        self._thread.close()

    async def _send(self, message: Message) -> Delivery:
        try:
            return await asyncio.wait_for(self._deliver(message), SEND_TIMEOUT_S)
        except TimeoutError:
            return Delivery(problem=f"the notification centre gave no answer within {SEND_TIMEOUT_S:g} s")

    async def _deliver(self, message: Message) -> Delivery:
        from desktop_notifier import Button, DesktopNotifier, Urgency

        if self._centre is None:
            self._centre = DesktopNotifier(app_name="posture-cv")
        if not await self._centre.get_capabilities():
            return Delivery(problem="this program may not show notifications here (it is no app bundle)")
        if not await self._centre.has_authorisation() and not await self._centre.request_authorisation():
            return Delivery(problem="notifications are not allowed for this program in the system's settings")
        dispatched: set[str] = set()
        self._centre.on_dispatched = dispatched.add
        number = await self._centre.send(
            title=message.title,
            message=message.body,
            urgency=Urgency.Critical if message.urgent else Urgency.Normal,
            buttons=[
                Button(title=label, on_pressed=partial(self._answered, message.key, name))
                for name, label in message.actions
            ],
            on_clicked=partial(self._answered, message.key, "opened"),
            on_dismissed=partial(self._answered, message.key, "dismissed"),
        )
        if number not in dispatched:
            return Delivery(problem="the system's notification centre did not take it")
        return Delivery(by="the system's notification centre")
