"""When a baseline has grown old, told by evidence: the camera moved, another distance, view or shape for long.

Nothing here changes the baseline. A hint is all that comes of it, so that it can never drift towards a bad posture.
Every limit is ours: a hint that comes late costs little, one that comes wrongly is ignored for ever.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from math import isfinite
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray

from posture_cv.measure.types import Float, Measurements, Reason, View


class Sign(StrEnum):
    """What speaks against the baseline."""

    CAMERA_MOVED = "camera_moved"
    OTHER_DISTANCE = "other_distance"
    OTHER_VIEW = "other_view"
    OTHER_SHAPE = "other_shape"
    DRESSED_OTHERWISE = "dressed_otherwise"

    @property
    def hint(self) -> str:
        """What to tell the person."""
        return _HINTS[self]


_HINTS: Final[Mapping[Sign, str]] = MappingProxyType(
    {
        Sign.CAMERA_MOVED: "The camera has moved since the calibration, not the person. Please recalibrate.",
        Sign.OTHER_DISTANCE: "You sit at another distance than when you calibrated. Recalibrating would help.",
        Sign.OTHER_VIEW: "The camera sees you from another side than when you calibrated. Please recalibrate.",
        Sign.DRESSED_OTHERWISE: (
            "You are dressed otherwise than when you calibrated (clothes, hair, a hat), so that less can be told. "
            "Recalibrating would help."
        ),
        Sign.OTHER_SHAPE: (
            "The picture has another shape than when you calibrated: nothing in it can be compared. Recalibrate."
        ),
    }
)


@dataclass(frozen=True, slots=True)
class StalenessSettings:
    """How much evidence is needed.

    Attributes:
        far, near: distance to the camera, as a share of the baseline's, beyond which it is another one.
        leaning_deg: trunk inclination, forward or back, from which the distance is that of a lean, not of the chair.
        after_s: seconds of evidence, against which contrary seconds count, until the hint.
        again_s: of signs that come and go, such as a jacket, seconds for which one that was told is not told again.
        longest_step_s: the longest time that one frame can stand for.
    """

    near: float = 0.8
    far: float = 1.25
    leaning_deg: float = 5.0
    after_s: Mapping[Sign, float] = field(
        default_factory=lambda: MappingProxyType(
            {
                Sign.CAMERA_MOVED: 30.0,
                Sign.OTHER_DISTANCE: 1200.0,
                Sign.OTHER_VIEW: 180.0,
                Sign.DRESSED_OTHERWISE: 60.0,
                Sign.OTHER_SHAPE: 2.0,  # what a picture's shape says is no estimate
            }
        )
    )
    again_s: Mapping[Sign, float] = field(
        default_factory=lambda: MappingProxyType({Sign.DRESSED_OTHERWISE: 4 * 3600.0})
    )
    longest_step_s: float = 5.0


@dataclass(frozen=True, slots=True)
class Glance:
    """What one frame says about the baseline.

    Attributes:
        t_s: its time.
        signs: sign -> whether the frame speaks for it; a sign of which it says nothing is absent.
    """

    t_s: float
    signs: Mapping[Sign, bool]


@dataclass(frozen=True, slots=True)
class Stale:
    """A baseline found stale, and when."""

    sign: Sign
    t_s: float


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is remembered: the last time, the seconds of evidence of each sign, and when which have been told.

    A sign that was told is told again only after its evidence has gone altogether, some of them only after hours.
    """

    t_s: float | None = None
    seconds: Mapping[Sign, float] = field(default_factory=dict)
    told: Mapping[Sign, float] = field(default_factory=dict)


def weigh(
    before: Evidence, glance: Glance, settings: StalenessSettings | None = None
) -> tuple[Evidence, tuple[Stale, ...]]:
    """One frame later: the evidence, and what has just become clear.

    Args:
        before: what is remembered.
        glance: the frame; one not later than the last adds nothing.
        settings: how much is needed.
    """
    limits = settings or _DEFAULT
    step = 0.0 if before.t_s is None else min(max(glance.t_s - before.t_s, 0.0), limits.longest_step_s)
    seconds, after_s = dict(before.seconds), limits.after_s
    for sign, speaks in glance.signs.items():
        seconds[sign] = min(max(seconds.get(sign, 0.0) + (step if speaks else -step), 0.0), after_s[sign])
    t_s = glance.t_s if before.t_s is None else max(glance.t_s, before.t_s)
    told = {
        sign: told_s
        for sign, told_s in before.told.items()
        if seconds.get(sign, 0.0) > 0.0 or t_s - told_s < limits.again_s.get(sign, 0.0)
    }
    clear = [s for s in _SIGNS if s in seconds and seconds[s] >= after_s[s] and s not in told]
    if not clear:
        return Evidence(t_s, seconds, told), ()
    return Evidence(t_s, seconds, told | dict.fromkeys(clear, t_s)), tuple(
        Stale(sign, glance.t_s) for sign in clear
    )


