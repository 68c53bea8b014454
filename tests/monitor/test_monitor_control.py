"""The control channel: both transports answer, refuse strangers and nonsense, and belong to their owner."""

from __future__ import annotations

import errno
import itertools
import json
import os
import signal
import socket
import stat
import tempfile
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from limited import NOBODY
from posture_cv.cli.status import lines
from posture_cv.monitor import commands as cmd
from posture_cv.monitor.app import stopping_signals
from posture_cv.monitor.calibrating import DONE
from posture_cv.monitor.control import channel, client, server
from posture_cv.monitor.control.channel import (
    SOCKET_NAME,
    TOKEN_NAME,
    ControlError,
    NotRunningError,
    StartingError,
    Transport,
    require_private,
)
from posture_cv.monitor.control.client import ask, ask_and_wait
from posture_cv.monitor.control.server import ControlServer
from posture_cv.monitor.instance import AlreadyRunningError, SingleInstance, is_running
from posture_cv.monitor.lifecycle import Phase
from posture_cv.monitor.moment import Moment
from posture_cv.monitor.status import StatusBoard
from posture_cv.monitor.tray.view import view_of

NOW_S = 1_700_000_000.0
TRANSPORTS: tuple[Transport, ...] = ("unix", "tcp")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "runtime"
    folder.mkdir(mode=0o700)
    return folder


@pytest.fixture(params=TRANSPORTS)
def transport(request: pytest.FixtureRequest) -> Transport:
    return cast("Transport", request.param)


@pytest.fixture
def running(folder: Path, transport: Transport) -> Iterator[tuple[StatusBoard, cmd.Commands]]:
    board, commands = StatusBoard(), cmd.Commands()
    with ControlServer(folder, board, commands, lambda: NOW_S, transport):
        yield board, commands


def test_the_last_alert_of_another_day_is_said_with_its_day() -> None:
    said = {"number": 7, "time": "2026-11-27T16:30:00+01:00", "cue": "slump", "seen": "You slump."}
    status = {
        "text": "good",
        "time": "2026-11-27T17:00:00+01:00",
        "last_alert": said,
        "trouble": "the disk is full",
    }
    assert lines(status)[-1] == "  last alert #7 at 16:30: You slump."
    assert "  the disk is full" in lines(status)
    assert view_of(status).detail == "the disk is full"
    assert lines(status | {"time": "2026-11-28T09:00:00+01:00"})[-1].endswith(
        "at 16:30 (2026-11-27): You slump."
    )


def test_status_is_the_latest_moment(
    running: tuple[StatusBoard, cmd.Commands], folder: Path, transport: Transport
) -> None:
    first = ask("status", folder=folder, transport=transport)["status"]
    assert (first["phase"], first["pid"]) == ("starting", os.getpid())
    running[0].show(Moment(12.0, NOW_S, Phase.LOCKED))
    status = ask("status", folder=folder, transport=transport)["status"]
    assert status["phase"] == "locked"
    assert status["time"].startswith("2023-11-1")
    assert not status["camera_open"]


def test_verbs_become_commands(
    running: tuple[StatusBoard, cmd.Commands], folder: Path, transport: Transport
) -> None:
    def send(verb: str, **args: float | str | list[str] | None) -> None:
        ask(verb, dict(args), folder=folder, transport=transport)

    send("pause", until=NOW_S + 60)
    send("pause", until=None)
    send("resume")
    send("snooze", seconds=30)
    send("answer", alert=4, response="right")
    send("sooner", cues=["slump", "shrug"])
    send("reset_feedback")
    send("recalibrate")
    send("recalibrate", moved=True)
    send("stop")
    commands = running[1]
    taken = [commands.take() for _ in range(11)]
    assert taken == [
        cmd.Pause(NOW_S + 60),
        cmd.Pause(float("inf")),
        cmd.Resume(),
        cmd.Snooze(30.0),
        cmd.Answer(4, "right"),
        cmd.Sooner(("slump", "shrug")),
        cmd.ResetFeedback(),
        cmd.Recalibrate(),
        cmd.FollowCamera(),
        cmd.Stop("stopped by request"),
        None,
    ]
    assert commands.stop_asked


def test_a_command_is_waited_for_until_the_status_shows_it(
    running: tuple[StatusBoard, cmd.Commands], folder: Path, transport: Transport
) -> None:
    board, commands = running

    def wait(seconds: float) -> bool:
        return ask_and_wait("resume", folder=folder, transport=transport, within_s=seconds)

    assert not wait(0.0), "nobody takes it"
    board.show(Moment(1.0, NOW_S, Phase.PAUSED, obeyed=1))
    assert not wait(0.0), "only the one before is obeyed"
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(wait, 30.0)
        while commands.take() is None or commands.taken < 3:
            pass
        board.show(Moment(2.0, NOW_S, Phase.WATCHING, obeyed=commands.taken))
        assert waiting.result()


