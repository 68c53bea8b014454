"""What is wrong with a whole frame is said of it, on a recorded session changed one thing at a time."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from calibration.fit import fit_baseline
from calibration_material import head_turned, with_scene
from posture_cv.assess.recording import assess_measurements
from posture_cv.assess.settings import AssessSettings
from posture_cv.assess.types import State
from posture_cv.coefficients import load_coefficients
from posture_cv.landmarks import names
from posture_cv.landmarks.recording import read_recording
from posture_cv.landmarks.types import Landmarks
from posture_cv.measure.baseline import Background, Baseline
from posture_cv.measure.front import YAW_SD_DEG
from posture_cv.measure.gates import frame_reasons
from posture_cv.measure.measure import CLAVICLE_CM, HEAD_YAW_LIMIT_DEG, measure
from posture_cv.measure.turning import turned_points
from posture_cv.measure.types import Reason
from posture_cv.measure.view import classify_view

SAMPLES = Path(__file__).resolve().parents[2] / "samples"


@pytest.fixture(scope="module")
def session() -> Landmarks:
    """The seconds of the front clip in which the person sits upright."""
    lm = read_recording(SAMPLES / "desk-front.landmarks").landmarks
    return lm[lm.t_s < 8.0]


@pytest.fixture(scope="module")
def baseline(session: Landmarks) -> Baseline:
    return fit_baseline(session, load_coefficients()).baseline


def reasons(lm: Landmarks, baseline: Baseline) -> set[Reason]:
    return {Reason(int(code)) for code in frame_reasons(lm, baseline, classify_view(lm))}


def about_the_middle(lm: Landmarks, scale: float, dx: float = 0.0) -> Landmarks:
    """Everybody seen smaller or larger, and shifted by a share of the width."""
    pose, face = lm.pose.copy(), lm.face.copy()
    for points in (pose, face):
        points[:, :, :2] = (points[:, :, :2] - 0.5) * scale + 0.5
        points[:, :, 0] += dx
    return replace(lm, pose=pose, face=face)


def test_an_upright_session_has_nothing_wrong(session: Landmarks, baseline: Baseline) -> None:
    assert reasons(session, baseline) == {Reason.OK}


@pytest.mark.parametrize("scale", [0.85, 1.0, 1.15])
def test_a_chair_that_moves_is_the_same_person(session: Landmarks, baseline: Baseline, scale: float) -> None:
    assert Reason.OTHER_PERSON not in reasons(about_the_middle(session, scale), baseline)


@pytest.mark.parametrize(("shares", "other"), [(0.85, False), (1.15, True)])
def test_who_sits_lower_by_less_than_the_shoulders_width_is_the_same(
    session: Landmarks, baseline: Baseline, shares: float, *, other: bool
) -> None:
    left, right = baseline.pose[names.SHOULDERS, :2] * baseline.size_px
    pose = session.pose.copy()
    pose[:, :, 1] += shares * np.hypot(*(left - right)) / baseline.size_px[1]
    assert (Reason.OTHER_PERSON in reasons(replace(session, pose=pose), baseline)) is other


def test_a_passer_by_is_somebody_else_and_away(session: Landmarks, baseline: Baseline) -> None:
    passer_by = about_the_middle(session, 0.4, dx=0.25)
    assert reasons(passer_by, baseline) == {Reason.OTHER_PERSON}
    done = assess_measurements(measure(passer_by, baseline, load_coefficients()), baseline, AssessSettings())
    assert set(done.states.state.tolist()) == {State.AWAY}


@pytest.mark.parametrize("scale", [0.85, 1.0, 1.3])
@pytest.mark.parametrize(("share", "unsure"), [(0.7, False), (1.3, False), (1.4, True), (np.nan, False)])
def test_an_outline_that_runs_into_somebody_is_not_judged_at_any_distance(
    session: Landmarks, baseline: Baseline, scale: float, share: float, *, unsure: bool
) -> None:
    person = with_scene(about_the_middle(session, scale), outline_unsure=0.015 * share * scale**2)
    known = replace(baseline, outline_unsure=0.015)
    assert (Reason.OUTLINE_UNSURE in reasons(person, known)) is unsure
    assert Reason.OUTLINE_UNSURE not in reasons(person, baseline), "made before it was told"
    assert measure(person, known, load_coefficients()).somebody.all(), "who has company is there"


def test_who_looks_away_is_not_judged_and_how_far_is_still_told(
    session: Landmarks, baseline: Baseline
) -> None:
    told = measure(head_turned(session, 1, 40.0), baseline, load_coefficients())
    assert set(told.reason) == {Reason.HEAD_TURNED}
    assert (np.abs(told.value("head_yaw_deg")) > HEAD_YAW_LIMIT_DEG).all()
    assert told.sd("head_yaw_deg") == pytest.approx(YAW_SD_DEG), "so far round the mesh alone tells it"
    assert np.abs(told.value("head_yaw_deg")) == pytest.approx(40.0, abs=3.0)
    assert told.values["trunk_yaw_deg"].valid.all()
    for name in ("cva_change_deg", "protraction_cm", "forward_head_deg"):
        assert set(told.values[name].reason) == {Reason.HEAD_TURNED}, name
        assert np.isnan(told.value(name)).all(), name


def test_the_headline_angles_restate_what_is_measured_and_its_uncertainty(
    session: Landmarks, baseline: Baseline
) -> None:
    told = measure(session, baseline, load_coefficients())
    np.testing.assert_array_equal(told.value("forward_head_deg"), -told.value("cva_change_deg"))
    np.testing.assert_array_equal(told.sd("forward_head_deg"), told.sd("cva_change_deg"))
    share, sd = told.value("protraction_cm") / CLAVICLE_CM, told.sd("protraction_cm") / CLAVICLE_CM
    np.testing.assert_allclose(told.value("shoulder_rounding_deg"), np.degrees(np.arcsin(share)))
    turned = np.degrees(np.arcsin(share + 1e-4 * sd) - np.arcsin(share)) / 1e-4
    np.testing.assert_allclose(told.sd("shoulder_rounding_deg"), turned, rtol=1e-3)


def test_darkness_and_glare_are_said(session: Landmarks, baseline: Baseline) -> None:
    assert reasons(with_scene(session, person_luma=0.005), baseline) == {Reason.TOO_DARK}
    assert reasons(with_scene(session, person_luma=0.999), baseline) == {Reason.TOO_BRIGHT}
    in_the_dark = measure(with_scene(session, person_luma=0.005), baseline, load_coefficients())
    assert in_the_dark.somebody.all(), "who was found is there"


def test_nobody_seen_in_the_dark_or_in_glare_is_not_known_to_be_away(baseline: Baseline) -> None:
    nobody, bright = Landmarks.empty(3), {"luma_mean": 0.9, "luma_p05": 0.7, "luma_p95": 1.0}
    noisy = {"luma_mean": 0.4, "noise": 0.04}
    for scene, said in (
        ({"luma_mean": 0.01}, Reason.TOO_DARK),
        (noisy, Reason.TOO_DARK),
        (bright, Reason.TOO_BRIGHT),
    ):
        unlit = with_scene(nobody, **scene)
        assert reasons(unlit, baseline) == {said}
        done = assess_measurements(measure(unlit, baseline, load_coefficients()), baseline, AssessSettings())
        assert set(done.states.state.tolist()) == {State.CANNOT_TELL}
        assert not done.measured.somebody.any()
    lit = with_scene(nobody, luma_mean=0.3, luma_p05=0.1, luma_p95=0.8, noise=0.015)
    assert reasons(lit, baseline) == {Reason.NOBODY}
    for pale in ({"luma_p05": 0.6, "luma_p95": 0.9}, {"luma_p05": 0.2, "luma_p95": 1.0}):
        assert reasons(with_scene(nobody, luma_mean=0.7, **pale), baseline) == {Reason.NOBODY}


def test_light_counts_by_the_person_where_one_is_found(session: Landmarks, baseline: Baseline) -> None:
    scene = with_scene(session, luma_mean=0.01, noise=0.1)
    assert reasons(scene, baseline) == {Reason.OK}, "a lamp in a dark room"
    assert measure(scene, baseline, load_coefficients()).somebody.all()


def test_a_moved_camera_is_never_the_persons_fault(session: Landmarks, baseline: Baseline) -> None:
    tilted = about_the_middle(with_scene(session, bg_dy=0.08, bg_support=0.95), 1.0)
    tilted.pose[:, :, 1] += 0.08
    tilted.face[:, :, 1] += 0.08
    measured = measure(tilted, baseline, load_coefficients())
    assert set(measured.reason.tolist()) == {Reason.CAMERA_MOVED}
    assert np.isnan(measured.value("cva_change_deg")).all()


def test_a_far_move_that_leaves_few_points_counts_where_the_person_moved_along(
    session: Landmarks, baseline: Baseline
) -> None:
    scene = with_scene(session, bg_dx=0.09, bg_support=0.2)
    assert reasons(about_the_middle(scene, 1.0, dx=0.09), baseline) == {Reason.CAMERA_MOVED}
    assert reasons(scene, baseline) == {Reason.OK}, "somebody behind moves, and the person sits still"
    assert reasons(about_the_middle(scene, 1.0, dx=-0.09), baseline) == {Reason.OK}
    few = with_scene(session, bg_dx=0.09, bg_support=0.05)
    assert reasons(about_the_middle(few, 1.0, dx=0.09), baseline) == {Reason.OK}, "that is no evidence"


@pytest.mark.parametrize(
    ("roll_deg", "moved"), [(1.2, False), (-1.2, False), (2.0, True), (-2.0, True), (np.nan, False)]
)
def test_a_camera_that_turned_about_its_line_of_sight_has_moved(
    session: Landmarks, baseline: Baseline, roll_deg: float, moved: bool
) -> None:
    still = {"bg_dx": 0.0, "bg_dy": 0.0, "bg_scale": 1.0, "bg_support": 0.9}
    lm = with_scene(session, **still, bg_roll_deg=roll_deg)
    assert reasons(lm, baseline) == {Reason.CAMERA_MOVED if moved else Reason.OK}
    assert reasons(with_scene(lm, bg_support=0.3), baseline) == {Reason.OK}, "few points agree"
    stood = replace(baseline, background=Background(0.0, 0.0, 1.0, roll_deg))
    if moved:
        assert reasons(lm, stood) == {Reason.OK}, "it stood so when the baseline was taken"


def test_a_picture_that_is_mirrored_midway_is_a_moved_camera(session: Landmarks, baseline: Baseline) -> None:
    still = {"bg_dx": 0.0, "bg_dy": 0.0, "bg_support": 0.9, "bg_roll_deg": np.nan}
    lm = with_scene(session, **still, bg_scale=-1.0)
    assert reasons(lm, baseline) == {Reason.CAMERA_MOVED}
    assert reasons(with_scene(lm, bg_support=0.3), baseline) == {Reason.OK}, "few points agree"
    mirrored = replace(baseline, background=Background(0.0, 0.0, -1.0))
    assert reasons(lm, mirrored) == {Reason.OK}, "so it was when the baseline was taken"
    assert reasons(with_scene(session, **still, bg_scale=1.0), mirrored) == {Reason.CAMERA_MOVED}


def test_a_camera_is_where_it_stood_when_the_baseline_was_taken(
    session: Landmarks, baseline: Baseline
) -> None:
    lm = with_scene(session, bg_dx=0.02, bg_dy=-0.03, bg_scale=1.05, bg_support=0.9, bg_roll_deg=0.0)
    assert reasons(lm, baseline) == {Reason.CAMERA_MOVED}
    assert reasons(lm, replace(baseline, background=Background(0.02, -0.03, 1.05))) == {Reason.OK}


def test_a_far_turn_that_leaves_few_points_counts_where_the_person_turned_along(
    session: Landmarks, baseline: Baseline
) -> None:
    lm = with_scene(session, bg_dx=0.0, bg_dy=0.0, bg_scale=1.0, bg_support=0.3, bg_roll_deg=12.0)
    assert reasons(lm, baseline) == {Reason.OK}, "the person sits as before"
    high, roll = np.full(len(lm), 0.75), np.full(len(lm), np.radians(12.0))
    pose = lm.pose.copy()
    pose[:, :, :2] = turned_points(pose[:, :, :2], roll, high)
    assert reasons(replace(lm, pose=pose), baseline) == {Reason.CAMERA_MOVED}
    along = with_scene(lm, bg_dx=0.05, bg_dy=-0.05)
    assert reasons(replace(along, pose=pose), baseline) == {Reason.OK}, "turned along, and not shifted"
    pose[:, :, :2] += (0.05, -0.05)
    assert reasons(replace(along, pose=pose), baseline) == {Reason.CAMERA_MOVED}
    pose[:, :, :2] = turned_points(lm.pose[:, :, :2], -roll, high)
    assert reasons(replace(lm, pose=pose), baseline) == {Reason.OK}, "the person leans the other way"


def test_without_texture_a_moved_camera_is_not_claimed(session: Landmarks, baseline: Baseline) -> None:
    blind = with_scene(session, bg_dx=0.3, bg_support=float("nan"))
    assert Reason.CAMERA_MOVED not in reasons(blind, baseline)


def test_a_hand_at_the_ear_is_not_judged(session: Landmarks, baseline: Baseline) -> None:
    pose = session.pose.copy()
    pose[:, names.LEFT_WRIST, :2] = pose[:, names.LEFT_EAR, :2]
    pose[:, names.LEFT_WRIST, 3] = 0.9
    assert reasons(replace(session, pose=pose), baseline) == {Reason.OCCLUDED}


def test_a_hand_at_the_shoulder_is_no_hand_raised(session: Landmarks, baseline: Baseline) -> None:
    pose = session.pose.copy()
    pose[:, names.LEFT_WRIST, :2] = pose[:, names.SHOULDERS, :2].min(axis=1) - np.float32(0.01)
    pose[:, names.LEFT_WRIST, 3] = 0.9
    assert reasons(replace(session, pose=pose), baseline) == {Reason.OK}


def test_a_hand_that_is_only_guessed_at_hides_nothing(session: Landmarks, baseline: Baseline) -> None:
    pose = session.pose.copy()
    pose[:, names.LEFT_WRIST, :2] = pose[:, names.LEFT_EAR, :2]
    pose[:, names.LEFT_WRIST, 3] = 0.2
    assert reasons(replace(session, pose=pose), baseline) == {Reason.OK}


def test_shoulders_outside_the_picture_are_said(session: Landmarks, baseline: Baseline) -> None:
    pose = session.pose.copy()
    pose[:, names.LEFT_SHOULDER, 0] = 1.2
    assert Reason.SHOULDERS_NOT_SEEN in reasons(replace(session, pose=pose), baseline)


def test_a_picture_of_another_shape_is_not_compared(session: Landmarks, baseline: Baseline) -> None:
    """A strip of an eighth cut off above and below: the person at other shares of the height, the sizes as before."""
    pose = session.pose.copy()
    pose[:, :, 1] = (pose[:, :, 1] - 0.125) / 0.75
    cut = replace(session, pose=pose, size_px=(session.size_px * np.array([2.0, 1.5])).astype(np.int32))
    assert reasons(cut, baseline) == {Reason.OTHER_SHAPE}
    measured = measure(cut, baseline, load_coefficients())
    assert all(np.isnan(estimate.value).all() for estimate in measured.values.values())


@pytest.mark.parametrize("size_px", [(1280, 960), (320, 240), (800, 600), (646, 480)])
def test_another_size_of_the_same_shape_is_the_same_picture(
    session: Landmarks, baseline: Baseline, size_px: tuple[int, int]
) -> None:
    other = replace(session, size_px=np.tile(np.array(size_px, np.int32), (len(session), 1)))
    assert reasons(other, baseline) == {Reason.OK}


def test_nobody_is_nobody(baseline: Baseline) -> None:
    assert reasons(Landmarks.empty(3), baseline) == {Reason.NOBODY}


def test_somebody_who_steps_in_front_is_not_taken_for_the_person(
    session: Landmarks, baseline: Baseline
) -> None:
    """Nearer to the camera and twice as large, before the person who was calibrated."""
    assert reasons(about_the_middle(session, 2.0, dx=0.1), baseline) & {
        Reason.OTHER_PERSON,
        Reason.SHOULDERS_NOT_SEEN,
    }
    assert Reason.OK not in reasons(about_the_middle(session, 2.0, dx=0.1), baseline)
