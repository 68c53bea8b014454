"""Whether keyboard and mouse are used, where the desktop says so without being asked again and again (GNOME).

Mutter tells when the user has been idle for a minute, and when that ends: nothing is polled, and no key is seen.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from posture_cv.output.bus import call, match

if TYPE_CHECKING:
    from dbus_fast.aio import MessageBus
    from dbus_fast.message import Message

IDLE_AFTER_S: Final = 60.0
"""A pause in typing shorter than this is none; ours."""
_NAME: Final = "org.gnome.Mutter.IdleMonitor"
_PATH: Final = "/org/gnome/Mutter/IdleMonitor/Core"


class IdleWatch:
    """How long nobody has typed or moved the mouse.

    Args:
        monotonic: seconds.
    """

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._known = False
        self._idle_since_s: float | None = None
        self._idle_watch = self._active_watch = 0
        self._bus: MessageBus | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def idle_s(self) -> float | None:
        """Seconds since the last input, 0 while shorter than a minute; None where it cannot be told. Any thread."""
        with self._lock:
            if not self._known:
                return None
            return 0.0 if self._idle_since_s is None else self._monotonic() - self._idle_since_s

    async def watch(self, bus: MessageBus) -> None:
        """Begin, in the bus's thread; harmless where the desktop offers nothing of the kind."""
        idle_ms = await call(bus, _NAME, _PATH, _NAME, "GetIdletime", start=False)
        if not idle_ms:
            return
        self._bus = bus
        bus.add_message_handler(self._take)
        await match(bus, f"type='signal',interface='{_NAME}',member='WatchFired'")
        found = await call(
            bus, _NAME, _PATH, _NAME, "AddIdleWatch", "t", [round(IDLE_AFTER_S * 1000)], start=False
        )
        if not found:
            return
        self._idle_watch = int(found[0])
        idle_s = int(idle_ms[0]) / 1000.0
        self._set(self._monotonic() - idle_s if idle_s >= IDLE_AFTER_S else None)
        if idle_s >= IDLE_AFTER_S:
            await self._await_activity()

    def forget(self) -> None:
        """The bus is gone."""
        with self._lock:
            self._known, self._bus = False, None

    def _set(self, idle_since_s: float | None) -> None:
        with self._lock:
            self._known, self._idle_since_s = True, idle_since_s

    def _take(self, signal: Message) -> None:
        if signal.interface != _NAME or signal.member != "WatchFired" or not signal.body:
            return
        number = int(signal.body[0])
        if number == self._active_watch:  # told once; asked for anew when the user is idle again
            self._set(None)
        elif number == self._idle_watch:
            self._set(self._monotonic() - IDLE_AFTER_S)
            task = asyncio.get_running_loop().create_task(self._await_activity())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _await_activity(self) -> None:
        assert self._bus is not None
        found = await call(self._bus, _NAME, _PATH, _NAME, "AddUserActiveWatch", start=False)
        self._active_watch = int(found[0]) if found else 0
