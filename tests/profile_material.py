"""Profiles for tests: any that a calibration could make, and one in particular."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import strategies as st

from posture_cv.measure.baseline import Baseline
from posture_cv.measure.types import QUANTITIES, View
from posture_cv.profiles.types import Profile, ProfileModel, ProfileQuality, ProfileSource, SetupNote


def a_baseline(seed: int = 0, view: View = View.FRONT, gaps: float = 0.2) -> Baseline:
    """A baseline whose numbers are in range and mean nothing; `gaps` of the contour are NaN."""
    rng = np.random.default_rng(seed)
    pose = np.concatenate(
        [rng.uniform(-1, 2, (33, 3)), rng.uniform(0, 1, (33, 2)), rng.uniform(-1, 1, (33, 3))], axis=1
    )
    pose[11, 0], pose[12, 0] = 0.7, 0.3
    rows = np.sort(rng.uniform(0, 1, (240, 2)), axis=1)
    rows[rng.uniform(size=240) < gaps] = np.nan
    cols = np.where(rng.uniform(size=320) < gaps, np.nan, rng.uniform(0, 1, 320))
    face = rng.uniform(0, 1, (468, 3)) if view is not View.SIDE else np.full((468, 3), np.nan)
    return Baseline(
        view=view,
        size_px=(640, 480),
        pose=pose.round(6),
        face=face.round(6),
        rows=rows.round(6),
        cols=cols.round(6),
        frame_count=int(rng.integers(3, 500)),
        spread={name: round(float(rng.uniform(0, 3)), 4) for name in QUANTITIES},
        dress=np.round(rng.normal(0.0, 1.0, 6), 6) if rng.uniform() < 0.8 else np.full(6, np.nan),
        outline_unsure=round(float(rng.uniform(0, 1)), 6) if rng.uniform() < 0.8 else math.nan,
    )


def a_profile(name: str = "desk", baseline: Baseline | None = None, reasons: tuple[str, ...] = ()) -> Profile:
    """A whole profile."""
    return Profile(
        name=name,
        created="2026-01-31T09:30:00+01:00",
        program="posture-cv 0.1.0",
        baseline=baseline or a_baseline(),
        source=ProfileSource("webcam", "Integrated Camera"),
        engine="mediapipe 0.10.31",
        pose_model=ProfileModel("pose_landmarker_full", "a" * 64),
        face_model=ProfileModel("face_landmarker", "b" * 64),
        quality=ProfileQuality(
            "accept",
            reasons,
            80,
            76,
            7.5,
            {"face_share": 1.0},
            {"cva_change_deg": 0.1},
            {"cva_change_deg": 1.3},
        ),
        setup=(SetupNote("too_close", "Your eyes are about 40 cm from the camera."),),
    )


baselines = st.builds(
    a_baseline,
    seed=st.integers(0, 10_000),
    view=st.sampled_from([View.FRONT, View.SIDE, View.OBLIQUE]),
    gaps=st.floats(0, 1),
)
