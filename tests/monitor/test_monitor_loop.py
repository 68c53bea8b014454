"""What surrounds a monitor all day: pauses, locks, sleep, lost cameras, covers, empty chairs."""

from __future__ import annotations

import io
import math
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from datetime import datetime
from itertools import pairwise

import numpy as np
import pytest

from assess_material import measurements
from calibration.errors import CalibrationError
from cli_runner import Cli
from monitor.monitor_material import Desk, Kept, ScriptedJudge, stretches
from posture_cv.assess.effects import Ambient, Level
from posture_cv.assess.policy_state import PolicyState
from posture_cv.assess.records import Record
from posture_cv.assess.settings import CUES, AssessSettings
from posture_cv.assess.stream import Step
from posture_cv.assess.types import Alert, State
from posture_cv.capture.types import SourceError
from posture_cv.cli.status import lines
from posture_cv.coefficients import load_coefficients
from posture_cv.errors import InputError
from posture_cv.landmarks.types import Landmarks
from posture_cv.local_time import local
from posture_cv.measure.types import Reason, View
from posture_cv.monitor import commands as cmd
from posture_cv.monitor.checking import Row, value_text
from posture_cv.monitor.judge import Criteria
from posture_cv.monitor.keys import KeyCommands
from posture_cv.monitor.lifecycle import LifeSettings, Phase
from posture_cv.monitor.loop import Monitor
from posture_cv.monitor.margins import Margin
from posture_cv.monitor.moment import Moment, Said
from posture_cv.monitor.parts import Options, Parts
from posture_cv.monitor.ports import Surroundings
from posture_cv.monitor.sinks import NotificationSink, PauseSink, TerminalSink
from posture_cv.monitor.status import StatusBoard
from posture_cv.monitor.tray.view import view_of
from posture_cv.monitor.words import PAUSE_SHAPE, margin_text, shape_of
from posture_cv.output.notify import Delivery, Message, NoNotifier

SHORT = AssessSettings()
SHORT = replace(SHORT, policy=SHORT.policy.alert_after(20.0), breaks=replace(SHORT.breaks, enabled=False))


def phases(desk: Desk) -> list[Phase]:
    """In order, each once as long as it lasted."""
    out: list[Phase] = []
    for moment in desk.kept.moments:
        if not out or out[-1] is not moment.phase:
            out.append(moment.phase)
    return out


def test_a_lasting_posture_is_told_once_with_its_record() -> None:
    desk = Desk(stretches(("good", 30.0), ("forward_head", 60.0)), 80.0, SHORT)
    outcome = desk.run()
    assert [cue for _, cue in desk.kept.told()] == ["forward_head"]
    assert outcome.alerts == 1
    assert outcome.seen
    assert outcome.why == "the recording is over"


def test_the_camera_is_off_while_locked_and_nothing_is_told_of_it() -> None:
    def around(t_s: float) -> Surroundings:
        return Surroundings(locked=40.0 <= t_s < 200.0)

    desk = Desk(stretches(("good", 30.0), ("forward_head", 500.0)), 260.0, SHORT, around=around)
    desk.run()
    assert phases(desk) == [Phase.WATCHING, Phase.LOCKED, Phase.WATCHING]
    assert desk.open_seconds(41.0, 199.0) == 0.0
    assert all(not 40.0 <= t_s < 213.0 for t_s, _ in desk.kept.told())


def test_asleep_comes_before_locked_and_the_camera_is_off() -> None:
    desk = Desk(
        stretches(("good", 1.0)), 60.0, around=lambda t: Surroundings(locked=t > 20, asleep=20 < t < 40)
    )
    desk.run()
    assert phases(desk) == [Phase.WATCHING, Phase.ASLEEP, Phase.LOCKED]


def test_a_pause_closes_the_camera_and_ends_by_itself() -> None:
    desk = Desk(stretches(("good", 1.0)), 100.0)
    parts = desk.parts()
    parts.commands.put(cmd.Pause(parts.clock.wall_s() + 50.0))
    desk.run(parts)
    assert phases(desk) == [Phase.PAUSED, Phase.WATCHING]
    assert desk.open_seconds(0.0, 49.0) == 0.0
    first = next(m for m in desk.kept.moments if m.looked)
    assert 50.0 <= first.t_s <= 52.0


