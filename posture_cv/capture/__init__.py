"""Frame sources behind one protocol: webcam, video file, pictures, network stream.

    with open_source("desk.mp4") as source:
        for frame in source.frames():
            ...

Importing this package loads no picture library; opening a source loads the one it needs.
"""

from posture_cv.capture.cameras import list_cameras
from posture_cv.capture.sources import open_source
from posture_cv.capture.types import (
    CameraInfo,
    CaptureOptions,
    Frame,
    FrameSource,
    LiveFrameSource,
    SourceClosedError,
    SourceError,
    SourceInfo,
    SourceKind,
)

__all__ = [
    "CameraInfo",
    "CaptureOptions",
    "Frame",
    "FrameSource",
    "LiveFrameSource",
    "SourceClosedError",
    "SourceError",
    "SourceInfo",
    "SourceKind",
    "list_cameras",
    "open_source",
]
