"""A camera that was nudged a little is no change of the person, on recorded sessions moved as a whole."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from calibration.fit import fit_baseline
from posture_cv.assess.naming import name_states
from posture_cv.assess.thresholds import Thresholds
from posture_cv.coefficients import load_coefficients
from posture_cv.landmarks.recording import read_recording
from posture_cv.landmarks.types import SCENE_FIELDS, Landmarks
from posture_cv.measure.baseline import Baseline
from posture_cv.measure.measure import measure
from posture_cv.measure.steady import steadied
from posture_cv.measure.turning import turned_cols, turned_points, turned_rows
from posture_cv.measure.types import QUANTITIES

SAMPLES = Path(__file__).resolve().parents[2] / "samples"
# Seconds of the baseline, and of sitting upright after it.
SESSIONS = {"desk-front": (6.0, 8.0), "desk-side": (4.5, 6.0)}
# Pixels to the right and down of 640x480, and growth: below what calls a camera moved.
NUDGES = [(0, 9, 1.0), (0, -9, 1.0), (9, 0, 1.0), (-5, 4, 1.0), (0, 0, 1.028), (3, -3, 0.98)]


@pytest.fixture(scope="module", params=sorted(SESSIONS))
def session(request: pytest.FixtureRequest) -> tuple[Landmarks, Baseline]:
    """Upright frames that are not the baseline's, and the baseline."""
    lm = read_recording(SAMPLES / f"{request.param}.landmarks").landmarks
    ends_s, upright_s = SESSIONS[request.param]
    baseline = fit_baseline(lm[lm.t_s < ends_s], load_coefficients()).baseline
    return lm[(lm.t_s >= ends_s) & (lm.t_s < upright_s)], baseline


def nudged(lm: Landmarks, right_px: float, down_px: float, growth: float) -> Landmarks:
    """All that is seen, person and background, grown about the middle and shifted."""
    dx, dy = right_px / 640, down_px / 480
    pose, face, scene = lm.pose.copy(), lm.face.copy(), lm.scene.copy()
    for points in (pose, face):
        points[:, :, :2] = (points[:, :, :2] - 0.5) * growth + 0.5 + np.array([dx, dy])
        points[:, :, 2] *= growth
    for name, value in (("bg_dx", dx), ("bg_dy", dy), ("bg_scale", growth), ("bg_support", 1.0)):
        scene[:, SCENE_FIELDS.index(name)] = value
    rows = np.stack([_line(lm.rows[:, :, side], dx, dy, growth) for side in (0, 1)], axis=2)
    return replace(lm, pose=pose, face=face, scene=scene, rows=rows, cols=_line(lm.cols, dy, dx, growth))


def turned(lm: Landmarks, roll_deg: float) -> Landmarks:
    """All that is seen, turned clockwise about the middle."""
    roll, high = np.full(len(lm), np.radians(roll_deg)), lm.size_px[:, 1] / lm.size_px[:, 0]
    pose, face, scene = lm.pose.copy(), lm.face.copy(), lm.scene.copy()
    for points in (pose, face):
        points[:, :, :2] = turned_points(points[:, :, :2], roll, high)
    for name, value in zip(SCENE_FIELDS[4:9], (0.0, 0.0, 1.0, 1.0, roll_deg), strict=True):
        scene[:, SCENE_FIELDS.index(name)] = value
    rows = turned_rows(lm.rows, roll, high).astype(np.float32)
    cols = turned_cols(lm.cols, roll, high).astype(np.float32)
    return replace(lm, pose=pose, face=face, scene=scene, rows=rows, cols=cols)


def _line(line: NDArray[np.float32], across: float, along: float, growth: float) -> NDArray[np.float32]:
    """Edges as the nudged camera reads them; what the border cuts off it still cuts off."""
    centres = (np.arange(line.shape[1]) + 0.5) / line.shape[1]
    seen = (centres - 0.5 - along) / growth + 0.5
    read = np.array([np.interp(seen, centres, one) for one in line])
    cut = (read < 0.005) | (read > 0.995)
    return np.where(cut, read, (read - 0.5) * growth + 0.5 + across).astype(np.float32)


@pytest.mark.parametrize(("right_px", "down_px", "growth"), NUDGES)
def test_a_nudged_camera_changes_nothing_that_is_said(
    session: tuple[Landmarks, Baseline], right_px: float, down_px: float, growth: float
) -> None:
    nothing_changed(session, nudged(session[0], right_px, down_px, growth))


@pytest.mark.parametrize("roll_deg", [0.5, 1.5, -1.5])
def test_a_camera_turned_a_little_changes_nothing_that_is_said(
    session: tuple[Landmarks, Baseline], roll_deg: float
) -> None:
    nothing_changed(session, turned(session[0], roll_deg))


def nothing_changed(session: tuple[Landmarks, Baseline], seen: Landmarks) -> None:
    """The same is said of the session as it is seen now, and the same is measured within a quarter of a unit."""
    lm, baseline = session
    coefficients = load_coefficients()
    still, now = measure(lm, baseline, coefficients), measure(seen, baseline, coefficients)
    th = Thresholds()
    assert (name_states(now, th).state == name_states(still, th).state).mean() > 0.95
    for name in QUANTITIES:
        before, after = (m.values[name].value for m in (still, now))
        told = np.isfinite(before) & np.isfinite(after)
        if told.any():
            assert np.median(after[told] - before[told]) == pytest.approx(0.0, abs=0.25), name


@pytest.mark.parametrize("turn", [False, True])
def test_a_frame_on_its_own_is_moved_as_among_others(session: tuple[Landmarks, Baseline], turn: bool) -> None:
    lm, baseline = session
    moved = turned(lm, -1.2) if turn else nudged(lm, 4, -6, 1.01)
    every = steadied(moved, baseline)
    alone = steadied(moved[7], baseline)
    for field in ("pose", "face", "rows", "cols", "scene"):
        np.testing.assert_array_equal(getattr(alone, field)[0], getattr(every, field)[7])


def test_depths_shrink_back_with_the_picture(session: tuple[Landmarks, Baseline]) -> None:
    lm, baseline = session
    back = steadied(nudged(lm, 0, 0, 1.02), baseline)
    np.testing.assert_allclose(back.pose[:, :, 2], lm.pose[:, :, 2], rtol=1e-5)
    np.testing.assert_allclose(back.face[:, :, 2], lm.face[:, :, 2], rtol=1e-5)


def test_frames_of_a_still_camera_in_the_same_batch_stay_as_they_are(
    session: tuple[Landmarks, Baseline],
) -> None:
    lm, baseline = session
    both = steadied(Landmarks.concat([lm[:5], nudged(lm[:5], 4, -6, 1.01)]), baseline)
    for field in ("pose", "face", "rows", "cols"):
        np.testing.assert_array_equal(getattr(both, field)[:5], getattr(lm[:5], field))


@pytest.mark.parametrize(
    ("nudge", "support"),
    [((1, 1, 1.0), 1.0), ((0, 9, 1.0), 0.5), ((0, 9, 1.0), np.nan), ((0, 60, 1.0), 1.0)],
    ids=["less than the jitter", "few points agree", "a plain wall", "moved altogether"],
)
def test_what_is_not_known_or_too_much_is_not_taken_off(
    session: tuple[Landmarks, Baseline], nudge: tuple[float, float, float], support: float
) -> None:
    lm, baseline = session
    moved = nudged(lm, *nudge)
    moved.scene[:, SCENE_FIELDS.index("bg_support")] = support
    assert steadied(moved, baseline) is moved
