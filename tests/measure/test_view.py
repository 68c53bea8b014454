"""The view is judged by the trunk: checked on rendered persons, on real photographs and by its invariances."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from outline_person import enlarged, mirror, profile
from posture_cv.evaluate.opinions import read_labelled
from posture_cv.landmarks.recording import read_recording
from posture_cv.landmarks.types import Landmarks
from posture_cv.measure.types import View
from posture_cv.measure.view import (
    CLEAR_SIDE,
    OBLIQUE_FROM,
    SIDE_FROM,
    baseline_view,
    classify_view,
    shoulder_line_deg,
    view_margin,
    view_score,
)
from shared_material import shared_path

SAMPLES = Path(__file__).resolve().parents[2] / "samples"


def _turned(angle_deg: float) -> Landmarks:
    """Shoulders 38 cm apart whose line makes this angle with the picture plane."""
    lm = profile(1)
    cos, sin = np.cos(np.radians(angle_deg)), np.sin(np.radians(angle_deg))
    for index, side in ((11, 0.5), (12, -0.5)):
        lm.pose[0, index, 0] = 0.5 + side * 0.3 * cos
        lm.pose[0, index, 2] = side * 0.3 * sin
        lm.pose[0, index, 5] = side * 0.38 * cos
        lm.pose[0, index, 7] = side * 0.38 * sin
    return lm


def test_front_oblique_and_side() -> None:
    views = [View(int(classify_view(_turned(a))[0])) for a in (0.0, 15.0, 40.0, 80.0, 90.0)]
    assert views == [View.FRONT, View.FRONT, View.OBLIQUE, View.SIDE, View.SIDE]


def test_nobody_and_a_back_are_unknown() -> None:
    assert classify_view(Landmarks.empty(2)).tolist() == [View.UNKNOWN] * 2
    assert classify_view(_turned(170.0)).tolist() == [View.UNKNOWN]
    assert baseline_view(Landmarks.empty(3)) is View.UNKNOWN
    assert baseline_view(Landmarks.empty(0)) is View.UNKNOWN


@given(angle=st.floats(0.0, 95.0), times=st.integers(1, 4))
def test_a_mirrored_or_larger_picture_shows_the_same_view(angle: float, times: int) -> None:
    lm = _turned(angle)
    plain = shoulder_line_deg(lm)
    np.testing.assert_allclose(shoulder_line_deg(mirror(lm)), plain, atol=1e-2)
    assert classify_view(enlarged(lm, times)).tolist() == classify_view(lm).tolist()


def test_a_turned_head_does_not_count() -> None:
    lm = _turned(0.0)
    lm.pose[:, :11, 0] += 0.1
    assert classify_view(lm).tolist() == [View.FRONT]


def _with_face(lm: Landmarks, yaw_deg: float) -> Landmarks:
    """With a face mesh that has turned by so much."""
    mesh = read_recording(SAMPLES / "desk-front.landmarks").landmarks[:1].face_px()[0]
    cos, sin = np.cos(np.radians(yaw_deg)), np.sin(np.radians(yaw_deg))
    turned = (mesh - mesh.mean(axis=0)) @ np.array([[cos, 0.0, -sin], [0.0, 1.0, 0.0], [sin, 0.0, cos]])
    lm.face[:] = (turned + mesh.mean(axis=0)) / (640.0, 480.0, 640.0)
    return lm


def test_trunks_between_oblique_and_profile_are_told_apart_by_the_face() -> None:
    assert SIDE_FROM < view_score(_turned(60.0))[0] < CLEAR_SIDE < view_score(_turned(75.0))[0]
    for yaw_deg in (45.0, -45.0):
        assert baseline_view(_with_face(_turned(60.0), yaw_deg)) is View.OBLIQUE
        assert baseline_view(_with_face(_turned(75.0), yaw_deg)) is View.SIDE, "whatever looks like a face"
    assert baseline_view(_with_face(_turned(60.0), 70.0)) is View.SIDE, "the mesh tells nothing so far round"
    assert baseline_view(_turned(60.0)) is View.SIDE, "obliquely nothing is told without a face"
    few = Landmarks.concat([_with_face(_turned(60.0), 45.0), _turned(60.0), _turned(60.0)])
    assert baseline_view(few) is View.SIDE


def test_the_margin_is_that_to_the_nearest_other_view() -> None:
    for angle_deg in (5.0, 20.0, 40.0, 85.0):
        lm = _turned(angle_deg)
        score = view_score(lm)[0]
        assert view_margin(lm) == pytest.approx(min(abs(score - OBLIQUE_FROM), abs(score - SIDE_FROM)))
    faced = _with_face(_turned(60.0), 45.0)
    assert view_margin(faced) == pytest.approx(CLEAR_SIDE - view_score(faced)[0])
    assert view_margin(_turned(60.0)) == 0.0, "no profile, and counts as one"
    assert view_margin(Landmarks.empty(2)) == 0.0


def test_the_baseline_goes_by_the_middle_frame() -> None:
    frames = Landmarks.concat([_turned(85.0), _turned(88.0), _turned(10.0), Landmarks.empty(1)])
    assert baseline_view(frames) is View.SIDE


@pytest.mark.parametrize(
    ("file", "view"),
    [("via_high", View.FRONT), ("via_middle", View.FRONT), ("nvinay", View.SIDE), ("posemonitor", View.SIDE)],
)
def test_real_photographs(file: str, view: View) -> None:
    path = shared_path("real", f"{file}.npz")
    lm = Landmarks.concat([person.landmarks for person in read_labelled(path)])
    assert set(classify_view(lm)[lm.person_found].tolist()) == {view}
    assert baseline_view(lm) is view
