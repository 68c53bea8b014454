"""The economy looks less, never too late: pace by situation, and the same alerts within two seconds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from amounts import amount
from assess_material import POSTURES, UNMEASURED, baseline, measurements
from monitor.monitor_material import SHORT, Desk, stretches
from posture_cv.assess.calculus import NUMBERS
from posture_cv.assess.effects import Level
from posture_cv.assess.naming import Name, name
from posture_cv.assess.settings import AssessSettings, TickSettings
from posture_cv.assess.smoothing import SmoothedFrame
from posture_cv.assess.stream import Step
from posture_cv.assess.types import State
from posture_cv.capture.types import Frame
from posture_cv.landmarks.types import Landmarks
from posture_cv.measure.types import Estimate
from posture_cv.monitor.app import Request, economy_of
from posture_cv.monitor.closeness import Closeness, Counted, counted
from posture_cv.monitor.economy import (
    NEAR,
    EconomySettings,
    Pace,
    Situation,
    interval_s,
    models_after_s,
    pace_of,
    undecided,
)
from posture_cv.monitor.judge import Criteria, Judge
from posture_cv.monitor.lifecycle import LifeSettings
from posture_cv.monitor.looking import Looker
from posture_cv.monitor.parts import Options
from posture_cv.monitor.ports import Glimpse
from posture_cv.settings import load_settings
from posture_cv.settings_schema import EconomySection, MonitorSection

ECONOMY = EconomySettings()

situations = st.builds(
    Situation,
    level=st.sampled_from(Level),
    state=st.one_of(st.none(), st.sampled_from(State)),
    nearness=st.floats(0, 5),
    may_alert=st.booleans(),
    alert_near=st.booleans(),
    undecided_s=st.floats(0, 1e3),
    close=st.booleans(),
    unchanged_s=st.floats(0, 1e5),
    blind=st.booleans(),
    on_battery=st.booleans(),
)


@given(situations)
def test_every_look_comes_before_a_tick_would_be_empty_and_no_posture_waits_longer_than_two_seconds(
    situation: Situation,
) -> None:
    seconds = interval_s(pace_of(situation, ECONOMY), ECONOMY, on_battery=situation.on_battery)
    assert 0 < seconds < TickSettings().hold_max_s
    if situation.state is not State.AWAY and not situation.blind:
        assert seconds <= 2.0
        assert models_after_s(pace_of(situation, ECONOMY), situation, ECONOMY) <= 2.0


def test_pace_follows_the_situation() -> None:
    watching = Situation(level=Level.GOOD, state=State.GOOD)
    assert pace_of(Situation(), ECONOMY) is Pace.DECIDING
    assert pace_of(watching, ECONOMY) is Pace.MOVING
    assert pace_of(replace(watching, unchanged_s=30.0), ECONOMY) is Pace.STILL
    assert pace_of(replace(watching, alert_near=True), ECONOMY) is Pace.DECIDING
    assert pace_of(replace(watching, undecided_s=3.0), ECONOMY) is Pace.DECIDING
    assert pace_of(replace(watching, undecided_s=60.0), ECONOMY) is Pace.MOVING, "at its limit for ever"
    lasting = replace(watching, level=Level.POOR, state=State.SLUMP, nearness=1.4)
    assert pace_of(lasting, ECONOMY) is Pace.DECIDING
    assert pace_of(replace(lasting, may_alert=False), ECONOMY) is Pace.MOVING, "told already"
    assert pace_of(replace(watching, state=State.LOOKING_DOWN), ECONOMY) is Pace.DECIDING, "its budget runs"
    assert pace_of(replace(watching, state=State.AWAY), ECONOMY) is Pace.DECIDING
    assert pace_of(replace(watching, state=State.AWAY, level=Level.AWAY), ECONOMY) is Pace.AWAY
    assert pace_of(replace(watching, blind=True), ECONOMY) is Pace.BLIND
    assert pace_of(watching, replace(ECONOMY, enabled=False)) is Pace.EVERY


def test_the_level_follows_the_posture_or_it_is_undecided() -> None:
    assert undecided(Level.GOOD, 1.2)
    assert undecided(Level.POOR, 0.4)
    assert not undecided(Level.GOOD, 0.9)
    assert not undecided(Level.SEVERE, 3.0)


def test_a_little_change_is_measured_every_other_time_while_all_is_well_and_sooner_near_a_limit() -> None:
    calm = Situation(level=Level.GOOD, state=State.GOOD)
    assert models_after_s(Pace.MOVING, calm, ECONOMY) == 2.0
    assert models_after_s(Pace.MOVING, replace(calm, nearness=0.9), ECONOMY) == 1.0
    assert models_after_s(Pace.MOVING, replace(calm, nearness=0.9, may_alert=False), ECONOMY) == 2.0
    assert models_after_s(Pace.DECIDING, calm, ECONOMY) == 0.0


def test_at_a_limit_every_picture_counts_for_as_long_as_there_is_time_for_it() -> None:
    watching = Situation(level=Level.GOOD, state=State.GOOD)
    assert pace_of(replace(watching, close=True, unchanged_s=99.0), ECONOMY) is Pace.CLOSE
    within = Counted(beyond=False, severe=False, moving=False, down=False, at_limit=False)
    at_limit = within._replace(at_limit=True)
    follow = Closeness(ECONOMY)
    assert not follow.after(0.0, within, may_count=True)
    assert follow.after(1.0, at_limit, may_count=True)
    assert follow.after(0.9 + ECONOMY.close_for_s, within, may_count=True), "for a while more"
    assert not follow.after(1.1 + ECONOMY.close_for_s, within, may_count=True)
    assert not follow.after(15.0, at_limit, may_count=False), "it is told already"
    assert follow.after(16.0, within._replace(beyond=True), may_count=True), "it has just gone beyond"
    begin_s, saved_s = 16.5, follow.left_s
    times = [begin_s + 0.5 * k for k in range(4000)]
    spent_s = sum(0.5 for t_s in times if follow.after(t_s, at_limit, may_count=True))
    earned_s = saved_s + ECONOMY.close_share * (times[-1] - begin_s)
    assert spent_s == pytest.approx(earned_s, abs=10.0)


def test_what_stands_at_its_limit_from_the_start_is_looked_at_closely_for_two_of_the_windows_that_decide() -> (
    None
):
    """Time that runs out within a window leaves the rest of it to a few pictures: alerts came up to 49 s late."""
    at_limit = Counted(beyond=True, severe=False, moving=False, down=False, at_limit=True)
    follow, step_s = Closeness(ECONOMY), ECONOMY.close_s
    decided_s = 2.0 * AssessSettings().policy.window_s
    times = [step_s * k for k in range(round(decided_s / step_s) + 1)]
    assert all(follow.after(t_s, at_limit, may_count=True) for t_s in times)


def test_time_is_saved_up_to_a_limit_and_once_spent_comes_in_stretches_and_not_in_moments() -> None:
    at_limit = Counted(beyond=True, severe=False, moving=False, down=False, at_limit=True)
    within = at_limit._replace(beyond=False, at_limit=False)
    follow = Closeness(ECONOMY)
    for hour in range(9):
        follow.after(3600.0 * hour, within, may_count=True)
    assert follow.left_s == ECONOMY.close_saved_s
    times = [9.0 * 3600.0 + 0.5 * k for k in range(4000)]
    close = [follow.after(t_s, at_limit, may_count=True) for t_s in times]
    changes_s = [t_s for t_s, before, now in zip(times[1:], close, close[1:], strict=False) if now != before]
    waits_s = [again - over for over, again in zip(changes_s[::2], changes_s[1::2], strict=False)]
    assert len(waits_s) > 3
    assert min(waits_s) > 300.0, "ten seconds' worth"


def test_a_posture_that_begins_at_its_limit_is_looked_at_closely_at_once_and_a_lapse_is_not() -> None:
    within = Counted(beyond=False, severe=False, moving=False, down=False, at_limit=False)
    clearly, at_limit = within._replace(beyond=True), within._replace(beyond=True, at_limit=True)
    lapse = Closeness(ECONOMY)
    assert not any(
        lapse.after(t_s, now, may_count=True, lasts=False)
        for t_s, now in enumerate([within, clearly, within])
    )
    begins = Closeness(ECONOMY)
    assert begins.after(0.0, at_limit, may_count=True, lasts=False)
    assert not begins.after(0.5, clearly, may_count=True, lasts=False), "it was on its way through"
    assert begins.after(1.0, clearly, may_count=True, lasts=True), "it has been there in the last seconds"


def judged(activity: float = 0.0, **changes: float) -> tuple[Name, SmoothedFrame]:
    """One frame with these quantities, as named."""
    m = measurements([0.0], ["good"])
    values = dict(m.values)
    for quantity, value in changes.items():
        values[quantity] = Estimate.of(np.array([value]), 0.01, np.zeros(1, np.int8))
    frame = SmoothedFrame.of(replace(m, values=values), activity)
    why = frame.reasons["cva_change_deg"]
    return name(frame, frame.reason, why, SHORT.thresholds, NUMBERS), frame


@pytest.mark.parametrize(
    ("changes", "nearness", "at_limit"),
    [
        ({}, 0.5, False),
        ({}, 0.95, True),
        ({}, 1.6, False),
        ({"protraction_cm": 3.4}, 2.3, True),
        ({"protraction_cm": 2.4}, 1.6, False),
        ({"head_pitch_deg": 25.5}, 0.6, True),
        ({"head_pitch_deg": 40.0}, 0.6, False),
    ],
)
def test_what_stands_at_a_limit(changes: dict[str, float], nearness: float, at_limit: bool) -> None:
    assert counted(*judged(**changes), nearness, SHORT).at_limit == at_limit
    if nearness >= NEAR:
        fast = judged(SHORT.policy.moving_cm_s, **changes)
        assert counted(*fast, nearness, SHORT).at_limit, "nearly too fast to be judged"


def test_less_on_battery() -> None:
    assert interval_s(Pace.MOVING, ECONOMY, on_battery=True) > interval_s(
        Pace.MOVING, ECONOMY, on_battery=False
    )
    for pace in Pace:
        mains_s, battery_s = (interval_s(pace, ECONOMY, on_battery=battery) for battery in (False, True))
        assert mains_s <= battery_s <= max(mains_s, ECONOMY.still_s), pace


labels = st.sampled_from(
    ["good", "forward_head", "rounded_shoulders", "slump", "looking_down", "turned", "away"]
)


@settings(max_examples=amount(4, 8))
@given(st.lists(st.tuples(labels, st.floats(3, 40)), min_size=1, max_size=4), st.booleans())
def test_economy_delays_no_alert_by_more_than_two_seconds(
    parts: list[tuple[str, float]], still: bool
) -> None:
    script = stretches(("good", 15.0), *parts, ("forward_head", 40.0))
    length_s = 15.0 + sum(seconds for _, seconds in parts) + 40.0
    frugal = Desk(script, length_s, SHORT, still=still, rate_hz=5.0)
    every = Desk(script, length_s, SHORT, still=still, rate_hz=5.0)
    every.options = Options(economy=EconomySettings(enabled=False))
    frugal.run()
    every.run()
    first, reference = frugal.kept.told(), every.kept.told()
    assert reference, "the script ends with a posture that must be told"
    assert first
    assert first[0][0] <= reference[0][0] + 2.0
    assert len(frugal.eyes.looks) < len(every.eyes.looks) / 2


def test_an_unchanged_picture_costs_no_model_but_is_refreshed() -> None:
    desk = Desk(stretches(("good", 1.0)), 300.0, still=True)
    outcome = desk.run()
    assert outcome.looks >= 140
    assert 5 <= outcome.model_runs <= outcome.looks / 6
    states = {m.state for m in desk.kept.moments if m.looked}
    assert states == {State.GOOD}


def test_the_material_knows_every_label_that_is_used() -> None:
    assert {"good", "forward_head", "looking_down"} <= set(POSTURES)
    assert {"away", "turned"} <= set(UNMEASURED)


@pytest.mark.parametrize("still", [True, False])
def test_without_economy_every_picture_is_measured(still: bool) -> None:
    desk = Desk(stretches(("good", 1.0)), 5.0, still=still)
    desk.options = Options(economy=EconomySettings(enabled=False))
    outcome = desk.run()
    assert outcome.model_runs == outcome.looks == len(desk.eyes.looks) == 50


def test_the_settings_file_has_the_same_defaults() -> None:
    assert EconomySettings(**EconomySection().model_dump()) == EconomySettings()
    known = MonitorSection()
    life = LifeSettings(away_long_s=known.away_long_s, peek_every_s=known.peek_every_s)
    assert replace(life, pause_in_calls=known.pause_in_calls) == LifeSettings()


def test_short_windows_are_looked_at_more_often_and_a_preview_always() -> None:
    request = Request("0", load_settings(None))
    assert economy_of(request) == EconomySettings()
    assert economy_of(replace(request, alert_after_s=5.0)).calm_s == 0.5
    assert economy_of(replace(request, alert_after_s=60.0)) == EconomySettings()
    assert not economy_of(replace(request, preview=True)).enabled
    assert not economy_of(replace(request, economy=False)).enabled


class Seeing(Judge):
    """The real engine; what each picture shows is known."""

    def __init__(self, **changes: float) -> None:
        super().__init__(Criteria("p", baseline(), {}, AssessSettings()))
        self._changes = changes

    def look(self, lm: Landmarks, t_s: float) -> Step:
        m, ok = measurements([t_s], ["good"]), np.zeros(1, np.int8)
        told = {name: Estimate.of(np.array([value]), 0.2, ok) for name, value in self._changes.items()}
        self._last = replace(m, values={**m.values, **told})
        return self._told(self.engine.push(self._last))


class Models:
    """In the models' place: when they looked."""

    def __init__(self) -> None:
        self.looked_s: list[float] = []

    def look(self, frame: Frame, *, fresh: bool) -> Landmarks:
        self.looked_s.append(frame.t_s)
        return Landmarks.empty(1)

    def need_face(self, *, face: bool) -> None:
        """It is looked for anyhow."""

    def close(self) -> None:
        """Nothing to release."""


