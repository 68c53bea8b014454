"""The pure parts: pauses in words, pictures, plans, autostart files, margins."""

from __future__ import annotations

import math
import os
import plistlib
import shlex
import stat
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assess_material import measurements
from cli_runner import Cli
from posture_cv.assess.naming import name_states
from posture_cv.assess.settings import CUES, AssessSettings
from posture_cv.assess.smoothing import SmoothedFrame
from posture_cv.assess.types import State
from posture_cv.cli import monitor as command
from posture_cv.errors import InputError, PostureError
from posture_cv.local_time import local
from posture_cv.measure.types import Estimate, Measurements, Reason
from posture_cv.monitor import autostart
from posture_cv.monitor.keys import keys_of
from posture_cv.monitor.lifecycle import Facts, LifeSettings, Phase, plan, retry_pause_s
from posture_cv.monitor.margins import Margin, margins, nearest
from posture_cv.monitor.moment import Moment
from posture_cv.monitor.parts import Outcome
from posture_cv.monitor.pause_text import pause_end
from posture_cv.monitor.picture import (
    Change,
    Image,
    Thumbnail,
    Watch,
    change,
    in_grey,
    is_black,
    picture_fault,
    reduced,
)
from posture_cv.monitor.ports import CameraIdentity
from posture_cv.monitor.session import speed_of
from posture_cv.monitor.words import margin_text, state_text
from posture_cv.paths import data_dir
from posture_cv.profiles.store import save_profile
from profile_material import a_profile
from zones import BERLIN, needs_zones, zone

NOW = datetime(2026, 3, 28, 15, 30, tzinfo=ZoneInfo("Europe/Berlin"))


@pytest.mark.parametrize(
    ("words", "end"),
    [
        ("30m", NOW + timedelta(minutes=30)),
        ("1h30m", NOW + timedelta(minutes=90)),
        ("90 s", NOW + timedelta(seconds=90)),
        ("45", NOW + timedelta(minutes=45)),
        ("until 16:15", NOW.replace(hour=16, minute=15)),
        ("UNTIL 9", (NOW + timedelta(days=1)).replace(hour=9, minute=0)),
        ("until 14:00", (NOW + timedelta(days=1)).replace(hour=14, minute=0)),
        ("tomorrow", (NOW + timedelta(days=1)).replace(hour=5, minute=0)),
        ("until tomorrow", (NOW + timedelta(days=1)).replace(hour=5, minute=0)),
        ("2 hours", NOW + timedelta(hours=2)),
        ("1 hour 20 minutes", NOW + timedelta(minutes=80)),
        ("2 days", NOW.astimezone(UTC) + timedelta(days=2)),
        ("1d 12h", NOW.astimezone(UTC) + timedelta(hours=36)),
        ("10 mins", NOW + timedelta(minutes=10)),
        ("until 4pm", NOW.replace(hour=16, minute=0)),
        ("until 4:15 PM", NOW.replace(hour=16, minute=15)),
        ("until 9 am", (NOW + timedelta(days=1)).replace(hour=9, minute=0)),
        ("until 12am", (NOW + timedelta(days=1)).replace(hour=0, minute=0)),
        ("until 12pm", (NOW + timedelta(days=1)).replace(hour=12, minute=0)),
        ("until 24:00", (NOW + timedelta(days=1)).replace(hour=0, minute=0)),
    ],
)
def test_pauses_in_words(words: str, end: datetime) -> None:
    assert pause_end(words, NOW) == end


@pytest.mark.parametrize("words", ["tomorrow", "until tomorrow"])
def test_after_midnight_tomorrow_is_the_morning_that_comes(words: str) -> None:
    night, morning = NOW.replace(hour=0, minute=30), NOW.replace(hour=5, minute=0)
    assert pause_end(words, night) == morning
    assert pause_end(words, morning) == morning + timedelta(days=1)


