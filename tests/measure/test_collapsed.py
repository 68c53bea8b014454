"""Parts of a body that lie in one place, as damaged files have them: no answer in words, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
import pytest

import posture_cv as pc
from outline_person import baseline_of, oblique, profile
from posture_cv.coefficients import load_coefficients
from posture_cv.landmarks.types import Landmarks
from posture_cv.measure.baseline import Baseline
from posture_cv.measure.collapsed import collapsed
from posture_cv.measure.measure import measure
from posture_cv.measure.oblique_features import RIGID
from posture_cv.measure.types import Measurements, Reason, View
from posture_cv.profiles.format import profile_from_json, profile_to_json
from posture_cv.profiles.types import ProfileError
from profile_material import a_profile

SAMPLES: Final = Path(__file__).parents[2] / "samples"
pytestmark = pytest.mark.filterwarnings("error")
FACE, LEFT_SIDE, RIGHT_SIDE = list(range(468)), [7, 11, 23], [8, 12, 24]
FRONT: Final = pc.read_recording(SAMPLES / "desk-front.landmarks").landmarks[:3]


def _frames(view: View) -> Landmarks:
    return {View.FRONT: FRONT, View.SIDE: profile(3), View.OBLIQUE: oblique(3)}[view]


def _in_one_place(lm: Landmarks, field: str, points: list[int]) -> Landmarks:
    values = getattr(lm, field).copy()
    values[:, points] = values[:, points[:1]]
    return replace(lm, **{field: values})


def _measured(lm: Landmarks, baseline: Baseline) -> Measurements:
    return measure(lm, baseline, load_coefficients())


@pytest.mark.parametrize("outline", [True, False])
@pytest.mark.parametrize(
    ("view", "field", "points", "what"),
    [
        (View.FRONT, "face", [33, 133, 362, 263], "both eyes"),
        (View.FRONT, "face", FACE, "both eyes"),
        (View.FRONT, "pose", [11, 12], "both shoulders"),
        (View.SIDE, "pose", RIGHT_SIDE, "ear, shoulder and hip"),
        (View.OBLIQUE, "face", [10, 152], "forehead and chin"),
        (View.OBLIQUE, "face", list(RIGID), "all points of the face"),
    ],
)
def test_a_baseline_without_a_length_is_refused_where_it_is_read_and_is_none_to_measure_by(
    view: View, field: str, points: list[int], what: str, *, outline: bool
) -> None:
    baseline = baseline_of(_in_one_place(_frames(view), field, points), view)
    if not outline:
        baseline = replace(baseline, rows=np.full((240, 2), np.nan), cols=np.full(320, np.nan))
    with pytest.raises(ProfileError) as caught:
        profile_from_json(profile_to_json(a_profile(baseline=baseline)), "folder/desk.json", "desk")
    assert caught.value.exit_code == 2
    assert what in caught.value.detail
    assert "lie in one place" in caught.value.detail
    assert _measured(_frames(view), baseline).reason.tolist() == [Reason.NO_BASELINE] * 3


@pytest.mark.parametrize("mirrored", [True, False])
def test_in_profile_the_side_that_is_seen_counts(*, mirrored: bool) -> None:
    seen, hidden = (LEFT_SIDE, RIGHT_SIDE) if mirrored else (RIGHT_SIDE, LEFT_SIDE)
    lm = profile(3, mirrored=mirrored)
    assert collapsed(baseline_of(_in_one_place(lm, "pose", seen), View.SIDE))
    baseline = baseline_of(_in_one_place(lm, "pose", hidden), View.SIDE)
    assert not collapsed(baseline)
    assert (_measured(lm, baseline).reason == Reason.OK).all()


@pytest.mark.parametrize("view", [View.FRONT, View.SIDE, View.OBLIQUE])
def test_what_is_missing_lies_nowhere(view: View) -> None:
    whole = baseline_of(_frames(view), view)
    pose, face = whole.pose.copy(), np.full_like(whole.face, np.nan)
    pose[[*LEFT_SIDE, *RIGHT_SIDE]] = np.nan
    assert not collapsed(whole)
    assert not collapsed(replace(whole, pose=pose, face=face))


@pytest.mark.parametrize("with_face", [True, False])
@pytest.mark.parametrize("with_outline", [True, False])
def test_in_front_shoulders_that_are_one_point_are_implausible(
    *, with_face: bool, with_outline: bool
) -> None:
    lm = _in_one_place(FRONT, "pose", [11, 12])
    if not with_face:
        lm = replace(lm, face=np.full_like(lm.face, np.nan))
    if not with_outline:
        lm = replace(lm, rows=np.full_like(lm.rows, np.nan), cols=np.full_like(lm.cols, np.nan))
    told = _measured(lm, baseline_of(FRONT, View.FRONT)).values["shoulder_elevation_cm"]
    assert told.reason.tolist() == [Reason.IMPLAUSIBLE] * 3


@pytest.mark.parametrize("at", [0.0, 0.5])
@pytest.mark.parametrize(
    ("view", "reason"), [(View.FRONT, Reason.IMPLAUSIBLE), (View.OBLIQUE, Reason.FACE_NOT_SEEN)]
)
def test_a_face_that_is_one_point_is_none(view: View, reason: Reason, at: float) -> None:
    lm = _frames(view)
    now = replace(lm, face=np.full_like(lm.face, at))
    told = _measured(now, baseline_of(lm, view)).values["cva_change_deg"]
    assert told.reason.tolist() == [reason] * 3