def looked_at(judge: Judge, pictures: Iterator[tuple[float, int]]) -> tuple[Models, Looker, list[Pace]]:
    """Looks at pictures: when, and where in it a bright square lies."""
    models, noise = Models(), np.random.default_rng(0)
    looker, paces = Looker(judge, models, ECONOMY, 0.0), list[Pace]()
    for k, (t_s, place) in enumerate(pictures):
        image = noise.integers(118, 122, (480, 640, 3)).astype(np.uint8)
        image[200:264, 64 * place : 64 * place + 64] = 200
        paces.append(looker.pace)
        looker.look(Glimpse(t_s, Frame(k, t_s, image)), on_battery=False)
    return models, looker, paces


def test_the_models_are_never_farther_apart_than_two_seconds_where_pictures_come_a_little_early() -> None:
    models, looker, _ = looked_at(Seeing(), ((0.99 * k, k % 8) for k in range(120)))
    assert looker.pace is Pace.MOVING
    assert looker.model_runs == len(models.looked_s) < 0.6 * looker.looks
    assert np.diff(models.looked_s).max() <= 2.0


def test_at_a_limit_the_models_look_at_pictures_that_have_not_changed_too() -> None:
    limit_deg = AssessSettings().thresholds.neck_deg
    models, _, paces = looked_at(Seeing(cva_change_deg=-limit_deg), ((0.5 * k, 3) for k in range(200)))
    closely = [0.5 * k for k, pace in enumerate(paces) if pace is Pace.CLOSE]
    assert len(closely) > 50
    assert set(closely) <= set(models.looked_s)
    still, _, _ = looked_at(Seeing(), ((0.5 * k, 3) for k in range(200)))
    assert len(still.looked_s) < 10