@pytest.mark.parametrize(
    ("verb", "args"),
    [
        ("format", {}),
        ("pause", {"until": NOW_S - 1}),
        ("pause", {"until": NOW_S + 9 * 86400.0}),
        ("pause", {"until": "tomorrow"}),
        ("snooze", {}),
        ("recalibrate", {"moved": "yes"}),
        ("recalibrate", {"moved": True, "quick": True}),
        ("snooze", {"seconds": True}),
        ("snooze", {"seconds": 10**400}),
        ("sooner", {}),
        ("sooner", {"cues": "slump"}),
        ("sooner", {"cues": []}),
        ("sooner", {"cues": ["slump", ["shrug"]]}),
        ("answer", {"alert": 1, "response": "maybe"}),
        ("answer", {"alert": -1, "response": "right"}),
        ("answer", {"alert": True, "response": "right"}),
    ],
)
def test_what_makes_no_sense_is_refused_and_does_nothing(
    running: tuple[StatusBoard, cmd.Commands],
    folder: Path,
    transport: Transport,
    verb: str,
    args: dict[str, Any],
) -> None:
    with pytest.raises(ControlError, match="cannot be understood"):
        ask(verb, args, folder=folder, transport=transport)
    assert running[1].take() is None


def _raw(folder: Path, transport: Transport, data: bytes) -> bytes:
    if transport == "unix":
        connection = socket.socket(socket.AF_UNIX)
        connection.connect(str(folder / SOCKET_NAME))
    else:
        port = json.loads((folder / TOKEN_NAME).read_text())["port"]
        connection = socket.create_connection(("127.0.0.1", port))
    with connection:
        connection.settimeout(10)
        answer = b""
        try:
            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)
            while part := connection.recv(4096):
                answer += part
        except OSError:  # it hung up
            return answer
    return answer


def test_a_web_page_cannot_say_anything(
    running: tuple[StatusBoard, cmd.Commands], folder: Path, transport: Transport
) -> None:
    post = b'POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 15\r\n\r\n{"verb":"stop"}\n'
    assert b'"ok": false' in _raw(folder, transport, post)
    assert running[1].take() is None


def test_the_loopback_port_wants_the_token(folder: Path) -> None:
    commands = cmd.Commands()
    with ControlServer(folder, StatusBoard(), commands, lambda: NOW_S, "tcp"):
        for token in (b"", b',"token":"guess"', b',"token":7', b',"token":"\xc3\xa4"'):
            answer = _raw(folder, "tcp", b'{"verb":"stop"' + token + b"}\n")
            assert b'"ok": false' in answer
        assert commands.take() is None
        assert stat.S_IMODE((folder / TOKEN_NAME).stat().st_mode) == 0o600
    assert not (folder / TOKEN_NAME).exists()


def test_too_much_and_too_little_end_the_connection(
    running: tuple[StatusBoard, cmd.Commands], folder: Path, transport: Transport
) -> None:
    assert _raw(folder, transport, b"x" * 300_000) == b""
    assert _raw(folder, transport, b"") == b""
    assert ask("ping", folder=folder, transport=transport)["ok"]


_ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)
_VERBS = st.sampled_from(["status", "pause", "snooze", "answer", "resume", "sooner"])
_REQUESTS = st.fixed_dictionaries({"verb": _VERBS | _ANY, "args": _ANY}) | _ANY


@given(st.one_of(st.binary(max_size=200), _REQUESTS.map(lambda r: json.dumps(r).encode())))
def test_no_request_breaks_the_server(line: bytes) -> None:
    server = ControlServer(Path(), StatusBoard(), cmd.Commands(), lambda: NOW_S)
    server._token = ""
    answer = server.answer(line)
    assert isinstance(answer["ok"], bool)
    json.dumps(answer)


def test_only_the_owner_may_enter(folder: Path) -> None:
    with ControlServer(folder, StatusBoard(), cmd.Commands(), lambda: NOW_S, "unix"):
        assert stat.S_IMODE((folder / SOCKET_NAME).stat().st_mode) == 0o600
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert not (folder / SOCKET_NAME).exists()


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only root can be another user")
def test_another_user_who_gets_as_far_as_the_channel_is_not_answered() -> None:
    commands = cmd.Commands()
    with (
        tempfile.TemporaryDirectory() as name,
        ControlServer(Path(name), StatusBoard(), commands, lambda: NOW_S, "unix"),
        socket.socket(socket.AF_UNIX) as stranger,
    ):
        Path(name).chmod(0o755)
        (Path(name) / SOCKET_NAME).chmod(0o666)
        os.seteuid(NOBODY)
        try:
            stranger.connect(str(Path(name) / SOCKET_NAME))
        finally:
            os.seteuid(0)
        stranger.settimeout(10)
        said = b""
        with suppress(OSError):  # it hung up
            stranger.sendall(b'{"verb":"stop"}\n')
            said = stranger.recv(100)
        assert said == b""
        assert ask("ping", folder=Path(name))["ok"]
    assert commands.take() is None