def test_a_pause_over_the_change_to_summer_time_ends_by_the_clock_on_the_wall() -> None:
    end = pause_end("tomorrow", NOW)
    assert end is not None
    assert (end.hour, end.utcoffset()) == (5, timedelta(hours=2))
    assert pause_end("", NOW) is None


@needs_zones
@pytest.mark.parametrize("by_system", [True, False])
@pytest.mark.parametrize(
    ("now", "words", "end"),
    [
        ("2026-10-25T02:45+02:00", "until 2:30", "2026-10-25T02:30+01:00"),  # the clock shows it once more
        ("2026-10-25T02:10+01:00", "until 2:30", "2026-10-25T02:30+01:00"),
        ("2026-10-25T02:45+01:00", "until 2:30", "2026-10-26T02:30+01:00"),
        ("2026-10-25T02:30+02:00", "2h", "2026-10-25T03:30+01:00"),
        ("2026-10-24T22:00+02:00", "tomorrow", "2026-10-25T05:00+01:00"),
        ("2027-03-28T01:59+01:00", "30m", "2027-03-28T03:29+02:00"),
        ("2027-03-28T01:59+01:00", "until 2:30", "2027-03-28T03:30+02:00"),  # which that clock never shows
        ("2027-03-27T23:00+01:00", "24 hours", "2027-03-29T00:00+02:00"),
    ],
)
def test_a_pause_over_a_change_of_the_clock(now: str, words: str, end: str, *, by_system: bool) -> None:
    with zone(BERLIN):
        at = local(datetime.fromisoformat(now).timestamp())
        found = pause_end(words, at if by_system else at.astimezone(NOW.tzinfo))
    assert found is not None
    assert found.isoformat(timespec="minutes") == end, "as the clock shows it then"


@pytest.mark.parametrize(
    "words",
    [
        "soon",
        "until",
        "until 25:00",
        "until 14:61",
        "-5m",
        "0m",
        "9999h",
        "1h30",
        "m",
        "until 13pm",
        "until 0am",
        "until 24:01",
        "2 horses",
    ],
)
def test_what_is_no_pause(words: str) -> None:
    with pytest.raises(InputError, match="not clear"):
        pause_end(words, NOW)


def test_the_week_is_named_only_where_it_is_exceeded() -> None:
    with pytest.raises(InputError) as unclear:
        pause_end("soon", NOW)
    assert "week" not in str(unclear.value)
    with pytest.raises(InputError, match="a week at most"):
        pause_end("8 hours 9999 minutes", NOW)
    with pytest.raises(InputError, match="a week at most"):
        pause_end("8 days", NOW)


@given(st.text(max_size=20))
def test_any_words_are_a_pause_or_an_input_error(words: str) -> None:
    try:
        end = pause_end(words, NOW)
    except InputError:
        return
    assert end is None or NOW < end <= NOW + timedelta(days=8)


def _desk(
    shift_px: float = 0.0, gain: float = 1.0, seed: int = 0
) -> np.ndarray[tuple[int, int, int], np.dtype[np.uint8]]:
    """A person's silhouette against a wall, 640x480, with a webcam's noise."""
    y, x = np.mgrid[0:480, 0:640]
    body = ((x - 320 - shift_px) / 180) ** 2 + ((y - 480) / 230) ** 2 < 1
    head = ((x - 320 - shift_px) / 70) ** 2 + ((y - 200) / 90) ** 2 < 1
    gray = np.where(head, 190.0, np.where(body, 70.0, 130.0)) * gain
    noisy = gray[..., None] + np.random.default_rng(seed).normal(0, 3, (480, 640, 3))
    return np.clip(noisy, 0, 255).astype(np.uint8)


def thumbnail(image_bgr: Image) -> Thumbnail:
    return reduced(in_grey(image_bgr))


def test_noise_and_light_are_no_change_but_half_a_centimetre_is() -> None:
    measured = thumbnail(_desk(seed=1))
    assert change(thumbnail(_desk(seed=2)), measured) is Change.NONE
    assert change(thumbnail(_desk(gain=1.1, seed=3)), measured) is Change.NONE
    assert change(thumbnail(_desk(shift_px=4.5, seed=4)), measured) is Change.LITTLE, "5 mm at 60 cm"
    assert change(thumbnail(_desk(shift_px=90.0, seed=5)), measured) is Change.MUCH


