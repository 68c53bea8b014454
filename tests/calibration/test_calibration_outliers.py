from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calibration.outliers import belonging, body_scale_px, posture_features
from calibration_material import head_turned, shifted, sitting_still, where
from posture_cv.landmarks import names
from posture_cv.landmarks.types import Landmarks


@settings(max_examples=40)
@given(seed=st.integers(0, 999), share=st.floats(0.0, 0.45), n=st.integers(12, 120))
def test_up_to_nearly_half_of_the_frames_may_be_anything(seed: int, share: float, n: int) -> None:
    rng = np.random.default_rng(seed)
    features = rng.normal(0.0, 0.005, (n, 8))
    odd = np.arange(n) < int(share * n)
    features[odd] += rng.normal(0.0, 1.0, (odd.sum(), 8))
    far = np.linalg.norm(features, axis=1) > 0.2
    kept = belonging(features)
    assert not (kept & far).any()
    assert kept[~odd].mean() > 0.9


@settings(max_examples=40)
@given(seed=st.integers(0, 999), n=st.integers(3, 60))
def test_the_order_of_the_frames_does_not_matter(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    features, order = rng.normal(0.0, 0.1, (n, 8)), rng.permutation(n)
    np.testing.assert_array_equal(belonging(features)[order], belonging(features[order]))


def test_the_body_is_as_large_as_its_shoulders_or_twice_its_neck_whichever_is_seen() -> None:
    lm = Landmarks.empty(3)
    lm.pose[:, names.SHOULDERS, :2] = [(0.6, 0.5), (0.4, 0.5)]  # 128 px of 640 apart
    lm.pose[:, names.EARS, :2] = [(0.55, 0.4), (0.45, 0.4)]  # 48 px of 480 above
    assert body_scale_px(lm) == pytest.approx(128.0)
    lm.pose[:, names.SHOULDERS, 0] = 0.5  # in profile
    lm.pose[:, names.EARS, 0] = 0.5
    assert body_scale_px(lm) == pytest.approx(96.0)
    lm.pose[:, names.LEFT_EAR, :2] = np.nan
    assert body_scale_px(lm) == pytest.approx(96.0)
    lm.pose[:, names.SHOULDERS, 0] = (0.6, 0.4)
    lm.pose[:, names.RIGHT_EAR, :2] = np.nan
    assert body_scale_px(lm) == pytest.approx(128.0)


def test_a_picture_that_froze_for_less_than_half_of_the_time_does_not_win() -> None:
    features = np.random.default_rng(2).normal(0.0, 0.02, (50, 8))
    features[:20] = 1.0
    kept = belonging(features)
    assert not kept[:20].any()
    assert kept[20:].mean() > 0.9


def test_few_frames_are_all_kept() -> None:
    assert belonging(np.array([[0.0], [9.0]])).all()


def test_many_frames_are_judged_in_reasonable_memory() -> None:
    features = np.random.default_rng(0).normal(0.0, 0.01, (10_000, 8))
    features[:100] += 1.0
    kept = belonging(features)
    assert not kept[:100].any()
    assert kept[100:].mean() > 0.95


def test_a_person_who_sits_still_is_kept_whole() -> None:
    assert belonging(posture_features(sitting_still())).mean() > 0.95


def test_a_glance_down_is_left_out() -> None:
    lm = sitting_still()
    glance = np.arange(60) % 6 == 0
    kept = belonging(posture_features(where(glance, head_turned(lm, 0, 15.0), lm)))
    assert not kept[glance].any()
    assert kept[~glance].mean() > 0.95


def test_leaning_aside_for_a_while_is_left_out() -> None:
    lm = sitting_still()
    aside = np.arange(60) < 20
    kept = belonging(posture_features(where(aside, shifted(lm, 30.0, 5.0), lm)))
    assert not kept[aside].any()
    assert kept[~aside].mean() > 0.95
