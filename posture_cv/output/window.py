"""A preview window where there is a display; found out before any window library could abort the program."""

from __future__ import annotations

import os
import re
import socket
import struct
import sys
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from posture_cv.capture.quiet import quiet_stderr
from posture_cv.closing import Closing
from posture_cv.errors import PostureError

if TYPE_CHECKING:
    from collections.abc import Iterator

CLOSING_KEYS: Final = frozenset({27, ord("q"), ord("Q")})  # Escape, q
_CONNECT_TIMEOUT_S: Final = 1.0
_X_PORT: Final = 6000
_GREETING: Final = struct.pack("<cxHHHHxx", b"l", 11, 0, 0, 0)
"""X Window System Protocol, version 11, "Connection Setup": little-endian, no authorization."""
_GREETINGS: Final = 40
_GREETING_PAUSE_S: Final = 0.05
_EXAMPLE: Final = "Go on without --preview; everything else works without a display."


class NoDisplayError(PostureError):
    """A window was asked for and there is no display."""


def display_problem() -> str:
    """Why no window can be shown; empty when one can.

    On Linux the window library of opencv-python speaks to an X server (a Wayland desktop offers one too) and aborts
    the process when it does not answer. So the server is asked first.
    """
    if sys.platform != "linux":
        return ""
    display = os.environ.get("DISPLAY", "")
    if not display:
        only = (
            " (Wayland alone is not enough: Xwayland is missing)" if os.environ.get("WAYLAND_DISPLAY") else ""
        )
        return f"DISPLAY is not set{only}"
    if not _answers(display):
        return f"the display {display!r} does not answer"
    return ""


def _answers(display: str) -> bool:
    """Whether an X server listens at HOST:NUMBER.SCREEN, by its socket or port."""
    connection = _connected(display)
    if connection is None:
        return False
    connection.close()
    return True


def _connected(display: str) -> socket.socket | None:
    """A connection on which nothing is said."""
    match = re.fullmatch(r"(?:unix/?)?([^:/]*):(\d+)(?:\.\d+)?", display)
    if match is None:
        return None
    host, number = match[1], int(match[2])
    if host:
        return _connection(socket.AF_INET, (host, _X_PORT + number))
    path = f"/tmp/.X11-unix/X{number}"  # noqa: S108 - the place that X fixes
    return _connection(socket.AF_UNIX, path) or _connection(socket.AF_UNIX, f"\0{path}")


def _connection(family: socket.AddressFamily, address: str | tuple[str, int]) -> socket.socket | None:
    probe = socket.socket(family, socket.SOCK_STREAM)
    probe.settimeout(_CONNECT_TIMEOUT_S)
    try:
        probe.connect(address)
    except OSError:
        probe.close()
        return None
    return probe


@contextmanager
def _not_left_alone() -> Iterator[None]:
    """Stay connected while a window is opened.

    An X server without a desktop starts anew when nobody is connected any more, as after `display_problem` has asked,
    and takes no window meanwhile: the window library would abort the process. So it is asked until it answers.
    """
    connection = _answered(os.environ.get("DISPLAY", "")) if sys.platform == "linux" else None
    try:
        yield
    finally:
        if connection is not None:
            connection.close()


def _answered(display: str) -> socket.socket | None:
    """A connection on which the server has answered to a greeting, if only with a refusal; None: it does not."""
    for _ in range(_GREETINGS):
        connection = _connected(display)
        if connection is not None:
            with suppress(OSError):  # it has gone to start anew
                connection.sendall(_GREETING)
                if connection.recv(1):
                    return connection
            connection.close()
        time.sleep(_GREETING_PAUSE_S)
    return None


class PreviewWindow(Closing):
    """A window with one verb, `show`; a context manager that closes it.

    Raises:
        NoDisplayError: there is no display, or this OpenCV has no windows.
    """

    def __init__(self, title: str) -> None:
        problem = display_problem()
        if problem:
            raise NoDisplayError("There is no display for a window.", f"{problem}.", _EXAMPLE)
        self._title = title
        self._shown = False
        self._closed = False

    def show(self, image_bgr: NDArray[np.uint8]) -> bool:
        """Show a picture; False once the user has closed the window or pressed q or Escape."""
        import cv2

        if self._closed:
            return False
        if not self._shown:
            self._open(image_bgr)
        cv2.imshow(self._title, image_bgr)
        key = cv2.waitKey(1) & 0xFF
        if key in CLOSING_KEYS or cv2.getWindowProperty(self._title, cv2.WND_PROP_VISIBLE) < 1:
            self.close()
        return not self._closed

    def close(self) -> None:
        """Close the window; a second call does nothing."""
        import cv2

        self._closed = True
        if self._shown:
            self._shown = False
            with suppress(cv2.error):  # the user was quicker
                cv2.destroyWindow(self._title)
            cv2.waitKey(1)

    def _open(self, image_bgr: NDArray[np.uint8]) -> None:
        """The first picture; the window library's remarks about fonts and themes are kept off the terminal."""
        import cv2

        _quiet_qt()
        try:
            with _not_left_alone(), quiet_stderr():
                cv2.namedWindow(self._title, cv2.WINDOW_NORMAL | cv2.WINDOW_KEEPRATIO | cv2.WINDOW_GUI_NORMAL)
                cv2.resizeWindow(self._title, image_bgr.shape[1], image_bgr.shape[0])
                cv2.imshow(self._title, image_bgr)
                cv2.waitKey(1)
        except cv2.error as error:
            raise NoDisplayError(
                "This OpenCV cannot show windows.",
                f"{str(error.err or error).splitlines()[0]}.",
                f"Install opencv-python in place of opencv-python-headless. {_EXAMPLE}",
            ) from error
        self._shown = True


def _quiet_qt() -> None:
    """opencv-python ships a Qt without fonts; it warns about that on every start."""
    os.environ.setdefault("QT_LOGGING_RULES", "*.warning=false;*.debug=false")
    for fonts in ("/usr/share/fonts/truetype/dejavu", "/usr/share/fonts/TTF", "/usr/share/fonts"):
        if Path(fonts).is_dir():
            os.environ.setdefault("QT_QPA_FONTDIR", fonts)
            return
