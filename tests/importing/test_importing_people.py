"""The one whom a recording is about, among several people in any order."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from posture_cv.importing.people import Seen, followed, seen
from posture_cv.importing.types import COCO_17

Walk = Sequence[Seen | None]


def look(u: float, size: float = 100.0, sure: float = 1.0) -> Seen:
    return Seen(u, 200.0, size, size * sure, 17.0 * sure)


def mixed(people: Sequence[Walk], seed: int) -> tuple[list[list[Seen | None]], list[list[int]]]:
    """Frames with their people in any order, and who stands where in each list."""
    random = np.random.default_rng(seed)
    frames, order = [], []
    for k in range(len(people[0])):
        there = [n for n in random.permutation(len(people)).tolist() if people[n][k] is not None]
        frames.append([people[n][k] for n in there])
        order.append(there)
    return frames, order


def who(people: Sequence[Walk], seed: int = 1) -> list[int | None]:
    frames, order = mixed(people, seed)
    found = followed(frames)
    return [None if place is None else order[k][place] for k, place in enumerate(found)]


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    gap=st.floats(1.0, 6.0),
    flicker=st.floats(0.0, 0.5),
    sway=st.floats(0.0, 0.2),
    scale=st.sampled_from([0.01, 1.0, 50.0]),
)
def test_two_side_by_side_are_not_taken_for_each_other(
    seed: int, gap: float, flicker: float, sway: float, scale: float
) -> None:
    """Alike in size; who is seen more surely changes from frame to frame, as does the order in the file."""
    random = np.random.default_rng(seed)

    def person(u: float, sure: float) -> Walk:
        return [
            look(
                scale * (u + 100.0 * sway * random.normal()), scale * 100.0, sure - flicker * random.random()
            )
            for _ in range(40)
        ]

    assert who([person(0.0, 1.0), person(100.0 * (gap + 6 * sway), 0.9)], seed) == [0] * 40


def test_a_passer_by_nearer_to_the_camera_is_not_followed() -> None:
    seated = [look(300.0) for _ in range(100)]
    passing = [None] * 40 + [look(40.0 * k, 180.0) for k in range(16)] + [None] * 44
    assert who([seated, passing]) == [0] * 100


def test_who_is_left_alone_is_not_the_one_who_left() -> None:
    seated = [*([look(300.0)] * 60), *([None] * 30), *([look(320.0, 110.0)] * 60)]
    beside: list[Seen | None] = [look(500.0, 80.0)] * 150
    assert who([seated, beside]) == [0] * 60 + [None] * 30 + [0] * 60
    # also where the other one has gone and come back meanwhile, out of reach of any link
    beside[40:70] = [None] * 30
    beside[70:90] = [look(505.0, 82.0)] * 20
    assert who([seated, beside]) == [0] * 60 + [None] * 30 + [0] * 60


@settings(max_examples=60, deadline=None)
@given(
    places=st.lists(st.tuples(st.floats(0, 2000), st.floats(20, 600)), min_size=1, max_size=30),
    empty=st.sets(st.integers(0, 29)),
)
def test_one_person_alone_is_never_lost(places: list[tuple[float, float]], empty: set[int]) -> None:
    """However far and often they jump, as in single pictures."""
    frames = [[] if k in empty else [look(u, size)] for k, (u, size) in enumerate(places)]
    assert followed(frames) == [0 if people else None for people in frames]


def test_nobody() -> None:
    assert followed([]) == []
    assert followed([[], [None], []]) == [None, None, None]


@pytest.mark.parametrize("missing", [0, 3, 7])
def test_what_is_seen_of_a_person(missing: int) -> None:
    points = np.ones((17, 3))
    upper = [COCO_17.index(place) for place in (0, 2, 5, 7, 8, 11, 12)]
    points[upper, 0] = np.arange(7) * 4.0
    points[upper, 1] = np.arange(7) * 3.0
    points[upper[7 - missing :]] = np.nan
    found = seen(points, COCO_17)
    if missing == 7:
        assert found is None
        return
    assert found is not None
    assert found.size == pytest.approx(5.0 * (6 - missing))
    assert (found.u, found.v) == pytest.approx((2.0 * (6 - missing), 1.5 * (6 - missing)))
    assert found.nearness == pytest.approx(found.size * (7 - missing) / 7)
    assert found.points == 17 - missing
