"""Which profile to judge by: the one that fits the camera and the place; the first run makes one."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from posture_cv.errors import InputError
from posture_cv.landmarks import names
from posture_cv.landmarks.types import Landmarks
from posture_cv.monitor.ports import CameraIdentity
from posture_cv.profiles.types import Profile

if TYPE_CHECKING:
    from posture_cv.monitor.app import Request
    from posture_cv.monitor.session import Eyepiece

# All ours. Shares of the picture's width; a person who sits down anew is within a twentieth of where they sat.
NEAR_SHARE: Final = 0.12
CLEARLY: Final = 1.6
_GLANCES: Final = 5


@dataclass(frozen=True, slots=True, eq=False)
class Choice:
    """The profile that fits best, and whether that is sure; `why` for people."""

    profile: Profile | None
    sure: bool
    why: str


def of_camera(profiles: Sequence[Profile], camera: CameraIdentity) -> list[Profile]:
    """Profiles made with this camera, and in pictures of the same shape."""
    shape = camera.width_px / max(1, camera.height_px)
    return [
        p
        for p in profiles
        if p.source.name == camera.name
        and math.isclose(p.baseline.size_px[0] / p.baseline.size_px[1], shape, rel_tol=0.02)
    ]


def place_distance(profile: Profile, lm: Landmarks) -> float:
    """How far the person sits from where the profile has them: eyes and shoulders, in shares of the width.

    The median over the frames of `lm` that show somebody; infinite when none does.
    """
    seen = lm[lm.person_found]
    if len(seen) == 0:
        return math.inf
    points = [names.NOSE, names.LEFT_SHOULDER, names.RIGHT_SHOULDER]
    size = seen.size_px.astype(np.float64)
    now = seen.pose[:, points, :2].astype(np.float64) * size[:, None, :] / size[:, None, :1]
    width, height = profile.baseline.size_px
    then = profile.baseline.pose[points, :2] * np.array([1.0, height / width])
    return float(np.median(np.linalg.norm(now - then, axis=2).mean(axis=1)))


def choose(profiles: Sequence[Profile], lm: Landmarks) -> Choice:
    """The profile whose place fits what is seen; sure only if it fits, and clearly better than the others."""
    if not profiles:
        return Choice(None, sure=False, why="no profile was made with this camera")
    ranked = sorted(profiles, key=lambda p: place_distance(p, lm))
    best = place_distance(ranked[0], lm)
    second = place_distance(ranked[1], lm) if len(ranked) > 1 else math.inf
    if math.isinf(best):
        return Choice(ranked[0], sure=len(ranked) == 1, why="nobody is there to compare with")
    if best > NEAR_SHARE:
        return Choice(ranked[0], sure=False, why="none of the profiles fits where you sit now")
    if second < best * CLEARLY:
        return Choice(ranked[0], sure=False, why=f"{ranked[0].name} and {ranked[1].name} fit equally well")
    return Choice(ranked[0], sure=True, why="it fits this camera and place")


def profile_for(request: Request, eyepiece: Eyepiece, note: Callable[[str], None]) -> Profile:
    """The profile to judge by; made now if there is none and somebody is there to make it.

    Raises:
        ProfileError: the named one cannot be used. InputError: there is none. SourceError: no camera.
    """
    from posture_cv.profiles.store import load_profile, profile_names

    if request.profile is not None:
        return load_profile(request.profile)
    default = request.settings.general.profile
    known = profile_names()
    if not known:
        return _first_run(request, eyepiece, note, default)
    if not eyepiece.live or request.wait_for_camera:
        return load_profile(default)
    return _by_camera(request, eyepiece, note, default)


def _by_camera(request: Request, eyepiece: Eyepiece, note: Callable[[str], None], default: str) -> Profile:
    from posture_cv.profiles.store import list_profiles, load_profile

    camera = eyepiece.camera.identity
    stored = [entry.profile for entry in list_profiles() if entry.profile is not None]
    fitting = of_camera(stored, camera)
    if not fitting:
        if request.may_ask and _asks_to_calibrate(camera):
            return _first_run(request, eyepiece, note, default)
        profile = load_profile(default)
        note(f"Profile {profile.name!r} was made with {profile.source.name!r}, this is {camera.name!r}.")
        note("If alerts do not fit: posture-cv recalibrate")
        return profile
    if len(fitting) == 1:
        return fitting[0]
    choice = choose(fitting, _glances(request, eyepiece))
    assert choice.profile is not None
    if choice.sure:
        note(f"Profile {choice.profile.name!r}: {choice.why}.")
        return choice.profile
    if request.may_ask:
        return _asked(fitting, choice)
    note(f"Profile {choice.profile.name!r} is used, but it is not sure: {choice.why}.")
    note("Choose another with --profile NAME, or: posture-cv recalibrate")
    return choice.profile


def _glances(request: Request, eyepiece: Eyepiece) -> Landmarks:
    """A few pictures' landmarks, to see where somebody sits."""
    from posture_cv.monitor.session import make_estimator

    parts = []
    with make_estimator(request.settings, face=False) as estimator:
        for _ in range(4 * _GLANCES):
            glimpse = eyepiece.camera.read(1.0)
            if glimpse is not None and glimpse.frame is not None:
                parts.append(estimator.estimate(glimpse.frame))
            if len(parts) >= _GLANCES:
                break
    return Landmarks.concat(parts)


def _asks_to_calibrate(camera: CameraIdentity) -> bool:
    import click

    return click.confirm(f"No profile was made with {camera.name!r}. Make one now?", default=True, err=True)


def _asked(fitting: Sequence[Profile], choice: Choice) -> Profile:
    import click

    assert choice.profile is not None
    click.echo(f"Which profile? ({choice.why})", err=True)
    names_of = {profile.name: profile for profile in fitting}
    name = click.prompt("Profile", type=click.Choice(list(names_of)), default=choice.profile.name, err=True)
    return names_of[name]


def _first_run(request: Request, eyepiece: Eyepiece, note: Callable[[str], None], name: str) -> Profile:
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
            "Begin once in a terminal: posture-cv monitor",
        )
    from calibration.protocol import Timing
    from calibration.ui import TerminalUi
    from posture_cv.monitor.recalibrate import calibrate_from_camera
    from posture_cv.monitor.session import make_estimator

    for line in FIRST_RUN:
        note(line)
    timing = Timing(**request.settings.calibration.model_dump())
    with make_estimator(request.settings) as estimator:
        return calibrate_from_camera(eyepiece.camera, estimator, name, timing, TerminalUi(timing))


FIRST_RUN: Final = (
    "This is the first run: you are compared with yourself, so first show how you want to sit (15 s).",
    "Then go on working: you are told when a poor posture lasts, and why, and what helps. Ctrl-C ends it.",
    "Nothing leaves this machine; no picture is kept. End it: Ctrl-C. Do it anew: posture-cv recalibrate",
)
