"""Which cameras there are, what they are called, and who uses them."""

from __future__ import annotations

import os
import re
import struct
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from posture_cv.capture.address import without_password
from posture_cv.capture.types import CameraInfo, SourceError

if TYPE_CHECKING:
    from collections.abc import Callable

ON_LINUX: bool = sys.platform.startswith("linux")
_SYSFS = Path("/sys/class/video4linux")
_DEV = Path("/dev")
_PROC = Path("/proc")

# linux/videodev2.h
_VIDIOC_QUERYCAP = 0x80685600
_V4L2_CAP_VIDEO_CAPTURE = 0x00000001
_V4L2_CAP_VIDEO_CAPTURE_MPLANE = 0x00001000
_V4L2_CAP_DEVICE_CAPS = 0x80000000

_MOST_PROBED = 4
_PROBE_LIMIT_S = 4.5
_PROBE = (
    "import os, json; os.environ['OPENCV_LOG_LEVEL'] = 'OFF'; import cv2; "
    f"print(json.dumps([n for n in range({_MOST_PROBED}) if cv2.VideoCapture(n).isOpened()]))"
)


def list_cameras() -> list[CameraInfo]:
    """The cameras of this machine that can deliver pictures, by number.

    On Linux without opening any for capture; elsewhere by opening the first few numbers in a process of its
    own for at most 4.5 s (a camera that another program holds is then not seen, and names are not known).
    """
    if ON_LINUX:
        return linux_cameras()
    return probed_cameras()


def linux_cameras(
    sysfs: Path = _SYSFS, dev: Path = _DEV, can_capture: Callable[[Path], bool | None] | None = None
) -> list[CameraInfo]:
    """Cameras by the kernel's list, without the nodes that carry only metadata or output.

    Args:
        sysfs, dev: where the kernel lists video devices and their nodes.
        can_capture: asks a node; None where it cannot be asked.
    """
    ask = can_capture or node_can_capture
    cameras = []
    for number in sorted(_numbers(sysfs) or _numbers(dev)):
        node = dev / f"video{number}"
        answer = ask(node)
        # A camera's first node is its picture node (uvcvideo); the others follow with a higher index.
        if answer is None:
            answer = _read(sysfs / f"video{number}" / "index", "0") == "0"
        if answer:
            name = _read(sysfs / f"video{number}" / "name", f"camera {number}")
            cameras.append(CameraInfo(number, name, str(node)))
    return cameras


def _numbers(folder: Path) -> list[int]:
    return [int(m.group(1)) for name in _list(folder) if (m := re.fullmatch(r"video(\d+)", name))]


def _read(path: Path, otherwise: str) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip() or otherwise
    except OSError:
        return otherwise


def node_can_capture(node: Path) -> bool | None:
    """Ask a V4L2 node whether it delivers pictures; None if it cannot be asked. Does not start the camera."""
    if not ON_LINUX:
        return None
    import fcntl

    buffer = bytearray(104)  # struct v4l2_capability
    try:
        fd = os.open(node, os.O_RDWR | os.O_NONBLOCK)
    except OSError:
        return None
    try:
        fcntl.ioctl(fd, _VIDIOC_QUERYCAP, buffer)
    except OSError:
        return None
    finally:
        os.close(fd)
    return capability_can_capture(bytes(buffer))


def capability_can_capture(capability: bytes) -> bool:
    """Read a `struct v4l2_capability`: driver, card and bus (80 bytes), version, two sets of flags."""
    _, of_device, of_node = struct.unpack_from("=III", capability, 80)
    flags = of_node if of_device & _V4L2_CAP_DEVICE_CAPS else of_device
    return bool(flags & (_V4L2_CAP_VIDEO_CAPTURE | _V4L2_CAP_VIDEO_CAPTURE_MPLANE))


def probed_cameras() -> list[CameraInfo]:
    """Cameras found by opening the first four numbers, in a process that is ended after 4.5 s."""
    import json
    import subprocess

    try:
        done = subprocess.run(  # noqa: S603 - our own interpreter with a constant program
            [sys.executable, "-c", _PROBE],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=_PROBE_LIMIT_S,
            check=True,
        )
        numbers = json.loads(done.stdout)
    except (subprocess.SubprocessError, OSError, ValueError):
        return []
    return [CameraInfo(number, f"camera {number}") for number in numbers]


def find_camera(name: str, cameras: list[CameraInfo]) -> CameraInfo:
    """The camera of that name, or the only one whose name contains it; case does not matter.

    Raises:
        SourceError: none, or several.
    """
    wanted = name.casefold()
    exact = [c for c in cameras if c.name.casefold() == wanted]
    matches = exact or [c for c in cameras if wanted in c.name.casefold()]
    if len(matches) == 1 or exact:
        return matches[0]
    if "://" in name:
        raise SourceError(
            f"There is no camera called {without_password(name)!r}",
            "It is an address; only a camera of this computer can be given here.",
            "Give the address of a network camera in the place of SOURCE; calibrate takes it with --from.",
        )
    found = ", ".join(f"{c.number} ({c.name})" for c in cameras) or "none"
    if matches:
        title = f"Several cameras are called {name!r}"
        raise SourceError(title, f"Cameras found: {found}.", "Choose one by its number, as in webcam:0.")
    raise missing_camera(f"camera called {name!r}", cameras)


def missing_camera(name: str, cameras: list[CameraInfo]) -> SourceError:
    """The error for a camera that is not there, with those that are."""
    found = ", ".join(f"{c.number} ({c.name})" for c in cameras) or "none"
    advice = "Choose one of them, by number or name." if cameras else "Connect one, or name a video file."
    return SourceError(f"There is no {name}", f"Cameras found: {found}.", advice)


def camera_users(node: str) -> list[str]:
    """Programs of this user that hold a device node open, as `name (process 123)`; Linux only."""
    users = []
    for process in sorted(p for p in _list(_PROC) if p.isdigit()):
        if int(process) == os.getpid():
            continue
        folder = _PROC / process
        if any(_link(folder / "fd" / fd) == node for fd in _list(folder / "fd")):
            users.append(f"{_read(folder / 'comm', 'a program')} (process {process})")
    return users


def _list(folder: Path) -> list[str]:
    try:
        return [entry.name for entry in folder.iterdir()]
    except OSError:
        return []


def _link(path: Path) -> str:
    try:
        return str(path.readlink())
    except OSError:
        return ""
