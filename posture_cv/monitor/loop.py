"""The monitor's loop: camera, clock, models, engine and sinks come from outside; decisions are pure modules'."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from posture_cv.assess.engine import Step
from posture_cv.assess.policy_state import PolicyState
from posture_cv.assess.settings import PolicySettings
from posture_cv.assess.types import State
from posture_cv.capture.types import SourceError
from posture_cv.errors import PostureError
from posture_cv.guidance.adviser import Adviser
from posture_cv.landmarks.types import Landmarks
from posture_cv.measure.types import Reason
from posture_cv.monitor import commands as cmd
from posture_cv.monitor.book import Book, NoBook
from posture_cv.monitor.economy import EconomySettings, Pace, Situation, interval_s, pace_of
from posture_cv.monitor.judge import Criteria, Judge
from posture_cv.monitor.lifecycle import Facts, LifeSettings, Phase, Plan, plan
from posture_cv.monitor.margins import Margin, margins
from posture_cv.monitor.moment import Moment
from posture_cv.monitor.picture import Thumbnail, Watch, changed, fingerprint, picture_fault, thumbnail
from posture_cv.monitor.ports import (
    Camera,
    Clock,
    Eyes,
    Glimpse,
    NoSurroundings,
    Sink,
    Surroundings,
    SurroundingsSource,
)
from posture_cv.monitor.telling import Teller

_SLICE_S: Final = 0.5
"""Commands are taken at least so often; ours."""
_GAP_S: Final = 10.0
"""A step of the clock this long between two rounds is a suspended system, or a stopped process; ours."""
_ACTIVE_S: Final = 2.0

Recalibrator = Callable[[Camera, Callable[[str], bool]], Criteria]
"""Makes a baseline from the camera; told prompts are shown, and a False answer stops it."""


@dataclass(slots=True)
class Parts:
    """What the loop is connected to."""

    camera: Camera
    clock: Clock
    eyes: Eyes
    judge: Judge
    sinks: Sequence[Sink] = ()
    surroundings: SurroundingsSource = field(default_factory=NoSurroundings)
    commands: cmd.Commands = field(default_factory=cmd.Commands)
    adviser: Adviser | None = None
    book: Book = field(default_factory=NoBook)
    recalibrate: Recalibrator | None = None


@dataclass(frozen=True, slots=True)
class Options:
    """How the loop runs.

    Attributes:
        economy, life: see there.
        duration_s: end after so long; None: until asked.
        wait_for_camera: a camera that is not there at the start is waited for instead of being an error.
    """

    economy: EconomySettings = field(default_factory=EconomySettings)
    life: LifeSettings = field(default_factory=LifeSettings)
    duration_s: float | None = None
    wait_for_camera: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run ended: how long it was, looks, looks with the models, alerts, and whether anybody was seen."""

    duration_s: float
    looks: int
    model_runs: int
    alerts: int
    seen: bool
    why: str = ""


