"""A simulated desk day: does the assessment speak when it should, rightly named, and keep silent otherwise?

The day is made of a person's recorded frames (`desk_people`) after a seeded plan (`desk_plan`), one or two a
second, each drawn anew from the recorded frames of its kind, so that every sample carries the full noise of
an unrelated picture. A real camera's noise is slower and smaller; what holds here holds there the more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from posture_cv.assess.recording import Assessment, assess_measurements
from posture_cv.assess.records import Record
from posture_cv.assess.settings import CUES, AssessSettings
from posture_cv.assess.types import UNMEASURED
from posture_cv.evaluate.desk_people import Person
from posture_cv.evaluate.desk_plan import KINDS, Lasting, Plan, plan_day
from posture_cv.landmarks.types import Landmarks
from posture_cv.measure.measure import measure
from posture_cv.measure.types import Codes, Float, Measurements

SLACK_S: Final = 10.0
_AFTER_S: Final = 10.0  # a notification may still name a posture that ended so short a time ago
_JITTER: Final = 0.2


@dataclass(frozen=True, slots=True, eq=False)
class DeskDay:
    """A day of one person.

    Attributes:
        person, plan: what it is made of.
        t_s: (N,) strictly increasing.
        kind: (N,) kind of frame.
        state: (N,) int8 true `State` codes.
        library: the person's frames of all kinds, K of them.
        source: (N,) which of the K each frame is.
    """

    person: Person
    plan: Plan
    t_s: Float
    kind: NDArray[np.str_]
    state: Codes
    library: Landmarks
    source: NDArray[np.intp]

    def recording(self, start: int = 0, end: int | None = None) -> Landmarks:
        """The frames start:end as a landmark recording. The whole day at 2 a second takes half a gigabyte."""
        return replace(self.library[self.source[start:end]], t_s=self.t_s[start:end])

    def measured(self, coefficients: Mapping[str, Any]) -> Measurements:
        """The measurements of the whole day; each library frame is measured once, which gives the same."""
        library = measure(self.library, self.person.baseline, coefficients)
        return replace(library[self.source], t_s=self.t_s)


def build_desk_day(person: Person, seed: int, hours: float = 8.0, rate_hz: float = 2.0) -> DeskDay:
    """The day of a person; the same seed gives the same day.

    Raises:
        ValueError: the day is too short for what must be in it.
    """
    plan = plan_day(person.frames.keys(), seed, hours)
    rng = np.random.default_rng([seed, 1])
    names = list(person.frames)
    library = Landmarks.concat([person.frames[name] for name in names])
    first = np.cumsum([0, *(len(person.frames[name]) for name in names)])
    ends = np.cumsum([piece.seconds for piece in plan.pieces])
    count = int(plan.seconds * rate_hz)
    t_s = (np.arange(count) + rng.uniform(0.0, _JITTER, count)) / rate_hz
    piece = np.minimum(np.searchsorted(ends, t_s, side="right"), len(ends) - 1)
    which = np.array([names.index(p.kind) for p in plan.pieces])[piece]
    pools = [_pools(person, name, int(first[k])) for k, name in enumerate(names)]
    chosen = [pools[names.index(p.kind)] for p in plan.pieces]
    pool = [one[int(rng.integers(len(one)))] for one in chosen]
    sizes = np.array([len(one) for one in pool])[piece]
    starts = np.cumsum([0, *(len(one) for one in pool)])[piece]
    source = np.concatenate(pool)[starts + (rng.random(count) * sizes).astype(np.intp)]
    state = np.array([KINDS[name].state for name in names], np.int8)[which]
    return DeskDay(
        person=person,
        plan=plan,
        t_s=t_s,
        kind=np.array(names)[which],
        state=state,
        library=library,
        source=source,
    )


def _pools(person: Person, kind: str, first: int) -> list[NDArray[np.intp]]:
    """The places of a kind's frames in the library, side by side."""
    frames = first + np.arange(len(person.frames[kind]))
    sides = person.sides.get(kind)
    return [frames] if sides is None else [frames[sides == side] for side in np.unique(sides)]


@dataclass(frozen=True, slots=True)
class Answered:
    """What became of a lasting posture.

    Attributes:
        lasting: it.
        asked: whether it must be notified.
        delay_s: from its begin to its first notification; None without.
        cue: what that named; empty without.
        in_time: whether that came within the window + 10 s.
        named: whether the cue is right.
        reminders: notifications in all while it lasted.
    """

    lasting: Lasting
    asked: bool
    delay_s: float | None
    cue: str
    in_time: bool
    named: bool
    reminders: int


