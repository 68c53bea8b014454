"""The profile to judge by: named, chosen by camera and place, asked for when unsure, or made at the first run."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from posture_cv.capture.types import Frame
from posture_cv.errors import InputError
from posture_cv.landmarks.types import Landmarks
from posture_cv.monitor.choosing import Choice, choose, name_for, none_fits, of_camera, shape_fits
from posture_cv.monitor.ports import Camera, CameraIdentity
from posture_cv.profiles.types import Profile

if TYPE_CHECKING:
    from calibration.protocol import Progress
    from calibration.ui import TerminalUi
    from posture_cv.monitor.app import Request
    from posture_cv.monitor.session import Eyepiece

_GLANCES: Final = 5
"""So many pictures tell where somebody sits; ours."""
_STOP_SEEN_S: Final = 0.1
"""A question notices a request to end so soon; ours."""
Note = Callable[[str], None]

FIRST_RUN: Final = (
    "This is the first run: you are compared with yourself, so first show how you want to sit (15 s).",
    "Then go on working: you are told when a poor posture lasts, and why, and what helps. Ctrl-C ends it.",
    "Nothing leaves this machine; no picture is kept. Do it anew at any time: posture-cv recalibrate",
)


def profile_for(request: Request, eyepiece: Eyepiece, note: Note, stopped: Callable[[], bool]) -> Profile:
    """The profile to judge by; made now if there is none and somebody is there to make it.

    Args:
        request, eyepiece: see there.
        note: shows a sentence.
        stopped: whether the user has asked to end, while somebody is asked or a profile is being made.

    Raises:
        ProfileError: the named one cannot be used. InputError: there is none. SourceError: no camera.
        CalibrationError: making one failed, or was stopped. click.Abort: no answer, or stopped at a question.
    """
    from posture_cv.profiles.store import load_profile, profile_names

    named = named_profile(request)
    if named is not None:
        return load_profile(named)
    default = request.settings.general.profile
    if not profile_names():
        return _first_run(request, eyepiece, note, default, stopped)
    if not eyepiece.live:
        return load_profile(default)
    if request.wait_for_camera:
        # Which camera it will be is known when it comes: `better_profile` chooses then.
        return _some(default)
    return _by_camera(request, eyepiece, note, stopped)


def named_profile(request: Request) -> str | None:
    """The profile that is judged by whatever the camera: of the command line, or a file that the settings name.

    A name in the settings is that of the first profile, which others are chosen beside.
    """
    from posture_cv.profiles.store import is_path

    in_settings = request.settings.general.profile
    return request.profile or (in_settings if is_path(in_settings) else None)


def profile_file(request: Request) -> Path | None:
    """The file that is judged by, where one was named: a new baseline is kept in it. None: a profile of the folder."""
    from posture_cv.paths import user_path
    from posture_cv.profiles.store import is_path

    named = named_profile(request)
    return user_path(named) if named is not None and is_path(named) else None


def better_profile(request: Request, camera: Camera, now: str, note: Note) -> Profile | None:
    """Another profile than `now` that fits the camera, which is open, and the place; None: stay with it.

    Nobody is asked: this happens while the monitor runs.
    """
    stored = _stored()
    fitting = of_camera(stored, camera.identity)
    if not fitting:
        note(f"{none_fits(stored, camera.identity)} Make one: posture-cv recalibrate")
        return None
    if len(fitting) == 1:
        best, why = fitting[0], "it was made with this camera"
    else:
        choice = choose(fitting, _glances(request, camera))
        assert choice.profile is not None
        if not choice.sure and any(profile.name == now for profile in fitting):
            return None
        best, why = choice.profile, choice.why
    if best.name == now:
        return None
    note(f"Profile {best.name!r}: {why}.")
    return best


def recalibrated_name(now: str, camera: CameraIdentity) -> str:
    """The name of a profile made anew: the one in use, or a new one where that was made with another camera."""
    profile = next((known for known in _stored() if known.name == now), None)
    if profile is None or of_camera([profile], camera):
        return now
    return name_for(camera, [known.name for known in _stored()])


def _stored() -> list[Profile]:
    from posture_cv.profiles.store import list_profiles

    return [entry.profile for entry in list_profiles() if entry.profile is not None]


def _some(default: str) -> Profile:
    """The profile of that name, or where there is none, any that can be read.

    Raises:
        ProfileError: the named one cannot be read, or none can.
    """
    from posture_cv.profiles.store import load_profile, profile_names

    stored = [] if default in profile_names() else _stored()
    return stored[0] if stored else load_profile(default)


def _what_helps(profile: Profile, camera: CameraIdentity) -> str:
    """What to do about a profile that was not made for this camera."""
    if shape_fits(profile, camera):
        return "If alerts do not fit: posture-cv recalibrate"
    return "It cannot judge pictures of another shape. Make one that can: posture-cv recalibrate"


def _by_camera(request: Request, eyepiece: Eyepiece, note: Note, stopped: Callable[[], bool]) -> Profile:
    camera, stored = eyepiece.camera.identity, _stored()
    fitting = of_camera(stored, camera)
    if not fitting:
        why = none_fits(stored, camera)
        if request.may_ask and _asks_to_calibrate(why, stopped):
            name = name_for(camera, [profile.name for profile in stored])
            return _first_run(request, eyepiece, note, name, stopped)
        profile = _some(request.settings.general.profile)
        width_px, height_px = profile.baseline.size_px
        note(f"{why} {profile.name!r} is used, from {profile.source.name!r} ({width_px}x{height_px}).")
        note(_what_helps(profile, camera))
        return profile
    if len(fitting) == 1:
        return fitting[0]
    choice = choose(fitting, _glances(request, eyepiece.camera))
    assert choice.profile is not None
    if choice.sure:
        note(f"Profile {choice.profile.name!r}: {choice.why}.")
        return choice.profile
    if request.may_ask:
        return _asked(fitting, choice, stopped)
    note(f"Profile {choice.profile.name!r} is used, but it is not sure: {choice.why}.")
    note("Choose another with --profile NAME, or: posture-cv recalibrate")
    return choice.profile


def _glances(request: Request, camera: Camera) -> Landmarks:
    """A few pictures' landmarks, to see where somebody sits."""
    from posture_cv.monitor.session import make_estimator

    parts = []
    camera.set_interval(0.1)
    with make_estimator(request.settings, face=False) as estimator:
        for _ in range(4 * _GLANCES):
            glimpse = camera.read(1.0)
            if glimpse is not None and glimpse.frame is not None:
                parts.append(estimator.estimate(glimpse.frame))
            if len(parts) >= _GLANCES:
                break
    return Landmarks.concat(parts) if parts else Landmarks.empty(0)


