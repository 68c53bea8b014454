"""What to say when a live source cannot be opened, stalls or is lost.

Reasons, as the worker process and the source know them: `not_opened`, `no_picture` (opened, but it gives
none), `no_video`, `ended`, `lost`, `crashed`, `silent` (no answer within the limit), `stalled` (no further
picture within the limit).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from posture_cv.capture.cameras import camera_users
from posture_cv.capture.types import SourceError

if TYPE_CHECKING:
    from posture_cv.capture.types import CameraInfo

_WEBCAM_TITLES = {
    "not_opened": "Cannot open {}",
    "no_picture": "{} gives no picture",
    "silent": "{} does not answer",
    "stalled": "{} has stopped sending pictures",
    "lost": "{} was lost",
    "crashed": "Reading {} failed",
}
_STREAM_TITLES = {
    "not_opened": "Cannot open the stream {}",
    "no_video": "No video in the stream {}",
    "silent": "The stream {} does not answer",
    "stalled": "The stream {} has stopped sending pictures",
    "ended": "The stream {} was ended by its sender",
    "lost": "The stream {} was lost",
    "crashed": "Reading the stream {} failed",
}


def webcam_fault(name: str, camera: CameraInfo | None, reason: str, detail: str) -> SourceError:
    """The error for a webcam.

    Args:
        name: for people.
        camera: if it is known to be there.
        reason: one of those above.
        detail: whatever else is known.
    """
    users = camera_users(camera.path) if camera is not None and camera.path else []
    if users:
        detail = f"{detail} It is in use by {', '.join(users)}.".strip()
        advice = "End the other program, or let it use another camera."
    elif reason in {"lost", "stalled"}:
        advice = "Plug it in again; if it hangs, unplug it for a moment."
    else:
        advice = "Close other programs that use it, check its cable, cover and permission, then try again."
    return SourceError(_WEBCAM_TITLES[reason].format(name), detail, advice)


def stream_fault(name: str, reason: str, detail: str) -> SourceError:
    """The error for a network stream; see `webcam_fault`."""
    advice = {
        "not_opened": "Check the address and that the camera or server is on.",
        "no_video": "Check the address; a camera's web page is not its video.",
        "crashed": "Try again; if it happens again, report it.",
    }.get(reason, "Check the camera, its server and the network, then try again.")
    if detail and not detail.endswith("."):
        detail += "."
    return SourceError(_STREAM_TITLES[reason].format(name), detail, advice)
