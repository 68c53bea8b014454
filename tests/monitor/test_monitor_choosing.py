"""Which profile is judged by: the one of this camera and this place; asked when unsure, never overwritten."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import click
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from calibration.protocol import Progress, Step, Timing
from calibration.run import collect_recording
from cli_runner import Cli
from monitor.monitor_material import Desk, ScriptedJudge, stretches
from posture_cv.assess.policy_state import PolicyState
from posture_cv.capture.types import Frame
from posture_cv.cli.profile_text import as_text
from posture_cv.errors import InputError
from posture_cv.landmarks.recording import RecordingReader
from posture_cv.landmarks.types import Landmarks
from posture_cv.monitor import profile_choice
from posture_cv.monitor.app import Request
from posture_cv.monitor.assembling import recalibrator_for
from posture_cv.monitor.calibrating import left_behind
from posture_cv.monitor.choosing import NEAR_SHARE, choose, name_for, of_camera, place_distance
from posture_cv.monitor.control.channel import NotRunningError
from posture_cv.monitor.judge import Criteria
from posture_cv.monitor.loop import Monitor
from posture_cv.monitor.parts import Options
from posture_cv.monitor.ports import Camera, CameraIdentity, Surroundings
from posture_cv.monitor.profile_choice import better_profile, named_profile, profile_for, recalibrated_name
from posture_cv.monitor.recalibrate import PromptUi, about_desk
from posture_cv.monitor.session import Eyepiece
from posture_cv.profiles.format import profile_to_json
from posture_cv.profiles.store import check_name, load_profile, profile_names, save_profile
from posture_cv.profiles.types import Profile, ProfileSource, SetupNote
from posture_cv.settings import load_settings
from profile_material import a_profile
from source_tree import ROOT

SAMPLE = ROOT / "samples" / "desk-front.landmarks"
LAPTOP = CameraIdentity("webcam", "Integrated Camera", 640, 480)
DOCK = CameraIdentity("webcam", "Dock Camera", 1280, 960)


def desk_profile(name: str, x: float = 0.5, camera: str = LAPTOP.name) -> Profile:
    """A person whose nose is at `x` of the picture's width."""
    made = a_profile(name)
    pose = made.baseline.pose.copy()
    pose[[0, 11, 12], 0] = (x, x + 0.2, x - 0.2)
    pose[[0, 11, 12], 1] = (0.4, 0.8, 0.8)
    baseline = replace(made.baseline, pose=pose)
    return replace(made, baseline=baseline, source=ProfileSource("webcam", camera))


def somebody(x: float, frames: int = 3) -> Landmarks:
    lm = Landmarks.empty(frames)
    lm.pose[:] = 0.5
    lm.pose[:, 0, :2] = (x, 0.4)
    lm.pose[:, 11, :2] = (x + 0.2, 0.8)
    lm.pose[:, 12, :2] = (x - 0.2, 0.8)
    lm.size_px[:] = (640, 480)
    return lm


def test_only_profiles_of_this_camera_and_shape_of_picture_are_considered() -> None:
    here, dock = desk_profile("here"), desk_profile("dock", camera=DOCK.name)
    assert of_camera([here, dock], LAPTOP) == [here]
    assert of_camera([here], replace_size(LAPTOP, 1280, 720)) == [], "cropped: another picture"
    assert of_camera([here], replace_size(LAPTOP, 1280, 960)) == [here], "the same picture, larger"


def test_a_camera_that_got_another_number_is_the_same_camera() -> None:
    made = desk_profile("desk", camera="camera 0 (HD Pro Webcam C920)")
    assert of_camera([made], replace(LAPTOP, name="camera 2 (HD Pro Webcam C920)")) == [made]
    assert of_camera([made], replace(LAPTOP, name="camera 0 (Integrated Camera)")) == []
    unnamed = desk_profile("desk", camera="camera 0")  # where the system tells no model
    assert of_camera([unnamed], replace(LAPTOP, name="camera 1")) == []


def replace_size(camera: CameraIdentity, width_px: int, height_px: int) -> CameraIdentity:
    return replace(camera, width_px=width_px, height_px=height_px)


