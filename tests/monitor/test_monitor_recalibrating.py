"""A new calibration while the monitor runs: what it takes over, what ends it, what is said of it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import pytest

from calibration.errors import CalibrationError
from monitor.monitor_material import SHORT, Desk, Kept, KeptTerminal, ScriptedJudge, SentMessages, stretches
from posture_cv.assess.types import State
from posture_cv.coefficients import load_coefficients
from posture_cv.errors import InputError
from posture_cv.landmarks.types import Landmarks
from posture_cv.monitor import commands as cmd
from posture_cv.monitor.judge import Criteria
from posture_cv.monitor.lifecycle import Phase
from posture_cv.monitor.loop import Monitor
from posture_cv.monitor.moment import Moment
from posture_cv.monitor.parts import Options, Parts
from posture_cv.monitor.ports import Surroundings
from posture_cv.monitor.sinks import NotificationSink, TerminalSink


def test_recalibration_takes_the_new_baseline_and_begins_a_new_session() -> None:
    desk = Desk(stretches(("good", 1.0)), 100.0)
    parts = desk.parts()
    prompts: list[bool] = []
    criteria = replace(parts.judge.criteria, profile="new")

    def recalibrate(camera: object, now: object, prompted: object, quick: bool) -> object:
        prompts.append(prompted("Hold still"))  # type: ignore[operator]
        return criteria

    parts.recalibrate = recalibrate  # type: ignore[assignment]
    parts.commands.put(cmd.Recalibrate())
    Monitor(parts, Options(duration_s=0.0)).run()
    assert prompts == [True]
    assert desk.kept.moments[-1].profile == "new"
    assert [m.prompt for m in desk.kept.moments if m.prompt] == ["Hold still", "done"]


def test_an_episode_that_is_open_when_the_baseline_changes_is_told() -> None:
    parts: Parts | None = None

    def around(t_s: float) -> Surroundings:
        if parts is not None and parts.commands.taken == 0 and t_s > 50.0:
            parts.commands.put(cmd.Recalibrate())
            parts.commands.put(cmd.Stop())
        return Surroundings()

    desk = Desk(stretches(("forward_head", 1.0)), 100.0, SHORT, around=around)
    parts = desk.parts()
    criteria = parts.judge.criteria
    parts.recalibrate = lambda *_: criteria
    desk.run(parts)
    last = [e for m in desk.kept.moments for e in m.episodes][-1]
    assert last.state is State.FORWARD_HEAD
    assert last.duration_s == pytest.approx(50.0, abs=2.0)


def test_what_a_tick_brings_while_the_pictures_are_cut_off_is_told_with_the_next_step() -> None:
    settings = replace(SHORT, policy=SHORT.policy.alert_after(5.0))
    times = [k / 30.0 for k in range(600)]

    def judge() -> ScriptedJudge:
        return ScriptedJudge(lambda _: "forward_head", settings)

    whole = judge()
    due_s = next(r.alert.t_s for t in times for r in whole.look(Landmarks.empty(1), t).records)
    cut_s = due_s - 0.02
    parted = judge()
    assert not [r for t in times if t < cut_s for r in parted.look(Landmarks.empty(1), t).records]
    parted.cut(cut_s)
    assert [r.alert.t_s for r in parted.passed(due_s + 1.0).records] == [due_s]
    assert not parted.passed(due_s + 2.0).records


def test_a_recalibration_that_fails_is_said_to_stay_and_ends_no_pause(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    desk = Desk(stretches(("good", 1.0)), 100.0)
    parts = desk.parts()
    terminal, sent, notes = KeptTerminal(), SentMessages(), list[str]()

    def recalibrate(*_: object) -> Criteria:
        raise InputError("There is no camera 3", "Cameras found: none.")

    parts.recalibrate = recalibrate
    parts.sinks = [*parts.sinks, TerminalSink(terminal), NotificationSink(sent, notes.append)]
    parts.commands.put(cmd.Pause(math.inf))
    parts.commands.put(cmd.Recalibrate())
    Monitor(parts, Options(duration_s=10.0)).run()
    said = "There is no camera 3. Cameras found: none."
    assert [m.prompt for m in desk.kept.moments if m.prompt] == [f"failed: {said}"]
    assert desk.kept.moments[-1].phase is Phase.PAUSED
    assert not desk.camera.opened
    assert f"The calibration failed. {said}\n" in terminal.getvalue(), "on a line that is not wiped"
    assert [(m.title, m.body) for m in sent.messages] == [("The calibration failed", said)]
    assert notes == [], "whoever switched notifications off is told here"


def test_a_recalibration_with_a_camera_that_has_come_back_goes_on_watching_at_once() -> None:
    desk = Desk(stretches(("good", 1.0)), 400.0, lost=lambda t: 10.0 < t < 300.0)
    parts = desk.parts()
    parts.recalibrate = lambda _camera, now, *_: replace(now, coefficients=load_coefficients())

    class Asking(Kept):
        asked = False

        def show(self, moment: Moment) -> None:
            if moment.t_s > 301.0 and not self.asked:
                self.asked = True
                parts.commands.put(cmd.Recalibrate())

    parts.sinks = [*parts.sinks, Asking()]
    desk.run(parts)
    done = [moment.prompt for moment in desk.kept.moments].index("done")
    assert {moment.phase for moment in desk.kept.moments[done:]} == {Phase.WATCHING}, (
        "the camera gave pictures"
    )


def test_whoever_clicked_recalibrate_is_told_to_sit_still_and_when_it_is_done() -> None:
    sent = SentMessages()
    with NotificationSink(sent, lambda _: None) as sink:
        for prompt in ("", "Hold still", "Recording, 1 s left ...", "Done.", "done", "", "Hold still"):
            sink.show(Moment(1.0, 1.0, Phase.WATCHING, prompt=prompt))
    assert [m.title for m in sent.messages] == ["Calibrating", "Done", "Calibrating"]


def test_behind_a_locked_screen_no_calibration_begins_and_none_goes_on() -> None:
    desk = Desk(
        stretches(("good", 1.0)), 100.0, around=lambda t_s: Surroundings(locked=t_s < 5.0 or t_s > 20.0)
    )
    parts, begun, prompted = desk.parts(), list[float](), list[bool]()

    def recalibrate(_: object, now: Criteria, goes_on: Callable[[str], bool], __: object) -> Criteria:
        begun.append(desk.clock.now_s())
        for _second in range(15):
            prompted.append(goes_on("Hold still"))
            desk.clock.wait(1.0)
        return now

    class Asking(Kept):
        def show(self, moment: Moment) -> None:
            if len(begun) == 0 and moment.t_s > 10.0:
                parts.commands.put(cmd.Recalibrate())

    parts.recalibrate = recalibrate
    parts.sinks = [*parts.sinks, Asking()]
    parts.commands.put(cmd.Recalibrate())
    Monitor(parts, Options(duration_s=12.0)).run()
    assert desk.kept.moments[0].prompt.startswith("failed: The screen is locked")
    assert [begin > 10.0 for begin in begun][:1] == [True]
    assert prompted[0]
    assert not prompted[-1]


@pytest.mark.parametrize(
    ("around", "why", "phase"),
    [
        (Surroundings(locked=True), "The screen is locked", Phase.LOCKED),
        (Surroundings(asleep=True), "The computer is going to sleep", Phase.ASLEEP),
    ],
)
def test_a_calibration_that_a_lock_or_sleep_ends_says_so(
    around: Surroundings, why: str, phase: Phase
) -> None:
    desk = Desk(stretches(("good", 1.0)), 100.0, around=lambda t_s: around if t_s > 5.0 else Surroundings())
    parts = desk.parts()

    def recalibrate(_: object, now: Criteria, goes_on: Callable[[str], bool], __: object) -> Criteria:
        for _second in range(15):
            if not goes_on("Hold still"):
                raise CalibrationError("Calibration stopped.", "Nothing was changed.")
            desk.clock.wait(1.0)
        return now

    parts.recalibrate = recalibrate
    parts.commands.put(cmd.Recalibrate())
    Monitor(parts, Options(duration_s=12.0)).run()
    said = [(m.prompt, m.phase) for m in desk.kept.moments if m.prompt.startswith("failed: ")]
    assert [(text.removeprefix("failed: ").split(",")[0], at) for text, at in said] == [(why, phase)]
