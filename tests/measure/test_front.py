"""The front view's estimator: what must hold for any frame, and signs and sizes on one rendered person.

`front_clip.npz`: nine calibration frames and one frame each of thirteen postures of one rendered person whom no
fit has seen, with MediaPipe's landmarks, the contour and the true changes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import posture_cv as pc
from clip_material import arrays_of, landmarks_of, median_baseline
from posture_cv.coefficients import load_coefficients
from posture_cv.landmarks.types import Float32, Landmarks
from posture_cv.measure.baseline import Baseline
from posture_cv.measure.front import FITTED, NEEDS_FACE, measure_front
from posture_cv.measure.front_model import front_view
from posture_cv.measure.front_outline import LEAST_POINTS, register
from posture_cv.measure.front_reading import READ_AT_ONCE, read_front
from posture_cv.measure.front_space import CameraStand
from posture_cv.measure.types import QUANTITIES, Estimate, Reason

SAMPLES: Final = Path(__file__).parents[2] / "samples"
FILE: Final = Path(__file__).with_name("front_clip.npz")
ODD: Final = ("head_yaw_deg", "head_roll_deg", "trunk_yaw_deg", "lateral_lean_deg")
LEFT, RIGHT = "shoulder_elevation_left_cm", "shoulder_elevation_right_cm"
CALIBRATION_FRAMES: Final = 9
# What an even quantity may read when nothing has changed.
AT_REST: Final = {
    "cva_change_deg": 1.5,
    "head_forward_cm": 0.5,
    "head_pitch_deg": 1.0,
    "shoulder_elevation_cm": 0.25,
    "protraction_cm": 0.5,
    "trunk_incl_deg": 1.0,
    "sink_cm": 0.4,
    "approach_cm": 1.0,
}
Estimates = Mapping[str, Estimate]


@pytest.fixture(scope="module")
def coefficients() -> Mapping[str, Any]:
    return load_coefficients()


@pytest.fixture(scope="module")
def archive() -> Mapping[str, NDArray[Any]]:
    return arrays_of(FILE)


@pytest.fixture(scope="module")
def clip(archive: Mapping[str, NDArray[Any]]) -> Landmarks:
    return landmarks_of(archive)


@pytest.fixture(scope="module")
def baseline(clip: Landmarks) -> Baseline:
    return median_baseline(clip[:CALIBRATION_FRAMES])


@pytest.fixture(scope="module")
def measured(clip: Landmarks, baseline: Baseline, coefficients: Mapping[str, Any]) -> Estimates:
    return measure_front(clip, baseline, coefficients)


def _mesh_pairs(coefficients: Mapping[str, Any]) -> NDArray[np.intp]:
    """(468,) the other side's point of each mesh point, as the symmetric projection of the mesh has it."""
    axes = coefficients["front"].axes
    rows = axes.matrix[:, :, : axes.even]
    mirrored = rows * np.array([-1.0, 1.0, 1.0])[None, :, None]
    apart = ((rows[:, None] - mirrored[None]) ** 2).sum(axis=(2, 3))
    pairs = np.asarray(np.argmin(apart, axis=1), np.intp)
    assert (pairs[pairs] == np.arange(len(pairs))).all(), "each is the other side of its other side"
    return pairs


def _mirrored(lm: Landmarks, mesh_pairs: NDArray[np.intp]) -> Landmarks:
    """The same frames in a mirror: x turned round, left and right exchanged."""
    pose_pairs = np.array(
        [0, 4, 5, 6, 1, 2, 3, 8, 7, 10, 9, *(i + (1 if i % 2 else -1) for i in range(11, 33))]
    )
    pose, face = lm.pose[:, pose_pairs].copy(), lm.face[:, mesh_pairs].copy()
    pose[:, :, 0], pose[:, :, 5] = 1.0 - pose[:, :, 0], -pose[:, :, 5]
    face[:, :, 0] = 1.0 - face[:, :, 0]
    return replace(lm, pose=pose, face=face, rows=1.0 - lm.rows[:, :, ::-1], cols=lm.cols[:, ::-1].copy())


