"""The oblique view's estimator on a made person and, where the ground truth is at hand, on rendered frames."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outline_person import baseline_of, mirror, oblique, turn_y
from posture_cv.coefficients import load_coefficients
from posture_cv.landmarks.types import Landmarks
from posture_cv.measure.oblique import FITTED, MIRRORED, STAYS_DEG, measure_oblique
from posture_cv.measure.oblique_features import seen_at_an_angle
from posture_cv.measure.types import QUANTITIES, Estimate, Reason, View


def _mirror(lm: Landmarks) -> Landmarks:
    """The mirrored picture; of the mesh's own left-right order only the cheeks matter."""
    out = mirror(lm)
    out.face[:] = lm.face
    out.face[:, :, 0] = 1.0 - lm.face[:, :, 0]
    out.face[:, [234, 454]] = out.face[:, [454, 234]]
    return out


def _measured(lm: Landmarks, base: Landmarks | None = None) -> dict[str, Estimate]:
    return measure_oblique(lm, baseline_of(base or oblique(), View.OBLIQUE), load_coefficients())


def test_every_quantity_is_answered_and_the_baseline_reads_about_nothing() -> None:
    out = _measured(oblique())
    assert set(out) == set(QUANTITIES)
    for name in FITTED:
        assert abs(out[name].value[0]) < 2.0 * out[name].sd[0], name
    assert out["distance_ratio"].value[0] == pytest.approx(1.0, abs=1e-6)
    assert out["approach_cm"].reason.tolist() == [Reason.NOT_FROM_THIS_VIEW]


def test_a_head_that_goes_forward_and_sinks_lowers_the_angle() -> None:
    assert _measured(oblique(1, (12.0, 12.0)))["cva_change_deg"].value[0] < -5.0


def test_a_larger_face_is_nearer() -> None:
    near, same = (_measured(oblique(1, scale=scale))["distance_ratio"] for scale in (1.1, 1.0))
    assert near.value[0] == pytest.approx(1.0 / 1.1, rel=1e-3)
    assert near.sd[0] / near.value[0] == pytest.approx(same.sd[0] / same.value[0])


@settings(max_examples=12)
@given(x=st.floats(-10.0, 20.0), y=st.floats(-5.0, 20.0))
def test_a_mirrored_picture_reads_the_same(x: float, y: float) -> None:
    lm = oblique(1, (x, y))
    plain, turned = _measured(lm), _measured(_mirror(lm), _mirror(oblique()))
    for name in FITTED:
        sign = -1.0 if name in MIRRORED else 1.0
        np.testing.assert_allclose(turned[name].value, sign * plain[name].value, atol=0.05)


def test_frames_at_once_equal_frames_one_at_a_time() -> None:
    frames = Landmarks.concat([oblique(), oblique(1, (10.0, 4.0)), Landmarks.empty(1)])
    together = _measured(frames)
    for k in range(len(frames)):
        alone = _measured(frames[k : k + 1])
        for name in QUANTITIES:
            np.testing.assert_allclose(together[name].value[k], alone[name].value[0], atol=1e-9)
    assert together["cva_change_deg"].reason.tolist() == [Reason.OK, Reason.OK, Reason.NOBODY]


@settings(max_examples=15)
@given(
    what=st.sampled_from(["pose", "rows", "cols", "face"]),
    first=st.integers(0, 300),
    count=st.integers(1, 300),
)
def test_gaps_anywhere_never_break_it(what: str, first: int, count: int) -> None:
    lm = oblique(1, (8.0, 3.0))
    part = getattr(lm, what)[0]
    part[first % len(part) : first % len(part) + count] = np.nan
    for base in (None, lm):
        for estimate in _measured(lm, base).values():
            assert np.isfinite(estimate.value[estimate.valid]).all()
            assert (estimate.sd[estimate.valid] > 0).all()


