"""The figures that say how far a baseline can be trusted. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from calibration.ergonomics import estimate_setup
from posture_cv.landmarks import names
from posture_cv.landmarks.types import Landmarks
from posture_cv.measure.baseline import Baseline
from posture_cv.measure.gates import scene_column
from posture_cv.measure.types import Estimate, Float, Measurements, View
from posture_cv.measure.view import view_margin

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Quality:
    """The figures behind a verdict.

    Attributes:
        view: of the baseline.
        frames_given, frames_used: how many frames were offered and how many belong together.
        duration_s: from the first used frame to the last.
        face_share: share of the used frames with a face, 0-1.
        contour_share: share of the rows about the shoulders where the contour is known, 0-1.
        body_px: shoulder width in pixels (side view: ear to shoulder).
        measured_share: share of the used frames in which the forward-head angle can be told, 0-1.
        view_margin: how far the view's score is from that of another view; 1 is clear.
        camera_pitch_deg, distance_cm: as in `Setup`; NaN where they cannot be told.
        person_luma: median brightness of the face or person, 0-1; NaN when not measured.
        camera_shift: largest shift of the background during the calibration, share of the picture.
        spread: standard deviation of each quantity over the used frames, in its own unit.
        baseline_error: standard error of the baseline itself, by quantity: the error that every later
            measurement of it carries.
        expected_error: standard deviation of the error to expect of a single frame: the estimator's own statement
            at the calibration's frames (distance, light and what was seen enter it) and the baseline's error.
        face_expected: whether a face model was run.
        lean_deg: how far the person leans to the right in the picture, or the camera is turned; see `lean_deg`.
    """

    view: View
    frames_given: int
    frames_used: int
    duration_s: float
    face_share: float
    contour_share: float
    body_px: float
    measured_share: float
    view_margin: float
    camera_pitch_deg: float
    distance_cm: float
    person_luma: float
    camera_shift: float
    spread: Mapping[str, float]
    baseline_error: Mapping[str, float]
    expected_error: Mapping[str, float]
    face_expected: bool = True
    lean_deg: float = float("nan")

    @classmethod
    def of(
        cls,
        lm: Landmarks,
        baseline: Baseline,
        *,
        frames_given: int,
        camera_shift: float,
        measured: Measurements,
        face_expected: bool = True,
    ) -> Self:
        """The figures of a fit; `lm` holds the used frames, `measured` what they are against the baseline."""
        own = {name: baseline_error(measured.value(name)) for name in baseline.spread}
        setup = estimate_setup(baseline)
        luma = scene_column(lm, "person_luma")
        luma = luma[np.isfinite(luma)]
        return cls(
            view=baseline.view,
            frames_given=frames_given,
            frames_used=len(lm),
            duration_s=float(lm.t_s[-1] - lm.t_s[0]),
            face_share=float(lm.face_found.mean()),
            contour_share=contour_share(baseline),
            body_px=body_px(baseline),
            measured_share=float(measured.values["cva_change_deg"].valid.mean()),
            view_margin=view_margin(lm),
            camera_pitch_deg=setup.camera_pitch_deg,
            distance_cm=setup.distance_cm,
            person_luma=float(np.median(luma)) if len(luma) else float("nan"),
            camera_shift=camera_shift,
            spread=dict(baseline.spread),
            baseline_error=own,
            expected_error={name: _expected(measured.values[name], error) for name, error in own.items()},
            face_expected=face_expected,
            lean_deg=lean_deg(baseline),
        )


def _expected(estimate: Estimate, own: float) -> float:
    """The error of a single frame: what the estimator states, and the baseline's own, as independent."""
    return float(np.hypot(np.median(estimate.sd[estimate.valid]), own))


def contour_share(baseline: Baseline) -> float:
    """Share of the contour rows from the eyes down to the shoulders (and as far again) that hold an edge."""
    lm = baseline.as_landmarks()
    v_px, height = lm.pose_px()[0, :, 1], float(baseline.size_px[1])
    eyes, shoulders = v_px[names.EYES].mean(), v_px[names.SHOULDERS].mean()
    lines = lm.row_v_px()[0]
    wanted: Mask = (lines >= eyes) & (lines <= min(2.0 * shoulders - eyes, height))
    known: Mask = np.asarray(np.isfinite(baseline.rows).all(axis=1))
    return float(known[wanted].mean()) if wanted.any() else 0.0


def body_px(baseline: Baseline) -> float:
    """Shoulder width in pixels; in the side view the distance from ear to shoulder."""
    points = baseline.as_landmarks().pose_px()[0]
    if baseline.view is View.SIDE:
        return float(np.linalg.norm(points[names.EARS].mean(axis=0) - points[names.SHOULDERS].mean(axis=0)))
    return float(np.linalg.norm(points[names.SHOULDERS[0]] - points[names.SHOULDERS[1]]))


def lean_deg(baseline: Baseline) -> float:
    """How far the person leans to the right in a picture from in front, or the camera is turned; NaN otherwise.

    The mean of what the shoulders' line slopes and what the ears stand beside its middle: a raised shoulder changes
    the first alone, a camera beside the face the second.
    """
    if baseline.view is not View.FRONT:
        return float("nan")
    points = baseline.as_landmarks().pose_px()[0]
    left, right = points[names.SHOULDERS[0]], points[names.SHOULDERS[1]]
    across, up = left - right, points[names.EARS].mean(axis=0) - (left + right) / 2.0
    slope, beside = np.arctan2(across[1], across[0]), np.arctan2(up[0], -up[1])
    return float(np.degrees(slope + beside) / 2.0)


def baseline_error(values: Float) -> float:
    """Standard error of the median of one quantity over the calibration frames.

    1.2533 sd / sqrt(n) for independent frames. Frames of a stream resemble their neighbours, so n is what is
    left after the first-order autocorrelation r: n (1 - r) / (1 + r).

    Args:
        values: (N,) the quantity in the order of time, NaN where it cannot be told.

    Returns:
        In the quantity's unit; NaN for fewer than three values.
    """
    known = values[np.isfinite(values)]
    n = len(known)
    if n < 3:
        return float("nan")
    centred = known - known.mean()
    power = float((centred**2).sum())
    r = float((centred[1:] * centred[:-1]).sum()) / power if power > 0.0 else 0.0
    # The estimate of r itself is biased low by about 1 / n (Kendall 1954); a handful of frames tells nothing.
    r = min(max(r + 1.0 / n, 0.0), 0.98) if n >= 8 else 0.0
    effective = max(n * (1.0 - r) / (1.0 + r), 1.0)
    return 1.2533 * float(known.std(ddof=1)) / float(np.sqrt(effective))
