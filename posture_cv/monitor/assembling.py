"""The monitor's real parts put together: what must be closed is entered into a stack."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from posture_cv.assess.answers import RESPONSES
from posture_cv.errors import PostureError
from posture_cv.local_time import local
from posture_cv.monitor import commands as cmd
from posture_cv.monitor.judge import Criteria, Judge
from posture_cv.monitor.parts import Chooser, Parts, Recalibrator
from posture_cv.monitor.ports import Camera, NoBook, NoSurroundings, Sink, SurroundingsSource
from posture_cv.monitor.remembering import Resumption, StateSink, policy_for, state_file
from posture_cv.monitor.session import Eyepiece, make_estimator, make_eyes
from posture_cv.monitor.sinks import NotificationSink, PauseSink, PreviewSink, TerminalSink
from posture_cv.monitor.status import StatusBoard
from posture_cv.monitor.unanswered import Unanswered

if TYPE_CHECKING:
    from calibration.protocol import Timing
    from posture_cv.assess.settings import AssessSettings
    from posture_cv.guidance.adviser import Adviser
    from posture_cv.measure.baseline import Background
    from posture_cv.monitor.app import Request
    from posture_cv.monitor.keeping import HistorySink
    from posture_cv.profiles.types import Profile
    from posture_cv.settings import Settings

_QUICK_S: Final = (1.0, 1.0, 4.0)
"""Countdown, stillness and recording of a quick calibration: one who has sat there all day needs no more; ours."""


def assemble(
    request: Request,
    eyepiece: Eyepiece,
    before: Resumption,
    commands: cmd.Commands,
    board: StatusBoard,
    stack: ExitStack,
    heard: Callable[[str], None] = lambda _: None,
) -> Parts:
    """Everything the loop needs; `heard` is called with what is noted beside the state.

    Raises:
        PostureError: no profile, no models.
    """
    from posture_cv.monitor.profile_choice import named_profile, profile_file, profile_for

    terminal = stack.enter_context(TerminalSink(states=not request.background, heard=heard))
    profile = profile_for(request, eyepiece, terminal.note, lambda: commands.stop_asked)
    settings, alert_after_s = request.settings.assess(), request.alert_after_s
    if alert_after_s is not None:
        settings = settings.alert_after(alert_after_s)
    eyes = make_eyes(request.settings, profile.baseline.view)
    stack.callback(eyes.close)
    if eyepiece.pictures:
        eyes.load()
    history = _history(request, eyepiece, profile, terminal)
    file = profile_file(request)
    board.profile_file = None if file is None else str(file)
    known = before.remembered
    may_change = eyepiece.live and named_profile(request) is None
    chosen = eyepiece.live and not request.wait_for_camera
    return Parts(
        camera=eyepiece.camera,
        clock=eyepiece.clock,
        eyes=eyes,
        judge=Judge(Criteria.of(profile, settings), policy_for(known, profile, settings, before.lasting)),
        sinks=_sinks(request, eyepiece, commands, board, terminal, history, settings.ticks.tick_s, stack),
        surroundings=surroundings_of(request, stack, live=eyepiece.live),
        commands=commands,
        adviser=adviser_for(history, eyepiece.clock.wall_s(), terminal.note, recorded=not eyepiece.live),
        book=NoBook() if history is None else history,
        recalibrate=recalibrator_for(request, settings, terminal.note) if eyepiece.pictures else None,
        follow=partial(_follow, file) if eyepiece.pictures else None,
        choose=_chooser(request, settings, terminal.note) if may_change else None,
        chosen_for=eyepiece.camera.identity if chosen else None,
        paused_until_wall_s=before.paused_until_wall_s if request.service else None,
        keys={} if known is None else dict(known.keys),
    )


def _sinks(
    request: Request,
    eyepiece: Eyepiece,
    commands: cmd.Commands,
    board: StatusBoard,
    terminal: TerminalSink,
    history: HistorySink | None,
    tick_s: float,
    stack: ExitStack,
) -> list[Sink]:
    sinks: list[Sink] = [terminal, *([] if history is None else [stack.enter_context(history)])]
    sinks.append(stack.enter_context(_notifications(request, commands, terminal, history)))
    if request.preview:
        sinks.append(
            stack.enter_context(PreviewSink(partial(commands.put, cmd.Stop("the preview was closed"))))
        )
    if eyepiece.live:
        sinks.append(board)
        if history is not None:
            board.trouble = lambda: history.trouble
        if not request.background:
            sinks.append(_keys(commands, terminal, stack))
        sinks.append(stack.enter_context(StateSink(state_file(), tick_s, terminal.note)))
    return sinks


def _keys(commands: cmd.Commands, terminal: TerminalSink, stack: ExitStack) -> Sink:
    """Single keys of the terminal, and the sink that tells them whether a pause or a silence runs."""
    from posture_cv.monitor.keys import HELP, KeyCommands, Keys

    known = KeyCommands(commands)
    if stack.enter_context(Keys(known.press)).active:
        terminal.note(HELP)
    return PauseSink(known)


def _history(
    request: Request, eyepiece: Eyepiece, profile: Profile, terminal: TerminalSink
) -> HistorySink | None:
    """The history, where one is kept; the monitor goes on without one that cannot be used.

    One for which there is no room yet is waited for: the monitor runs for days.
    """
    days = request.settings.retention.history_days
    if not (eyepiece.live and request.keep_history and days):
        return None
    from posture_cv.history.schema import history_file
    from posture_cv.history.store import History
    from posture_cv.monitor.keeping import HistorySink

    try:
        history = History(history_file(), request.settings.feedback.plain(), wait=True)
    except PostureError as error:
        terminal.note(f"Note: no history is kept. {error.sentences}")
        return None
    break_s = request.settings.breaks.micro_absence_s
    return HistorySink(
        history, terminal.note, source=request.source, profile=profile.name, days=days, break_s=break_s
    )


def adviser_for(
    history: HistorySink | None, wall_s: float, note: Callable[[str], None], *, recorded: bool = False
) -> Adviser:
    """Chooses the words, and knows what was said today before a restart."""
    from posture_cv.guidance.adviser import Adviser
    from posture_cv.guidance.catalogue import load_catalogue

    adviser = Adviser(load_catalogue(), recorded=recorded)
    if history is not None:
        from posture_cv.history.days import said_on

        today = local(wall_s).date()
        try:
            adviser.remember(today.toordinal(), said_on(history.path, today))
        except PostureError as error:
            note(f"Note: what was said today is not known. {error.sentences}")
    return adviser


def _notifications(
    request: Request, commands: cmd.Commands, terminal: TerminalSink, history: HistorySink | None
) -> NotificationSink:
    """Desktop notifications whose answers become commands."""
    from posture_cv.output.notify import NoNotifier, Notifier, make_notifier

    unanswered = Unanswered(lambda key: commands.put(cmd.Answer(key, "ignored")))

    def answered(key: int, what: str) -> None:
        unanswered.settled(key)
        command = answer_command(key, what)
        if command is not None:
            commands.put(command)

    wanted = request.notifications and request.settings.output.notifications
    notifier: Notifier = make_notifier(answered) if wanted else NoNotifier("switched off")
    delivered = None if history is None else history.delivered
    return NotificationSink(notifier, terminal.note, delivered, unanswered)


def answer_command(key: int, what: str) -> cmd.Command | None:
    """What a click, or its absence, means to the monitor; None: nothing."""
    if what == "recalibrate":
        return cmd.Recalibrate()
    if what == "moved":
        return cmd.FollowCamera()
    response = {"expired": "ignored"}.get(what, what)
    for known in RESPONSES:
        if response == known:
            return cmd.Answer(key, known)
    return None


def surroundings_of(request: Request, stack: ExitStack, *, live: bool) -> SurroundingsSource:
    """What the system says, until the stack is closed; a recording has no surroundings."""
    if not live:
        return NoSurroundings()
    from posture_cv.monitor.surroundings import watch_surroundings

    source = watch_surroundings(calls=request.pauses_in_calls)
    stack.callback(source.close)
    return source


def recalibrator_for(request: Request, settings: AssessSettings, note: Callable[[str], None]) -> Recalibrator:
    """Makes the baseline anew: in the file that was named; else under the same name, with another camera a new one."""

    def recalibrate(camera: Camera, now: Criteria, prompted: Callable[[str], bool], quick: bool) -> Criteria:  # noqa: FBT001
        from posture_cv.landmarks.finders import CompanyFinder
        from posture_cv.monitor.profile_choice import profile_file, recalibrated_name
        from posture_cv.monitor.recalibrate import PromptUi, calibrate_from_camera, findings

        timing = _timing(request.settings, quick=quick)
        file, known = profile_file(request), now.baseline if quick else None
        name = now.profile if file else recalibrated_name(now.profile, camera.identity)
        models = request.settings.models.options()
        with make_estimator(request.settings) as estimator, CompanyFinder(models) as finder:
            ui = PromptUi(timing, prompted)
            profile = calibrate_from_camera(
                camera, estimator, name, timing, ui, finder, known=known, file=file
            )
        for line in findings(profile):
            note(line)
        return Criteria.of(profile, settings)

    return recalibrate


def _follow(file: Path | None, now: Criteria, background: Background) -> Criteria:
    """Takes the baseline along with a camera that was moved."""
    from posture_cv.monitor.recalibrate import follow_camera

    return replace(now, baseline=follow_camera(now.profile, now.baseline, background, file))


def _timing(settings: Settings, *, quick: bool) -> Timing:
    from calibration.protocol import Timing

    timing = Timing(**settings.calibration.model_dump())
    if not quick:
        return timing
    countdown_s, still_s, duration_s = _QUICK_S
    return replace(
        timing,
        countdown_s=min(timing.countdown_s, countdown_s),
        still_s=min(timing.still_s, still_s),
        duration_s=min(timing.duration_s, duration_s),
    )


def _chooser(request: Request, settings: AssessSettings, note: Callable[[str], None]) -> Chooser:
    """Looks for a profile that fits better."""

    def chosen(camera: Camera, now: str) -> Criteria | None:
        from posture_cv.monitor.profile_choice import better_profile

        profile = better_profile(request, camera, now, note)
        return None if profile is None else Criteria.of(profile, settings)

    return chosen