def test_after_a_pause_nothing_is_left_of_it_and_nobody_is_taken_to_be_away() -> None:
    desk = Desk(stretches(("good", 1.0)), 1000.0)
    parts = desk.parts()
    until_wall_s = parts.clock.wall_s() + 900.0
    parts.commands.put(cmd.Pause(until_wall_s))
    desk.run(parts)
    assert phases(desk) == [Phase.PAUSED, Phase.WATCHING], "no glances for somebody who was not looked for"
    kept = {(m.phase, m.paused_until_wall_s) for m in desk.kept.moments}
    assert kept == {(Phase.PAUSED, until_wall_s), (Phase.WATCHING, None)}


@pytest.mark.parametrize("what", ["lost", "call", "locked"])
def test_who_could_not_be_looked_for_is_not_away_and_the_light_goes_out_later_if_they_are(what: str) -> None:
    """The camera came back and showed an empty chair: it stayed on until somebody came."""
    settings = LifeSettings(away_long_s=100.0, pause_in_calls=True)
    desk = Desk(stretches(("good", 10.0), ("away", 1.0)), 1000.0, options=Options(life=settings))
    if what == "lost":
        desk.lost = lambda t: 20.0 < t < 500.0
    else:
        desk.around = lambda t: Surroundings(
            in_call=what == "call" and 20.0 < t < 500.0, locked=what == "locked" and 20.0 < t < 500.0
        )
    desk.run()
    assert phases(desk)[-2:] == [Phase.WATCHING, Phase.AWAY]
    away_s = min(m.t_s for m in desk.kept.moments if m.phase is Phase.AWAY)
    assert 595.0 <= away_s <= 635.0
    assert desk.open_seconds(away_s, 1000.0) <= 0.25 * (1000.0 - away_s), "but for glances"


def test_a_pause_without_end_waits_for_resume() -> None:
    desk = Desk(stretches(("good", 1.0)), 30.0)
    desk.options = Options(duration_s=60.0)
    parts = desk.parts()
    parts.commands.put(cmd.Pause(math.inf))
    desk.run(parts)
    assert phases(desk) == [Phase.PAUSED]
    assert {moment.obeyed for moment in desk.kept.moments} == {1}


def test_calls_pause_only_where_asked_for() -> None:
    for asked in (True, False):
        desk = Desk(stretches(("good", 1.0)), 30.0, around=lambda t: Surroundings(in_call=t > 10))
        desk.options = Options(life=LifeSettings(pause_in_calls=asked))
        desk.run()
        assert (Phase.CALL in phases(desk)) is asked


def test_a_lost_camera_is_waited_for_in_silence_and_its_gap_makes_no_alert() -> None:
    desk = Desk(
        stretches(("good", 30.0), ("forward_head", 10.0), ("good", 500.0)),
        300.0,
        SHORT,
        lost=lambda t: 36.0 < t < 200.0,
    )
    desk.run()
    assert phases(desk) == [Phase.WATCHING, Phase.CAMERA_LOST, Phase.WATCHING]
    assert not desk.kept.told()
    back = next(m.t_s for m in desk.kept.moments if m.looked and m.t_s > 200.0)
    assert back <= 232.0
    attempts = [t for t in desk.camera.opens if 36.0 < t < 200.0]
    assert 5 <= len(attempts) <= 12, "the pauses between attempts grow to half a minute"
    why = {m.why for m in desk.kept.moments if m.phase is Phase.CAMERA_LOST}
    assert why == {"made up was lost. Somebody pulled it out."}


def test_a_camera_missing_at_the_start_is_an_error_unless_it_is_waited_for() -> None:
    desk = Desk(stretches(("good", 1.0)), 100.0, lost=lambda t: t < 30.0)
    with pytest.raises(SourceError, match="made up was lost"):
        desk.run()
    waiting = Desk(stretches(("good", 1.0)), 100.0, lost=lambda t: t < 30.0)
    waiting.options = Options(wait_for_camera=True)
    waiting.run()
    assert phases(waiting) == [Phase.CAMERA_LOST, Phase.WATCHING]