def test_of_a_line_without_end_no_more_is_waited_for_than_a_line_may_hold() -> None:
    here, there = socket.socketpair()
    with here, there:
        here.sendall(b"x" * (channel.MAX_LINE_BYTES + 1))
        assert channel.read_line(there, 10.0) is None


def test_a_new_calibration_forgets_how_the_last_one_ended() -> None:
    board = StatusBoard()
    server = ControlServer(Path(), board, cmd.Commands(), lambda: NOW_S)
    server._token = ""
    board.show(Moment(1.0, NOW_S, Phase.WATCHING, prompt=DONE))
    assert board.snapshot()["calibration"] == DONE
    assert server.answer(b'{"verb": "recalibrate"}')["ok"]
    assert board.snapshot()["calibration"] == ""


def test_a_folder_open_to_others_is_closed_and_a_link_is_refused(tmp_path: Path) -> None:
    wide = tmp_path / "wide"
    wide.mkdir()
    wide.chmod(0o755)
    require_private(wide)
    assert stat.S_IMODE(wide.stat().st_mode) == 0o700
    link = tmp_path / "link"
    link.symlink_to(wide)
    with pytest.raises(ControlError, match="not safe"):
        require_private(link)


def test_a_long_path_works_too(tmp_path: Path) -> None:
    folder = tmp_path / ("long" * 30)
    folder.mkdir(mode=0o700)
    with ControlServer(folder, StatusBoard(), cmd.Commands(), lambda: NOW_S, "unix"):
        assert ask("ping", folder=folder, transport="unix")["ok"]


def test_nobody_there_is_exit_code_three(folder: Path, transport: Transport) -> None:
    with pytest.raises(NotRunningError) as caught:
        ask("status", folder=folder, transport=transport)
    assert caught.value.exit_code == 3


def test_a_socket_left_by_a_killed_monitor_is_nobody_and_is_replaced(folder: Path) -> None:
    left = socket.socket(socket.AF_UNIX)
    left.bind(str(folder / SOCKET_NAME))
    left.close()
    with pytest.raises(NotRunningError):
        ask("status", folder=folder, transport="unix")
    with ControlServer(folder, StatusBoard(), cmd.Commands(), lambda: NOW_S, "unix"):
        assert ask("ping", folder=folder, transport="unix")["ok"]


def test_a_monitor_without_a_channel_yet_is_starting_and_is_waited_for(
    folder: Path, transport: Transport
) -> None:
    def ping(timeout_s: float) -> dict[str, Any]:
        return ask("ping", folder=folder, timeout_s=timeout_s, transport=transport)

    with SingleInstance(folder):
        with pytest.raises(StartingError, match="is starting") as caught:
            ping(0.1)
        assert caught.value.exit_code == 2
        with pytest.raises(AlreadyRunningError, match="starting already"), SingleInstance(folder):
            pass
        with ThreadPoolExecutor() as pool:
            answer = pool.submit(ping, 60.0)
            with ControlServer(folder, StatusBoard(), cmd.Commands(), lambda: NOW_S, transport):
                assert answer.result()["ok"]
    with pytest.raises(NotRunningError):
        ping(0.1)


def test_who_only_looks_whether_one_runs_keeps_none_from_starting(folder: Path) -> None:
    with SingleInstance(folder):
        pass
    looking = threading.Event()

    def look() -> None:
        while not looking.wait(0.002):
            is_running(folder)

    with ThreadPoolExecutor() as pool:
        pool.submit(look)
        for _ in range(50):
            with SingleInstance(folder):
                assert is_running(folder)
        looking.set()


def test_a_monitor_that_hangs_is_an_error_in_time(folder: Path) -> None:
    with socket.socket(socket.AF_UNIX) as deaf:
        deaf.bind(str(folder / SOCKET_NAME))
        deaf.listen(1)
        with pytest.raises(ControlError, match="does not answer"):
            ask("status", folder=folder, timeout_s=0.2, transport="unix")


