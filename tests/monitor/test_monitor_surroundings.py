"""Lock, sleep, battery and microphone: signals of a made-up logind on a private bus, files of a made-up kernel."""

from __future__ import annotations

import asyncio
import os
import platform
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from functools import partial
from pathlib import Path

import pytest
from dbus_fast.aio import MessageBus
from dbus_fast.constants import PropertyAccess
from dbus_fast.service import ServiceInterface, dbus_property, dbus_signal, method

from monitor.notification_server import OnTheBus, left, private_bus
from posture_cv.monitor import surroundings
from posture_cv.monitor.app import Request
from posture_cv.monitor.assembling import surroundings_of
from posture_cv.monitor.ports import Surroundings
from posture_cv.monitor.surroundings import LinuxSurroundings, microphone_in_use, on_battery
from posture_cv.output.bus import NoBusError, joined
from posture_cv.settings import Settings

NAMES = ("org.freedesktop.login1", "org.freedesktop.ScreenSaver", "org.gnome.Mutter.IdleMonitor")

MINE, OTHER, LATER = (f"/org/freedesktop/login1/session/_3{number}" for number in "123")


class _Manager(ServiceInterface):
    def __init__(self) -> None:
        super().__init__("org.freedesktop.login1.Manager")
        self.mine = [MINE]

    @method()
    def ListSessions(self) -> a(susso):  # type: ignore[valid-type] # noqa: F821, N802
        mine = [[str(k), os.getuid(), "me", "seat0", path] for k, path in enumerate(self.mine, 3)]
        return [*mine, ["2", os.getuid() + 1, "other", "seat0", OTHER]]

    @dbus_signal()
    def SessionNew(self, name: str, path: str) -> so:  # type: ignore[name-defined] # noqa: F821, N802
        return [name, path]

    @dbus_signal()
    def SessionRemoved(self, name: str, path: str) -> so:  # type: ignore[name-defined] # noqa: F821, N802
        return [name, path]

    @dbus_signal()
    def PrepareForSleep(self, begins: bool) -> b:  # type: ignore[name-defined] # noqa: F821, N802
        return begins


class _Session(ServiceInterface):
    def __init__(self) -> None:
        super().__init__("org.freedesktop.login1.Session")
        self.locked = False
        self.asked: Callable[[], object] = bool

    @dbus_property(access=PropertyAccess.READ)
    def LockedHint(self) -> b:  # type: ignore[name-defined] # noqa: F821, N802
        self.asked()
        return self.locked

    @dbus_signal()
    def Lock(self) -> None:  # noqa: N802
        """The desktop is asked to lock."""

    @dbus_signal()
    def Unlock(self) -> None:  # noqa: N802
        """And to unlock."""

    def hint(self, locked: bool) -> None:
        self.locked = locked
        self.emit_properties_changed({"LockedHint": locked})


class _Saver(ServiceInterface):
    def __init__(self, name: str = "org.freedesktop.ScreenSaver") -> None:
        super().__init__(name)
        self.active = False

    @method()
    def GetActive(self) -> b:  # type: ignore[name-defined] # noqa: F821, N802
        return self.active

    @dbus_signal()
    def ActiveChanged(self, active: bool) -> b:  # type: ignore[name-defined] # noqa: F821, N802
        return active


class _Mutter(ServiceInterface):
    """GNOME's idle monitor: a watch for idleness that stays, watches for activity that fire once."""

    def __init__(self) -> None:
        super().__init__("org.gnome.Mutter.IdleMonitor")
        self.idle_ms = 0
        self.active_watches: list[int] = []

    @method()
    def GetIdletime(self) -> t:  # type: ignore[name-defined] # noqa: F821, N802
        return self.idle_ms

    @method()
    def AddIdleWatch(self, interval_ms: t) -> u:  # type: ignore[name-defined] # noqa: F821, N802
        assert interval_ms == 60_000
        return 1

    @method()
    def AddUserActiveWatch(self) -> u:  # type: ignore[name-defined] # noqa: F821, N802
        self.active_watches.append(2 + len(self.active_watches))
        return self.active_watches[-1]

    @dbus_signal()
    def WatchFired(self, number: int) -> u:  # type: ignore[name-defined] # noqa: F821, N802
        return number