class Monitor:
    """Runs until it is stopped, its time is over, or its recording ends; `run` is called once."""

    def __init__(self, parts: Parts, options: Options | None = None) -> None:
        self._parts = parts
        self._options = options or Options()
        self._begun_s = parts.clock.now_s()
        self._facts = Facts(seen_s=self._begun_s)
        self._around = Surroundings()
        self._situation = Situation()
        self._pace = Pace.DECIDING
        self._measured_thumb: Thumbnail | None = None
        self._models_s = -math.inf
        self._unchanged_since_s = self._begun_s
        self._watch = Watch()
        self._fresh = True  # the next picture does not follow on one seen before
        self._look_s = self._begun_s
        self._had_picture = False
        self._round_s = self._begun_s
        self._state: State | None = None
        self._reason = Reason.OK
        self._margins: tuple[Margin, ...] = ()
        self._teller = Teller(parts.adviser, parts.book)
        self._looks = self._model_runs = 0
        self._seen = False
        self._stop_why: str | None = None

    def run(self) -> Outcome:
        """Watch.

        Raises:
            SourceError: the camera cannot be opened at the start. ModelFileError: the models cannot be loaded.
        """
        self._teller.apply_factors(self._parts.judge, self._parts.clock.wall_s())
        try:
            while not self._over():
                self._round()
        finally:
            self._parts.camera.close()
        return Outcome(
            self._parts.clock.now_s() - self._begun_s,
            self._looks,
            self._model_runs,
            self._teller.count,
            self._seen,
            self._stop_why or "",
        )

    # One round

    def _over(self) -> bool:
        self._take_commands()
        if self._stop_why is not None:
            return True
        duration_s = self._options.duration_s
        if duration_s is not None and self._parts.clock.now_s() - self._begun_s >= duration_s:
            self._stop_why = "the time is over"
        elif self._parts.camera.ended:
            self._stop_why = "the recording is over"
        return self._stop_why is not None

    def _round(self) -> None:
        now_s = self._parts.clock.now_s()
        if now_s - self._round_s > _GAP_S:
            self._after_gap(now_s)
        self._round_s = now_s
        self._take_surroundings(now_s)
        todo = plan(self._facts, now_s, self._parts.clock.wall_s(), self._options.life)
        if todo.camera:
            self._watch_camera(todo, now_s)
        else:
            self._wait(todo, now_s)

    def _after_gap(self, now_s: float) -> None:
        """The system was suspended: whoever is there now gets a new beginning."""
        self._cut()
        self._facts = self._facts.seen(now_s)

    def _cut(self) -> None:
        """The stream of pictures is interrupted: nothing that was seen is held on to."""
        if not self._fresh:
            self._parts.judge.cut(self._look_s)
        self._fresh = True
        self._forget_picture()

    def _take_surroundings(self, now_s: float) -> None:
        around = self._parts.surroundings.poll()
        before, self._around = self._around, around
        self._facts = replace(self._facts, locked=around.locked, asleep=around.asleep, in_call=around.in_call)
        if (before.locked, before.asleep) != (around.locked, around.asleep):
            self._facts = self._facts.seen(now_s)
        if around.active is not None and around.active < _ACTIVE_S:
            self._facts = self._facts.seen(now_s)  # somebody types: worth a look

    def _wait(self, todo: Plan, now_s: float) -> None:
        """Nothing is watched: the camera is off, time passes."""
        if self._parts.camera.opened:
            self._close_camera()
        step = self._parts.judge.passed(now_s)
        self._forget_look(Reason.NO_PICTURE)
        self._show(step, todo.phase)
        self._parts.clock.wait(min(_SLICE_S, max(0.01, todo.next_s - now_s)))

    def _watch_camera(self, todo: Plan, now_s: float) -> None:
        camera = self._parts.camera
        seconds = self._interval_s()
        try:
            if not camera.opened:
                self._open_camera(todo, now_s)
            camera.set_interval(seconds)
            glimpse = camera.read(min(_SLICE_S, max(seconds, 0.05)))
        except SourceError as error:
            self._lose_camera(error, now_s)
            return
        if glimpse is None:
            step = self._parts.judge.passed(self._parts.clock.now_s())
            self._show(step, todo.phase)
            return
        self._facts = self._facts.found()
        self._had_picture = True
        self._look(glimpse, Phase.WATCHING if todo.phase is Phase.CAMERA_LOST else todo.phase)

    def _open_camera(self, todo: Plan, now_s: float) -> None:
        if todo.phase is Phase.AWAY:
            self._facts = replace(self._facts, peeked_s=now_s)
        self._cut()
        self._parts.camera.open()

    def _close_camera(self) -> None:
        self._parts.camera.close()
        self._cut()

    def _lose_camera(self, error: SourceError, now_s: float) -> None:
        """At the start an error; later waited for in silence."""
        self._parts.camera.close()
        if not (self._had_picture or self._options.wait_for_camera):
            raise error
        self._cut()
        self._facts = self._facts.lost(now_s, " ".join(filter(None, (error.title + ".", error.detail))))
        step = self._parts.judge.passed(now_s)
        self._forget_look(Reason.NO_PICTURE)
        self._show(step, Phase.CAMERA_LOST)

    # One look

    def _look(self, glimpse: Glimpse, phase: Phase) -> None:
        self._looks += 1
        step, lm, measured = self._step(glimpse)
        self._fresh, self._look_s = False, glimpse.t_s
        self._model_runs += measured
        if step.state is not None:
            self._state = step.state
            assert step.states is not None
            self._reason = Reason(int(step.states.reason[0]))
        if step.smoothed is not None:
            self._margins = margins(step.smoothed, self._parts.judge.settings)
        blind = self._reason in (Reason.TOO_DARK, Reason.NO_PICTURE)
        if self._state not in (State.AWAY, None) and not blind:
            self._facts = self._facts.seen(glimpse.t_s)
            self._seen = True
        self._situation = self._situation_now(step, glimpse.t_s)
        self._pace = pace_of(self._situation, self._options.economy)
        self._show(step, phase, glimpse=glimpse, lm=lm, measured=measured)

    def _step(self, glimpse: Glimpse) -> tuple[Step, Landmarks | None, bool]:
        """What the engine makes of a picture; whether the models ran (a recording's landmarks count as such)."""
        judge, t_s = self._parts.judge, glimpse.t_s
        if glimpse.landmarks is not None:
            return judge.look(glimpse.landmarks, t_s), glimpse.landmarks, True
        assert glimpse.frame is not None
        image = glimpse.frame.image_bgr
        thumb = thumbnail(image)
        self._watch = self._watch.after(fingerprint(image), t_s)
        fault = picture_fault(thumb, self._watch, t_s)
        if fault is not Reason.OK:
            self._measured_thumb = None
            return judge.blind(fault, t_s), None, False
        if self._may_skip(thumb, t_s):
            return judge.again(t_s), None, False
        lm = self._parts.eyes.look(replace(glimpse.frame, t_s=t_s), fresh=self._fresh)
        self._measured_thumb, self._models_s = thumb, t_s
        return judge.look(lm, t_s), lm, True

    def _may_skip(self, thumb: Thumbnail, t_s: float) -> bool:
        """Whether the picture is still the one measured last."""
        settings, before = self._options.economy, self._measured_thumb
        if before is None or not self._parts.judge.can_repeat:
            self._unchanged_since_s = t_s
            return False
        if changed(thumb, before):
            self._unchanged_since_s = t_s
            return False
        return settings.enabled and t_s - self._models_s < settings.refresh_s

    def _situation_now(self, step: Step, t_s: float) -> Situation:
        engine = self._parts.judge.engine
        nearness = 0.0
        if step.states is not None:
            limits = engine.settings.policy.enter_excess
            sizes = step.states.excess[0]
            nearness = max(
                (float(size) / limit for size, limit in zip(sizes, limits, strict=True) if size == size),  # noqa: PLR0124 - not NaN
                default=0.0,
            )
        return Situation(
            level=step.ambient.level,
            state=self._state,
            nearness=nearness,
            may_alert=may_alert_soon(engine.state, t_s, engine.settings.policy),
            unchanged_s=t_s - self._unchanged_since_s,
            blind=self._reason in (Reason.TOO_DARK, Reason.NO_PICTURE),
            on_battery=self._around.on_battery,
        )

    def _interval_s(self) -> float:
        return interval_s(self._pace, self._options.economy, on_battery=self._around.on_battery)

    def _forget_picture(self) -> None:
        self._measured_thumb = None
        self._watch = Watch()
        self._parts.judge.forget()

    def _forget_look(self, reason: Reason) -> None:
        self._state, self._reason, self._margins = None, reason, ()
        self._situation = Situation()
        self._pace = Pace.DECIDING

    # Telling

    def _show(
        self,
        step: Step,
        phase: Phase,
        glimpse: Glimpse | None = None,
        lm: Landmarks | None = None,
        *,
        measured: bool = False,
        prompt: str = "",
    ) -> None:
        """Tell every sink of this moment."""
        wall_s = self._parts.clock.wall_s()
        said, recovered = self._teller.tell(step, wall_s)
        camera = self._parts.camera
        moment = Moment(
            t_s=self._parts.clock.now_s(),
            wall_s=wall_s,
            phase=phase,
            why=self._why(phase),
            state=self._state,
            reason=self._reason,
            ambient=step.ambient,
            margins=self._margins,
            said=said,
            recovered=recovered,
            episodes=step.episodes,
            policy=self._parts.judge.engine.state,
            looked=glimpse is not None,
            measured=measured,
            pace=self._pace,
            frame=None if glimpse is None else glimpse.frame,
            landmarks=lm,
            paused_until_wall_s=self._facts.paused_until_wall_s,
            profile=self._parts.judge.criteria.profile,
            camera=camera.identity if self._had_picture else None,
            prompt=prompt,
            on_battery=self._around.on_battery,
            camera_open=camera.opened,
        )
        for sink in self._parts.sinks:
            sink.show(moment)

    def _why(self, phase: Phase) -> str:
        if phase is Phase.CAMERA_LOST:
            return self._facts.lost_why
        return ""

    # Commands

    def _take_commands(self) -> None:
        while (command := self._parts.commands.take()) is not None:
            self._obey(command)

    def _obey(self, command: cmd.Command) -> None:
        now_s = self._parts.clock.now_s()
        engine = self._parts.judge.engine
        match command:
            case cmd.Stop(why):
                self._stop_why = why or "stopped"
            case cmd.Pause(until):
                self._facts = replace(self._facts, paused_until_wall_s=until)
            case cmd.Resume():
                self._facts = replace(self._facts, paused_until_wall_s=None).seen(now_s)
                engine.snooze(0.0)
            case cmd.Snooze(seconds):
                engine.snooze(now_s + seconds)
            case cmd.Answer(key, response):
                wall_s = self._parts.clock.wall_s()
                self._teller.take_answer(self._parts.judge, key, response, now_s, wall_s)
            case cmd.Recalibrate():
                self._recalibrate(now_s)

    def _recalibrate(self, now_s: float) -> None:
        """A new baseline from the camera; what was said and answered stays, windows begin anew."""
        if self._parts.recalibrate is None:
            return
        judge = self._parts.judge
        self._facts = replace(self._facts, paused_until_wall_s=None).seen(now_s)

        def prompted(text: str) -> bool:
            self._show(judge.passed(self._parts.clock.now_s()), Phase.WATCHING, prompt=text)
            return not self._parts.commands.stop_asked

        try:
            self._parts.camera.open()
            criteria = self._parts.recalibrate(self._parts.camera, prompted)
        except PostureError as error:
            self._show(judge.passed(self._parts.clock.now_s()), Phase.WATCHING, prompt=f"failed: {error}")
            return
        state = judge.engine.policy.new_session(judge.engine.state)
        self._parts.judge = Judge(criteria, state)
        self._teller.apply_factors(self._parts.judge, self._parts.clock.wall_s())
        self._fresh = True
        self._forget_picture()
        self._facts = self._facts.seen(self._parts.clock.now_s())
        self._show(self._parts.judge.passed(self._parts.clock.now_s()), Phase.WATCHING, prompt="done")


def may_alert_soon(state: PolicyState, t_s: float, settings: PolicySettings) -> bool:
    """Whether grace, snooze and global cool-down allow a posture notification within the next ten seconds."""
    ledger = state.ledger
    started_s = t_s if state.started_s is None else state.started_s
    last_s = ledger.given_s[-1] + settings.global_cooldown_s if ledger.given_s else -math.inf
    return max(started_s + settings.grace_s, ledger.silent_until_s, last_s) - t_s <= 10.0
