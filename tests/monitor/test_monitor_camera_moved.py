"""A lid that is tilted while the monitor runs: the camera is blamed, one key goes on, and then it measures well."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from io import StringIO
from itertools import count
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from assess_material import baseline
from calibration.errors import CalibrationError
from capture.mjpeg_server import MjpegServer, video_images
from monitor.monitor_material import Desk, ScriptedSurroundings, stretches
from monitor.processes import run
from monitor.processes import wait_for_status as wait
from monitor.terminal import Terminal
from posture_cv.coefficients import load_coefficients
from posture_cv.landmarks.types import SCENE_FIELDS, Landmarks
from posture_cv.measure.baseline import UNMOVED, Background
from posture_cv.monitor import commands as cmd
from posture_cv.monitor.judge import Criteria, Judge
from posture_cv.monitor.keys import KeyCommands
from posture_cv.monitor.lifecycle import Phase
from posture_cv.monitor.ports import Surroundings
from posture_cv.monitor.recalibrate import follow_camera
from posture_cv.monitor.sinks import TerminalSink
from posture_cv.profiles.store import load_profile, save_profile
from source_tree import ROOT

Image = NDArray[np.uint8]
CLIP = ROOT / "samples" / "desk-front.mp4"
RECORDING = CLIP.with_suffix(".landmarks")
SETTINGS = "[calibration]\ncountdown_s = 0.0\nstill_s = 0.5\nduration_s = 2.0\n"
_HFOV_DEG = 60.0
needs_samples = pytest.mark.skipif(not CLIP.exists(), reason="the samples are not in this tree")


def tilted(image: Image, degrees: float) -> Image:
    """What a camera sees after it was turned about its own axis by so much, as a lid does."""
    height, width = image.shape[:2]
    focal = width / 2 / np.tan(np.radians(_HFOV_DEG / 2))
    camera = np.array([[focal, 0, width / 2], [0, focal, height / 2], [0, 0, 1]])
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    turn = camera @ np.array([[1, 0, 0], [0, c, -s], [0, s, c]]) @ np.linalg.inv(camera)
    warped = cv2.warpPerspective(image, turn, (width, height), borderMode=cv2.BORDER_REPLICATE)
    return warped.astype(np.uint8, copy=False)


class Lid:
    """The clip's pictures as the camera sees them now."""

    def __init__(self) -> None:
        images = list(video_images(str(CLIP), 175))
        self.degrees = 0.0
        self.posture = "upright"
        self._images = {"upright": images[:70], "forward_head": images[110:175]}

    def pictures(self) -> Iterator[Image]:
        """For ever."""
        place = 0
        while True:
            images = self._images[self.posture]
            place += 1
            cycle = place % (2 * len(images) - 2)  # to and fro
            yield tilted(images[min(cycle, 2 * len(images) - 2 - cycle)], self.degrees)


def excess(status: dict[str, Any], cue: str) -> float:
    """How near that posture is to its limit: 1 is at it."""
    shares: list[float] = [m["share"] for m in status["margins"] if m["cue"] == cue]
    return max(shares)


@needs_samples
def test_a_tilted_lid_is_told_from_a_person_who_moved_and_one_key_goes_on(tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "settings.toml").write_text(SETTINGS)
    done = run(tmp_path, "calibrate", "--from", str(RECORDING), "--end", "8", "--name", "desk")
    assert done.returncode == 0, done.stderr
    stored = tmp_path / "data" / "profiles" / "desk.json"
    made = stored.read_text()
    lid = Lid()
    with MjpegServer(lid.pictures(), rate_hz=5.0, loop=False) as camera:
        terminal = Terminal(tmp_path, "monitor", camera.url, "--no-notifications", "--profile", "desk")
        terminal.wait_for("m the camera was moved")
        wait(tmp_path, lambda s: s.get("state") == "good")
        lid.degrees = 3.0
        moved = wait(tmp_path, lambda s: s.get("reason") == "camera_moved")
        assert moved["state"] == "cannot_tell"
        assert "the camera was moved, not you" in moved["text"]
        terminal.press("m")
        # once the trailing mean holds no picture of the old stand
        wait(tmp_path, lambda s: s.get("state") == "good" and excess(s, "forward_head") < 0.6)
        assert stored.read_text() != made, "the next start goes on with it"
        lid.posture = "forward_head"
        assert excess(wait(tmp_path, lambda s: s.get("state") == "forward_head"), "forward_head") > 1.2
        lid.posture, lid.degrees = "upright", -3.0
        wait(tmp_path, lambda s: s.get("reason") == "camera_moved")
        refused = run(tmp_path, "recalibrate", "--moved")
        assert refused.returncode == 2
        assert "moved too far" in refused.stderr
        quick = run(tmp_path, "recalibrate", "--quick", "--json")
        assert json.loads(quick.stdout) == {"recalibrated": True}, quick.stderr
        wait(tmp_path, lambda s: s.get("state") == "good" and excess(s, "forward_head") < 0.6)
        nothing = run(tmp_path, "recalibrate", "--moved")
        assert nothing.returncode == 2
        assert "not seem to have been moved" in nothing.stderr
        terminal.press("q")
        assert terminal.code() == 0
    with closing(sqlite3.connect(tmp_path / "data" / "history.sqlite3")) as db:
        assert db.execute("SELECT count(*) FROM alerts").fetchone() == (0,)
        unmeasured = (
            "SELECT sum(seconds) FROM minutes WHERE state = 'cannot_tell' AND reason = 'camera_moved'"
        )
        assert db.execute(unmeasured).fetchone()[0] > 2.0


