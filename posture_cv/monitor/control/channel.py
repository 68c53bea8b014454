"""How both ends of the control channel find and trust each other.

Where the system has Unix sockets: `control.sock` (0600) in the runtime folder (0700, ours, no link). On Windows:
a port on the loopback interface, with a token from a file that only the owner can read; another user, or a web
page, can connect there but not say the token.
"""

from __future__ import annotations

import hmac
import json
import os
import secrets
import socket
import stat
import struct
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final, Literal

from posture_cv.errors import PostureError
from posture_cv.file_facts import file_identity
from posture_cv.paths import ELSEWHERE

SOCKET_NAME: Final = "control.sock"
TOKEN_NAME: Final = "control.json"  # noqa: S105 - a file's name
MAX_LINE_BYTES: Final = 1 << 16
_LONGEST_PATH_BYTES: Final = 100  # sun_path holds 104 (macOS) or 108 (Linux), with its end

Transport = Literal["unix", "tcp"]
TRANSPORT: Final[Transport] = "tcp" if sys.platform == "win32" else "unix"


class ControlError(PostureError):
    """The control channel cannot be used."""


class NotRunningError(PostureError):
    """No monitor runs (exit code 3, as service managers use it)."""

    exit_code = 3

    def __init__(self) -> None:
        super().__init__("No monitor is running.", "", "Start one: posture-cv monitor --background")


class StartingError(ControlError):
    """A monitor has the lock and no control channel yet."""

    def __init__(self) -> None:
        super().__init__(
            "A monitor is starting.", "It does not answer yet.", "Try again in a moment: posture-cv status"
        )


def require_private(folder: Path) -> None:
    """Refuse a runtime folder that another user could have laid out.

    Raises:
        ControlError: it is a link, belongs to somebody else, or others may enter it.
    """
    if os.name != "posix":
        return
    about = folder.lstat()
    owned = stat.S_ISDIR(about.st_mode) and about.st_uid == os.getuid()
    if owned and about.st_mode & 0o077:
        folder.chmod(0o700)
        about = folder.lstat()
    if not owned or about.st_mode & 0o077:
        raise ControlError(
            f"The folder for the control channel is not safe: {folder}",
            "It must be a folder of yours that nobody else may enter, and no link.",
            f"Remove it, or {ELSEWHERE}.",
        )


@contextmanager
def _short(folder: Path) -> Iterator[str]:
    """The socket's address, short enough for the system: by way of an open folder where the path is long."""
    path = str(folder / SOCKET_NAME)
    if len(os.fsencode(path)) <= _LONGEST_PATH_BYTES:
        yield path
        return
    if not sys.platform.startswith("linux"):
        raise ControlError(
            "The path of the control channel is too long.", path, "Name a shorter one: POSTURE_CV_HOME=FOLDER"
        )
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{descriptor}/{SOCKET_NAME}"
    finally:
        os.close(descriptor)


def listen(folder: Path, transport: Transport = TRANSPORT) -> tuple[socket.socket, str]:
    """A listening socket, and the token that requests must name ("" with Unix sockets).

    The caller holds the single-instance lock: whatever lies there is left over.

    Raises:
        ControlError: the folder is not safe, or the channel cannot be made.
    """
    require_private(folder)
    try:
        return _listen_unix(folder) if transport == "unix" else _listen_tcp(folder)
    except OSError as error:
        raise ControlError(
            f"The control channel cannot be made: {folder}",
            f"{error.strerror or error}.",
            "Check the folder and its permissions.",
        ) from error


def _listen_unix(folder: Path) -> tuple[socket.socket, str]:
    with suppress(FileNotFoundError):
        (folder / SOCKET_NAME).unlink()
    server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    with _short(folder) as address:
        server.bind(address)
        (folder / SOCKET_NAME).chmod(0o600)
    server.listen(8)
    return server, ""


def _listen_tcp(folder: Path) -> tuple[socket.socket, str]:
    from posture_cv.atomic import write_atomic

    server = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    server.bind(("127.0.0.1", 0))
    server.listen(8)
    token = secrets.token_urlsafe(32)
    write_atomic(folder / TOKEN_NAME, json.dumps({"port": server.getsockname()[1], "token": token}))
    return server, token


def channel_mark(folder: Path, transport: Transport) -> object:
    """Tells the channel that is found there now from another one; None where there is none."""
    if transport == "unix":  # no other file gets its number while it is bound
        return file_identity(folder / SOCKET_NAME)
    try:
        return (folder / TOKEN_NAME).read_bytes()
    except OSError:
        return None


def remove(folder: Path, transport: Transport = TRANSPORT) -> None:
    """Take the channel's file away."""
    with suppress(OSError):
        (folder / (SOCKET_NAME if transport == "unix" else TOKEN_NAME)).unlink()


def connect(folder: Path, timeout_s: float, transport: Transport = TRANSPORT) -> tuple[socket.socket, str]:
    """A connection to the running monitor, and the token to name.

    Raises:
        NotRunningError: nobody listens.
    """
    try:
        if transport == "unix":
            return _connect_unix(folder, timeout_s), ""
        where = json.loads((folder / TOKEN_NAME).read_text(encoding="utf-8"))
        client = socket.create_connection(("127.0.0.1", int(where["port"])), timeout_s)
        return client, str(where["token"])
    except TimeoutError as error:
        raise _silent() from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise NotRunningError from error


def _connect_unix(folder: Path, timeout_s: float) -> socket.socket:
    client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        client.settimeout(timeout_s)
        with _short(folder) as address:
            client.connect(address)
    except BaseException:
        client.close()
        raise
    return client


def _silent() -> ControlError:
    return ControlError(
        "The monitor does not answer.",
        "A process holds the control channel but says nothing.",
        "End it with your system's task manager and start it again.",
    )


def is_owner(connection: socket.socket) -> bool:
    """Whether the other end is a process of this user, where the system tells (Linux); else True."""
    option = getattr(socket, "SO_PEERCRED", None)
    if option is None or connection.family != getattr(socket, "AF_UNIX", None):
        return True
    packed = connection.getsockopt(socket.SOL_SOCKET, option, struct.calcsize("3i"))
    _, uid, _ = struct.unpack("3i", packed)
    return bool(uid == os.getuid())


def same(token: str, given: object) -> bool:
    """Whether the token is the one given, compared in constant time."""
    return isinstance(given, str) and hmac.compare_digest(token.encode(), given.encode("utf-8", "replace"))


def read_line(connection: socket.socket, within_s: float) -> bytes | None:
    """One line without its end; None if the other end leaves, or goes beyond 64 KiB.

    Raises:
        TimeoutError: the whole line takes longer than `within_s` seconds, however steadily it drips.
    """
    data, until_s = b"", time.monotonic() + within_s
    while b"\n" not in data:
        if len(data) > MAX_LINE_BYTES:
            return None
        left_s = until_s - time.monotonic()
        if left_s <= 0.0:
            raise TimeoutError
        connection.settimeout(left_s)
        part = connection.recv(8192)
        if not part:
            return None
        data += part
    return data.partition(b"\n")[0]
