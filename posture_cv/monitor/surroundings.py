"""What the system says: locked, about to sleep, on battery, in a call. Watched without blocking the loop.

Linux: logind and the screen savers by D-Bus signals, the rest from files of the kernel. Elsewhere nothing is
known: the camera then stays on behind a locked screen until nobody is seen for long.
"""

from __future__ import annotations

import asyncio
import os
import platform
import threading
import time
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from posture_cv.monitor.idle import IdleWatch
from posture_cv.monitor.ports import NoSurroundings, Surroundings, SurroundingsSource
from posture_cv.output.bus import call, joined, left, match, match_owner, owner_changed
from posture_cv.output.notify_thread import LoopThread

if TYPE_CHECKING:
    from dbus_fast.aio import MessageBus
    from dbus_fast.message import Message

_LOGIN: Final = "org.freedesktop.login1"
_LOGIN_PATH: Final = "/org/freedesktop/login1"
_MANAGER: Final = "org.freedesktop.login1.Manager"
_SESSION: Final = "org.freedesktop.login1.Session"
_PROPERTIES: Final = "org.freedesktop.DBus.Properties"
# Each desktop's own; the first is KDE's.
_SAVERS: Final = tuple(
    (f"org.{desktop}.ScreenSaver", f"/org/{desktop}/ScreenSaver")
    for desktop in ("freedesktop", "gnome", "cinnamon", "mate", "xfce")
)
_FILES_EVERY_S: Final = 5.0  # so often battery and microphones are read; ours
_RECONNECT_S: Final = 30.0  # so long after a lost bus it is tried again; ours
_POWER: Final = Path("/sys/class/power_supply")
_SOUND: Final = Path("/proc/asound")


def watch_surroundings(*, calls: bool) -> SurroundingsSource:
    """The source for this system; `calls`: also look whether a microphone is in use."""
    if platform.system() == "Linux":  # sys.platform would make mypy skip the rest
        return LinuxSurroundings(calls=calls)
    return NoSurroundings()