class Desktop(OnTheBus):
    """logind and a screen saver on one bus, while it is entered."""

    def __init__(self, address: str) -> None:
        super().__init__(address, "desktop")
        self.manager, self.saver = _Manager(), _Saver()
        self.mine, self.other, self.later = _Session(), _Session(), _Session()
        self.mutter = _Mutter()

    def emit(self, signal: Callable[..., object], *values: object) -> None:
        """Send a signal."""
        self._loop.call_soon_threadsafe(signal, *values)

    def give_up(self, name: str) -> None:
        """The service of that name is gone."""
        self._do(self._released(name))

    def come_back(self, name: str) -> None:
        """And there again."""
        self._do(self._requested(name))

    async def _released(self, name: str) -> None:
        await self._bus.release_name(name)

    async def _requested(self, name: str) -> None:
        await self._bus.request_name(name)

    async def _start(self) -> None:
        self._bus = await MessageBus(bus_address=self._address).connect()
        self._bus.export("/org/freedesktop/login1", self.manager)
        self._bus.export(MINE, self.mine)
        self._bus.export(OTHER, self.other)
        self._bus.export(LATER, self.later)
        self._bus.export("/org/freedesktop/ScreenSaver", self.saver)
        self._bus.export("/org/gnome/Mutter/IdleMonitor/Core", self.mutter)
        for name in NAMES:
            await self._bus.request_name(name)

    async def _leave(self) -> None:
        await left(self._bus, *NAMES)


class Saver(OnTheBus):
    """A screen saver alone, on when it comes."""

    def __init__(self, address: str, name: str, path: str) -> None:
        super().__init__(address, "saver")
        self._saver, self._name, self._path = _Saver(name), name, path
        self._saver.active = True

    def turn(self, *, on: bool) -> None:
        """On or off."""
        self._loop.call_soon_threadsafe(self._saver.ActiveChanged, on)

    async def _start(self) -> None:
        self._bus = await MessageBus(bus_address=self._address).connect()
        self._bus.export(self._path, self._saver)
        await self._bus.request_name(self._name)

    async def _leave(self) -> None:
        await left(self._bus, self._name)


@pytest.fixture
def desktop(monkeypatch: pytest.MonkeyPatch) -> Iterator[Desktop]:
    with private_bus() as address:
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
        monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", address)
        with Desktop(address) as made:
            yield made


def _until(source: LinuxSurroundings, true: Callable[[Surroundings], bool], seconds: float = 20.0) -> None:
    deadline_s = time.monotonic() + seconds
    while not true(source.poll()):
        assert time.monotonic() < deadline_s, source.poll()
        time.sleep(0.02)


def _watched(source: LinuxSurroundings, desktop: Desktop) -> None:
    """Wait until signals are heard."""
    deadline_s = time.monotonic() + 20
    while not source.poll().asleep:
        assert time.monotonic() < deadline_s
        desktop.emit(desktop.manager.PrepareForSleep, True)
        time.sleep(0.1)
    desktop.emit(desktop.manager.PrepareForSleep, False)
    _until(source, lambda s: not s.asleep)


def test_signals_of_the_desktop_are_heard(desktop: Desktop) -> None:
    with closing(LinuxSurroundings(calls=False)) as source:
        _watched(source, desktop)
        desktop.emit(desktop.mine.hint, True)
        _until(source, lambda s: s.locked)
        desktop.emit(desktop.mine.hint, False)
        _until(source, lambda s: not s.locked)
        desktop.emit(desktop.mine.Lock)
        _until(source, lambda s: s.locked)
        desktop.emit(desktop.mine.Unlock)
        _until(source, lambda s: not s.locked)
        desktop.emit(desktop.saver.ActiveChanged, True)
        _until(source, lambda s: s.locked)
        desktop.emit(desktop.saver.ActiveChanged, False)
        _until(source, lambda s: not s.locked)


@pytest.mark.parametrize("whose", ["freedesktop", "gnome", "cinnamon", "mate", "xfce"])
def test_the_screen_saver_of_each_desktop_is_heard(whose: str, monkeypatch: pytest.MonkeyPatch) -> None:
    name, path = f"org.{whose}.ScreenSaver", f"/org/{whose}/ScreenSaver"
    with private_bus() as address:
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
        monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", address)
        with Saver(address, name, path) as saver, closing(LinuxSurroundings(calls=False)) as source:
            _until(source, lambda s: s.locked)
            saver.turn(on=False)
            _until(source, lambda s: not s.locked)