def test_an_empty_chair_closes_the_camera_but_for_a_glance_and_a_return_is_noticed() -> None:
    script = stretches(("good", 20.0), ("away", 1480.0), ("good", 500.0))
    desk = Desk(script, 1700.0, rate_hz=2.0)
    desk.run()
    assert Phase.AWAY in phases(desk)
    off_s = (1500.0 - 640.0) - desk.open_seconds(640.0, 1500.0)
    assert off_s > 0.8 * 860.0, "the light is out most of the time"
    back = next(m.t_s for m in desk.kept.moments if m.state is State.GOOD and m.t_s > 1500.0)
    assert back <= 1535.0


def test_keyboard_and_mouse_end_an_absence_at_once() -> None:
    def around(t_s: float) -> Surroundings:
        return Surroundings(idle_s=0.5 if t_s >= 1000.0 else 300.0)

    desk = Desk(
        stretches(("good", 20.0), ("away", 980.0), ("good", 500.0)), 1100.0, rate_hz=2.0, around=around
    )
    desk.run()
    back = next(m.t_s for m in desk.kept.moments if m.state is State.GOOD and m.t_s > 900.0)
    assert back <= 1008.0


@pytest.mark.parametrize(("label", "reason"), [("black", Reason.TOO_DARK), ("frozen", Reason.NO_PICTURE)])
def test_black_and_frozen_pictures_are_unmeasured_and_cost_no_model(label: str, reason: Reason) -> None:
    desk = Desk(stretches(("good", 30.0), (label, 70.0), ("good", 100.0)), 160.0, SHORT)
    # what is behind the black picture is not to be seen
    desk.run()
    blind = [m for m in desk.kept.moments if 55.0 < m.t_s < 99.0 and m.looked]
    assert {m.reason for m in blind} == {reason}
    assert not [t for t in desk.eyes.looks if 50.0 < t < 99.0]
    assert [m.state for m in desk.kept.moments if m.looked][-1] is State.GOOD


def test_a_suspended_system_is_a_gap_without_alert_and_starts_afresh() -> None:
    desk = Desk(stretches(("good", 30.0), ("forward_head", 4000.0)), 3700.0, SHORT, rate_hz=2.0)
    parts = desk.parts()
    monitor = Monitor(parts, Options(duration_s=3700.0))
    jumped = False
    wait = desk.clock.wait

    def sleeping(seconds: float) -> None:
        nonlocal jumped
        if desk.clock.now_s() > 40.0 and not jumped:
            jumped = True
            wait(3600.0)
        wait(seconds)

    desk.clock.wait = sleeping  # type: ignore[method-assign]
    monitor.run()
    assert jumped
    assert not [t for t, _ in desk.kept.told() if 40.0 <= t < 3654.0]
    assert desk.eyes.fresh == 2


def test_snooze_and_answers_reach_the_policy() -> None:
    desk = Desk(stretches(("forward_head", 1.0)), 1200.0, SHORT, rate_hz=2.0)
    parts = desk.parts()
    parts.commands.put(cmd.Snooze(600.0))
    desk.run(parts)
    assert desk.kept.told()
    assert desk.kept.told()[0][0] >= 600.0


@pytest.mark.parametrize("key", [1, 999])
def test_a_snooze_silences_after_another_answer_and_for_an_alert_that_is_no_longer_known(key: int) -> None:
    policy = replace(SHORT.policy, cue_cooldown_s=5.0, global_cooldown_s=5.0, cap_per_hour=1000)
    desk = Desk(stretches(("forward_head", 1.0)), 600.0, replace(SHORT, policy=policy), rate_hz=2.0)
    parts = desk.parts()

    class Tired(Kept):
        def show(self, moment: Moment) -> None:
            if moment.said and moment.said[0].key == 1:
                parts.commands.put(cmd.Answer(1, "wrong"))
                parts.commands.put(cmd.Answer(key, "snooze"))

    parts.sinks = [*parts.sinks, Tired()]
    desk.run(parts)
    assert len(desk.kept.told()) == 1


def test_prompts_are_counted_apart_from_alerts_about_a_posture() -> None:
    breaks = replace(SHORT.breaks, enabled=True, interval_s=300.0)
    desk = Desk(stretches(("good", 1.0)), 400.0, replace(SHORT, breaks=breaks), rate_hz=2.0)
    parts, board = desk.parts(), StatusBoard()
    parts.sinks = [*parts.sinks, board]
    outcome = desk.run(parts)
    assert (outcome.alerts, outcome.prompts) == (1, 1)
    status = board.snapshot()
    assert (status["alerts"], status["prompts"]) == (0, 1)
    assert "alerts since the start: 0, prompts: 1" in "\n".join(lines(status))


