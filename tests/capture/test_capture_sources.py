"""What users may name as a source, and the cameras of a machine."""

from __future__ import annotations

import os
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from posture_cv.capture import CameraInfo, SourceError, list_cameras, open_source
from posture_cv.capture.address import without_password
from posture_cv.capture.cameras import (
    camera_users,
    capability_can_capture,
    find_camera,
    linux_cameras,
    node_can_capture,
    probed_cameras,
)
from posture_cv.capture.live_faults import stream_fault, webcam_fault
from posture_cv.capture.sources import _camera_number, _webcam_device


@pytest.mark.parametrize(
    ("spec", "device"),
    [
        ("0", "0"),
        ("12", "12"),
        ("webcam:", "0"),
        ("webcam:3", "3"),
        ("WebCam: Logitech C920", "Logitech C920"),
        ("/dev/video2", "/dev/video2"),
        ("/dev/v4l/by-id/usb-cam", "/dev/v4l/by-id/usb-cam"),
        ("./0", None),
        ("desk.mp4", None),
        ("http://camera/0", None),
        ("20250101120000", None),
        ("٣", None),
    ],
)
def test_what_means_a_camera(spec: str, device: str | None) -> None:
    assert _webcam_device(spec) == device


@pytest.mark.parametrize(("device", "number"), [("0", 0), ("7", 7), ("/dev/video5", 5)])
def test_camera_numbers(device: str, number: int) -> None:
    assert _camera_number(device) == number


@pytest.mark.parametrize(
    "spec", ["ftp://a/b.mp4", "file:///etc/passwd", "concat:a|b", "rtmp://x/y", "", "\0"]
)
def test_other_sources_are_refused(spec: str) -> None:
    with pytest.raises(SourceError) as caught:
        open_source(spec)
    assert "A source is a camera" in caught.value.what_to_do


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("rtsp://u:p@cam.local:554/a?b=1", "rtsp://cam.local:554/a?b=1"),
        ("http://cam/video", "http://cam/video"),
        ("http://u:p@[::1/video", "http://[::1/video"),
        ("http://u:p@ss@cam/", "http://cam/"),
        ("http://u:p/a?s#s@cam/v", "http://cam/v"),
        ("http://cam/mjpeg.cgi?cam=1&usr=me&pwd=a_b%26c#x", "http://cam/mjpeg.cgi?cam=1&usr=***&pwd=***#x"),
        (
            "http://cam/v?loginuse=a&loginpas=b;Token=c&rate=5",
            "http://cam/v?loginuse=***&loginpas=***;Token=***&rate=5",
        ),
        (
            "rtsp://cam:554/user=me_password=a_b_channel=1_stream=0.sdp?real",
            "rtsp://cam:554/user=***_password=***_channel=1_stream=0.sdp?real",
        ),
        ("http://cam/v?token=a/b?c==&rate=5#x", "http://cam/v?token=***&rate=5#x"),
        ("http://cam/bypass=1&monkey=2&keys/video?user", "http://cam/bypass=1&monkey=2&keys/video?user"),
    ],
)
def test_addresses_are_shown_without_passwords(url: str, shown: str) -> None:
    assert without_password(url) == shown


@pytest.mark.parametrize("spec", ["webcam:http://u:hunter2@cam/v", "rtmp://u:hunter2@cam/v?pwd=hunter2"])
def test_an_address_that_cannot_be_opened_is_refused_without_its_password(spec: str) -> None:
    with pytest.raises(SourceError) as raised:
        open_source(spec)
    assert "://cam/v" in raised.value.title
    assert "hunter2" not in str(raised.value)


def _machine(folder: Path) -> tuple[Path, Path]:
    """A kernel's list: a camera with a picture and a metadata node, and another camera."""
    sysfs, dev = folder / "sys", folder / "dev"
    dev.mkdir()
    for number, index, name in ((0, 0, "Laptop Cam"), (1, 1, "Laptop Cam"), (10, 0, "HD Webcam C270")):
        node = sysfs / f"video{number}"
        node.mkdir(parents=True)
        (node / "index").write_text(f"{index}\n")
        (node / "name").write_text(f"{name}\n")
        (dev / f"video{number}").touch()
    return sysfs, dev


def test_cameras_by_the_kernel_s_list_without_metadata_nodes(tmp_path: Path) -> None:
    sysfs, dev = _machine(tmp_path)
    cameras = linux_cameras(sysfs, dev)
    assert [(c.number, c.name) for c in cameras] == [(0, "Laptop Cam"), (10, "HD Webcam C270")]
    assert cameras[0].path == str(dev / "video0")


