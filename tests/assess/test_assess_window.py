"""The policy's trailing window of bits against plain lists of what was seen."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from math import ceil

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from posture_cv.assess import window as win
from posture_cv.assess.policy_state import Window
from posture_cv.assess.settings import CUES, PolicySettings
from posture_cv.assess.window import Counts

COUNTS = Counts.of(
    PolicySettings(window_s=10.0, severe_window_s=4.0, ambient_after_s=3.0, share=0.7, age_factor=2.5),
    tick_s=0.5,
)
NOTHING = (0.0,) * len(CUES)
Step = int | tuple[int | None, bool, bool] | None  # skipped ticks; cue, severe and bent; unmeasured


@dataclass
class Lists:
    """All that was seen, the latest last: on the clock, and in measured time alone."""

    clock: list[tuple[bool, bool]] = field(default_factory=list)  # measured, bent
    measured: list[tuple[int | None, bool]] = field(default_factory=list)  # cue, severe

    def add(self, step: Step) -> None:
        if isinstance(step, int):
            self.clock += [(False, False)] * min(step, 1000)
        elif step is None:
            self.clock.append((False, False))
        else:
            cue, severe, bent = step
            self.clock.append((True, bent))
            self.measured.append((cue, severe))


def size(cue: int | None) -> tuple[float, ...]:
    return tuple(float(k + 1) if k == cue else 0.0 for k in range(len(CUES)))


def pushed(window: Window, step: Step) -> Window:
    if isinstance(step, int):
        return win.skipped(window, step, COUNTS)
    cue, severe, bent = step or (None, False, False)
    excess = None if step is None else size(cue)
    return win.pushed(window, COUNTS, cue=cue, severe=severe, down=bent, excess=excess)


def most(count: int, of: int) -> bool:
    return count >= max(1, ceil(Fraction(7, 10) * of))


steps: st.SearchStrategy[Step] = st.one_of(
    st.tuples(st.sampled_from([None, 0, 0, 4]), st.booleans(), st.booleans()),
    st.none(),
    st.sampled_from([1, 7, 60, 300, 10**15]),  # the last: a clock that was set
)
stretches = st.lists(st.tuples(steps, st.integers(1, 70)), max_size=8)


@settings(max_examples=40)
@given(stretches)
@example([((0, True, True), 70), (None, 5)])
@example([((0, False, False), 5)])  # just lasting
@example([((0, True, False), 14), ((None, False, False), 6)])  # just severe
@example([((0, True, False), 13), ((None, False, False), 7)])
@example([((None, False, False), 3), ((0, False, False), 3)])  # just recently
@example([((0, False, False), 2)])
@example([((None, False, True), 60)])  # just bent
@example([((0, True, True), 2), (10**15, 1)])
@example([((None, False, True), 59)])
@example([((None, False, True), 70), (300, 1), ((None, False, True), 6)])  # bent long ago, and now
def test_it_counts_what_plain_lists_count(runs: list[tuple[Step, int]]) -> None:
    window, lists = Window(), Lists()
    for step, times in runs:
        for _ in range(times if not isinstance(step, int) else 1):
            window = pushed(window, step)
            lists.add(step)
    ages = {20: 50, 8: 20, 6: 50}  # ticks of a length, and how old the oldest may be
    for length, age in ages.items():
        last = lists.measured[-length:]
        assert win.held(window, length, age) == min(length, sum(seen for seen, _ in lists.clock[-age:]))
        assert win.times(window, length) == [sum(c == k for c, _ in last) for k in range(len(CUES))]
        assert COUNTS.severely(window, length) == most(sum(severe for _, severe in last), length)
        means = [sum(size(cue)[k] for cue, _ in last) / max(1, len(last)) for k in range(len(CUES))]
        assert [win.mean_excess(window, length, k) for k in range(len(CUES))] == pytest.approx(means)
    lately = min(6, sum(seen for seen, _ in lists.clock[-15:]))
    cues = [cue for cue, _ in lists.measured[-lately:]] if lately else []
    assert COUNTS.lasting(window) == most(sum(cue is not None for cue in cues), 6)
    bent = [one for _, one in lists.clock[-120:]]
    seen_now, bent_now = sum(seen for seen, _ in lists.clock[-6:]), sum(bent[-6:])
    now = bent_now >= 3 and most(bent_now, seen_now)
    assert COUNTS.bent(window) == (now and sum(bent) >= 60)
    assert COUNTS.recently(window) == (sum(cue is not None for cue, _ in lists.measured[-6:]) >= 3)


def test_no_measured_tick_has_no_mean_excess() -> None:
    window = pushed(Window(), (0, False, False))
    assert win.mean_excess(window, 0, 0) == 0.0


def test_lengths_in_ticks() -> None:
    found = [COUNTS.window, COUNTS.severe, COUNTS.ambient, COUNTS.age, COUNTS.severe_age, COUNTS.minute]
    assert found == [20, 8, 6, 50, 20, 120]
    assert COUNTS.leave == pytest.approx((0.7,) * len(CUES))
    assert (COUNTS.recent, COUNTS.ambient_need, COUNTS.age_s) == (6, 5, 25.0)
    assert Counts.of(PolicySettings(), 0.5).recent == 60
    assert Counts.of(PolicySettings(window_s=4.0, ambient_after_s=8.0), 5.0).ambient == 1
