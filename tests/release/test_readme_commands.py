"""Every command that README.md shows does what it says, in the order in which it is read."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import pytest

from capture.mjpeg_server import MjpegServer, video_images
from cli_runner import Cli
from evaluate.conftest import made_up, write_landmarks, write_truth
from importing_material import wide
from limited import run_limited
from once import made_once
from pair_material import session
from posture_cv.cli.bench import command as bench
from posture_cv.landmarks.recording import RecordingInfo, read_recording
from posture_cv.landmarks.recording_writer import RecordingWriter
from posture_cv.paths import HOME_VARIABLE
from release.readme_commands import (
    BRIEFLY,
    NOBODY_RUNS,
    Command,
    World,
    distinct,
    lines,
    program_commands,
    set_up_lines,
    stand_in,
)
from source_tree import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
SAMPLES = ROOT / "samples"
COMMANDS = program_commands(README)
# What a reader has by then, made here because each test process runs some of the commands only.
EARLIER = (
    ("replay", "desk.landmarks", "--profile", "me", "--alert-after", "5", "--out", "out"),
    ("monitor", "{camera}", "--profile", "me", *BRIEFLY),
)
# They measure their own process, or end by a signal; of the others only the words are in question.
OF_A_PROCESS = (["doctor"], ["monitor"])


def test_there_are_two_ways_to_begin_and_they_are_checked_elsewhere() -> None:
    first, second = set_up_lines(README)
    assert "posture-cv replay samples/desk-front.mp4" in first
    assert "-m pytest" in second
    assert "set_up_line" in (ROOT / "tools" / "release_check.py").read_text(encoding="utf-8")
    runs = ROOT / ".ci" / "run"
    if runs.exists():  # absent from an sdist
        assert "python -m pytest" in runs.read_text(encoding="utf-8")


def test_every_line_is_known() -> None:
    assert len(COMMANDS) >= 10
    with pytest.raises(ValueError, match="no test runs: rm -rf"):
        program_commands("```sh\nrm -rf all\n```\n")


def test_lines_are_read_as_a_shell_does() -> None:
    text = "```sh\n# first\nposture-cv a 'b c' \\\n  --d  # why\n```\nand `posture-cv e [X]` and `other f`\n"
    assert lines(text) == ["posture-cv a 'b c'    --d", "posture-cv e [X]"]
    assert [command.words for command in program_commands(text)] == [("a", "b c", "--d"), ("e",)]


@pytest.fixture(scope="module")
def camera() -> Iterator[str]:
    with MjpegServer(video_images(str(SAMPLES / "desk-front.mp4"), 40), rate_hz=5.0) as server:
        yield server.url


@pytest.fixture(scope="module")
def place(camera: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as a reader's own: their recording, a profile, the samples."""
    if not (SAMPLES / "desk-front.mp4").exists():
        pytest.skip("the samples are not in this tree")
    made = made_once(tmp_path_factory, "reader", lambda folder: _make(folder, camera))
    return Path(shutil.copytree(made, tmp_path_factory.mktemp("a") / "reader", symlinks=True))


def _make(place: Path, camera: str) -> None:
    _slower(SAMPLES / "desk-front.mp4", place / "desk.mp4")
    for folder in ("day1", "day2"):
        (place / folder).mkdir()
        shutil.copy(place / "desk.mp4", place / folder / "desk.mp4")
    for name in ("a", "b", "desk"):
        shutil.copy(SAMPLES / "desk-front.landmarks", place / f"{name}.landmarks")
    for name in ("a", "b", "labels"):
        (place / f"{name}.csv").write_text("start,end,label\n0,9,good\n10,18,forward head\n")
    (place / "study.csv").write_text("file,participant,condition,calibrate\ndesk.landmarks,p1,before,0:8\n")
    (place / "laptop-screen.csv").write_text(
        "file,participant,condition,calibrate,start,end\n"
        "a.landmarks,p1,laptop,0:8,0,22\n"
        "b.landmarks,p1,screen,0:8,22,44\n"
    )
    for name, lm in zip(("front", "side"), session(3.37), strict=True):
        with RecordingWriter(place / f"{name}.landmarks", RecordingInfo({"name": name}, {})) as writer:
            writer.write(lm)
    marks, _ = wide(read_recording(SAMPLES / "desk-side.landmarks").landmarks[:20], place)
    marks.rename(place / "marks.csv")
    shutil.copytree(SAMPLES, place / "samples")
    profiles = place / "data" / "profiles"
    profiles.mkdir(parents=True, mode=0o700)
    for name in ("me", "default", "desk"):
        shutil.copy(SAMPLES / "desk-front.profile.json", profiles / f"{name}.json")
    for words in EARLIER:
        done = _run([word.format(camera=camera) for word in words], place)
        assert done.returncode == 0, done.stderr


def _run(words: list[str], place: Path) -> subprocess.CompletedProcess[str]:
    """In that folder, which is the home, too."""
    if words[:1] in OF_A_PROCESS:
        return run_limited(words, place, seconds=300.0)
    with pytest.MonkeyPatch.context() as here:
        here.chdir(place)
        here.setenv(HOME_VARIABLE, str(place))
        return Cli().here(*words)


def _slower(source: Path, target: Path) -> None:
    """Ten seconds of the clip, two pictures a second: what the commands are shown is the same, only less."""
    with av.open(str(target), "w") as out:
        stream: Any = out.add_stream("mpeg4", rate=2)
        stream.width, stream.height, stream.pix_fmt, stream.bit_rate = 640, 480, "yuv420p", 4_000_000
        stream.codec_context.time_base = Fraction(1, 2)
        for number, image in enumerate(list(video_images(str(source), 100))[::2]):
            if number % 5 == 0:
                out.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="bgr24")))
        out.mux(stream.encode(None))


@pytest.fixture(scope="module")
def world(camera: str, place: Path) -> World:
    folder = place / "set"
    folder.mkdir()
    rows, frames = made_up("s1", 0)
    write_truth(folder, rows)
    write_landmarks(folder, rows, frames)
    return World(camera, folder)


def _expanded(words: list[str], place: Path) -> list[str]:
    """As the shell expands names."""
    found = []
    for word in words:
        names = sorted(str(path.relative_to(place)) for path in place.glob(word)) if "*" in word else []
        found += names or [word]
    return found


@pytest.mark.parametrize("command", distinct(COMMANDS), ids=lambda command: command.line)
def test_a_command_of_the_readme(command: Command, world: World, place: Path) -> None:
    """`bench` is taken at its words, amounts included, and not begun: its runs have tests of their own."""
    if command.words[:1] == ("bench",):
        bench.make_context("bench", list(command.words[1:])).close()
        return
    words = stand_in(command, world)
    done = _run(_expanded(words, place), place)
    allowed = {0}
    if words[:1] == ["doctor"] or words == ["autostart", "status"]:
        allowed |= {1}  # there is no camera, which is reported; nothing was switched on
    if words[:1] and words[0] in NOBODY_RUNS:
        allowed |= {3}
    assert done.returncode in allowed, f"{' '.join(words)}\n{done.stdout[-1500:]}\n{done.stderr[-1500:]}"
    assert "Traceback" not in done.stderr
    assert not re.search(r"^Usage:", done.stderr, re.MULTILINE)
