"""A real browser without a window, spoken to over its debugging pipe: what a page looks like and what it asks for."""

from __future__ import annotations

import base64
import json
import os
import shutil
import signal
import time
from collections import deque
from pathlib import Path
from typing import Any, Final, Self

import cv2
import numpy as np
from numpy.typing import NDArray

BROWSERS: Final = ("chromium", "chromium-browser", "google-chrome", "chrome")
_PATIENCE_S: Final = 60.0
_CUT_OFF: Final = """[...document.querySelectorAll("svg text")].filter((text) => {
  const box = text.getBBox(), whole = text.ownerSVGElement.viewBox.baseVal;
  const right = whole.width + 0.5, bottom = whole.height + 0.5; // half a pixel is rounding
  return box.x < -0.5 || box.y < -0.5 || box.x + box.width > right || box.y + box.height > bottom;
}).map((text) => text.textContent)"""
_HIDDEN: Final = """[...document.querySelectorAll("th")].filter((head) => {
  const box = head.getBoundingClientRect(), card = head.closest(".card").getBoundingClientRect();
  return box.right > card.right + 0.5 || box.left < card.left - 0.5;
}).map((head) => head.textContent)"""
_WATCH: Final = """window.aboveCanvases = [];
const write = CanvasRenderingContext2D.prototype.fillText;
CanvasRenderingContext2D.prototype.fillText = function (text, x, y) {
  if (y < this.measureText(text).actualBoundingBoxAscent) window.aboveCanvases.push(text);
  write.call(this, text, x, y);
};"""


def find_browser() -> str | None:
    """The path of an installed one; None without."""
    return next((path for name in BROWSERS if (path := shutil.which(name))), None)


class Browser:
    """One page of a headless Chromium; a context manager. Whatever it asks of the network gets no answer.

    Args:
        program: its path.
        folder: for its own files.
    """

    def __init__(self, program: str, folder: Path) -> None:
        to_browser, commands = os.pipe()
        events, from_browser = os.pipe()
        self._commands, self._events = os.fdopen(commands, "wb", 0), os.fdopen(events, "rb", 0)
        arguments = [
            "--headless",
            *(["--no-sandbox"] if os.geteuid() == 0 else []),
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--disable-background-networking",
            "--no-first-run",
            "--hide-scrollbars",
            "--proxy-server=http://127.0.0.1:9",
            f"--user-data-dir={folder}",
            "--remote-debugging-pipe",
        ]
        nowhere = os.open(os.devnull, os.O_RDWR)
        # The browser reads commands from descriptor 3 and writes to 4.
        actions = [(os.POSIX_SPAWN_DUP2, nowhere, 1), (os.POSIX_SPAWN_DUP2, nowhere, 2)]
        actions += [(os.POSIX_SPAWN_DUP2, to_browser, 3), (os.POSIX_SPAWN_DUP2, from_browser, 4)]
        self._pid = os.posix_spawn(program, [program, *arguments], os.environ, file_actions=actions)
        os.close(nowhere)
        os.close(to_browser)
        os.close(from_browser)
        self._number = 0
        self._buffer = b""
        self._waiting: deque[dict[str, Any]] = deque()
        self._session: str | None = None

    def __enter__(self) -> Self:
        target = self._do("Target.createTarget", url="about:blank")["targetId"]
        self._session = self._do("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self._do("Network.enable")
        self._do("Page.enable")
        return self

    def __exit__(self, *_: object) -> None:
        os.kill(self._pid, signal.SIGTERM)
        os.waitpid(self._pid, 0)
        self._commands.close()
        self._events.close()

    def open(
        self, page: Path, width_px: int = 1000, height_px: int = 1700
    ) -> tuple[NDArray[np.uint8], list[str]]:
        """The picture of a page, and the addresses that it really asked for, its own left out.

        What the page's own rules forbade was not asked for.
        """
        self._do(
            "Emulation.setDeviceMetricsOverride",
            width=width_px,
            height=height_px,
            deviceScaleFactor=1,
            mobile=False,
        )
        self._do("Page.navigate", url=page.as_uri())
        asked: dict[str, str] = {}
        self._until("Page.loadEventFired", asked)
        time.sleep(0.3)  # scripts may ask later
        packed = self._do("Page.captureScreenshot", format="png")["data"]
        for event in self._waiting:
            _note(event, asked)
        self._waiting.clear()
        image = cv2.imdecode(np.frombuffer(base64.b64decode(packed), np.uint8), cv2.IMREAD_COLOR)
        assert image is not None
        return np.asarray(image, np.uint8), [url for url in asked.values() if url != page.as_uri()]

    def dark(self, *, wanted: bool) -> None:
        """Whether pages are told that the user wants them dark."""
        scheme = {"name": "prefers-color-scheme", "value": "dark" if wanted else "light"}
        self._do("Emulation.setEmulatedMedia", features=[scheme])

    def wider_px(self) -> int:
        """By how much the page is wider than the window."""
        code = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        return int(self._found(code)["value"])

    def cut_off(self) -> list[str]:
        """Texts of the page's vector figures that reach beyond their figure, where they cannot be read."""
        found: list[str] = self._found(_CUT_OFF)["value"]
        return found

    def hidden_columns(self) -> list[str]:
        """Heads of columns that begin or end beyond the page's own frame, where one must scroll to see them."""
        found: list[str] = self._found(_HIDDEN)["value"]
        return found

    def watch_canvases(self) -> None:
        """Keep what pages opened from now on write above the upper edge of a canvas, for `above_canvases`."""
        self._do("Page.addScriptToEvaluateOnNewDocument", source=_WATCH)

    def above_canvases(self) -> list[str]:
        """What was written there: its upper part is not seen."""
        found: list[str] = self._found("window.aboveCanvases")["value"]
        return found

    def _found(self, expression: str) -> dict[str, Any]:
        """What an expression comes to in the page, as its `value`."""
        found: dict[str, Any] = self._do("Runtime.evaluate", expression=expression, returnByValue=True)
        return dict(found["result"])

    def _do(self, method: str, **params: object) -> dict[str, Any]:
        """One command's result; events that come meanwhile are kept."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": params}
        if self._session is not None:
            message["sessionId"] = self._session
        self._commands.write(json.dumps(message).encode() + b"\0")
        while (answer := self._next()).get("id") != self._number:
            self._waiting.append(answer)
        assert "result" in answer, answer
        result: dict[str, Any] = answer["result"]
        return result

    def _until(self, method: str, asked: dict[str, str]) -> None:
        deadline_s = time.monotonic() + _PATIENCE_S
        while time.monotonic() < deadline_s:
            event = self._waiting.popleft() if self._waiting else self._next()
            _note(event, asked)
            if event.get("method") == method:
                return
        raise AssertionError(f"no {method}")

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._buffer:
            part = self._events.read(1 << 16)
            assert part, "the browser has ended"
            self._buffer += part
        line, _, self._buffer = self._buffer.partition(b"\0")
        plain: dict[str, Any] = json.loads(line)
        return plain


def _note(event: dict[str, Any], asked: dict[str, str]) -> None:
    """Keep what was asked for; forget what was blocked before it left."""
    params = event.get("params", {})
    if event.get("method") == "Network.requestWillBeSent":
        asked[params["requestId"]] = params["request"]["url"]
    elif event.get("method") == "Network.loadingFailed" and params.get("blockedReason") == "csp":
        asked.pop(params["requestId"], None)