def test_keyboard_and_mouse_are_heard_of_without_asking(desktop: Desktop) -> None:
    with closing(LinuxSurroundings(calls=False)) as source:
        _until(source, lambda s: s.idle_s == 0.0)
        for turn in (1, 2):
            desktop.emit(desktop.mutter.WatchFired, 1)
            _until(source, lambda s: s.idle_s is not None and 60.0 <= s.idle_s < 80.0)
            deadline_s = time.monotonic() + 20
            while len(desktop.mutter.active_watches) < turn:
                assert time.monotonic() < deadline_s
                time.sleep(0.02)
            desktop.emit(desktop.mutter.WatchFired, desktop.mutter.active_watches[-1])
            _until(source, lambda s: s.idle_s == 0.0)


def test_who_was_idle_before_is_known_to_be(desktop: Desktop) -> None:
    desktop.mutter.idle_ms = 300_000
    with closing(LinuxSurroundings(calls=False)) as source:
        _until(source, lambda s: s.idle_s is not None and 300.0 <= s.idle_s < 330.0)
        deadline_s = time.monotonic() + 20
        while not desktop.mutter.active_watches:
            assert time.monotonic() < deadline_s
            time.sleep(0.02)
        desktop.emit(desktop.mutter.WatchFired, 2)
        _until(source, lambda s: s.idle_s == 0.0)


def test_a_screen_saver_that_dies_covers_nothing(desktop: Desktop) -> None:
    with closing(LinuxSurroundings(calls=False)) as source:
        _watched(source, desktop)
        desktop.emit(desktop.saver.ActiveChanged, True)
        _until(source, lambda s: s.locked)
        desktop.give_up("org.freedesktop.ScreenSaver")
        _until(source, lambda s: not s.locked)
        desktop.saver.active = True
        desktop.come_back("org.freedesktop.ScreenSaver")
        _until(source, lambda s: s.locked)


def test_a_session_that_begins_later_is_heard(desktop: Desktop) -> None:
    desktop.manager.mine = []
    with closing(LinuxSurroundings(calls=False)) as source:
        _watched(source, desktop)
        desktop.manager.mine, desktop.mine.locked = [MINE], True
        desktop.emit(desktop.manager.SessionNew, "3", MINE)
        _until(source, lambda s: s.locked)
        desktop.emit(desktop.mine.Unlock)
        _until(source, lambda s: not s.locked)


def test_a_session_that_ends_while_it_is_asked_covers_nothing_and_ends_nothing(desktop: Desktop) -> None:
    manager = desktop.manager
    manager.mine = [MINE, LATER]
    desktop.mine.locked = desktop.later.locked = True
    desktop.mine.asked = partial(manager.SessionRemoved, "3", MINE)
    desktop.later.asked = partial(manager.SessionRemoved, "4", LATER)
    with closing(LinuxSurroundings(calls=False)) as source:
        _watched(source, desktop)
        assert not source.poll().locked
        manager.mine, desktop.mine.asked = [MINE], bool
        desktop.emit(manager.SessionNew, "3", MINE)
        _until(source, lambda s: s.locked)
        desktop.emit(manager.SessionRemoved, "3", MINE)
        _until(source, lambda s: not s.locked)


def test_of_the_sessions_that_have_ended_nothing_is_kept(desktop: Desktop) -> None:
    with closing(LinuxSurroundings(calls=False)) as source:
        _watched(source, desktop)
        kept = len(source._flags)
        for number in range(100):  # as cron and ssh begin and end them, for days
            desktop.emit(desktop.manager.SessionRemoved, str(number), f"{MINE}_{number}")
        desktop.emit(desktop.manager.PrepareForSleep, True)  # comes after them
        _until(source, lambda s: s.asleep)
        assert len(source._flags) == kept


def test_a_logind_that_comes_back_is_asked_anew(desktop: Desktop) -> None:
    desktop.mine.locked = True
    with closing(LinuxSurroundings(calls=False)) as source:
        _until(source, lambda s: s.locked)
        desktop.emit(desktop.manager.PrepareForSleep, True)
        _until(source, lambda s: s.asleep)
        desktop.give_up("org.freedesktop.login1")
        _until(source, lambda s: not (s.locked or s.asleep))
        desktop.come_back("org.freedesktop.login1")
        _until(source, lambda s: s.locked)


def test_of_a_bus_that_is_gone_nothing_is_held(monkeypatch: pytest.MonkeyPatch) -> None:
    with ExitStack() as stack:
        address = stack.enter_context(private_bus())
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
        monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", address)
        stack.enter_context(Desktop(address))
        with closing(LinuxSurroundings(calls=False)) as source:
            _until(source, lambda s: s.idle_s == 0.0)
            stack.close()
            _until(source, lambda s: s.idle_s is None)