def _frame(archive: Mapping[str, NDArray[Any]], segment: str) -> int:
    return int(np.flatnonzero(archive["segment"] == segment)[-1])


def test_every_quantity_is_there(measured: Estimates) -> None:
    assert set(measured) == set(QUANTITIES)


def test_an_empty_recording_gives_empty_estimates(
    baseline: Baseline, coefficients: Mapping[str, Any]
) -> None:
    assert all(len(e.value) == 0 for e in measure_front(Landmarks.empty(0), baseline, coefficients).values())


def test_the_baseline_itself_reads_about_nothing(baseline: Baseline, coefficients: Mapping[str, Any]) -> None:
    out = measure_front(baseline.as_landmarks(), baseline, coefficients)
    for name, limit in AT_REST.items():
        assert abs(out[name].value[0]) < limit, name
    for name in ODD:
        assert abs(out[name].value[0]) < 1.0, name
    assert out["distance_ratio"].value[0] == pytest.approx(1.0, abs=0.01)


@pytest.mark.parametrize(
    ("segment", "name", "low", "high"),
    [
        ("fhp_severe", "cva_change_deg", -26.0, -11.0),
        ("fhp_severe", "head_forward_cm", 2.8, 6.5),
        ("fhp_moderate", "cva_change_deg", -18.0, -6.0),
        ("text_neck", "head_pitch_deg", 25.0, 40.0),
        ("look_down_keyboard", "head_pitch_deg", 17.0, 30.0),
        ("shrug", "shoulder_elevation_cm", 2.2, 5.5),
        ("shrug", "sink_cm", -5.0, -2.0),
        ("rounded_severe", "protraction_cm", 2.5, 8.0),
        ("lean_in", "approach_cm", 9.0, 18.0),
        ("chair_closer", "approach_cm", 9.0, 17.0),
        ("chair_closer", "distance_ratio", 0.74, 0.84),
        ("lateral_lean", "lateral_lean_deg", 5.0, 13.0),
        ("upright", "cva_change_deg", -4.0, 4.0),
        ("upright", "protraction_cm", -1.0, 1.0),
    ],
)
def test_postures_read_with_the_right_sign_and_size(
    measured: Estimates,
    archive: Mapping[str, NDArray[Any]],
    segment: str,
    name: str,
    low: float,
    high: float,
) -> None:
    assert low < measured[name].value[_frame(archive, segment)] < high


def test_a_shrug_of_the_left_shoulder_is_on_the_left(
    measured: Estimates, archive: Mapping[str, NDArray[Any]]
) -> None:
    i = _frame(archive, "shrug_one_side")
    assert archive["changes"][list(archive["names"]).index("asymmetry"), i] > 1.0
    assert measured[LEFT].value[i] > measured[RIGHT].value[i] + 0.3


@pytest.mark.parametrize("side", [1.0, -1.0])
def test_a_head_tilted_to_the_left_is_positive(
    clip: Landmarks, baseline: Baseline, coefficients: Mapping[str, Any], side: float
) -> None:
    """In the picture, which is no mirror, the person's left is on the right: there the head turns clockwise."""
    upright = clip[:1]
    size = upright.size_px[0].astype(np.float64)
    middle = upright.face[0, :, :2].mean(axis=0) * size
    cos, sin = np.cos(np.radians(8.0)), side * np.sin(np.radians(8.0))
    turn = np.array([[cos, sin], [-sin, cos]])  # of rows (x, y), y downwards

    def tilted(points: NDArray[np.float32]) -> NDArray[np.float32]:
        out = points.copy()
        out[..., :2] = ((points[..., :2] * size - middle) @ turn + middle) / size
        return out

    pose = upright.pose.copy()
    pose[:, :11] = tilted(pose[:, :11])
    out = measure_front(replace(upright, face=tilted(upright.face), pose=pose), baseline, coefficients)
    assert side * out["head_roll_deg"].value[0] > 2.0


