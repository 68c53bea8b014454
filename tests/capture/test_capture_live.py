"""Cameras and streams that stall, lie, vanish and come back; a real server, real processes."""

from __future__ import annotations

import errno
import itertools
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from capture.kinds import SIZE_PX, file_server
from capture.media import LEVELS, make_sound, number_of, picture
from capture.mjpeg_server import MjpegServer
from posture_cv.capture import CaptureOptions, Frame, SourceError, open_source, wire, worker_process
from posture_cv.capture.live import LiveSource
from posture_cv.capture.sources import webcam_source


@pytest.fixture
def camera() -> Iterator[MjpegServer]:
    with MjpegServer([picture(i, *SIZE_PX) for i in range(LEVELS)], rate_hz=40) as server:
        yield server


@pytest.fixture(params=["stream", "webcam"])
def way(request: pytest.FixtureRequest) -> str:
    """By PyAV as a stream, or by OpenCV as the webcam is read."""
    return str(request.param)


def _open(camera: MjpegServer | str, way: str = "stream", **options: float | bool) -> LiveSource:
    url = camera if isinstance(camera, str) else camera.url
    chosen = CaptureOptions(**options)  # type: ignore[arg-type]
    if way == "webcam":
        return webcam_source(url, "camera 0", None, chosen)
    source = open_source(url, options=chosen)
    assert isinstance(source, LiveSource)
    return source


def _is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def _ends(pid: int) -> bool:
    for _ in range(400):
        if not _is_alive(pid):
            return True
        time.sleep(0.05)
    return False