def test_another_users_lock_is_not_ours(desktop: Desktop) -> None:
    with closing(LinuxSurroundings(calls=False)) as source:
        _watched(source, desktop)
        desktop.emit(desktop.other.hint, True)
        desktop.emit(
            desktop.manager.PrepareForSleep, True
        )  # the later signal proves that the earlier one came
        _until(source, lambda s: s.asleep)
        assert not source.poll().locked


def test_a_session_locked_before_is_known(desktop: Desktop) -> None:
    desktop.mine.locked = True
    with closing(LinuxSurroundings(calls=False)) as source:
        _until(source, lambda s: s.locked)


def test_without_any_bus_nothing_is_known(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", f"unix:path={tmp_path}/none")
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", f"unix:path={tmp_path}/none")
    with closing(LinuxSurroundings(calls=True, power=tmp_path, sound=tmp_path)) as source:
        time.sleep(0.2)
        assert source.poll() == Surroundings()


@pytest.mark.parametrize("system", [False, True])
def test_an_address_that_makes_no_sense_is_no_bus(monkeypatch: pytest.MonkeyPatch, *, system: bool) -> None:
    """Who watches tries again later; any other error would end that for good."""
    for name in ("SESSION", "SYSTEM"):
        monkeypatch.setenv(f"DBUS_{name}_BUS_ADDRESS", "tcp:host=127.0.0.1,port=99999")
    with pytest.raises(NoBusError, match="port"):
        asyncio.run(joined(system=system))


def _supply(folder: Path, name: str, **values: str) -> None:
    (folder / name).mkdir(exist_ok=True)
    for key, value in values.items():
        (folder / name / key).write_text(value + "\n")


def test_battery(tmp_path: Path) -> None:
    assert not on_battery(tmp_path / "nothing")
    _supply(tmp_path, "BAT0", type="Battery", status="Discharging")
    assert on_battery(tmp_path)
    _supply(tmp_path, "AC", type="Mains", online="0")
    assert on_battery(tmp_path)
    _supply(tmp_path, "AC", type="Mains", online="1")
    assert not on_battery(tmp_path)


def _sound(folder: Path, device: str, state: str) -> None:
    """A device of the first sound card: pcm0p plays, pcm0c records."""
    place = folder / "card0" / device / "sub0"
    place.mkdir(parents=True, exist_ok=True)
    (place / "status").write_text(f"state: {state}\nowner_pid: 77\n")


def test_microphone(tmp_path: Path) -> None:
    _sound(tmp_path, "pcm0p", "RUNNING")
    _sound(tmp_path, "pcm0c", "closed")
    assert not microphone_in_use(tmp_path), "playing is no call"
    _sound(tmp_path, "pcm0c", "RUNNING")
    assert microphone_in_use(tmp_path)


@pytest.mark.skipif(platform.system() != "Linux", reason="the microphone is looked at on Linux only")
@pytest.mark.parametrize(("option", "setting"), [(False, False), (True, False), (False, True)])
def test_calls_are_looked_for_where_the_option_or_the_settings_ask_for_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, *, option: bool, setting: bool
) -> None:
    _sound(tmp_path, "pcm0c", "RUNNING")
    monkeypatch.setattr(surroundings, "LinuxSurroundings", partial(LinuxSurroundings, sound=tmp_path))
    settings = Settings.model_validate({"monitor": {"pause_in_calls": setting}})
    request = Request("0", settings, pause_in_calls=option)
    with ExitStack() as stack:
        in_call = surroundings_of(request, stack, live=True).poll().in_call
    assert in_call == request.pauses_in_calls == (option or setting)


def test_a_bus_that_is_lost_takes_along_what_it_said_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def nobody_is_heard(*_: object) -> None:
        """What is lost is said below, and nothing by a bus of this machine."""

    monkeypatch.setattr(LinuxSurroundings, "_keep_watching", nobody_is_heard)
    with closing(LinuxSurroundings(calls=False)) as source:
        source._set("/org/freedesktop/login1/session/_1", locked=True)
        source._set("org.mate.ScreenSaver", locked=True)
        source._forget("session")
        assert source.poll().locked
        source._set("org.mate.ScreenSaver", locked=True)
        source._forget("system")
        assert source.poll().locked
        source._forget("session")
        assert not source.poll().locked
