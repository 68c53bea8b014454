"""One of each kind of source, small and real, for the tests that all of them have to pass."""

from __future__ import annotations

import contextlib
import functools
import http.server
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from capture.media import make_pictures, make_video, picture
from capture.mjpeg_server import MjpegServer
from capture.rtsp_server import RtspServer
from posture_cv.capture import CaptureOptions, FrameSource, open_source
from posture_cv.capture.prefetch import Prefetched
from posture_cv.capture.sources import webcam_source

KINDS = ("video", "prefetched", "pictures", "picture", "web-file", "mjpeg", "rtsp", "webcam")
LIVE = ("mjpeg", "rtsp", "webcam")
SIZE_PX = (128, 96)


@dataclass(frozen=True)
class Case:
    """How to open a source of one kind, how many frames it has (None: no end), how to make it stop sending."""

    kind: str
    opener: Callable[[CaptureOptions], FrameSource]
    count: int | None
    stall: Callable[[], None] = lambda: None

    def open(self, **options: float | None) -> FrameSource:
        """Open it."""
        return self.opener(CaptureOptions(**options))  # type: ignore[arg-type]


@contextlib.contextmanager
def case(kind: str, folder: Path) -> Iterator[Case]:
    """Set up what a kind of source needs, and take it down."""
    if kind in {"mjpeg", "webcam"}:
        with MjpegServer([picture(i, *SIZE_PX) for i in range(24)], rate_hz=30) as server:
            yield _camera_case(kind, server)
    elif kind == "rtsp":
        options = {"g": "5", "preset": "ultrafast"}
        path = make_video(folder / "a.ts", rate_hz=20, codec="libx264", options=options, size_px=SIZE_PX)
        with RtspServer(path.read_bytes(), 1.5) as rtsp:
            yield Case(kind, lambda o: open_source(rtsp.url, options=o), None, rtsp.stalled.set)
    elif kind == "web-file":
        path = make_video(folder / "a.mp4", count=12, size_px=SIZE_PX)
        with file_server(folder) as url:
            yield Case(kind, lambda o: open_source(f"{url}/{path.name}", options=o), 12)
    else:
        yield _file_case(kind, folder)


def _camera_case(kind: str, server: MjpegServer) -> Case:
    def open_camera(options: CaptureOptions) -> FrameSource:
        if kind == "mjpeg":
            return open_source(server.url, options=options)
        # The webcam's own code, on a device that OpenCV opens by its address instead of its number.
        return webcam_source(server.url, "camera 0", None, options)

    return Case(kind, open_camera, None, server.stall)


def _file_case(kind: str, folder: Path) -> Case:
    if kind == "picture":
        path = make_pictures(folder / "one", 1, ".jpg") / "shot 0.jpg"
        return Case(kind, lambda o: open_source(str(path), options=o), 1)
    if kind == "pictures":
        pictures = make_pictures(folder / "many", 12)
        return Case(kind, lambda o: open_source(str(pictures), options=o), 12)
    video = make_video(folder / "a.mp4", count=12, size_px=SIZE_PX)
    if kind == "prefetched":
        return Case(kind, lambda o: Prefetched(open_source(str(video), options=o), depth=2), 12)
    return Case(kind, lambda o: open_source(str(video), options=o), 12)


@contextlib.contextmanager
def file_server(folder: Path) -> Iterator[str]:
    """Serve a folder's files by HTTP; gives the address of the folder."""
    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(_QuietFiles, directory=str(folder))
    )
    server.daemon_threads = False
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), name="file-server")
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _QuietFiles(http.server.SimpleHTTPRequestHandler):
    timeout = 20

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        """A reader that goes away in the middle is no fault of the server."""
        with contextlib.suppress(OSError):
            super().do_GET()
