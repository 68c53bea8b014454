"""The monitor's loop: camera, clock, models, engine and sinks come from outside; decisions are pure modules'."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from posture_cv.capture.types import SourceError
from posture_cv.errors import PostureError
from posture_cv.measure.types import Reason
from posture_cv.monitor import commands as cmd
from posture_cv.monitor.calibrating import DONE, failed, left_behind
from posture_cv.monitor.judge import Criteria, Judge
from posture_cv.monitor.lifecycle import Facts, Phase, Plan, plan
from posture_cv.monitor.looking import Looker
from posture_cv.monitor.parts import Options, Outcome, Parts
from posture_cv.monitor.ports import Glimpse, Surroundings
from posture_cv.monitor.session import needs_face
from posture_cv.monitor.showing import Shower
from posture_cv.monitor.telling import Teller

_SLICE_S: Final = 0.5
"""Commands are taken at least so often; ours."""
_GAP_S: Final = 10.0
"""A step of the clock this long between two rounds is a suspended system, or a stopped process; ours."""
_ELSEWHERE_S: Final = 600.0
"""Who was not watched for so long may sit at another desk now; ours."""
_ACTIVE_S: Final = 2.0
"""Keyboard or mouse are in use if they were so lately; ours."""
_STANDS: Final = (
    "The camera does not seem to have been moved, so nothing was changed. "
    "If you sit otherwise than before: posture-cv recalibrate"
)
_UNSEEN: Final = (
    "The camera is off, so nothing can be compared and nothing was changed. Go on watching first."
)
_COVERED: Final = {
    Phase.LOCKED: "The screen is locked, so the camera stays off. Unlock it first.",
    Phase.ASLEEP: "The computer is going to sleep, so the camera stays off. Wake it first.",
}


class Monitor:
    """Runs until it is stopped, its time is over, or its recording ends; `run` is called once."""

    def __init__(self, parts: Parts, options: Options | None = None) -> None:
        self._parts = parts
        self._options = options or Options()
        self._begun_s = self._round_s = parts.clock.now_s()
        self._facts = Facts(seen_s=self._begun_s, paused_until_wall_s=parts.paused_until_wall_s)
        self._around = Surroundings()
        self._looker = Looker(parts.judge, parts.eyes, self._options.economy, self._begun_s)
        self._teller = Teller(parts.adviser, parts.book, parts.keys)
        self._shower = Shower(parts, self._looker, self._teller)
        self._chosen_for = parts.chosen_for
        self._had_picture = False
        self._seen = False
        self._unwatched_since_s: float | None = None
        self._stop_why: str | None = None

    def run(self) -> Outcome:
        """Watch.

        Raises:
            SourceError: the camera cannot be opened at the start. ModelFileError: the models cannot be loaded.
        """
        self._teller.apply_factors(self._judge, self._parts.clock.wall_s())
        try:
            while not self._over():
                self._round()
            self._end_judge()
        finally:
            self._parts.camera.close()
        return Outcome(
            duration_s=self._parts.clock.now_s() - self._begun_s,
            looks=self._looker.looks,
            model_runs=self._looker.model_runs,
            alerts=self._teller.count,
            seen=self._seen,
            why=self._stop_why or "",
            prompts=self._teller.prompts,
        )

    @property
    def _judge(self) -> Judge:
        return self._looker.judge

    def _end_judge(self) -> None:
        """Show what the judge has not told yet; before anything was shown there is nothing."""
        if self._shower.phase is not None:
            step = self._judge.ended(self._parts.clock.now_s())
            self._shower.show(step, self._shower.phase, self._facts, self._around)

    # One round

    def _over(self) -> bool:
        while (command := self._parts.commands.take()) is not None:
            self._obey(command)
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
        wall_s = self._parts.clock.wall_s()
        self._facts = self._facts.at(wall_s)
        todo = plan(self._facts, now_s, wall_s, self._options.life)
        if todo.camera:
            self._watch_camera(todo, now_s)
        else:
            self._wait(todo, now_s)

    def _after_gap(self, now_s: float) -> None:
        """The system was suspended: whoever is there now gets a new beginning."""
        self._unwatched(self._round_s)
        self._looker.cut()
        self._facts = self._facts.seen(now_s)

    def _unwatched(self, since_s: float) -> None:
        if self._unwatched_since_s is None:
            self._unwatched_since_s = since_s

    def _take_surroundings(self, now_s: float) -> None:
        around = self._parts.surroundings.poll()
        before, self._around = self._around, around
        self._facts = replace(self._facts, locked=around.locked, asleep=around.asleep, in_call=around.in_call)
        if _used(around) and not _used(before):
            self._facts = self._facts.seen(now_s)  # somebody types again: worth a look, and no more than that

    def _wait(self, todo: Plan, now_s: float) -> None:
        """Nothing is watched: the camera is off, time passes."""
        if self._parts.camera.opened:
            self._parts.camera.close()
            self._looker.cut()
        if todo.phase is not Phase.AWAY:  # who was only away comes back to the same desk
            self._unwatched(now_s)
            self._facts = self._facts.seen(now_s)  # nobody was looked for, so nobody is known to be away
        step = self._judge.passed(now_s)
        self._looker.forget(Reason.NO_PICTURE)
        self._shower.show(step, todo.phase, self._facts, self._around)
        self._parts.clock.wait(min(_SLICE_S, max(0.01, todo.next_s - now_s)))

    def _watch_camera(self, todo: Plan, now_s: float) -> None:
        camera = self._parts.camera
        seconds = self._looker.interval_s(on_battery=self._around.on_battery)
        try:
            if not camera.opened:
                self._open_camera(todo, now_s)
            camera.set_interval(seconds)
            glimpse = camera.read(min(_SLICE_S, max(seconds, 0.05)))
            if glimpse is not None:
                self._choose()
        except SourceError as error:
            self._lose_camera(error, now_s)
            return
        if glimpse is None:
            step = self._judge.passed(self._parts.clock.now_s())
            self._shower.show(step, todo.phase, self._facts, self._around)
            return
        self._facts = self._facts.found()
        self._had_picture = self._shower.camera_known = True
        self._look(glimpse, Phase.WATCHING if todo.phase is Phase.CAMERA_LOST else todo.phase)

    def _open_camera(self, todo: Plan, now_s: float) -> None:
        if todo.phase is Phase.AWAY:
            self._facts = replace(self._facts, peeked_s=now_s)
        self._looker.cut()
        self._parts.camera.open()

    def _lose_camera(self, error: SourceError, now_s: float) -> None:
        """At the start an error; later waited for in silence."""
        self._parts.camera.close()
        if not (self._had_picture or self._options.wait_for_camera):
            raise error
        self._unwatched(now_s)
        self._looker.cut()
        self._facts = self._facts.lost(now_s, " ".join(filter(None, (error.title + ".", error.detail))))
        step = self._judge.passed(now_s)
        self._looker.forget(Reason.NO_PICTURE)
        self._shower.show(step, Phase.CAMERA_LOST, self._facts, self._around)

    def _look(self, glimpse: Glimpse, phase: Phase) -> None:
        look = self._looker.look(glimpse, on_battery=self._around.on_battery)
        if look.present:
            self._facts = self._facts.seen(glimpse.t_s)
            self._seen = True
        self._shower.show(look.step, phase, self._facts, self._around, look=look)

    # Which profile

    def _choose(self) -> None:
        """Another camera, or a long time in which anything may have happened: does another profile fit?"""
        since_s, self._unwatched_since_s = self._unwatched_since_s, None
        camera, now_s = self._parts.camera, self._parts.clock.now_s()
        elsewhere = since_s is not None and now_s - since_s >= _ELSEWHERE_S
        if self._parts.choose is None or (camera.identity == self._chosen_for and not elsewhere):
            return
        self._chosen_for = camera.identity
        criteria = self._parts.choose(camera, self._judge.criteria.profile)
        if criteria is not None:
            self._judge_by(criteria)

    def _judge_by(self, criteria: Criteria) -> None:
        """Another baseline from now on; what was said and answered stays, windows begin anew."""
        self._looker.cut()
        self._end_judge()
        before = self._judge.engine
        state = before.policy.new_session(before.state)
        self._looker.judge = Judge(criteria, state)
        self._shower.hint = ""
        self._parts.eyes.close()  # the models' first picture is what the background is compared with
        self._parts.eyes.need_face(face=needs_face(criteria.baseline.view))
        self._teller.apply_factors(self._judge, self._parts.clock.wall_s())

    # Commands

    def _obey(self, command: cmd.Command) -> None:
        now_s = self._parts.clock.now_s()
        engine = self._judge.engine
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
                self._teller.take_answer(self._judge, key, response, now_s, self._parts.clock.wall_s())
            case cmd.Sooner(cues):
                self._judge.sooner(cues)
            case cmd.ResetFeedback():
                self._teller.reset(self._judge, self._parts.clock.wall_s())
            case cmd.Recalibrate(quick):
                self._recalibrate(now_s, quick=quick)
            case cmd.FollowCamera():
                self._follow_camera()

    def _recalibrate(self, now_s: float, *, quick: bool) -> None:
        """A new baseline from the camera; a pause ends, unless there is none."""
        if self._parts.recalibrate is None:
            return
        if (cover := self._cover(now_s)) is not None:
            self._prompt(failed(_COVERED[cover]), cover)
            return
        paused_until_wall_s = self._facts.paused_until_wall_s
        self._facts = replace(self._facts, paused_until_wall_s=None).seen(now_s)

        def prompted(text: str) -> bool:
            self._prompt(text)
            return not self._parts.commands.stop_asked and self._cover(self._parts.clock.now_s()) is None

        try:
            self._parts.camera.open()
            now = self._judge.criteria
            criteria = self._parts.recalibrate(self._parts.camera, now, prompted, quick)
        except PostureError as error:
            self._looker.cut()
            self._facts = replace(self._facts, paused_until_wall_s=paused_until_wall_s)
            cover = self._cover(self._parts.clock.now_s())
            why = error.sentences if cover is None else _COVERED[cover]
            self._prompt(failed(why), cover or Phase.WATCHING)
            return
        self._judge_by(criteria)
        self._chosen_for = self._parts.camera.identity
        self._facts = self._facts.found().seen(self._parts.clock.now_s())
        self._prompt(DONE)

    def _follow_camera(self) -> None:
        """The baseline goes along with a camera that was moved: nobody needs to sit for it."""
        if self._parts.follow is None:
            return
        background = self._judge.background()
        if background is None:
            why = _STANDS if self._parts.camera.opened else _UNSEEN
            self._prompt(left_behind(why), self._shower.phase or Phase.WATCHING)
            return
        try:
            criteria = self._parts.follow(self._judge.criteria, background)
        except PostureError as error:
            self._prompt(left_behind(error.sentences))
            return
        self._judge_by(criteria)
        self._prompt(DONE)

    def _cover(self, now_s: float) -> Phase | None:
        """Why nobody may be looked at in this moment, whatever is asked for; None where somebody may."""
        self._take_surroundings(now_s)
        if self._facts.asleep:
            return Phase.ASLEEP
        return Phase.LOCKED if self._facts.locked else None

    def _prompt(self, text: str, phase: Phase = Phase.WATCHING) -> None:
        step = self._judge.passed(self._parts.clock.now_s())
        self._shower.show(step, phase, self._facts, self._around, prompt=text)


def _used(around: Surroundings) -> bool:
    """Whether keyboard or mouse are used, where that is known."""
    return around.idle_s is not None and around.idle_s < _ACTIVE_S