def test_the_truth_lies_within_four_standard_deviations(
    measured: Estimates, archive: Mapping[str, NDArray[Any]]
) -> None:
    for name, truth in zip(archive["names"], archive["changes"], strict=True):
        if name in AT_REST:
            e = measured[str(name)]
            ok = e.valid
            assert (np.abs(e.value - truth)[ok] <= 4.0 * e.sd[ok]).all(), name


def test_a_mirrored_picture_gives_the_mirrored_answer(
    clip: Landmarks, measured: Estimates, coefficients: Mapping[str, Any]
) -> None:
    pairs = _mesh_pairs(coefficients)
    turned = _mirrored(clip, pairs)
    out = measure_front(turned, median_baseline(turned[:CALIBRATION_FRAMES]), coefficients)
    other = {LEFT: RIGHT, RIGHT: LEFT}
    for name, e in measured.items():
        sign = -1.0 if name in ODD else 1.0
        got = out[other.get(name, name)]
        both = e.valid & got.valid
        apart = np.abs(got.value - sign * e.value)[both]
        assert (apart < 0.01 * e.sd[both]).all(), name
    assert measured["cva_change_deg"].valid.sum() >= len(clip) - 1


def test_the_size_of_the_picture_does_not_matter(
    clip: Landmarks, baseline: Baseline, measured: Estimates, coefficients: Mapping[str, Any]
) -> None:
    large = replace(clip, size_px=clip.size_px * 2)
    out = measure_front(large, baseline, coefficients)
    for name, e in measured.items():
        assert np.allclose(out[name].value, e.value, atol=1e-3, equal_nan=True), name


def test_one_frame_at_a_time_gives_the_same(
    clip: Landmarks, baseline: Baseline, measured: Estimates, coefficients: Mapping[str, Any]
) -> None:
    for i in range(len(clip)):
        single = measure_front(clip[i : i + 1], baseline, coefficients)
        for name, e in measured.items():
            assert np.allclose(single[name].value[0], e.value[i], atol=2e-3, equal_nan=True), (name, i)
            assert single[name].reason[0] == e.reason[i], (name, i)