def test_what_a_node_says_of_itself_counts_more(tmp_path: Path) -> None:
    sysfs, dev = _machine(tmp_path)
    cameras = linux_cameras(sysfs, dev, can_capture=lambda node: node.name != "video0")
    assert [c.number for c in cameras] == [1, 10]


def test_cameras_without_a_kernel_s_list(tmp_path: Path) -> None:
    _, dev = _machine(tmp_path)
    assert [c.name for c in linux_cameras(tmp_path / "none", dev)] == ["camera 0", "camera 1", "camera 10"]


def test_a_file_is_no_camera(tmp_path: Path) -> None:
    (tmp_path / "video0").touch()
    assert node_can_capture(tmp_path / "video0") is None
    assert node_can_capture(tmp_path / "video1") is None


@pytest.mark.parametrize(
    ("of_device", "of_node", "expected"),
    [
        (0x84A00001, 0x04200001, True),  # uvcvideo, picture node
        (0x84A00001, 0x04A00000, False),  # uvcvideo, metadata node
        (0x00000001, 0, True),  # an old driver, without flags of its own for the node
        (0x80001000, 0x00001000, True),  # several planes
        (0x80000002, 0x00000002, False),  # output
    ],
)
def test_capabilities(of_device: int, of_node: int, expected: bool) -> None:
    data = bytes(80) + struct.pack("=III", 0, of_device, of_node) + bytes(12)
    assert capability_can_capture(data) is expected


CAMERAS = [CameraInfo(0, "Laptop Cam"), CameraInfo(2, "HD Webcam C270"), CameraInfo(4, "HD Webcam C270 Pro")]


@pytest.mark.parametrize(("name", "number"), [("laptop", 0), ("HD webcam c270", 2), ("Pro", 4)])
def test_a_camera_by_its_name(name: str, number: int) -> None:
    assert find_camera(name, CAMERAS).number == number


def test_a_camera_s_name_that_is_unknown_or_shared() -> None:
    with pytest.raises(SourceError, match=r"no camera called 'Sony'.*2 \(HD Webcam C270\)"):
        find_camera("Sony", CAMERAS)
    with pytest.raises(SourceError, match="Several cameras are called 'hd'"):
        find_camera("hd", CAMERAS)


def test_this_machine_s_cameras_can_be_listed() -> None:
    assert all(isinstance(camera, CameraInfo) for camera in list_cameras())
    assert all(isinstance(camera, CameraInfo) for camera in probed_cameras())


def test_who_uses_a_node_is_found(tmp_path: Path) -> None:
    node = tmp_path / "video0"
    node.touch()
    holder = subprocess.Popen(
        [sys.executable, "-c", "import sys; f = open(sys.argv[1]); print(flush=True); input()", str(node)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert holder.stdout is not None
    holder.stdout.readline()
    users = camera_users(str(node))
    holder.communicate(b"\n")
    assert len(users) == 1
    assert f"(process {holder.pid})" in users[0]
    assert camera_users(str(node)) == []


def test_a_busy_camera_names_who_uses_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("posture_cv.capture.live_faults.camera_users", lambda _: ["zoom (process 42)"])
    camera = CameraInfo(0, "Laptop Cam", str(tmp_path / "video0"))
    error = webcam_fault("camera 0 (Laptop Cam)", camera, "not_opened", "")
    assert error.title == "Cannot open camera 0 (Laptop Cam)"
    assert error.detail == "It is in use by zoom (process 42)."
    assert "End the other program" in error.what_to_do


@pytest.mark.parametrize("reason", ["not_opened", "no_picture", "silent", "stalled", "lost", "crashed"])
def test_every_webcam_fault_says_what_to_do(reason: str) -> None:
    error = webcam_fault("camera 0", None, reason, "detail.")
    assert "camera 0" in error.title
    assert error.what_to_do


@pytest.mark.parametrize(
    "reason", ["not_opened", "no_video", "silent", "stalled", "ended", "lost", "crashed"]
)
def test_every_stream_fault_says_what_to_do(reason: str) -> None:
    error = stream_fault("rtsp://cam/", reason, "detail")
    assert "rtsp://cam/" in error.title
    assert error.detail == "detail."
    assert error.what_to_do


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    path.touch(mode=0o000)
    with pytest.raises(SourceError, match="No permission"):
        open_source(str(path))


def test_importing_loads_no_picture_library() -> None:
    program = "import sys, posture_cv.capture; print([m for m in ('cv2', 'av', 'numpy') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