@dataclass(frozen=True, slots=True)
class Wrong:
    """A notification that nothing deserved: when, what it named, and the kind of frame then."""

    t_s: float
    cue: str
    during: str


@dataclass(frozen=True, slots=True)
class DeskDayResult:
    """How the assessment did on one day at one sensitivity.

    Attributes:
        person, seed, hours, sensitivity: which day.
        notices: posture notifications in all.
        wrong: those that nothing deserved.
        answered: every lasting posture.
        most_an_hour: most posture notifications within any hour.
        breaks, stillness: prompts of these kinds.
        measured_share: share of the time somebody was there in which a state was named.
    """

    person: str
    seed: int
    hours: float
    sensitivity: float
    notices: int
    wrong: tuple[Wrong, ...]
    answered: tuple[Answered, ...]
    most_an_hour: int
    breaks: int
    stillness: int
    measured_share: float

    @property
    def asked(self) -> list[Answered]:
        """The lasting postures that must be notified, the held hour among them."""
        return [one for one in self.answered if one.asked]

    @property
    def in_time_and_named(self) -> int:
        """How many of those were notified in time and rightly named."""
        return sum(one.in_time and one.named for one in self.asked)

    @property
    def held_hour(self) -> Answered | None:
        """The posture held for an hour."""
        return next((one for one in self.answered if one.lasting.hour), None)


def run_desk_day(
    day: DeskDay,
    coefficients: Mapping[str, Any],
    settings: AssessSettings,
    seed: int,
    sensitivities: Sequence[float],
) -> list[DeskDayResult]:
    """Assess one day at each sensitivity, and judge it."""
    measured = day.measured(coefficients)
    out = []
    for sensitivity in sensitivities:
        tuned = replace(settings, policy=replace(settings.policy, sensitivity=sensitivity))
        assessment = assess_measurements(measured, day.person.baseline, tuned)
        out.append(judge_day(day, assessment, tuned, seed))
    return out


def judge_day(day: DeskDay, assessment: Assessment, settings: AssessSettings, seed: int) -> DeskDayResult:
    """Hold what was told against what happened."""
    told = [record for record in assessment.records if record.alert.cue in CUES]
    at = np.array([record.alert.t_s for record in told])
    wrong = [record for record in told if not _deserved(day.plan, record)]
    there = assessment.tick_state[
        np.isin(_kinds_at(day, assessment.tick_t_s), ("absent", "stranger"), invert=True)
    ]
    unmeasured = np.isin(there, UNMEASURED)
    return DeskDayResult(
        person=day.person.name,
        seed=seed,
        hours=day.plan.seconds / 3600.0,
        sensitivity=settings.policy.sensitivity,
        notices=len(told),
        wrong=tuple(Wrong(r.alert.t_s, r.alert.cue, _kind_at(day, r.alert.t_s)) for r in wrong),
        answered=tuple(_answer(lasting, told, settings.policy.window_s) for lasting in day.plan.lasting),
        most_an_hour=max((int(((at > t - 3600.0) & (at <= t)).sum()) for t in at), default=0),
        breaks=sum(record.alert.cue == "break" for record in assessment.records),
        stillness=sum(record.alert.cue == "stillness" for record in assessment.records),
        measured_share=float(1.0 - unmeasured.mean()) if len(there) else 0.0,
    )


def _kinds_at(day: DeskDay, t_s: Float) -> NDArray[np.str_]:
    latest = np.searchsorted(day.t_s, t_s, side="right") - 1
    return np.asarray(day.kind[np.maximum(latest, 0)])


def _kind_at(day: DeskDay, t_s: float) -> str:
    return str(_kinds_at(day, np.array([t_s]))[0])


def _deserved(plan: Plan, record: Record) -> bool:
    """Whether a lasting posture of that name is there or has only just ended."""
    t_s, cue = record.alert.t_s, record.alert.cue
    return any(
        lasting.start_s <= t_s <= lasting.end_s + _AFTER_S and cue in KINDS[lasting.kind].cues
        for lasting in plan.lasting
    )


def _answer(lasting: Lasting, told: Sequence[Record], window_s: float) -> Answered:
    within = [r for r in told if lasting.start_s <= r.alert.t_s <= lasting.end_s + _AFTER_S]
    first = within[0] if within else None
    delay_s = None if first is None else first.alert.t_s - lasting.start_s
    return Answered(
        lasting=lasting,
        asked=KINDS[lasting.kind].asked,
        delay_s=delay_s,
        cue="" if first is None else first.alert.cue,
        in_time=delay_s is not None and delay_s <= window_s + SLACK_S,
        named=first is not None and first.alert.cue in KINDS[lasting.kind].cues,
        reminders=len(within),
    )
