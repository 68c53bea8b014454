"""What the economy delays over many desk hours, postures that stand at their limit included.

The models look at each picture of the sample clip once. Hours are made of its pictures and of what was measured in
them, and watched by the real monitor on a simulated clock: loop, economy, change test and engine. Against it stand
the alerts of every picture. In each hour the lasting postures are as they are in the clip, or made smaller until they
stand at their limit and waver about it: there a picture more or less decides, so it is where economy can err most.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from posture_cv.assess.naming import name_states
from posture_cv.assess.recording import assess_measurements
from posture_cv.assess.settings import CUES
from posture_cv.bench.desk_pictures import (
    RATE_HZ,
    SEGMENTS,
    camera_pictures,
    frame_numbers,
    plan_hour,
)
from posture_cv.bench.simulate import Run, Told, delays_s, make_judge, watch_glimpses
from posture_cv.capture.types import Frame
from posture_cv.evaluate.desk_plan import Piece
from posture_cv.landmarks.types import Landmarks
from posture_cv.measure.measure import measure
from posture_cv.measure.types import Estimate, Float, Measurements
from posture_cv.monitor.judge import Criteria, Judge
from posture_cv.monitor.ports import Glimpse

if TYPE_CHECKING:
    from posture_cv.assess.stream import Step
    from posture_cv.profiles.types import Profile
    from posture_cv.settings import Settings

# How the lasting postures of an hour waver: as shares of the change that brings them to their limit; ours.
_ABOVE: Final = (0.0, 0.15)
_WAVER: Final = (0.03, 0.25)
_WAVER_S: Final = (2.0, 20.0)
_SHAKE: Final = 0.05
_LASTS_S: Final = 60.0
_WORK: Final = "work"


@dataclass(frozen=True, slots=True)
class Delays:
    """What came of it.

    Attributes:
        hours: watched.
        alerts: of postures, with every picture.
        worst_s, mean_s: delay by economy; a missing alert is infinitely late and not in the mean.
        late: alerts delayed by more than two seconds; missing: those that did not come.
        extra: alerts that came with economy only.
        looks_a_minute, model_runs_a_minute: of the economy.
    """

    hours: int
    alerts: int
    worst_s: float
    mean_s: float
    late: int
    missing: int
    extra: int
    looks_a_minute: float
    model_runs_a_minute: float


@dataclass(frozen=True, slots=True)
class Hour:
    """The clip's frame for each picture, what is measured in it, and the pictures themselves by frame."""

    numbers: list[int]
    measured: Measurements
    pictures: dict[int, NDArray[np.uint8]]

    def glimpses(self) -> Iterator[Glimpse]:
        """Ten a second."""
        for k, number in enumerate(self.numbers):
            t_s = k / RATE_HZ
            yield Glimpse(t_s, Frame(k, t_s, self.pictures[number]))


class Clip:
    """The sample clip, looked at by the models once, in its order.

    Args:
        clip: `samples/desk-front.mp4`.
        profile, settings: as of the monitor.
    """

    def __init__(self, clip: Path, profile: Profile, settings: Settings) -> None:
        from posture_cv.coefficients import load_coefficients
        from posture_cv.monitor.session import make_estimator

        self.profile, self.settings = profile, settings.assess()
        self.pictures = camera_pictures(clip)
        with make_estimator(settings) as estimator:
            seen = [
                estimator.estimate(Frame(k, k / RATE_HZ, picture)) for k, picture in self.pictures.items()
            ]
        self._place = {number: place for place, number in enumerate(self.pictures)}
        self._measured = measure(Landmarks.concat(seen), profile.baseline, load_coefficients())
        self._upright = {name: float(np.nanmean(self._rows(_WORK, name))) for name in self._measured.values}
        self._at_limit = {kind: self._share_at_limit(kind) for kind in SEGMENTS}

    def hour(self, seed: int, seconds: float) -> Hour:
        """An hour; every other lasting posture stands at its limit."""
        rng = np.random.default_rng((seed, 1))
        pieces = plan_hour(seed, seconds)
        numbers = list(frame_numbers(pieces))
        share = np.concatenate([self._shares(piece, rng) for piece in _by_count(pieces, len(numbers))])
        measured = self._measured[np.array([self._place[number] for number in numbers])]
        values = {
            name: replace(e, value=self._scaled(name, e.value, share)) for name, e in measured.values.items()
        }
        return Hour(
            numbers, replace(measured, t_s=np.arange(len(numbers)) / RATE_HZ, values=values), self.pictures
        )

    def _rows(self, kind: str, name: str) -> Float:
        first, last = SEGMENTS[kind]
        places = [self._place[number] for number in range(first, last + 1)]
        return self._measured.values[name].value[places]

    def _scaled(self, name: str, value: Float, share: Float) -> Float:
        """The change from sitting upright made smaller."""
        upright = self._upright[name]
        return np.where(np.isnan(share), value, upright + share * (value - upright))

    def _share_at_limit(self, kind: str) -> float:
        """Which share of that posture's mean is just at a limit; NaN: none up to all of it."""
        shares = np.arange(0.05, 1.0, 0.01)
        first = self._measured[np.zeros(len(shares), np.intp) + self._place[SEGMENTS[kind][0]]]
        values = {}
        for name, estimate in first.values.items():
            mean = self._rows(kind, name)
            mean = np.full(len(shares), np.nan if np.isnan(mean).all() else np.nanmean(mean))
            values[name] = Estimate(self._scaled(name, mean, shares), estimate.sd, estimate.reason)
        states = name_states(replace(first, values=values), self.settings.thresholds)
        size = np.fmax.reduce(states.excess / np.array(self.settings.policy.enter_excess), axis=1)
        beyond = np.flatnonzero(size >= 1.0)
        return float(shares[beyond[0]]) if len(beyond) else math.nan

    def _shares(self, piece: tuple[str, int], rng: np.random.Generator) -> Float:
        """Which share of the posture each picture of a piece shows; NaN: all of it, as it is in the clip."""
        kind, count = piece
        at_limit = self._at_limit[kind]
        if count < _LASTS_S * RATE_HZ or math.isnan(at_limit) or kind == _WORK or rng.random() < 0.5:
            return np.full(count, np.nan)
        above, waver, waver_s = (rng.uniform(*between) for between in (_ABOVE, _WAVER, _WAVER_S))
        kept = math.exp(-1.0 / (waver_s * RATE_HZ))  # an Ornstein-Uhlenbeck process
        steps = rng.normal(0.0, waver * math.sqrt(1.0 - kept**2), count)
        swing = np.empty(count)
        place = 0.0
        for k, step in enumerate(steps.tolist()):
            place = kept * place + step
            swing[k] = place
        return np.asarray(at_limit * (1.0 + above + swing + rng.normal(0.0, _SHAKE, count)))


