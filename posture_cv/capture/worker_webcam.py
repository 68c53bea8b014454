"""Reads a webcam with OpenCV, inside the worker process."""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import cv2

    from posture_cv.capture.wire import Sender
    from posture_cv.capture.worker import Delivery

_GIVE_UP_S = 2.0
"""A camera that answers every request with a failure this long is gone; ours."""
_RETRY_S = 0.03


def run(config: dict[str, Any], sender: Sender, delivery: Delivery) -> None:
    """Open `config["device"]`, a number or whatever else OpenCV opens, and send its pictures."""
    _set_environment()
    import cv2
    import numpy as np

    from posture_cv.capture import wire

    cv2.setNumThreads(1)
    camera = _open(config)
    if camera is None:
        sender.note(wire.FAILED, reason="not_opened", detail="")
        return
    opened = False
    failing_since_s: float | None = None
    while True:
        now_s = time.monotonic()
        if not camera.grab():
            failing_since_s = now_s if failing_since_s is None else failing_since_s
            if now_s - failing_since_s > _GIVE_UP_S:
                sender.note(wire.FAILED, reason="lost" if opened else "no_picture", detail="")
                return
            time.sleep(_RETRY_S)
            continue
        failing_since_s = None
        if not delivery.is_due():
            continue
        ok, image = camera.retrieve()
        if not ok or image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8:
            delivery.damaged()
            continue
        if not opened:
            opened = True
            rate_hz = camera.get(cv2.CAP_PROP_FPS)
            height, width = image.shape[:2]
            sender.note(wire.OPENED, (width, height), frame_rate_hz=rate_hz if rate_hz > 0 else None)
        delivery.send(image.astype(np.uint8, copy=False))


def _set_environment() -> None:
    """Must come before OpenCV is imported."""
    os.environ["OPENCV_LOG_LEVEL"] = "OFF"
    os.environ["OPENCV_FFMPEG_LOGLEVEL"] = "-8"
    # Without this, opening a camera on Windows takes up to a minute (opencv/opencv#17687).
    os.environ.setdefault("OPENCV_VIDEOIO_MSMF_ENABLE_HW_TRANSFORMS", "0")


def _open(config: dict[str, Any]) -> cv2.VideoCapture | None:
    import cv2

    device = config["device"]
    # Other back ends would be tried one after the other, each with a wait of its own.
    on_linux = isinstance(device, int) and sys.platform.startswith("linux")
    camera = cv2.VideoCapture(device, cv2.CAP_V4L2 if on_linux else cv2.CAP_ANY)
    if not camera.isOpened():
        return None
    width, height, rate_hz = config["width_px"], config["height_px"], config["frame_rate_hz"]
    if width and width > 640:
        # Uncompressed, most USB cameras manage only a few frames a second at such sizes.
        camera.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG"))
    for what, value in (
        (cv2.CAP_PROP_FRAME_WIDTH, width),
        (cv2.CAP_PROP_FRAME_HEIGHT, height),
        (cv2.CAP_PROP_FPS, rate_hz),
    ):
        if value:
            camera.set(what, value)
    return camera