def test_a_monitor_that_too_many_ask_at_once_is_running(
    folder: Path, transport: Transport, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It hangs up on one more; who is told that none runs would start another, or write into its history."""
    monkeypatch.setattr(server, "_MOST_CONNECTIONS", 0)
    monkeypatch.setattr(client, "_ENDED_WITHIN_S", 0.0)
    with (
        SingleInstance(folder),
        ControlServer(folder, StatusBoard(), cmd.Commands(), lambda: NOW_S, transport),
        pytest.raises(ControlError, match="is running and hung up"),
    ):
        ask("status", folder=folder, transport=transport)


def test_a_monitor_that_hangs_up_and_ends_is_not_running(
    folder: Path, transport: Transport, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "_MOST_CONNECTIONS", 0)
    alone = SingleInstance(folder)
    with alone, ControlServer(folder, StatusBoard(), cmd.Commands(), lambda: NOW_S, transport):
        monkeypatch.setattr("posture_cv.monitor.control.client.time.sleep", lambda _: alone._lock.release())
        with pytest.raises(NotRunningError):
            ask("status", folder=folder, transport=transport)


class _Refusing:
    """A listening socket whose first connections the system cannot give."""

    def __init__(self, inner: socket.socket) -> None:
        self.inner, self.refusals = inner, 2

    def accept(self) -> tuple[socket.socket, Any]:
        if self.refusals:
            self.refusals -= 1
            raise OSError(errno.EMFILE, "Too many open files")
        return self.inner.accept()

    def __getattr__(self, name: str) -> object:
        return getattr(self.inner, name)


def test_too_many_open_files_for_a_while_do_not_make_the_monitor_deaf(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def listen(folder: Path, transport: Transport) -> tuple[Any, str]:
        inner, token = channel.listen(folder, transport)
        return _Refusing(inner), token

    monkeypatch.setattr(server, "listen", listen)
    monkeypatch.setattr(server, "_REST_S", 0.001)
    with ControlServer(folder, StatusBoard(), cmd.Commands(), lambda: NOW_S, "unix"):
        assert ask("ping", folder=folder, timeout_s=5.0, transport="unix")["ok"]


def test_no_thread_for_a_connection_hangs_up_and_keeps_its_place_free(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class NoThread:
        def __init__(self, **_: object) -> None: ...

        def start(self) -> None:
            raise RuntimeError("can't start new thread")

    control = ControlServer(Path(), StatusBoard(), cmd.Commands(), lambda: NOW_S)
    places = control._free._value
    ours, theirs = socket.socketpair()
    monkeypatch.setattr("posture_cv.monitor.control.server.threading.Thread", NoThread)
    with theirs:
        control._take(ours)
        assert theirs.recv(1) == b""
    assert control._free._value == places


def test_a_line_that_drips_is_given_up_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    class Dripping:
        def settimeout(self, left_s: float) -> None:
            assert 0.0 < left_s <= 2.0

        def recv(self, _: int) -> bytes:
            return b"x"

    clock_s = itertools.count(0.0, 0.5)
    monkeypatch.setattr("posture_cv.monitor.control.channel.time.monotonic", lambda: next(clock_s))
    with pytest.raises(TimeoutError):
        channel.read_line(cast("socket.socket", Dripping()), 2.0)


def test_a_signal_in_the_middle_of_a_command_does_not_wait_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    commands = cmd.Commands()
    inner = commands._queue

    class Interrupted:
        """A queue during whose first put the thread's own signal handler puts another command."""

        def put(self, command: cmd.Command) -> None:
            if not commands.stop_asked:
                commands.put(cmd.Stop("SIGTERM"))
            inner.put(command)

    monkeypatch.setattr(commands, "_queue", Interrupted())
    thread = threading.Thread(target=commands.put, args=(cmd.Resume(),), daemon=True)
    thread.start()
    thread.join(5.0)
    assert not thread.is_alive()
    assert (inner.get_nowait(), inner.get_nowait()) == (cmd.Stop("SIGTERM"), cmd.Resume())


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="no terminal hangs up here")
@pytest.mark.parametrize(
    ("terminal", "nohup", "ends"), [(True, False, True), (True, True, False), (False, True, True)]
)
def test_a_monitor_that_was_started_with_nohup_outlives_its_terminal(
    *, terminal: bool, nohup: bool, ends: bool
) -> None:
    commands = cmd.Commands()
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN if nohup else signal.SIG_DFL)
    try:
        with stopping_signals(commands, terminal=terminal):
            signal.raise_signal(signal.SIGHUP)
    finally:
        signal.signal(signal.SIGHUP, before)
    assert commands.stop_asked is ends


@pytest.mark.skipif(os.name == "nt", reason="Windows ends a process without asking")
@pytest.mark.parametrize(
    ("number", "said"),
    [
        (signal.SIGINT, "Ctrl-C"),
        (signal.SIGTERM, "the system asked for it (SIGTERM)"),
        (signal.SIGHUP, "its terminal or session was closed"),
    ],
)
def test_why_it_ended_is_said_in_words(number: signal.Signals, said: str) -> None:
    commands = cmd.Commands()
    with stopping_signals(commands, terminal=False):
        signal.raise_signal(number)
    assert commands.take() == cmd.Stop(said)
