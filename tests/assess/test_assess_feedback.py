"""Answers raise thresholds where a cue is mostly wrong, and nothing ever lowers one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from assess_material import baseline, every, measurements
from posture_cv.assess.feedback import Answer, Raised, precision, raised, threshold_factors
from posture_cv.assess.recording import assess_measurements
from posture_cv.assess.settings import CUES, AssessSettings, FeedbackSettings, PolicySettings
from posture_cv.measure.types import Estimate

DAY = 86400.0
SETTINGS = FeedbackSettings()


def answers(cue: str, rights: int, wrongs: int, day: float = 100.0) -> list[Answer]:
    return [Answer(day * DAY + i, cue, i < rights) for i in range(rights + wrongs)]


def test_precision_of_the_last_days() -> None:
    known = [*answers("slump", 3, 1), *answers("shrug", 0, 2), *answers("slump", 0, 50, day=10)]
    now = 101 * DAY
    assert precision(known, now, SETTINGS).share == 0.5
    assert precision(known, now, SETTINGS, cue="slump").share == 0.75
    assert precision([], now, SETTINGS).share is None


def test_below_three_quarters_the_threshold_rises_once_for_the_same_answers() -> None:
    known, now = [*answers("slump", 1, 3), *answers("shrug", 3, 1), *answers("text_neck", 0, 3)], 101 * DAY
    after = raised({}, known, now, SETTINGS)
    assert threshold_factors(after) == (1.0, 1.0, 1.0, 1.0, SETTINGS.step)
    assert raised(after, known, now + 1, SETTINGS) == after
    again = [*known, *answers("slump", 0, 4, day=102)]
    assert raised(after, again, 103 * DAY, SETTINGS)["slump"].factor == SETTINGS.step**2


def test_it_ends_at_the_highest() -> None:
    now, current = 0.0, {"slump": Raised()}
    for day in range(1, 60):
        now = (day + 0.5) * DAY
        current = raised(current, answers("slump", 0, 4, day=day), now, SETTINGS)
    assert current["slump"].factor == SETTINGS.highest


@given(
    st.dictionaries(st.sampled_from(CUES), st.builds(Raised, st.floats(1.0, 2.0), st.floats(0.0, 30 * DAY))),
    st.lists(st.builds(Answer, st.floats(0.0, 40 * DAY), st.sampled_from(CUES), st.booleans())),
    st.floats(0.0, 40 * DAY),
)
def test_no_answers_ever_lower_a_threshold(
    current: dict[str, Raised], known: list[Answer], now_s: float
) -> None:
    before, after = threshold_factors(current), threshold_factors(raised(current, known, now_s, SETTINGS))
    assert all(new >= old for old, new in zip(before, after, strict=True))
    PolicySettings(threshold_factor=after)


def test_what_is_severe_rises_with_the_threshold() -> None:
    """Who calls severe alerts wrong would else get them for ever: they are far beyond any raised threshold."""
    t_s, labels = every(0.5, ("good", 200), ("forward_head", 150))
    m = measurements(t_s, labels)
    far = np.where(np.array(labels) == "forward_head", -15.5, 0.0)
    m = replace(m, values={**m.values, "cva_change_deg": Estimate.of(far, 0.3)})
    usual = AssessSettings()
    raised_once = usual.raised((SETTINGS.step, 1.0, 1.0, 1.0, 1.0))
    before, after = (assess_measurements(m, baseline(), one).records[0].alert for one in (usual, raised_once))
    assert (before.level, after.level) == ("severe", "notice")
    assert after.t_s > before.t_s + 30.0
    assert usual.raised((1.0,) * len(CUES)) == usual


def test_each_severe_limit_rises_with_its_own_posture() -> None:
    factors = dict(zip(CUES, (1.1, 1.2, 1.3, 1.4, 1.5), strict=True))
    before, after = AssessSettings().thresholds, AssessSettings().raised(tuple(factors.values())).thresholds
    assert after.neck_severe_deg == before.neck_severe_deg * factors["forward_head"]
    assert after.protraction_severe_cm == before.protraction_severe_cm * factors["rounded_shoulders"]
    assert after.elevation_severe_cm == before.elevation_severe_cm * factors["shrug"]
