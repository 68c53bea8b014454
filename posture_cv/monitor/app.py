"""The monitor as a program: its real parts put together, in the foreground or as a child in the background."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from posture_cv.assess.answers import RESPONSES
from posture_cv.errors import PostureError
from posture_cv.monitor import commands as cmd
from posture_cv.monitor.book import NoBook
from posture_cv.monitor.control.server import ControlServer
from posture_cv.monitor.economy import EconomySettings
from posture_cv.monitor.instance import SingleInstance
from posture_cv.monitor.judge import Criteria, Judge
from posture_cv.monitor.lifecycle import LifeSettings
from posture_cv.monitor.loop import Monitor, Options, Outcome, Parts, Recalibrator
from posture_cv.monitor.moment import Moment
from posture_cv.monitor.ports import Camera, NoSurroundings, Sink, SurroundingsSource
from posture_cv.monitor.session import Eyepiece, make_estimator, make_eyes, open_eyepiece
from posture_cv.monitor.sinks import BaseSink, NotificationSink, PreviewSink, TerminalSink
from posture_cv.monitor.status import StatusBoard
from posture_cv.paths import runtime_dir

if TYPE_CHECKING:
    from posture_cv.assess.settings import AssessSettings
    from posture_cv.monitor.keeping import HistorySink
    from posture_cv.profiles.types import Profile
    from posture_cv.settings import Settings


@dataclass(frozen=True, slots=True)
class Request:
    """What the command line asks for.

    Attributes:
        source: camera, stream or recording.
        settings: in force.
        profile: its name or path; None: chosen by camera and place.
        alert_after_s: see `PolicySettings.alert_after`; None: the settings'.
        duration_s: end after so long.
        preview: show a window.
        notifications: desktop notifications.
        economy: False: look at every picture, with all models.
        keep_history: write the history (never for recordings).
        pause_in_calls: close the camera while a microphone is in use.
        wait_for_camera: a missing camera is waited for.
        speed: of recordings.
        may_ask: there is somebody at a terminal to answer questions.
        background: a process without a terminal: nobody can be asked, or told to sit still.
    """

    source: str
    settings: Settings
    profile: str | None = None
    alert_after_s: float | None = None
    duration_s: float | None = None
    preview: bool = False
    notifications: bool = True
    economy: bool = True
    keep_history: bool = True
    pause_in_calls: bool = False
    wait_for_camera: bool = False
    speed: float = 1.0
    may_ask: bool = False
    background: bool = False


def run(request: Request, ready: Callable[[Moment], None] = lambda _: None) -> Outcome:
    """Watch until stopped; `ready` is called once, with the first moment that says something.

    Raises:
        PostureError: what stands in the way at the start: another monitor, no camera, no profile, no models.
    """
    with ExitStack() as stack:
        eyepiece = open_eyepiece(request.source, request.settings, request.speed, stack)
        if eyepiece.live:
            stack.enter_context(SingleInstance(runtime_dir()))
        stack.callback(eyepiece.camera.close)
        commands = cmd.Commands()
        stack.enter_context(stopping_signals(commands))
        if not (eyepiece.live and request.wait_for_camera):
            eyepiece.camera.open()  # its light-up and the loading of the models overlap
        parts = _parts(request, eyepiece, commands, ready, stack)
        return Monitor(parts, _options(request, live=eyepiece.live)).run()


def _options(request: Request, *, live: bool) -> Options:
    economy = EconomySettings(enabled=request.economy)
    if request.preview:  # somebody looks at it
        economy = replace(economy, enabled=False, every_s=0.1)
    return Options(
        economy=economy,
        life=LifeSettings(pause_in_calls=request.pause_in_calls),
        duration_s=request.duration_s,
        wait_for_camera=request.wait_for_camera and live,
    )


def _parts(
    request: Request,
    eyepiece: Eyepiece,
    commands: cmd.Commands,
    ready: Callable[[Moment], None],
    stack: ExitStack,
) -> Parts:
    """Everything the loop needs; what must be closed is entered into `stack`."""
    from posture_cv.coefficients import load_coefficients
    from posture_cv.guidance.adviser import Adviser
    from posture_cv.guidance.catalogue import load_catalogue
    from posture_cv.monitor.choosing import profile_for

    terminal = stack.enter_context(TerminalSink(states=not request.background))
    profile = profile_for(request, eyepiece, terminal.note)
    settings = assess_settings(request.settings, request.alert_after_s)
    eyes = make_eyes(request.settings, profile.baseline.view)
    stack.callback(eyes.close)
    if eyepiece.pictures:
        eyes.load()
    criteria = Criteria(profile.name, profile.baseline, load_coefficients(), settings)
    history = _history(request, eyepiece, profile, terminal)
    sinks: list[Sink] = [terminal, *([] if history is None else [stack.enter_context(history)])]
    sinks.append(stack.enter_context(_notifications(request, commands, terminal, history)))
    if request.preview:
        closed = lambda: commands.put(cmd.Stop("the preview was closed"))  # noqa: E731
        sinks.append(stack.enter_context(PreviewSink(closed)))
    if eyepiece.live:
        board = StatusBoard()
        sinks.append(board)
        stack.enter_context(ControlServer(runtime_dir(), board, commands, eyepiece.clock.wall_s))
    sinks.append(_ReadySink(ready))
    return Parts(
        camera=eyepiece.camera,
        clock=eyepiece.clock,
        eyes=eyes,
        judge=Judge(criteria),
        sinks=sinks,
        surroundings=_surroundings(request, stack, live=eyepiece.live),
        commands=commands,
        adviser=Adviser(load_catalogue()),
        book=NoBook() if history is None else history,
        recalibrate=_recalibrator(request, profile.name, settings) if eyepiece.pictures else None,
    )


def assess_settings(settings: Settings, alert_after_s: float | None) -> AssessSettings:
    """What the engine reads, with the window that the command line asks for."""
    plain = settings.assess()
    if alert_after_s is None:
        return plain
    return replace(
        plain,
        policy=plain.policy.alert_after(alert_after_s),
        smoothing=plain.smoothing.alert_after(alert_after_s),
    )


def _history(
    request: Request, eyepiece: Eyepiece, profile: Profile, terminal: TerminalSink
) -> HistorySink | None:
    """The history, where one is kept; the monitor goes on without one that cannot be used."""
    days = request.settings.retention.history_days
    if not (eyepiece.live and request.keep_history and days):
        return None
    from posture_cv.history.schema import history_file
    from posture_cv.history.store import History
    from posture_cv.monitor.keeping import HistorySink

    try:
        history = History(history_file(), request.settings.feedback.plain())
    except PostureError as error:
        terminal.note(f"Note: no history is kept. {error}")
        return None
    return HistorySink(history, terminal.note, source=request.source, profile=profile.name, days=days)


def _notifications(
    request: Request, commands: cmd.Commands, terminal: TerminalSink, history: HistorySink | None
) -> NotificationSink:
    """Desktop notifications whose answers become commands."""
    from posture_cv.output.notify import NoNotifier, Notifier, make_notifier

    def answered(key: int, what: str) -> None:
        command = answer_command(key, what)
        if command is not None:
            commands.put(command)

    wanted = request.notifications and request.settings.output.notifications
    notifier: Notifier = make_notifier(answered) if wanted else NoNotifier("switched off")
    if history is None:
        return NotificationSink(notifier, terminal.note)
    return NotificationSink(notifier, terminal.note, history.delivered)


def answer_command(key: int, what: str) -> cmd.Command | None:
    """What a click, or its absence, means to the monitor; None: nothing."""
    if what == "recalibrate":
        return cmd.Recalibrate()
    response = {"expired": "ignored"}.get(what, what)
    for known in RESPONSES:
        if response == known:
            return cmd.Answer(key, known)
    return None


def _surroundings(request: Request, stack: ExitStack, *, live: bool) -> SurroundingsSource:
    if not live:
        return NoSurroundings()
    from posture_cv.monitor.surroundings import watch_surroundings

    source = watch_surroundings(calls=request.pause_in_calls)
    stack.callback(source.close)
    return source


def _recalibrator(request: Request, name: str, settings: AssessSettings) -> Recalibrator:
    """Makes the baseline anew under the same name."""

    def recalibrate(camera: Camera, prompted: Callable[[str], bool]) -> Criteria:
        from calibration.protocol import Timing
        from posture_cv.coefficients import load_coefficients
        from posture_cv.monitor.recalibrate import PromptUi, calibrate_from_camera

        timing = Timing(**request.settings.calibration.model_dump())
        with make_estimator(request.settings) as estimator:
            profile = calibrate_from_camera(camera, estimator, name, timing, PromptUi(timing, prompted))
        return Criteria(profile.name, profile.baseline, load_coefficients(), settings)

    return recalibrate


class _ReadySink(BaseSink):
    """Calls once, when the first picture has been judged, or when it is clear that the camera is waited for."""

    def __init__(self, ready: Callable[[Moment], None]) -> None:
        self._ready: Callable[[Moment], None] | None = ready

    def show(self, moment: Moment) -> None:
        """The first moment that says something."""
        if self._ready is not None and (moment.looked or not moment.phase.watching):
            ready, self._ready = self._ready, None
            ready(moment)


@contextmanager
def stopping_signals(commands: cmd.Commands) -> Iterator[None]:
    """Ctrl-C, termination, a closed terminal and logging out end the monitor in good order."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    names = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")
    numbers = [getattr(signal, name) for name in names if hasattr(signal, name)]

    def stop(number: int, frame: object) -> None:  # noqa: ARG001 - a signal handler's signature
        if commands.stop_asked and number == signal.SIGINT:
            raise KeyboardInterrupt  # asked twice: at once
        commands.put(cmd.Stop(signal.Signals(number).name))

    before = {number: signal.signal(number, stop) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