def test_the_place_decides_between_profiles_of_one_camera() -> None:
    left, right = desk_profile("left", 0.35), desk_profile("right", 0.65)
    choice = choose([left, right], somebody(0.63))
    assert (choice.profile, choice.sure) == (right, True)
    between = choose([left, right], somebody(0.5))
    assert not between.sure
    far = choose([left, right], somebody(0.95))
    assert (far.profile, far.sure) == (right, False)
    assert "none of the profiles fits" in far.why
    empty = choose([left, right], Landmarks.empty(2))
    assert not empty.sure
    assert choose([left], Landmarks.empty(2)).sure, "there is nothing to choose"
    assert choose([], somebody(0.5)).profile is None


@given(st.floats(0.2, 0.8), st.floats(-0.1, 0.1))
def test_the_distance_is_how_far_they_moved_in_shares_of_the_width(x: float, by: float) -> None:
    assert place_distance(desk_profile("p", x), somebody(x + by)) == pytest.approx(abs(by), abs=1e-6)
    assert choose([desk_profile("p", x)], somebody(x + by)).sure == (abs(by) <= NEAR_SHARE)


@given(st.text(max_size=60), st.integers(0, 3))
def test_a_new_profile_gets_a_name_that_is_possible_and_free(camera: str, taken: int) -> None:
    first = name_for(replace(LAPTOP, name=camera), [])
    names = [first, *(f"{first}-{n}" for n in range(2, 2 + taken))]
    new = name_for(replace(LAPTOP, name=camera), names)
    assert new not in names
    if not camera.lower().startswith(("con", "prn", "aux", "nul", "com", "lpt")):
        assert check_name(new) == new


class Looked:
    """A camera that only says which it is."""

    def __init__(self, identity: CameraIdentity) -> None:
        self.identity = identity


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """Where somebody sits, in place of a look with the models."""
    seen = SimpleNamespace(x=0.5)
    monkeypatch.setattr(profile_choice, "_glances", lambda *_: somebody(seen.x))
    return seen


def chosen(camera: CameraIdentity, notes: list[str], **options: object) -> Profile:
    request = Request("0", load_settings(None), **options)  # type: ignore[arg-type]
    eyepiece = Eyepiece(Looked(camera), None, live=True)  # type: ignore[arg-type]
    return profile_for(request, eyepiece, notes.append, lambda: False)


def saved(*profiles: Profile) -> Sequence[Profile]:
    for profile in profiles:
        save_profile(profile)
    return profiles


def test_one_fitting_profile_is_taken_without_a_word(place: SimpleNamespace) -> None:
    saved(desk_profile("default", camera=DOCK.name), desk_profile("here"))
    notes: list[str] = []
    assert chosen(LAPTOP, notes).name == "here"
    assert notes == []


def test_of_several_the_place_decides_and_it_is_said(place: SimpleNamespace) -> None:
    saved(desk_profile("left", 0.35), desk_profile("right", 0.65))
    notes: list[str] = []
    place.x = 0.36
    assert chosen(LAPTOP, notes).name == "left"
    assert notes == ["Profile 'left': it fits this camera and place."]