def test_without_face_there_is_no_answer_and_without_contour_a_less_sure_one() -> None:
    faceless, bare = oblique(), oblique(1, (8.0, 8.0))
    faceless.face[:] = np.nan
    bare.rows[:], bare.cols[:] = np.nan, np.nan
    assert _measured(faceless)["cva_change_deg"].reason.tolist() == [Reason.FACE_NOT_SEEN]
    assert _measured(oblique(), faceless)["cva_change_deg"].reason.tolist() == [Reason.NO_BASELINE]
    assert _measured(bare)["protraction_cm"].valid.all()


def test_an_outline_that_is_not_found_again_leaves_face_and_landmarks() -> None:
    lost, bare = oblique(1, (8.0, 8.0)), oblique(1, (8.0, 8.0))
    lost.rows[:] += np.random.default_rng(0).normal(0.0, 0.1, lost.rows.shape).astype(np.float32)
    bare.rows[:], bare.cols[:] = np.nan, np.nan
    found, by_landmarks = _measured(lost), _measured(bare)
    for name in FITTED:
        np.testing.assert_allclose(found[name].value, by_landmarks[name].value)


def test_a_nod_is_told_about_the_line_through_the_ears_and_not_as_a_tilt() -> None:
    base = oblique()
    ears = base.face[0, 454] - base.face[0, 234]
    ears *= (640.0, 480.0, 640.0)
    x, y, z = ears / np.linalg.norm(ears)
    cross = np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])
    nod = np.eye(3) + np.sin(np.radians(10.0)) * cross + (1.0 - np.cos(np.radians(10.0))) * cross @ cross
    mesh = base.face[0] * (640.0, 480.0, 640.0)
    middle = mesh.mean(axis=0)
    nodding = oblique()
    nodding.face[0] = ((mesh - middle) @ nod.T + middle) / (640.0, 480.0, 640.0)
    seen = seen_at_an_angle(nodding, baseline_of(base, View.OBLIQUE))
    assert seen.head_of("head_pitch")[0] == pytest.approx(10.0, abs=0.1)
    assert seen.head_of("head_roll")[0] == pytest.approx(0.0, abs=0.1)
    assert seen.head_of("head_yaw")[0] == pytest.approx(0.0, abs=0.1)


def _farther_round(degrees: float) -> Landmarks:
    """The face turned so much more away from the camera, which stands at 45 degrees."""
    far = oblique()
    size = (640.0, 480.0, 640.0)
    centre = far.face.mean(axis=1, keepdims=True) * size
    far.face[:] = ((far.face * size - centre) @ turn_y(-degrees).T + centre) / size
    return far


def test_a_face_seen_from_too_far_round_is_said_to_be_turned() -> None:
    far = _farther_round(16.0)
    out = _measured(far, far)
    assert out["cva_change_deg"].reason.tolist() == [Reason.HEAD_TURNED]
    assert out["head_yaw_deg"].reason.tolist() == [Reason.OK]
    for still in (oblique(), _farther_round(8.0)):
        assert _measured(still, still)["cva_change_deg"].reason.tolist() == [Reason.OK]


def test_a_head_that_turns_away_is_followed_less_far_round_than_one_that_stays() -> None:
    turned = _measured(_farther_round(10.0))
    assert turned["head_yaw_deg"].value[0] > STAYS_DEG
    assert turned["cva_change_deg"].reason.tolist() == [Reason.HEAD_TURNED]


@pytest.mark.parametrize(("degrees", "reason"), [(-15.0, Reason.HEAD_TURNED), (15.0, Reason.OK)])
def test_a_head_that_turns_away_from_the_camera_is_lost_sooner_than_one_that_turns_to_it(
    degrees: float, reason: Reason
) -> None:
    turned = oblique()
    mesh = turned.face[0] * (640.0, 480.0, 640.0)
    middle = mesh.mean(axis=0)
    turned.face[0] = ((mesh - middle) @ turn_y(degrees).T + middle) / (640.0, 480.0, 640.0)
    out = _measured(turned)
    assert out["cva_change_deg"].reason.tolist() == [reason]
    assert out["head_yaw_deg"].value[0] * degrees < 0.0, "away from a camera on the right is to the left"