_DEFAULT: Final = StalenessSettings()
_SIGNS: Final = tuple(Sign)
_SILENT: Final = frozenset(
    int(reason)
    for reason in (
        Reason.NOBODY,
        Reason.OTHER_PERSON,
        Reason.NO_PICTURE,
        Reason.TOO_DARK,
        Reason.TOO_BRIGHT,
    )
)
_SAYS_SOMETHING: Final = np.array([int(reason) not in _SILENT for reason in Reason])
_OK = int(Reason.OK)
_OTHER_SHAPE, _CAMERA_MOVED, _NO_VIEW = int(Reason.OTHER_SHAPE), int(Reason.CAMERA_MOVED), int(View.UNKNOWN)
_OPPOSITE: Final = {View.FRONT: int(View.SIDE), View.SIDE: int(View.FRONT)}


def glances(m: Measurements, baseline_view: View, settings: StalenessSettings | None = None) -> list[Glance]:
    """What each of N frames says about its baseline.

    Frames without the person, and without light, say nothing; a moved camera, and a picture of another shape, leave
    the rest open. A trunk that leans says nothing of the distance: a baseline made in that posture would be a bad one.
    """
    limits = settings or _DEFAULT
    distance = _distance(m, limits)
    columns = (m.t_s, m.reason, m.view, distance, m.dressed_otherwise)
    return [
        Glance(t_s, _signs(reason, view, distance, baseline_view, limits, otherwise=otherwise))
        for t_s, reason, view, distance, otherwise in zip(
            *(column.tolist() for column in columns), strict=True
        )
    ]


def _distance(m: Measurements, limits: StalenessSettings) -> Float:
    """(N,) the distance as a share of the baseline's; NaN where the trunk leans."""
    leans = np.abs(m.value("trunk_incl_deg")) >= limits.leaning_deg  # one that cannot be told is no lean
    return np.where(leans, np.nan, m.value("distance_ratio"))


def speaking(
    m: Measurements, baseline_view: View, settings: StalenessSettings | None = None
) -> NDArray[np.bool_]:
    """(N,) whether a frame speaks for any sign, see `glances`."""
    limits = settings or _DEFAULT
    distance = _distance(m, limits)
    elsewhere = np.isfinite(distance) & ~((limits.near <= distance) & (distance <= limits.far))
    moved = (m.reason == _OTHER_SHAPE) | (m.reason == _CAMERA_MOVED)
    turned = m.view == _OPPOSITE.get(baseline_view, -1)
    dressed = (m.reason == _OK) & m.dressed_otherwise
    return np.asarray(_SAYS_SOMETHING[m.reason] & (elsewhere | moved | turned | dressed))


def _signs(
    reason: int,
    view: int,
    distance: float,
    baseline_view: View,
    limits: StalenessSettings,
    *,
    otherwise: bool,
) -> dict[Sign, bool]:
    """What one frame says, given its `Reason` and `View` codes."""
    if reason in _SILENT:
        return {}
    if reason == _OTHER_SHAPE:
        return {Sign.OTHER_SHAPE: True}
    if reason == _CAMERA_MOVED:
        return {Sign.OTHER_SHAPE: False, Sign.CAMERA_MOVED: True}
    signs = {Sign.OTHER_SHAPE: False, Sign.CAMERA_MOVED: False}
    if reason == _OK:
        signs[Sign.DRESSED_OTHERWISE] = otherwise
    if isfinite(distance):
        signs[Sign.OTHER_DISTANCE] = not limits.near <= distance <= limits.far
    if view != _NO_VIEW and baseline_view is not View.UNKNOWN:
        signs[Sign.OTHER_VIEW] = view == _OPPOSITE.get(baseline_view)
    return signs


class StaleWatch:
    """What becomes clear in a recording, a block of frames at a time; one frame a second is looked at."""

    def __init__(self, baseline_view: View, settings: StalenessSettings | None = None) -> None:
        self._view, self._settings = baseline_view, settings
        self._evidence = Evidence()
        self._second = -np.inf

    def push(self, m: Measurements) -> tuple[Stale, ...]:
        """What becomes clear in the next frames, which are later than all before."""
        found: list[Stale] = []
        seconds = np.floor(m.t_s)
        chosen = np.flatnonzero(np.diff(seconds, prepend=self._second) > 0)
        looked_at = m[chosen]
        if self._at_rest() and not speaking(looked_at, self._view, self._settings).any():
            looked_at = looked_at[-1:]  # no evidence, and none comes: so it is after the last of them, too
        for glance in glances(looked_at, self._view, self._settings):
            self._evidence, clear = weigh(self._evidence, glance, self._settings)
            found += clear
        if len(seconds):
            self._second = float(seconds[-1])
        return tuple(found)

    def _at_rest(self) -> bool:
        """Whether there is no evidence, and some is needed."""
        needed = (self._settings or _DEFAULT).after_s
        return not any(self._evidence.seconds.values()) and all(needed.values())