def _by_count(pieces: list[Piece], total: int) -> Iterator[tuple[str, int]]:
    """Kind of each piece and how many pictures it has."""
    shown, end_s = 0, 0.0
    for number, piece in enumerate(pieces, 1):
        end_s += piece.seconds
        last = total if number == len(pieces) else min(total, math.ceil(end_s * RATE_HZ - 1e-9))
        yield piece.kind, last - shown
        shown = last


class _Recalled(Judge):
    """The real engine; what was measured in the picture of that time is looked up."""

    def __init__(self, criteria: Criteria, hour: Hour) -> None:
        super().__init__(criteria)
        self._hour = hour

    def look(self, lm: Landmarks, t_s: float) -> Step:  # noqa: ARG002 - measured already
        """What was measured then."""
        place = round(t_s * RATE_HZ)
        self._last = replace(self._hour.measured[place : place + 1], t_s=np.array([t_s]))
        return self.engine.push(self._last)


class _NoModels:
    """In the models' place: nothing is to be seen that is not known."""

    def __init__(self) -> None:
        self._nothing = Landmarks.empty(1)

    def look(self, frame: Frame, *, fresh: bool) -> Landmarks:  # noqa: ARG002 - as of Eyes
        """Nothing."""
        return self._nothing

    def need_face(self, *, face: bool) -> None:
        """It has none."""

    def close(self) -> None:
        """Nothing to release."""


def with_economy(hour: Hour, criteria: Criteria) -> Run:
    """The hour as the monitor watches it."""
    return watch_glimpses(hour.glimpses(), _Recalled(criteria, hour), _NoModels())


def with_every_picture(hour: Hour, criteria: Criteria) -> tuple[Told, ...]:
    """The alerts of every picture."""
    found = assess_measurements(hour.measured, criteria.baseline, criteria.settings)
    return tuple(Told(r.alert.t_s, r.alert.cue, r.alert.level) for r in found.records)


def measure_delays(clip: Path, profile: Profile, settings: Settings, hours: int, *, seconds: float) -> Delays:
    """Watch so many hours with economy, and judge every picture of them.

    Args:
        clip: `samples/desk-front.mp4`.
        profile, settings: as of the monitor.
        hours: each with a seed of its own.
        seconds: length of an "hour".
    """
    seen = Clip(clip, profile, settings)
    criteria = make_judge(profile, settings).criteria
    found: list[float] = []
    extra = looks = runs = 0
    watched_s = 0.0
    for seed in range(hours):
        hour = seen.hour(seed, seconds)
        every = _postures(with_every_picture(hour, criteria))
        run = with_economy(hour, criteria)
        frugal = _postures(run.told)
        found += delays_s(frugal, every)
        extra += sum(map(math.isinf, delays_s(every, frugal)))
        looks, runs, watched_s = looks + run.looks, runs + run.model_runs, watched_s + run.simulated_s
    came = [delay for delay in found if math.isfinite(delay)]
    return Delays(
        hours=hours,
        alerts=len(found),
        worst_s=round(max(found, default=0.0), 2),
        mean_s=round(float(np.mean(came)), 2) if came else 0.0,
        late=sum(delay > 2.0 for delay in found),
        missing=len(found) - len(came),
        extra=extra,
        looks_a_minute=round(60.0 * looks / watched_s, 1),
        model_runs_a_minute=round(60.0 * runs / watched_s, 1),
    )


def _postures(told: tuple[Told, ...]) -> tuple[Told, ...]:
    """Alerts of postures; prompts to move follow from them."""
    return tuple(one for one in told if one.cue in CUES)