def test_many_frames_are_read_as_few_are(
    clip: Landmarks, baseline: Baseline, coefficients: Mapping[str, Any]
) -> None:
    """A batch is read in parts: they come back in order, and none is missing."""
    reference = front_view(baseline, coefficients["front"]).reference
    turns = -(-READ_AT_ONCE // len(clip)) + 1
    one, many = read_front(clip, reference), read_front(Landmarks.concat([clip] * turns), reference)
    assert len(many) == turns * len(clip)
    assert len(many) > READ_AT_ONCE
    for turn in range(turns):
        again = many[turn * len(clip) : (turn + 1) * len(clip)]
        np.testing.assert_allclose(again.even, one.even, atol=1e-9)
        np.testing.assert_allclose(again.yaw_deg, one.yaw_deg, atol=1e-9)
        np.testing.assert_array_equal(again.contour, one.contour)


def test_without_a_face_the_shoulders_are_still_told(
    clip: Landmarks, baseline: Baseline, measured: Estimates, coefficients: Mapping[str, Any]
) -> None:
    out = measure_front(replace(clip, face=np.full_like(clip.face, np.nan)), baseline, coefficients)
    for name in NEEDS_FACE:
        assert (out[name].reason == Reason.FACE_NOT_SEEN).all(), name
    assert out["shoulder_elevation_cm"].valid.all()
    ok = measured["protraction_cm"].valid
    assert np.abs(out["protraction_cm"].value - measured["protraction_cm"].value)[ok].mean() < 0.6


def test_without_a_contour_the_answer_is_less_certain(
    clip: Landmarks, baseline: Baseline, measured: Estimates, coefficients: Mapping[str, Any]
) -> None:
    bare = replace(clip, rows=np.full_like(clip.rows, np.nan), cols=np.full_like(clip.cols, np.nan))
    out = measure_front(bare, baseline, coefficients)
    for name in ("shoulder_elevation_cm", "protraction_cm"):
        both = out[name].valid & measured[name].valid
        assert both.sum() > len(clip) / 2
        assert np.median(out[name].sd[both]) > 1.1 * np.median(measured[name].sd[both]), name


def test_what_is_vaguer_than_a_guess_is_not_told(coefficients: Mapping[str, Any]) -> None:
    """Somebody who leaves is seen in part: nothing is told then, rather than 11 deg +- 141."""
    lm = pc.read_recording(SAMPLES / "desk-front.landmarks").landmarks
    baseline = pc.calibrate(lm[lm.t_s < 8.0]).baseline
    found = measure_front(lm, baseline, coefficients)["cva_change_deg"]
    guess_deg = coefficients["front"].spread["full"][FITTED.index("cva_change_deg")]
    told, vague = found.reason == Reason.OK, found.reason == Reason.UNCERTAIN
    assert (found.sd[told] <= np.maximum(guess_deg, np.abs(found.value[told]))).all()
    assert vague.any()
    assert ((lm.t_s[vague] > 39.7) & (lm.t_s[vague] < 42.0)).all()  # what the clip calls leaving
    assert np.isnan(found.value[vague]).all()
    assert np.isnan(found.sd[vague]).all()


def test_shoulders_that_contradict_the_face_are_not_believed(
    clip: Landmarks, baseline: Baseline, coefficients: Mapping[str, Any]
) -> None:
    pose = clip.pose.copy()
    pose[:, 12, 1] -= 0.4  # one shoulder far up
    out = measure_front(replace(clip, pose=pose), baseline, coefficients)
    assert (out["cva_change_deg"].reason != Reason.OK).all()
    assert (out["shoulder_elevation_cm"].reason == Reason.IMPLAUSIBLE).any()


@pytest.mark.parametrize("unseen", [("rows", "cols"), ("face",)])
def test_shoulders_that_grow_alone_contradict_the_face_and_the_outline_each_by_itself(
    clip: Landmarks, baseline: Baseline, coefficients: Mapping[str, Any], unseen: tuple[str, ...]
) -> None:
    still = clip[:CALIBRATION_FRAMES]
    pose = still.pose.copy()
    half = 0.2 * (pose[:, 11, 0] - pose[:, 12, 0])  # as if 40 % nearer
    pose[:, 11, 0] += half
    pose[:, 12, 0] -= half
    hidden = {name: np.full_like(getattr(still, name), np.nan) for name in unseen}
    out = measure_front(replace(still, pose=pose, **hidden), baseline, coefficients)
    assert (out["shoulder_elevation_cm"].reason == Reason.IMPLAUSIBLE).all()


def test_what_is_told_is_surer_than_a_guess_or_a_change_beyond_its_uncertainty(
    coefficients: Mapping[str, Any],
) -> None:
    lm = pc.read_recording(SAMPLES / "desk-front.landmarks").landmarks
    told = measure_front(lm, median_baseline(lm[lm.t_s < 8.0]), coefficients)["protraction_cm"]
    guess_cm = coefficients["front"].spread["full"][FITTED.index("protraction_cm")]
    value, sd = told.value[told.valid], told.sd[told.valid]
    assert ((sd <= guess_cm) | (np.abs(value) >= sd)).all()
    assert (sd > guess_cm).sum() > 10, "far ones are less sure, and told"
    assert Reason.UNCERTAIN in told.reason


def test_a_baseline_without_a_face_is_none(
    clip: Landmarks, baseline: Baseline, coefficients: Mapping[str, Any]
) -> None:
    out = measure_front(clip, replace(baseline, face=np.full((468, 3), np.nan)), coefficients)
    assert all((e.reason == Reason.NO_BASELINE).all() for e in out.values())


@settings(max_examples=25)
@given(seed=st.integers(0, 10_000), share=st.sampled_from([0.001, 0.02, 0.3, 1.0]))
def test_gaps_anywhere_never_raise_and_never_leak(
    clip: Landmarks, baseline: Baseline, coefficients: Mapping[str, Any], seed: int, share: float
) -> None:
    rng = np.random.default_rng(seed)
    holed = {}
    for name in ("pose", "face", "rows", "cols"):
        values = getattr(clip, name).copy()
        values[rng.random(values.shape) < share * rng.random()] = np.nan
        holed[name] = values
    with np.errstate(all="raise", under="ignore"):
        out = measure_front(replace(clip, **holed), baseline, coefficients)
    for e in out.values():
        assert np.isfinite(e.value[e.valid]).all()
        assert (e.sd[e.valid] > 0).all()
        assert np.isnan(e.value[~e.valid]).all()


def _slid(values: Float32, cells: float) -> Float32:
    """(M, K) read `cells` farther up the first axis."""
    at = np.arange(len(values))
    columns = [np.interp(at - cells, at, column) for column in values.T]
    return np.stack(columns, axis=1).astype(np.float32)


def test_one_shoulder_is_less_sure_than_the_mean_of_both(measured: Estimates) -> None:
    both = measured["shoulder_elevation_cm"]
    for side in (LEFT, RIGHT):
        told = both.valid & measured[side].valid
        assert (measured[side].sd[told] > 1.01 * both.sd[told]).all()


def test_a_face_turned_very_far_while_calibrating_turns_the_room_no_farther() -> None:
    size = np.array([640.0, 480.0])
    np.testing.assert_array_equal(
        CameraStand.of(size, 50.0, 5.0, 70.0).axes, CameraStand.of(size, 50.0, 5.0, 30.0).axes
    )


def test_before_a_level_camera_the_shoulders_are_farther_and_below_it_nearer() -> None:
    level = CameraStand.of(np.array([640.0, 480.0]), 50.0, 0.0, 0.0)
    assert level.shoulders_cm == pytest.approx(level.eyes_cm + 9.0)
    from_below = CameraStand.of(np.array([640.0, 480.0]), 50.0, 30.0, 0.0)
    assert from_below.shoulders_cm < from_below.eyes_cm
    np.testing.assert_allclose(level.axes.T @ level.axes, np.eye(3), atol=1e-12)


def test_of_a_few_points_of_outline_the_landmarks_motion_stands(
    baseline: Baseline, coefficients: Mapping[str, Any]
) -> None:
    lm, reference = baseline.as_landmarks(), front_view(baseline, coefficients["front"]).reference
    start = np.array([[6.0, -4.0, 0.02, 0.01]])
    middle = round(reference.shoulders[1] / reference.picture.size_px[1] * len(lm.rows[0]))
    rows = np.full_like(lm.rows, np.nan)
    rows[:, middle : middle + 8] = lm.rows[:, middle : middle + 8]
    found, rest = register(
        reference.curve, reference.picture.outline(rows, np.full_like(lm.cols, np.nan)), start
    )
    assert 0 < np.isfinite(rest).sum() < LEAST_POINTS
    np.testing.assert_array_equal(found, start)


@settings(max_examples=15)
@given(right=st.floats(-25.0, 25.0), down=st.floats(-25.0, 25.0))
def test_an_outline_that_was_shifted_is_found_again(
    baseline: Baseline, coefficients: Mapping[str, Any], right: float, down: float
) -> None:
    lm, reference = baseline.as_landmarks(), front_view(baseline, coefficients["front"]).reference
    rows = _slid(lm.rows[0] + np.float32(right / 640.0), down / 2.0)
    cols = _slid(lm.cols[0, :, None] + np.float32(down / 480.0), right / 2.0)
    outline = reference.picture.outline(rows[None], cols[None, :, 0])
    motion, rest = register(reference.curve, outline, np.zeros((1, 4)))
    assert motion[0, :2] == pytest.approx([right, down], abs=4.0)
    assert np.nanmedian(np.abs(rest)) < 0.25