def test_a_lengthened_pause_becomes_shorter_on_request_only_and_at_once() -> None:
    policy = replace(SHORT.policy, cue_cooldown_s=5.0, global_cooldown_s=5.0, cap_per_hour=1000)
    desk = Desk(stretches(("forward_head", 1.0)), 600.0, replace(SHORT, policy=policy), rate_hz=2.0)
    parts = desk.parts()
    asked: dict[int, cmd.Command] = {200: cmd.Sooner(("forward_head",)), 400: cmd.ResetFeedback()}
    seen: dict[int, list[int]] = {200: [], 400: []}

    class Annoyed(Kept):
        def show(self, moment: Moment) -> None:
            for said in moment.said:
                if moment.t_s < 190.0:
                    parts.commands.put(cmd.Answer(said.key, "ignored"))
            for at_s, backoffs in seen.items():
                if at_s in asked and moment.t_s >= at_s:
                    parts.commands.put(asked.pop(at_s))
                if abs(moment.t_s - at_s) < 2.0:
                    backoffs.append(moment.policy.ledger.backoff[CUES.index("forward_head")])

    parts.sinks = [*parts.sinks, Annoyed()]
    desk.run(parts)
    assert list(dict.fromkeys(seen[200])) == [8, 4]
    assert list(dict.fromkeys(seen[400])) == [4, 1]
    told = [t_s for t_s, _ in desk.kept.told()]
    gaps = [later - before for before, later in pairwise(told)]
    assert max(gaps) == pytest.approx(40.0, abs=1.0)
    assert gaps[-1] == pytest.approx(5.0, abs=1.0)


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
    terminal, sent, notes = Shown(), SentMessages(), list[str]()

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


def test_a_state_that_is_not_known_yet_has_the_shape_of_none() -> None:
    good = Ambient(Level.GOOD, "", 0.0)
    watching = Moment(1.0, 1.0, Phase.WATCHING, state=State.GOOD, ambient=good)
    assert (shape_of(watching), watching.level) == ("●", Level.GOOD)
    for unknown in (replace(watching, state=None), replace(watching, prompt="Hold still")):
        assert (shape_of(unknown), unknown.level) == ("…", Level.STARTING)
    paused = replace(watching, phase=Phase.PAUSED, state=None)
    assert (shape_of(paused), paused.level) == (PAUSE_SHAPE, Level.GOOD)


def test_a_plain_log_says_when_the_shape_changes_under_the_same_state(
    capsys: pytest.CaptureFixture[str],
) -> None:
    sink = TerminalSink()
    for level in (Level.UNMEASURED, Level.UNMEASURED, Level.GOOD):
        sink.show(Moment(1.0, 1.0, Phase.WATCHING, state=State.GOOD, ambient=Ambient(level, "", 0.0)))
    assert [line[9:] for line in capsys.readouterr().out.splitlines()] == ["? good", "● good"]


def test_a_terminal_that_can_wipe_no_line_gets_plain_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    terminal = Shown()
    TerminalSink(terminal).show(Moment(1.0, 1.0, Phase.PAUSED))
    assert terminal.getvalue()[8:] == f" {PAUSE_SHAPE} paused, the camera is off\n"


def test_a_pause_is_shown_with_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    until_s = datetime(2026, 11, 29, 14, 30).astimezone().timestamp()
    paused = Moment(1.0, until_s - 60.0, Phase.PAUSED, paused_until_wall_s=until_s)
    terminal = Shown()
    for moment in (
        paused,
        replace(paused, paused_until_wall_s=math.inf),
        replace(paused, phase=Phase.LOCKED),
    ):
        TerminalSink(terminal).show(moment)
    assert terminal.getvalue().split("\r\x1b[2K")[1:] == [
        f"{PAUSE_SHAPE} paused, the camera is off   until 14:30 (2026-11-29)",
        f"{PAUSE_SHAPE} paused, the camera is off",
        f"{PAUSE_SHAPE} the screen is locked, the camera is off",
    ]


