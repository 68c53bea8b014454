"""A network camera on this machine: MJPEG over HTTP, as webcams, phones and boards send it, with faults at will.

As a program, it plays a video: `python mjpeg_server.py desk-front.mp4 --port 8090`.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import random
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Literal, Self

import cv2
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from types import TracebackType

    from numpy.typing import NDArray

Mode = Literal["play", "stall", "drop", "garbage", "black"]


def _encode(image: NDArray[np.uint8]) -> bytes:
    return cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 92])[1].tobytes()


class MjpegServer:
    """Serves pictures at a steady pace on `url`, until told otherwise. Use it as a context manager.

    Args:
        images: arrays of shape `(height, width, 3)`, uint8, blue first, or JPEG bytes.
        rate_hz: pictures a second.
        loop: begin again after the last picture; otherwise the connection ends there.
        port: 0 for any that is free.
    """

    def __init__(
        self,
        images: Iterable[NDArray[np.uint8] | bytes],
        *,
        rate_hz: float = 20.0,
        loop: bool = True,
        port: int = 0,
    ) -> None:
        jpegs = (image if isinstance(image, bytes) else _encode(image) for image in images)
        self._jpegs: Iterator[bytes] = itertools.cycle(jpegs) if loop else iter(jpegs)
        self._rate_hz = rate_hz
        self._changed = threading.Condition()
        self._mode: Mode = "play"
        self._stopped = False
        self._connections: set[socket.socket] = set()
        self._black: bytes | None = None
        self._random = random.Random(1)
        self.sent = 0
        self.connected = 0
        self._server = _Http(("127.0.0.1", port), self)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), name="mjpeg-server")
        self._thread.start()

    @property
    def url(self) -> str:
        """Where it serves."""
        return f"http://127.0.0.1:{self._server.server_port}/video"

    def play(self) -> None:
        """Send the pictures again, after any of the faults below."""
        self._set("play")

    def stall(self) -> None:
        """Send nothing, keep connections, and do not answer new ones."""
        self._set("stall")

    def drop(self) -> None:
        """Cut all connections, and new ones at once."""
        self._set("drop")
        with self._changed:
            connections = list(self._connections)
        for connection in connections:
            _shut(connection)

    def garbage(self) -> None:
        """Send noise where pictures belong."""
        self._set("garbage")

    def black(self) -> None:
        """Send black pictures of the same size, as behind a closed cover."""
        self._set("black")

    def wait_sent(self, more: int, timeout_s: float = 20.0) -> None:
        """Wait until so many more pictures (or pieces of noise) have been sent."""
        with self._changed:
            goal = self.sent + more
            assert self._changed.wait_for(lambda: self.sent >= goal, timeout_s), "nobody takes the pictures"

    def wait_connected(self, timeout_s: float = 20.0) -> None:
        """Wait for the first connection."""
        with self._changed:
            assert self._changed.wait_for(lambda: self.connected > 0, timeout_s), "nobody connects"

    def close(self) -> None:
        """Stop serving; all threads have ended afterwards."""
        with self._changed:
            self._stopped = True
        self.drop()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _set(self, mode: Mode) -> None:
        with self._changed:
            self._mode = mode
            self._changed.notify_all()

    # In the threads of the connections

    def serve(self, handler: _Handler) -> None:
        """Answer one request until it ends."""
        with self._changed:
            self._connections.add(handler.connection)
            self.connected += 1
            self._changed.notify_all()
        try:
            if self._may_go_on():
                handler.send_response(200)
                handler.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
                handler.end_headers()
                self._send_pictures(handler)
        except OSError:
            pass
        finally:
            with self._changed:
                self._connections.discard(handler.connection)

    def _send_pictures(self, handler: _Handler) -> None:
        due_s = time.monotonic()
        while self._may_go_on() and (jpeg := self._next()) is not None:
            head = f"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n"
            handler.wfile.write(head.encode() + jpeg + b"\r\n")
            with self._changed:
                self.sent += 1
                self._changed.notify_all()
            due_s = max(due_s + 1 / self._rate_hz, time.monotonic() - 1 / self._rate_hz)
            with self._changed:
                self._changed.wait_for(lambda: self._stopped, max(0.0, due_s - time.monotonic()))

    def _may_go_on(self) -> bool:
        """Wait while stalled; False when the connection is to end."""
        with self._changed:
            self._changed.wait_for(lambda: self._stopped or self._mode != "stall")
            return not self._stopped and self._mode != "drop"

    def _next(self) -> bytes | None:
        with self._changed:
            jpeg = next(self._jpegs, None)
            if jpeg is None or self._mode == "play":
                return jpeg
            if self._mode == "garbage":
                return self._random.randbytes(max(1000, len(jpeg)))
            if self._black is None:
                image = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
                self._black = _encode(np.zeros_like(image, dtype=np.uint8))
            return self._black


class _Http(ThreadingHTTPServer):
    daemon_threads = False  # closing waits for them

    def __init__(self, address: tuple[str, int], camera: MjpegServer) -> None:
        self.camera = camera
        super().__init__(address, _Handler)


class _Handler(BaseHTTPRequestHandler):
    timeout = 20

    def do_GET(self) -> None:
        assert isinstance(self.server, _Http)
        self.server.camera.serve(self)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def _shut(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


def video_images(path: str, most: int | None = None) -> Iterator[NDArray[np.uint8]]:
    """The frames of a video file; no more than so many are decoded."""
    reader = cv2.VideoCapture(path)
    for _ in itertools.count() if most is None else range(most):
        ok, image = reader.read()
        if not ok:
            return
        yield image.astype(np.uint8, copy=False)


def main() -> None:
    """Play a video as a camera until interrupted."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("video")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument(
        "--rate", type=float, default=None, help="pictures a second; the video's own if absent"
    )
    arguments = parser.parse_args()
    rate_hz = arguments.rate or cv2.VideoCapture(arguments.video).get(cv2.CAP_PROP_FPS) or 10.0
    with MjpegServer(video_images(arguments.video), rate_hz=rate_hz, port=arguments.port) as server:
        print(server.url, flush=True)  # noqa: T201 - tells whoever started it
        with contextlib.suppress(KeyboardInterrupt):
            threading.Event().wait()


if __name__ == "__main__":
    main()
