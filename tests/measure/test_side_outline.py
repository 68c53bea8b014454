"""The pieces of a profile's outline: what carries the back along with the head, and what is no part of the head."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from outline_person import HEIGHT, WIDTH, baseline_of, profile
from posture_cv.landmarks.names import RIGHT_EAR
from posture_cv.landmarks.types import CONTOUR_COLS, CONTOUR_ROWS, Landmarks
from posture_cv.measure.outline_edges import Edges
from posture_cv.measure.rigid_fit import Motion
from posture_cv.measure.side_outline import find_pieces
from posture_cv.measure.side_reference import side_reference
from posture_cv.measure.types import View

_ROW_PX = HEIGHT // CONTOUR_ROWS


def _found(lm: Landmarks, base: Landmarks) -> tuple[Motion, float]:
    """The pieces' motion, and the centimetres in a pixel."""
    ref = side_reference(baseline_of(base, View.SIDE))
    assert ref.contour is not None
    edges = Edges.of(lm, looks_right=True, cm_wide=ref.cm_wide)
    return find_pieces(edges, ref.contour), ref.cm_wide / WIDTH


def _lower(lm: Landmarks, rows: int) -> Landmarks:
    """The whole outline so many contour rows lower."""
    sides = np.concatenate([np.full_like(lm.rows[:, :rows], np.nan), lm.rows[:, :-rows]], axis=1)
    return replace(lm, rows=sides, cols=lm.cols + np.float32(rows * _ROW_PX / HEIGHT))


def _with_narrow_head(head_cm: float) -> Landmarks:
    """A head so narrow that columns behind it show the back."""
    lm = profile(1, head_cm)
    v = (np.arange(CONTOUR_ROWS) + 0.5) * _ROW_PX
    u = (np.arange(CONTOUR_COLS) + 0.5) * WIDTH / CONTOUR_COLS
    rear, front = lm.rows[0].T * WIDTH
    rear = np.where(v < 178.0, np.minimum(rear + 44.0, front - 1.0), rear)
    inside = (u[None] >= rear[:, None]) & (u[None] <= front[:, None])
    cols = np.where(inside.any(axis=0), v[inside.argmax(axis=0)] / HEIGHT, np.nan)
    rows = np.stack([rear, front], axis=1)[None] / WIDTH
    return replace(lm, rows=rows.astype(np.float32), cols=cols[None].astype(np.float32))


@pytest.mark.parametrize("rows", [5, 10])
def test_who_sinks_as_a_whole_has_a_back_that_sinks_and_neither_leans_nor_slides(rows: int) -> None:
    """A back is so even that its outline alone hardly tells how far it went down."""
    found, cm = _found(_lower(profile(), rows), profile())
    assert found.down[:2, 0] == pytest.approx(rows * _ROW_PX * cm, rel=0.05)
    assert found.forward[:2, 0] == pytest.approx(0.0, abs=0.1)


@pytest.mark.parametrize("head_cm", [2.0, 4.0, 6.0])
def test_columns_that_show_the_back_are_no_part_of_the_head(head_cm: float) -> None:
    found, _ = _found(_with_narrow_head(head_cm), _with_narrow_head(0.0))
    assert found.share[0, 0] > 0.94
    assert abs(np.degrees(found.angle[0, 0])) < 0.1


def _tragus(ear_cm: complex) -> complex:
    """Where the baseline's tragus is with its ear there, both in cm."""
    lm = profile()
    cm = side_reference(baseline_of(lm, View.SIDE)).cm_wide / WIDTH
    lm.pose[:, RIGHT_EAR, :2] = np.array([ear_cm.real, ear_cm.imag]) / cm / (WIDTH, HEIGHT)
    contour = side_reference(baseline_of(lm, View.SIDE)).contour
    assert contour is not None
    return contour.tragus


@pytest.mark.parametrize(
    ("apart_cm", "share"), [(2.0, 0.5), (-3.5, 0.5), (3.5j, 0.5), (4.5, 0.0), (-4.5j, 0.0)]
)
def test_the_ear_has_half_a_say_in_where_the_tragus_is_unless_it_has_gone_astray(
    apart_cm: complex, share: float
) -> None:
    guess = _tragus(0.0)
    ear = guess + (1.2 - 0.3j)  # where the model sees it, from the tragus
    assert _tragus(ear + apart_cm) == pytest.approx(guess + share * apart_cm, abs=1e-3)