class LinuxSurroundings:
    """D-Bus signals set flags; files are read every five seconds.

    Args:
        calls: look at the sound cards.
        power, sound: where the kernel tells of power supplies and sound cards.
    """

    def __init__(
        self,
        *,
        calls: bool,
        power: Path = _POWER,
        sound: Path = _SOUND,
    ) -> None:
        self._calls, self._power, self._sound = calls, power, sound
        self._lock = threading.Lock()
        self._flags: dict[str, bool] = {}
        self._asleep = False
        self._files = Surroundings()
        self._read_s = float("-inf")
        self._sessions: set[str] = set()
        self._asking: set[asyncio.Future[None]] = set()
        self._idle = IdleWatch(time.monotonic)
        self._thread = LoopThread("surroundings")
        self._thread.submit(self._keep_watching("system"))
        self._thread.submit(self._keep_watching("session"))

    def poll(self) -> Surroundings:
        """What is known now."""
        now_s = time.monotonic()
        if now_s - self._read_s >= _FILES_EVERY_S:
            self._read_s = now_s
            in_call = self._calls and microphone_in_use(self._sound)
            self._files = Surroundings(on_battery=on_battery(self._power), in_call=in_call)
        with self._lock:
            locked, asleep = any(self._flags.values()), self._asleep
        return replace(self._files, locked=locked, asleep=asleep, idle_s=self._idle.idle_s())

    def close(self) -> None:
        """Stop watching."""
        self._thread.close()

    # In the thread

    async def _keep_watching(self, which: str) -> None:
        """Connect, listen, and do so again when the bus was lost."""
        while True:
            await self._watch_until_lost(which)
            self._forget(which)
            await asyncio.sleep(_RECONNECT_S)

    async def _watch_until_lost(self, which: str) -> None:
        from dbus_fast.errors import DBusError

        with suppress(OSError, DBusError, EOFError):
            bus = await joined(system=which == "system")
            try:
                await (self._watch_login(bus) if which == "system" else self._watch_savers(bus))
                await bus.wait_for_disconnect()  # type: ignore[no-untyped-call]
            finally:
                await left(bus)

    async def _watch_login(self, bus: MessageBus) -> None:
        bus.add_message_handler(lambda signal: self._take_login(bus, signal))
        await match(bus, f"type='signal',sender='{_LOGIN}'")
        await match_owner(bus, _LOGIN)
        await self._ask_login(bus)

    async def _ask_login(self, bus: MessageBus) -> None:
        """Which sessions are ours, and whether they are locked."""
        listed = await call(bus, _LOGIN, _LOGIN_PATH, _MANAGER, "ListSessions")
        self._sessions = {row[4] for row in (listed[0] if listed else []) if row[1] == os.getuid()}
        for path in tuple(self._sessions):  # some may end meanwhile
            hint = await call(bus, _LOGIN, path, _PROPERTIES, "Get", "ss", [_SESSION, "LockedHint"])
            if hint and path in self._sessions:
                self._set(path, locked=bool(hint[0].value))

    def _take_login(self, bus: MessageBus, signal: Message) -> None:
        path = signal.path or ""
        if owner_changed(signal, _LOGIN) is not None:
            self._forget("system")
            self._later(self._ask_login(bus))
        elif signal.member == "PrepareForSleep" and signal.interface == _MANAGER and signal.body:
            with self._lock:
                self._asleep = bool(signal.body[0])
        elif signal.interface == _MANAGER and signal.member == "SessionNew":
            self._later(self._ask_login(bus))  # whose it is, the signal does not say
        elif signal.interface == _MANAGER and signal.member == "SessionRemoved" and len(signal.body) > 1:
            self._end_session(str(signal.body[1]))
        elif path not in self._sessions:
            return
        elif signal.interface == _SESSION and signal.member in ("Lock", "Unlock"):
            self._set(path, locked=signal.member == "Lock")
        elif signal.interface == _PROPERTIES and signal.member == "PropertiesChanged":
            changed = signal.body[1] if len(signal.body) > 1 else {}
            if "LockedHint" in changed:
                self._set(path, locked=bool(changed["LockedHint"].value))

    def _end_session(self, path: str) -> None:
        """One that is over covers nothing; of the many that come and go in days of any user's none is kept."""
        self._sessions.discard(path)
        with self._lock:
            self._flags.pop(path, None)

    async def _watch_savers(self, bus: MessageBus) -> None:
        await self._idle.watch(bus)
        bus.add_message_handler(lambda signal: self._take_saver(bus, signal))
        for name, path in _SAVERS:
            await match(bus, f"type='signal',interface='{name}',member='ActiveChanged'")
            await match_owner(bus, name)
            await self._ask_saver(bus, name, path)

    async def _ask_saver(self, bus: MessageBus, name: str, path: str) -> None:
        active = await call(bus, name, path, name, "GetActive", start=False)
        self._set(name, locked=bool(active and active[0]))  # one that is not there covers nothing

    def _take_saver(self, bus: MessageBus, signal: Message) -> None:
        for name, path in _SAVERS:
            if owner_changed(signal, name) is not None:
                self._later(self._ask_saver(bus, name, path))
            elif signal.member == "ActiveChanged" and signal.body and signal.interface == name:
                self._set(name, locked=bool(signal.body[0]))

    def _later(self, work: Coroutine[Any, Any, None]) -> None:
        """Ask from within a signal's handler, which cannot wait."""
        task = asyncio.ensure_future(_quietly(work))
        self._asking.add(task)
        task.add_done_callback(self._asking.discard)

    def _set(self, key: str, *, locked: bool) -> None:
        with self._lock:
            self._flags[key] = locked

    def _forget(self, which: str) -> None:
        """A bus that is gone says nothing any more; nothing it said may stay for ever."""
        with self._lock:
            if which == "system":
                self._asleep = False
            else:
                self._idle.forget()
            self._flags = {k: v for k, v in self._flags.items() if k.startswith("/") != (which == "system")}


async def _quietly(work: Coroutine[Any, Any, None]) -> None:
    """What a bus that is lost meanwhile leaves unanswered is asked again with the next one."""
    from dbus_fast.errors import DBusError

    with suppress(OSError, DBusError, EOFError):
        await work


def on_battery(folder: Path) -> bool:
    """Whether no mains adapter is online while a battery discharges."""
    discharging = False
    for supply in _entries(folder):
        if _text(supply / "type") == "Mains" and _text(supply / "online") == "1":
            return False
        discharging |= _text(supply / "type") == "Battery" and _text(supply / "status") == "Discharging"
    return discharging


def microphone_in_use(folder: Path) -> bool:
    """Whether any sound card is being recorded from (`pcm…c` is a capture device)."""
    return any(
        "RUNNING" in _text(status)
        for card in _entries(folder)
        if card.name.startswith("card") and card.name[4:].isdigit()
        for status in card.glob("pcm*c/sub*/status")
    )


def _entries(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