def test_words_are_not_broken_by_a_narrow_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "60")
    words = {
        "seen": "Your head has come out in front of your shoulders for 2 min, 3rd time today.",
        "text": "Let your head rest on top of your neck instead of hanging out in front of it.",
        "quotation": "Try to ensure that your head is over the top of your neck and body, not out in front.",
        "citation": "document 004, What's causing your upper back muscle pain?",
    }
    alert = Alert(1.0, "forward_head", "notice", 120.0, 1.0, 120.0, 2.0, 1.0)
    said = Said(Record(1, alert), words, 7)
    terminal = Shown()
    sink = TerminalSink(terminal, states=False)
    sink.show(Moment(1.0, 1.0, Phase.WATCHING, said=(said,), hints=(f"{words['seen']} {words['text']}",)))
    sink.note("      (not shown as a desktop notification: there is no session bus on this machine)")
    lines = terminal.getvalue().splitlines()
    assert max(map(len, lines)) <= 60
    assert " ".join(" ".join(lines).split()).count(" ".join(words["text"].split())) == 2, "nothing is lost"
    assert lines[-2:] == [
        "      (not shown as a desktop notification: there is no",
        "      session bus on this machine)",
    ]
    piped = io.StringIO()
    TerminalSink(piped).note("word " * 40)
    assert piped.getvalue() == "word " * 40 + "\n", "a log keeps its lines"


def test_a_log_of_days_tells_the_day_and_a_terminal_the_time() -> None:
    shown = {}
    for states in (True, False):
        stream = io.StringIO()
        TerminalSink(stream, states=states).show(Moment(1.0, 1.0, Phase.WATCHING, hints=("A hint.",)))
        shown[states] = stream.getvalue().splitlines()[0]
    day = local(1.0)
    assert shown == {True: f"{day:%H:%M:%S} A hint.", False: f"{day:%Y-%m-%d %H:%M:%S} A hint."}


def test_nothing_is_nothing_in_either_direction() -> None:
    margin = Margin("shrug", "shoulder_elevation_cm", -0.04, 0.2, 1.2)
    told = Moment(1.0, 1.0, Phase.WATCHING, state=State.GOOD, margins=(margin,))
    assert margin_text(told) == "raised shoulders +0.0 of 1.2 cm (0%)"
    status = {"phase": "watching", "level": "good", "margins": [margin.as_plain()]}
    assert [gauge.text for gauge in view_of(status).gauges] == ["+0.0 of 1.2 cm"]
    row = Row("shoulder_elevation_cm", "cm", "", -0.04, 0.2, 0.1, "", (margin,))
    assert value_text(row) == "+0.0 ± 0.4 cm"


def test_one_key_begins_and_ends_a_silence() -> None:
    keys = KeyCommands(cmd.Commands())
    sink = PauseSink(keys)
    ledger = PolicyState().ledger._replace(silent_until_s=1000.0)
    silent = Moment(10.0, 10.0, Phase.WATCHING, policy=PolicyState()._replace(ledger=ledger))
    assert keys.command("z") == cmd.Snooze(1800.0)
    sink.show(silent)
    assert keys.command("z") == cmd.Snooze(0.0)
    sink.show(replace(silent, t_s=1000.0))
    assert keys.command("z") == cmd.Snooze(1800.0)


def test_a_silence_that_was_asked_for_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = PolicyState().ledger._replace(silent_until_s=1000.0)
    moment = Moment(
        10.0, 10.0, Phase.WATCHING, state=State.GOOD, policy=PolicyState()._replace(ledger=ledger)
    )
    monkeypatch.setenv("TERM", "xterm")
    terminal, board = Shown(), StatusBoard()
    TerminalSink(terminal).show(moment)
    board.show(moment)
    assert "good   silent for 17 min" in terminal.getvalue()
    for other in (replace(moment, prompt="Hold still"), replace(moment, phase=Phase.PAUSED)):
        TerminalSink(terminal).show(other)
    assert terminal.getvalue().count("silent") == 1
    assert "  silent for 17 min (posture-cv resume ends it)" in lines(board.snapshot())