@pytest.fixture
def silent_port() -> Iterator[int]:
    """Takes connections and never says a word, as a camera that hangs."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


# Opening


def test_a_source_that_blocks_for_ever_is_an_error_and_its_process_ends(way: str, silent_port: int) -> None:
    source = _open(f"http://127.0.0.1:{silent_port}/", way, open_timeout_s=1.0, wait_until_open=False)
    pid = source.worker_pid
    with pytest.raises(SourceError, match="does not answer It sent no picture for 1 s"):
        _ = source.info
    assert _ends(pid)


def test_waiting_for_the_answer_can_be_left_for_later(camera: MjpegServer) -> None:
    with _open(camera, wait_until_open=False) as source:
        assert next(source.frames()).image_bgr.shape[1::-1] == SIZE_PX
        assert source.info.live


def test_an_error_on_opening_later_comes_with_the_first_frame() -> None:
    with (
        _open("http://127.0.0.1:9/video", wait_until_open=False, reopen_within_s=60) as source,
        pytest.raises(SourceError, match="Connection refused"),
    ):
        next(source.frames())


def test_closing_while_it_opens(silent_port: int) -> None:
    source = _open(f"http://127.0.0.1:{silent_port}/", wait_until_open=False)
    source.close()


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("missing.mp4", "404"),
        ("page.html", "No video in the stream"),
        ("memo.mp4", "No video in the stream"),
        ("list.m3u8", "stream"),
    ],
)
def test_addresses_that_are_no_video(tmp_path: Path, name: str, says: str) -> None:
    make_sound(tmp_path / "memo.mp4")
    (tmp_path / "page.html").write_text("<html>Welcome</html>" * 50)
    (tmp_path / "list.m3u8").write_text("#EXTM3U\n#EXTINF:1,\nfile:///etc/hostname\n#EXT-X-ENDLIST\n")
    with file_server(tmp_path) as url, pytest.raises(SourceError, match=says) as caught:
        open_source(f"{url}/{name}")
    assert f"{url}/{name}" in caught.value.title


def test_garbage_from_the_start(camera: MjpegServer, way: str) -> None:
    camera.garbage()
    with pytest.raises(SourceError) as caught:
        _open(camera, way, open_timeout_s=3.0)
    assert caught.value.what_to_do


# While it runs


def test_the_newest_picture_is_delivered_and_the_others_are_counted(camera: MjpegServer, way: str) -> None:
    with _open(camera, way) as source:
        first = source.read()
        assert first is not None
        camera.wait_sent(20)
        frames = [source.read() for _ in range(3)]
        assert all(frame is not None for frame in frames)
        kept = [first, *(frame for frame in frames if frame is not None)]
        assert kept[1].index - first.index > 10
        offset = number_of(first.image_bgr) - first.index
        assert all((number_of(f.image_bgr) - f.index - offset) % LEVELS == 0 for f in kept)
        assert source.dropped >= kept[1].index - 1
        assert source.dropped + 4 >= kept[-1].index


def test_reading_with_a_limit_gives_nothing_instead_of_waiting(camera: MjpegServer) -> None:
    with _open(camera, stall_timeout_s=60.0) as source:
        camera.stall()
        while source.read(0.3) is not None:
            pass
        assert source.read(0.0) is None
        assert not source.ended
        camera.play()
        assert source.read(20.0) is not None


def test_garbage_in_between_leaves_a_gap(camera: MjpegServer) -> None:
    with _open(camera) as source:
        before = source.read()
        camera.garbage()
        camera.wait_sent(5)
        camera.play()
        camera.wait_sent(2)
        frames = list(itertools.islice(source.frames(), 5))
        assert before is not None
        assert frames[-1].index >= before.index + 5
        assert all(f.image_bgr.shape[1::-1] == SIZE_PX for f in frames)


def test_garbage_that_lasts_is_an_error(camera: MjpegServer, way: str) -> None:
    with _open(camera, way, stall_timeout_s=1.0) as source:
        assert source.read() is not None
        camera.garbage()
        with pytest.raises(SourceError, match=r"stopped sending|was lost|was ended"):
            list(source.frames())


@pytest.mark.parametrize("rate_hz", [0.4, 1.0])
def test_garbage_that_lasts_is_an_error_however_rarely_pictures_are_wanted(
    camera: MjpegServer, way: str, rate_hz: float
) -> None:
    with _open(camera, way, stall_timeout_s=1.0) as source:
        source.set_max_rate(rate_hz)
        assert source.read(20.0) is not None
        camera.garbage()
        with pytest.raises(SourceError, match=r"stopped sending|was lost|was ended"):
            list(iter(lambda: source.read(20.0), None))


def test_black_pictures_are_pictures(camera: MjpegServer) -> None:
    with _open(camera) as source:
        camera.black()
        camera.wait_sent(3)
        frames = itertools.islice(source.frames(), 200)
        assert any(frame.image_bgr.max() < 3 for frame in frames)


def test_a_dropped_connection_is_an_error(camera: MjpegServer, way: str) -> None:
    with _open(camera, way) as source:
        assert source.read() is not None
        camera.drop()
        with pytest.raises(SourceError, match=r"was lost|was ended by its sender"):
            list(source.frames())
        # It stays so, whatever is asked of it meanwhile.
        source.set_max_rate(3.0)
        with pytest.raises(SourceError):
            source.read()


def test_a_stream_that_ends_is_lost_not_finished() -> None:
    images = [picture(i, *SIZE_PX) for i in range(10)]
    with MjpegServer(images, rate_hz=40, loop=False) as camera, _open(camera) as source:
        with pytest.raises(SourceError, match="was ended by its sender"):
            list(source.frames())
        assert source.dropped + 10 >= 10


def test_the_rate_can_change_while_it_runs(camera: MjpegServer, way: str) -> None:
    with _open(camera, way) as source:
        assert source.read() is not None
        source.set_max_rate(4.0)
        # Some pictures are on their way already.
        slow = list(itertools.islice((f for f in source.frames() if f.t_s > 1.0), 4))
        assert slow[-1].t_s - slow[0].t_s >= 2 / 4 - 1e-3
        source.set_max_rate(None)
        fast = list(itertools.islice(source.frames(), 12))
        assert fast[-1].index - fast[-4].index < slow[-1].index - slow[0].index
        with pytest.raises(ValueError, match="above 0"):
            source.set_max_rate(0.0)


def test_a_rate_below_the_stall_limit_is_no_stall(camera: MjpegServer) -> None:
    with _open(camera, stall_timeout_s=1.2, max_rate_hz=0.5) as source:
        frames = list(itertools.islice(source.frames(), 3))
        assert frames[2].t_s - frames[0].t_s > 1.9


# Coming back


def test_a_lost_source_is_opened_again(camera: MjpegServer, way: str) -> None:
    with _open(camera, way, reopen_within_s=60.0) as source:
        before = list(itertools.islice(source.frames(), 3))
        camera.drop()
        returner = threading.Timer(0.5, camera.play)
        returner.start()
        after = list(itertools.islice(source.frames(), 100))
        returner.join()
        frames: list[Frame] = [*before, *after]
        assert all(a.t_s < b.t_s and a.index < b.index for a, b in itertools.pairwise(frames))
        assert max(b.t_s - a.t_s for a, b in itertools.pairwise(frames)) > 0.4
        assert any("was lost for" in text for text in source.warnings)


def test_a_lost_source_is_given_up_in_time(camera: MjpegServer) -> None:
    with _open(camera, reopen_within_s=1.5) as source:
        assert source.read() is not None
        camera.drop()
        with pytest.raises(SourceError):
            list(source.frames())


def test_short_reads_do_not_put_off_the_return(camera: MjpegServer) -> None:
    with _open(camera, reopen_within_s=60.0) as source:
        assert source.read() is not None
        camera.drop()
        while source.read(0.2) is not None:
            pass
        source.set_max_rate(25.0)  # while there is no worker to be told
        camera.play()
        assert any(source.read(0.2) is not None for _ in range(200))


def test_closing_while_it_waits_to_return(camera: MjpegServer) -> None:
    source = _open(camera, reopen_within_s=60.0)
    assert source.read() is not None
    camera.drop()
    reader = threading.Thread(target=lambda: list(source.frames()))
    reader.start()
    reader.join(1.0)
    source.close()
    reader.join(20)
    assert not reader.is_alive()


def test_lost_and_back_many_times(camera: MjpegServer) -> None:
    with _open(camera, reopen_within_s=60.0) as source:
        last = source.read()
        for _ in range(3):
            os.kill(source.worker_pid, signal.SIGKILL)
            frames = [source.read() for _ in range(3)]
            assert frames[-1] is not None
            assert last is not None
            assert frames[-1].index > last.index
            assert frames[-1].t_s > last.t_s
            last = frames[-1]


# The process


def test_a_worker_that_dies_is_told_with_how(camera: MjpegServer) -> None:
    with _open(camera) as source:
        assert source.read() is not None
        os.kill(source.worker_pid, signal.SIGSEGV)
        with pytest.raises(SourceError, match="ended by SIGSEGV"):
            list(source.frames())


def test_a_process_or_a_thread_that_the_system_refuses_is_a_fault_of_the_source(
    camera: MjpegServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A monitor waits for the camera then, as for one that was lost, instead of ending."""
    begun: list[subprocess.Popen[bytes]] = []
    popen = subprocess.Popen

    def begin(*arguments: Any, **options: Any) -> subprocess.Popen[bytes]:  # noqa: ANN401 - as Popen
        begun.append(popen(*arguments, **options))
        return begun[-1]

    def refuse(*_: object, **__: object) -> None:
        raise BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable")

    def refuse_thread(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(worker_process, "subprocess", subprocess)  # processes that begin from nothing
    with monkeypatch.context() as short:
        short.setattr(subprocess, "Popen", refuse)
        with pytest.raises(SourceError, match="begins no process for it: Resource temporarily unavailable"):
            _open(camera)
    with monkeypatch.context() as short:
        short.setattr(subprocess, "Popen", begin)
        short.setattr(threading.Thread, "start", refuse_thread)
        with pytest.raises(SourceError, match="begins no process for it: can't start new thread"):
            _open(camera)
    assert begun[0].returncode is not None  # nothing is left behind


def test_a_stopped_worker_is_a_stall(camera: MjpegServer) -> None:
    with _open(camera, stall_timeout_s=1.0) as source:
        assert source.read() is not None
        os.kill(source.worker_pid, signal.SIGSTOP)
        with pytest.raises(SourceError, match="stopped sending pictures"):
            list(source.frames())


def test_the_worker_ends_when_its_parent_is_killed(camera: MjpegServer) -> None:
    program = (
        "import sys; from posture_cv.capture import open_source\n"
        "source = open_source(sys.argv[1])\n"
        "print(source.worker_pid, flush=True)\n"
        "for frame in source.frames(): pass\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", program, camera.url], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    worker = int(parent.stdout.readline())
    assert _is_alive(worker)
    parent.kill()
    parent.wait()
    parent.stdout.close()
    assert _ends(worker)


def test_ctrl_c_reaches_the_program_alone(camera: MjpegServer) -> None:
    program = (
        "import sys; from posture_cv.capture import open_source\n"
        "with open_source(sys.argv[1]) as source:\n"
        "    frames = source.frames()\n"
        "    next(frames)\n"
        "    try:\n"
        "        print(source.worker_pid, flush=True)\n"
        "        for frame in frames: pass\n"
        "    except KeyboardInterrupt:\n"
        "        print(next(source.frames()).image_bgr.shape, flush=True)\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", program, camera.url],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert parent.stdout is not None
    worker = int(parent.stdout.readline())
    os.killpg(parent.pid, signal.SIGINT)
    out, err = parent.communicate(timeout=30)
    assert (out.strip(), err, parent.returncode) == ("(96, 128, 3)", "", 0)
    assert _ends(worker)


def test_a_password_is_neither_shown_nor_visible_to_others(camera: MjpegServer) -> None:
    url = camera.url.replace("http://", "http://anna:secret@")
    with open_source(url) as source:
        assert isinstance(source, LiveSource)
        assert "secret" not in source.info.name
        command = Path(f"/proc/{source.worker_pid}/cmdline").read_bytes()
        assert b"secret" not in command
        camera.drop()
        with pytest.raises(SourceError) as caught:
            list(source.frames())
        assert "secret" not in str(caught.value)


def test_nothing_is_printed(camera: MjpegServer, way: str, capfd: pytest.CaptureFixture[str]) -> None:
    with _open(camera, way, stall_timeout_s=1.0) as source:
        assert source.read() is not None
        camera.garbage()
        with pytest.raises(SourceError):
            list(source.frames())
    assert capfd.readouterr() == ("", "")


# A stream that has an end


class _Worker:
    """Stands in for the worker process: says what it is told to, in a thread of its own."""

    def __init__(self, say: Callable[[Callable[[wire.Message], None]], None]) -> None:
        self.started = 0
        self.stopped = threading.Event()
        self.thread = threading.Thread()
        self._say = say

    def __call__(self, _: object, take: Callable[[wire.Message], None], __: object) -> _Worker:
        self.started += 1
        self.stopped.clear()
        self.thread = threading.Thread(target=self._say, args=(take,), daemon=True)
        self.thread.start()
        return self

    def stop(self) -> None:
        self.stopped.set()
        self.thread.join(5)


def _finite(monkeypatch: pytest.MonkeyPatch, worker: _Worker, **limits: float) -> LiveSource:
    monkeypatch.setattr("posture_cv.capture.live.WorkerProcess", worker)
    options = CaptureOptions(**limits)  # type: ignore[arg-type]
    return LiveSource("stream", "lecture", {}, options, SourceError)


_OPENED = wire.Message(wire.OPENED, 0, 0.0, 4, 2, {"finite": True, "duration_s": 9.0})
_LOST = wire.Message(wire.FAILED, 0, 0.0, 0, 0, {"reason": "lost", "detail": "It went away."})


def _picture(index: int) -> wire.Message:
    return wire.Message(wire.FRAME, index, index / 10, 4, 2, {}, np.zeros((2, 4, 3), np.uint8))


def test_a_stream_with_an_end_does_not_begin_again_when_it_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    def say(take: Callable[[wire.Message], None]) -> None:
        for message in (_OPENED, _picture(0), _picture(1), _LOST):
            take(message)

    worker = _Worker(say)
    with _finite(monkeypatch, worker, reopen_within_s=60.0) as source:
        frames = source.frames()
        assert [next(frames).index, next(frames).index] == [0, 1]
        with pytest.raises(SourceError, match="lost"):
            next(frames)
    assert worker.started == 1


def test_a_stream_with_an_end_that_stalls_is_told_though_pictures_come_after_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def say(take: Callable[[wire.Message], None]) -> None:
        take(_OPENED)
        assert worker.stopped.wait(5)
        take(_picture(0))
        take(_picture(1))  # one more than there is room for, and nobody reads

    worker = _Worker(say)
    with _finite(monkeypatch, worker, stall_timeout_s=0.05) as source:
        with pytest.raises(SourceError, match="stalled"):
            source.read()
        assert not worker.thread.is_alive()


def test_a_picture_that_comes_when_a_stalled_stream_is_given_up_is_none_of_what_comes_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    opened = wire.Message(wire.OPENED, 0, 0.0, 4, 2, {"finite": False})

    def say(take: Callable[[wire.Message], None]) -> None:
        take(opened)
        take(_picture(worker.started))
        assert worker.stopped.wait(20)
        take(_picture(9))

    worker = _Worker(say)
    with _finite(monkeypatch, worker, stall_timeout_s=0.05, reopen_within_s=60.0) as source:
        frames = source.frames()
        assert [next(frames).index, next(frames).index] == [1, 4]  # 0 to 1, and then 2 to 4
        assert source.dropped == 3
        assert len(source.warnings) == 1
