"""From what a user names to a frame source."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Any

from posture_cv.capture.address import without_password
from posture_cv.capture.cameras import ON_LINUX, find_camera, linux_cameras, list_cameras, missing_camera
from posture_cv.capture.types import CameraInfo, CaptureOptions, FrameSource, SourceError
from posture_cv.paths import user_path

if TYPE_CHECKING:
    from posture_cv.capture.live import LiveSource

_STREAM_SCHEMES = frozenset({"http", "https", "rtsp", "rtsps"})
_PICTURES_IN_A_ROW = frozenset({".mjpeg", ".mjpg"})
"""Names of videos that are JPEG pictures one after the other, and so begin like one."""
_WHAT_A_SOURCE_IS = (
    "A source is a camera (0, webcam:NAME), a video file, a picture, a folder of pictures, "
    "or an address that begins with http://, https:// or rtsp://."
)


def open_source(spec: str, *, options: CaptureOptions | None = None) -> FrameSource:
    """Open what `spec` names; close it, or use it as a context manager.

    Args:
        spec: `0` or `webcam:0` (a camera's number), `webcam:NAME` (its name or a part of it), `/dev/video0`,
            the path of a video file, of a picture or of a folder of pictures, or an address (http, https,
            rtsp). Certificates of https servers are not checked: cameras sign their own.
        options: how to read it.

    Raises:
        SourceError: missing, busy, dead or not a source; for cameras and streams within
            `options.open_timeout_s`.
    """
    options = options or CaptureOptions()
    if not spec.strip():
        raise SourceError("No source is named", "The name is empty.", _WHAT_A_SOURCE_IS)
    if (device := _webcam_device(spec)) is not None:
        return open_webcam(device, options)
    scheme = re.match(r"([A-Za-z][A-Za-z0-9+.-]*)://", spec)
    if scheme is None:
        return _open_path(spec, options)
    if scheme.group(1).lower() not in _STREAM_SCHEMES:
        name = without_password(spec)
        raise SourceError(f"Cannot open {name}", f"Unknown scheme {scheme.group(1)}.", _WHAT_A_SOURCE_IS)
    return open_stream(spec, options)


def _webcam_device(spec: str) -> str | None:
    """The camera's number or name if `spec` means a camera."""
    if re.fullmatch(r"[0-9]{1,4}", spec) or re.fullmatch(r"/dev/(video[0-9]+|v4l/.+)", spec):
        return spec
    if spec.lower().startswith("webcam:"):
        return spec[len("webcam:") :].strip() or "0"
    return None


def open_webcam(device: str, options: CaptureOptions) -> LiveSource:
    """Open a camera by number, name or device node.

    Raises:
        SourceError: there is no such camera, it is busy or gives no picture.
    """
    number = _camera_number(device)
    camera = _linux_camera(number) if ON_LINUX else None
    name = f"camera {number}" if camera is None else f"camera {number} ({camera.name})"
    return webcam_source(number, name, camera, options)


def webcam_source(
    device: int | str, name: str, camera: CameraInfo | None, options: CaptureOptions
) -> LiveSource:
    """A source on whatever OpenCV opens as `device`; only errors are worded for webcams."""
    from posture_cv.capture.live import LiveSource
    from posture_cv.capture.live_faults import webcam_fault

    _refuse_stretch(options, "a camera")
    config: dict[str, Any] = {
        "device": device,
        "width_px": options.width_px,
        "height_px": options.height_px,
        "frame_rate_hz": options.frame_rate_hz,
    }
    return LiveSource("webcam", name, config, options, lambda r, d: webcam_fault(name, camera, r, d))


def _camera_number(device: str) -> int:
    if device.isdecimal():
        return int(device)
    if device.startswith("/dev/"):
        node = re.fullmatch(r"/dev/video([0-9]+)", os.path.realpath(device))
        if node:
            return int(node.group(1))
    return find_camera(device, list_cameras()).number


def _linux_camera(number: int) -> CameraInfo:
    """What is known of the camera of that number, or the error that says why it cannot be used."""
    node = f"/dev/video{number}"
    if not Path(node).exists():
        raise missing_camera(f"camera {number}", linux_cameras())
    if not os.access(node, os.R_OK | os.W_OK):
        raise SourceError(
            f"No permission for camera {number}",
            f"{node} belongs to another group.",
            "Add yourself to the group `video` and log in again.",
        )
    known = {camera.number: camera for camera in linux_cameras()}
    return known.get(number, CameraInfo(number, f"camera {number}", node))


def open_stream(url: str, options: CaptureOptions) -> LiveSource:
    """Open a network stream: MJPEG over HTTP, RTSP (by TCP), HLS, or a video file on a web server.

    Raises:
        SourceError: no answer, refused, no video.
    """
    from posture_cv.capture.live import LiveSource
    from posture_cv.capture.live_faults import stream_fault

    name = without_password(url)
    _refuse_stretch(options, "a stream")
    return LiveSource("stream", name, {"url": url}, options, lambda r, d: stream_fault(name, r, d))


def _refuse_stretch(options: CaptureOptions, what: str) -> None:
    if options.start_s > 0 or options.end_s is not None:
        raise SourceError(
            f"A stretch of time cannot be chosen from {what}",
            "A start or an end was given for a live source.",
            "Leave them out, or record first and choose from the recording.",
        )


def _open_path(spec: str, options: CaptureOptions) -> FrameSource:
    path = user_path(spec)
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise SourceError(f"Cannot find {spec}", f"{reason}.", _WHAT_A_SOURCE_IS) from error
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        # Opening a named pipe would wait for ever.
        raise SourceError(f"{spec} is no file", "It is a pipe, a socket or a device.", _WHAT_A_SOURCE_IS)
    if not os.access(path, os.R_OK):
        raise SourceError(f"No permission to read {spec}", "", "Change its permissions.")
    from posture_cv.capture.images import ImageFolder, is_picture

    if stat.S_ISDIR(mode) or (is_picture(path) and path.suffix.lower() not in _PICTURES_IN_A_ROW):
        return ImageFolder(path, spec, options)
    from posture_cv.capture.video import VideoFile

    return VideoFile(path, spec, options)