def test_when_unsure_who_is_there_is_asked_and_who_is_not_is_told(
    place: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved(desk_profile("left", 0.4), desk_profile("right", 0.6))
    asked: list[str] = []

    def prompt(text: str, **options: object) -> str:
        asked.append(text)
        assert isinstance(options["type"], click.Choice)
        assert set(options["type"].choices) == {"left", "right"}
        return "right"

    monkeypatch.setattr(click, "prompt", prompt)
    assert chosen(LAPTOP, [], may_ask=True).name == "right"
    assert asked == ["Profile"]
    notes: list[str] = []
    assert chosen(LAPTOP, notes).name in ("left", "right")
    assert "not sure" in notes[0]
    assert asked == ["Profile"], "nobody is there to ask"


def test_another_camera_is_hinted_at_and_a_new_profile_does_not_overwrite(
    place: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved(desk_profile("default"))
    notes: list[str] = []
    assert chosen(DOCK, notes).name == "default"
    assert "'Integrated Camera'" in notes[0]
    assert "'Dock Camera'" in notes[0]
    made: list[str] = []
    monkeypatch.setattr(click, "confirm", lambda *_, **__: True)
    monkeypatch.setattr(profile_choice, "_first_run", lambda *given: made.append(given[3]))
    chosen(DOCK, [], may_ask=True)
    assert made == ["dock-camera"]
    assert recalibrated_name("default", DOCK) == "dock-camera"
    assert recalibrated_name("default", LAPTOP) == "default"


def test_a_camera_whose_pictures_have_another_shape_is_not_called_another_camera(
    place: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved(desk_profile("default"))
    asked, notes = list[str](), list[str]()
    wide = replace_size(LAPTOP, 1280, 720)

    def no(text: str, **_: object) -> bool:
        asked.append(text)
        return False

    monkeypatch.setattr(click, "confirm", no)
    assert chosen(wide, notes, may_ask=True).name == "default"
    why = "No profile was made with pictures of the shape that 'Integrated Camera' gives now (1280x720)."
    assert asked == [f"{why} Make one now?"]
    assert notes[0] == f"{why} 'default' is used, from 'Integrated Camera' (640x480)."
    assert notes[1] == "It cannot judge pictures of another shape. Make one that can: posture-cv recalibrate"
    assert better_profile(Request("0", load_settings(None)), Looked(wide), "default", notes.append) is None  # type: ignore[arg-type]
    assert notes[-1] == f"{why} Make one: posture-cv recalibrate"


def test_a_camera_that_is_waited_for_needs_no_profile_called_default() -> None:
    saved(desk_profile("desk", camera=DOCK.name))
    assert chosen(LAPTOP, [], wait_for_camera=True, background=True, service=True).name == "desk"
    saved(desk_profile("default"))
    assert chosen(LAPTOP, [], wait_for_camera=True, background=True, service=True).name == "default"


def test_another_camera_needs_no_profile_called_default() -> None:
    saved(desk_profile("desk", camera=DOCK.name))
    notes: list[str] = []
    assert chosen(LAPTOP, notes, background=True).name == "desk"
    assert "'Dock Camera'" in notes[0]


@contextmanager
def no_estimator(*_: object) -> Iterator[None]:
    """No models are needed where nobody looks."""
    yield


def found_something(name: str) -> Profile:
    return replace(desk_profile(name), setup=(SetupNote("screen_too_low", "The camera is low."),))


def test_a_first_run_tells_of_the_desk_as_calibrate_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("posture_cv.monitor.session.make_estimator", no_estimator)
    monkeypatch.setattr(
        "posture_cv.monitor.recalibrate.calibrate_from_camera", lambda *given: found_something(given[2])
    )
    notes: list[str] = []
    made = chosen(LAPTOP, notes)
    assert notes[3:] == about_desk(made)
    said = as_text(made, Path("default.json")).partition("your desk")[2]
    assert " ".join(notes[4:]).split() == said.split(), "the same words, in lines of another length"
    assert about_desk(replace(made, setup=())) == []


def test_a_first_run_tells_what_speaks_against_the_new_baseline(monkeypatch: pytest.MonkeyPatch) -> None:
    doubtful = replace(desk_profile("default").quality, grade="warn", reasons=("The picture is dark.",))
    monkeypatch.setattr("posture_cv.monitor.session.make_estimator", no_estimator)
    monkeypatch.setattr(
        "posture_cv.monitor.recalibrate.calibrate_from_camera",
        lambda *given: replace(desk_profile(given[2]), quality=doubtful),
    )
    notes: list[str] = []
    chosen(LAPTOP, notes)
    assert notes[3] == "The picture is dark."


def test_a_recalibration_tells_of_the_desk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("posture_cv.monitor.assembling.make_estimator", no_estimator)
    monkeypatch.setattr(
        "posture_cv.monitor.recalibrate.calibrate_from_camera",
        lambda *given, **_: found_something(given[2]),
    )
    settings, notes = load_settings(None), list[str]()
    recalibrate = recalibrator_for(Request("0", settings), settings.assess(), notes.append)
    now = Criteria("desk", desk_profile("desk").baseline, {}, settings.assess())
    recalibrate(Looked(LAPTOP), now, lambda _: True, False)  # type: ignore[arg-type]
    assert notes[-len(about_desk(found_something("desk"))) :] == about_desk(found_something("desk"))


@pytest.mark.skipif(not SAMPLE.exists(), reason="the samples are not in this tree")
def test_a_baseline_made_anew_is_kept_in_the_file_that_was_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stored profile that happens to be called alike is another's."""
    monkeypatch.setattr("posture_cv.monitor.assembling.make_estimator", no_estimator)
    with RecordingReader(SAMPLE) as reader:
        seen = collect_recording(reader, 0.0, 8.0, "desk")
    monkeypatch.setattr("calibration.run.collect_live", lambda *_: seen)
    (stored,) = saved(desk_profile("my desk"))
    file = tmp_path / "my desk (2).json"
    for named in (file, save_profile(stored).rename(tmp_path / "my desk.json")):
        saved(stored)
        save_profile(stored, named)
        settings = load_settings(None, {"general.profile": str(named)})
        recalibrate = recalibrator_for(Request("0", settings), settings.assess(), lambda _: None)
        now = Criteria(named.stem, stored.baseline, {}, settings.assess())
        made = recalibrate(Looked(DOCK), now, lambda _: True, False)  # type: ignore[arg-type]
        assert made.profile == named.stem
        kept = load_profile(str(named)).baseline
        np.testing.assert_allclose(kept.pose, made.baseline.pose, atol=1e-6)
        np.testing.assert_allclose(load_profile("my desk").baseline.pose, stored.baseline.pose, atol=1e-6)
        assert profile_names() == ["my desk"]


def test_the_end_of_a_recalibration_is_told_once_by_whoever_makes_the_baseline() -> None:
    told: list[str] = []

    def prompted(text: str) -> bool:
        told.append(text)
        return True

    ui = PromptUi(Timing(), prompted)
    looked = Progress.begin(0.0)
    frame = Frame(0, 0.0, np.zeros((4, 4, 3), np.uint8))
    assert [
        ui.update(frame, Landmarks.empty(1), replace(looked, step=step))
        for step in (Step.PREPARE, Step.DONE, Step.GAVE_UP)
    ] == [True] * 3
    assert told == ["Sit as you want to sit."]


def test_recalibrate_tells_of_the_desk_but_not_of_a_baseline_that_was_taken_along(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved(found_something("desk"))
    answer = {"status": {"calibration": "done", "profile": "desk"}}
    monkeypatch.setattr("posture_cv.monitor.control.client.ask", lambda *_: answer)
    anew, moved = Cli().here("recalibrate"), Cli().here("recalibrate", "--moved")
    assert anew.stdout.splitlines()[1:] == about_desk(found_something("desk"))
    doubtful = replace(found_something("desk").quality, reasons=("Your head is farther forward.",))
    saved(replace(found_something("desk"), quality=doubtful))
    assert Cli().here("recalibrate").stdout.splitlines()[1] == "Your head is farther forward."
    assert moved.stdout == "Done. You are compared with this from now on.\n"
    file = save_profile(found_something("elsewhere"), tmp_path / "elsewhere.json")
    answer["status"] |= {"profile": "elsewhere", "profile_file": str(file)}
    assert Cli().here("recalibrate").stdout.splitlines()[1:] == about_desk(found_something("elsewhere"))


def test_of_a_baseline_that_stays_behind_nobody_says_that_a_calibration_failed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answer = {"status": {"calibration": left_behind("The camera stands where it stood."), "profile": "desk"}}
    monkeypatch.setattr("posture_cv.monitor.control.client.ask", lambda *_: answer)
    done = Cli().fails("recalibrate", "--moved", said="The baseline was not taken along.")
    assert "The camera stands where it stood." in done.stderr
    assert "calibration" not in done.stderr


def test_a_monitor_that_is_ended_while_it_calibrates_says_that_and_not_that_none_ran(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answers: Iterator[dict[str, object]] = iter([{}, {"status": {"calibration": "Recording, 3 s left ..."}}])

    def ask(*_: object) -> dict[str, object]:
        answer = next(answers, None)
        if answer is None:
            raise NotRunningError
        return answer

    monkeypatch.setattr("posture_cv.monitor.control.client.ask", ask)
    Cli().fails("recalibrate", said="The monitor was ended while it calibrated.")
    Cli().fails("recalibrate", said="No monitor is running.", code=3)


def test_in_the_background_nobody_is_asked_to_sit_still() -> None:
    with pytest.raises(InputError, match="no profile yet"):
        chosen(LAPTOP, [], background=True)


def test_while_running_only_a_better_one_is_changed_to(place: SimpleNamespace) -> None:
    saved(desk_profile("left", 0.35), desk_profile("right", 0.65), desk_profile("dock", camera=DOCK.name))
    request, notes = Request("0", load_settings(None)), list[str]()

    def better(camera: CameraIdentity, now: str) -> str | None:
        found = better_profile(request, Looked(camera), now, notes.append)  # type: ignore[arg-type]
        return None if found is None else found.name

    assert better(DOCK, "left") == "dock"
    assert better(DOCK, "dock") is None
    place.x = 0.64
    assert better(LAPTOP, "left") == "right"
    place.x = 0.5
    assert better(LAPTOP, "left") is None, "not sure: stay"
    assert better(replace(DOCK, name="Third"), "left") is None
    assert "recalibrate" in notes[-1]


def test_another_camera_after_a_loss_and_a_long_lock_ask_for_the_profile_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    desk = Desk(
        stretches(("good", 1.0)),
        2000.0,
        rate_hz=2.0,
        lost=lambda t: 50.0 < t < 60.0,
        around=lambda t: Surroundings(locked=200.0 < t < 300.0 or 500.0 < t < 1200.0),
    )
    parts = desk.parts()
    asked: list[tuple[float, str]] = []
    other = ScriptedJudge(desk.script, desk.settings).criteria

    def judge(criteria: Criteria, state: PolicyState) -> ScriptedJudge:
        made = ScriptedJudge(desk.script, desk.settings)
        made.criteria, made.engine.state = criteria, state
        return made

    monkeypatch.setattr("posture_cv.monitor.loop.Judge", judge)

    def chooser(camera: Camera, now: str) -> Criteria | None:
        asked.append((desk.clock.now_s(), now))
        return replace(other, profile="dock") if camera.identity == DOCK else None

    parts.choose, parts.chosen_for = chooser, desk.camera.identity
    opened = desk.camera.open

    def open_another() -> None:
        opened()
        desk.camera.identity = DOCK if 50.0 < desk.clock.now_s() < 490.0 else LAPTOP

    desk.camera.open = open_another  # type: ignore[method-assign]
    desk.camera.identity = parts.chosen_for = LAPTOP
    Monitor(parts, Options(duration_s=1300.0)).run()
    times = [t for t, _ in asked]
    assert 60.0 <= times[0] <= 70.0, "the dock's camera"
    assert 1200.0 <= times[1] <= 1210.0, "a long time, and the laptop's again; the short lock asked nobody"
    assert len(times) == 2
    assert [name for _, name in asked] == ["made up", "dock"]
    assert {m.profile for m in desk.kept.moments if 70 < m.t_s < 1200} == {"dock"}


def test_a_bad_name_in_the_settings_is_said(tmp_path: Path) -> None:
    saved(desk_profile("here"))
    with pytest.raises(InputError, match="elsewhere"):
        chosen(LAPTOP, [], profile="elsewhere")


def test_a_file_that_the_settings_name_is_judged_by_whatever_is_stored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine, settings = tmp_path / "mine.json", tmp_path / "settings.toml"
    mine.write_text(profile_to_json(desk_profile("mine", camera=DOCK.name)))
    settings.write_text(f"[general]\nprofile = '{mine}'\n")
    request = Request("0", load_settings(settings))
    eyepiece = Eyepiece(Looked(LAPTOP), None, live=True)  # type: ignore[arg-type]
    assert profile_for(request, eyepiece, no_note, lambda: False).name == "mine", "no first run"
    saved(desk_profile("here"))
    assert profile_for(request, eyepiece, no_note, lambda: False).name == "mine"
    assert named_profile(request) == str(mine), "and it is not changed while it runs"
    assert named_profile(Request("0", load_settings(None))) is None


def no_note(text: str) -> None:
    raise AssertionError(text)


def test_the_median_over_frames_is_taken() -> None:
    lm = Landmarks.concat([somebody(0.5, 4), somebody(0.9, 1)])
    assert place_distance(desk_profile("p", 0.5), lm) == pytest.approx(0.0, abs=1e-6)
    assert np.isinf(place_distance(desk_profile("p", 0.5), Landmarks.empty(3)))
