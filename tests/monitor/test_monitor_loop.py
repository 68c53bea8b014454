"""What surrounds a monitor all day: pauses, locks, sleep, lost cameras, covers, empty chairs."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import datetime
from itertools import pairwise

import numpy as np
import pytest

from assess_material import measurements
from monitor.monitor_material import SHORT, Desk, Kept, ScriptedJudge, SentMessages, stretches
from posture_cv.assess.settings import CUES
from posture_cv.assess.stream import Step
from posture_cv.assess.types import State
from posture_cv.capture.types import SourceError
from posture_cv.cli.status import lines
from posture_cv.measure.types import Reason, View
from posture_cv.monitor import commands as cmd
from posture_cv.monitor.lifecycle import LifeSettings, Phase
from posture_cv.monitor.loop import Monitor
from posture_cv.monitor.moment import Moment
from posture_cv.monitor.parts import Options
from posture_cv.monitor.ports import Surroundings
from posture_cv.monitor.sinks import NotificationSink, TerminalSink
from posture_cv.monitor.status import StatusBoard


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
