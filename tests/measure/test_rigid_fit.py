"""The registration finds what was done to an outline, whatever starts it, and says when it found nothing."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outline_person import profile
from posture_cv.landmarks.types import Landmarks
from posture_cv.measure.outline_edges import FRONT, REAR, TOP, Edges, Places
from posture_cv.measure.rigid_fit import Motion, register, slopes, stack, stretch

CM_WIDE = 640.0 / 4.3


def edges(lm: Landmarks) -> Edges:
    return Edges.of(lm, looks_right=True, cm_wide=CM_WIDE)


def head(lm: Landmarks, start: tuple[float, float, float] = (0.0, 0.0, 0.0)) -> Motion:
    """Where the head of each frame went against the made person's own."""
    heights = np.linspace(4.0, 20.0, 40)
    piece = stretch(
        edges(profile()), ((FRONT, heights, 1.0), (REAR, heights[:24], 0.5)), 70.0 + 14.0j, (1e-6, 1e-6, 1e-2)
    )
    n = len(lm)
    first = np.broadcast_to(np.array(start), (1, n, 3)).copy()
    return register(stack([piece]), edges(lm), first, np.zeros((1, n, 3)), np.full((12, 1), 0.5))[1]


@settings(max_examples=20)
@given(forward=st.floats(-4.0, 8.0), start=st.floats(-1.0, 1.0))
def test_a_shift_is_found_from_any_start_near_it(forward: float, start: float) -> None:
    found = head(profile(1, forward), (forward + start, start, 0.1 * start))
    assert found.forward[0, 0] == pytest.approx(forward, abs=0.15)
    assert found.down[0, 0] == pytest.approx(0.0, abs=0.3)
    assert found.share[0, 0] > 0.9


def test_frames_do_not_know_of_each_other() -> None:
    frames = Landmarks.concat([profile(1, cm) for cm in (0.0, 2.0, 5.0)])
    together = head(frames, (1.0, 0.0, 0.0))
    for k in range(len(frames)):
        alone = head(frames[k : k + 1], (1.0, 0.0, 0.0))
        assert together.forward[0, k] == pytest.approx(alone.forward[0, 0], abs=1e-9)


def test_without_an_outline_nothing_is_found_and_the_start_is_kept() -> None:
    bare = profile(1)
    bare.rows[:] = np.nan
    found = head(bare, (2.0, 1.0, 0.0))
    assert found.share[0, 0] == 0.0
    assert np.isfinite(found.forward).all()


@given(at=st.floats(-50.0, 250.0))
def test_an_edge_is_read_between_its_ends_only(at: float) -> None:
    lm = profile(1)
    table = edges(lm)
    places = Places.of(np.array([[FRONT, REAR, TOP]]))
    value = table.read(places, table.scale_of(places), np.full((1, 3), at))[0]
    rows = lm.rows_px()[0] / 4.3
    row = at * 4.3 / 2.0 - 0.5
    if 0 <= row < 238 and np.isfinite(rows[int(row) : int(row) + 2]).all():
        share = row - int(row)
        expected = (1.0 - share) * rows[int(row)] + share * rows[int(row) + 1]
        np.testing.assert_allclose(value[:2], expected[::-1], atol=1e-4)
    if not 0.0 <= row <= 239.0:
        assert np.isnan(value[:2]).all()


def test_slopes_are_those_of_a_straight_line() -> None:
    along = np.linspace(0.0, 4.0, 9)
    np.testing.assert_allclose(slopes(along, 3.0 - 0.5 * along), -0.5)
