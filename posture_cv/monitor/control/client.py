"""Asks the running monitor; imports next to nothing, so that `posture-cv status` is quick."""

from __future__ import annotations

import json
import socket
import time
from pathlib import Path
from typing import Any, Final

from posture_cv.errors import PostureError
from posture_cv.monitor.control.channel import (
    TRANSPORT,
    ControlError,
    NotRunningError,
    StartingError,
    Transport,
    connect,
    read_line,
)

ANSWER_TIMEOUT_S: Final = 5.0
OBEYED_WITHIN_S: Final = 2.0
"""So long is waited for a command to be obeyed; the loop takes them every half a second at least; ours."""
_AGAIN_S: Final = 0.05
_ENDED_WITHIN_S: Final = 2.0
"""The channel's thread is given a second to end; ours."""


def ask(
    verb: str,
    args: dict[str, Any] | None = None,
    *,
    folder: Path | None = None,
    timeout_s: float = ANSWER_TIMEOUT_S,
    transport: Transport = TRANSPORT,
) -> dict[str, Any]:
    """The answer of the running monitor.

    Args:
        verb: see `server.VERBS`.
        args: its arguments.
        folder: the runtime folder; None: this user's.
        timeout_s: how long a monitor that has just begun, and then its answer, are waited for.

    Raises:
        NotRunningError: no monitor runs. StartingError: it has no channel yet. ControlError: it does not answer,
            hangs up, or refuses.
    """
    if folder is None:
        from posture_cv.paths import runtime_dir

        folder = runtime_dir()
    connection, token = _reached(folder, timeout_s, transport)
    request: dict[str, Any] = {"verb": verb, "args": args or {}}
    if token:
        request["token"] = token
    try:
        with connection:
            connection.sendall(json.dumps(request).encode() + b"\n")
            line = read_line(connection, timeout_s)
    except TimeoutError as error:
        raise ControlError(
            "The monitor does not answer.",
            f"It gave no answer within {timeout_s:g} s.",
            "Try again; if it stays so, end it with your system's task manager.",
        ) from error
    except OSError as error:
        raise _hung_up(folder) from error
    if line is None:
        raise _hung_up(folder)
    return _checked(line)


def ask_and_wait(
    verb: str,
    args: dict[str, Any] | None = None,
    *,
    folder: Path | None = None,
    transport: Transport = TRANSPORT,
    within_s: float = OBEYED_WITHIN_S,
) -> bool:
    """Ask for something and wait until the monitor has done it; False: it has not yet, but it will.

    Args:
        verb, args, folder, transport: as in `ask`; a verb that becomes a command.
        within_s: so long is waited.

    Raises:
        As `ask`.
    """
    # A monitor that still runs from before an update numbers nothing: nothing can be waited for.
    number = ask(verb, args, folder=folder, transport=transport).get("number", 0)
    deadline_s = time.monotonic() + within_s
    while ask("status", folder=folder, transport=transport)["status"].get("obeyed", 0) < number:
        if time.monotonic() > deadline_s:
            return False
        time.sleep(_AGAIN_S)
    return True


def _reached(folder: Path, timeout_s: float, transport: Transport) -> tuple[socket.socket, str]:
    """A connection; a monitor that has begun opens its channel in a moment."""
    from posture_cv.monitor.instance import is_running

    deadline_s = time.monotonic() + timeout_s
    while True:
        try:
            return connect(folder, timeout_s, transport)
        except NotRunningError:
            if not is_running(folder):
                raise
        if time.monotonic() > deadline_s:
            raise StartingError
        time.sleep(_AGAIN_S)


def _hung_up(folder: Path) -> PostureError:
    """Why no answer came. A monitor that ends closes its channel first and then lets go of its lock."""
    from posture_cv.monitor.instance import is_running

    deadline_s = time.monotonic() + _ENDED_WITHIN_S
    while is_running(folder):
        if time.monotonic() > deadline_s:
            return ControlError(
                "The monitor is running and hung up.",
                "Too many are asking it at once, or it wants for memory.",
                "Try again in a moment: posture-cv status",
            )
        time.sleep(_AGAIN_S)
    return NotRunningError()


def _checked(line: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(line)
    except ValueError as error:
        raise ControlError("The monitor's answer cannot be read.", f"{error}.") from error
    if not isinstance(answer, dict):
        raise ControlError("The monitor's answer cannot be read.", "It is no object.")
    if answer.get("ok"):
        return answer
    fault = answer.get("error")
    fault = fault if isinstance(fault, dict) else {}
    raise ControlError(
        str(fault.get("title") or "The monitor refused."),
        str(fault.get("detail") or ""),
        str(fault.get("what_to_do") or ""),
    )
