"""The monitor as a program, in the foreground or as a child in the background."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from posture_cv.monitor import commands as cmd
from posture_cv.monitor.control.server import ControlServer
from posture_cv.monitor.economy import EconomySettings
from posture_cv.monitor.instance import SingleInstance
from posture_cv.monitor.lifecycle import LifeSettings
from posture_cv.monitor.loop import Monitor
from posture_cv.monitor.moment import Moment
from posture_cv.monitor.parts import Options, Outcome
from posture_cv.monitor.remembering import Resumption, resumption, state_file
from posture_cv.monitor.session import is_live, open_eyepiece
from posture_cv.monitor.sinks import BaseSink
from posture_cv.monitor.status import StatusBoard
from posture_cv.paths import runtime_dir

if TYPE_CHECKING:
    from posture_cv.settings import Settings

_ENDED_BY: Final = {
    "SIGINT": "Ctrl-C",
    "SIGTERM": "the system asked for it (SIGTERM)",
    "SIGHUP": "its terminal or session was closed",
}


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
        pause_in_calls: close the camera while a microphone is in use, whatever the settings say.
        wait_for_camera: a missing camera is waited for.
        speed: of recordings.
        may_ask: there is somebody at a terminal to answer questions.
        background: a process without a terminal: nobody can be asked, or told to sit still.
        service: started by the desktop session and not by hand: a pause that still runs goes on.
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
    service: bool = False

    @property
    def pauses_in_calls(self) -> bool:
        """Whether the camera is closed in calls: asked for here or in the settings."""
        return self.pause_in_calls or self.settings.monitor.pause_in_calls


def run(
    request: Request,
    ready: Callable[[Moment], None] = lambda _: None,
    heard: Callable[[str], None] = lambda _: None,
) -> Outcome:
    """Watch until stopped.

    Args:
        request: what, and how.
        ready: called once, with the first moment that says something.
        heard: called with each note beside the state, such as that no profile was made with this camera.

    Raises:
        PostureError: what stands in the way at the start: another monitor, no camera, no profile, no models.
    """
    from posture_cv.monitor.assembling import assemble

    with ExitStack() as stack:
        live = is_live(request.source)
        commands, board = cmd.Commands(), StatusBoard()
        watching: list[BaseSink] = [_ReadySink(ready)]
        if live:  # whoever asks is answered from here on, however long camera, models or a first profile take
            alone = stack.enter_context(SingleInstance(runtime_dir()))
            watching.append(LockSink(alone, commands))
            stack.enter_context(ControlServer(runtime_dir(), board, commands, time.time))
        before = resumption(state_file()) if live else Resumption()
        eyepiece = open_eyepiece(request.source, request.settings, request.speed, stack, before.begin_s)
        stack.callback(eyepiece.camera.close)
        stack.enter_context(stopping_signals(commands, terminal=not request.background))
        paused = before.paused_until_wall_s is not None and request.service
        if not (paused or (live and request.wait_for_camera)):
            eyepiece.camera.open()  # its light-up and the loading of the models overlap
        parts = assemble(request, eyepiece, before, commands, board, stack, heard)
        parts.sinks = [*parts.sinks, *watching]
        outcome = Monitor(parts, _options(request, live=live)).run()
        return replace(outcome, warnings=tuple(eyepiece.warnings()))


def _options(request: Request, *, live: bool) -> Options:
    settings = request.settings
    life = settings.monitor
    return Options(
        economy=economy_of(request),
        life=LifeSettings(
            away_long_s=life.away_long_s,
            peek_every_s=life.peek_every_s,
            pause_in_calls=request.pauses_in_calls,
        ),
        duration_s=request.duration_s,
        wait_for_camera=request.wait_for_camera and live,
    )


def economy_of(request: Request) -> EconomySettings:
    """How often to look: as set; always where somebody looks at a preview; often where alerts come soon."""
    economy = request.settings.economy.plain()
    if not request.economy:
        return replace(economy, enabled=False)
    if request.preview:
        return replace(economy, enabled=False, every_s=0.1)
    if request.alert_after_s is None:
        return economy
    most_s = max(0.1, request.alert_after_s / 10.0)  # a window of few looks says little
    names = ("close_s", "deciding_s", "moving_s", "calm_s", "still_s")
    return replace(economy, **{name: min(getattr(economy, name), most_s) for name in names})


class LockSink(BaseSink):
    """Ends the monitor when its lock and with it the control channel were deleted, as at logging out.

    Nobody could pause or end it any more, and another one could be started beside it.
    """

    def __init__(self, alone: SingleInstance, commands: cmd.Commands) -> None:
        self._alone, self._commands = alone, commands

    def show(self, moment: Moment) -> None:  # noqa: ARG002 - whatever it shows
        """See whether it is still there."""
        if not (self._alone.holds or self._commands.stop_asked):
            self._commands.put(
                cmd.Stop(f"{self._alone.path} was deleted, so that it could not be reached any more")
            )


class _ReadySink(BaseSink):
    """Calls once, when the first picture has been judged, or when it is clear that the camera is waited for."""

    def __init__(self, ready: Callable[[Moment], None]) -> None:
        self._ready: Callable[[Moment], None] | None = ready

    def show(self, moment: Moment) -> None:
        """The first moment that says something."""
        if self._ready is not None and (moment.looked or not moment.phase.watching):
            ready, self._ready = self._ready, None
            ready(moment)


def _started_with_nohup() -> bool:
    return hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is signal.SIG_IGN


@contextmanager
def stopping_signals(commands: cmd.Commands, *, terminal: bool) -> Iterator[None]:
    """Ctrl-C, termination, a closed terminal and logging out end the monitor in good order.

    Args:
        commands: where they go.
        terminal: it runs in one, and if started with `nohup` it outlives that.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    hang_up = () if terminal and _started_with_nohup() else ("SIGHUP",)
    names = ("SIGINT", "SIGTERM", "SIGBREAK", *hang_up)
    numbers = [getattr(signal, name) for name in names if hasattr(signal, name)]

    def stop(number: int, frame: object) -> None:  # noqa: ARG001 - a signal handler's signature
        if commands.stop_asked and number == signal.SIGINT:
            raise KeyboardInterrupt  # asked twice: at once
        name = signal.Signals(number).name
        commands.put(cmd.Stop(_ENDED_BY.get(name, name)))

    before = {number: signal.signal(number, stop) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
