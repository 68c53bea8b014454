"""Starts the monitor as a process of its own that outlives the terminal, and waits until it watches."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, Final

from posture_cv.atomic import output_error, private_folder
from posture_cv.errors import PostureError

READY_TIMEOUT_S: Final = 20.0
"""Models load in about a second; a slow disk may take longer; ours."""
LOG_NAME: Final = "monitor.log"
LOG_MOST_BYTES: Final = 1_000_000
"""A longer log is put aside at the next start, in the place of the one before; ours."""


class StartError(PostureError):
    """The background monitor did not start."""


def start_child(arguments: Sequence[str]) -> dict[str, Any]:
    """Start `posture-cv monitor --child ARGUMENTS` and wait for its word.

    Args:
        arguments: the options of `posture-cv monitor`, without --background.

    Returns:
        What the child says: its `pid`, its camera and profile, and `notes` beside them.

    Raises:
        PostureError: what the child says stands in the way, or it says nothing.
    """
    process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
        [sys.executable, "-m", "posture_cv", "monitor", *arguments, "--child"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=_lasting_folder(),
        env=_environment(),
        **_detached(),
    )
    assert process.stdout is not None
    try:
        word = _first_line(process.stdout, READY_TIMEOUT_S)
    except BaseException:  # Ctrl-C: no camera may go on unseen that its user has called off
        _end(process)
        raise
    if word is None:
        _end(process)
        raise StartError(
            "The background monitor did not start.",
            f"It said nothing within {READY_TIMEOUT_S:g} s.",
            "Start it in the foreground to see why: posture-cv monitor",
        )
    plain = _said(word)
    if "error" in plain:
        try:
            process.wait(READY_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            _end(process)
        raise _error(plain["error"])
    return plain


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()


def _environment() -> dict[str, str]:
    """The folder is changed, so relative paths to our own modules and files would not be found again."""
    from posture_cv.paths import HOME_VARIABLE, named_home

    known, home = os.environ.get("PYTHONPATH", ""), named_home()
    ours = {} if home is None else {HOME_VARIABLE: str(home)}
    parts = [str(Path(part).absolute()) for part in known.split(os.pathsep) if part]
    here = str(Path(__file__).resolve().parents[2])
    paths = os.pathsep.join([*parts, here] if here not in parts else parts)
    return {**os.environ, **ours, "PYTHONPATH": paths}


def _lasting_folder() -> str:
    """A working folder that keeps no medium busy: the user's home, or the root where there is none."""
    with suppress(RuntimeError):  # the system knows no home of this user
        if Path.home().is_dir():
            return str(Path.home())
    return str(Path(os.sep).resolve())


def _detached() -> dict[str, Any]:
    """Options that free the child of the terminal and its signals."""
    if os.name == "nt":
        flags = subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW  # type: ignore[attr-defined,unused-ignore]
        return {"creationflags": flags}
    return {"start_new_session": True}


def _first_line(pipe: IO[bytes], timeout_s: float) -> bytes | None:
    """The child's first line; b"" if it ended without one, None if it says nothing in time."""
    lines: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=lambda: lines.put(pipe.readline()), daemon=True).start()
    try:
        return lines.get(timeout=timeout_s)
    except queue.Empty:
        return None


def _said(line: bytes) -> dict[str, Any]:
    with suppress(ValueError):
        plain = json.loads(line)
        if isinstance(plain, dict):
            return plain
    log = _log_path()
    detail = f"Its last words are in {log}." if log.exists() else ""
    return {"error": {"title": "The background monitor ended at once.", "detail": detail}}


def _error(plain: Any) -> PostureError:  # noqa: ANN401 - a child's words
    known = plain if isinstance(plain, dict) else {}
    parts = [str(known.get(key) or "") for key in ("title", "detail", "what_to_do")]
    return StartError(*parts)


class Word:
    """The child's one word to its parent, over the pipe that was its standard output; the rest goes into the log.

    Raises:
        OutputError: the log cannot be written.
    """

    def __init__(self) -> None:
        self._descriptor: int | None = os.dup(1)
        try:
            redirect_to_log()
        except PostureError as error:
            self.say(error_word(error))
            raise

    def say(self, plain: dict[str, Any]) -> None:
        """Say it; only the first time counts."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is None:
            return
        with suppress(OSError):  # the parent may have given up
            os.write(descriptor, json.dumps(plain).encode() + b"\n")
        os.close(descriptor)

    @property
    def said(self) -> bool:
        """Whether it was said."""
        return self._descriptor is None


def error_word(error: PostureError) -> dict[str, Any]:
    """An error as the child's word."""
    fault = {"title": error.title, "detail": error.detail, "what_to_do": error.what_to_do}
    return {"error": fault}


def _log_path() -> Path:
    from posture_cv.paths import state_dir

    return state_dir() / LOG_NAME


def open_log() -> int:
    """A descriptor of the log, for its owner only and begun anew when it is large.

    Raises:
        OutputError: it cannot be written.
    """
    path = _log_path()
    private_folder(path.parent)
    try:
        if path.exists() and path.stat().st_size > LOG_MOST_BYTES:
            path.replace(path.with_suffix(".log.1"))
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_NOFOLLOW", 0)
        return os.open(path, flags, 0o600)
    except OSError as error:
        raise output_error(path, error) from error


def redirect_to_log() -> None:
    """Everything printed from now on goes into the log."""
    descriptor = open_log()
    sys.stdout.flush()
    sys.stderr.flush()
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    os.close(descriptor)