def test_slow_drift_adds_up_because_the_measured_picture_stays_the_reference() -> None:
    measured = thumbnail(_desk(seed=1))
    steps = [change(thumbnail(_desk(shift_px=0.5 * k, seed=10 + k)), measured) for k in range(12)]
    assert steps[1] is Change.NONE
    assert steps[-1] is Change.LITTLE


def test_black_and_frozen() -> None:
    black = thumbnail(np.full((480, 640, 3), 5, np.uint8))
    assert is_black(black)
    assert not is_black(thumbnail(_desk(gain=0.3)))
    lit = thumbnail(_desk())
    watch = Watch().after(1, 0.0).after(1, 10.0)
    assert picture_fault(lit, watch, 10.0) is Reason.OK
    assert picture_fault(lit, watch.after(1, 15.0), 15.0) is Reason.NO_PICTURE
    assert picture_fault(lit, watch.after(2, 15.0), 15.0) is Reason.OK
    assert picture_fault(black, watch, 10.0) is Reason.TOO_DARK


@pytest.mark.parametrize("size", [(1, 1), (1, 640), (480, 1), (3, 7), (1080, 1920)])
def test_pictures_of_any_size_make_a_thumbnail(size: tuple[int, int]) -> None:
    assert thumbnail(np.zeros((*size, 3), np.uint8)).shape == (60, 80)


facts = st.builds(
    Facts,
    locked=st.booleans(),
    asleep=st.booleans(),
    in_call=st.booleans(),
    paused_until_wall_s=st.one_of(st.none(), st.floats(0, 1e6), st.just(math.inf)),
    lost_since_s=st.one_of(st.none(), st.floats(0, 1e5)),
    retries=st.integers(0, 2000),
    tried_s=st.floats(0, 1e5),
    seen_s=st.floats(0, 1e5),
    peeked_s=st.one_of(st.just(-math.inf), st.floats(0, 1e5)),
)


@given(facts, st.floats(1e5, 2e5), st.floats(0, 1e6), st.booleans())
def test_plans_never_keep_the_light_on_when_it_must_be_out_and_never_stick(
    known: Facts, t_s: float, wall_s: float, calls: bool
) -> None:
    settings = LifeSettings(pause_in_calls=calls)
    todo = plan(known, t_s, wall_s, settings)
    if known.asleep or known.locked or (known.in_call and calls):
        assert not todo.camera
    if todo.phase in (Phase.AWAY, Phase.CAMERA_LOST) and not todo.camera:
        later = plan(known, todo.next_s + 1e-3, wall_s, settings)
        assert later.camera, "what waits for nothing but time goes on by itself"
        assert todo.next_s - t_s <= max(settings.peek_every_s, settings.retry_most_s)
    if todo.phase is Phase.PAUSED:
        assert not todo.camera


def test_retries_slow_down_to_a_limit() -> None:
    pauses = [retry_pause_s(k, LifeSettings()) for k in range(10)]
    assert pauses == sorted(pauses)
    assert (pauses[0], pauses[-1]) == (1.0, 30.0)


COMMAND = ["/opt/my apps/python3", "-m", "posture_cv", "monitor", "--profile", '50% "desk" $HOME']


def test_systemd_unit() -> None:
    text = autostart.systemd_unit(COMMAND)
    line = next(line for line in text.splitlines() if line.startswith("ExecStart="))
    assert line == (
        'ExecStart="/opt/my apps/python3" -m posture_cv monitor --profile "50%% \\"desk\\" $$HOME"'
    )
    assert "WantedBy=graphical-session.target" in text
    assert "RestrictAddressFamilies=AF_UNIX" in text
    assert "RestartPreventExitStatus=2" in text.splitlines(), "an error in words would only come again"


