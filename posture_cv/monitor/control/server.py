"""The monitor's end of the control channel: a thread that answers from the snapshot and queues commands."""

from __future__ import annotations

import json
import math
import socket
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, Self

from posture_cv.assess.answers import RESPONSES
from posture_cv.assess.settings import CUES
from posture_cv.assess.typed import finite
from posture_cv.closing import Closing
from posture_cv.monitor import commands as cmd
from posture_cv.monitor.control.channel import (
    TRANSPORT,
    Transport,
    channel_mark,
    is_owner,
    listen,
    read_line,
    remove,
    same,
)
from posture_cv.monitor.status import StatusBoard

_CONNECTION_TIMEOUT_S: Final = 2.0
_REST_S: Final = 0.2  # after a connection that could not be taken
_MOST_CONNECTIONS: Final = 16
_LONGEST_PAUSE_S: Final = 8 * 86400.0  # longer than what `pause_text` takes


class BadRequestError(ValueError):
    """A request that cannot be understood; the text says why."""


class ControlServer(Closing):
    """Answers requests while it is entered.

    Args:
        folder: the runtime folder.
        board: what `status` answers.
        commands: where the other verbs go.
        wall_s: the wall clock, for a pause's limits.
        transport: Unix socket, or loopback port with a token.

    Raises:
        ControlError: the channel cannot be made.
    """

    def __init__(
        self,
        folder: Path,
        board: StatusBoard,
        commands: cmd.Commands,
        wall_s: Callable[[], float],
        transport: Transport = TRANSPORT,
    ) -> None:
        self._folder, self._board, self._commands, self._wall_s = folder, board, commands, wall_s
        self._transport: Transport = transport
        self._free = threading.Semaphore(_MOST_CONNECTIONS)
        self._stopping = threading.Event()
        self._verbs: Mapping[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
            "ping": lambda _: {},
            "status": lambda _: {"status": board.snapshot()},
            "pause": self._pause,
            "resume": lambda _: self._queue(cmd.Resume()),
            "snooze": self._snooze,
            "recalibrate": self._recalibrate,
            "answer": self._answer,
            "sooner": self._sooner,
            "reset_feedback": lambda _: self._queue(cmd.ResetFeedback()),
            "stop": lambda _: self._queue(cmd.Stop("stopped by request")),
        }

    def __enter__(self) -> Self:
        self._server, self._token = listen(self._folder, self._transport)
        self._mark = channel_mark(self._folder, self._transport)
        self._thread = threading.Thread(target=self._serve, name="control", daemon=True)
        self._thread.start()
        return self

    def close(self) -> None:
        """Answer no more; nothing is left in the folder."""
        self._stopping.set()
        ours = channel_mark(self._folder, self._transport) == self._mark
        with suppress(OSError):  # wakes the thread from accept
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        self._thread.join(1.0)
        if ours:  # another monitor's is left to it
            remove(self._folder, self._transport)

    def _serve(self) -> None:
        while not self._stopping.is_set():
            try:
                connection, _ = self._server.accept()
            except (
                OSError
            ):  # too many open files pass; a monitor that never listened again could not be stopped
                self._stopping.wait(_REST_S)
                continue
            self._take(connection)

    def _take(self, connection: socket.socket) -> None:
        """Answer on a thread of its own; hang up where there is no room for one more."""
        if not self._free.acquire(blocking=False):
            connection.close()
            return
        try:
            threading.Thread(target=self._handle, args=(connection,), name="control-one", daemon=True).start()
        except RuntimeError:  # the system gives no more threads
            self._free.release()
            connection.close()

    def _handle(self, connection: socket.socket) -> None:
        try:
            with connection, suppress(OSError):
                if not is_owner(connection):
                    return
                line = read_line(connection, _CONNECTION_TIMEOUT_S)
                if line is not None:
                    connection.settimeout(_CONNECTION_TIMEOUT_S)
                    connection.sendall(json.dumps(self.answer(line)).encode() + b"\n")
        finally:
            self._free.release()

    def answer(self, line: bytes) -> dict[str, Any]:
        """The answer to one line; never raises for what the line holds."""
        try:
            verb, args = self._understood(_parsed(line))
            return {"ok": True, **self._verbs[verb](args)}
        except BadRequestError as error:
            return {
                "ok": False,
                "error": {"title": "The request cannot be understood.", "detail": f"{error}."},
            }

    def _understood(self, request: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        verb, args = request.get("verb"), request.get("args", {})
        if self._token and not same(self._token, request.get("token")):
            raise BadRequestError("the token is missing or wrong")
        if not isinstance(verb, str) or verb not in self._verbs:
            raise BadRequestError(f"no such verb; verbs: {', '.join(self._verbs)}")
        if not isinstance(args, dict):
            raise BadRequestError("args must be an object")
        return verb, args

    def _queue(self, command: cmd.Command) -> dict[str, Any]:
        """The command's number: it is obeyed once the status says that so many are (`obeyed`)."""
        number = self._commands.put(command)
        return {"pid": self._board.snapshot()["pid"], "number": number}

    def _pause(self, args: dict[str, Any]) -> dict[str, Any]:
        until = args.get("until")
        if until is None:
            return self._queue(cmd.Pause(math.inf))
        until_s, now_s = _number(args, "until"), self._wall_s()
        if not now_s < until_s <= now_s + _LONGEST_PAUSE_S:
            raise BadRequestError("until must lie within the next week, in seconds since 1970")
        return self._queue(cmd.Pause(until_s))

    def _snooze(self, args: dict[str, Any]) -> dict[str, Any]:
        seconds = _number(args, "seconds")
        if not 0 <= seconds <= 86400:
            raise BadRequestError("seconds must be 0 to 86400")
        return self._queue(cmd.Snooze(seconds))

    def _recalibrate(self, args: dict[str, Any]) -> dict[str, Any]:
        quick, moved = args.get("quick", False), args.get("moved", False)
        if not (isinstance(quick, bool) and isinstance(moved, bool)):
            raise BadRequestError("quick and moved must be true or false")
        if quick and moved:
            raise BadRequestError("quick and moved are two ways to do it")
        self._board.forget_prompt()
        return self._queue(cmd.FollowCamera() if moved else cmd.Recalibrate(quick=quick))

    def _sooner(self, args: dict[str, Any]) -> dict[str, Any]:
        cues = args.get("cues")
        if not isinstance(cues, list) or not cues or any(cue not in CUES for cue in cues):
            raise BadRequestError(f"cues must be some of {', '.join(CUES)}")
        return self._queue(cmd.Sooner(tuple(cues)))

    def _answer(self, args: dict[str, Any]) -> dict[str, Any]:
        key, response = args.get("alert"), args.get("response")
        if response not in RESPONSES:
            raise BadRequestError(f"response must be one of {', '.join(RESPONSES)}")
        if not isinstance(key, int) or isinstance(key, bool) or not 0 < key < 1 << 62:
            raise BadRequestError("alert must be the number of an alert")
        return self._queue(cmd.Answer(key, response))


def _parsed(line: bytes) -> dict[str, Any]:
    try:
        request = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise BadRequestError("it is no JSON") from error
    if not isinstance(request, dict):
        raise BadRequestError("it is no object")
    return request


def _number(args: dict[str, Any], name: str) -> float:
    try:
        return finite(name, args.get(name))
    except (TypeError, ValueError):
        raise BadRequestError(f"{name} must be a number") from None