@pytest.mark.parametrize(
    ("phase", "text", "said"),
    [
        ("watching", "good", "Watching again."),
        ("locked", "the screen is locked", "No pause runs any more; but the screen is locked"),
    ],
)
def test_resume_says_what_it_does_now(
    monkeypatch: pytest.MonkeyPatch, phase: str, text: str, said: str
) -> None:
    monkeypatch.setattr("posture_cv.monitor.control.client.ask_and_wait", lambda *_: True)
    answer = {"status": {"phase": phase, "text": text}}
    monkeypatch.setattr("posture_cv.monitor.control.client.ask", lambda *_: answer)
    assert Cli().here("resume").stdout == f"{said}\n"


def test_stop_ends_it_and_says_why() -> None:
    desk = Desk(stretches(("good", 1.0)), 100.0)
    parts = desk.parts()
    parts.commands.put(cmd.Stop("SIGTERM"))
    assert desk.run(parts).why == "SIGTERM"
    assert not desk.camera.opened


def test_a_clock_set_back_or_forth_changes_no_alert_and_ends_no_silence() -> None:
    def told(jump_s: float) -> list[tuple[float, str]]:
        desk = Desk(stretches(("good", 20.0), ("forward_head", 200.0)), 120.0, SHORT, rate_hz=5.0)
        parts = desk.parts()
        wall_s = desk.clock.wall_s
        desk.clock.wall_s = lambda: wall_s() + (jump_s if desk.clock.now_s() > 30.0 else 0.0)  # type: ignore[method-assign]
        desk.run(parts)
        return desk.kept.told()

    plain = told(0.0)
    assert plain
    assert told(-7200.0) == told(7200.0) == plain


def test_midnight_changes_nothing_but_the_day() -> None:
    desk = Desk(stretches(("good", 20.0), ("forward_head", 200.0)), 120.0, SHORT, rate_hz=5.0)
    plain = Desk(stretches(("good", 20.0), ("forward_head", 200.0)), 120.0, SHORT, rate_hz=5.0)
    plain.run()
    parts = desk.parts()
    midnight = datetime.fromtimestamp(desk.clock.wall_s()).astimezone().replace(hour=0, minute=0, second=0)
    shift_s = midnight.timestamp() + 86_400.0 - 60.0 - desk.clock.wall_s()
    wall_s = desk.clock.wall_s
    desk.clock.wall_s = lambda: wall_s() + shift_s  # type: ignore[method-assign]
    desk.run(parts)
    days = {datetime.fromtimestamp(m.wall_s).astimezone().date() for m in desk.kept.moments}
    assert len(days) == 2
    assert desk.kept.told() == plain.kept.told()


def test_a_stale_baseline_is_hinted_at_once_and_gently(capsys: pytest.CaptureFixture[str]) -> None:
    class FromAside(ScriptedJudge):
        """Sees the person from the side, whatever the baseline says."""

        def look(self, lm: object, t_s: float) -> Step:
            seen = measurements([t_s], [self._script(t_s)])
            self._last = replace(seen, view=np.array([View.SIDE], np.int8))
            return self.engine.push(self._last)

    desk = Desk(stretches(("good", 1.0)), 260.0, SHORT, rate_hz=2.0)
    parts, board = desk.parts(), StatusBoard()
    sent = SentMessages()
    parts.judge = FromAside(desk.script, SHORT)
    parts.sinks = [*parts.sinks, board, TerminalSink(states=False), NotificationSink(sent, lambda _: None)]
    desk.run(parts)
    hints = [(m.t_s, hint) for m in desk.kept.moments for hint in m.hints]
    assert len(hints) == 1
    assert 170.0 < hints[0][0] < 200.0
    assert "another side" in hints[0][1]
    assert board.snapshot()["hint"] == hints[0][1]
    assert capsys.readouterr().out.count("another side") == 1
    assert [(m.key, m.actions[0][0], m.urgent) for m in sent.messages] == [(0, "recalibrate", False)]
    assert not desk.kept.told(), "a hint is no alert"


class Shown(io.StringIO):
    """A terminal that keeps everything."""

    def isatty(self) -> bool:
        return True


class SentMessages:
    """Keeps what is sent."""

    def __init__(self) -> None:
        self.messages: list[Message] = []

    def send(self, message: Message) -> Future[Delivery]:
        self.messages.append(message)
        return NoNotifier("kept").send(message)

    def close(self) -> None:
        """Nothing to close."""