def seen_at(
    dx: float, dy: float, scale: float = 1.0, support: float = 0.9, roll_deg: float = np.nan
) -> Landmarks:
    lm = Landmarks.empty(1)
    for name, value in zip(SCENE_FIELDS[4:9], (dx, dy, scale, support, roll_deg), strict=True):
        lm.scene[:, SCENE_FIELDS.index(name)] = value
    return lm


def test_where_a_moved_camera_stands_is_the_middle_of_what_the_latest_pictures_say() -> None:
    judge = Judge(
        Criteria("made up", baseline(), load_coefficients(), Desk(stretches(("good", 1.0)), 1.0).settings)
    )
    assert judge.background() is None
    for k, place in enumerate([(0.0, 0.0), (0.05, 0.0), (0.05, 0.02), (0.06, 0.0)]):
        judge.look(seen_at(*place), 1.0 + k)
    assert judge.background() == pytest.approx(Background(0.05, 0.0, 1.0))
    judge.look(seen_at(0.0, 0.0), 5.0)
    assert judge.background() is None, "it is back"
    judge.look(seen_at(0.07, 0.0), 6.0)
    assert judge.background() == pytest.approx(Background(0.07, 0.0, 1.0)), (
        "what was before it came back is over"
    )
    judge.look(seen_at(0.0, 0.0), 7.0)
    for k, roll_deg in enumerate([3.0, np.nan, 4.0]):
        judge.look(seen_at(0.07, 0.0, roll_deg=roll_deg), 8.0 + k)
    assert judge.background() == pytest.approx(Background(0.07, 0.0, 1.0, 3.5)), "of those that tell it"
    judge.look(seen_at(0.0, 0.0, roll_deg=2.0), 11.0)
    assert judge.background() == pytest.approx(Background(0.07, 0.0, 1.0, 3.0)), "a turn alone is a move"
    judge.forget()
    assert judge.background() is None


def test_the_key_asks_for_it() -> None:
    assert KeyCommands(cmd.Commands()).command("m") == cmd.FollowCamera()


def test_a_monitor_without_pictures_and_a_camera_that_stands_change_nothing() -> None:
    desk = Desk(stretches(("good", 1.0)), 10.0)
    parts = desk.parts()
    parts.commands.put(cmd.FollowCamera())
    desk.run(parts)
    assert not any(m.prompt for m in desk.kept.moments)
    again = Desk(stretches(("good", 1.0)), 10.0)
    parts = again.parts()
    parts.follow = lambda now, _: replace(now, profile="another")
    parts.camera.open()  # as the program does, before it watches
    parts.commands.put(cmd.FollowCamera())
    terminal = StringIO()
    parts.sinks = [*parts.sinks, TerminalSink(terminal)]
    again.run(parts)
    assert (
        "The baseline was not taken along. The camera does not seem to have been moved" in terminal.getvalue()
    )
    assert "calibration" not in terminal.getvalue(), "none was tried"
    (prompt,) = (m.prompt for m in again.kept.moments if m.prompt)
    assert prompt.startswith(
        "not taken along: The camera does not seem to have been moved, so nothing was changed."
    )
    assert prompt.endswith("If you sit otherwise than before: posture-cv recalibrate")
    assert again.kept.moments[-1].profile == "made up"


def test_with_the_camera_off_nobody_says_that_it_was_not_moved() -> None:
    desk = Desk(stretches(("good", 1.0)), 10.0)
    parts = desk.parts()
    parts.follow = lambda now, _: replace(now, profile="another")
    rounds = count()

    def locked(_: float) -> Surroundings:
        if next(rounds) == 1:
            parts.commands.put(cmd.FollowCamera())
        return Surroundings(locked=True)

    parts.surroundings = ScriptedSurroundings(desk.clock, locked)
    desk.run(parts)
    (told,) = (m for m in desk.kept.moments if m.prompt)
    assert told.prompt.startswith("not taken along: The camera is off, so nothing can be compared")
    assert told.phase is Phase.LOCKED


@needs_samples
def test_only_the_profile_in_use_is_taken_along(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POSTURE_CV_HOME", str(tmp_path))
    profile = replace(load_profile(str(CLIP.with_suffix(".profile.json"))), name="desk")
    save_profile(profile)
    other = replace(profile.baseline, pose=profile.baseline.pose + 0.01)
    follow_camera("desk", other, Background(0.04, 0.0, 1.0))
    unchanged = load_profile("desk").baseline
    moved = follow_camera("desk", unchanged, Background(0.04, 0.0, 1.0))
    assert unchanged.pose[0, 0] == pytest.approx(profile.baseline.pose[0, 0])
    kept = load_profile("desk").baseline
    assert kept.pose[0, 0] == pytest.approx(unchanged.pose[0, 0] + 0.04, abs=1e-4)
    assert kept.background == moved.background == UNMOVED
    with pytest.raises(CalibrationError, match="too far"):
        follow_camera("desk", kept, Background(0.2, 0.0, 1.0))
    file = save_profile(profile, tmp_path / "desk.json")
    follow_camera("desk", profile.baseline, Background(0.04, 0.0, 1.0), file)
    assert load_profile(file).baseline.pose[0, 0] == pytest.approx(kept.pose[0, 0], abs=1e-4)
    follow_camera("desk", profile.baseline, Background(0.04, 0.0, 1.0), tmp_path / "gone.json")
    assert not (tmp_path / "gone.json").exists()