def test_desktop_entry() -> None:
    line = next(x for x in autostart.desktop_entry(COMMAND).splitlines() if x.startswith("Exec="))
    unescaped = line.removeprefix("Exec=").replace("\\\\", "\\").replace("%%", "%").replace("\\$", "$")
    assert shlex.split(unescaped) == COMMAND


def test_launchd_plist() -> None:
    plain = plistlib.loads(autostart.launchd_plist(COMMAND).encode())
    assert plain["ProgramArguments"] == COMMAND
    assert plain["RunAtLoad"] is True
    assert "KeepAlive" not in plain


def test_run_key() -> None:
    value = autostart.run_key_value([r"C:\my apps\python.exe", "-m", "posture_cv"])
    assert value == r'"C:\my apps\pythonw.exe" -m posture_cv'


def test_enable_writes_one_file_and_disable_leaves_no_trace(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(autostart, "kind_here", lambda: "xdg")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert not autostart.status().enabled
    assert list(tmp_path.rglob("*")) == [], "asking writes nothing"
    found = autostart.enable()
    assert found.enabled
    assert [p.name for p in tmp_path.rglob("*") if p.is_file()] == ["posture-cv.desktop"]
    assert not autostart.disable().enabled
    assert list(tmp_path.rglob("*")) == []


def test_disable_leaves_what_others_have_put_beside_the_entry(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(autostart, "kind_here", lambda: "xdg")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    folder = tmp_path / "autostart"
    folder.mkdir()
    autostart.disable()
    assert folder.exists(), "nothing was written, nothing is removed"
    (folder / "other.desktop").touch()
    autostart.enable()
    autostart.disable()
    assert [p.name for p in folder.iterdir()] == ["other.desktop"]


def test_a_unit_is_removed_with_its_empty_folders(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(autostart, "kind_here", lambda: "systemd")
    monkeypatch.setattr(autostart, "_systemctl", lambda *_: None)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert autostart.enable().enabled
    autostart.disable()
    assert list(tmp_path.rglob("*")) == []


def test_what_systemd_refuses_is_not_on(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def refused(*arguments: str) -> None:
        if arguments[0] == "enable":
            raise autostart.AutostartError("systemctl --user enable failed.")

    monkeypatch.setattr(autostart, "kind_here", lambda: "systemd")
    monkeypatch.setattr(autostart, "_systemctl", refused)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    with pytest.raises(autostart.AutostartError):
        autostart.enable()
    assert not autostart.status().enabled
    assert list(tmp_path.rglob("*")) == []


@pytest.mark.skipif(os.name != "posix", reason="rights of folders")
def test_nobody_else_may_add_to_what_the_session_starts(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(autostart, "kind_here", lambda: "xdg")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    before = os.umask(0)
    try:
        autostart.enable()
    finally:
        os.umask(before)
    for folder in (tmp_path / "config", tmp_path / "config" / "autostart"):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_deleting_everything_asks_for_autostart_too(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(autostart, "kind_here", lambda: "xdg")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("POSTURE_CV_HOME", str(tmp_path / "home"))
    asked = Cli().here("privacy", "delete", "--all", stdin="n\n")
    assert "autostart" not in asked.stdout + asked.stderr
    autostart.enable()
    asked = Cli().here("privacy", "delete", "--all", stdin="n\n")
    assert "And switch autostart off." in asked.stdout + asked.stderr
    assert autostart.status().enabled


def test_a_monitor_that_starts_with_the_session_finds_the_files_that_a_shell_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("POSTURE_CV_HOME", "")
    assert "--home" not in autostart.monitor_command()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("POSTURE_CV_HOME", "stick")
    options = autostart.monitor_command()[3:]
    assert options[-2:] == ["--home", str(tmp_path / "stick")]
    assert '--home "/a folder"' in autostart.systemd_unit([*autostart.monitor_command()[:-1], "/a folder"])
    monkeypatch.setenv("POSTURE_CV_HOME", "~nobody-here/stick")
    with pytest.raises(PostureError, match="home folder is not known"):
        autostart.monitor_command()
    monkeypatch.setenv("POSTURE_CV_HOME", "")
    found: list[Path] = []

    def watched(_: object) -> Outcome:
        found.append(data_dir())
        return Outcome(0.0, 0, 0, 0, seen=False)

    monkeypatch.setattr("posture_cv.monitor.app.run", watched)
    assert Cli().here(*options).returncode == 0
    assert found == [tmp_path / "stick" / "data"]


@pytest.mark.parametrize("made", [True, False])
def test_enabling_without_any_profile_warns(
    made: bool,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setattr(autostart, "kind_here", lambda: "xdg")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("POSTURE_CV_HOME", str(tmp_path / "home"))
    if made:
        save_profile(a_profile("desk"))
    done = Cli().here("autostart", "enable")
    assert done.returncode == 0
    assert "no profile yet" not in done.stderr if made else "posture-cv calibrate" in done.stderr


def test_margins_name_the_posture_that_is_nearest() -> None:
    found = margins(SmoothedFrame.of(measurements([0.0], ["rounded_shoulders"])), AssessSettings())
    close = nearest(found)
    assert close is not None
    assert close.cue == "rounded_shoulders"
    assert close.left is not None
    assert close.left < 0
    untold = margins(SmoothedFrame.of(measurements([0.0], ["cannot_tell"])), AssessSettings())
    assert nearest(untold) is None
    assert {m.reason for m in untold} == {"too_dark"}


def test_a_posture_of_which_a_part_cannot_be_told_is_not_the_nearest_but_raised_shoulders_need_one() -> None:
    def margin(cue: str, quantity: str, value: float | None) -> Margin:
        return Margin(cue, quantity, value, None if value is None else 0.1, 1.0)

    neck = margin("forward_head", "neck_deg", 0.2)
    half = (margin("slump", "trunk_incl_deg", 0.9), margin("slump", "protraction_cm", None))
    assert nearest((neck, *half)) == neck
    whole = (half[0], margin("slump", "protraction_cm", 0.3))
    assert nearest((neck, *whole)) == whole[1], "of several that which is farthest off"
    raised = (
        margin("shrug", "shoulder_elevation_cm", None),
        margin("shrug", "shoulder_elevation_left_cm", 0.8),
    )
    assert nearest((neck, *half, *raised)) == raised[1]


def changed_frame(quantities: dict[str, float]) -> Measurements:
    m = measurements([0.0], ["good"])
    return replace(
        m, values={name: Estimate.of(np.full(1, quantities.get(name, 0.0)), 0.3) for name in m.values}
    )


@given(
    neck_deg=st.floats(-5.0, 20.0),
    rounded_cm=st.floats(-1.0, 6.0),
    sideways_deg=st.floats(-20.0, 20.0),
    nearer_cm=st.floats(-20.0, 20.0),
    sd=st.floats(0.1, 3.0),
)
def test_margins_are_those_of_the_name_also_for_who_leans_sideways_or_moved_the_chair(
    neck_deg: float, rounded_cm: float, sideways_deg: float, nearer_cm: float, sd: float
) -> None:
    m = measurements([0.0], ["good"])
    changed = {
        "cva_change_deg": -neck_deg,
        "protraction_cm": rounded_cm,
        "lateral_lean_deg": sideways_deg,
        "approach_cm": nearer_cm,
    }
    frame = replace(
        m, values={name: Estimate.of(np.full(1, changed.get(name, 0.0)), sd) for name in m.values}
    )
    told = name_states(frame, AssessSettings().thresholds)
    excess = dict(zip(CUES, told.excess[0], strict=True))
    shown = {one.cue: one for one in margins(SmoothedFrame.of(frame), AssessSettings())}
    if told.reason[0] == Reason.OK:
        for cue in ("forward_head", "rounded_shoulders"):
            assert shown[cue].share == pytest.approx(excess[cue], abs=0.001)


@pytest.mark.parametrize(("kind", "ways"), [("webcam", 1), ("stream", 1), ("video", 0), ("landmarks", 0)])
def test_of_a_moved_camera_a_key_is_offered_only_where_there_is_a_camera(kind: str, ways: int) -> None:
    camera = CameraIdentity(kind, "c", 640, 480)
    moved = Moment(
        1.0, 1.0, Phase.WATCHING, state=State.CANNOT_TELL, reason=Reason.CAMERA_MOVED, camera=camera
    )
    assert state_text(moved).startswith("cannot tell: the camera was moved, not you")
    assert state_text(moved).count("press m") == ways


@pytest.mark.parametrize(
    ("state", "text"),
    [
        (State.LOOKING_DOWN, ""),
        (State.LEANING_IN, ""),
        (State.GOOD, "forward head +3.0 of 2.3° (130%)"),
        (State.FORWARD_HEAD, "forward head +3.0 of 2.3° (130%)"),
    ],
)
def test_beside_a_harmless_look_alike_nothing_is_said_to_be_beyond_its_limit(state: State, text: str) -> None:
    beyond = Margin("forward_head", "neck_deg", 3.0, 1.0, 2.3)
    assert margin_text(Moment(1.0, 1.0, Phase.WATCHING, state=state, margins=(beyond,))) == text
    within = replace(beyond, value=2.0)
    below = Moment(1.0, 1.0, Phase.WATCHING, state=state, margins=(within,))
    assert margin_text(below) == "forward head +2.0 of 2.3° (87%)"


@pytest.mark.parametrize(("sink_cm", "beyond"), [(1.4, False), (1.5, True)])
def test_sunken_shoulders_are_enough_for_a_slump_beyond_what_the_trunk_makes_of_it(
    sink_cm: float, *, beyond: bool
) -> None:
    frame = changed_frame({"trunk_incl_deg": 4.0, "sink_cm": sink_cm})
    close = nearest(margins(SmoothedFrame.of(frame), AssessSettings()))
    assert close is not None
    assert (close.cue, close.quantity) == ("slump", "sink_cm")
    assert close.left is not None
    assert (close.left < 0.0) == beyond
    assert (name_states(frame, AssessSettings().thresholds).state[0] == State.SLUMP) == beyond


def test_a_trunk_that_leans_back_takes_nothing_off_the_limit_of_sinking() -> None:
    frame = SmoothedFrame.of(changed_frame({"trunk_incl_deg": -4.0, "sink_cm": 0.4}))
    [sinking] = [margin for margin in margins(frame, AssessSettings()) if margin.quantity == "sink_cm"]
    assert sinking.limit == 0.5


def test_speeds() -> None:
    assert [speed_of(text) for text in ("1", "10x", "0.5", "max")] == [1.0, 10.0, 0.5, math.inf]
    for text in ("0", "-1", "fast", "nan", "inf"):
        with pytest.raises(InputError):
            speed_of(text)


@pytest.mark.parametrize(
    ("typed", "keys"),
    [
        ("pq", "pq"),
        ("\x1bOP\x1bOQ\x1bOR", ""),  # F1 to F3 of most terminals
        ("\x1b[[Bz", "z"),  # F2 of a Linux console
        ("\x1b[1;5Rm", "m"),  # Ctrl-F3
        ("\x1b[A\x1b[3~p", "p"),  # arrow up, delete
        ("\x1bq", ""),  # Alt-q
        ("\x1b", ""),
        ("r\x1b[", "r"),
    ],
)
def test_function_keys_and_arrows_are_no_letters(typed: str, keys: str) -> None:
    assert keys_of(typed) == keys


def test_after_a_day_at_the_desk_the_monitor_says_what_does_good_then(
    capsys: pytest.CaptureFixture[str],
) -> None:
    command._evening(7 * 3600.0)
    words, source = capsys.readouterr().err.splitlines()
    assert words.startswith("For after work: ")
    assert source.startswith("“")
    assert "— document 00" in source
    command._evening(60.0)
    assert capsys.readouterr().err == ""
