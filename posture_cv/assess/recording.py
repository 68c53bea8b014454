"""The vectorised half of the engine: a whole recording at once, with the answers of the stream."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from posture_cv.assess.effects import Effect, Notice, Told, alerts
from posture_cv.assess.episodes import EpisodeTracker
from posture_cv.assess.naming import name_states
from posture_cv.assess.policy import Policy
from posture_cv.assess.policy_state import PolicyState
from posture_cv.assess.records import Record, record
from posture_cv.assess.settings import AssessSettings
from posture_cv.assess.smoothing import NAMES, microseconds, smooth
from posture_cv.assess.ticks import Columns, Tick, columns, grid, ticks
from posture_cv.assess.types import Episode, State, States
from posture_cv.measure.baseline import Baseline
from posture_cv.measure.types import Codes, Float, Measurements


@dataclass(frozen=True, slots=True, eq=False)
class Assessment:
    """What a recording shows.

    Attributes:
        kept: (N,) places of the accepted frames in what was given; frames not later than the one before are
            not.
        measured: their own measurements.
        smoothed: the trailing means.
        states: the named states of the smoothed frames.
        state: (N,) int8 `State` codes shown, looking down with the budget spent being text neck.
        tick_t_s, tick_state, tick_reason: (M,) the policy's ticks: time, state shown and reason.
        effects: everything the policy wanted done, in order.
        records: of those that are told to a person, in order.
        episodes: stretches of one state over the ticks.
        dropped: number of frames that were not accepted.
        final: what the policy remembers at the end.
    """

    kept: NDArray[np.intp]
    measured: Measurements
    smoothed: Measurements
    states: States
    state: Codes
    tick_t_s: Float
    tick_state: Codes
    tick_reason: Codes
    effects: tuple[Effect, ...]
    records: tuple[Record, ...]
    episodes: tuple[Episode, ...]
    dropped: int
    final: PolicyState


@dataclass(frozen=True, slots=True)
class _Run:
    """The policy over all ticks: (number, state shown, reason) each; which frames each notice rests on."""

    ticks: list[tuple[int, int, int]]
    effects: list[Effect]
    told: list[tuple[Told, list[int]]]
    episodes: list[Episode]
    final: PolicyState


def accepted(t_us: NDArray[np.int64]) -> NDArray[np.intp]:
    """Places of the frames that are later than every frame before them."""
    if len(t_us) == 0:
        return np.zeros(0, np.intp)
    before = np.maximum.accumulate(t_us)[:-1]
    return np.flatnonzero(np.append(True, t_us[1:] > before))


def assess_measurements(m: Measurements, baseline: Baseline, settings: AssessSettings) -> Assessment:
    """Assess N measured frames.

    Args:
        m: measurements against `baseline`, in the order in which the frames came.
        baseline: quoted in the records.
        settings: of the assessment.
    """
    kept = accepted(microseconds(m.t_s))
    measured = m if len(kept) == len(m) else m[kept]
    smoothed = smooth(measured, settings.smoothing)
    states = replace(name_states(smoothed.measurements, settings.thresholds), activity=smoothed.activity)
    cols = columns(smoothed, states)
    policy = Policy.of(settings.policy, settings.breaks, settings.ticks.tick_s)
    run = _run(policy, ticks(cols, grid(cols.t_us, settings.ticks)), settings)
    number, tick_state, tick_reason = np.array(run.ticks, np.int64).reshape(-1, 3).T
    mean = smoothed.measurements
    return Assessment(
        kept=kept,
        measured=measured,
        smoothed=smoothed.measurements,
        states=states,
        state=_shown(cols, number, tick_state, settings),
        tick_t_s=np.asarray(number * settings.ticks.tick_s, np.float64),
        tick_state=tick_state.astype(np.int8),
        tick_reason=tick_reason.astype(np.int8),
        effects=tuple(run.effects),
        records=tuple(
            record(told, _values(mean, frames, "value"), _values(mean, frames, "sd"), baseline, settings)
            for told, frames in run.told
        ),
        episodes=tuple(run.episodes),
        dropped=len(m) - len(kept),
        final=run.final,
    )


def _values(m: Measurements, frames: list[int], part: str) -> Float:
    """(T, Q) values or uncertainties of some frames, columns as `NAMES`."""
    return np.stack([getattr(m.values[name], part)[frames] for name in NAMES], axis=1)


def _run(policy: Policy, given: Iterable[Tick], settings: AssessSettings) -> _Run:
    state, tracker = policy.begin(), EpisodeTracker(settings.ticks.tick_s)
    shown: list[tuple[int, int, int]] = []
    effects: list[Effect] = []
    told: list[tuple[Told, list[int]]] = []
    episodes: list[Episode] = []
    measured: list[int] = []
    for tick in given:
        if policy.measured(tick):
            measured.append(tick.frame)
        state, brought = policy.step(state, tick)
        shown.append((tick.number, int(state.posture), int(state.reason)))
        effects += brought
        for one in alerts(brought):
            count = round(one.measured_s / settings.ticks.tick_s) if isinstance(one, Notice) else 0
            told.append((one, measured[-count:] if count else []))
        closed = tracker.push(state)
        episodes += [] if closed is None else [closed]
    last = tracker.finish((state.tick or 0) * settings.ticks.tick_s)
    return _Run(shown, effects, told, episodes if last is None else [*episodes, last], state)


def _shown(
    cols: Columns, number: NDArray[np.int64], tick_state: NDArray[np.int64], settings: AssessSettings
) -> Codes:
    """(N,) the frames' states with the policy's word on looking down at the latest tick."""
    step = int(microseconds(settings.ticks.tick_s))
    latest = np.searchsorted(number * step, cols.t_us, side="right") - 1
    spent = np.zeros(len(cols.t_us), bool)
    spent[latest >= 0] = tick_state[latest[latest >= 0]] == State.TEXT_NECK
    named = cols.states.state
    return np.where(spent & (named == State.LOOKING_DOWN), State.TEXT_NECK, named).astype(np.int8)
