"""Asks the running monitor; imports next to nothing, so that `posture-cv status` is quick."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from posture_cv.monitor.control.channel import (
    TRANSPORT,
    ControlError,
    NotRunningError,
    Transport,
    connect,
    read_line,
)

ANSWER_TIMEOUT_S: Final = 5.0


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

    Raises:
        NotRunningError: no monitor runs. ControlError: it does not answer, or refuses.
    """
    if folder is None:
        from posture_cv.paths import runtime_dir

        folder = runtime_dir()
    connection, token = connect(folder, timeout_s, transport)
    request: dict[str, Any] = {"verb": verb, "args": args or {}}
    if token:
        request["token"] = token
    try:
        with connection:
            connection.sendall(json.dumps(request).encode() + b"\n")
            line = read_line(connection)
    except TimeoutError as error:
        raise ControlError(
            "The monitor does not answer.",
            f"It gave no answer within {timeout_s:g} s.",
            "Try again; if it stays so, end it with your system's task manager.",
        ) from error
    except OSError as error:
        raise NotRunningError from error
    return _checked(line)


def _checked(line: bytes | None) -> dict[str, Any]:
    if line is None:
        raise NotRunningError
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
