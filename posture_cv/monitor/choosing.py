"""Which profile fits the camera and the place. Pure."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from posture_cv.landmarks import names
from posture_cv.landmarks.types import Landmarks
from posture_cv.measure.gates import of_other_shape
from posture_cv.monitor.ports import CameraIdentity
from posture_cv.profiles.types import Profile

# All ours. The farthest, in shares of the picture's width, from where a profile has the person: who sits down anew is
# within a twentieth of it. And how many times as far away the second profile must be for the first to be sure.
NEAR_SHARE: Final = 0.12
CLEARLY: Final = 1.6
_NUMBERED: Final = re.compile(r"camera \d+ \((.+)\)")


@dataclass(frozen=True, slots=True, eq=False)
class Choice:
    """The profile that fits best, and whether that is sure; `why` for people."""

    profile: Profile | None
    sure: bool
    why: str


def model_of(name: str) -> str:
    """What of a camera's name stays with it: its number changes with the socket and the order of plugging in."""
    numbered = _NUMBERED.fullmatch(name)
    return numbered[1] if numbered else name


def of_camera(profiles: Sequence[Profile], camera: CameraIdentity) -> list[Profile]:
    """Profiles made with this camera, and in pictures of the same shape."""
    return [p for p in profiles if model_of(p.source.name) == model_of(camera.name) and shape_fits(p, camera)]


def shape_fits(profile: Profile, camera: CameraIdentity) -> bool:
    """Whether the camera's pictures have the shape of those that the profile was made of."""
    size_px = np.array([[camera.width_px, max(1, camera.height_px)]])
    return not of_other_shape(size_px, profile.baseline.size_px)[0]


def none_fits(profiles: Sequence[Profile], camera: CameraIdentity) -> str:
    """That `of_camera` finds none of these profiles, and why, in a sentence."""
    if any(model_of(p.source.name) == model_of(camera.name) for p in profiles):
        size = f"{camera.width_px}x{camera.height_px}"
        return f"No profile was made with pictures of the shape that {camera.name!r} gives now ({size})."
    return f"No profile was made with the camera {camera.name!r}."


def place_distance(profile: Profile, lm: Landmarks) -> float:
    """How far the person sits from where the profile has them: nose and shoulders, in shares of the width.

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


def name_for(camera: CameraIdentity, taken: Collection[str]) -> str:
    """A name for a new profile of this camera that no other one has."""
    plain = re.sub(r"[^a-z0-9]+", "-", camera.name.lower()).strip("-")[:40].strip("-") or "camera"
    names = (plain if number == 1 else f"{plain}-{number}" for number in range(1, len(taken) + 2))
    return next(name for name in names if name not in taken)