@contextmanager
def _interruptible(stopped: Callable[[], bool]) -> Iterator[None]:
    """What waits for a line waits for nothing else: a request to end becomes the interrupt that ends the question."""
    answered = threading.Event()

    def watch() -> None:
        while not answered.wait(_STOP_SEEN_S):
            if stopped():
                _interrupt_main()
                return

    watching = threading.Thread(target=watch, name="question", daemon=True)
    watching.start()
    try:
        yield
    finally:
        answered.set()
        watching.join()


def _interrupt_main() -> None:
    """As a second Ctrl-C does; only a signal wakes the main thread from a read."""
    main = threading.main_thread().ident
    if hasattr(signal, "pthread_kill") and main is not None:
        signal.pthread_kill(main, signal.SIGINT)
    else:  # Windows, where only a key wakes it
        signal.raise_signal(signal.SIGINT)


def _asks_to_calibrate(why: str, stopped: Callable[[], bool]) -> bool:
    import click

    with _interruptible(stopped):
        return click.confirm(f"{why} Make one now?", default=True, err=True)


def _asked(fitting: Sequence[Profile], choice: Choice, stopped: Callable[[], bool]) -> Profile:
    import click

    assert choice.profile is not None
    click.echo(f"Which profile? ({choice.why})", err=True)
    names_of = {profile.name: profile for profile in fitting}
    with _interruptible(stopped):
        name = click.prompt(
            "Profile", type=click.Choice(list(names_of)), default=choice.profile.name, err=True
        )
    return names_of[name]


def _first_run(
    request: Request, eyepiece: Eyepiece, note: Note, name: str, stopped: Callable[[], bool]
) -> Profile:
    """Explain in three lines, calibrate, go on."""
    if not eyepiece.live:
        raise InputError(
            "There is no profile to judge this recording by.",
            "",
            f"Make one from seconds in which you sit well: posture-cv calibrate --from {request.source} --end 8",
        )
    if request.background:
        raise InputError(
            "There is no profile yet.",
            "In the background nobody can be asked to sit still.",
            f"Begin once in a terminal: posture-cv monitor{' ADDRESS' if '://' in request.source else ''}",
        )
    from calibration.protocol import Timing
    from calibration.ui import TerminalUi
    from posture_cv.landmarks.finders import CompanyFinder
    from posture_cv.monitor.recalibrate import calibrate_from_camera, findings
    from posture_cv.monitor.session import make_estimator

    for line in FIRST_RUN:
        note(line)
    timing = Timing(**request.settings.calibration.model_dump())
    ui, models = _Stoppable(TerminalUi(timing), stopped), request.settings.models.options()
    with make_estimator(request.settings) as estimator, CompanyFinder(models) as finder:
        profile = calibrate_from_camera(eyepiece.camera, estimator, name, timing, ui, finder)
    for line in findings(profile):
        note(line)
    return profile


class _Stoppable:
    """The terminal's prompts, until the user asks to end."""

    def __init__(self, terminal: TerminalUi, stopped: Callable[[], bool]) -> None:
        self._terminal, self._stopped = terminal, stopped

    def update(self, frame: Frame, lm: Landmarks, progress: Progress) -> bool:
        """Show one moment; False stops."""
        return self._terminal.update(frame, lm, progress) and not self._stopped()
